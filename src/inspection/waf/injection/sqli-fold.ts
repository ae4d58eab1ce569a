// Folds a token stream to at most five tokens: what SQL does not care about (doubled strings, unary signs, arithmetic on literals,
// lists, casts, nested parentheses, phrases of several words) is taken out, so that variants of one attack look alike.
// Works on a window of a few tokens and never goes back more than that, so time is linear in the value.

import {
  BACKSLASH, BAREWORD, COLLATE, COMMA, COMMENT, DOT, EVIL, EXPRESSION, FUNCTION, GROUP, KEYWORD, LEFT_BRACE, LEFT_PAREN, LOGIC,
  MAX_TOKENS, MAX_WORD_LENGTH, NONE, NUMBER, OPERATOR, RIGHT_BRACE, RIGHT_PAREN, SEMICOLON, SQLTYPE, STRING, TSQL, Token, UNION, VARIABLE,
} from './sqli-tokens.ts';
import { SqliTokenizer } from './sqli-tokenizer.ts';
import { findPhrase, wordIndex, wordKind } from './sqli-words.ts';

const WORD_IN = wordIndex('IN');
const WORD_NOT = wordIndex('NOT');
const WORD_NOT_IN = wordIndex('NOT IN');
const WORD_LIKE = wordIndex('LIKE');
const WORD_NOT_LIKE = wordIndex('NOT LIKE');
const WORD_USER = wordIndex('USER');

/** Names that are functions only in front of a parenthesis: they are common column names, or work without one. */
const functionsByParenthesis = new Set(
  [
    'USER', 'USER_ID', 'USER_NAME', 'DATABASE', 'PASSWORD', 'CURRENT_USER', 'CURRENT_DATE', 'CURRENT_TIME', 'CURRENT_TIMESTAMP',
    'LOCALTIME', 'LOCALTIMESTAMP',
  ].map(wordIndex),
);
functionsByParenthesis.delete(-1);

/** Sets of kinds, as bit masks. */
function mask(...kinds: number[]): number {
  return kinds.reduce((bits, kind) => bits | (1 << kind), 0);
}

const MERGE_FIRST = mask(KEYWORD, BAREWORD, OPERATOR, UNION, FUNCTION, EXPRESSION, TSQL, SQLTYPE);
const MERGE_SECOND = MERGE_FIRST | mask(LOGIC);
const AFTER_TYPE = mask(BAREWORD, NUMBER, SQLTYPE, LEFT_PAREN, FUNCTION, VARIABLE, STRING);
const LIST_ITEM = mask(BAREWORD, NUMBER, VARIABLE, STRING);
const SIGNED = mask(BAREWORD, NUMBER, VARIABLE, STRING, FUNCTION);
const VALUE = mask(VARIABLE, NUMBER, BAREWORD);
const PLAIN = mask(NUMBER, BAREWORD);
const BEFORE_PAREN = mask(EXPRESSION, GROUP, COMMA);
const BEFORE_SIGNED = mask(KEYWORD, EXPRESSION, GROUP);
const SKIPPED_FIRST = mask(COMMENT, LEFT_PAREN, SQLTYPE);

function isIn(kind: number, bits: number): boolean {
  return ((bits >>> kind) & 1) === 1;
}

export class SqliFolder {
  readonly tokenizer = new SqliTokenizer();
  /** The folded tokens; only the first `fold()` ones count. */
  readonly tokens: Token[] = Array.from({ length: MAX_TOKENS + 3 }, () => new Token());
  private readonly lastComment = new Token();
  private position = 0;
  private left = 0;
  private more = true;

  /** Reads and folds the whole value; returns how many of `tokens` stand for it, at most MAX_TOKENS. */
  fold(): number {
    this.position = 0;
    this.left = 0;
    this.more = true;
    this.lastComment.kind = NONE;
    if (!this.skipLeading()) return 0;
    for (;;) {
      this.foldFull();
      if (!this.more || this.left >= MAX_TOKENS) {
        this.left = this.position;
        break;
      }
      this.fill(2);
      if (this.position - this.left < 2) {
        this.left = this.position;
        continue;
      }
      if (this.foldPair()) {
        // A brace around nothing settles the verdict.
        if (this.tokens[this.left + 1]!.kind === EVIL && this.tokens[this.left]!.kind === LEFT_BRACE) return Math.min(this.left + 2, MAX_TOKENS);
        continue;
      }
      this.fill(3);
      if (this.position - this.left < 3) {
        this.left = this.position;
        continue;
      }
      if (!this.foldTriple()) this.left++;
    }
    return this.finish();
  }

  private finish(): number {
    let count = this.left;
    if (count < MAX_TOKENS && this.lastComment.kind === COMMENT) {
      this.tokens[count]!.copy(this.lastComment);
      count++;
    }
    return count > MAX_TOKENS ? MAX_TOKENS : count;
  }

