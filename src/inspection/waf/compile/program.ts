// The compiled rule set: what the engine runs. Shapes only; compile.ts fills them.
import type { OperatorDefinition, PreparedOperator } from '../operators/index.ts';
import type { Ctl, EngineSettings, Macro, Rule, RuleChoice, Selector, SetVar, Target } from '../seclang/model.ts';
import type { Transformation } from '../transformations/index.ts';
import type { VariableInfo } from '../variables/registry.ts';
import type { PhasePlan } from './plan.ts';

export interface CompiledTarget {
  readonly variable: VariableInfo;
  readonly selector: Selector;
  readonly count: boolean;
  /** Slot of a transaction variable by name, else -1. */
  readonly slot: number;
  /** REQUEST_BODY in a rule that reads the parts of XML too: an XML body that was taken apart is seen through those only. */
  readonly unlessXml: boolean;
}

/** One assignment, resolved as far as load time can. */
export interface CompiledSetVar {
  readonly model: SetVar;
  /** Slot of a transaction variable with a constant name, else -1. */
  readonly slot: number;
  readonly constantName: string | null;
  readonly constantValue: string | null;
  /** Name and value as texts and slots of transaction variables; null when other variables are in them. */
  readonly nameParts: SlotText | null;
  readonly valueParts: SlotText | null;
}

/** A macro of transaction variables alone: texts, and slots. */
export type SlotText = readonly (string | number)[];

export class CompiledLink {
  readonly model: Rule;
  readonly includes: readonly CompiledTarget[];
  readonly excludes: readonly CompiledTarget[];
  readonly pipeline: readonly Transformation[];
  readonly definition: OperatorDefinition | null;
  readonly negated: boolean;
  /** The operator, when its argument is constant. */
  readonly prepared: PreparedOperator | null;
  readonly prepare: ((argument: string) => PreparedOperator | null) | null;
  readonly argument: Macro;
  readonly constantArgument: string | null;
  readonly setVars: readonly CompiledSetVar[];
  readonly capture: boolean;
  readonly multiMatch: boolean;
  /** Anything beyond setVars that a match carries out. */
  readonly hasEffects: boolean;
  readonly ctls: readonly Ctl[];

  constructor(model: Rule, resolve: (macro: Macro) => string | null, setVars: readonly CompiledSetVar[], slotOf: (target: Target) => number) {
    const { actions, operator } = model;
    const readsXml = model.targets.some((target) => target.variable.name === 'XML' && !target.excluded);
    const compiled = (target: Target): CompiledTarget => ({
      variable: target.variable, selector: target.selector, count: target.count, slot: slotOf(target), unlessXml: readsXml && target.variable.name === 'REQUEST_BODY',
    });
    this.model = model;
    this.includes = model.targets.filter((target) => !target.excluded).map(compiled);
    this.excludes = model.targets.filter((target) => target.excluded).map(compiled);
    this.pipeline = actions.transformations;
    this.definition = operator?.definition ?? null;
    this.negated = operator?.negated ?? false;
    this.argument = operator?.argument ?? { text: '', parts: [''], constant: '' };
    this.constantArgument = operator ? operator.argument.constant ?? resolve(operator.argument) : null;
    const late = operator?.prepare && this.constantArgument !== null ? operator.prepare(this.constantArgument) : null;
    this.prepared = operator?.prepared ?? late;
    this.prepare = operator?.prepare ?? null;
    this.setVars = setVars;
    this.capture = actions.capture;
    this.multiMatch = actions.multiMatch;
    this.ctls = actions.ctls;
    this.hasEffects = actions.ctls.length > 0 || actions.initCols.length > 0 || actions.expireVars.length > 0 || actions.setEnvs.length > 0
      || actions.setUid !== null || actions.setSid !== null || actions.setRsc !== null || actions.masks.length > 0;
  }
}

export class CompiledRule {
  readonly id: number;
  readonly phase: number;
  /** Position among the rules of its phase. */
  readonly index: number;
  /** Position among all rules: what removals are kept by. */
  readonly ordinal: number;
  readonly head: Rule;
  readonly links: readonly CompiledLink[];
  /** Index of the rule to go on with after a match; index + 1 when it skips nothing. */
  readonly resumeAt: number;

  constructor(head: Rule, links: readonly CompiledLink[], index: number, ordinal: number, resumeAt: number) {
    this.id = head.actions.id;
    this.phase = head.actions.phase;
    this.index = index;
    this.ordinal = ordinal;
    this.head = head;
    this.links = links;
    this.resumeAt = resumeAt;
  }
}

/** The rules of one phase and the plan that finds which of them can match. */
export interface PhaseProgram {
  readonly rules: readonly CompiledRule[];
  readonly plan: PhasePlan;
}

/** Names of transaction variables that the rules spell out, by slot; slots 0 to 9 are the groups of a capture. */
export class TxLayout {
  readonly slots: ReadonlyMap<string, number>;
  readonly names: readonly string[];
  /** Values at the start of a transaction, worked out at load. */
  readonly initial: readonly (string | undefined)[];
  private readonly found = new Map<RegExp, Int32Array>();

  constructor(slots: ReadonlyMap<string, number>, names: readonly string[], initial: readonly (string | undefined)[]) {
    this.slots = slots;
    this.names = names;
    this.initial = initial;
  }

  /** Slots whose names a pattern of the rules finds; worked out once. */
  matching(pattern: RegExp): Int32Array {
    let slots = this.found.get(pattern);
    if (slots === undefined) {
      slots = Int32Array.from(this.names.keys().filter((slot) => slot > 9 && pattern.test(this.names[slot]!)));
      this.found.set(pattern, slots);
    }
    return slots;
  }
}

export interface Program {
  readonly settings: EngineSettings;
  /** Index 1 to 5. */
  readonly phases: readonly PhaseProgram[];
  readonly layout: TxLayout;
  readonly rules: readonly CompiledRule[];
  /** True when some rule reads the content of uploaded files. */
  readonly wantsFileContents: boolean;
  /** True when some rule reads a multipart body as a whole (FULL_REQUEST). */
  readonly wantsWholeBody: boolean;
  /** Which rules a removal means, worked out once per removal. */
  chosen(choice: RuleChoice): Uint8Array;
  readonly stats: ProgramStats;
}

export interface ProgramStats {
  readonly rulesRead: number;
  readonly rulesKept: number;
  readonly rulesResolved: number;
  readonly gatedRules: number;
  readonly automatonStates: number;
  readonly pipelines: number;
}
