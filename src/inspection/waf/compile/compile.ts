// From the parsed model to a program: folds constants, orders rules by phase, lays out transaction variables, builds the
// automaton over the literals of all rules and the plan of each phase.
import type { EngineSettings, Macro, Marker, Rule, RuleChoice, RuleSetModel, SetVar, Target } from '../seclang/model.ts';
import { isChosen } from '../seclang/updates.ts';
import { gateOf, type Gate } from '../regex/literals.ts';
import { lowerAscii } from '../transformations/lowercase.ts';
import { Automaton, type GateLiterals } from './automaton.ts';
import { foldRules } from './fold.ts';
import { ValueScanner, VariablePlan, type PhasePlan, type StaticRule, type ValueTest } from './plan.ts';
import { CompiledLink, CompiledRule, TxLayout, type CompiledSetVar, type PhaseProgram, type Program, type SlotText } from './program.ts';

export interface CompileOptions {
  /** Transaction variables that hold for every request of this rule set. */
  readonly preset: ReadonlyMap<string, string>;
  /** False leaves every rule to run time; for tests that compare. */
  readonly resolveConstants: boolean;
}

class LayoutBuilder {
  readonly slots = new Map<string, number>();
  readonly names: string[] = [];

  constructor() {
    for (let i = 0; i < 10; i++) this.slot(String(i));
  }

  slot(name: string): number {
    const lower = name.toLowerCase();
    let slot = this.slots.get(lower);
    if (slot === undefined) {
      slot = this.names.push(name) - 1;
      this.slots.set(lower, slot);
    }
    return slot;
  }

  noteMacro(macro: Macro | null): void {
    for (const part of macro?.parts ?? []) if (typeof part !== 'string' && part.variable.name === 'TX' && part.key !== null) this.slot(part.key);
  }
}

/** The value-only test of a rule's first link, or null when it needs more than a value. */
function valueTest(link: CompiledLink): ValueTest | null {
  const { definition, negated, prepared, constantArgument } = link;
  if (!definition || constantArgument === null) return null;
  if (definition.kind === 'comparison') {
    const { compare } = definition;
    return negated ? (value) => !compare(value, constantArgument) : (value) => compare(value, constantArgument);
  }
  if (!prepared || prepared.needsFacts) return null;
  return negated ? (value) => !prepared.test(value, null) : (value) => prepared.test(value, null);
}

function gatesOf(link: CompiledLink): readonly Gate[] {
  const { definition, prepared, constantArgument } = link;
  if (link.negated || !definition) return [];
  if (definition.kind === 'comparison') {
    const literal = constantArgument === null ? null : definition.literal?.(constantArgument) ?? null;
    const gate = literal ? gateOf([lowerAscii(literal)]) : null;
    return gate ? [gate] : [];
  }
  return prepared?.gates() ?? [];
}

class Compiler {
  readonly layout = new LayoutBuilder();
  readonly resolved: Map<Macro, string>;
  readonly gates: StaticRule[] = [];
  readonly literals: GateLiterals[] = [];
  ordinal = 0;

  constructor(resolved: Map<Macro, string>) {
    this.resolved = resolved;
  }

  setVar(model: SetVar): CompiledSetVar {
    const constantName = model.name.constant ?? this.resolved.get(model.name) ?? null;
    const slot = model.collection === 'tx' && constantName !== null ? this.layout.slot(constantName) : -1;
    this.layout.noteMacro(model.value);
    this.layout.noteMacro(model.name);
    return {
      model, slot, constantName, constantValue: model.value.constant ?? this.resolved.get(model.value) ?? null,
      nameParts: this.slotText(model.name), valueParts: this.slotText(model.value),
    };
  }

  private slotText(macro: Macro): SlotText | null {
    const parts: (string | number)[] = [];
    for (const part of macro.parts) {
      if (typeof part === 'string') parts.push(part);
      else if (part.variable.name === 'TX' && part.key !== null) parts.push(this.layout.slot(part.key));
      else return null;
    }
    return parts;
  }

  link(model: Rule): CompiledLink {
    const slotOf = (target: Target): number => (target.variable.name === 'TX' && target.selector.key !== null ? this.layout.slot(target.selector.key) : -1);
    for (const macro of [model.actions.msg, model.actions.logData, model.operator?.argument ?? null]) this.layout.noteMacro(macro);
    return new CompiledLink(model, (macro) => this.resolved.get(macro) ?? null, model.actions.setVars.map((setVar) => this.setVar(setVar)), slotOf);
  }

