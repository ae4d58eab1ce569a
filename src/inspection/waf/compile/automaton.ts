// The gate in front of all patterns: one Aho-Corasick automaton over the required literals of every rule, folded to lower
// case, as a dense table. One pass over a value tells which rules can match it at all, and which character classes occur
// in it. A rule has one or two literal sets; it is live when each set had a hit.
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

export class Automaton {
  readonly words: number;
  private readonly byteClass: Uint8Array;
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
    this.byteClass = built.byteClass;
    this.width = built.width;
    this.table = built.table;
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
    const { byteClass, width, table, stamps } = this;
    into.first.fill(0);
    into.second.set(this.secondDefault);
    const generation = ++this.generation;
    let state = 0;
    let classes = 0;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i) & 255;
      classes |= classOf[code]!;
      state = table[state * width + byteClass[code]!]!;
      if (stamps[state]! < generation) this.report(state, generation, into);
    }
    into.classes = classes;
    if (generation === 0x7ffffffe) this.restart();
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

class TrieBuilder {
  private readonly literals = new Map<string, number[]>();

  add(literal: string, output: number): void {
    const known = this.literals.get(literal);
    if (known === undefined) this.literals.set(literal, [output]);
    else if (known[known.length - 1] !== output) known.push(output);
  }

  finish(): { byteClass: Uint8Array; width: number; table: Uint16Array | Uint32Array; outputStart: Int32Array; outputs: Int32Array; link: Int32Array; reports: Uint8Array } {
    const byteClass = new Uint8Array(256);
    let width = 1;
    let total = 1;
    for (const literal of this.literals.keys()) {
      total += literal.length;
      for (let i = 0; i < literal.length; i++) {
        const code = literal.charCodeAt(i) & 255;
        if (byteClass[code] === 0) byteClass[code] = width++;
      }
    }
    for (let code = 65; code <= 90; code++) byteClass[code] = byteClass[code + 32]!;
    // 0, the root, is no state's child: it stands for "none yet".
    let next = new Int32Array(total * width);
    const own: (number[] | null)[] = [null];
    for (const [literal, outputs] of this.literals) {
      let state = 0;
      for (let i = 0; i < literal.length; i++) {
        const cell = state * width + byteClass[literal.charCodeAt(i) & 255]!;
        if (next[cell] === 0) { next[cell] = own.length; own.push(null); }
        state = next[cell]!;
      }
      own[state] = outputs;
    }
    next = next.subarray(0, own.length * width);
    const { link, reports } = complete(next, width, own);
    const outputStart = new Int32Array(own.length + 1);
    const flat: number[] = [];
    own.forEach((outputs, state) => {
      outputStart[state] = flat.length;
      if (outputs) flat.push(...outputs);
    });
    outputStart[own.length] = flat.length;
    const table = own.length < 65536 ? new Uint16Array(next) : new Uint32Array(next);
    return { byteClass, width, table, outputStart, outputs: Int32Array.from(flat), link, reports };
  }
}

/** Fills in the transitions that failure links stand for; breadth first, so that shorter suffixes are done before. */
function complete(next: Int32Array, width: number, own: readonly (number[] | null)[]): { link: Int32Array; reports: Uint8Array } {
  const count = own.length;
  const failure = new Int32Array(count);
  const link = new Int32Array(count);
  const reports = new Uint8Array(count);
  const queue: number[] = [];
  for (let cls = 0; cls < width; cls++) {
    if (next[cls] !== 0) queue.push(next[cls]!);
  }
  for (let head = 0; head < queue.length; head++) {
    const state = queue[head]!;
    const fallback = failure[state]!;
    link[state] = own[fallback] ? fallback : link[fallback]!;
    if (own[state] || link[state] !== 0) reports[state] = 1;
    for (let cls = 0; cls < width; cls++) {
      const cell = state * width + cls;
      const viaFailure = next[fallback * width + cls]!;
      if (next[cell] === 0) next[cell] = viaFailure;
      else { failure[next[cell]!] = viaFailure; queue.push(next[cell]!); }
    }
  }
  return { link, reports };
}
