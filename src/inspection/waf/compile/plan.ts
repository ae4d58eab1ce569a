// Which rules of a phase can a value match? For every variable (and key) there is a profile: the pipelines that rules apply
// to it, as a tree that shares their common beginnings, and at each node the rules that look at the result. Looking at a
// value runs each transformation at most once, scans each distinct result once with the automaton, and runs only the
// operators whose literals occur. The outcome (a short list of rules, mostly empty) is remembered for repeated values.
import type { Transformation } from '../transformations/contract.ts';
import { type Automaton, ScanResult } from './automaton.ts';
import type { CompiledLink, CompiledRule, CompiledTarget } from './program.ts';

const maxCachedValues = 2048;
const maxCachedLength = 512;
const maxCachedProfiles = 1024;
const nothing = new Int32Array(0);

/** True when the value matches the rule's first link. */
export type ValueTest = (value: string) => boolean;

export interface StaticRule {
  readonly rule: CompiledRule;
  readonly link: CompiledLink;
  readonly test: ValueTest;
  /** Index into the automaton's gates, or -1: tested on every value. */
  readonly gate: number;
  /** Character classes of which a matching value holds at least one; -1: any value may match. */
  readonly classes: number;
}

class ProfileNode {
  readonly parent: number;
  readonly transformation: Transformation | null;
  readonly direct: StaticRule[] = [];
  /** Those of `direct` that did not look at the parent's result already (multiMatch does). */
  fresh: StaticRule[] = [];
  readonly gated: StaticRule[] = [];
  /** Earlier nodes with the same transformation: on the same input they have the result already. */
  twins: readonly number[] = [];
  /** Word index and mask, in turn. */
  words: Int32Array = nothing;

  constructor(parent: number, transformation: Transformation | null) {
    this.parent = parent;
    this.transformation = transformation;
  }

  seal(parent: ProfileNode | null): void {
    this.fresh = this.direct.filter((rule) => !parent?.direct.includes(rule));
    const masks = new Map<number, number>();
    for (const { gate } of this.gated) masks.set(gate >> 5, (masks.get(gate >> 5) ?? 0) | (1 << (gate & 31)));
    this.words = Int32Array.from([...masks].flat());
  }
}

/** The rules for one variable and key, over the tree of their pipelines. */
export class Profile {
  readonly nodes: ProfileNode[] = [new ProfileNode(-1, null)];
  private recent = new Map<string, Int32Array>();
  private older = new Map<string, Int32Array>();
  empty = true;

  add(rule: StaticRule): void {
    let at = 0;
    const { pipeline, multiMatch } = rule.link;
    // multiMatch looks at the value after each step, the others only after the last.
    if (multiMatch) this.place(at, rule);
    for (const [i, step] of pipeline.entries()) {
      at = this.child(at, step);
      if (multiMatch && i < pipeline.length - 1) this.place(at, rule);
    }
    if (!multiMatch || pipeline.length > 0) this.place(at, rule);
    this.empty = false;
  }

  private place(at: number, rule: StaticRule): void {
    const node = this.nodes[at]!;
    (rule.gate >= 0 ? node.gated : node.direct).push(rule);
  }

  private child(parent: number, transformation: Transformation): number {
    const found = this.nodes.findIndex((node) => node.parent === parent && node.transformation === transformation);
    return found >= 0 ? found : this.nodes.push(new ProfileNode(parent, transformation)) - 1;
  }

  seal(): void {
    for (const [i, node] of this.nodes.entries()) {
      node.seal(node.parent < 0 ? null : this.nodes[node.parent]!);
      node.twins = this.nodes.keys().take(i).filter((k) => this.nodes[k]!.transformation === node.transformation).toArray();
    }
  }

  /** Two generations, so that the memory is bounded and what is in use stays. */
  remembered(value: string): Int32Array | undefined {
    const hit = this.recent.get(value);
    if (hit !== undefined) return hit;
    const old = this.older.get(value);
    if (old !== undefined) this.remember(value, old);
    return old;
  }

  remember(value: string, outcome: Int32Array): void {
    if (this.recent.size >= maxCachedValues) { this.older = this.recent; this.recent = new Map(); }
    this.recent.set(value, outcome);
  }
}

interface VariableEntry { readonly rule: StaticRule; readonly target: CompiledTarget; readonly excludes: readonly CompiledTarget[] }

function selects(target: CompiledTarget, key: string): boolean {
  const { selector } = target;
  if (selector.key !== null) return selector.key === key;
  return selector.pattern === null || selector.pattern.test(key);
}

/** The rules of a phase that look at one variable. */
export class VariablePlan {
  readonly variableId: number;
  private readonly entries: VariableEntry[] = [];
  private readonly profiles = new Map<string, Profile>();
  private readonly bySignature = new Map<string, Profile>();
  /** Set when no entry depends on the key. */
  private only: Profile | null = null;

  constructor(variableId: number) {
    this.variableId = variableId;
  }

  add(rule: StaticRule, target: CompiledTarget, excludes: readonly CompiledTarget[]): void {
    this.entries.push({ rule, target, excludes });
  }

  seal(): void {
    const keyed = this.entries.some(({ target, excludes }) => target.selector.key !== null || target.selector.pattern !== null || excludes.length > 0);
    if (!keyed) this.only = this.build('');
  }

  /** The profile of a key, given in lower case. */
  profile(key: string): Profile {
    if (this.only !== null) return this.only;
    let profile = this.profiles.get(key);
    if (profile === undefined) {
      profile = this.build(key);
      if (this.profiles.size >= maxCachedProfiles) this.profiles.clear();
      this.profiles.set(key, profile);
    }
    return profile;
  }