  /** Comments, opening parentheses, types and unary operators in front say nothing; false when there is nothing else. */
  private skipLeading(): boolean {
    const first = this.tokens[0]!;
    do {
      this.more = this.tokenizer.next(first);
    } while (this.more && (isIn(first.kind, SKIPPED_FIRST) || this.isUnary(first)));
    if (!this.more) return false;
    this.position = 1;
    return true;
  }

  /** Reads until `wanted` tokens stand at `left`, leaving comments out. */
  private fill(wanted: number): void {
    while (this.more && this.position <= MAX_TOKENS && this.position - this.left < wanted) {
      const token = this.tokens[this.position]!;
      this.more = this.tokenizer.next(token);
      if (!this.more) return;
      if (token.kind === COMMENT) {
        this.lastComment.copy(token);
      } else {
        this.lastComment.kind = NONE;
        this.position++;
      }
    }
  }

  /** Five tokens that are one arithmetic value or list make room again. */
  private foldFull(): void {
    if (this.position < MAX_TOKENS) return;
    const t = this.tokens;
    const a = t[0]!.kind;
    const b = t[1]!.kind;
    const c = t[2]!.kind;
    const d = t[3]!.kind;
    const e = t[4]!.kind;
    const foldable =
      (a === NUMBER && (b === OPERATOR || b === COMMA) && c === LEFT_PAREN && d === NUMBER && e === RIGHT_PAREN) ||
      (a === BAREWORD && b === OPERATOR && c === LEFT_PAREN && isIn(d, PLAIN) && e === RIGHT_PAREN) ||
      (a === NUMBER && b === RIGHT_PAREN && c === COMMA && d === LEFT_PAREN && e === NUMBER) ||
      (a === BAREWORD && b === RIGHT_PAREN && c === OPERATOR && d === LEFT_PAREN && e === BAREWORD);
    if (!foldable) return;
    if (this.position > MAX_TOKENS) {
      t[1]!.copy(t[MAX_TOKENS]!);
      this.position = 2;
    } else {
      this.position = 1;
    }
    this.left = 0;
  }

  private drop(count: number): true {
    this.position -= count;
    this.left = 0;
    return true;
  }

  private dropAndStepBack(): true {
    this.position--;
    if (this.left > 0) this.left--;
    return true;
  }

  /** Folds the two tokens at `left`; true when the window changed and is to be looked at again. */
  private foldPair(): boolean {
    const a = this.tokens[this.left]!;
    const b = this.tokens[this.left + 1]!;
    if ((a.kind === STRING && b.kind === STRING) || (a.kind === SEMICOLON && b.kind === SEMICOLON)) {
      this.position--;
      return true;
    }
    if ((a.kind === OPERATOR || a.kind === LOGIC) && (b.kind === SQLTYPE || this.isUnary(b))) return this.drop(1);
    if (a.kind === LEFT_PAREN && this.isUnary(b)) return this.dropAndStepBack();
    if (this.mergeWords(a, b)) return this.dropAndStepBack();
    if (a.kind === SEMICOLON && b.kind === FUNCTION && this.beginsWithIf(b)) {
      // Transact-SQL's statement, not MySQL's function.
      b.kind = TSQL;
      return true;
    }
    if (b.kind === LEFT_PAREN && (a.kind === BAREWORD || a.kind === VARIABLE) && functionsByParenthesis.has(this.wordOf(a))) {
      a.kind = FUNCTION;
      return true;
    }
    if (a.kind === KEYWORD && (a.word === WORD_IN || a.word === WORD_NOT_IN)) {
      a.kind = b.kind === LEFT_PAREN ? OPERATOR : BAREWORD;
      return true;
    }
    if (a.kind === OPERATOR && (a.word === WORD_LIKE || a.word === WORD_NOT_LIKE)) {
      if (b.kind === LEFT_PAREN) a.kind = FUNCTION;
      return false;
    }
    return this.foldPunctuation(a, b);
  }

  private foldPunctuation(a: Token, b: Token): boolean {
    switch (a.kind) {
      case SQLTYPE:
        if (!isIn(b.kind, AFTER_TYPE)) break;
        a.copy(b);
        return this.drop(1);
      case COLLATE:
        // Collations are too many to list; all carry an underscore.
        if (b.kind === BAREWORD && this.holdsUnderscore(b)) {
          b.kind = SQLTYPE;
          this.left = 0;
        }
        break;
      case BACKSLASH:
        // Transact-SQL reads `\%1` as `0%1` and `\1` as `1`.
        if (this.isArithmetic(b)) {
          a.kind = NUMBER;
          return this.drop(0);
        }
        a.copy(b);
        return this.drop(1);
      case LEFT_PAREN:
      case RIGHT_PAREN:
        if (b.kind === a.kind) return this.drop(1);
        break;
      case LEFT_BRACE:
        if (b.kind !== BAREWORD) break;
        // MySQL takes {``.``.id}; an empty name is used by nobody else.
        if (b.length === 0) {
          b.kind = EVIL;
          return true;
        }
        return this.drop(2);
      default:
    }
    return b.kind === RIGHT_BRACE ? this.drop(1) : false;
  }

