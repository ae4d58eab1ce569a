// The rules of a configuration as one function from operation to decision: the first rule that matches decides, and
// nothing matching is a denial. Live traffic goes through the candidate index; with a trace every rule is also walked in
// order and explained, and both answers are compared. Deciding allocates nothing. Does not count limits (limits/).
import type { Decision, Effect, Trace } from '#contract/decision.ts';
import type { Operation } from '#contract/operation.ts';
import { CandidateIndex } from '#core/match/index.ts';
import type { CandidateTest } from '#core/match/index.ts';
import { unknownZones } from './check.ts';
import { Condition } from './condition.ts';
import { defaultRule } from './settings.ts';
import type { RuleSettings } from './settings.ts';
import { mergeObserved } from './vocabulary.ts';
import type { ObservedAttribute, Vocabulary } from './vocabulary.ts';
import type { Zones } from './zones.ts';

export interface RuleSummary {
  readonly id: string;
  readonly description: string;
  readonly effect: Effect;
  readonly enabled: boolean;
  /** Operations that it decided in this process since it was compiled. */
  readonly hits: number;
}

/** For metrics. */
export interface RuleHits { readonly rule: string; readonly hits: number }

/** Says what time it is to rules with `when`. */
export interface WallClock { wallMs(): number }

interface CompiledRule { readonly id: string; readonly description: string; readonly enabled: boolean; readonly condition: Condition; readonly decision: Decision }

function decisionOf(rule: RuleSettings): Decision {
  const denial = typeof rule.then === 'string' ? undefined : rule.then.deny;
  const effect = typeof rule.then === 'string' ? rule.then : 'deny';
  return Object.freeze({
    effect,
    rule: rule.id,
    reason: rule.description ?? `rule ${rule.id}`,
    status: denial?.status ?? 0,
    message: denial?.message ?? '',
    delayMs: 0,
    audit: effect !== 'allow' || rule.audit !== false,
  });
}

const defaultDecision: Decision = Object.freeze({
  effect: 'deny', rule: defaultRule, reason: 'no rule allows it', status: 0, message: '', delayMs: 0, audit: true,
});

/** The live path: asks the index, and the rest of a rule where the index is not enough. One search at a time. */
class RuleSearch implements CandidateTest {
  readonly #index: CandidateIndex;
  readonly #conditions: readonly Condition[];
  #operation: Operation | undefined = undefined;
  #wallMs = 0;

  constructor(conditions: readonly Condition[]) {
    this.#conditions = conditions;
    this.#index = new CandidateIndex(conditions.map((condition) => condition.entry));
  }

  /** Position among the enabled rules, or -1. */
  first(operation: Operation, wallMs: number): number {
    this.#operation = operation;
    this.#wallMs = wallMs;
    const found = this.#index.first(operation.host, operation.path, operation.verb, operation.subject.zones, this, operation.service, operation.listener);
    this.#operation = undefined;
    return found;
  }

  test(index: number): boolean { return this.#conditions[index]!.holdsBeyondIndex(this.#operation!, this.#wallMs); }
}

export class Policy {
  /** Attributes that some rule looks at. */
  readonly observed: readonly ObservedAttribute[];
  readonly #all: readonly CompiledRule[];
  /** Without disabled ones: what positions count. */
  readonly #rules: readonly CompiledRule[];
  readonly #search: RuleSearch;
  /** By position; the last is the default. Floating, because a 32-bit count wraps within days. */
  readonly #decisions: readonly Decision[];
  readonly #hits: Float64Array;
  readonly #clock: WallClock;
  readonly #usesTime: boolean;

  constructor(rules: readonly RuleSettings[], vocabularies: readonly Vocabulary[], clock: WallClock) {
    this.#all = rules.map((rule) => ({
      id: rule.id, description: rule.description ?? '', enabled: rule.enabled !== false, condition: new Condition(rule, vocabularies), decision: decisionOf(rule),
    }));
    this.#rules = this.#all.filter((rule) => rule.enabled);
    this.#search = new RuleSearch(this.#rules.map((rule) => rule.condition));
    this.#decisions = [...this.#rules.map((rule) => rule.decision), defaultDecision];
    this.#hits = new Float64Array(this.#decisions.length);
    this.observed = mergeObserved(...this.#rules.map((rule) => rule.condition.observed));
    this.#clock = clock;
    this.#usesTime = this.#rules.some((rule) => rule.condition.usesTime);
  }

  /**
   * The decision on an operation: one frozen object per rule. With a trace nothing is counted, and every rule says why
   * it did or did not match.
   */
  decide(operation: Operation, trace?: Trace): Decision {
    const wallMs = this.#usesTime ? this.#clock.wallMs() : 0;
    const found = this.#search.first(operation, wallMs);
    const position = found < 0 ? this.#rules.length : found;
    if (trace === undefined) this.#hits[position]! += 1;
    else this.#explain(operation, wallMs, position, trace);
    return this.#decisions[position]!;
  }

  #explain(operation: Operation, wallMs: number, live: number, trace: Trace): void {
    let position = 0;
    let decided = -1;
    for (const rule of this.#all) {
      if (!rule.enabled) {
        trace.step('rule', rule.id, 'disabled', 'the rule is switched off');
        continue;
      }
      const mismatch = rule.condition.mismatch(operation, wallMs);
      if (decided >= 0) trace.step('rule', rule.id, 'not-reached', `${this.#rules[decided]!.id} decided before`);
      else if (mismatch !== undefined) trace.step('rule', rule.id, mismatch.outcome, mismatch.detail);
      else {
        decided = position;
        trace.step('rule', rule.id, 'matched', `${rule.decision.effect}: ${rule.condition.reasons(operation)}`);
      }
      position += 1;
    }
    if (decided < 0) trace.step('rule', defaultRule, 'matched', 'deny: no rule matched');
    // The index and the walk are two ways to one answer. If they part, the answer cannot be trusted: fail closed.
    if ((decided < 0 ? this.#rules.length : decided) !== live) {
      throw new Error(`policy: live traffic takes rule ${this.#decisions[live]!.rule}, the walk ${this.#decisions[decided < 0 ? this.#rules.length : decided]!.rule}`);
    }
  }

  /** How many operations each enabled rule decided in this process since it was compiled; the default last. */
  hits(): RuleHits[] { return this.#decisions.map((decision, position) => ({ rule: decision.rule, hits: this.#hits[position]! })); }

  /** All rules in their order, with the disabled ones and with the default at the end. */
  get rules(): RuleSummary[] {
    let position = 0;
    const summaries = this.#all.map((rule) => ({
      id: rule.id, description: rule.description, effect: rule.decision.effect, enabled: rule.enabled, hits: rule.enabled ? this.#hits[position++]! : 0,
    }));
    return [...summaries, { id: defaultRule, description: 'nothing else matched', effect: 'deny', enabled: true, hits: this.#hits[this.#rules.length]! }];
  }
}

/**
 * Compiles rules that the schema and `checkRules` have accepted.
 * @throws Error on a zone or a key that does not exist: nothing is applied then.
 */
export function compilePolicy(rules: readonly RuleSettings[], zones: Zones, vocabularies: readonly Vocabulary[], clock: WallClock = { wallMs: Date.now }): Policy {
  const policy = new Policy(rules, vocabularies, clock);
  const unknown = rules.flatMap((rule) => unknownZones(rule, zones));
  if (unknown.length > 0) throw new Error(`policy: there is no zone "${unknown[0]}"`);
  return policy;
}
