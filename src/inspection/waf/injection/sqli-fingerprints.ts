// Verdict on a folded token stream: its fingerprint, the look-up in the table of attacks, and the checks that spare ordinary text
// which happens to look like one (two or three tokens only). The table is tables.ts.

import { FINGERPRINTS } from './tables.ts';
import { BAREWORD, COMMENT, EVIL, KEYWORD, KIND_LETTERS, LOGIC, NUMBER, OPERATOR, SQLTYPE, STRING, TSQL, UNION, kindOfLetter, type Token } from './sqli-tokens.ts';
import type { SqliFolder } from './sqli-fold.ts';
import { wordIndex } from './sqli-words.ts';

const attacks = new Set<number>();

/** Unpacks the table: each group is a count, a common beginning and that many last letters. */
for (const group of FINGERPRINTS.split(' ')) {
  const tails = group.length - Number.parseInt(group.charAt(0), 36);
  let head = 0;
  for (let i = 1; i < tails; i++) head = head * 32 + kindOfLetter(group.charAt(i));
  for (let i = tails; i < group.length; i++) attacks.add(head * 32 + kindOfLetter(group.charAt(i)));
}

const EVIL_KEY = EVIL;
const intoFile = new Set([wordIndex('INTO OUTFILE'), wordIndex('INTO DUMPFILE')]);
/** Three tokens that prose makes too ("sexy and 17"): an attack only when more than these three were there to fold. */
const proseTriples = new Set(['s&n', 'n&1', '1&1', '1&v', '1&s']);

/** The fingerprint of `count` tokens as a number, five bits a token. */
export function fingerprintKey(tokens: Token[], count: number): number {
  let key = 0;
  for (let i = 0; i < count; i++) {
    const { kind } = tokens[i]!;
    if (kind === EVIL) return EVIL_KEY;
    key = key * 32 + kind;
  }
  return key;
}

/** The letters of a fingerprint key. */
export function fingerprintText(key: number): string {
  let text = '';
  for (let rest = key; rest > 0; rest >>>= 5) text = KIND_LETTERS.charAt(rest & 31) + text;
  return text;
}

/** PHP code quotes with back quotes: an empty unclosed one at the end hides the rest of the query, as a comment does. */
export function markHiddenComment(tokens: Token[], count: number): void {
  if (count <= 2) return;
  const last = tokens[count - 1]!;
  if (last.kind === BAREWORD && last.open === 96 && last.length === 0 && last.close === 0) last.kind = COMMENT;
}

/** All attacks of the table, as keys. */
export function attackKeys(): IterableIterator<number> {
  return attacks.values();
}

/** A type stands for a statement in the table: neither goes on with anything that the other would not. */
export function isAttackKey(key: number): boolean {
  if (attacks.has(key)) return true;
  let mapped = 0;
  for (let shift = 0; key >> shift > 0; shift += 5) {
    const kind = (key >> shift) & 31;
    mapped |= (kind === SQLTYPE ? TSQL : kind) << shift;
  }
  return mapped !== key && attacks.has(mapped);
}

/** Whether a fingerprint of the table is to be believed for this value. */
export function isCredible(folder: SqliFolder, count: number): boolean {
  if (count === 2) return isCrediblePair(folder);
  if (count === 3) return isCredibleTriple(folder);
  return true;
}

function isCrediblePair(folder: SqliFolder): boolean {
  const { value, count } = folder.tokenizer;
  const first = folder.tokens[0]!;
  const second = folder.tokens[1]!;
  // "1 union" alone is prose; with comments or folded tokens around it is not.
  if (second.kind === UNION) return count !== 2;
  if (second.kind !== COMMENT) return true;
  if (hidesFromAudit(value)) return true;
  const mark = value.charCodeAt(second.start);
  if (mark === 35) return false;
  if (first.kind === BAREWORD && mark !== 47) return false;
  if (first.kind === NUMBER) return mark === 47 || count > 2 || isNumberBeforeComment(value, first);
  // Dashes are punctuation in prose; only a value that ends with them is a probe.
  return !(mark === 45 && second.length > 2);
}

/** Encoded blobs such as 1234-ABCD-- read as a number and a comment: the number has to end in front of space, a byte beyond ASCII, or a comment. */
function isNumberBeforeComment(value: string, first: Token): boolean {
  const at = Math.min(first.length, 31);
  const c = value.charCodeAt(at);
  if (c <= 32 || c >= 128) return true;
  return (c === 47 && value.charCodeAt(at + 1) === 42) || (c === 45 && value.charCodeAt(at + 1) === 45);
}

function isCredibleTriple(folder: SqliFolder): boolean {
  const { value, count } = folder.tokenizer;
  const first = folder.tokens[0]!;
  const second = folder.tokens[1]!;
  const third = folder.tokens[2]!;
  if (third.kind === COMMENT && hidesFromAudit(value)) return true;
  if (first.kind === STRING && third.kind === STRING && (second.kind === OPERATOR || second.kind === LOGIC)) {
    // foo' + 'bar: the value sits inside the quotes of the query at both ends.
    return first.open === 0 && third.close === 0 && first.close === third.open;
  }
  const text = KIND_LETTERS.charAt(first.kind) + KIND_LETTERS.charAt(second.kind) + KIND_LETTERS.charAt(third.kind);
  if (proseTriples.has(text)) return count !== 3;
  if (second.kind === KEYWORD) return intoFile.has(second.word);
  return true;
}

/** SQL Server keeps statements that hold this word out of its audit log, so attackers put it into the trailing comment. */
function hidesFromAudit(value: string): boolean {
  return value.includes('sp_password');
}
