// A matcher for many phrases at once, without regard to ASCII case: Aho-Corasick over a hashed edge table, built at the
// first value that needs it. Amortised one step per byte whatever the value.
function fold(code: number): number {
  return code >= 65 && code <= 90 ? code | 32 : code & 255;
}

/** Edges (state, byte) -> state in an open-addressed table. */
class EdgeTable {
  private keys: Int32Array;
  private targets: Int32Array;
  private shift: number;
  private used = 0;

  constructor(expected: number) {
    let bits = 4;
    while (1 << bits < expected * 2) bits++;
    this.keys = new Int32Array(1 << bits).fill(-1);
    this.targets = new Int32Array(1 << bits);
    this.shift = 32 - bits;
  }

  /** The target, or -1. */
  get(key: number): number {
    const { keys } = this;
    const mask = keys.length - 1;
    let at = Math.imul(key, 0x9e3779b1) >>> this.shift;
    for (;;) {
      const found = keys[at]!;
      if (found === key) return this.targets[at]!;
      if (found === -1) return -1;
      at = (at + 1) & mask;
    }
  }

  add(key: number, target: number): void {
    if (this.used * 2 >= this.keys.length) throw new Error('edge table is full');
    const mask = this.keys.length - 1;
    let at = Math.imul(key, 0x9e3779b1) >>> this.shift;
    while (this.keys[at] !== -1) at = (at + 1) & mask;
    this.keys[at] = key;
    this.targets[at] = target;
    this.used++;
  }
}

interface Machine {
  readonly root: Int32Array;
  readonly edges: EdgeTable;
  readonly failures: Int32Array;
  /** Length of the longest phrase that ends in a state; 0 for none. */
  readonly ends: Int32Array;
}

function build(phrases: readonly string[]): Machine {
  const total = phrases.reduce((sum, phrase) => sum + phrase.length, 1);
  const edges = new EdgeTable(total + 1);
  const parents = new Int32Array(total + 1);
  const bytes = new Uint8Array(total + 1);
  const depths = new Int32Array(total + 1);
  const ends = new Int32Array(total + 1);
  let count = 1;
  for (const phrase of phrases) {
    let state = 0;
    for (let i = 0; i < phrase.length; i++) {
      const byte = fold(phrase.charCodeAt(i));
      let next = edges.get(state * 256 + byte);
      if (next < 0) {
        next = count++;
        edges.add(state * 256 + byte, next);
        parents[next] = state;
        bytes[next] = byte;
        depths[next] = i + 1;
      }
      state = next;
    }
    if (state !== 0) ends[state] = phrase.length;
  }
  const root = Int32Array.from({ length: 256 }, (_, byte) => Math.max(0, edges.get(byte)));
  const failures = new Int32Array(count);
  const order = Array.from({ length: count }, (_, state) => state).sort((a, b) => depths[a]! - depths[b]!);
  for (const state of order) {
    if (depths[state]! < 2) continue;
    let fallback = failures[parents[state]!]!;
    let next = edges.get(fallback * 256 + bytes[state]!);
    while (next < 0 && fallback !== 0) {
      fallback = failures[fallback]!;
      next = edges.get(fallback * 256 + bytes[state]!);
    }
    failures[state] = Math.max(0, next);
    if (ends[state] === 0) ends[state] = ends[failures[state]!]!;
  }
  return { root, edges, failures, ends: ends.slice(0, count) };
}

export class PhraseMatcher {
  private readonly phrases: readonly string[];
  private machine: Machine | null = null;

  constructor(phrases: readonly string[]) {
    this.phrases = phrases;
  }

  /** The first phrase to end in the value, as it stands there, or null. */
  find(value: string): string | null {
    const { root, edges, failures, ends } = this.machine ??= build(this.phrases);
    let state = 0;
    for (let i = 0; i < value.length; i++) {
      const byte = fold(value.charCodeAt(i));
      let next = -1;
      while (state !== 0) {
        next = edges.get(state * 256 + byte);
        if (next >= 0) break;
        state = failures[state]!;
      }
      state = state === 0 ? root[byte]! : next;
      const length = ends[state]!;
      if (length > 0) return value.slice(i + 1 - length, i + 1);
    }
    return null;
  }
}