  /** Compiles the rules of a phase; `items` are in order, markers among them. */
  rules(items: readonly (Rule | Marker)[]): CompiledRule[] {
    const labels: { label: string; at: number }[] = [];
    let count = 0;
    for (const item of items) {
      if (item.kind === 'marker') labels.push({ label: item.label, at: count });
      else { count++; labels.push({ label: String(item.actions.id), at: count }); }
    }
    const result: CompiledRule[] = [];
    for (const item of items) {
      if (item.kind === 'marker') continue;
      const links: CompiledLink[] = [];
      for (let link: Rule | null = item; link; link = link.next) links.push(this.link(link));
      const index = result.length;
      const { skipAfter, skip } = item.actions;
      const landing = skipAfter === null ? undefined : labels.find(({ label, at }) => label === skipAfter && at > index);
      const resumeAt = skipAfter !== null ? landing?.at ?? count : index + 1 + skip;
      result.push(new CompiledRule(item, links, index, this.ordinal++, resumeAt));
    }
    return result;
  }

  /** Registers a rule that a value alone decides; false when it must be evaluated every time. */
  static(rule: CompiledRule, variables: Map<number, VariablePlan>): boolean {
    const link = rule.links[0]!;
    const test = valueTest(link);
    if (!test || link.model.kind === 'action' || link.includes.some((target) => target.count || target.variable.volatile)) return false;
    const gates = gatesOf(link);
    let gate = -1;
    if (gates.length > 0) {
      gate = this.gates.length;
      this.literals.push({ gate, sets: gates.map((one) => one.literals) });
    }
    const classes = link.negated ? -1 : link.prepared?.classes ?? -1;
    const entry: StaticRule = { rule, link, test, gate, classes };
    if (gate >= 0) this.gates.push(entry);
    for (const target of link.includes) {
      let plan = variables.get(target.variable.id);
      if (!plan) variables.set(target.variable.id, plan = new VariablePlan(target.variable.id));
      plan.add(entry, target, link.excludes.filter((exclude) => exclude.variable === target.variable));
    }
    return true;
  }

  /** Lays out one group of phases over one automaton. */
  plans(phases: readonly CompiledRule[][]): { plans: PhasePlan[]; states: number } {
    const from = this.gates.length;
    const drafts = phases.map((rules) => {
      const variables = new Map<number, VariablePlan>();
      const always = new Int32Array(Math.max(1, Math.ceil(rules.length / 32)));
      for (const rule of rules) if (!this.static(rule, variables)) always[rule.index >> 5] = always[rule.index >> 5]! | (1 << (rule.index & 31));
      for (const plan of variables.values()) plan.seal();
      return { variables: [...variables.values()], always };
    });
    if (from > 0) throw new Error('one automaton per compiler');
    const automaton = new Automaton(this.literals);
    const scanner = new ValueScanner(automaton, this.gates);
    return { plans: drafts.map((draft) => ({ ...draft, scanner })), states: automaton.states };
  }
}

/** Compiles a model. The model is not changed and may be compiled again with another preset. */
export function compileProgram(model: RuleSetModel, options: CompileOptions): Program {
  const folded = foldRules(model.items, options.preset, options.resolveConstants);
  const compiler = new Compiler(folded.resolved);
  const compiled = folded.phases.map((items) => compiler.rules(items));
  // Requests and responses have little in common: an automaton each keeps both small.
  const request = compiler.plans(compiled.slice(0, 3));
  const responseCompiler = new Compiler(folded.resolved);
  const response = responseCompiler.plans(compiled.slice(3));
  const plans = [...request.plans, ...response.plans];
  const phases: PhaseProgram[] = compiled.map((rules, phase) => ({ rules, plan: plans[phase]! }));
  for (const name of folded.initial.keys()) compiler.layout.slot(name);
  const { slots, names } = compiler.layout;
  const layout = new TxLayout(slots, names, names.map((name) => folded.initial.get(name.toLowerCase())));
  const rules = compiled.flat();
  const settings: EngineSettings = { ...model.settings };
  const chosenRules = new Map<RuleChoice, Uint8Array>();
  const pipelines = new Set(rules.map((rule) => rule.links[0]!.pipeline.map((step) => step.name).join(',')));
  const reads = (name: string): boolean => rules.some((rule) => rule.links.some((link) => link.includes.some((target) => target.variable.name === name)));
  return {
    settings, phases, layout, rules,
    wantsFileContents: reads('FILES_TMP_CONTENT'),
    wantsWholeBody: reads('FULL_REQUEST'),
    chosen: (choice) => {
      let set = chosenRules.get(choice);
      if (!set) {
        set = Uint8Array.from(rules, (rule) => (isChosen(rule.head, choice) ? 1 : 0));
        chosenRules.set(choice, set);
      }
      return set;
    },
    stats: {
      rulesRead: model.items.filter((item) => item.kind !== 'marker').length, rulesKept: rules.length, rulesResolved: folded.resolvedRules,
      gatedRules: compiler.gates.length + responseCompiler.gates.length, automatonStates: request.states + response.states, pipelines: pipelines.size,
    },
  };
}