  get needsKey(): boolean {
    return this.only === null;
  }

  /** Keys with the same rules share one profile, and so its memory of values. */
  private build(key: string): Profile {
    const chosen: StaticRule[] = [];
    let signature = '';
    for (const [i, { rule, target, excludes }] of this.entries.entries()) {
      if (!selects(target, key) || excludes.some((exclude) => selects(exclude, key)) || chosen.includes(rule)) continue;
      chosen.push(rule);
      signature += `${i},`;
    }
    let profile = this.bySignature.get(signature);
    if (profile === undefined) {
      profile = new Profile();
      for (const rule of chosen) profile.add(rule);
      profile.seal();
      if (this.bySignature.size >= maxCachedProfiles) this.bySignature.clear();
      this.bySignature.set(signature, profile);
    }
    return profile;
  }
}

function mayMatch(rule: StaticRule, { classes }: ScanResult): boolean {
  return rule.classes < 0 || (rule.classes & classes) !== 0;
}

/** Looks values up in profiles and marks the rules that match. One per rule set: its scratch memory is shared. */
export class ValueScanner {
  private readonly automaton: Automaton;
  private readonly gates: readonly StaticRule[];
  private readonly results: ScanResult[] = [];
  private values: string[] = [];
  private scans = new Int32Array(64);
  private readonly found: number[] = [];

  constructor(automaton: Automaton, gates: readonly StaticRule[]) {
    this.automaton = automaton;
    this.gates = gates;
  }

  /** Sets the bit of each rule in `candidates` whose first link the value matches. */
  mark(profile: Profile, value: string, candidates: Int32Array): void {
    if (profile.empty) return;
    const cacheable = value.length <= maxCachedLength;
    let outcome = cacheable ? profile.remembered(value) : undefined;
    if (outcome === undefined) {
      outcome = this.evaluate(profile, value);
      if (cacheable) profile.remember(value, outcome);
    }
    for (let i = 0; i < outcome.length; i++) {
      const index = outcome[i]!;
      candidates[index >> 5] = candidates[index >> 5]! | (1 << (index & 31));
    }
  }

  private scan(value: string, slot: number): ScanResult {
    const result = this.results[slot] ??= new ScanResult(this.automaton.words);
    this.automaton.scan(value, result);
    return result;
  }

  private evaluate(profile: Profile, value: string): Int32Array {
    const { nodes } = profile;
    const { values, found } = this;
    if (this.scans.length < nodes.length) this.scans = new Int32Array(nodes.length * 2);
    const { scans } = this;
    found.length = 0;
    let used = 1;
    values[0] = value;
    scans[0] = 0;
    this.scan(value, 0);
    this.tests(nodes[0]!, nodes[0]!.direct, value, this.results[0]!);
    for (let i = 1; i < nodes.length; i++) {
      const node = nodes[i]!;
      const before = values[node.parent]!;
      const scanBefore = scans[node.parent]!;
      const step = node.transformation!;
      let after = before;
      let scan = scanBefore;
      if ((this.results[scanBefore]!.classes & step.triggers) !== 0 || step.triggers < 0) {
        const twin = this.twinOf(node, nodes, before);
        after = twin < 0 ? step.apply(before) : values[twin]!;
        if (twin >= 0) scan = scans[twin]!;
        // The automaton folds case, so its verdict on a lower-case form is known; only the class of capitals goes.
        else if (after !== before && !step.foldsOnly) {
          scan = this.sameAs(after, i);
          if (scan < 0) { scan = used++; this.scan(after, scan); }
        }
      }
      values[i] = after;
      scans[i] = scan;
      this.tests(node, after === before ? node.fresh : node.direct, after, this.results[scan]!);
    }
    // Long values are not kept alive by the scratch memory.
    for (let i = 0; i < nodes.length; i++) values[i] = '';
    return found.length === 0 ? nothing : Int32Array.from(found);
  }

  /** An earlier node that applied the same transformation to the same text, or -1. */
  private twinOf(node: ProfileNode, nodes: readonly ProfileNode[], text: string): number {
    for (const twin of node.twins) if (this.values[nodes[twin]!.parent] === text) return twin;
    return -1;
  }

  /** The scan of an earlier node with the same text, or -1. */
  private sameAs(text: string, until: number): number {
    for (let i = 0; i < until; i++) if (this.values[i]!.length === text.length && this.values[i] === text) return this.scans[i]!;
    return -1;
  }

  private tests(node: ProfileNode, direct: readonly StaticRule[], value: string, result: ScanResult): void {
    const { words } = node;
    for (let i = 0; i < direct.length; i++) if (mayMatch(direct[i]!, result) && direct[i]!.test(value)) this.found.push(direct[i]!.rule.index);
    for (let i = 0; i < words.length; i += 2) {
      const word = words[i]!;
      let live = result.first[word]! & result.second[word]! & words[i + 1]!;
      while (live !== 0) {
        const bit = 31 - Math.clz32(live & -live);
        live &= live - 1;
        const rule = this.gates[word * 32 + bit]!;
        if (rule.test(value)) this.found.push(rule.rule.index);
      }
    }
  }
}

/** What to look at in a phase. */
export interface PhasePlan {
  readonly variables: readonly VariablePlan[];
  /** Bit per rule that is evaluated whatever the values: it reads something that changes while rules run. */
  readonly always: Int32Array;
  readonly scanner: ValueScanner;
}
