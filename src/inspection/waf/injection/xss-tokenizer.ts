// HTML tokenizer over a latin1 string, begun in one of five places: in text, or in an attribute value that is unquoted or quoted by
// ', " or `. Follows the WHATWG tokenizer (HTML Living Standard, 13.2.5) with what browsers tolerate or once tolerated: NUL in tag
// names, back quotes around values, `<%` comments, vertical tabs as space. Builds no tree, decodes nothing, never fails.

export const TEXT = 0;
export const TAG_OPEN = 1;
export const TAG_END = 2;
export const TAG_CLOSE = 3;
export const ATTRIBUTE_NAME = 4;
export const ATTRIBUTE_VALUE = 5;
export const MARKUP_COMMENT = 6;
export const DOCTYPE = 7;

/** Where in a page the value is taken to land: in text, in an unquoted value, or inside the quote of this character code. */
export const IN_TEXT = 0;
export const IN_UNQUOTED = 1;

const AT_END = 0;
const AT_TEXT = 1;
const AT_BEFORE_NAME = 2;
const AT_AFTER_NAME = 3;
const AT_BEFORE_VALUE = 4;
const AT_TAG_END = 5;
const AT_SELF_CLOSING = 6;
const AT_AFTER_VALUE = 7;
const AT_INSIDE_QUOTE = 8;

const GREATER = 62;
const SLASH = 47;
const EQUALS = 61;

/** White space. NUL parts attributes as old browsers had it, but not the letters of a tag name. */
function isSpace(c: number): boolean {
  return c === 32 || (c >= 9 && c <= 13) || c === 0;
}

function isLetter(c: number): boolean {
  const lower = c | 32;
  return lower >= 97 && lower <= 122;
}

export class XssTokenizer {
  value = '';
  /** Kind of the last token, and where it lies. */
  kind = TEXT;
  start = 0;
  end = 0;
  private at = 0;
  private state = AT_END;
  private quote = 0;
  private closing = false;

  reset(value: string, context: number): void {
    this.value = value;
    this.kind = TEXT;
    this.start = 0;
    this.end = 0;
    this.at = 0;
    this.closing = false;
    this.quote = context > IN_UNQUOTED ? context : 0;
    this.state = context === IN_TEXT ? AT_TEXT : context === IN_UNQUOTED ? AT_BEFORE_NAME : AT_INSIDE_QUOTE;
  }

  private emit(kind: number, start: number, end: number, at: number, state: number): true {
    this.kind = kind;
    this.start = start;
    this.end = end;
    this.at = at;
    this.state = at > this.value.length ? AT_END : state;
    return true;
  }

  /** Reads the next token; false at the end. */
  next(): boolean {
    // A self-closing slash that closes nothing is the only step that yields no token, and it moves forward.
    for (;;) {
      if (this.state === AT_END) return false;
      if (this.at >= this.value.length && this.state !== AT_INSIDE_QUOTE) return false;
      switch (this.state) {
        case AT_TEXT:
          return this.readText();
        case AT_TAG_END:
          return this.emit(TAG_END, this.at, this.at + 1, this.at + 1, AT_TEXT);
        case AT_INSIDE_QUOTE:
          return this.readQuoted(this.at);
        case AT_BEFORE_VALUE:
          return this.readValue();
        case AT_AFTER_VALUE:
          if (this.value.charCodeAt(this.at) === GREATER) return this.emit(TAG_END, this.at, this.at + 1, this.at + 1, AT_TEXT);
          if (this.value.charCodeAt(this.at) === SLASH) {
            this.at++;
            this.state = AT_SELF_CLOSING;
          } else {
            this.state = AT_BEFORE_NAME;
          }
          break;
        case AT_SELF_CLOSING:
          if (this.value.charCodeAt(this.at) === GREATER) return this.emit(TAG_END, this.at - 1, this.at + 1, this.at + 1, AT_TEXT);
          this.state = AT_BEFORE_NAME;
          break;
        default:
          if (this.readBetween()) return true;
      }
    }
  }

  private readText(): boolean {
    const { value } = this;
    for (;;) {
      const open = value.indexOf('<', this.at);
      if (open < 0) return this.emit(TEXT, this.at, value.length, value.length, AT_END);
      this.at = open + 1;
      if (this.at >= value.length) return false;
      const c = value.charCodeAt(this.at);
      if (c === 33) return this.readDeclaration(this.at + 1);
      if (c === 63) return this.readBogusComment(this.at + 1);
      if (c === 37) return this.readPercentComment(this.at + 1);
      if (c === SLASH) {
        const after = value.charCodeAt(this.at + 1);
        if (this.at + 1 >= value.length) return false;
        if (after !== GREATER) {
          this.closing = isLetter(after);
          return this.closing ? this.readTagName(this.at + 1) : this.readBogusComment(this.at + 1);
        }
        // `</>` is nothing.
        this.at++;
      } else if (isLetter(c) || c === 0) {
        return this.readTagName(this.at);
      }
    }
  }

