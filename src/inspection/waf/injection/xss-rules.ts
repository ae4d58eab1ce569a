// What makes markup dangerous: elements that run or load code, attributes that do (event handlers, namespaces, style), attributes
// that hold an address, and address schemes that are code. Judges one token; names are compared without case and without NULs.
// Sources: HTML Living Standard, SVG 1.1/2, and the old Internet Explorer behaviour listed at html5sec.org.

import {
  DANGEROUS_ATTRIBUTES, DANGEROUS_TAGS, DANGEROUS_TAG_PREFIXES, EVENT_BEGINNINGS, INDIRECT_ATTRIBUTES, SCRIPT_SCHEMES, STYLE_ATTRIBUTES,
  URL_ATTRIBUTES,
} from './tables.ts';

export const HARMLESS = 0;
/** The attribute is an attack whatever its value. */
export const DANGEROUS = 1;
/** The value is an address. */
export const ADDRESS = 2;
/** The value names the attribute that an animation sets. */
export const INDIRECT = 3;

const tags = new Set(DANGEROUS_TAGS.split(' '));
const tagPrefixes = DANGEROUS_TAG_PREFIXES.split(' ');
const attributes = new Map<string, number>();
for (const name of URL_ATTRIBUTES.split(' ')) attributes.set(name, ADDRESS);
for (const name of INDIRECT_ATTRIBUTES.split(' ')) attributes.set(name, INDIRECT);
for (const list of [DANGEROUS_ATTRIBUTES, STYLE_ATTRIBUTES]) {
  for (const name of list.split(' ')) attributes.set(name, DANGEROUS);
}
/** Beginnings of event names by their first two letters. */
const events = new Map<string, string[]>();
for (const name of EVENT_BEGINNINGS.split(' ')) events.set(name.slice(0, 2), [...(events.get(name.slice(0, 2)) ?? []), name]);
const SHORTEST_HANDLER = 5;
const schemes = SCRIPT_SCHEMES.split(' ');
/** No name of any list is longer; NULs may stretch it in the value. */
const MAX_NAME_LENGTH = 48;

/** Name in lower case without NULs; of a longer one than any list has, its beginning. */
function nameOf(value: string, start: number, end: number): string {
  const length = end - start;
  if (length <= MAX_NAME_LENGTH) {
    const name = value.slice(start, end).toLowerCase();
    return name.includes('\0') ? name.replaceAll('\0', '') : name;
  }
  let name = '';
  for (let i = start; i < end && name.length <= MAX_NAME_LENGTH; i++) {
    if (value.charCodeAt(i) !== 0) name += value.charAt(i);
  }
  return name.toLowerCase();
}

export function isDangerousTag(value: string, start: number, end: number): boolean {
  if (end - start < 3) return false;
  const name = nameOf(value, start, end);
  if (tags.has(name)) return true;
  const head = value.slice(start, start + 3).toLowerCase();
  return tagPrefixes.includes(head);
}

export function attributeClass(value: string, start: number, end: number): number {
  if (end - start < 2) return HARMLESS;
  const head = value.slice(start, start + 5).toLowerCase();
  // Namespaces turn markup into XML or SVG, whatever follows the prefix.
  if (head === 'xmlns' || head === 'xlink') return DANGEROUS;
  const name = nameOf(value, start, end);
  if (end - start >= SHORTEST_HANDLER && name.startsWith('on')) {
    for (const event of events.get(name.slice(2, 4)) ?? []) if (name.startsWith(event, 2)) return DANGEROUS;
  }
  return attributes.get(name) ?? HARMLESS;
}

function hexDigit(c: number): number {
  if (c >= 48 && c <= 57) return c - 48;
  const lower = c | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

const MAX_CODE_POINT = 0x1000ff;
let entityEnd = 0;

/** Character at `at`, numeric references decoded (HTML 13.2.5.72 ff); `entityEnd` is set behind it. */
function decodeAt(value: string, at: number, end: number): number {
  entityEnd = at + 1;
  const c = value.charCodeAt(at);
  if (c !== 38 || at + 2 >= end || value.charCodeAt(at + 1) !== 35) return c;
  const hex = (value.charCodeAt(at + 2) | 32) === 120;
  let i = hex ? at + 3 : at + 2;
  const from = i;
  let code = 0;
  for (; i < end; i++) {
    const digit = hexDigit(value.charCodeAt(i));
    if (digit < 0 || (!hex && digit > 9)) break;
    code = code * (hex ? 16 : 10) + digit;
    if (code > MAX_CODE_POINT) return c;
  }
  if (i === from) return c;
  entityEnd = i < end && value.charCodeAt(i) === 59 ? i + 1 : i;
  return code;
}

function startsWithScheme(scheme: string, value: string, start: number, end: number): boolean {
  let matched = 0;
  let leading = true;
  for (let i = start; i < end; i = entityEnd) {
    const code = decodeAt(value, i, end);
    if (leading && code <= 32) continue;
    leading = false;
    // Browsers drop NUL and line feed inside a scheme.
    if (code === 0 || code === 10) continue;
    const lower = code >= 65 && code <= 90 ? code + 32 : code;
    if (lower !== scheme.charCodeAt(matched)) return false;
    matched++;
    if (matched === scheme.length) return true;
  }
  return false;
}

/** Whether an address runs code: its scheme, after space and control bytes, is one of the dangerous ones. */
export function isScriptAddress(value: string, start: number, end: number): boolean {
  let from = start;
  while (from < end && (value.charCodeAt(from) <= 32 || value.charCodeAt(from) >= 127)) from++;
  for (const scheme of schemes) {
    if (startsWithScheme(scheme, value, from, end)) return true;
  }
  return false;
}

/** Comments that old browsers run: back quotes, conditional comments, `<?xml`, `<?import`, `<!ENTITY`. */
export function isDangerousComment(value: string, start: number, end: number): boolean {
  const quote = value.indexOf('`', start);
  if (quote >= 0 && quote < end) return true;
  const length = end - start;
  const head = value.slice(start, Math.min(end, start + 64)).replaceAll('\0', '').slice(0, 6).toLowerCase();
  if (length > 3 && (head.startsWith('[if') || head.startsWith('xml'))) return true;
  return length > 5 && (head === 'import' || head === 'entity');
}
