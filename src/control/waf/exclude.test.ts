// The narrowest exclusions for a record, and their effect on a history whose outcome is known.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredRecord } from '#audit/record.ts';
import { asSettings, EffectBuilder, pathProblem, proposeExclusions } from './exclude.ts';
import { inspectionOf, pointsOf } from './facts.ts';

interface RuleOf { id: number; sev?: number; n?: number; logOnly?: boolean; values: Record<string, string> }

function recordOf(rules: RuleOf[], inbound: number, more: Partial<StoredRecord> & { by?: string; pass?: boolean } = {}): StoredRecord {
  const { by = '949110', pass = false, ...rest } = more;
  return {
    time: 1, id: 'r', kind: 'operation', outcome: pass ? 'allowed' : 'denied', service: 'shop', route: 'all', path: '/search', client: '192.0.2.1', ...rest,
    facts: { waf: { mode: 'block', action: pass ? 'pass' : 'deny', ...(pass ? {} : { by }), in: inbound, out: 0,
      rules: rules.map((rule) => ({ msg: `rule ${rule.id}`, phase: 2, ...rule })) } },
  };
}

const sqli: RuleOf = { id: 942_100, sev: 2, values: { 'ARGS:q': 'or 1=1' } };
const host: RuleOf = { id: 920_350, sev: 4, values: { 'REQUEST_HEADERS:Host': '192.0.2.7' } };
const sum: RuleOf = { id: 949_110, values: { 'TX:blocking_inbound_anomaly_score': '8' } };

test('no more is excluded than it takes', () => {
  assert.deepEqual(proposeExclusions(recordOf([host, sqli, sum], 8), 5), [{ rule: 942_100, target: 'ARGS:q', path: '/search' }]);
  // With a threshold of 3 the other match alone would still refuse.
  assert.equal(proposeExclusions(recordOf([host, sqli, sum], 8), 3).length, 2);
});

test('rules on one variable go together; chosen rules are taken as they are', () => {
  const second: RuleOf = { id: 942_190, sev: 2, values: { 'ARGS:q': 'union' } };
  assert.deepEqual(proposeExclusions(recordOf([second, sqli, sum], 10), 5), [{ rule: [942_100, 942_190], target: 'ARGS:q', path: '/search' }]);
  assert.deepEqual(proposeExclusions(recordOf([second, sqli, sum], 10), 5, [942_190]), [{ rule: 942_190, target: 'ARGS:q', path: '/search' }]);
});

test('a rule that refused by itself is the one to exclude; what cannot be named takes the rule out on that path', () => {
  const own: RuleOf = { id: 1001, values: { 'TX:0': 'x' } };
  assert.deepEqual(proposeExclusions(recordOf([own, sqli], 0, { by: '1001' }), 5), [{ rule: 1001, path: '/search' }]);
  const odd: RuleOf = { id: 942_100, sev: 2, values: { "ARGS:a'b": 'x' } };
  assert.deepEqual(proposeExclusions(recordOf([odd, sum], 5), 5), [{ rule: 942_100, path: '/search' }]);
});

test('nothing to exclude: no firewall in the record, or only rules on trial', () => {
  assert.deepEqual(proposeExclusions({ time: 1, kind: 'operation', outcome: 'allowed' }, 5), []);
  assert.deepEqual(proposeExclusions(recordOf([{ ...sqli, logOnly: true }], 0, { pass: true }), 5), []);
});

test('effect on the past: what would pass, what stays refused, what else it touches', () => {
  const exclusions = proposeExclusions(recordOf([sqli, sum], 5), 5);
  const builder = new EffectBuilder(exclusions, 'shop', 5);
  builder.add(recordOf([sqli, sum], 5));
  builder.add(recordOf([host, sqli, sum], 8, { client: '192.0.2.2' }));
  // Refused for other reasons too: another parameter, two values.
  builder.add(recordOf([{ ...sqli, values: { 'ARGS:q': 'x', 'ARGS:other': 'y' }, n: 2 }, sum], 10));
  builder.add(recordOf([{ ...sqli, values: { 'ARGS:other': 'y' } }, sum], 5));
  builder.add(recordOf([sqli, sum], 5, { path: '/elsewhere' }));
  builder.add(recordOf([sqli, sum], 5, { service: 'other' }));
  builder.add(recordOf([sqli], 3, { pass: true }));
  builder.add(recordOf([{ id: 980_170, values: {} }, host], 3, { pass: true }));
  const { records, refused, wouldPass, otherMatches, clients } = builder.effect();
  assert.deepEqual({ records, refused, wouldPass, otherMatches, clients }, { records: 7, refused: 3, wouldPass: 2, otherMatches: 1, clients: 2 });
});

test('facts that are not what they should be are read without harm', () => {
  for (const waf of [1, 'x', [], { rules: 'x' }, { rules: [1, null, { values: 3 }] }, { request: { headers: 'x' } }]) {
    assert.doesNotThrow(() => inspectionOf({ time: 1, kind: 'operation', outcome: 'denied', facts: { waf } }));
  }
  assert.deepEqual([2, 3, 4, 5, 7, -1].map(pointsOf), [5, 4, 3, 2, 0, 0]);
});

test('what a client could have chosen does not make an exclusion wider than it looks', () => {
  const pattern: RuleOf = { id: 942_100, sev: 2, values: { 'ARGS:/.*/': 'x' } };
  assert.deepEqual(proposeExclusions(recordOf([pattern, sum], 5), 5), [{ rule: 942_100, path: '/search' }]);
  for (const path of ['/*', '/a/**', '/a b', '/a"', "/a'", '/a\\b', 'a']) assert.notEqual(pathProblem(path), undefined, path);
  for (const path of ['/', '/a%20b', '/search;v=1', '/%7Bx%7D']) assert.equal(pathProblem(path), undefined, path);
});

test('as settings: one for each rule', () => {
  assert.deepEqual(asSettings([{ rule: [1, 2], target: 'ARGS:a', path: '/' }, { rule: 3, path: '/x' }]), [
    { rule: '1', tag: '', targets: ['ARGS:a'], path: '/', methods: [] }, { rule: '2', tag: '', targets: ['ARGS:a'], path: '/', methods: [] },
    { rule: '3', tag: '', targets: [], path: '/x', methods: [] },
  ]);
});
