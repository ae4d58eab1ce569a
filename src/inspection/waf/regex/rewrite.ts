// Rewrites of a translated pattern's source that keep its language and its leftmost match.
// 1. A leading greedy class loop, X+rest, becomes (?<!X)X+rest: a match that starts inside a run of X also starts at the
//    run's first character, so trying again inside the run is wasted (quadratic) work.
// 2. Case folding over patterns that name bytes above 0x7F is written out, because JavaScript folds those and PCRE does not.
import type { AST } from '@eslint-community/regexpp';
import { parseSource } from './parse.ts';

interface Edit { readonly at: number; readonly until: number; readonly text: string }

function applyEdits(source: string, edits: Edit[]): string {
  edits.sort((a, b) => b.at - a.at);
  let result = source;
  for (const edit of edits) result = result.slice(0, edit.at) + edit.text + result.slice(edit.until);
  return result;
}

function isClass(element: AST.Element): boolean {
  return element.type === 'CharacterClass' || element.type === 'CharacterSet' || element.type === 'Character';
}

function guardLeading(alternatives: readonly AST.Alternative[], edits: Edit[]): void {
  for (const alternative of alternatives) {
    const first = alternative.elements[0];
    if (!first) continue;
    if (first.type === 'Quantifier' && first.max === Infinity && first.greedy && isClass(first.element)) {
      edits.push({ at: first.start, until: first.start, text: `(?<!${first.element.raw})` });
    } else if (first.type === 'CapturingGroup') guardLeading(first.alternatives, edits);
    else if (first.type === 'Group' && first.modifiers === null) guardLeading(first.alternatives, edits);
  }
}

function hasReference(source: string): boolean {
  return /\\[1-9]|\\k</.test(source);
}

/** Rewrite 1. */
export function guardLeadingLoops(source: string, pattern: AST.Pattern = parseSource(source)): string {
  if (hasReference(source)) return source;
  const edits: Edit[] = [];
  guardLeading(pattern.alternatives, edits);
  return applyEdits(source, edits);
}

function bothCases(code: number): string | null {
  const char = String.fromCharCode(code);
  return /^[A-Za-z]$/.test(char) ? char.toLowerCase() + char.toUpperCase() : null;
}

function rangeFolded(min: number, max: number): string {
  let extra = '';
  for (let code = 65; code <= 90; code++) {
    const lower = code + 32;
    if (code >= min && code <= max) extra += String.fromCharCode(lower);
    if (lower >= min && lower <= max) extra += String.fromCharCode(code);
  }
  return extra;
}

function foldClass(node: AST.CharacterClass, edits: Edit[]): void {
  for (const element of node.elements) {
    if (element.type === 'Character') {
      const both = bothCases(element.value);
      if (both) edits.push({ at: element.start, until: element.end, text: both });
    } else if (element.type === 'CharacterClassRange') {
      const extra = rangeFolded(element.min.value, element.max.value);
      if (extra) edits.push({ at: element.end, until: element.end, text: extra });
    }
  }
}

/** Walks with the state of the flag `i`, writes out letters where it is on, and takes the flag out of group modifiers. */
function foldElement(element: AST.Element, fold: boolean, edits: Edit[]): void {
  switch (element.type) {
    case 'Character': {
      const both = fold ? bothCases(element.value) : null;
      if (both) edits.push({ at: element.start, until: element.end, text: `[${both}]` });
      return;
    }
    case 'CharacterClass': if (fold) foldClass(element, edits); return;
    case 'Quantifier': foldElement(element.element, fold, edits); return;
    case 'CapturingGroup': foldAll(element.alternatives, fold, edits); return;
    case 'Group': {
      const { modifiers } = element;
      if (modifiers === null) { foldAll(element.alternatives, fold, edits); return; }
      const off = modifiers.remove?.raw.replace('i', '') ?? '';
      edits.push({ at: modifiers.start, until: modifiers.end, text: `${modifiers.add.raw.replace('i', '')}${off === '' ? '' : `-${off}`}` });
      foldAll(element.alternatives, modifiers.add.ignoreCase || (fold && modifiers.remove?.ignoreCase !== true), edits);
      return;
    }
    case 'Assertion':
      if (element.kind === 'lookahead' || element.kind === 'lookbehind') foldAll(element.alternatives, fold, edits);
      return;
    default:
  }
}

function foldAll(alternatives: readonly AST.Alternative[], fold: boolean, edits: Edit[]): void {
  for (const one of alternatives) for (const element of one.elements) foldElement(element, fold, edits);
}

/** True when the source must not run as it is: see rewrite 2, and 3, group modifiers, which V8 gets wrong (seen in 14.x). */
export function mustWriteOutCase(source: string, flags: string): boolean {
  return /\(\?[ms]*i|\(\?[ms]*-[ms]*i/.test(source) || (flags.includes('i') && /\\x[89a-f]/.test(source));
}

/** The source with both cases of each ASCII letter written out, to be compiled without the flag `i`. */
export function writeOutCase(source: string, flags: string): string {
  const edits: Edit[] = [];
  foldAll(parseSource(source).alternatives, flags.includes('i'), edits);
  return applyEdits(source, edits);
}
