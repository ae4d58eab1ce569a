// Gate in front of the SQL scanner: one pass that says for most ordinary values that they cannot match, without reading tokens.
// It never says so of a value that would match. Why it holds: every fingerprint of the table has a token that is a string, a
// comment, a parenthesis, a word of a hot kind (UNION, SELECT, AND, NULL, ...), INTO OUTFILE, or an operator in front of a variable.
// Without quotes, parentheses, comments, `&&` and an `@` behind an operator, only a hot word is left, and a word token begins where the
// gate looks. Both halves are tested (sqli-gate.test.ts).

import { EXPRESSION, GROUP, LOGIC, MAX_WORD_LENGTH, OPERATOR, SQLTYPE, TSQL, UNION, VARIABLE } from './sqli-tokens.ts';
import { FOLD, HASH_START, eachWord, findWord, hashStep, wordIndex, wordKind } from './sqli-words.ts';

const LETTER = 1;
const DIGIT = 2;
/** Asks for the scanner: quotes, parentheses, `#`, `$`, `\`. */
const STOP = 3;
/** Asks for the scanner when two of a kind stand together, or `/` in front of `*`: `--`, `&&`, `||`, comments. */
const TWICE = 4;
/** `@`: asks for the scanner unless a name or number stands in front, as in an address. */
const AT = 5;
/** `_`: may begin the name of a character set. */
const UNDERSCORE = 6;

const classes = new Uint8Array(256);
for (let c = 0; c < 256; c++) {
  if (FOLD[c]! >= 65 && FOLD[c]! <= 90) classes[c] = LETTER;
  else if (c >= 48 && c <= 57) classes[c] = DIGIT;
}
for (const c of '\'"`()#$\\') classes[c.charCodeAt(0)] = STOP;
for (const c of '-&|/') classes[c.charCodeAt(0)] = TWICE;
classes[64] = AT;
classes[95] = UNDERSCORE;

/** Kinds that make an attack without any punctuation. */
export const hotKinds: ReadonlySet<number> = new Set([UNION, EXPRESSION, GROUP, LOGIC, TSQL, SQLTYPE, VARIABLE]);

/** Beginnings of hot words: three letters, five bits each, 0 for what is no letter. */
const beginnings = new Uint8Array(32768);
const hotWords = new Set<number>();
/** What may end an operator that is a word. */
const operatorEnds: string[] = [];
/** Last two letters of these, five bits each. */
const endings = new Uint8Array(1024);

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
  if (kind === OPERATOR) operatorEnds.push(text.slice(text.lastIndexOf(' ') + 1));
  if (!hotKinds.has(kind) && !first.startsWith('IF') && !text.startsWith('INTO ')) return;
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
  // No ordinary word begins as a hot one does and goes on with an underscore.
  if (value.charCodeAt(i) === 95) return true;
  return hotWords.has(findWord(value, at, i - at, hash));
}

/** Whether a word that begins with an underscore is a character set in front of a literal (`_utf8`). */
function isCharacterSet(value: string, at: number): boolean {
  let hash = HASH_START;
  let i = at;
  for (; i < value.length && i - at <= MAX_WORD_LENGTH; i++) {
    const c = value.charCodeAt(i) & 255;
    if (classes[c] !== LETTER && classes[c] !== DIGIT && c !== 95) break;
    hash = hashStep(hash, FOLD[c]!);
  }
  return wordKind(findWord(value, at, i - at, hash)) === SQLTYPE;
}

for (const word of operatorEnds) endings[((word.charCodeAt(word.length - 2) & 31) << 5) | (word.charCodeAt(word.length - 1) & 31)] = 1;

/** Whether the text in front of `end` ends in a word that is an operator, whatever stands before that. */
function endsInOperator(value: string, end: number): boolean {
  if (endings[(letterBits(value, end - 2) << 5) | letterBits(value, end - 1)] === 0) return false;
  for (const word of operatorEnds) {
    let i = word.length;
    while (i > 0 && FOLD[value.charCodeAt(end - word.length + i - 1) & 255] === word.charCodeAt(i - 1)) i--;
    if (i === 0) return true;
  }
  return false;
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
      case UNDERSCORE:
        if (state === BETWEEN && isCharacterSet(value, i)) return false;
        break;
      case AT:
        if (state === BETWEEN || endsInOperator(value, i)) return false;
        state = BETWEEN;
        break;
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
