// Changes of a list inside a YAML text that leave every other byte as it is: comments, order, quotes, spacing, line ends. The
// places come from the parsed document; what is put in is written in the style of what is there. The caller must load the
// result and compare it with what was wanted: an alias, for example, may change more than one place. YAML 1.2.2.
import { Document, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Node, Pair, YAMLMap, YAMLSeq } from 'yaml';
import type { ConfigPath } from './problem.ts';

export type EditResult = { readonly ok: true; readonly text: string; readonly line: number } | { readonly ok: false; readonly reason: string };

/** Longer lines are not made longer. */
const widestLine = 140;

/** Puts entries at the end of the list under `key` of the map at `path`; the list is made when it is not there. */
export function appendToList(text: string, path: ConfigPath, key: string, entries: readonly object[]): EditResult {
  const map = mapAt(text, path);
  if (typeof map === 'string') return { ok: false, reason: map };
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const pair = pairOf(map, key);
  const list = pair?.value;
  if (pair !== undefined && isSeq(list) && list.items.length > 0) return list.flow === true ? appendFlow(text, list, entries, eol) : appendBlock(text, list, entries, eol);
  if (pair !== undefined && isSeq(list)) return spliced(text, list.range![0], list.range![1], flowList(entries, map));
  if (pair !== undefined && isScalar(list) && list.value === null && map.flow !== true) {
    const indent = `${' '.repeat(columnOf(text, pair.key.range![0]) + 2)}- `;
    return spliced(text, lineEnd(text, pair.key.range![1]), undefined, entries.map((entry) => `${eol}${indent}${flowOf(entry)}`).join(''));
  }
  if (pair !== undefined) return { ok: false, reason: `${key} is no list there, or an alias` };
  return map.flow === true ? newFlowList(text, map, key, entries, eol) : newBlockList(text, map, key, entries, eol);
}

/** Takes entries out of a list by their positions. A list that becomes empty stays as `[]`. */
export function removeFromList(text: string, path: ConfigPath, key: string, positions: readonly number[]): EditResult {
  let result: EditResult = { ok: true, text, line: 1 };
  for (const position of [...positions].sort((a, b) => b - a)) {
    if (result.ok) result = removeOne(result.text, path, key, position);
  }
  return result;
}

function removeOne(text: string, path: ConfigPath, key: string, position: number): EditResult {
  const map = mapAt(text, path);
  if (typeof map === 'string') return { ok: false, reason: map };
  const pair = pairOf(map, key);
  const list = pair?.value;
  if (pair === undefined || !isSeq(list)) return { ok: false, reason: `${key} is no list there, or an alias` };
  const items = list.items as Node[];
  const item = items[position];
  if (item === undefined) return { ok: false, reason: `${key} has no entry ${position + 1}` };
  const [start, end] = item.range!;
  const ownLine = ownLines(text, start, end);
  if (list.flow === true && ownLine !== undefined && !(isMap(item) && isJson(item as YAMLMap<Node, Node | null>))) return spliced(text, ...ownLine, '');
  if (list.flow === true) {
    const next = items[position + 1];
    const before = items[position - 1];
    if (next !== undefined) return spliced(text, start, next.range![0], '');
    return before === undefined ? spliced(text, start, afterComma(text, end), '') : spliced(text, before.range![1], end, '');
  }
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const to = lineEnd(text, end);
  const eolLength = text.startsWith('\r\n', to) ? 2 : to < text.length ? 1 : 0;
  const taken = text.slice(0, from) + text.slice(text[end - 1] === '\n' ? end : to + eolLength);
  if (items.length > 1) return { ok: true, text: taken, line: lineOf(text, start) };
  const colon = taken.indexOf(':', pair.key.range![1]) + 1;
  return { ok: true, text: `${taken.slice(0, colon)} []${taken.slice(colon)}`, line: lineOf(text, start) };
}

/** The lines of a value that has them for itself, but for a comma and a comment. */
function ownLines(text: string, start: number, end: number): [number, number] | undefined {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const rest = /^[ \t]*,?[ \t]*(#.*)?\r?\n/.exec(text.slice(end));
  return rest !== null && text.slice(from, start).trim() === '' ? [from, end + rest[0].length] : undefined;
}

/** The map at a path, or why it cannot be changed. */
function mapAt(text: string, path: ConfigPath): YAMLMap<Node, Node | null> | string {
  const document = parseDocument(text, { uniqueKeys: false, stringKeys: true, logLevel: 'silent', version: '1.2' });
  if (document.errors.length > 0) return 'the file has syntax errors';
  let node: unknown = document.contents;
  for (const part of path) {
    if (isMap(node)) node = pairOf(node as YAMLMap<Node, Node | null>, String(part))?.value;
    else if (isSeq(node)) node = node.items[Number(part)];
    else break;
  }
  return isMap(node) ? node as YAMLMap<Node, Node | null> : `${path.join('.')} is not written out there (an alias?)`;
}

function pairOf(map: YAMLMap<Node, Node | null>, key: string): Pair<Node, Node | null> | undefined {
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
}

function spliced(text: string, start: number, end: number | undefined, inserted: string): EditResult {
  return { ok: true, text: text.slice(0, start) + inserted + text.slice(end ?? start), line: lineOf(text, start) + (/^\r?\n/.test(inserted) ? 1 : 0) };
}

function lineOf(text: string, offset: number): number { return text.slice(0, offset).split('\n').length; }

function columnOf(text: string, offset: number): number { return offset - (text.lastIndexOf('\n', offset - 1) + 1); }

/** Where the line of an offset ends, before its line break. */
function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : text[end - 1] === '\r' ? end - 1 : end;
}

