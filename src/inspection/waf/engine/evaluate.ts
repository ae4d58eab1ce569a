// Runs the rules of a phase: marks the rules that some value matches, then evaluates those, and those that must always be
// evaluated, in their order, as ModSecurity does: every matching value carries out the link's own actions, a chain
// matches when all its links do, then the disruptive action, the log and the skip.
import { Pairs } from '../bodies/contract.ts';
import type { CompiledLink, CompiledRule, CompiledTarget, PhaseProgram } from '../compile/program.ts';
import type { PreparedOperator } from '../operators/index.ts';
import type { Selector } from '../seclang/model.ts';
import { applyEffects, applyExpiry, applySetVar } from './act.ts';
import { expand } from './expand.ts';
import type { MatchedValue } from './report.ts';
import type { RemovedTarget, TransactionState } from './state.ts';
import { readSteady, readVariable } from './variables.ts';

/** Up to this length groups are searched for without a test before. */
const searchedOnceBytes = 64;
let candidates = new Int32Array(32);
let values: MatchedValue[] = [];
let part = '';
const matchedNow = new Pairs();

/** A rule may have switched the engine off meanwhile. */
function isOff(state: TransactionState): boolean {
  return state.mode === 'Off';
}

/** Evaluates phase `number`; what it decides is in the state. */
export function runPhase(state: TransactionState, number: number): void {
  state.phase = number;
  if (state.mode === 'Off') return;
  const program = state.program.phases[number]!;
  const { rules } = program;
  if (rules.length === 0) return;
  const words = program.plan.always.length;
  if (candidates.length < words) candidates = new Int32Array(words);
  candidates.set(program.plan.always);
  markCandidates(state, program);
  let index = 0;
  while (index < rules.length) {
    const word = index >> 5;
    const left = candidates[word]! & (-1 << (index & 31));
    if (left === 0) { index = (word + 1) << 5; continue; }
    index = (word << 5) + 31 - Math.clz32(left & -left);
    const rule = rules[index]!;
    if (state.removed !== null && state.removed[rule.ordinal] === 1) { index++; continue; }
    const matched = evaluateRule(state, rule);
    if (state.interruption !== null || isOff(state) || (state.allowed !== 'no' && number !== 5)) return;
    index = matched ? rule.resumeAt : index + 1;
  }
}

function markCandidates(state: TransactionState, program: PhaseProgram): void {
  const { scanner, variables } = program.plan;
  for (let v = 0; v < variables.length; v++) {
    const plan = variables[v]!;
    const pairs = readSteady(state, plan.variableId);
    const count = pairs.values.length;
    for (let i = 0; i < count; i++) {
      const profile = plan.profile(plan.needsKey ? pairs.lowerKey(i) : '');
      scanner.mark(profile, pairs.values[i]!, candidates);
    }
  }
}

function evaluateRule(state: TransactionState, rule: CompiledRule): boolean {
  if (values.length > 0) values = [];
  state.rule = rule;
  for (let i = 0; i < rule.links.length; i++) if (!evaluateLink(state, rule, rule.links[i]!)) return false;
  conclude(state, rule);
  return true;
}

function selects(target: { readonly selector: Selector }, pairs: Pairs, i: number): boolean {
  const { selector } = target;
  if (selector.key !== null) return pairs.lowerKey(i) === selector.key;
  return selector.pattern === null || selector.pattern.test(pairs.keys[i]!);
}

function isExcluded(link: CompiledLink, target: CompiledTarget, pairs: Pairs, i: number): boolean {
  for (const exclude of link.excludes) if (exclude.variable === target.variable && selects(exclude, pairs, i)) return true;
  return false;
}

function isRemoved(state: TransactionState, removals: readonly RemovedTarget[], rule: CompiledRule, target: CompiledTarget, pairs: Pairs, i: number): boolean {
  for (const removal of removals) {
    if (removal.target.variable === target.variable && state.program.chosen(removal.by)[rule.ordinal] === 1 && selects(removal.target, pairs, i)) return true;
  }
  return false;
}

function evaluateLink(state: TransactionState, rule: CompiledRule, link: CompiledLink): boolean {
  if (link.model.kind === 'action') {
    carryOut(state, link);
    return true;
  }
  const argument = link.constantArgument ?? expand(state, link.argument);
  const operator = link.prepared ?? link.prepare?.(argument) ?? null;
  // What this link matches joins MATCHED_VARS only after it.
  matchedNow.clear();
  let any = false;
  for (const target of link.includes) {
    if (evaluateTarget(state, rule, link, target, operator, argument)) any = true;
  }
  if (any) {
    const { matchedVars } = state;
    // Later links see what every link before matched, as in ModSecurity 3: one value may hold the slash, another the space.
    if (link === rule.links[0]) matchedVars.clear();
    for (let i = 0; i < matchedNow.keys.length; i++) matchedVars.add(matchedNow.keys[i]!, matchedNow.values[i]!);
  }
  return any;
}

