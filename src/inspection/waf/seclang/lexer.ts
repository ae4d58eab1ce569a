// Splits a SecLang file into directives: joins continued lines, drops comments, cuts words and quoted arguments.
// Files are latin1 strings. Keeps for every character of a directive the line and column that it came from.
import type { Place } from './place.ts';

export interface Word {
  /** Without the quotes; \" inside double quotes is ". Other backslashes stay. */
  readonly text: string;
  readonly quoted: boolean;
  /** Offset in the logical line of each character of `text`. */
  readonly offsets: Int32Array;
}

export interface Directive {
  readonly name: string;
  readonly words: readonly Word[];
  readonly line: LogicalLine;
}

interface Segment { readonly at: number; readonly line: number }

/** One directive's text, continued lines joined. */
export class LogicalLine {
  readonly file: string;
  readonly text: string;
  private readonly segments: readonly Segment[];

  constructor(file: string, text: string, segments: readonly Segment[]) {
    this.file = file;
    this.text = text;
    this.segments = segments;
  }

  /** The place of an offset in `text`. */
  place(offset: number): Place {
    let segment = this.segments[0]!;
    for (const one of this.segments) if (one.at <= offset) segment = one;
    return { file: this.file, line: segment.line, column: offset - segment.at + 1 };
  }
}

/** Joins lines that end in a backslash; yields the logical lines that are not empty and not comments. */
export function logicalLines(file: string, source: string): LogicalLine[] {
  const result: LogicalLine[] = [];
  const lines = source.split('\n');
  for (let i = 0; i < lines.length; i++) {
    let line = lines[i]!.replace(/\r$/, '');
    if (/^\s*(?:#|$)/.test(line)) continue;
    const segments: Segment[] = [{ at: 0, line: i + 1 }];
    let text = '';
    while (line.endsWith('\\') && i + 1 < lines.length) {
      text += line.slice(0, -1);
      i++;
      segments.push({ at: text.length, line: i + 1 });
      line = lines[i]!.replace(/\r$/, '');
    }
    result.push(new LogicalLine(file, text + line, segments));
  }
  return result;
}

function isSpace(char: string | undefined): boolean {
  return char === ' ' || char === '\t';
}

/** Cuts a logical line into words; a string is the message of what is wrong with it, an offset says where. */
export function cutWords(line: LogicalLine): { words: Word[] } | { error: string; offset: number } {
  const text = line.text;
  const words: Word[] = [];
  let at = 0;
  for (;;) {
    while (isSpace(text[at])) at++;
    if (at >= text.length) return { words };
    const quote = text[at];
    const quoted = quote === '"' || (quote === "'" && words.length > 0);
    const start = at;
    if (quoted) at++;
    let out = '';
    let from = at;
    const offsets: number[] = [];
    for (;;) {
      const char = text[at];
      if (char === undefined) {
        if (quoted) return { error: `unterminated ${quote} quote`, offset: start };
        break;
      }
      if (quoted ? char === quote : isSpace(char)) break;
      if (quoted && char === '\\' && text[at + 1] === quote) {
        out += text.slice(from, at);
        from = ++at;
      }
      offsets.push(at);
      at++;
    }
    // Pieces, not characters: a text joined from single characters is a tree of as many nodes.
    out += text.slice(from, at);
    if (quoted) {
      at++;
      if (at < text.length && !isSpace(text[at])) return { error: 'white space expected after the closing quote', offset: at };
    }
    offsets.push(at);
    words.push({ text: out, quoted, offsets: Int32Array.from(offsets) });
  }
}
