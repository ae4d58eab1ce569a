// A pattern's syntax tree, as sets of bytes: what the gate extraction and the linear matcher work on.
// Built from the translated JavaScript source with regexpp; case folding is ASCII only and already applied.
import { RegExpParser, type AST } from '@eslint-community/regexpp';

export type PatternNode =
  | { readonly kind: 'set'; readonly bytes: Uint8Array }
  | { readonly kind: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly options: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly item: PatternNode; readonly min: number; readonly max: number; readonly greedy: boolean }
  | { readonly kind: 'assert'; readonly which: 'start' | 'end' | 'lineStart' | 'lineEnd' | 'boundary' | 'inside' }
  /** Lookaround or a reference: matches what only a backtracking engine can say. */
  | { readonly kind: 'opaque' };

/** PCRE's "^" and "$" with PCRE_MULTILINE: a line ends at LF alone, where JavaScript's flag `m` also takes CR and others. */
export const lineStart = String.raw`(?<![^\n])`;
export const lineEnd = String.raw`(?![^\n])`;

const parser = new RegExpParser({ ecmaVersion: 2025 });
const wordBytes = new Uint8Array(256);
const digitBytes = new Uint8Array(256);
const spaceBytes = new Uint8Array(256);
for (let code = 0; code < 256; code++) {
  const char = String.fromCharCode(code);
  wordBytes[code] = /^\w$/.test(char) ? 1 : 0;
  digitBytes[code] = /^\d$/.test(char) ? 1 : 0;
  spaceBytes[code] = /^\s$/.test(char) ? 1 : 0;
}

/** 1 for the bytes of \w. */
export const isWordByte: Uint8Array = wordBytes;

function negated(set: Uint8Array, negate: boolean): Uint8Array {
  return negate ? set.map((bit) => 1 - bit) : set;
}

function characterSet(node: AST.CharacterSet, dotAll: boolean): Uint8Array {
  switch (node.kind) {
    case 'any': {
      const set = new Uint8Array(256).fill(1);
      if (!dotAll) set[10] = set[13] = 0;
      return set;
    }
    case 'digit': return negated(digitBytes, node.negate);
    case 'word': return negated(wordBytes, node.negate);
    case 'space': return negated(spaceBytes, node.negate);
    case 'property': throw new Error('Unicode properties do not occur in translated patterns');
  }
}

function addRange(set: Uint8Array, min: number, max: number, fold: boolean): void {
  for (let code = min; code <= Math.min(max, 255); code++) {
    set[code] = 1;
    const lower = code | 32;
    if (fold && lower >= 97 && lower <= 122) set[lower] = set[lower - 32] = 1;
  }
}

function classSet(node: AST.CharacterClass, fold: boolean): Uint8Array {
  const set = new Uint8Array(256);
  for (const element of node.elements) {
    if (element.type === 'Character') addRange(set, element.value, element.value, fold);
    else if (element.type === 'CharacterClassRange') addRange(set, element.min.value, element.max.value, fold);
    else if (element.type === 'CharacterSet') {
      const other = characterSet(element, true);
      for (let code = 0; code < 256; code++) if (other[code] === 1) set[code] = 1;
    }
  }
  return negated(set, node.negate);
}

interface Flags { fold: boolean; dotAll: boolean }

/** Sets recur (every single character is one), and so do loops: one node for each. */
const characterNodes = new Map<number, PatternNode>();
const classNodes = new Map<string, PatternNode>();
const loopNodes = new Map<string, PatternNode>();
const maxClassNodes = 5000;
const maxLoopText = 200;

function characterNode(code: number, fold: boolean): PatternNode {
  const id = code * 2 + (fold ? 1 : 0);
  let node = characterNodes.get(id);
  if (node === undefined) {
    const bytes = new Uint8Array(256);
    addRange(bytes, code, code, fold);
    node = { kind: 'set', bytes };
    characterNodes.set(id, node);
  }
  return node;
}

