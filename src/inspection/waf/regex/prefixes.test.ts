// Beginnings of patterns: what is listed, and that every text of a pattern begins with one of the list.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePattern, type PatternNode } from './parse.ts';
import { beginningsOf } from './prefixes.ts';

function items(source: string, flags = 's'): readonly PatternNode[] {
  const node = parsePattern(source, flags);
  return node.kind === 'sequence' ? node.items : [node];
}

function beginnings(source: string, length: number, flags = 's'): readonly string[] | null {
  return beginningsOf(items(source, flags), 0, length)?.toSorted() ?? null;
}

test('texts are cut to the length asked for', () => {
  assert.deepEqual(beginnings('abc', 2), ['ab']);
  assert.deepEqual(beginnings('a', 2), ['a']);
  assert.deepEqual(beginnings('(?:ab|cde|f)g', 2), ['ab', 'cd', 'fg']);
  assert.deepEqual(beginnings('AB', 2, 'is'), ['ab']);
});

test('what may be absent leaves room for what follows', () => {
  assert.deepEqual(beginnings('[\'"]*u', 1), ['"', '\'', 'u']);
  assert.deepEqual(beginnings('[\'"]*u', 2), ['""', '"\'', '"u', '\'"', '\'\'', '\'u', 'u']);
  assert.deepEqual(beginnings('\\\\?s\\b;', 2), ['\\s', 's;']);
  assert.deepEqual(beginnings('(?:ab){0,2}c', 2), ['ab', 'c']);
  assert.deepEqual(beginnings('(?:a?){3}b', 2), ['aa', 'ab', 'b']);
});

test('where too much may follow, the beginning ends', () => {
  assert.deepEqual(beginnings('a.b', 2), ['a']);
  assert.deepEqual(beginnings('(?:\\$[^a]|b)c', 2), ['$', 'bc']);
});

test('nothing is said of what may be empty or anything', () => {
  for (const source of ['.', 'a*', '(?:a|)', '[^a]b', '(?=a)a', 'a*.b', '(?:)']) assert.equal(beginnings(source, 2), null, source);
});

test('every text of a pattern begins with one of its list', () => {
  const pieces = ['a', 'b', '"', '$', '&', ' '];
  for (const source of ['(?:a["$]*){1,3}b', '(?:a|&&?|[ab]{2,}) *b?\\$', '["&]*(?:\\$[ab]*)?a', '(?:a?b?){2,}\\$', '(?:(?:a|"a)+&){2}', '(?:b|\\s+)a{0,2}(?:$| )']) {
    for (const length of [1, 2]) {
      const list = beginnings(source, length);
      if (list === null) continue;
      const whole = new RegExp(`^(?:${source})$`, 's');
      let texts = [''];
      for (let size = 1; size <= 6; size++) {
        texts = texts.flatMap((text) => pieces.map((piece) => text + piece));
        for (const text of texts) if (whole.test(text)) assert.ok(list.some((one) => text.startsWith(one)), `${source}: ${JSON.stringify(text)} with ${JSON.stringify(list)}`);
      }
    }
  }
});
