// The word table of the SQL scanner: keywords, functions, types and operators of the common dialects, found by a case-blind hash
// without copying the value. Phrases (`GROUP BY`) are words too, found from the pair of their halves. The words come from tables.ts.

import { OPERATOR_PAIRS, WORDS } from './tables.ts';
import { BAREWORD, KIND_LETTERS, NONE, OPERATOR, LOGIC } from './sqli-tokens.ts';

/** Upper case of ASCII letters, every other byte itself. */
export const FOLD = new Uint8Array(256);
for (let c = 0; c < 256; c++) FOLD[c] = c >= 97 && c <= 122 ? c - 32 : c;

const SLOTS = 8192;
const slots = new Int16Array(SLOTS).fill(-1);
const texts: string[] = [];
const kinds: number[] = [];
const startsPhrase: boolean[] = [];
const phrases = new Map<number, number>();

/** Start of a word hash; feed it the folded characters with `hashStep`. */
export const HASH_START = 17;

export function hashStep(hash: number, folded: number): number {
  return (Math.imul(hash, 31) + folded) | 0;
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 13)) & (SLOTS - 1);
}

function add(text: string, kind: number): number {
  const index = texts.length;
  texts.push(text);
  kinds.push(kind);
  startsPhrase.push(false);
  let hash = HASH_START;
  for (let i = 0; i < text.length; i++) hash = hashStep(hash, text.charCodeAt(i));
  let slot = slotOf(hash);
  while (slots[slot]! >= 0) slot = (slot + 1) & (SLOTS - 1);
  slots[slot] = index;
  return index;
}

function sameText(text: string, value: string, start: number): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) !== FOLD[value.charCodeAt(start + i) & 255]) return false;
  }
  return true;
}

/** Index of the word at `start`, whose folded hash the caller has computed; -1 when unknown. */
export function findWord(value: string, start: number, length: number, hash: number): number {
  let slot = slotOf(hash);
  for (;;) {
    const index = slots[slot]!;
    if (index < 0) return -1;
    const text = texts[index]!;
    if (text.length === length && sameText(text, value, start)) return index;
    slot = (slot + 1) & (SLOTS - 1);
  }
}

/** Index of a word given as text in upper case; -1 when unknown. */
export function wordIndex(text: string): number {
  let hash = HASH_START;
  for (let i = 0; i < text.length; i++) hash = hashStep(hash, FOLD[text.charCodeAt(i) & 255]!);
  return findWord(text, 0, text.length, hash);
}

/** Kind of a word by its index. */
export function wordKind(index: number): number {
  return index < 0 ? NONE : kinds[index]!;
}

/** Calls `visit` for every word and phrase. */
export function eachWord(visit: (text: string, kind: number) => void): void {
  texts.forEach((text, index) => visit(text, kinds[index]!));
}

/** The phrase that two words make, -1 when they make none. */
export function findPhrase(first: number, second: number): number {
  if (first < 0 || second < 0 || !startsPhrase[first]!) return -1;
  return phrases.get(first * SLOTS + second) ?? -1;
}

function addPhrase(phrase: string, kind: number): void {
  const index = add(phrase, kind);
  for (let at = phrase.indexOf(' '); at > 0; at = phrase.indexOf(' ', at + 1)) {
    let first = wordIndex(phrase.slice(0, at));
    let second = wordIndex(phrase.slice(at + 1));
    // A half that stands for nothing alone still has to be known, as a name.
    if (first < 0) first = add(phrase.slice(0, at), BAREWORD);
    if (second < 0) second = add(phrase.slice(at + 1), BAREWORD);
    startsPhrase[first] = true;
    phrases.set(first * SLOTS + second, index);
  }
}

function load(): void {
  const later: [string, number][] = [];
  for (const [letter, list] of Object.entries(WORDS)) {
    const kind = KIND_LETTERS.indexOf(letter);
    for (const text of list.split('|')) {
      if (text.includes(' ')) later.push([text, kind]);
      else add(text, kind);
    }
  }
  later.sort((a, b) => a[0].length - b[0].length);
  for (const [text, kind] of later) addPhrase(text, kind);
}

load();

const pairs = new Uint8Array(128 * 128);
for (const pair of OPERATOR_PAIRS.split(' ')) {
  pairs[pair.charCodeAt(0) * 128 + pair.charCodeAt(1)] = pair === '&&' || pair === '||' ? LOGIC : OPERATOR;
}

/** Kind of an operator of two characters, NONE when they make none. */
export function pairKind(first: number, second: number): number {
  return first < 128 && second < 128 ? pairs[first * 128 + second]! : NONE;
}
