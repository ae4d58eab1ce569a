// Patterns for paths and other object names, segment by segment:
//   `/a`         that path alone (`/a/` is another path)
//   `/api/**`    `/api`, `/api/` and everything below; `/apix` is not below
//   `/u/*/edit`  `*` alone is exactly one segment that is not empty
//   `/x/*.php`   `*` inside a segment is any run of characters without a slash
//   `/a/**/b`    `**` is any number of whole segments, also none
//   `**`         everything. A star or backslash that is meant literally is written `\*`, `\\`.
// Compares the canonical path as the gateway gives it, case-sensitively; does not decode or normalise. Matching never
// backtracks further than the last `**`: at most path length times pattern length.
import { globMatches, globPieces } from './glob.ts';

export type PathPatternKind = 'any' | 'exact' | 'prefix' | 'general';

const slash = 47;
const maximumPatternLength = 2048;

interface Segment {
  /** `many`: `**`. `one`: `*`. */
  readonly kind: 'literal' | 'one' | 'glob' | 'many';
  /** One piece for a literal. */
  readonly pieces: readonly string[];
}

function compileSegment(text: string): Segment {
  if (text === '**') return { kind: 'many', pieces: [] };
  if (text === '*') return { kind: 'one', pieces: [] };
  const pieces = globPieces(text);
  return { kind: pieces.length === 1 ? 'literal' : 'glob', pieces };
}

export class PathPattern {
  /** As written. */
  readonly text: string;
  readonly kind: PathPatternKind;
  /** The literal segments before the first wildcard; the first is '' for a path that starts with a slash. */
  readonly literalSegments: readonly string[];
  /** The literal text before the first wildcard segment, without the slash before it. The whole path for `exact`. */
  readonly literal: string;
  readonly #segments: readonly Segment[];

  constructor(text: string) {
    const problem = pathPatternProblem(text);
    if (problem !== undefined) throw new Error(problem);
    this.text = text;
    // `**` after `**` adds nothing and would only cost.
    const segments = text.split('/').map(compileSegment).filter((segment, index, all) => segment.kind !== 'many' || all[index - 1]?.kind !== 'many');
    this.#segments = segments;
    const firstWild = segments.findIndex((segment) => segment.kind !== 'literal');
    const literals = firstWild < 0 ? segments : segments.slice(0, firstWild);
    this.literalSegments = literals.map((segment) => segment.pieces[0]!);
    this.literal = this.literalSegments.join('/');
    if (firstWild < 0) this.kind = 'exact';
    else if (segments[firstWild]!.kind !== 'many' || firstWild !== segments.length - 1) this.kind = 'general';
    else this.kind = firstWild === 0 ? 'any' : 'prefix';
  }

  matches(path: string): boolean {
    if (this.kind === 'exact') return path === this.literal;
    if (this.kind === 'any') return true;
    if (this.kind === 'prefix') return isUnder(path, this.literal);
    return path.length > 0 && this.#matchesSegments(path);
  }

  /** Greedy with one point of return: what stands between two `**` may be taken at its first fit. */
  #matchesSegments(path: string): boolean {
    const segments = this.#segments;
    const count = segments.length;
    let segment = 0;
    let start = 0;
    let retrySegment = -1;
    let retryStart = 0;
    // `start` is one past the end of the path when every segment has been used.
    for (;;) {
      if (segment < count && segments[segment]!.kind === 'many') {
        segment += 1;
        if (segment === count) return true;
        retrySegment = segment;
        retryStart = start;
        continue;
      }
      if (segment === count && start > path.length) return true;
      if (start > path.length) return false;
      if (segment < count) {
        const end = segmentEnd(path, start);
        if (segmentMatches(segments[segment]!, path, start, end)) {
          segment += 1;
          start = end + 1;
          continue;
        }
      }
      if (retrySegment < 0) return false;
      retryStart = segmentEnd(path, retryStart) + 1;
      start = retryStart;
      segment = retrySegment;
      if (start > path.length) return false;
    }
  }

  /** Sort helper: greater is more specific. Exact before wildcards; then more literal text first; `**` last. */
  get specificity(): number {
    if (this.kind === 'any') return 0;
    if (this.kind === 'exact') return 1_000_000 + this.literal.length;
    let letters = 0;
    let weight = 0;
    for (const segment of this.#segments) {
      for (const piece of segment.pieces) letters += piece.length;
      if (segment.kind !== 'many') weight += 1;
    }
    return 1 + letters * 100 + weight;
  }
}

/** `path` is the prefix itself or below it. The prefix has no slash at its end. */
export function isUnder(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  // `/**` asks for a path at all: an operation without one ('') is not below the root.
  if (path.length === prefix.length) return path.length > 0;
  return path.charCodeAt(prefix.length) === slash;
}

function segmentEnd(path: string, start: number): number {
  const end = path.indexOf('/', start);
  return end < 0 ? path.length : end;
}

function segmentMatches(segment: Segment, path: string, start: number, end: number): boolean {
  if (segment.kind === 'one') return end > start;
  return globMatches(segment.pieces, path, start, end);
}

/** What is wrong with a path pattern, or undefined. */
export function pathPatternProblem(text: string): string | undefined {
  if (text === '') return 'a path pattern cannot be empty';
  if (text.length > maximumPatternLength) return `a path pattern has at most ${maximumPatternLength} characters`;
  for (const segment of text.split('/')) {
    if (segment !== '**' && /(?<!\\)(\\\\)*\*\*/.test(segment)) return `** must be a whole segment, as in /api/**; found ${segment}`;
    if (/(?<!\\)(\\\\)*\\(?![*\\])/.test(segment)) return `a backslash may only stand before * or \\; found ${segment}`;
  }
  return undefined;
}