  private readTagName(from: number): true {
    const { value } = this;
    let i = from;
    for (; i < value.length; i++) {
      const c = value.charCodeAt(i);
      if (c !== 0 && isSpace(c)) return this.emit(TAG_OPEN, from, i, i + 1, AT_BEFORE_NAME);
      if (c === SLASH) return this.emit(TAG_OPEN, from, i, i + 1, AT_SELF_CLOSING);
      if (c !== GREATER) continue;
      if (!this.closing) return this.emit(TAG_OPEN, from, i, i, AT_TAG_END);
      this.closing = false;
      return this.emit(TAG_CLOSE, from, i, i + 1, AT_TEXT);
    }
    return this.emit(TAG_OPEN, from, i, i, AT_END);
  }

  private skipSpace(): void {
    let i = this.at;
    while (i < this.value.length && isSpace(this.value.charCodeAt(i))) i++;
    this.at = i;
  }

  /** Between attributes, and between a name and its `=`. False when a slash was passed, or at the end. */
  private readBetween(): boolean {
    this.closing = false;
    this.skipSpace();
    const afterName = this.state === AT_AFTER_NAME;
    const c = this.value.charCodeAt(this.at);
    if (this.at >= this.value.length) {
      this.state = AT_END;
      return false;
    }
    if (c === SLASH) {
      this.at++;
      this.state = AT_SELF_CLOSING;
      return false;
    }
    if (c === GREATER) return this.emit(TAG_END, this.at, this.at + 1, this.at + 1, AT_TEXT);
    if (c === EQUALS && afterName) {
      this.at++;
      this.state = AT_BEFORE_VALUE;
      return false;
    }
    return this.readName();
  }

  private readName(): true {
    const { value } = this;
    const from = this.at;
    let i = from + 1;
    for (; i < value.length; i++) {
      const c = value.charCodeAt(i);
      if (isSpace(c)) return this.emit(ATTRIBUTE_NAME, from, i, i + 1, AT_AFTER_NAME);
      if (c === SLASH) return this.emit(ATTRIBUTE_NAME, from, i, i + 1, AT_SELF_CLOSING);
      if (c === EQUALS) return this.emit(ATTRIBUTE_NAME, from, i, i + 1, AT_BEFORE_VALUE);
      if (c === GREATER) return this.emit(ATTRIBUTE_NAME, from, i, i, AT_TAG_END);
    }
    return this.emit(ATTRIBUTE_NAME, from, i, i, AT_END);
  }

  private readValue(): boolean {
    this.skipSpace();
    const { value } = this;
    if (this.at >= value.length) return false;
    const c = value.charCodeAt(this.at);
    if (c === 34 || c === 39 || c === 96) {
      this.quote = c;
      return this.readQuoted(this.at + 1);
    }
    const from = this.at;
    let i = from;
    for (; i < value.length; i++) {
      const d = value.charCodeAt(i);
      if (isSpace(d)) return this.emit(ATTRIBUTE_VALUE, from, i, i + 1, AT_BEFORE_NAME);
      if (d === GREATER) return this.emit(ATTRIBUTE_VALUE, from, i, i, AT_TAG_END);
    }
    return this.emit(ATTRIBUTE_VALUE, from, i, i, AT_END);
  }

  private readQuoted(from: number): true {
    const mark = this.quote === 34 ? '"' : this.quote === 39 ? "'" : '`';
    const close = this.value.indexOf(mark, from);
    if (close < 0) return this.emit(ATTRIBUTE_VALUE, from, this.value.length, this.value.length, AT_END);
    return this.emit(ATTRIBUTE_VALUE, from, close, close + 1, AT_AFTER_VALUE);
  }

  private readDeclaration(at: number): true {
    const { value } = this;
    if (value.startsWith('--', at)) return this.readComment(at + 2);
    if (value.startsWith('[CDATA[', at)) {
      const close = value.indexOf(']]>', at + 7);
      return close < 0
        ? this.emit(TEXT, at + 7, value.length, value.length, AT_END)
        : this.emit(TEXT, at + 7, close, close + 3, AT_TEXT);
    }
    if (value.slice(at, at + 7).toLowerCase() === 'doctype') {
      const close = value.indexOf('>', at);
      const end = close < 0 ? value.length : close;
      return this.emit(DOCTYPE, at, end, end + 1, AT_TEXT);
    }
    return this.readBogusComment(at);
  }

  private readBogusComment(from: number): true {
    const close = this.value.indexOf('>', from);
    const end = close < 0 ? this.value.length : close;
    return this.emit(MARKUP_COMMENT, from, end, end + 1, AT_TEXT);
  }

  private readPercentComment(from: number): true {
    const close = this.value.indexOf('%>', from);
    const end = close < 0 ? this.value.length : close;
    return this.emit(MARKUP_COMMENT, from, end, end + 2, AT_TEXT);
  }

  /** Ends at `-->` or `-!>`, NULs allowed between the characters. */
  private readComment(from: number): true {
    const { value } = this;
    for (let dash = value.indexOf('-', from); dash >= 0; dash = value.indexOf('-', dash + 1)) {
      let i = this.skipNulls(dash + 1);
      const c = value.charCodeAt(i);
      if (c !== 45 && c !== 33) continue;
      i = this.skipNulls(i + 1);
      if (value.charCodeAt(i) === GREATER) return this.emit(MARKUP_COMMENT, from, dash, i + 1, AT_TEXT);
    }
    return this.emit(MARKUP_COMMENT, from, value.length, value.length, AT_END);
  }

  private skipNulls(from: number): number {
    let i = from;
    while (i < this.value.length && this.value.charCodeAt(i) === 0) i++;
    return i;
  }
}
