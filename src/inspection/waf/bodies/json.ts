// JSON bodies (RFC 8259), read strictly from UTF-8 bytes. Every scalar becomes an argument; names are paths, as
// ModSecurity 3 spells them: json.user.name, json.list.array_0. Duplicate names are all kept, so that whichever the
// application takes was seen. Strings come out as bytes, \u escapes as UTF-8; half of a surrogate pair in a value as U+FFFD, and
// in a second value as nothing, since readers do either.
import { notUtf8At } from './charset.ts';
import { emptyResult, type BodyLimits, type BodyResult } from './contract.ts';

/** Names of which no attack can consist. */
const plainPath = /^[\w.[\]-]*$/;

/** A pair of surrogates, the longest that a cut can take apart. */
const longestToken = String.raw`\ud83d\ude00`.length;

class JsonError extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}
/** Not the text's fault: a limit of ours was reached. */
class LimitError extends JsonError {}

const escapes: Record<string, string> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** U+FFFD as UTF-8. */
const replacement = '\xef\xbf\xbd';

/** A code point as UTF-8, one character a byte. */
export function utf8Of(point: number): string {
  if (point < 0x80) return String.fromCharCode(point);
  if (point < 0x800) return String.fromCharCode(0xc0 | (point >> 6), 0x80 | (point & 63));
  if (point < 0x10000) return String.fromCharCode(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
  return String.fromCharCode(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
}

class Reader {
  readonly text: string;
  readonly limits: BodyLimits;
  readonly result: BodyResult;
  at = 0;
  depth = 0;
  /** The string read last held half of a surrogate pair. */
  halved = false;

  constructor(text: string, limits: BodyLimits, result: BodyResult) {
    this.text = text;
    this.limits = limits;
    this.result = result;
  }

  fail(what: string): never {
    throw new JsonError(`${what} at byte ${this.at}`, this.at);
  }

  space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      this.at++;
    }
  }

  add(path: string, value: string): void {
    if (this.result.args.keys.length >= this.limits.maxArguments) throw new LimitError(`more than ${this.limits.maxArguments} arguments at byte ${this.at}`, -1);
    this.result.args.add(path, value);
  }

  value(path: string): void {
    this.space();
    const char = this.text[this.at];
    if (char === '{') this.object(path);
    else if (char === '[') this.array(path);
    else if (char === '"') this.scalarText(path);
    else if (char === 't') this.word('true', path, 'true');
    else if (char === 'f') this.word('false', path, 'false');
    else if (char === 'n') this.word('null', path, '');
    else this.number(path);
  }

  scalarText(path: string): void {
    const value = this.string();
    this.add(path, value);
    // As scripts send a text that they cut in the middle of an emoji.
    if (this.halved) this.add(path, value.replaceAll(replacement, ''));
  }

  word(word: string, path: string, value: string): void {
    if (!this.text.startsWith(word, this.at)) this.fail('unknown word');
    this.at += word.length;
    this.add(path, value);
  }

  number(path: string): void {
    const pattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null) this.fail('value expected');
    this.at += match[0].length;
    this.add(path, match[0]);
  }

  enter(): void {
    if (++this.depth > this.limits.maxDepth) throw new LimitError(`nested deeper than ${this.limits.maxDepth} at byte ${this.at}`, -1);
    this.at++;
    this.space();
  }

  /** True for a container without members. It is no argument, but a name in which something could be hidden is seen all the same. */
  empty(close: string, path: string): boolean {
    if (this.text[this.at] !== close) return false;
    this.at++;
    this.depth--;
    if (!plainPath.test(path)) this.add(path, '');
    return true;
  }

  object(path: string): void {
    this.enter();
    if (this.empty('}', path)) return;
    for (;;) {
      this.space();
      if (this.text[this.at] !== '"') this.fail('name expected');
      const name = this.string();
      if (this.halved) this.fail('half of a surrogate pair in a name');
      this.space();
      if (this.text[this.at] !== ':') this.fail('":" expected');
      this.at++;
      this.value(`${path}.${name === '' ? 'empty-key' : name}`);
      if (this.next('}')) return;
    }
  }

  array(path: string): void {
    this.enter();
    if (this.empty(']', path)) return;
    for (let i = 0; ; i++) {
      this.value(`${path}.array_${i}`);
      if (this.next(']')) return;
    }
  }

  /** After a member: true when the container ends here. */
  next(close: string): boolean {
    this.space();
    const char = this.text[this.at];
    if (char === ',') { this.at++; return false; }
    if (char !== close) this.fail(`"," or "${close}" expected`);
    this.at++;
    this.depth--;
    return true;
  }

  string(): string {
    const start = ++this.at;
    let out = '';
    let from = start;
    this.halved = false;
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code === 34) break;
      if (code === 92) {
        out += this.text.slice(from, this.at) + this.escape();
        from = this.at;
      } else if (code >= 32) this.at++;
      else this.fail(this.at >= this.text.length ? 'string without end' : 'control character in a string');
    }
    const value = from === start ? this.text.slice(start, this.at) : out + this.text.slice(from, this.at);
    this.at++;
    return value;
  }

  escape(): string {
    const char = this.text[this.at + 1] ?? '';
    const simple = escapes[char];
    if (simple !== undefined) { this.at += 2; return simple; }
    if (char !== 'u') this.fail('unknown escape');
    const first = this.hex(this.at + 2);
    this.at += 6;
    if (first >= 0xd800 && first < 0xdc00 && this.text.startsWith('\\u', this.at)) {
      const second = this.hex(this.at + 2);
      if (second >= 0xdc00 && second < 0xe000) {
        this.at += 6;
        return utf8Of(0x10000 + (first - 0xd800) * 1024 + second - 0xdc00);
      }
    }
    if (first >= 0xd800 && first < 0xe000) {
      this.halved = true;
      return replacement;
    }
    return utf8Of(first);
  }

  hex(at: number): number {
    const text = this.text.slice(at, at + 4);
    if (!/^[\dA-Fa-f]{4}$/.test(text)) this.fail('four hexadecimal digits expected');
    return Number.parseInt(text, 16);
  }
}

/** RFC 8259, 8.1: a byte order mark may be ignored; some libraries write one. */
function withoutMark(text: string): string {
  return text.startsWith('\xef\xbb\xbf') ? text.slice(3) : text;
}

/** Reads all of it; null when it is JSON, or what it breaks. */
function read(text: string, limits: BodyLimits, result: BodyResult): JsonError | null {
  const reader = new Reader(text, limits, result);
  try {
    reader.value('json');
    reader.space();
    if (reader.at < text.length) reader.fail('text after the value');
    return null;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return error;
  }
}

export function parseJson(text: string, limits: BodyLimits): BodyResult {
  const result = emptyResult();
  const broken = notUtf8At(text);
  const end = text.length - longestToken;
  const error = read(withoutMark(text), limits, result);
  if (broken >= 0) result.error = `JSON: not UTF-8 at byte ${broken}`;
  else if (error !== null) result.error = `JSON: ${error.message}`;
  result.cut = (broken < 0 || broken > end) && (error === null || error.at > end);
  return result;
}

/** What begins like an object or an array. */
export const container = /^(?:\xef\xbb\xbf)?[\t\n\r ]*[[{]/;

/** A body whose type does not say JSON: its arguments when it is an object or an array all the same, as far as the limits go; else null. */
export function guessJson(text: string, limits: BodyLimits): BodyResult | null {
  if (!container.test(text)) return null;
  const result = emptyResult();
  const error = read(withoutMark(text), limits, result);
  return error === null || error instanceof LimitError ? result : null;
}
