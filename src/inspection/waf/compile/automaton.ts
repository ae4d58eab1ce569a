// The gate in front of all patterns: one Aho-Corasick automaton over the required literals of every rule, folded to lower
// case, as a dense table. One pass over a value tells which rules can match it at all, and which character classes occur
// in it. A rule has one or two literal sets; it is live when each set had a hit. A long value is read in four places at a
// time: each step of one waits for a load, and what was found is a set, to which any order of reading leads.
import { classOf } from '../transformations/contract.ts';

export interface GateLiterals { readonly gate: number; readonly sets: readonly (readonly string[])[] }

/** What a scan found. Lives until the next scan into the same object. */
export class ScanResult {
  /** Bit per gate: its first literal set was hit. */
  readonly first: Int32Array;
  /** Bit per gate: its second literal set was hit, or it has none. */
  readonly second: Int32Array;
  classes = 0;

  constructor(words: number) {
    this.first = new Int32Array(words);
    this.second = new Int32Array(words);
  }
}

/** Low bits of a step; there are fewer than 256 columns and 22 character classes. */
const columnBits = 8;
const columnMask = 255;
/** Values from this length on are read in four lanes. */
const lanesFrom = 160;
let bytes = Buffer.allocUnsafe(16384);

/** A shared buffer with the value's bytes; lives until the next call. */
function bytesOf(value: string): Uint8Array {
  if (bytes.length < value.length || (bytes.length > 4_194_304 && value.length < 1_048_576)) bytes = Buffer.allocUnsafe(Math.max(16384, value.length));
  bytes.write(value, 0, 'latin1');
  return bytes;
}

export class Automaton {
  readonly words: number;
  /** Length of the longest literal: how far lanes overlap, plus one. */
  private readonly longest: number;
  /** Per byte: its column in the table, and above that its character classes. */
  private readonly steps: Int32Array;
  private readonly width: number;
  private readonly table: Uint16Array | Uint32Array;
  /** Per state: start of its outputs in `outputs`, and the nearest suffix state that has outputs. */
  private readonly outputStart: Int32Array;
  private readonly outputs: Int32Array;
  private readonly link: Int32Array;
  private readonly stamps: Int32Array;
  private readonly secondDefault: Int32Array;
  private generation = 0;

  constructor(gates: readonly GateLiterals[]) {
    this.words = Math.max(1, Math.ceil(gates.length / 32));
    this.secondDefault = new Int32Array(this.words).fill(-1);
    const builder = new TrieBuilder();
    for (const { gate, sets } of gates) {
      sets.slice(0, 2).forEach((set, which) => {
        if (which === 1) this.secondDefault[gate >> 5] = this.secondDefault[gate >> 5]! & ~(1 << (gate & 31));
        for (const literal of set) builder.add(literal, gate * 2 + which);
      });
    }
    const built = builder.finish();
    this.steps = Int32Array.from(built.byteClass, (column, code) => (classOf[code]! << columnBits) | column);
    this.width = built.width;
    this.table = built.table;
    this.longest = built.longest;
    this.outputStart = built.outputStart;
    this.outputs = built.outputs;
    this.link = built.link;
    // States that report nothing carry a stamp that always looks visited.
    this.stamps = Int32Array.from({ length: built.link.length }, (_, state) => (built.reports[state] === 1 ? 0 : 0x7fffffff));
  }

  get states(): number {
    return this.link.length;
  }

  scan(value: string, into: ScanResult): void {
    into.first.fill(0);
    into.second.set(this.secondDefault);
    const generation = ++this.generation;
    if (value.length < lanesFrom) this.scanShort(value, generation, into);
    else this.scanLanes(value, generation, into);
    if (generation === 0x7ffffffe) this.restart();
  }

  private scanShort(value: string, generation: number, into: ScanResult): void {
    const { steps, width, table, stamps } = this;
    let state = 0;
    let classes = 0;
    for (let i = 0; i < value.length; i++) {
      const step = steps[value.charCodeAt(i) & 255]!;
      classes |= step;
      state = table[state * width + (step & columnMask)]!;
      if (stamps[state]! < generation) this.report(state, generation, into);
    }
    into.classes = classes >> columnBits;
  }

  /** Four lanes of equal length that overlap so far that each literal stands in one of them as a whole. */
  private scanLanes(value: string, generation: number, into: ScanResult): void {
    const { steps, width, table, stamps } = this;
    const text = bytesOf(value);
    const overlap = Math.max(0, this.longest - 1);
    const length = Math.min(value.length, Math.ceil((value.length + 3 * overlap) / 4) + 1);
    const last = value.length - length;
    const distance = Math.ceil(last / 3);
    const second = Math.min(distance, last);
    const third = Math.min(2 * distance, last);
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let classes = 0;
    for (let i = 0; i < length; i++) {
      const one = steps[text[i]!]!;
      const two = steps[text[second + i]!]!;
      const three = steps[text[third + i]!]!;
      const four = steps[text[last + i]!]!;
      classes |= one | two | three | four;
      a = table[a * width + (one & columnMask)]!;
      b = table[b * width + (two & columnMask)]!;
      c = table[c * width + (three & columnMask)]!;
      d = table[d * width + (four & columnMask)]!;
      if (stamps[a]! < generation) this.report(a, generation, into);
      if (stamps[b]! < generation) this.report(b, generation, into);
      if (stamps[c]! < generation) this.report(c, generation, into);
      if (stamps[d]! < generation) this.report(d, generation, into);
    }
    into.classes = classes >> columnBits;
  }

