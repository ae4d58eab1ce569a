// A compiled pattern: V8's engine for short values, the linear matcher first for long ones, gates for the scan.
// Compiling is lazy: V8 translates a pattern at its first run, the linear matcher is built when first needed.
import { linearMatcher, type LinearMatcher } from './linear.ts';
import { requiredGates, type Gate } from './literals.ts';
import { parseSource, patternNode, type PatternNode } from './parse.ts';
import { guardLeadingLoops, writeOutCase } from './rewrite.ts';
import { translatePattern, type Translated } from './translate.ts';

/** Above this length a pattern with loops is tried with the linear matcher first. */
export const linearAboveBytes = 200;
/** Groups of a match in a longer text are taken from a window of this many bytes before the end of the earliest match. */
const captureWindowBytes = 4096;

function hasLoop(node: PatternNode): boolean {
  switch (node.kind) {
    case 'repeat': return node.max > 8 || hasLoop(node.item);
    case 'sequence': return node.items.some(hasLoop);
    case 'choice': return node.options.some(hasLoop);
    case 'opaque': return true;
    default: return false;
  }
}

export class Pattern {
  readonly text: string;
  readonly groups: readonly number[];
  private readonly translated: Translated;
  private tree: { readonly regex: RegExp; readonly node: PatternNode; readonly looping: boolean } | null = null;
  private linear: LinearMatcher | null | undefined = undefined;

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
  private parsed(): { readonly regex: RegExp; readonly node: PatternNode; readonly looping: boolean } {
    if (this.tree === null) {
      const ast = parseSource(this.translated.source);
      const node = patternNode(ast, this.translated.flags);
      let source = guardLeadingLoops(this.translated.source, ast);
      let { flags } = this.translated;
      if (flags.includes('i') && /\\x[89a-f]/.test(source)) {
        source = writeOutCase(source);
        flags = 's';
      }
      this.tree = { regex: new RegExp(source, flags), node, looping: hasLoop(node) };
    }
    return this.tree;
  }

  get looping(): boolean {
    return this.parsed().looping;
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
    if (value.length > linearAboveBytes && this.looping) {
      const linear = this.linearEngine();
      if (linear !== null) return linear.search(value) >= 0;
    }
    return this.regex.test(value);
  }

  /** The groups of the match (0 = all of it), or null. */
  exec(value: string): string[] | null {
    let text = value;
    if (value.length > linearAboveBytes && this.looping) {
      const linear = this.linearEngine();
      if (linear !== null) {
        const end = linear.search(value);
        if (end < 0) return null;
        // The earliest end is known; looking only near it keeps hostile lengths from costing quadratic time. A match
        // that began further away is reported by the part inside the window.
        if (value.length > captureWindowBytes) text = value.slice(Math.max(0, end - captureWindowBytes / 2), end + captureWindowBytes / 2);
      }
    }
    const match = this.regex.exec(text);
    if (match === null) return text === value ? null : [text.slice(0, 256)];
    return this.groups.map((group) => match[group] ?? '');
  }

  private linearEngine(): LinearMatcher | null {
    if (this.linear === undefined) this.linear = linearMatcher(this.node);
    return this.linear;
  }
}
