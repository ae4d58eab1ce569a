// `sallyport waf exclude`: the narrowest exclusions that would have let a recorded request pass, and what they would have changed
// over the stored history. Pure: records and configuration in, proposals out. The scores are summed from what records keep, by
// the points that the Core Rule Set gives; a request that was refused for another reason stays refused.
import type { StoredRecord } from '#audit/record.ts';
import type { WebExclusion } from '#contract/web-inspection.ts';
import { inspectionOf, pointsOf, sumsUp, type RecordedInspection, type RecordedRule } from './facts.ts';

/** As it is written in the configuration. */
export interface ProposedExclusion {
  readonly rule: number | number[];
  readonly target?: string;
  readonly path: string;
}

export interface ExclusionEffect {
  /** Records of the history that were looked at. */
  readonly records: number;
  /** Requests that were refused and have a match that would be gone. */
  readonly refused: number;
  readonly wouldPass: number;
  /** Requests that passed (or were only watched) and have a match that would be gone. */
  readonly otherMatches: number;
  readonly clients: number;
  /** What the excluded matches found, for judging whether they are harmless. */
  readonly samples: readonly string[];
}

/** A selector that begins with a slash would be read as a pattern. */
const writableTarget = /^[A-Z_]+(:[^\s"'\\|,;`/][^\s"'\\|,;`]*)?$/;
/** Variables that only make sense inside a rule: what they stand for is not known. */
const internal = /^(TX|MATCHED_VAR|MATCHED_VARS|MATCHED_VAR_NAME|MATCHED_VARS_NAMES|&.*)(:|$)/;

function targetOf(variable: string): string | undefined {
  return writableTarget.test(variable) && !internal.test(variable) && !variable.endsWith('...') ? variable : undefined;
}

interface Target { readonly target: string; readonly ids: Set<number>; points: number }

/**
 * One exclusion for each variable that was matched, rules on the same variable together; no more of them than it takes to let
 * the request pass. `wanted`: exactly these rules.
 */
export function proposeExclusions(record: StoredRecord, threshold: number, wanted: readonly number[] = []): ProposedExclusion[] {
  const inspection = inspectionOf(record);
  if (inspection === undefined) return [];
  const decisive = Number(inspection.by);
  const direct = Number.isInteger(decisive) && decisive > 0 && !sumsUp(decisive) ? [decisive] : [];
  const only = wanted.length > 0 ? wanted : direct;
  const byTarget = new Map<string, Target>();
  for (const rule of inspection.rules) {
    if (sumsUp(rule.id) || rule.logOnly || (only.length > 0 && !only.includes(rule.id))) continue;
    const targets = Object.keys(rule.values).map(targetOf);
    // A match whose variable cannot be named takes the whole rule out, on this path only.
    const named = targets.length > 0 && targets.every((target) => target !== undefined) ? targets as string[] : [''];
    for (const target of named) {
      let entry = byTarget.get(target);
      if (entry === undefined) byTarget.set(target, entry = { target, ids: new Set(), points: 0 });
      entry.ids.add(rule.id);
      entry.points += pointsOf(rule.severity) * rule.count / named.length;
    }
  }
  const chosen: Target[] = [];
  let score = inspection.inbound;
  for (const entry of [...byTarget.values()].sort((x, y) => y.points - x.points)) {
    if (only.length === 0 && inspection.blocked && chosen.length > 0 && score < threshold) break;
    chosen.push(entry);
    score -= entry.points;
  }
  return chosen.map(({ target, ids }) => {
    const sorted = [...ids].sort((x, y) => x - y);
    return { rule: sorted.length === 1 ? sorted[0]! : sorted, ...(target === '' ? {} : { target }), path: record.path ?? '/' };
  });
}

function covers(exclusion: ProposedExclusion, rule: RecordedRule, variable: string): boolean {
  const ids = Array.isArray(exclusion.rule) ? exclusion.rule : [exclusion.rule];
  return ids.includes(rule.id) && (exclusion.target === undefined || exclusion.target === variable);
}

/** How many of a rule's matches would be gone. */
function goneOf(exclusions: readonly ProposedExclusion[], rule: RecordedRule, path: string): number {
  const variables = Object.keys(rule.values);
  if (variables.length === 0) return 0;
  const gone = variables.filter((variable) => exclusions.some((exclusion) => exclusion.path === path && covers(exclusion, rule, variable))).length;
  return gone === variables.length ? rule.count : gone;
}

function wouldPass(inspection: RecordedInspection, exclusions: readonly ProposedExclusion[], path: string, threshold: number): boolean {
  const decisive = Number(inspection.by);
  if (!Number.isInteger(decisive)) return false;
  const left = (rule: RecordedRule): number => rule.count - goneOf(exclusions, rule, path);
  if (!sumsUp(decisive)) {
    const rule = inspection.rules.find(({ id }) => id === decisive);
    return rule !== undefined && left(rule) === 0;
  }
  let removed = 0;
  for (const rule of inspection.rules) if (!rule.logOnly && !sumsUp(rule.id)) removed += goneOf(exclusions, rule, path) * pointsOf(rule.severity);
  return inspection.inbound > 0 && inspection.inbound - removed < threshold;
}

const maxSamples = 8;

export class EffectBuilder {
  #records = 0;
  #refused = 0;
  #wouldPass = 0;
  #others = 0;
  readonly #clients = new Set<string>();
  readonly #samples = new Set<string>();
  readonly #exclusions: readonly ProposedExclusion[];
  readonly #service: string;
  readonly #threshold: number;

  constructor(exclusions: readonly ProposedExclusion[], service: string, threshold: number) {
    this.#exclusions = exclusions;
    this.#service = service;
    this.#threshold = threshold;
  }

  add(record: StoredRecord): void {
    const inspection = record.service === this.#service ? inspectionOf(record) : undefined;
    if (inspection === undefined) return;
    this.#records++;
    const path = record.path ?? '/';
    let touched = false;
    for (const rule of inspection.rules) {
      if (goneOf(this.#exclusions, rule, path) === 0) continue;
      touched = true;
      for (const [variable, value] of Object.entries(rule.values)) if (this.#samples.size < maxSamples) this.#samples.add(`${variable}: ${value}`);
    }
    if (!touched) return;
    if (this.#clients.size < 10_000) this.#clients.add(record.client ?? '');
    if (!inspection.blocked) this.#others++;
    else {
      this.#refused++;
      if (wouldPass(inspection, this.#exclusions, path, this.#threshold)) this.#wouldPass++;
    }
  }

  effect(): ExclusionEffect {
    return { records: this.#records, refused: this.#refused, wouldPass: this.#wouldPass, otherMatches: this.#others, clients: this.#clients.size, samples: [...this.#samples] };
  }
}

/** Why no exclusion can be written for a path; undefined: it can. A star would stand for any segment, and let through more than was meant. */
export function pathProblem(path: string): string | undefined {
  return /^\/[^\s"'\\*]*$/.test(path) ? undefined : `its path ${JSON.stringify(path)} has characters that an exclusion cannot name exactly`;
}

/** As settings of the firewall, for trying them out. */
export function asSettings(exclusions: readonly ProposedExclusion[]): WebExclusion[] {
  return exclusions.flatMap(({ rule, target, path }) => (Array.isArray(rule) ? rule : [rule])
    .map((id): WebExclusion => ({ rule: String(id), tag: '', targets: target === undefined ? [] : [target], path, methods: [] })));
}
