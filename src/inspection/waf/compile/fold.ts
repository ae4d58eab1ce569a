// Resolves at load what cannot differ between requests: paranoia gates, default settings, constants in comparisons.
// Walks the rules in the order of execution with what is known about transaction variables. A rule whose condition is
// known and whose actions are plain assignments and skips is carried out here; a rule that a known skip passes over is
// dropped. Everything else stays, and makes unknown what it may write. Rules resolved here cannot be removed by a ctl at
// run time, which matters only to a rule set that removes its own gates.
import type { Macro, Marker, Rule } from '../seclang/model.ts';

export interface Folded {
  /** Index 1 to 5: what is left to run, markers included. */
  readonly phases: (Rule | Marker)[][];
  /** Values at the start of a transaction, by lower-case name. */
  readonly initial: Map<string, string>;
  /** What a macro stands for at its rule, when known: keyed by the macro itself. */
  readonly resolved: Map<Macro, string>;
  readonly resolvedRules: number;
}

const unknown = Symbol('unknown');
type Known = string | null | typeof unknown;

class Knowledge {
  private readonly values = new Map<string, Known>();
  private readonly unknownPrefixes: string[] = [];

  /** null: known not to be set. */
  get(name: string): Known {
    const value = this.values.get(name);
    if (value !== undefined) return value;
    if (/^\d$/.test(name)) return unknown;
    return this.unknownPrefixes.some((prefix) => name.startsWith(prefix)) ? unknown : null;
  }

  set(name: string, value: Known): void {
    this.values.set(name, value);
  }

  forgetPrefix(prefix: string): void {
    this.unknownPrefixes.push(prefix);
    for (const name of this.values.keys()) if (name.startsWith(prefix)) this.values.set(name, unknown);
  }

  resolve(macro: Macro): string | null {
    if (macro.constant !== null) return macro.constant;
    let text = '';
    for (const part of macro.parts) {
      if (typeof part === 'string') { text += part; continue; }
      if (part.variable.name !== 'TX' || part.key === null) return null;
      const value = this.get(part.key.toLowerCase());
      if (value === unknown) return null;
      text += value ?? '';
    }
    return text;
  }
}

function links(rule: Rule): Rule[] {
  const result: Rule[] = [];
  for (let link: Rule | null = rule; link; link = link.next) result.push(link);
  return result;
}

/** The truth of one link, or null when it depends on the request. */
function truthOf(link: Rule, known: Knowledge): boolean | null {
  if (link.kind === 'action') return true;
  const { operator } = link;
  if (!operator || link.actions.multiMatch) return null;
  let result = false;
  for (const target of link.targets) {
    if (target.variable.name !== 'TX' || target.selector.key === null || target.excluded) return null;
    const value = known.get(target.selector.key);
    if (value === unknown) return null;
    const text = target.count ? (value === null ? '0' : '1') : value;
    if (text === null) continue;
    const argument = known.resolve(operator.argument);
    if (argument === null) return null;
    const transformed = link.actions.transformations.reduce((out, one) => one.apply(out), text);
    const { definition } = operator;
    let matched: boolean;
    if (definition.kind === 'comparison') matched = definition.compare(transformed, argument);
    else {
      const prepared = operator.prepared ?? operator.prepare?.(argument) ?? null;
      if (!prepared || prepared.needsFacts) return null;
      matched = prepared.test(transformed, null);
    }
    if (matched !== operator.negated) result = true;
  }
  return result;
}

/** True when a match of the rule does nothing but assign transaction variables and skip. */
function isPlain(rule: Rule): boolean {
  return links(rule).every(({ actions }) => !actions.log && actions.disruptive === 'pass' && !actions.capture && actions.initCols.length === 0
    && actions.ctls.length === 0 && actions.expireVars.length === 0 && actions.setEnvs.length === 0 && actions.setUid === null && actions.setSid === null
    && actions.setRsc === null && actions.masks.length === 0 && actions.setVars.every((setVar) => setVar.collection === 'tx'));
}

class Folder {
  readonly known = new Knowledge();
  readonly initial = new Map<string, string>();
  readonly resolved = new Map<Macro, string>();
  /** Names that rules left to run have read so far. */
  readonly read = new Set<string>();
  readAll = false;
  readonly readPatterns: RegExp[] = [];
  resolvedRules = 0;

  phase(items: readonly (Rule | Marker)[]): (Rule | Marker)[] {
    const kept: (Rule | Marker)[] = [];
    /** Markers that a rule left to run may skip to. */
    const open = new Set<string>();
    let skipAny = false;
    let dropUntil: string | null = null;
    let dropCount = 0;
    for (const [position, item] of items.entries()) {
      if (item.kind === 'marker') {
        if (dropUntil === item.label) dropUntil = null;
        open.delete(item.label);
        kept.push(item);
        continue;
      }
      if (dropUntil !== null || dropCount > 0) {
        if (dropCount > 0) dropCount--;
        this.resolvedRules++;
        continue;
      }
      const truth = this.truth(item);
      if (truth === false) { this.resolvedRules++; continue; }
      const certain = open.size === 0 && !skipAny;
      const { skipAfter, skip } = item.actions;
      if (truth === true && isPlain(item) && (certain || this.isPureSkip(item)) && this.canSkip(items, position, skipAfter, open)) {
        if (this.assign(item)) {
          this.resolvedRules++;
          dropUntil = skipAfter;
          dropCount = skip;
          continue;
        }
      }
      this.keep(item);
      kept.push(item);
      if (skipAfter !== null) open.add(skipAfter);
      if (skip > 0) skipAny = true;
    }
    return kept;
  }

