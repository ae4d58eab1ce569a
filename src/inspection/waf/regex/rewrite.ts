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

function foldElement(element: AST.Element, edits: Edit[]): void {
  switch (element.type) {
    case 'Character': {
      const both = bothCases(element.value);
      if (both) edits.push({ at: element.start, until: element.end, text: `[${both}]` });
      return;
    }
    case 'CharacterClass': foldClass(element, edits); return;
    case 'Quantifier': foldElement(element.element, edits); return;
    case 'Group': case 'CapturingGroup':
      for (const one of element.alternatives) for (const inner of one.elements) foldElement(inner, edits);
      return;
    case 'Assertion':
      if (element.kind !== 'lookahead' && element.kind !== 'lookbehind') return;
      for (const one of element.alternatives) for (const inner of one.elements) foldElement(inner, edits);
      return;
    default:
  }
}

/** Rewrite 2: the source with both cases of each ASCII letter written out, to be compiled without the flag `i`. */
export function writeOutCase(source: string): string {
  const edits: Edit[] = [];
  for (const one of parseSource(source).alternatives) for (const element of one.elements) foldElement(element, edits);
  return applyEdits(source, edits);
}
