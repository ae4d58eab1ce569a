// Token kinds of the SQL scanner, and the token itself. A kind is a small number; its letter is what fingerprints are written in.
// Nothing here reads input. The letters follow the alphabet that the published samples use.

export const NONE = 0;
export const KEYWORD = 1;
export const UNION = 2;
export const GROUP = 3;
export const EXPRESSION = 4;
export const SQLTYPE = 5;
export const FUNCTION = 6;
export const BAREWORD = 7;
export const NUMBER = 8;
export const VARIABLE = 9;
export const STRING = 10;
export const OPERATOR = 11;
export const LOGIC = 12;
export const COMMENT = 13;
export const COLLATE = 14;
export const LEFT_PAREN = 15;
export const RIGHT_PAREN = 16;
export const LEFT_BRACE = 17;
export const RIGHT_BRACE = 18;
export const DOT = 19;
export const COMMA = 20;
export const COLON = 21;
export const SEMICOLON = 22;
export const TSQL = 23;
export const UNKNOWN = 24;
export const EVIL = 25;
export const BACKSLASH = 26;

/** The fingerprint letter of each kind, by its number. */
export const KIND_LETTERS = '\0kUBEtfn1vso&cA(){}.,:;T?X\\';

/** Longest fingerprint, in tokens. */
export const MAX_TOKENS = 5;

/** Longest text that is looked up as a word; longer ones are plain names. */
export const MAX_WORD_LENGTH = 31;

/** One token. `start` and `length` lie in the value; `open` and `close` are the quotes around a string (0: none). */
export class Token {
  kind = NONE;
  start = 0;
  length = 0;
  /** Quote character before the text, 0 when the text began outside the value. */
  open = 0;
  /** Quote character after the text, 0 when the value ended first. */
  close = 0;
  /** Index into the word table, -1 when the text is no known word. */
  word = -1;

  set(kind: number, start: number, length: number): void {
    this.kind = kind;
    this.start = start;
    this.length = length;
    this.open = 0;
    this.close = 0;
    this.word = -1;
  }

  copy(from: Token): void {
    this.kind = from.kind;
    this.start = from.start;
    this.length = from.length;
    this.open = from.open;
    this.close = from.close;
    this.word = from.word;
  }
}

/** The kind number of a fingerprint letter, NONE when there is none. */
export function kindOfLetter(letter: string): number {
  const at = KIND_LETTERS.indexOf(letter);
  return at > 0 ? at : NONE;
}
