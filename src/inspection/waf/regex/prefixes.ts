// How the texts that a pattern's tree can match begin: their first few bytes, folded to lower case, as a short list.
// For gates (literals.ts): a letter followed by "any junk, then this letter" is a rare pair, though no literal is longer.
import type { PatternNode } from './parse.ts';

/**
 * How what a node matches begins. `open` are whole texts, to which what follows the node may be added; `cut` are beginnings that
 * are long enough, or after which too much is possible to list. Every text that the node matches is in `open` or begins with
 * one of `cut`.
 */
interface Beginnings { readonly cut: readonly string[]; readonly open: readonly string[] }

const maxBeginnings = 120;
const maxBytesOfSet = 24;
const nothing: Beginnings = { cut: [], open: [''] };
const anything: Beginnings = { cut: [''], open: [] };
/** Loops are shared between patterns (parse.ts), and so is what is known of them: by length. */
const ofLoops: readonly WeakMap<PatternNode, Beginnings>[] = [new WeakMap(), new WeakMap(), new WeakMap()];
const ofSets = new WeakMap<Uint8Array, readonly string[] | null>();

/** The bytes of a set, letters in lower case; null when there are many. */
export function bytesOf(bytes: Uint8Array): readonly string[] | null {
  let chars = ofSets.get(bytes);
  if (chars === undefined) {
    chars = listed(bytes);
    ofSets.set(bytes, chars);
  }
  return chars;
}

function listed(bytes: Uint8Array): readonly string[] | null {
  const chars: string[] = [];
  for (let code = 0; code < 256; code++) {
    if (bytes[code] === 0 || (code >= 65 && code <= 90 && bytes[code + 32] === 1)) continue;
    chars.push(String.fromCharCode(code >= 65 && code <= 90 ? code + 32 : code));
    if (chars.length > maxBytesOfSet) return null;
  }
  return chars;
}

function distinct(texts: string[]): readonly string[] {
  return texts.length < 2 ? texts : [...new Set(texts)];
}

/** `first` with what may come after it; too many beginnings are left as they were before. */
function followed(first: Beginnings, rest: Beginnings, length: number): Beginnings {
  if (first.open.length === 1 && first.open[0] === '' && first.cut.length === 0) return rest;
  if ((rest.cut.length + rest.open.length) * first.open.length + first.cut.length > maxBeginnings) return { cut: [...first.cut, ...first.open], open: [] };
  const cut = [...first.cut];
  const open: string[] = [];
  for (const head of first.open) {
    for (const tail of rest.cut) cut.push((head + tail).slice(0, length));
    for (const tail of rest.open) {
      const text = head + tail;
      if (text.length < length) open.push(text);
      else cut.push(text.slice(0, length));
    }
  }
  return { cut: distinct(cut), open: distinct(open) };
}

function union(all: readonly Beginnings[]): Beginnings {
  const cut = distinct(all.flatMap((one) => one.cut));
  const open = distinct(all.flatMap((one) => one.open));
  return cut.length + open.length > maxBeginnings || cut.includes('') ? anything : { cut, open };
}

function sequence(items: readonly PatternNode[], from: number, length: number): Beginnings {
  let result = nothing;
  for (let i = from; i < items.length && result.open.length > 0; i++) result = followed(result, beginnings(items[i]!, length), length);
  return result;
}

function repeat(node: Extract<PatternNode, { kind: 'repeat' }>, length: number): Beginnings {
  if (node.max === 0) return nothing;
  const item = beginnings(node.item, length);
  const rounds: Beginnings[] = node.min === 0 ? [nothing] : [];
  let round = nothing;
  // An item that takes no byte adds nothing in later rounds; of the others `length` rounds are long enough.
  for (let i = 1; i <= Math.min(node.max, Math.max(node.min, length)) && round.open.length > 0; i++) {
    round = followed(round, item, length);
    if (i >= node.min || round.open.length === 0) rounds.push(round);
    else if (round.cut.length > 0) rounds.push({ cut: round.cut, open: [] });
  }
  return union(rounds);
}

function beginnings(node: PatternNode, length: number): Beginnings {
  switch (node.kind) {
    case 'set': {
      const chars = bytesOf(node.bytes);
      return chars === null ? anything : length > 1 ? { cut: [], open: chars } : { cut: chars, open: [] };
    }
    case 'sequence': return sequence(node.items, 0, length);
    case 'choice': return union(node.options.map((option) => beginnings(option, length)));
    case 'repeat': {
      const known = ofLoops[length]?.get(node);
      if (known !== undefined) return known;
      const made = repeat(node, length);
      ofLoops[length]?.set(node, made);
      return made;
    }
    case 'assert': return nothing;
    case 'opaque': return anything;
  }
}

/**
 * Every text that `items` match from `from` on begins with one of these, of at most `length` bytes each; null when nothing can be
 * said, because there may be nothing, or anything.
 */
export function beginningsOf(items: readonly PatternNode[], from: number, length: number): readonly string[] | null {
  const { cut, open } = sequence(items, from, length);
  return cut.includes('') || open.includes('') ? null : [...cut, ...open];
}
