// A linear-time matcher: does this pattern match anywhere in the text? A lazily built deterministic automaton over byte
// classes, in the manner of RE2. For the long values on which a backtracking engine may take quadratic time.
// Says yes or no and where the earliest match ends; no groups. Patterns with lookaround or references have none.
import { isWordByte, type PatternNode } from './parse.ts';

const opSet = 0;
const opSplit = 1;
const opAssert = 2;
const opMatch = 3;
const assertCodes = { start: 0, end: 1, boundary: 2, inside: 3, lineStart: 4, lineEnd: 5 } as const;
const maxInstructions = 60_000;
/** Cells of the transition table (four bytes each); when full, it begins anew. */
const maxTableCells = 1 << 16;
const unknownState = -1;
const matched = -2;
const dead = -3;
/** In a collecting machine: added to a transition on which a match ends. */
const acceptBit = 1 << 28;
const stateMask = acceptBit - 1;
/** What came before the current position. */
const contextStart = 0;
const contextWord = 1;
const contextOther = 2;
const contextLine = 3;
const lineFeed = 10;

class Unsupported extends Error {}

class Program {
  op: number[] = [];
  x: number[] = [];
  y: number[] = [];
  sets: Uint8Array[] = [];
  private setIds = new Map<string, number>();

  emit(op: number, x: number, y: number): number {
    if (this.op.length >= maxInstructions) throw new Unsupported();
    this.op.push(op);
    this.x.push(x);
    this.y.push(y);
    return this.op.length - 1;
  }

  setId(bytes: Uint8Array): number {
    const key = Buffer.from(bytes).toString('latin1');
    let id = this.setIds.get(key);
    if (id === undefined) { id = this.sets.push(bytes) - 1; this.setIds.set(key, id); }
    return id;
  }

  /** Compiles `node` so that it continues at `next`; returns its entry. Built back to front. */
  compile(node: PatternNode, next: number): number {
    switch (node.kind) {
      case 'set': return this.emit(opSet, this.setId(node.bytes), next);
      case 'assert': return this.emit(opAssert, assertCodes[node.which], next);
      case 'opaque': throw new Unsupported();
      case 'sequence': {
        let entry = next;
        for (let i = node.items.length - 1; i >= 0; i--) entry = this.compile(node.items[i]!, entry);
        return entry;
      }
      case 'choice': {
        let entry = this.compile(node.options[node.options.length - 1]!, next);
        for (let i = node.options.length - 2; i >= 0; i--) entry = this.emit(opSplit, this.compile(node.options[i]!, next), entry);
        return entry;
      }
      case 'repeat': return this.repeat(node, next);
    }
  }

  private repeat(node: Extract<PatternNode, { kind: 'repeat' }>, next: number): number {
    let entry = next;
    if (node.max === Infinity) {
      const loop = this.emit(opSplit, 0, next);
      this.x[loop] = this.compile(node.item, loop);
      entry = loop;
    } else {
      for (let i = node.min; i < node.max; i++) entry = this.emit(opSplit, this.compile(node.item, entry), next);
    }
    for (let i = 0; i < node.min; i++) entry = this.compile(node.item, entry);
    return entry;
  }
}

/** Byte -> class, such that all sets (and \w) treat the bytes of a class alike. */
function byteClasses(sets: readonly Uint8Array[]): { classes: Uint8Array; representatives: number[] } {
  const classes = new Uint8Array(256);
  const seen = new Map<string, number>();
  const representatives: number[] = [];
  for (let code = 0; code < 256; code++) {
    let key = code === lineFeed ? 'n' : String(isWordByte[code]);
    for (const set of sets) key += set[code] === 1 ? '1' : '0';
    let id = seen.get(key);
    if (id === undefined) { id = representatives.push(code) - 1; seen.set(key, id); }
    classes[code] = id;
  }
  return { classes, representatives };
}

interface State { readonly pcs: Int32Array; readonly context: number }

