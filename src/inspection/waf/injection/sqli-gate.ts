// Gate in front of the SQL scanner: one pass that says for most ordinary values that they cannot match, without reading tokens.
// It never says so of a value that would match. Why it holds: every fingerprint of the table has a token that is a string, a
// comment, a parenthesis, or a word of a hot kind (UNION, SELECT, AND, ...). Without quotes, parentheses, comments and `&&`, only a
// hot word is left, and a word token begins where the gate looks. Both halves are tested (sqli-gate.test.ts).

import { EXPRESSION, GROUP, LOGIC, MAX_WORD_LENGTH, TSQL, UNION } from './sqli-tokens.ts';
import { FOLD, HASH_START, eachWord, findWord, hashStep, wordIndex } from './sqli-words.ts';

const LETTER = 1;
const DIGIT = 2;
/** Asks for the scanner: quotes, parentheses, `#`, `$`, `\`. */
const STOP = 3;
/** Asks for the scanner when two of a kind stand together, or `/` in front of `*`: `--`, `&&`, `||`, comments. */
const TWICE = 4;

const classes = new Uint8Array(256);
for (let c = 0; c < 256; c++) {
  if (FOLD[c]! >= 65 && FOLD[c]! <= 90) classes[c] = LETTER;
  else if (c >= 48 && c <= 57) classes[c] = DIGIT;
}
for (const c of '\'"`()#$\\') classes[c.charCodeAt(0)] = STOP;
for (const c of '-&|/') classes[c.charCodeAt(0)] = TWICE;

/** Kinds that make an attack without any punctuation. */
export const hotKinds: ReadonlySet<number> = new Set([UNION, EXPRESSION, GROUP, LOGIC, TSQL]);

/** Beginnings of hot words: three letters, five bits each, 0 for what is no letter. Hot words are letters only (tested). */
const beginnings = new Uint8Array(32768);
const hotWords = new Set<number>();

function letterBits(value: string, at: number): number {
  const c = value.charCodeAt(at) & 255;
  return classes[c] === LETTER ? c & 31 : 0;
}

function beginning(value: string, at: number): number {
  const second = at + 1 < value.length ? letterBits(value, at + 1) : 0;
  const third = second !== 0 && at + 2 < value.length ? letterBits(value, at + 2) : 0;
  return ((value.charCodeAt(at) & 31) << 10) | (second << 5) | third;
}

eachWord((text, kind) => {
  // A phrase needs its first word. IF (and what begins so) turns into a statement behind a semicolon.
  const first = text.split(' ')[0]!;
  if (!hotKinds.has(kind) && !first.startsWith('IF')) return;
  beginnings[beginning(first, 0)] = 1;
  hotWords.add(wordIndex(first));
});

/** Whether the letters at `at` are a hot word, neither more nor less. */
function isHotWord(value: string, at: number): boolean {
  if (beginnings[beginning(value, at)] === 0) return false;
  let hash = HASH_START;
  let i = at;
  for (; i < value.length && i - at <= MAX_WORD_LENGTH; i++) {
    const c = value.charCodeAt(i) & 255;
    if (classes[c] !== LETTER) break;
    hash = hashStep(hash, FOLD[c]!);
  }
  return hotWords.has(findWord(value, at, i - at, hash));
}

const BETWEEN = 0;
const IN_WORD = 1;
const IN_NUMBER = 2;

/** Whether the scanner can be spared. */
export function cannotMatch(value: string): boolean {
  let state = BETWEEN;
  let last = 0;
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i) & 255;
    switch (classes[c]) {
      case LETTER:
        // In a run that began with a digit a word may begin at any letter: 1UNION, 0xabUNION, 1.e5UNION.
        if (state !== IN_WORD) {
          if (isHotWord(value, i)) return false;
          if (state === BETWEEN) state = IN_WORD;
        }
        break;
      case DIGIT:
        if (state === BETWEEN) state = IN_NUMBER;
        break;
      case STOP:
        return false;
      case TWICE:
        if (c === last || (c === 47 && value.charCodeAt(i + 1) === 42)) return false;
        state = BETWEEN;
        break;
      default:
        if (c !== 46 || state !== IN_NUMBER) state = BETWEEN;
    }
    last = c;
  }
  return true;
}
