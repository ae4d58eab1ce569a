// Required literals of a pattern: sets of strings of which every matching text contains at least one (without regard to
// ASCII case). They gate the patterns: no literal, no match, no need to run the pattern. Never loses a match (fuzzed).
import type { PatternNode } from './parse.ts';
import { beginningsOf, bytesOf } from './prefixes.ts';

/** One required set; a text without any of `literals` (lower case) cannot match. */
export interface Gate { readonly literals: readonly string[]; readonly cost: number }

/** Longest literal that is kept: a longer one is cut to its rarest window. */
export const maxLiteralLength = 8;
/** Literals of too large a set are not cut below this. */
const minCutLength = 4;
const maxExact = 400;
const maxExactLength = 16;
const maxGateLiterals = 2500;
/** Gates that ordinary text passes more often than this are made longer. */
const weakCost = 1e-4;
/** Sets up to this size are freed of literals that contain another. */
const maxReduced = 100;

const commonLetters = 'etaoinsrhldcumfpgwybvkxjqz';

/** A rough probability that a byte of ordinary request text is this one. */
const frequencies = Float64Array.from({ length: 256 }, (_, code) => estimate(code));

function frequency(code: number): number {
  return frequencies[code & 255]!;
}

function estimate(code: number): number {
  const letter = commonLetters.indexOf(String.fromCharCode(code));
  if (letter >= 0) return letter < 10 ? 0.06 : letter < 20 ? 0.03 : 0.01;
  if (code >= 48 && code <= 57) return 0.03;
  if (code === 32 || code === 47 || code === 46 || code === 45) return 0.04;
  if ('=&;,:_()+?%'.includes(String.fromCharCode(code))) return 0.015;
  if (code === 34 || code === 39) return 0.008;
  return 0.002;
}

function costOf(text: string): number {
  let product = 1;
  for (let i = 0; i < text.length; i++) product *= frequency(text.charCodeAt(i));
  return product;
}

/** The rarest window of at most `maxLiteralLength` characters. */
export function rarestWindow(text: string): string {
  if (text.length <= maxLiteralLength) return text;
  let best = text.slice(0, maxLiteralLength);
  let cost = costOf(best);
  for (let i = 1; i + maxLiteralLength <= text.length; i++) {
    const window = text.slice(i, i + maxLiteralLength);
    const windowCost = costOf(window);
    if (windowCost < cost) { best = window; cost = windowCost; }
  }
  return best;
}

/** A gate of these strings, cut; null when one is empty or there are too many. Few repetitions do no harm. */
export function gateOf(texts: Iterable<string>): Gate | null {
  let kept: string[] = [];
  let same = true;
  for (const text of texts) {
    if (text === '') return null;
    const window = rarestWindow(text);
    if (window !== text) same = false;
    kept.push(window);
  }
  if (!same || kept.length > maxReduced) kept = [...new Set(kept)];
  // Too many words are often the same few words with all that may follow them.
  for (let length = maxLiteralLength - 1; kept.length > maxGateLiterals && length >= minCutLength; length--) {
    kept = [...new Set(kept.map((text) => text.slice(0, length)))];
  }
  if (kept.length === 0 || kept.length > maxGateLiterals) return null;
  let cost = 0;
  for (const text of kept) cost += costOf(text);
  return { literals: kept, cost };
}

/** Without literals that contain another: where the longer one is, the shorter one is too. */
function reduced(gate: Gate): Gate {
  if (gate.literals.length > maxReduced) return gate;
  const set = new Set(gate.literals);
  return { literals: gate.literals.filter((text) => !containsOther(text, set)), cost: gate.cost };
}

function containsOther(text: string, set: ReadonlySet<string>): boolean {
  for (let from = 0; from < text.length; from++) {
    for (let to = from + 1; to <= text.length; to++) {
      if (to - from < text.length && set.has(text.slice(from, to))) return true;
    }
  }
  return false;
}

interface Info {
  /** Every text that the node can match, in lower case; null when not a short list. */
  exact: readonly string[] | null;
  gates: readonly Gate[];
}

const setInfos = new Map<Uint8Array, Info>();
const unknown: Info = { exact: null, gates: [] };
const empty: Info = { exact: [''], gates: [] };

/** Sets are shared between patterns (parse.ts), so what is known of one is kept. */
function setInfo(bytes: Uint8Array): Info {
  let info = setInfos.get(bytes);
  if (info === undefined) {
    info = freshSetInfo(bytes);
    if (setInfos.size > 5000) setInfos.clear();
    setInfos.set(bytes, info);
  }
  return info;
}

function freshSetInfo(bytes: Uint8Array): Info {
  const chars = bytesOf(bytes);
  return chars === null ? unknown : { exact: chars, gates: [] };
}