export class LinearMatcher {
  private readonly program: Program;
  private readonly start: number;
  private readonly anchored: boolean;
  private readonly classes: Uint8Array;
  private readonly representatives: readonly number[];
  private readonly width: number;
  private table: Int32Array;
  private states: State[] = [];
  private ids = new Map<string, number>();
  private readonly stamp: Int32Array;
  private generation = 0;
  private stack: number[] = [];

  /** Collecting machines go on after a match, to find the last place where one ends. */
  private readonly collect: boolean;

  constructor(program: Program, start: number, anchored: boolean, collect: boolean) {
    this.program = program;
    this.collect = collect;
    this.start = start;
    this.anchored = anchored;
    const { classes, representatives } = byteClasses(program.sets);
    this.classes = classes;
    this.representatives = representatives;
    this.width = representatives.length + 1;
    this.table = new Int32Array(this.width * 16).fill(unknownState);
    this.stamp = new Int32Array(program.op.length);
    this.reset();
  }

  /** Offset just after the earliest-ending match, or -1. */
  search(text: string): number {
    const { classes, width } = this;
    let { table } = this;
    // States are offsets into the table.
    let state = 0;
    for (let i = 0; i < text.length; i++) {
      let next = table[state + classes[text.charCodeAt(i) & 255]!]!;
      if (next < 0) {
        if (next === unknownState) {
          next = this.advance(state, classes[text.charCodeAt(i) & 255]!);
          table = this.table;
        }
        if (next === matched) return i;
        if (next === dead) return -1;
      }
      state = next;
    }
    let last = this.table[state + width - 1]!;
    if (last === unknownState) last = this.advance(state, width - 1);
    return last === matched ? text.length : -1;
  }

  /**
   * For a collecting machine of the reversed pattern: the smallest offset at which a match of the pattern begins, or -1.
   * Reads the text from its end.
   */
  firstStart(text: string): number {
    const { classes, width } = this;
    let state = 0;
    let found = -1;
    for (let i = text.length - 1; i >= 0; i--) {
      const byteClass = classes[text.charCodeAt(i) & 255]!;
      let next = this.table[state + byteClass]!;
      if (next === unknownState) next = this.advance(state, byteClass);
      if (next === dead) return found;
      if (next >= acceptBit) found = i + 1;
      state = next & stateMask;
    }
    let last = this.table[state + width - 1]!;
    if (last === unknownState) last = this.advance(state, width - 1);
    return last >= acceptBit ? 0 : found;
  }

  private reset(): void {
    this.states = [];
    this.ids.clear();
    this.stateOf([this.start], contextStart);
  }

  private stateOf(pcs: number[], context: number): number {
    pcs.sort((a, b) => a - b);
    const key = `${context}:${pcs.join(',')}`;
    const known = this.ids.get(key);
    if (known !== undefined) return known * this.width;
    const id = this.states.push({ pcs: Int32Array.from(pcs), context }) - 1;
    this.ids.set(key, id);
    const needed = (id + 1) * this.width;
    if (needed > this.table.length) {
      const larger = new Int32Array(this.table.length * 2).fill(unknownState);
      larger.set(this.table);
      this.table = larger;
    }
    this.table.fill(unknownState, id * this.width, needed);
    return id * this.width;
  }

  /** Computes one transition; the last class is the end of the text. */
  private advance(from: number, byteClass: number): number {
    const state = this.states[from / this.width]!;
    const atEnd = byteClass === this.width - 1;
    const byte = atEnd ? -1 : this.representatives[byteClass]!;
    const following: number[] = [];
    const found = this.step(state, byte, following);
    let result: number;
    if (found && !this.collect) result = matched;
    else if (atEnd) result = found ? acceptBit : dead;
    else {
      if (!this.anchored) following.push(this.start);
      if (following.length === 0 && !found) result = dead;
      else {
        const context = isWordByte[byte] === 1 ? contextWord : byte === lineFeed ? contextLine : contextOther;
        const overflow = (this.states.length + 1) * this.width > maxTableCells;
        if (overflow) this.reset();
        const next = this.stateOf([...new Set(following)], context) | (found ? acceptBit : 0);
        if (overflow) return next;
        result = next;
      }
    }
    this.table[from + byteClass] = result;
    return result;
  }

