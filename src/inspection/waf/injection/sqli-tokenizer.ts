// SQL scanner over a value held as a latin1 string, in one of three readings (as it is, as the rest of a '...' string, as the rest
// of a "..." string) and two comment rules (ANSI: `--` always comments; MySQL: `-- ` and `#`). It never fails: whatever it does
// not know is a token of its own. It does not fold; see sqli-fold.ts. One instance is reused for every value.

import { isSpace, readBitString, readDollar, readNumber, readOracleQuote, readString } from './sqli-literals.ts';
import {
  BACKSLASH, BAREWORD, COLON, COMMA, COMMENT, EVIL, FUNCTION, LEFT_BRACE, LEFT_PAREN, MAX_WORD_LENGTH, NONE, NUMBER,
  OPERATOR,
  RIGHT_BRACE, RIGHT_PAREN, SEMICOLON, UNKNOWN, VARIABLE, type Token,
} from './sqli-tokens.ts';
import { FOLD, HASH_START, findWord, hashStep, pairKind, wordKind } from './sqli-words.ts';

const WORD_STOP = 1;
const VARIABLE_STOP = 2;
const stops = new Uint8Array(256);
for (const c of ' <>:\\?=@!#~+-*/&|^%(),\';\t\n\v\f\r"') stops[c.charCodeAt(0)] = WORD_STOP | VARIABLE_STOP;
for (const c of '[]{}\xa0') stops[c.charCodeAt(0)] = WORD_STOP;
stops[0] = WORD_STOP | VARIABLE_STOP;
stops[96] = VARIABLE_STOP;

/** Which scanner routine a byte starts. */
const START_WORD = 0;
const START_SPACE = 1;
const START_SINGLE = 2;
const START_OPERATOR = 3;
const START_NUMBER = 4;
const START_STRING = 5;
const START_PREFIX = 6;
const START_OTHER = 7;
const starts = new Uint8Array(256);
const singles = new Uint8Array(256);

function single(characters: string, kind: number): void {
  for (const c of characters) {
    starts[c.charCodeAt(0)] = START_SINGLE;
    singles[c.charCodeAt(0)] = kind;
  }
}

for (let c = 0; c <= 32; c++) starts[c] = START_SPACE;
starts[160] = START_SPACE;
for (const c of '!&*:<=>|') starts[c.charCodeAt(0)] = START_OPERATOR;
for (const c of '.0123456789') starts[c.charCodeAt(0)] = START_NUMBER;
for (const c of '\'"') starts[c.charCodeAt(0)] = START_STRING;
for (const c of 'bBeEnNqQuUxX') starts[c.charCodeAt(0)] = START_PREFIX;
for (const c of '#$-/@[\\`') starts[c.charCodeAt(0)] = START_OTHER;
single('%+^~', OPERATOR);
single('?]', UNKNOWN);
single('(', LEFT_PAREN);
single(')', RIGHT_PAREN);
single('{', LEFT_BRACE);
single('}', RIGHT_BRACE);
single(',', COMMA);
single(';', SEMICOLON);

export class SqliTokenizer {
  value = '';
  position = 0;
  mysql = false;
  /** The quote that the value is taken to continue, 0 for none. */
  quote = 0;
  /** Tokens read so far, comments included. */
  count = 0;
  /** Whether a comment was read that MySQL reads otherwise (`--x`, `#`). */
  dialectMatters = false;

  reset(value: string, quote: number, mysql: boolean): void {
    this.value = value;
    this.position = 0;
    this.mysql = mysql;
    this.quote = quote;
    this.count = 0;
    this.dialectMatters = false;
  }

  /** Reads the next token into `token`; false at the end of the value. */
  next(token: Token): boolean {
    const { value } = this;
    let at = this.position;
    if (at === 0 && this.quote !== 0) {
      // An empty value never gets here, so position 0 means nothing has been read.
      this.position = readString(value, 0, this.quote, 0, token);
      this.count++;
      return true;
    }
    while (at < value.length && starts[value.charCodeAt(at) & 255] === START_SPACE) at++;
    if (at >= value.length) {
      this.position = at;
      token.kind = NONE;
      return false;
    }
    this.position = this.read(at, token);
    this.count++;
    return true;
  }

  private read(at: number, token: Token): number {
    const c = this.value.charCodeAt(at) & 255;
    switch (starts[c]) {
      case START_WORD:
        return this.readWord(at, token);
      case START_SINGLE:
        token.set(singles[c]!, at, 1);
        return at + 1;
      case START_OPERATOR:
        return this.readOperator(at, c, token);
      case START_NUMBER:
        return readNumber(this.value, at, token);
      case START_STRING:
        return readString(this.value, at + 1, c, c, token);
      case START_PREFIX:
        return this.readPrefixed(at, c | 32, token);
      default:
        return this.readOther(at, c, token);
    }
  }

  private readOther(at: number, c: number, token: Token): number {
    switch (c) {
      case 35: // '#'
        this.dialectMatters = true;
        if (this.mysql) return this.readLineComment(at, token);
        break;
      case 45: // '-'
        return this.readDash(at, token);
      case 47: // '/'
        return this.readSlash(at, token);
      case 64: // '@'
        return this.readVariable(at, token);
      case 91: // '['
        return this.readBracketName(at, token);
      case 96: // '`'
        return this.readTick(at, token);
      case 92: { // '\': MySQL's \N is NULL
        const isNull = this.value.charCodeAt(at + 1) === 78;
        token.set(isNull ? NUMBER : BACKSLASH, at, isNull ? 2 : 1);
        return at + token.length;
      }
      default: { // '$'
        const end = readDollar(this.value, at, token);
        return end < 0 ? this.readWord(at, token) : end;
      }
    }
    token.set(OPERATOR, at, 1);
    return at + 1;
  }