/** Each text of `left` followed by each of `right` (both without repetitions); null when they are too many or too long. */
function cross(left: readonly string[], right: readonly string[]): readonly string[] | null {
  if (left.length * right.length > maxExact) return null;
  if (left.length === 1 && left[0] === '') return right;
  const result: string[] = [];
  let distinct = true;
  for (const a of left) {
    if (a.length !== left[0]!.length) distinct = false;
    for (const b of right) {
      if (a.length + b.length > maxExactLength) return null;
      result.push(a + b);
    }
  }
  return distinct ? result : [...new Set(result)];
}

/** A weak gate with the bytes that must follow, where that makes it more selective. */
function longer(gate: Gate, texts: readonly string[], items: readonly PatternNode[], next: number): Gate {
  let best = gate;
  for (const length of [1, 2]) {
    const tails = beginningsOf(items, next, length);
    const joined = tails && cross(texts, tails);
    const candidate = joined && gateOf(joined);
    if (candidate && candidate.cost < best.cost / 2) best = candidate;
    if (best.cost <= weakCost) break;
  }
  return best;
}

function sequenceInfo(items: readonly PatternNode[]): Info {
  const gates: Gate[] = [];
  const weak: { readonly gate: Gate; readonly texts: readonly string[]; readonly next: number }[] = [];
  let current: readonly string[] = [''];
  let whole = true;
  const flush = (next: number): void => {
    const gate = gateOf(current);
    if (gate && gate.cost > weakCost) weak.push({ gate, texts: current, next });
    else if (gate) gates.push(gate);
    whole = false;
  };
  for (const [i, item] of items.entries()) {
    const info = infoOf(item);
    gates.push(...info.gates);
    if (info.exact === null) { flush(i); current = ['']; continue; }
    const joined = cross(current, info.exact);
    if (joined) current = joined;
    else { flush(i); current = info.exact; }
  }
  if (whole) return { exact: current, gates };
  flush(items.length);
  const strong = gates.some((gate) => gate.cost <= weakCost);
  for (const { gate, texts, next } of weak) gates.push(strong ? gate : longer(gate, texts, items, next));
  return { exact: null, gates: best(gates) };
}

/** The few most selective gates. */
function best(gates: readonly Gate[]): readonly Gate[] {
  if (gates.length < 2) return gates;
  const sorted = [...gates].sort((a, b) => a.cost - b.cost);
  return sorted.slice(0, 4);
}

function choiceInfo(options: readonly PatternNode[]): Info {
  const infos = options.map(infoOf);
  if (infos.every((info) => info.exact !== null)) {
    const union = new Set(infos.flatMap((info) => info.exact!));
    if (union.size <= maxExact) return { exact: [...union], gates: [] };
  }
  const needed: string[] = [];
  for (const info of infos) {
    const exactGate = info.exact ? gateOf(info.exact) : null;
    const gate = best(exactGate ? [exactGate, ...info.gates] : info.gates)[0];
    if (!gate) return unknown;
    needed.push(...gate.literals);
  }
  const gate = gateOf(needed);
  return { exact: null, gates: gate ? [gate] : [] };
}

function repeatInfo(node: Extract<PatternNode, { kind: 'repeat' }>): Info {
  if (node.max === 0) return empty;
  const inner = infoOf(node.item);
  if (node.min === 0) {
    return node.max === 1 && inner.exact ? { exact: [...new Set(['', ...inner.exact])], gates: [] } : unknown;
  }
  const gates = [...inner.gates];
  if (inner.exact) {
    let exact: readonly string[] | null = [''];
    for (let i = 0; i < node.min && exact; i++) exact = cross(exact, inner.exact);
    if (exact && node.max === node.min) return { exact, gates };
    const gate = gateOf(exact ?? inner.exact);
    if (gate) gates.push(gate);
  }
  return { exact: null, gates: best(gates) };
}

/** Loops are shared as sets are. */
const loopInfos = new WeakMap<PatternNode, Info>();

function infoOf(node: PatternNode): Info {
  switch (node.kind) {
    case 'set': return setInfo(node.bytes);
    case 'sequence': return sequenceInfo(node.items);
    case 'choice': return choiceInfo(node.options);
    case 'repeat': {
      let info = loopInfos.get(node);
      if (info === undefined) loopInfos.set(node, info = repeatInfo(node));
      return info;
    }
    case 'assert': return empty;
    case 'opaque': return unknown;
  }
}

/** Up to two gates of a pattern, the most selective first; both must hold. Empty when nothing is required. */
export function requiredGates(node: PatternNode): readonly Gate[] {
  const info = infoOf(node);
  const exactGate = info.exact ? gateOf(info.exact) : null;
  const gates = best(exactGate ? [exactGate, ...info.gates] : info.gates);
  const first = gates[0];
  if (!first) return [];
  const second = gates.find((gate) => gate !== first && !gate.literals.every((text) => first.literals.includes(text)));
  return second ? [reduced(first), reduced(second)] : [reduced(first)];
}
