// A Bloom filter of the ids, sessions and clients of one block: says for certain that a block does not hold one.
// Sized by what is in it: built wide, then folded in half while there is room. Four probes; about 3 % false answers.

const probes = 4;
const largestBits = 1 << 17;

/** FNV-1a over the characters, then mixed. */
export function tokenHash(text: string, start = 0, end = text.length): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function step(hash: number): number {
  return Math.imul(hash, 0x9e3779b1) | 1;
}

export class TokenFilterBuilder {
  readonly #words = new Uint32Array(largestBits / 32);
  #tokens = 0;
  #last = 0;

  add(hash: number): void {
    if (hash === this.#last) return;
    this.#last = hash;
    this.#tokens++;
    const stride = step(hash);
    for (let probe = 0; probe < probes; probe++) {
      const bit = hash & (largestBits - 1);
      this.#words[bit >>> 5]! |= 1 << (bit & 31);
      hash = (hash + stride) | 0;
    }
  }

  /** The filter, and begins a new one. */
  finish(): Uint8Array {
    let bits = largestBits;
    const words = this.#words;
    // Wider than this many bits cannot be needed; fold without counting.
    while (bits > 512 && bits > this.#tokens * 16) bits = fold(words, bits);
    while (bits > 512 && ones(words, bits) < bits * 0.23) bits = fold(words, bits);
    const filter = new Uint8Array(words.buffer.slice(0, bits / 8));
    words.fill(0);
    this.#tokens = 0;
    this.#last = 0;
    return filter;
  }
}

function fold(words: Uint32Array, bits: number): number {
  const half = bits / 64;
  for (let at = 0; at < half; at++) words[at]! |= words[at + half]!;
  return bits / 2;
}

function ones(words: Uint32Array, bits: number): number {
  let total = 0;
  for (let at = 0; at < bits / 32; at++) {
    let word = words[at]!;
    word -= (word >>> 1) & 0x55555555;
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
    total += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return total;
}

/** False is certain. A filter of another size than this code makes says true. */
export function mayContain(filter: Uint8Array, hash: number): boolean {
  const bits = filter.length * 8;
  if (bits < 512 || (bits & (bits - 1)) !== 0) return true;
  const stride = step(hash);
  for (let probe = 0; probe < probes; probe++) {
    const bit = hash & (bits - 1);
    if ((filter[bit >>> 3]! & (1 << (bit & 7))) === 0) return false;
    hash = (hash + stride) | 0;
  }
  return true;
}