function evaluateTarget(state: TransactionState, rule: CompiledRule, link: CompiledLink, target: CompiledTarget, operator: PreparedOperator | null, argument: string): boolean {
  const { variable, selector } = target;
  // The most frequent case by far: one transaction variable by name.
  if (target.slot >= 0) {
    const value = state.tx.getSlot(target.slot);
    if (target.count) return tryValue(state, link, operator, argument, value === undefined ? '0' : '1', '&TX', selector.key!);
    return value !== undefined && tryValue(state, link, operator, argument, value, 'TX', selector.key!);
  }
  if (target.unlessXml && state.body !== null && state.body.xml !== null && state.bodyError === '' && !state.forceRequestBody) return false;
  const pairs = variable.name === 'TX' && selector.pattern !== null ? state.tx.matching(selector.pattern) : readVariable(state, variable);
  const removals = state.removedTargets;
  let any = false;
  let count = 0;
  const length = pairs.values.length;
  for (let i = 0; i < length; i++) {
    if (!selects(target, pairs, i) || (link.excludes.length > 0 && isExcluded(link, target, pairs, i))) continue;
    if (removals !== null && isRemoved(state, removals, rule, target, pairs, i)) continue;
    count++;
    if (target.count) continue;
    if (tryValue(state, link, operator, argument, pairs.values[i]!, variable.name, variable.shape === 'scalar' ? '' : pairs.keys[i]!)) any = true;
  }
  if (target.count) return tryValue(state, link, operator, argument, String(count), `&${variable.name}`, selector.key ?? '');
  return any;
}

function tryValue(state: TransactionState, link: CompiledLink, operator: PreparedOperator | null, argument: string, raw: string, variable: string, key: string): boolean {
  let value = raw;
  const { pipeline } = link;
  if (link.multiMatch) {
    let matched = operatorMatches(state, link, operator, argument, value);
    if (matched) matchedValue(state, link, value, variable, key);
    for (const step of pipeline) {
      const next = step.apply(value);
      if (next === value) continue;
      value = next;
      if (operatorMatches(state, link, operator, argument, value)) {
        matched = true;
        matchedValue(state, link, value, variable, key);
      }
    }
    return matched;
  }
  for (let i = 0; i < pipeline.length; i++) value = pipeline[i]!.apply(value);
  if (!operatorMatches(state, link, operator, argument, value)) return false;
  matchedValue(state, link, value, variable, key);
  return true;
}

function operatorMatches(state: TransactionState, link: CompiledLink, operator: PreparedOperator | null, argument: string, value: string): boolean {
  part = '';
  const { definition, negated } = link;
  if (definition?.kind === 'comparison') return definition.compare(value, argument) !== negated;
  if (operator === null) return false;
  if (negated || operator.exec === null) return operator.test(value, state) !== negated;
  // On short values the search for the groups says it all; on long ones the test is what is safe from slow patterns.
  if (value.length > searchedOnceBytes && !operator.test(value, state)) return false;
  const groups = operator.exec(value);
  if (groups === null && value.length <= searchedOnceBytes && !operator.test(value, state)) return false;
  part = groups?.[0] ?? '';
  if (link.capture && groups !== null) state.tx.capture(groups);
  return true;
}

function matchedValue(state: TransactionState, link: CompiledLink, value: string, variable: string, key: string): void {
  const name = key === '' ? variable : `${variable}:${key}`;
  state.matchedVar = value;
  state.matchedVarName = name;
  matchedNow.add(name, value);
  values.push({ variable: name, value, part });
  carryOut(state, link);
}

function carryOut(state: TransactionState, link: CompiledLink): void {
  const { setVars } = link;
  if (link.hasEffects) applyEffects(state, link);
  for (let i = 0; i < setVars.length; i++) applySetVar(state, setVars[i]!);
  if (link.hasEffects) applyExpiry(state, link);
}

/** After the whole rule matched: severity, log, disruption. */
function conclude(state: TransactionState, rule: CompiledRule): void {
  const { actions, place } = rule.head;
  if (actions.severity !== null && actions.severity < state.highestSeverity) state.highestSeverity = actions.severity;
  const { disruptive } = actions;
  const interrupts = disruptive === 'deny' || disruptive === 'drop' || disruptive === 'redirect' || disruptive === 'proxy';
  if (actions.auditLog) state.auditWanted = true;
  if (actions.log || interrupts || disruptive.startsWith('allow')) {
    state.matches.push({
      ruleId: rule.id, phase: rule.phase, message: actions.msg ? expand(state, actions.msg) : '', logData: actions.logData ? expand(state, actions.logData) : '',
      severity: actions.severity, tags: actions.tags.map((tag) => expand(state, tag)), rev: actions.rev, ver: actions.ver, file: place.file, line: place.line,
      logged: actions.log, auditLogged: actions.auditLog, disruptive: interrupts, values,
    });
    // The record keeps this list.
    values = [];
  }
  if (state.mode !== 'On' || rule.phase === 5) return;
  if (interrupts) interrupt(state, rule, disruptive);
  else if (disruptive === 'allow') state.allowed = 'all';
  else if (disruptive === 'allow:phase') state.allowed = 'phase';
  else if (disruptive === 'allow:request') state.allowed = 'request';
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);

function interrupt(state: TransactionState, rule: CompiledRule, action: 'deny' | 'drop' | 'redirect' | 'proxy'): void {
  const { actions } = rule.head;
  let status = actions.status ?? 403;
  if (action === 'redirect') status = actions.status !== null && redirectStatuses.has(actions.status) ? actions.status : 302;
  state.interruption = {
    action, status, location: actions.location ? expand(state, actions.location) : '', ruleId: rule.id, phase: rule.phase,
    message: actions.msg ? expand(state, actions.msg) : '',
  };
}