  private report(from: number, generation: number, into: ScanResult): void {
    let state = from;
    while (this.stamps[state]! < generation) {
      this.stamps[state] = generation;
      for (let k = this.outputStart[state]!; k < this.outputStart[state + 1]!; k++) {
        const output = this.outputs[k]!;
        const gate = output >> 1;
        const target = (output & 1) === 0 ? into.first : into.second;
        target[gate >> 5] = target[gate >> 5]! | (1 << (gate & 31));
      }
      state = this.link[state]!;
    }
  }

  private restart(): void {
    this.generation = 0;
    for (let state = 0; state < this.stamps.length; state++) if (this.stamps[state] !== 0x7fffffff) this.stamps[state] = 0;
  }
}

interface Built {
  readonly byteClass: Uint8Array;
  readonly width: number;
  readonly table: Uint16Array | Uint32Array;
  readonly longest: number;
  readonly outputStart: Int32Array;
  readonly outputs: Int32Array;
  readonly link: Int32Array;
  readonly reports: Uint8Array;
}

class TrieBuilder {
  private readonly literals = new Map<string, number[]>();

  add(literal: string, output: number): void {
    const known = this.literals.get(literal);
    if (known === undefined) this.literals.set(literal, [output]);
    else if (known[known.length - 1] !== output) known.push(output);
  }

  finish(): Built {
    // In order, so that a literal shares its beginning with the one before.
    const sorted = [...this.literals.keys()].sort();
    const { byteClass, width } = classesOf(sorted);
    const { count, parents, labels, ends } = trieOf(sorted);
    const own: (number[] | null)[] = Array.from({ length: count }, () => null);
    sorted.forEach((literal, i) => { own[ends[i]!] = this.literals.get(literal)!; });
    const outputStart = new Int32Array(count + 1);
    const flat: number[] = [];
    for (let state = 0; state < count; state++) {
      outputStart[state] = flat.length;
      const outputs = own[state];
      if (outputs) flat.push(...outputs);
    }
    outputStart[count] = flat.length;
    const steps = labels.subarray(0, count).map((code) => byteClass[code]!);
    const table = count < 65536 ? new Uint16Array(count * width) : new Uint32Array(count * width);
    const { link, reports } = complete(table, width, parents.subarray(0, count), steps, own);
    const longest = sorted.reduce((most, literal) => Math.max(most, literal.length), 0);
    return { byteClass, width, table, longest, outputStart, outputs: Int32Array.from(flat), link, reports };
  }
}

/** A class for each byte that occurs in a literal, capitals with their letters; 0 for all others. */
function classesOf(literals: readonly string[]): { byteClass: Uint8Array; width: number } {
  const byteClass = new Uint8Array(256);
  let width = 1;
  for (const literal of literals) {
    for (let i = 0; i < literal.length; i++) {
      const code = literal.charCodeAt(i) & 255;
      if (byteClass[code] === 0) byteClass[code] = width++;
    }
  }
  for (let code = 65; code <= 90; code++) byteClass[code] = byteClass[code + 32]!;
  return { byteClass, width };
}

/** The trie of sorted literals: the parent and the last byte of each state, and where each literal ends. */
function trieOf(sorted: readonly string[]): { count: number; parents: Int32Array; labels: Uint8Array; ends: Int32Array } {
  const total = sorted.reduce((sum, literal) => sum + literal.length, 1);
  const parents = new Int32Array(total);
  const labels = new Uint8Array(total);
  const ends = new Int32Array(sorted.length);
  const path = [0];
  let count = 1;
  let before = '';
  for (const [at, literal] of sorted.entries()) {
    let shared = 0;
    while (shared < before.length && shared < literal.length && before.charCodeAt(shared) === literal.charCodeAt(shared)) shared++;
    for (let i = shared; i < literal.length; i++) {
      parents[count] = path[i]!;
      labels[count] = literal.charCodeAt(i) & 255;
      path[i + 1] = count++;
    }
    ends[at] = path[literal.length]!;
    before = literal;
  }
  return { count, parents, labels, ends };
}

/** Writes the transitions, those that failure links stand for among them; breadth first, so that shorter suffixes are done before. */
function complete(
  table: Uint16Array | Uint32Array, width: number, parents: Int32Array, steps: Uint8Array, own: readonly (number[] | null)[],
): { link: Int32Array; reports: Uint8Array } {
  const count = own.length;
  const failure = new Int32Array(count);
  const link = new Int32Array(count);
  const reports = new Uint8Array(count);
  // Children of a state as a list; 0, the root, is no state's child: it ends one.
  const firstChild = new Int32Array(count);
  const nextChild = new Int32Array(count);
  for (let state = count - 1; state > 0; state--) {
    nextChild[state] = firstChild[parents[state]!]!;
    firstChild[parents[state]!] = state;
  }
  const queue = new Int32Array(count);
  let tail = 1;
  for (let head = 0; head < tail; head++) {
    const state = queue[head]!;
    const fallback = failure[state]!;
    if (state !== 0) {
      link[state] = own[fallback] ? fallback : link[fallback]!;
      if (own[state] || link[state] !== 0) reports[state] = 1;
      table.copyWithin(state * width, fallback * width, (fallback + 1) * width);
    }
    for (let child = firstChild[state]!; child !== 0; child = nextChild[child]!) {
      const cell = state * width + steps[child]!;
      failure[child] = table[cell]!;
      table[cell] = child;
      queue[tail++] = child;
    }
  }
  return { link, reports };
}
