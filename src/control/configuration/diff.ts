// What differs between two configuration documents, by resource: added, removed, changed with the settings before and
// after. Compares documents as written; what a change interrupts is in impact.ts.
import { canonicalText, sameValue } from './canonical.ts';
import type { ConfigDocument } from './merge.ts';
import { isRecord } from './merge.ts';
import type { ConfigPath } from './problem.ts';
import { describeValue, formatPath, isSecretPath } from './problem.ts';
import { painter, printable } from './print.ts';
import type { SectionName } from './schema.ts';
import { sectionNames } from './schema.ts';

export interface ValueChange {
  /** Inside the resource: `servers[1].weight`. '' when the whole of it changed. */
  path: string;
  steps: ConfigPath;
  /** Undefined where it was not there. */
  before: unknown;
  after: unknown;
}

export interface ResourceChange {
  kind: 'added' | 'removed' | 'changed' | 'moved';
  section: SectionName;
  /** Name of the resource; a rule's id; the section's name for sections that are one resource (audit, admin, runtime). */
  name: string;
  before: unknown;
  after: unknown;
  /** For `changed`. */
  changes: ValueChange[];
}

export interface ConfigurationDiff { same: boolean; resources: ResourceChange[] }

const singleSections = new Set<SectionName>(['recordings', 'audit', 'admin', 'runtime']);

export function diffDocuments(before: ConfigDocument, after: ConfigDocument): ConfigurationDiff {
  const resources: ResourceChange[] = [];
  for (const section of sectionNames) {
    const a = before[section] ?? undefined;
    const b = after[section] ?? undefined;
    if (sameValue(a, b)) continue;
    if (singleSections.has(section)) resources.push(...changedResource(section, section, a ?? {}, b ?? {}));
    else if (section === 'policy') resources.push(...ruleChanges(Array.isArray(a) ? a : [], Array.isArray(b) ? b : []));
    else resources.push(...mapChanges(section, isRecord(a) ? a : {}, isRecord(b) ? b : {}));
  }
  return { same: resources.length === 0, resources };
}

function changedResource(section: SectionName, name: string, before: unknown, after: unknown): ResourceChange[] {
  if (sameValue(before, after)) return [];
  return [{ kind: 'changed', section, name, before, after, changes: valueChanges(before, after, []) }];
}

function mapChanges(section: SectionName, before: Record<string, unknown>, after: Record<string, unknown>): ResourceChange[] {
  const changes: ResourceChange[] = [];
  for (const [name, value] of Object.entries(before)) {
    if (!Object.hasOwn(after, name)) changes.push({ kind: 'removed', section, name, before: value, after: undefined, changes: [] });
    else changes.push(...changedResource(section, name, value, after[name]));
  }
  for (const [name, value] of Object.entries(after)) {
    if (!Object.hasOwn(before, name)) changes.push({ kind: 'added', section, name, before: undefined, after: value, changes: [] });
  }
  return changes;
}

function ruleId(rule: unknown, index: number): string {
  return isRecord(rule) && typeof rule.id === 'string' ? rule.id : `rule ${index + 1}`;
}

/** Rules are compared by id; among those that stay, a changed order is a change of its own: the first match decides. */
function ruleChanges(before: unknown[], after: unknown[]): ResourceChange[] {
  const byId = (rules: unknown[]): Record<string, unknown> => Object.fromEntries(rules.map((rule, index) => [ruleId(rule, index), rule]));
  const changes = mapChanges('policy', byId(before), byId(after));
  const old = before.map(ruleId);
  const now = after.map(ruleId);
  const oldSet = new Set(old);
  const nowSet = new Set(now);
  const positions = new Map(old.filter((id) => nowSet.has(id)).map((id, index) => [id, index]));
  const order = now.filter((id) => oldSet.has(id));
  const staying = longestRising(order.map((id) => positions.get(id)!));
  order.forEach((id, index) => {
    if (staying.has(index)) return;
    const place = (ids: string[]): string => { const at = ids.indexOf(id); return at > 0 ? `after ${ids[at - 1]}` : 'first'; };
    changes.push({ kind: 'moved', section: 'policy', name: id, before: place(old), after: place(now), changes: [] });
  });
  return changes;
}

/** Indexes of a longest rising subsequence: what is not in it has moved. */
function longestRising(values: readonly number[]): Set<number> {
  const tails: number[] = [];
  const previous: number[] = [];
  values.forEach((value, index) => {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[tails[middle]!]! < value) low = middle + 1;
      else high = middle;
    }
    previous[index] = low > 0 ? tails[low - 1]! : -1;
    tails[low] = index;
  });
  const chosen = new Set<number>();
  for (let at = tails.at(-1) ?? -1; at >= 0; at = previous[at]!) chosen.add(at);
  return chosen;
}