  private isPureSkip(rule: Rule): boolean {
    return links(rule).every((link) => link.actions.setVars.length === 0);
  }

  private truth(rule: Rule): boolean | null {
    for (const [i, link] of links(rule).entries()) {
      const truth = truthOf(link, this.known);
      // A later link is judged only when those before it hold for sure: their assignments would come first.
      if (truth !== true) return truth === false && (i === 0 || isPlain(rule)) ? (i === 0 ? false : null) : null;
      if (link.actions.setVars.length > 0 && link.next) return null;
    }
    return true;
  }

  /** A known skip is carried out only when no rule left to run may land inside of what it passes over. */
  private canSkip(items: readonly (Rule | Marker)[], position: number, skipAfter: string | null, open: ReadonlySet<string>): boolean {
    if (skipAfter === null) return true;
    for (let i = position + 1; i < items.length; i++) {
      const item = items[i]!;
      if (item.kind !== 'marker') continue;
      if (item.label === skipAfter) return true;
      if (open.has(item.label)) return false;
    }
    return false;
  }

  /** Carries out the assignments at load; false when they must stay for run time. */
  private assign(rule: Rule): boolean {
    const planned: [string, string | null][] = [];
    const interim = new Map<string, string | null>();
    for (const link of links(rule)) {
      for (const setVar of link.actions.setVars) {
        const name = this.known.resolve(setVar.name)?.toLowerCase();
        const value = this.known.resolve(setVar.value);
        if (name === undefined || value === null || this.wasRead(name)) return false;
        const before = interim.has(name) ? interim.get(name)! : this.known.get(name);
        if (before === unknown) return false;
        const base = Number.parseInt(before ?? '0', 10) || 0;
        const amount = Number.parseInt(value, 10) || 0;
        const after = setVar.operation === 'unset' ? null : setVar.operation === 'set' ? value : String(setVar.operation === 'add' ? base + amount : base - amount);
        interim.set(name, after);
        planned.push([name, after]);
      }
    }
    for (const [name, value] of planned) {
      this.known.set(name, value);
      if (value === null) this.initial.delete(name);
      else this.initial.set(name, value);
    }
    return true;
  }

  /** Notes what a rule that stays reads and writes. */
  private keep(rule: Rule): void {
    const resolve = (macro: Macro | null): void => {
      if (macro === null || macro.constant !== null) return;
      const value = this.known.resolve(macro);
      if (value !== null) this.resolved.set(macro, value);
      for (const part of macro.parts) if (typeof part !== 'string' && part.variable.name === 'TX') this.noteRead(part.key);
    };
    for (const link of links(rule)) {
      for (const target of link.targets) if (target.variable.name === 'TX') this.noteRead(target.selector.key, target.selector.pattern);
      resolve(link.operator?.argument ?? null);
      resolve(link.actions.msg);
      resolve(link.actions.logData);
      for (const setVar of link.actions.setVars) { resolve(setVar.name); resolve(setVar.value); }
      for (const one of link.actions.initCols) resolve(one.key);
    }
    // Resolved against what held before this rule's own writes, except inside a chain, where order matters: unknown then.
    for (const link of links(rule)) this.noteWrites(link, rule);
  }

  private noteWrites(link: Rule, head: Rule): void {
    for (const setVar of link.actions.setVars) {
      if (setVar.collection !== 'tx') continue;
      const constant = setVar.name.constant;
      if (constant !== null) {
        this.known.set(constant.toLowerCase(), unknown);
        this.unresolve(head, constant.toLowerCase());
      } else {
        const prefix = typeof setVar.name.parts[0] === 'string' ? setVar.name.parts[0].toLowerCase() : '';
        this.known.forgetPrefix(prefix);
        this.unresolve(head, prefix);
      }
    }
  }

  /** A macro of the same rule that reads what the rule writes cannot be resolved once for all. */
  private unresolve(head: Rule, prefix: string): void {
    const check = (macro: Macro | null): void => {
      if (macro === null) return;
      const reads = macro.parts.some((part) => typeof part !== 'string' && part.variable.name === 'TX' && (part.key ?? '').toLowerCase().startsWith(prefix));
      if (reads) this.resolved.delete(macro);
    };
    for (const link of links(head)) {
      check(link.operator?.argument ?? null);
      check(link.actions.msg);
      check(link.actions.logData);
      for (const setVar of link.actions.setVars) { check(setVar.name); check(setVar.value); }
    }
  }

  private wasRead(name: string): boolean {
    return this.readAll || this.read.has(name) || this.readPatterns.some((pattern) => pattern.test(name));
  }

  private noteRead(key: string | null, pattern: RegExp | null = null): void {
    if (pattern) this.readPatterns.push(pattern);
    else if (key === null) this.readAll = true;
    else this.read.add(key.toLowerCase());
  }
}

/** Resolves a rule set; `preset` are transaction variables that the caller fixes for every request. Without `resolve` all rules stay. */
export function foldRules(items: readonly (Rule | Marker)[], preset: ReadonlyMap<string, string>, resolve = true): Folded {
  const folder = new Folder();
  for (const [name, value] of preset) {
    folder.known.set(name.toLowerCase(), value);
    folder.initial.set(name.toLowerCase(), value);
  }
  const phases: (Rule | Marker)[][] = [[]];
  for (let phase = 1; phase <= 5; phase++) {
    const own = items.filter((item) => item.kind === 'marker' || item.actions.phase === phase);
    phases.push(resolve ? folder.phase(own) : own);
  }
  return { phases, initial: folder.initial, resolved: folder.resolved, resolvedRules: folder.resolvedRules };
}
