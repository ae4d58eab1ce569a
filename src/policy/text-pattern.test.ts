// Tests of patterns for attribute values, users and groups.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TextPattern, textPattern } from './text-pattern.ts';
import type { PatternSettings } from './text-pattern.ts';

const cases: [PatternSettings, (string | undefined)[], (string | undefined)[]][] = [
  ['curl', ['curl'], ['curl/8', 'Curl', '', undefined]],
  ['curl/*', ['curl/', 'curl/8.1'], ['curl', undefined]],
  ['*', ['', 'x'], [undefined]],
  ['/^curl/i', ['CURL/8', 'curl'], ['a curl', undefined]],
  ['/a/b', ['/a/b'], ['a', '/a/b/']],
  ['', [''], ['x', undefined]],
  [{ present: true }, ['', 'x'], [undefined]],
  [{ absent: true }, [undefined], ['', 'x']],
  [{ exact: '/x*/i' }, ['/x*/i'], ['x', 'X', undefined]],
  [['a', { absent: true }], ['a', undefined], ['b', '']],
];

test('patterns', () => {
  for (const [settings, yes, no] of cases) {
    const parsed = textPattern().parse(settings) as PatternSettings;
    const pattern = new TextPattern(parsed);
    for (const value of yes) assert.equal(pattern.matches(value), true, `${pattern.text} and ${value}`);
    for (const value of no) assert.equal(pattern.matches(value), false, `${pattern.text} and ${value}`);
  }
});

test('a pattern that cannot be compiled is refused', () => {
  for (const bad of ['/(/', '/[z-a]/', { present: false }, { present: true, absent: true }, [], 7, null]) {
    assert.equal(textPattern().safeParse(bad).success, false, JSON.stringify(bad));
  }
});

test('a regular expression keeps no state between values', () => {
  const pattern = new TextPattern('/a/');
  for (let round = 0; round < 3; round += 1) assert.equal(pattern.matches('xa'), true);
  assert.equal(textPattern().safeParse('/a/g').success, true);
  assert.equal(new TextPattern('/a/g').matches('/a/g'), true, 'g is no flag here: the text means itself');
});