function valueChanges(before: unknown, after: unknown, steps: ConfigPath): ValueChange[] {
  if (sameValue(before, after)) return [];
  if (isRecord(before) && isRecord(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => valueChanges(own(before, key), own(after, key), [...steps, key]));
  }
  if (Array.isArray(before) && Array.isArray(after)) return listChanges(before, after, steps);
  return [{ path: formatPath(steps), steps, before, after }];
}

/** Not what every object inherits: `toString` may be the name of something. */
function own(record: Record<string, unknown>, key: string): unknown { return Object.hasOwn(record, key) ? record[key] : undefined; }

/** Entries are paired by what identifies them (id, name, address), else by equality; what is left over by position. */
function listChanges(before: unknown[], after: unknown[], steps: ConfigPath): ValueChange[] {
  const changes: ValueChange[] = [];
  const pairs = paired(before, after);
  const taken = new Set(pairs.values());
  let last = -1;
  let reordered = false;
  before.forEach((value, index) => {
    const target = pairs.get(index);
    if (target === undefined) { changes.push({ path: formatPath([...steps, index]), steps: [...steps, index], before: value, after: undefined }); return; }
    if (target < last) reordered = true;
    last = target;
    changes.push(...valueChanges(value, after[target], [...steps, target]));
  });
  after.forEach((value, index) => {
    if (!taken.has(index)) changes.push({ path: formatPath([...steps, index]), steps: [...steps, index], before: undefined, after: value });
  });
  if (reordered) changes.push({ path: `${formatPath(steps)} (order)`, steps, before: before.map(shortName), after: after.map(shortName) });
  return changes;
}

function identityOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!isRecord(value)) return undefined;
  const identity = value.id ?? value.name ?? value.address ?? (value.match === undefined ? undefined : canonicalText(value.match));
  return typeof identity === 'string' ? identity : undefined;
}

function shortName(value: unknown): string {
  return isRecord(value) && typeof (value.id ?? value.name ?? value.address) === 'string' ? String(value.id ?? value.name ?? value.address) : describeValue(value);
}

function paired(before: unknown[], after: unknown[]): Map<number, number> {
  const pairs = new Map<number, number>();
  const free = new Map<string, number[]>();
  const keyOf = (value: unknown): string => identityOf(value) ?? canonicalText(value);
  after.forEach((value, index) => {
    const key = keyOf(value);
    const known = free.get(key);
    if (known) known.push(index);
    else free.set(key, [index]);
  });
  before.forEach((value, index) => {
    const target = free.get(keyOf(value))?.shift();
    if (target !== undefined) pairs.set(index, target);
  });
  // What has no counterpart by name: the same position, when nothing else claims it.
  const taken = new Set(pairs.values());
  before.forEach((value, index) => {
    if (pairs.has(index) || taken.has(index) || index >= after.length) return;
    if (identityOf(value) !== undefined && !isRecord(value)) return;
    if (isRecord(value) && isRecord(after[index])) pairs.set(index, index);
  });
  return pairs;
}

const marks = { added: '+', removed: '-', changed: '~', moved: '>' } as const;

export function printDiff(diff: ConfigurationDiff, options: { colours: boolean }): string {
  if (diff.same) return 'no difference\n';
  const paint = painter(options.colours);
  const lines: string[] = [];
  for (const resource of diff.resources) {
    const colour = resource.kind === 'added' ? 'blue' : resource.kind === 'removed' ? 'red' : 'yellow';
    const name = resource.section === resource.name ? resource.section : `${resource.section}/${resource.name}`;
    const note = resource.kind === 'moved' ? `  ${String(resource.before)} -> ${String(resource.after)}` : '';
    lines.push(`${paint(printable(`${marks[resource.kind]} ${name}`), colour)}  ${resource.kind}${printable(note)}`);
    for (const change of resource.changes) lines.push(`    ${printable(`${change.path}: ${beforeAndAfter(change)}`)}`);
  }
  return `${lines.join('\n')}\n`;
}

const longest = 100;
/** What is shown in front of the first difference of long values. */
const lead = 20;

/** Long values are cut, and so that what differs can be seen. */
function beforeAndAfter(change: ValueChange): string {
  const before = shown(change, change.before);
  const after = shown(change, change.after);
  let same = 0;
  while (same < before.length && before[same] === after[same]) same++;
  const start = same > longest - lead && (before.length > longest || after.length > longest) ? same - lead : 0;
  return `${cut(before, start)} -> ${cut(after, start)}`;
}

function cut(text: string, start: number): string {
  const rest = start === 0 ? text : `...${text.slice(start)}`;
  return rest.length > longest ? `${rest.slice(0, longest - 3)}...` : rest;
}

function shown(change: ValueChange, value: unknown): string {
  if (value === undefined) return '(none)';
  if (isSecretPath(change.path)) return '(not shown)';
  // A text with line ends and the like as JSON writes it: they must be told apart.
  if (typeof value === 'string' && !/[\u0000-\u001f\u007f-\u009f]/.test(value)) return value;
  return JSON.stringify(value, (key, member: unknown) => typeof member === 'string' && isSecretPath(key) ? '(not shown)' : member);
}
