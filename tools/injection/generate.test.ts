// The table generator: words without doubles, rules that mean what they say, and a table in the tree that follows from them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attackKeys, fingerprintText } from '#inspection/waf/injection/sqli-fingerprints.ts';
import { WORDS } from '#inspection/waf/injection/tables.ts';
import { attackShapes } from './fingerprint-rules.ts';
import { fingerprintsByRule, packWords, variantsOf } from './generate.ts';

const byRule = fingerprintsByRule();

test('every rule names an attack of at most five tokens', () => {
  for (const { what, shape } of attackShapes) {
    assert.ok([...byRule].some((fingerprint) => shape.test(fingerprint)), what);
  }
  assert.ok([...byRule].every((fingerprint) => fingerprint.length <= 5));
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

test('variants change one literal of long fingerprints only', () => {
  assert.deepEqual(new Set(variantsOf('1UE1,')), new Set(['1UE1,', 'sUE1,', 'vUE1,', '1UEs,', '1UEv,']));
  assert.deepEqual(variantsOf('1UE'), []);
  assert.deepEqual(variantsOf('1on;n'), ['son;n']);
});

test('the table in the tree holds all that the rules and facts say', () => {
  const table = new Set([...attackKeys()].map(fingerprintText));
  const lost = [...byRule].filter((fingerprint) => !table.has(fingerprint));
  // A rule may be overruled by a harmless sample; more than a few would mean that the table is stale.
  assert.ok(lost.length <= 3, lost.join(' '));
  assert.deepEqual({ ...WORDS }, packWords());
});
