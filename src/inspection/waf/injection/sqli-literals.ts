// SQL literals: quoted strings of all dialects, numbers, money and dollar quoting. Each function reads one literal at `at`, fills
// the token and returns the position behind it. No word look-up here. Grammar: SQL-92 5.3 and the manuals of MySQL, PostgreSQL
// (4.1.2), Oracle (q-quotes) and Transact-SQL. All searches go forward once, so time is linear.

import { BAREWORD, DOT, NUMBER, STRING, type Token } from './sqli-tokens.ts';

const BACKSLASH_CHAR = 92;
const QUOTE = 39;

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}

/** Digit of a literal with a base. A NUL passes for one, as it does where databases hold their text as C strings. */
function isRadixDigit(c: number, hex: boolean): boolean {
  if (c === 0 || c === 48 || c === 49) return true;
  return hex && (isDigit(c) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102));
}

function isLetter(c: number): boolean {
  const lower = c | 32;
  return lower >= 97 && lower <= 122;
}

/** Whether a quote at `at` stands behind an odd number of backslashes, none before `from` counted. */
function backslashEscaped(value: string, at: number, from: number): boolean {
  let i = at - 1;
  while (i >= from && value.charCodeAt(i) === BACKSLASH_CHAR) i--;
  return ((at - 1 - i) & 1) === 1;
}

/**
 * String whose text begins at `from` and ends at the first `quote` that is neither doubled nor behind a backslash.
 * `open` is 0 when the string began before the value.
 */
export function readString(value: string, from: number, quote: number, open: number, token: Token): number {
  const mark = quote === QUOTE ? "'" : quote === 34 ? '"' : '`';
  let at = value.indexOf(mark, from);
  while (at >= 0) {
    if (backslashEscaped(value, at, from)) {
      at = value.indexOf(mark, at + 1);
    } else if (value.charCodeAt(at + 1) === quote) {
      at = value.indexOf(mark, at + 2);
    } else {
      token.set(STRING, from, at - from);
      token.open = open;
      token.close = quote;
      return at + 1;
    }
  }
  token.set(STRING, from, value.length - from);
  token.open = open;
  return value.length;
}

/** Oracle's q'[text]' at the q; -1 when it is not one. */
export function readOracleQuote(value: string, at: number, token: Token): number {
  if ((value.charCodeAt(at) | 32) !== 113 || at + 2 >= value.length || value.charCodeAt(at + 1) !== QUOTE) return -1;
  const opening = value.charCodeAt(at + 2);
  if (opening < 33) return -1;
  const pair = '(<[{'.indexOf(value.charAt(at + 2));
  const closing = pair >= 0 ? ')>]}'.charAt(pair) : value.charAt(at + 2);
  const end = value.indexOf(`${closing}'`, at + 3);
  token.set(STRING, at + 3, (end < 0 ? value.length : end) - at - 3);
  token.open = 113;
  token.close = end < 0 ? 0 : 113;
  return end < 0 ? value.length : end + 2;
}

/** b'0101' or x'1f' at the letter; -1 when it is not one. */
export function readBitString(value: string, at: number, hex: boolean, token: Token): number {
  if (at + 2 >= value.length || value.charCodeAt(at + 1) !== QUOTE) return -1;
  let i = at + 2;
  while (i < value.length && isRadixDigit(value.charCodeAt(i), hex)) i++;
  if (value.charCodeAt(i) !== QUOTE) return -1;
  token.set(NUMBER, at, i + 1 - at);
  return i + 1;
}

function readRadix(value: string, at: number, token: Token): number {
  const hex = (value.charCodeAt(at + 1) | 32) === 120;
  let i = at + 2;
  while (i < value.length && isRadixDigit(value.charCodeAt(i), hex)) i++;
  // `0x` alone is a name.
  token.set(i === at + 2 ? BAREWORD : NUMBER, at, i - at);
  return i;
}

function skipDigits(value: string, from: number): number {
  let i = from;
  while (i < value.length && isDigit(value.charCodeAt(i))) i++;
  return i;
}

/** Oracle's suffix of a float (1.2f, 1d) counts only where the number ends, or where UNION is glued to it. */
function skipFloatSuffix(value: string, at: number): number {
  const c = value.charCodeAt(at) | 32;
  if (at >= value.length || (c !== 100 && c !== 102)) return at;
  if (at + 1 === value.length) return at + 1;
  const next = value.charCodeAt(at + 1);
  return isSpace(next) || next === 59 || (next | 32) === 117 ? at + 1 : at;
}

/** White space of the scanner: NUL, tabs and line ends, blank, and the no-break space of Latin-1. */
export function isSpace(c: number): boolean {
  return c === 32 || (c >= 9 && c <= 13) || c === 160 || c === 0;
}

/** Number at a digit or a dot; a lone dot is a dot, a number that breaks off after its E is a name. */
export function readNumber(value: string, at: number, token: Token): number {
  const second = value.charCodeAt(at + 1) | 32;
  if (value.charCodeAt(at) === 48 && at + 1 < value.length && (second === 120 || second === 98)) {
    return readRadix(value, at, token);
  }
  let i = skipDigits(value, at);
  if (value.charCodeAt(i) === 46) {
    i = skipDigits(value, i + 1);
    if (i - at === 1) {
      token.set(DOT, at, 1);
      return i;
    }
  }
  let broken = false;
  if (i < value.length && (value.charCodeAt(i) | 32) === 101) {
    i++;
    const sign = value.charCodeAt(i);
    if (sign === 43 || sign === 45) i++;
    const digits = i;
    i = skipDigits(value, i);
    broken = i === digits;
  }
  i = skipFloatSuffix(value, i);
  token.set(broken ? BAREWORD : NUMBER, at, i - at);
  return i;
}

/** `$1,000.00`, `$$text$$` and `$tag$text$tag$` at the dollar; -1 when a word begins here (`$.`). */
export function readDollar(value: string, at: number, token: Token): number {
  let i = at + 1;
  for (; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (!isDigit(c) && c !== 46 && c !== 44 && c !== 0) break;
  }
  if (i - at === 2 && value.charCodeAt(at + 1) === 46) return -1;
  if (i > at + 1) {
    token.set(NUMBER, at, i - at);
    return i;
  }
  while (i < value.length && (isLetter(value.charCodeAt(i)) || value.charCodeAt(i) === 0)) i++;
  if (value.charCodeAt(i) !== 36) {
    token.set(BAREWORD, at, 1);
    return at + 1;
  }
  const from = i + 1;
  const tag = value.slice(at, from);
  const end = value.indexOf(tag, from);
  token.set(STRING, from, (end < 0 ? value.length : end) - from);
  token.open = 36;
  token.close = end < 0 ? 0 : 36;
  return end < 0 ? value.length : end + tag.length;
}