function classNode(raw: string, flags: Flags, make: () => Uint8Array): PatternNode {
  const id = `${flags.fold ? 'i' : ''}${flags.dotAll ? 's' : ''}/${raw}`;
  let node = classNodes.get(id);
  if (node === undefined) {
    node = { kind: 'set', bytes: make() };
    if (classNodes.size >= maxClassNodes) classNodes.clear();
    classNodes.set(id, node);
  }
  return node;
}

/** Loops with the same text are one node, so that what is worked out of it is worked out once. */
function loopNode(node: AST.Quantifier, flags: Flags): PatternNode {
  const id = node.raw.length > maxLoopText ? '' : `${flags.fold ? 'i' : ''}${flags.dotAll ? 's' : ''}/${node.raw}`;
  let loop = id === '' ? undefined : loopNodes.get(id);
  if (loop === undefined) {
    const item = node.element.type === 'Assertion' ? { kind: 'opaque' } as const : convert(node.element, flags);
    loop = { kind: 'repeat', item, min: node.min, max: node.max, greedy: node.greedy };
    if (loopNodes.size >= maxClassNodes) loopNodes.clear();
    if (id !== '') loopNodes.set(id, loop);
  }
  return loop;
}

function convert(node: AST.Element | AST.Alternative, flags: Flags): PatternNode {
  switch (node.type) {
    case 'Alternative': return { kind: 'sequence', items: node.elements.map((element) => convert(element, flags)) };
    case 'Character': return characterNode(node.value, flags.fold);
    case 'CharacterSet': return classNode(node.raw, flags, () => characterSet(node, flags.dotAll));
    case 'CharacterClass': return classNode(node.raw, flags, () => classSet(node, flags.fold));
    case 'CapturingGroup': return choice(node.alternatives, flags);
    case 'Group': {
      const modifiers = node.modifiers;
      const inner = modifiers === null ? flags : {
        fold: modifiers.add.ignoreCase || (flags.fold && modifiers.remove?.ignoreCase !== true),
        dotAll: modifiers.add.dotAll || (flags.dotAll && modifiers.remove?.dotAll !== true),
      };
      if (modifiers?.add.multiline) return { kind: 'opaque' };
      return choice(node.alternatives, inner);
    }
    case 'Quantifier': return loopNode(node, flags);
    case 'Assertion':
      if (node.kind === 'start' || node.kind === 'end') return { kind: 'assert', which: node.kind };
      if (node.kind === 'word') return { kind: 'assert', which: node.negate ? 'inside' : 'boundary' };
      if (node.raw === lineStart) return { kind: 'assert', which: 'lineStart' };
      if (node.raw === lineEnd) return { kind: 'assert', which: 'lineEnd' };
      if (node.raw === '(?![^])') return { kind: 'assert', which: 'end' };
      return node.raw === '(?<![^])' ? { kind: 'assert', which: 'start' } : { kind: 'opaque' };
    default: return { kind: 'opaque' };
  }
}

function choice(alternatives: readonly AST.Alternative[], flags: Flags): PatternNode {
  if (alternatives.length === 1) return convert(alternatives[0]!, flags);
  return { kind: 'choice', options: alternatives.map((one) => convert(one, flags)) };
}

/** regexpp's own tree, for rewrites of the source text; throws its syntax error for what is not a pattern. */
export function parseSource(source: string): AST.Pattern {
  return parser.parsePattern(source, undefined, undefined, { unicode: false });
}

/** The tree of a translated pattern, from regexpp's. */
export function patternNode(pattern: AST.Pattern, flags: string): PatternNode {
  return choice(pattern.alternatives, { fold: flags.includes('i'), dotAll: flags.includes('s') });
}

/** The tree of a translated pattern's source. */
export function parsePattern(source: string, flags: string): PatternNode {
  return patternNode(parseSource(source), flags);
}
