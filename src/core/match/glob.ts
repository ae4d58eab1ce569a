// A star glob over a whole text: `*` stands for any run of characters, also none; `\*` and `\\` are literal.
// Matches by finding the literal pieces from left to right, so the cost is at most text length times pattern length,
// whatever the input. Not for paths: `*` here also crosses slashes (see path-pattern.ts).

/** Splits at unescaped stars and takes the escapes away: `a*b\*c` gives `['a', 'b*c']`. One piece: no star at all. */
export function globPieces(text: string): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index]!;
    const next = text[index + 1];
    if (character === '\\' && (next === '*' || next === '\\')) {
      piece += next;
      index += 1;
    } else if (character === '*') {
      pieces.push(piece);
      piece = '';
    } else {
      piece += character;
    }
  }
  pieces.push(piece);
  return pieces;
}

/** Whether `text[start..end)` is the pieces with anything between them. */
export function globMatches(pieces: readonly string[], text: string, start: number, end: number): boolean {
  const first = pieces[0]!;
  const lastIndex = pieces.length - 1;
  if (lastIndex === 0) return end - start === first.length && text.startsWith(first, start);
  const last = pieces[lastIndex]!;
  if (end - start < first.length + last.length) return false;
  if (!text.startsWith(first, start) || !text.startsWith(last, end - last.length)) return false;
  let at = start + first.length;
  const limit = end - last.length;
  for (let index = 1; index < lastIndex; index += 1) {
    const piece = pieces[index]!;
    // Searching past `limit` would make the cost depend on text outside of the segment: bounded by the slice.
    const found = indexWithin(text, piece, at, limit);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return true;
}

function indexWithin(text: string, piece: string, start: number, limit: number): number {
  for (let at = start; at + piece.length <= limit; at += 1) {
    if (text.startsWith(piece, at)) return at;
  }
  return -1;
}

export class Glob {
  readonly text: string;
  readonly #pieces: readonly string[];

  constructor(text: string) {
    this.text = text;
    this.#pieces = globPieces(text);
  }

  /** Without a star: the one text that it matches. */
  get literal(): string | undefined { return this.#pieces.length === 1 ? this.#pieces[0] : undefined; }

  matches(text: string): boolean { return globMatches(this.#pieces, text, 0, text.length); }
}