function afterComma(text: string, offset: number): number { return offset + (/^\s*,/.exec(text.slice(offset))?.[0].length ?? 0); }

/** The white space that a line begins with. */
function indentOf(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', offset - 1) + 1))![0];
}

function flowOf(entry: object, json = false): string {
  if (json) return JSON.stringify(entry);
  const document = new Document(entry);
  const body = document.contents as unknown as YAMLMap<Node, Node>;
  body.flow = true;
  // The padding of the library is all or nothing; the house style is { a: [b] }.
  return document.toString({ lineWidth: 0, flowCollectionPadding: false }).trim().replace(/^\{/, '{ ').replace(/\}$/, ' }');
}

function isJson(map: YAMLMap<Node, Node | null>): boolean {
  const key = map.items[0]?.key;
  return map.flow === true && isScalar(key) && key.type === 'QUOTE_DOUBLE';
}

function flowList(entries: readonly object[], map: YAMLMap<Node, Node | null>): string {
  return `[${entries.map((entry) => flowOf(entry, isJson(map))).join(', ')}]`;
}

/** A block entry under a dash at `indent`. */
function blockOf(entry: object, indent: string, eol: string): string {
  const lines = new Document(entry).toString({ lineWidth: 0, flowCollectionPadding: false, collectionStyle: 'any' }).trimEnd().split('\n');
  return lines.map((line, index) => (index === 0 ? `- ${line}` : `${indent}  ${line}`)).join(eol);
}

function appendBlock(text: string, list: YAMLSeq, entries: readonly object[], eol: string): EditResult {
  const indent = ' '.repeat(columnOf(text, list.range![0]));
  const last = list.items.at(-1) as Node;
  const block = isMap(last) && last.flow !== true;
  const lines = entries.map((entry) => `${indent}${block ? blockOf(entry, indent, eol) : `- ${flowOf(entry)}`}`);
  return afterValue(text, last.range![1], lines, eol);
}

function newBlockList(text: string, map: YAMLMap<Node, Node | null>, key: string, entries: readonly object[], eol: string): EditResult {
  const indent = ' '.repeat(columnOf(text, map.items[0]!.key.range![0]));
  return afterValue(text, map.range![1], [`${indent}${key}:`, ...entries.map((entry) => `${indent}  - ${flowOf(entry)}`)], eol);
}

/** New lines behind the line in which a value ends. */
function afterValue(text: string, end: number, lines: readonly string[], eol: string): EditResult {
  // A block text ends with its line break.
  if (text[end - 1] === '\n') return spliced(text, end, undefined, `${lines.join(eol)}${eol}`);
  return spliced(text, lineEnd(text, end), undefined, `${eol}${lines.join(eol)}`);
}

function appendFlow(text: string, list: YAMLSeq, entries: readonly object[], eol: string): EditResult {
  const last = list.items.at(-1) as Node;
  const [start, end] = last.range!;
  const json = isMap(last) && isJson(last as YAMLMap<Node, Node | null>);
  const before = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  if (before.trim() !== '') return spliced(text, end, undefined, entries.map((entry) => `, ${flowOf(entry, json)}`).join(''));
  // One entry a line. A comment behind the last one stays with it.
  const comma = /^[ \t]*,/.exec(text.slice(end));
  const rest = /^[ \t]*(#.*?)?(?=\r?\n)/.exec(text.slice(end + (comma?.[0].length ?? 0)))?.[0] ?? '';
  const lines = entries.map((entry, index) => `${eol}${before}${flowOf(entry, json)}${comma !== null || index < entries.length - 1 ? ',' : ''}`);
  const added = `${comma?.[0] ?? ','}${rest}${lines.join('')}`;
  const result = spliced(text, end, end + (comma?.[0].length ?? 0) + rest.length, added);
  return result.ok ? { ...result, line: result.line + 1 } : result;
}

function newFlowList(text: string, map: YAMLMap<Node, Node | null>, key: string, entries: readonly object[], eol: string): EditResult {
  const json = isJson(map);
  const name = json ? JSON.stringify(key) : key;
  const last = map.items.at(-1);
  const place = last === undefined ? map.range![0] + 1 : (last.value ?? last.key).range![1];
  const first = last === undefined ? '' : ', ';
  const short = `${first}${name}: ${flowList(entries, map)}`;
  const line = text.slice(text.lastIndexOf('\n', place - 1) + 1, lineEnd(text, place));
  if (entries.length === 1 && line.length + short.length <= widestLine) return spliced(text, place, undefined, short);
  const indent = `${indentOf(text, place)}  `;
  return spliced(text, place, undefined, `${first}${name}: [${entries.map((entry) => `${eol}${indent}  ${flowOf(entry, json)}`).join(',')}${eol}${indent}]`);
}