  /** Follows everything that needs no byte, then `byte`; true when a match ends here. */
  private step(state: State, byte: number, following: number[]): boolean {
    const { op, x, y, sets } = this.program;
    const stack = this.stack;
    const generation = ++this.generation;
    const wordBefore = state.context === contextWord;
    const boundary = wordBefore !== (byte >= 0 && isWordByte[byte] === 1);
    stack.length = 0;
    let found = false;
    for (const pc of state.pcs) stack.push(pc);
    while (stack.length > 0) {
      const pc = stack.pop()!;
      if (this.stamp[pc] === generation) continue;
      this.stamp[pc] = generation;
      const code = op[pc]!;
      if (code === opSet) {
        if (byte >= 0 && sets[x[pc]!]![byte] === 1) following.push(y[pc]!);
      } else if (code === opSplit) stack.push(y[pc]!, x[pc]!);
      else if (code === opMatch) found = true;
      else {
        const which = x[pc]!;
        if (holds(which, state.context, byte, boundary)) stack.push(y[pc]!);
      }
    }
    return found;
  }
}

function holds(which: number, context: number, byte: number, boundary: boolean): boolean {
  switch (which) {
    case assertCodes.start: return context === contextStart;
    case assertCodes.end: return byte < 0;
    case assertCodes.boundary: return boundary;
    case assertCodes.inside: return !boundary;
    case assertCodes.lineStart: return context === contextStart || context === contextLine;
    default: return byte < 0 || byte === lineFeed;
  }
}

const opposite = { start: 'end', end: 'start', lineStart: 'lineEnd', lineEnd: 'lineStart', boundary: 'boundary', inside: 'inside' } as const;

function startsAnchored(node: PatternNode): boolean {
  if (node.kind === 'assert') return node.which === 'start';
  if (node.kind === 'sequence') return node.items.length > 0 && startsAnchored(node.items[0]!);
  return node.kind === 'choice' && node.options.every(startsAnchored);
}

/** The same pattern read from its end. */
function reversed(node: PatternNode): PatternNode {
  switch (node.kind) {
    case 'sequence': return { kind: 'sequence', items: node.items.toReversed().map(reversed) };
    case 'choice': return { kind: 'choice', options: node.options.map(reversed) };
    case 'repeat': return { ...node, item: reversed(node.item) };
    case 'assert': return { kind: 'assert', which: opposite[node.which] };
    default: return node;
  }
}

function build(node: PatternNode, collect: boolean): LinearMatcher | null {
  const program = new Program();
  try {
    const match = program.emit(opMatch, 0, 0);
    const start = program.compile(node, match);
    return new LinearMatcher(program, start, startsAnchored(node), collect);
  } catch (error) {
    if (error instanceof Unsupported) return null;
    throw error;
  }
}

/** A matcher for the pattern, or null when it has lookaround, references or too many states. */
export function linearMatcher(node: PatternNode): LinearMatcher | null {
  return build(node, false);
}

/** The pattern with whatever only a backtracking engine can decide taken as "anything": it matches more, never less. */
function relaxed(node: PatternNode): PatternNode {
  switch (node.kind) {
    case 'sequence': return { kind: 'sequence', items: node.items.map(relaxed) };
    case 'choice': return { kind: 'choice', options: node.options.map(relaxed) };
    case 'repeat': return { ...node, item: relaxed(node.item) };
    case 'opaque': return { kind: 'repeat', item: { kind: 'set', bytes: new Uint8Array(256).fill(1) }, min: 0, max: Infinity, greedy: true };
    default: return node;
  }
}

/** For patterns with lookaround or references: where this finds nothing, the pattern does not match. */
export function relaxedMatcher(node: PatternNode): LinearMatcher | null {
  return build(relaxed(node), false);
}

/** A matcher that tells where the leftmost match begins (`firstStart`), or null. */
export function startFinder(node: PatternNode): LinearMatcher | null {
  return build(reversed(node), true);
}
