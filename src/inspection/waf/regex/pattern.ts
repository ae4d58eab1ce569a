// A compiled pattern: V8's engine for short values, the linear matcher first for long ones, gates for the scan.
// Compiling is lazy: V8 translates a pattern at its first run, the linear matcher is built when first needed.
import { linearMatcher, relaxedMatcher, startFinder, type LinearMatcher } from './linear.ts';
import { requiredGates, type Gate } from './literals.ts';
import { parseSource, patternNode, type PatternNode } from './parse.ts';
import { guardLeadingLoops, mustWriteOutCase, writeOutCase } from './rewrite.ts';
import { translatePattern, type Translated } from './translate.ts';

/** Above these lengths a pattern is decided by the linear matcher: how long its worst case in V8 stays harmless. */
export const linearAbove = {
  /** At most two simple loops on a path: quadratic. */
  simpleBytes: 200,
  /** Loops around loops, around alternatives, or three and more in a row: a higher power, or exponential. */
  complexBytes: 24,
} as const;
const complexDegree = 3;
/** For groups V8 tries only the start of the leftmost match, over this many bytes; over fewer when loops are nested. */
const captureBytes = 2048;
const captureNestedBytes = 150;

/** A loop around a loop: exponential in a backtracking engine at worst. */
export function isNested(node: PatternNode, inside = false): boolean {
  switch (node.kind) {
    case 'sequence': return node.items.some((item) => isNested(item, inside));
    case 'choice': return node.options.some((option) => isNested(option, inside));
    case 'repeat': return (node.max > 8 && inside) || isNested(node.item, inside || node.max > 8);
    default: return false;
  }
}

/** How many loops a text may be divided among, at worst; a loop around more than a single set counts as complex. */
function degreeOf(node: PatternNode): number {
  switch (node.kind) {
    case 'sequence': return node.items.reduce((sum, item) => sum + degreeOf(item), 0);
    case 'choice': return Math.max(...node.options.map(degreeOf));
    case 'repeat': {
      const inner = degreeOf(node.item);
      if (node.max <= 8) return inner * Math.max(1, Math.min(node.max, complexDegree));
      return node.item.kind === 'set' ? 1 : complexDegree;
    }
    case 'opaque': return 1;
    default: return 0;
  }
}

export class Pattern {
  readonly text: string;
  readonly groups: readonly number[];
  private readonly translated: Translated;
  private tree: { readonly regex: RegExp; readonly node: PatternNode; readonly degree: number } | null = null;
  private linear: LinearMatcher | null | undefined = undefined;
  private starts: LinearMatcher | null = null;
  private wide: LinearMatcher | null | undefined = undefined;
  private sticky: RegExp | null = null;

  /** Throws PatternError or SyntaxError for a pattern that cannot be. */
  constructor(text: string) {
    this.translated = translatePattern(text);
    this.text = text;
    this.groups = this.translated.groups;
    // For its syntax only: what will run is made when it is needed.
    void new RegExp(this.translated.source, this.translated.flags);
  }

  /** The pattern as V8 runs it. */
  get regex(): RegExp {
    return this.parsed().regex;
  }

  get node(): PatternNode {
    return this.parsed().node;
  }

  /** Parses when first needed; the syntax tree itself, which is large, is not kept. */
  private parsed(): { readonly regex: RegExp; readonly node: PatternNode; readonly degree: number } {
    if (this.tree === null) {
      const ast = parseSource(this.translated.source);
      const node = patternNode(ast, this.translated.flags);
      let source = guardLeadingLoops(this.translated.source, ast);
      let { flags } = this.translated;
      if (mustWriteOutCase(source, flags)) {
        source = writeOutCase(source, flags);
        flags = 's';
      }
      this.tree = { regex: new RegExp(source, flags), node, degree: degreeOf(node) };
    }
    return this.tree;
  }

  /** Sets of required literals; see literals.ts. */
  gates(): readonly Gate[] {
    return requiredGates(this.node);
  }

  /** True when the linear matcher can decide this pattern. */
  isLinear(): boolean {
    return this.linearEngine() !== null;
  }

  test(value: string): boolean {
    const linear = this.linearFor(value);
    if (linear !== null) return linear.search(value) >= 0;
    if (value.length > linearAbove.simpleBytes && this.linear === null) {
      // Lookaround or references: V8 decides, but only where the relaxed pattern finds something.
      if (this.wide === undefined) this.wide = relaxedMatcher(this.node);
      if (this.wide !== null && this.wide.search(value) < 0) return false;
    }
    return this.regex.test(value);
  }

  /** The groups of the match (0 = all of it), or null. */
  exec(value: string): string[] | null {
    const linear = this.linearFor(value);
    if (linear === null) return this.groupsAt(this.regex, value, 0);
    const end = linear.search(value);
    if (end < 0) return null;
    this.starts ??= startFinder(this.node);
    const start = this.starts?.firstStart(value) ?? 0;
    this.sticky ??= new RegExp(this.regex.source, `${this.regex.flags}y`);
    const limit = start + (isNested(this.node) ? captureNestedBytes : captureBytes);
    const groups = this.groupsAt(this.sticky, value.length <= limit ? value : value.slice(0, Math.max(limit, end)), start);
    return groups ?? [value.slice(start, Math.max(start, end))];
  }

  private groupsAt(regex: RegExp, value: string, start: number): string[] | null {
    regex.lastIndex = start;
    const match = regex.exec(value);
    return match === null ? null : this.groups.map((group) => match[group] ?? '');
  }

  /** The linear matcher, when V8 might take too long over a value of this length. */
  private linearFor(value: string): LinearMatcher | null {
    const { degree } = this.parsed();
    if (degree === 0 || value.length <= (degree < complexDegree ? linearAbove.simpleBytes : linearAbove.complexBytes)) return null;
    return this.linearEngine();
  }

  private linearEngine(): LinearMatcher | null {
    if (this.linear === undefined) this.linear = linearMatcher(this.node);
    return this.linear;
  }
}