  /** A name up to the next delimiter; a known word in front of a dot or a back quote is cut off there. */
  private readWord(at: number, token: Token): number {
    const { value } = this;
    const { length } = value;
    let hash = HASH_START;
    let i = at;
    for (; i < length; i++) {
      const c = value.charCodeAt(i) & 255;
      if ((stops[c]! & WORD_STOP) !== 0) break;
      if ((c === 46 || c === 96) && i - at < MAX_WORD_LENGTH) {
        const word = findWord(value, at, i - at, hash);
        if (word >= 0 && wordKind(word) !== BAREWORD) return this.setWord(at, i, word, token);
      }
      hash = hashStep(hash, FOLD[c]!);
    }
    return this.setWord(at, i, i - at > MAX_WORD_LENGTH ? -1 : findWord(value, at, i - at, hash), token);
  }

  private setWord(at: number, end: number, word: number, token: Token): number {
    token.set(word < 0 ? BAREWORD : wordKind(word), at, end - at);
    token.word = word;
    return end;
  }

  /** A word, unless its first letter prefixes a string: b'', e'', n'', nq'', q'', u&'', x''. */
  private readPrefixed(at: number, letter: number, token: Token): number {
    const { value } = this;
    const next = value.charCodeAt(at + 1);
    if (next !== 39 && next !== 38 && (next | 32) !== 113) return this.readWord(at, token);
    let end = -1;
    if (letter === 98 || letter === 120) end = readBitString(value, at, letter === 120, token);
    else if (letter === 113) end = readOracleQuote(value, at, token);
    else if (letter === 110 && next !== 39) end = readOracleQuote(value, at + 1, token);
    else if ((letter === 110 || letter === 101) && next === 39 && at + 2 < value.length) end = readString(value, at + 2, 39, 39, token);
    else if (letter === 117 && next === 38 && value.charCodeAt(at + 2) === 39) end = readString(value, at + 3, 39, 117, token);
    return end < 0 ? this.readWord(at, token) : end;
  }

  private readOperator(at: number, c: number, token: Token): number {
    const next = this.value.charCodeAt(at + 1);
    if (c === 60 && next === 61 && this.value.charCodeAt(at + 2) === 62) {
      token.set(OPERATOR, at, 3);
      return at + 3;
    }
    const pair = at + 1 < this.value.length ? pairKind(c, next) : NONE;
    if (pair !== NONE) {
      token.set(pair, at, 2);
      return at + 2;
    }
    // A colon that ends the value has nothing to name: an operator.
    token.set(c === 58 && at + 1 < this.value.length ? COLON : OPERATOR, at, 1);
    return at + 1;
  }

  private readLineComment(at: number, token: Token): number {
    const end = this.value.indexOf('\n', at);
    token.set(COMMENT, at, (end < 0 ? this.value.length : end) - at);
    return end < 0 ? this.value.length : end + 1;
  }

  private readDash(at: number, token: Token): number {
    if (this.value.charCodeAt(at + 1) === 45) {
      if (at + 2 >= this.value.length || isSpace(this.value.charCodeAt(at + 2))) return this.readLineComment(at, token);
      this.dialectMatters = true;
      if (!this.mysql) return this.readLineComment(at, token);
    }
    token.set(OPERATOR, at, 1);
    return at + 1;
  }

  /** A comment in slashes. Nested and MySQL's executable ones mean different things to different servers: evil. */
  private readSlash(at: number, token: Token): number {
    const { value } = this;
    if (value.charCodeAt(at + 1) !== 42) {
      token.set(OPERATOR, at, 1);
      return at + 1;
    }
    const close = value.indexOf('*/', at + 2);
    const end = close < 0 ? value.length : close + 2;
    const nested = close < 0 ? -1 : value.indexOf('/*', at + 2);
    const evil = (nested >= 0 && nested < close) || value.charCodeAt(at + 2) === 33;
    token.set(evil ? EVIL : COMMENT, at, end - at);
    return end;
  }

  private readVariable(at: number, token: Token): number {
    const { value } = this;
    const from = value.charCodeAt(at + 1) === 64 ? at + 2 : at + 1;
    const quote = value.charCodeAt(from);
    if (quote === 96 || quote === 39 || quote === 34) {
      const end = readString(value, from + 1, quote, quote, token);
      token.kind = VARIABLE;
      return end;
    }
    let i = from;
    while (i < value.length && (stops[value.charCodeAt(i) & 255]! & VARIABLE_STOP) === 0) i++;
    token.set(VARIABLE, from, i - from);
    return i;
  }

  private readBracketName(at: number, token: Token): number {
    const close = this.value.indexOf(']', at);
    const end = close < 0 ? this.value.length : close + 1;
    token.set(BAREWORD, at, end - at);
    return end;
  }

  /** A name in back quotes: MySQL allows functions to be written so, nothing else. */
  private readTick(at: number, token: Token): number {
    const { value } = this;
    const end = readString(value, at + 1, 96, 96, token);
    token.kind = BAREWORD;
    if (token.length === 0 || token.length > MAX_WORD_LENGTH) return end;
    let hash = HASH_START;
    const stop = token.start + token.length;
    for (let i = token.start; i < stop; i++) hash = hashStep(hash, FOLD[value.charCodeAt(i) & 255]!);
    token.word = findWord(value, token.start, token.length, hash);
    if (wordKind(token.word) === FUNCTION) token.kind = FUNCTION;
    return end;
  }
}