  /** Folds the three tokens at `left`; true when the window changed. */
  private foldTriple(): boolean {
    const a = this.tokens[this.left]!;
    const b = this.tokens[this.left + 1]!;
    const c = this.tokens[this.left + 2]!;
    if (b.kind === OPERATOR) {
      const arithmetic =
        (a.kind === VARIABLE && isIn(c.kind, VALUE)) ||
        (isIn(a.kind, PLAIN) && isIn(c.kind, PLAIN)) ||
        (isIn(a.kind, LIST_ITEM) && c.kind === SQLTYPE && this.isCast(b));
      if (arithmetic) return this.drop(2);
    }
    if (a.kind === OPERATOR && b.kind !== LEFT_PAREN && c.kind === OPERATOR) return this.drop(2);
    if (a.kind === LOGIC && c.kind === LOGIC) return this.drop(2);
    if (b.kind === COMMA && isIn(a.kind, LIST_ITEM) && isIn(c.kind, LIST_ITEM)) return this.drop(2);
    if (this.isUnary(b)) return this.foldSign(a, b, c);
    if (b.kind === DOT && c.kind === BAREWORD) {
      if (a.kind === BAREWORD) return this.drop(2);
      if (a.kind !== EXPRESSION) return false;
      b.copy(c);
      return this.drop(1);
    }
    if (a.kind === FUNCTION && b.kind === LEFT_PAREN && c.kind !== RIGHT_PAREN && a.word === WORD_USER) a.kind = BAREWORD;
    return false;
  }

  /** `SELECT -(`, `LIMIT -1`, `, -1`: the sign goes. */
  private foldSign(a: Token, b: Token, c: Token): boolean {
    if ((isIn(a.kind, BEFORE_PAREN) && c.kind === LEFT_PAREN) || (isIn(a.kind, BEFORE_SIGNED) && isIn(c.kind, SIGNED))) {
      b.copy(c);
      return this.drop(1);
    }
    if (a.kind !== COMMA) return false;
    if (isIn(c.kind, LIST_ITEM)) return this.drop(Math.min(3, this.position));
    if (c.kind !== FUNCTION) return false;
    b.copy(c);
    return this.drop(1);
  }

  private mergeWords(a: Token, b: Token): boolean {
    if (!isIn(a.kind, MERGE_FIRST) || !isIn(b.kind, MERGE_SECOND)) return false;
    const phrase = findPhrase(a.word, b.word);
    if (phrase < 0) return false;
    a.kind = wordKind(phrase);
    a.word = phrase;
    a.length = b.start + b.length - a.start;
    return true;
  }

  /** The word of a name, or of what stands behind the @ of a variable. */
  private wordOf(token: Token): number {
    if (token.kind !== VARIABLE || token.word >= 0 || token.length > MAX_WORD_LENGTH) return token.word;
    return wordIndex(this.tokenizer.value.slice(token.start, token.start + token.length));
  }

  private beginsWithIf(token: Token): boolean {
    const { value } = this.tokenizer;
    return (value.charCodeAt(token.start) | 32) === 105 && (value.charCodeAt(token.start + 1) | 32) === 102;
  }

  private isUnary(token: Token): boolean {
    if (token.kind !== OPERATOR) return false;
    const { value } = this.tokenizer;
    const c = value.charCodeAt(token.start);
    if (token.length === 1) return c === 43 || c === 45 || c === 33 || c === 126;
    return token.word === WORD_NOT || (token.length === 2 && c === 33 && value.charCodeAt(token.start + 1) === 33);
  }

  private isArithmetic(token: Token): boolean {
    return token.kind === OPERATOR && token.length === 1 && '*/-+%'.includes(this.tokenizer.value.charAt(token.start));
  }

  private isCast(token: Token): boolean {
    const { value } = this.tokenizer;
    return token.length === 2 && value.charCodeAt(token.start) === 58 && value.charCodeAt(token.start + 1) === 58;
  }

  private holdsUnderscore(token: Token): boolean {
    for (let i = token.start; i < token.start + Math.min(token.length, MAX_WORD_LENGTH); i++) {
      const c = this.tokenizer.value.charCodeAt(i);
      if (c === 95 || c === 0) return c === 95;
    }
    return false;
  }
}
