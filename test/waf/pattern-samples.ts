// Random texts out of a pattern's own tree: matching ones, and near misses. Deterministic for a seed.
import type { PatternNode } from '#inspection/waf/regex/parse.ts';

export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0 || 1;
  }

  /** An integer from 0 to below `limit`. */
  below(limit: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % limit;
  }
}

function charOf(bytes: Uint8Array, random: Random): string {
  const start = random.below(256);
  for (let i = 0; i < 256; i++) {
    const code = (start + i) & 255;
    // Mostly printable, where the set allows it.
    if (bytes[code] === 1 && (i > 200 || (code >= 32 && code < 127) || random.below(8) === 0)) return String.fromCharCode(code);
  }
  return bytes.indexOf(1) < 0 ? '' : String.fromCharCode(bytes.indexOf(1));
}

/** A text that the node may match (assertions are not honoured). */
export function sampleOf(node: PatternNode, random: Random): string {
  switch (node.kind) {
    case 'set': return charOf(node.bytes, random);
    case 'sequence': return node.items.map((item) => sampleOf(item, random)).join('');
    case 'choice': return sampleOf(node.options[random.below(node.options.length)]!, random);
    case 'repeat': {
      const span = Math.min(node.max, node.min + 3) - node.min;
      const count = node.min + (span > 0 ? random.below(span + 1) : 0);
      return Array.from({ length: Math.min(count, 60) }, () => sampleOf(node.item, random)).join('');
    }
    default: return '';
  }
}

const junk = [' ', 'a', '0', '"', "'", '(', '\n', '\\', '/', '<', '=', '\xe9', '\0', 'select', '%27'];

/** Changes a text a little. */
export function mutate(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  switch (random.below(5)) {
    case 0: return text.slice(0, at) + text.slice(at + 1);
    case 1: return text.slice(0, at) + junk[random.below(junk.length)]! + text.slice(at);
    case 2: return text.toUpperCase().replaceAll(/[^\x00-\xff]/g, '\xff');
    case 3: return junk[random.below(junk.length)]! + text + junk[random.below(junk.length)]!;
    default: return text.slice(0, at) + text.slice(0, at);
  }
}
