// A matcher for many phrases at once, without regard to ASCII case: Aho-Corasick over a hashed edge table, built at the
// first value that needs it. One step per byte whatever the value.
function fold(code: number): number {
  return code >= 65 && code <= 90 ? code | 32 : code & 255;
}

export class PhraseMatcher {
  private readonly phrases: readonly string[];
  private edges: Map<number, number> | null = null;
  private failures: number[] = [];
  /** Length of the longest phrase that ends in a state; 0 for none. */
  private ends: number[] = [];

  constructor(phrases: readonly string[]) {
    this.phrases = phrases;
  }

  /** The first phrase to end in the value, as it stands there, or null. */
  find(value: string): string | null {
    const edges = this.edges ?? this.build();
    let state = 0;
    for (let i = 0; i < value.length; i++) {
      const byte = fold(value.charCodeAt(i));
      let next = edges.get(state * 256 + byte);
      while (next === undefined && state !== 0) {
        state = this.failures[state]!;
        next = edges.get(state * 256 + byte);
      }
      state = next ?? 0;
      const length = this.ends[state]!;
      if (length > 0) return value.slice(i + 1 - length, i + 1);
    }
    return null;
  }

  private build(): Map<number, number> {
    const edges = new Map<number, number>();
    const parents: number[] = [0];
    const bytes: number[] = [0];
    const depths: number[] = [0];
    this.ends = [0];
    for (const phrase of this.phrases) {
      let state = 0;
      for (let i = 0; i < phrase.length; i++) {
        const key = state * 256 + fold(phrase.charCodeAt(i));
        let next = edges.get(key);
        if (next === undefined) {
          next = parents.length;
          edges.set(key, next);
          parents.push(state);
          bytes.push(key & 255);
          depths.push(i + 1);
          this.ends.push(0);
        }
        state = next;
      }
      if (state !== 0) this.ends[state] = phrase.length;
    }
    this.link(edges, parents, bytes, depths);
    this.edges = edges;
    return edges;
  }

  private link(edges: Map<number, number>, parents: readonly number[], bytes: readonly number[], depths: readonly number[]): void {
    const order = parents.map((_, state) => state).sort((a, b) => depths[a]! - depths[b]!);
    this.failures = parents.map(() => 0);
    for (const state of order) {
      if (depths[state]! < 2) continue;
      let fallback = this.failures[parents[state]!]!;
      let next = edges.get(fallback * 256 + bytes[state]!);
      while (next === undefined && fallback !== 0) {
        fallback = this.failures[fallback]!;
        next = edges.get(fallback * 256 + bytes[state]!);
      }
      this.failures[state] = next ?? 0;
      if (this.ends[state] === 0) this.ends[state] = this.ends[next ?? 0]!;
    }
  }
}
