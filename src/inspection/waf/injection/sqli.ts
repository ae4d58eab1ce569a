// @detectSQLi: whether a value would change the meaning of an SQL statement that it is pasted into. Scans the value as it is, as the
// rest of a '...' string and as the rest of a "..." string; folds; looks the fingerprint up. Not a parser: it knows no schema and
// proves nothing about a query that never sees the value. Approach: published by N. Galbreath, "libinjection", Black Hat 2012.

import { SqliFolder } from './sqli-fold.ts';
import { cannotMatch } from './sqli-gate.ts';
import { fingerprintKey, fingerprintText, isAttackKey, isCredible, markHiddenComment } from './sqli-fingerprints.ts';

export interface SqliVerdict { match: boolean; fingerprint: string }

const clean: SqliVerdict = Object.freeze({ match: false, fingerprint: '' });
const folder = new SqliFolder();

/** Fingerprint key of the last reading, 0 when it is no attack. */
function read(value: string, quote: number, mysql: boolean): number {
  const { tokenizer, tokens } = folder;
  tokenizer.reset(value, quote, mysql);
  const count = folder.fold();
  markHiddenComment(tokens, count);
  const key = fingerprintKey(tokens, count);
  return isAttackKey(key) && isCredible(folder, key < 32 ? 1 : count) ? key : 0;
}

/** ANSI first; MySQL only where a comment was seen that it reads otherwise. */
function readDialects(value: string, quote: number): number {
  const key = read(value, quote, false);
  return key === 0 && folder.tokenizer.dialectMatters ? read(value, quote, true) : key;
}

function readAll(value: string): number {
  let key = readDialects(value, 0);
  if (key === 0 && value.includes("'")) key = readDialects(value, 39);
  if (key === 0 && value.includes('"')) key = read(value, 34, true);
  return key;
}

/** The verdict without the gate, for its test. */
export function isInjectedByScanner(value: string): boolean {
  return value.length > 0 && readAll(value) !== 0;
}

/**
 * @param value latin1 string, one character a byte; never throws, time linear in its length.
 * @returns the fingerprint of the first reading that is an attack, '' without a match. Do not change the object.
 */
export function detectSqli(value: string): SqliVerdict {
  if (cannotMatch(value)) return clean;
  const key = readAll(value);
  return key === 0 ? clean : { match: true, fingerprint: fingerprintText(key) };
}

/** Every fingerprint that the readings of a value give, attack or not: for the generator of the table and for tests. */
export function fingerprintsOf(value: string): { fingerprint: string; credible: boolean }[] {
  const found: { fingerprint: string; credible: boolean }[] = [];
  const add = (quote: number, mysql: boolean): void => {
    folder.tokenizer.reset(value, quote, mysql);
    const count = folder.fold();
    markHiddenComment(folder.tokens, count);
    const key = fingerprintKey(folder.tokens, count);
    found.push({ fingerprint: fingerprintText(key), credible: isCredible(folder, key < 32 ? 1 : count) });
  };
  const both = (quote: number): void => {
    add(quote, false);
    if (folder.tokenizer.dialectMatters) add(quote, true);
  };
  if (value.length === 0) return found;
  both(0);
  if (value.includes("'")) both(39);
  if (value.includes('"')) add(34, true);
  return found;
}
