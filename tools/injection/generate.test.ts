// The table generator: words without doubles, rules that mean what they say, and a table in the tree that follows from them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attackKeys, fingerprintText } from '#inspection/waf/injection/sqli-fingerprints.ts';
import { KIND_LETTERS } from '#inspection/waf/injection/sqli-tokens.ts';
import { WORDS } from '#inspection/waf/injection/tables.ts';
import { attackShapes, seenHarmless } from './fingerprint-rules.ts';
import { expandShapes, fingerprintsByRule, packWords } from './generate.ts';

const byRule = fingerprintsByRule();

test('rules are read as their notation says', () => {
  assert.deepEqual(expandShapes('[1s]&: V) T'), new Set(['1&1)', '1&s)', '1&v)', '1&n)', 's&1)', 's&s)', 's&v)', 's&n)', '1&T', 's&T']));
  assert.deepEqual(expandShapes('\n      c\n      L;: T\n        V:T\n    '), new Set(['c', ...[...'1sv'].flatMap((v) => [`${v};T`, ...[...'1svn'].map((w) => `${v};${w}:T`)])]));
  assert.deepEqual(expandShapes('Vo: V'), new Set(['1os', '1ov', 'so1', 'sos', 'sov', 'son', 'vos', 'nos', 'nov']), 'what folding leaves');
});

test('every rule names attacks of at most five tokens', () => {
  const letters = new Set(KIND_LETTERS);
  for (const { what, shapes } of attackShapes) {
    const found = expandShapes(shapes);
    assert.ok([...found].some((fingerprint) => byRule.has(fingerprint)), what);
    for (const fingerprint of found) {
      assert.ok(fingerprint.length <= 5 && [...fingerprint].every((letter) => letters.has(letter)), `${what}: ${fingerprint}`);
    }
  }
});

test('exceptions are made from what a rule covers', () => {
  const covered = new Set(attackShapes.flatMap(({ shapes }) => [...expandShapes(shapes)]));
  for (const fingerprint of seenHarmless.trim().split(/\s+/)) assert.ok(covered.has(fingerprint), fingerprint);
});

test('rules leave prose alone', () => {
  const prose = [
    'n', 'nn', 'nnnnn', '1n', 'n&n', 'n&nnn', 's', 'sn', 'snsn', '1&nn', 'nE', 'Enn', 'n,n', '1o', 'n1', 's1s', 'nU', 'nUnn', 'T', 'Tn', 'En',
    '1nnnn', 'n;n', 's;s', 'n(n)',
  ];
  for (const fingerprint of prose) {
    assert.equal(byRule.has(fingerprint), false, fingerprint);
  }
});

test('the table in the tree holds all that the rules and facts say', () => {
  const table = new Set([...attackKeys()].map(fingerprintText));
  const lost = [...byRule].filter((fingerprint) => !table.has(fingerprint));
  // A rule may be overruled by a harmless sample; more than a few would mean that the table is stale.
  assert.ok(lost.length <= 3, lost.join(' '));
  assert.deepEqual({ ...WORDS }, packWords());
});
