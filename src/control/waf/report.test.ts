// What the report counts, and which places it takes for false alarms.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredRecord } from '#audit/record.ts';
import { ReportBuilder } from './report.ts';

function recordOf(client: string, path: string, rules: readonly number[], blocked = true, user?: string): StoredRecord {
  return {
    time: 1, id: `${client}${path}`, kind: 'operation', outcome: blocked ? 'denied' : 'allowed', service: 'shop', path, client, ...(user === undefined ? {} : { user }),
    facts: { waf: { mode: 'block', action: blocked ? 'deny' : 'pass', in: 5, out: 0, rules: [...rules, 949_110].map((id) => ({ id, msg: `m${id}`, sev: 2, phase: 2,
      values: { 'ARGS:q': 'v' } })) } },
  };
}

test('rules, places, clients; summing rules are left out', () => {
  const builder = new ReportBuilder();
  builder.add(recordOf('192.0.2.1', '/a', [1, 2]));
  builder.add(recordOf('192.0.2.1', '/a', [1], false));
  builder.add(recordOf('192.0.2.2', '/b', [1]));
  builder.add({ time: 1, kind: 'operation', outcome: 'allowed' });
  const { requests, blocked, rules } = builder.report(10);
  assert.deepEqual({ requests, blocked }, { requests: 3, blocked: 2 });
  assert.deepEqual(rules.map(({ rule, requests: count, blocked: refused, clients }) => [rule, count, refused, clients]), [[1, 3, 2, 2], [2, 1, 1, 1]]);
  assert.deepEqual(rules[0]!.places.map(({ path, requests: count }) => [path, count]), [['/a', 2], ['/b', 1]]);
  assert.equal(builder.report(1).rules.length, 1);
});

test('many clients with one rule at one place look like a false alarm; one client with many rules does not', () => {
  const builder = new ReportBuilder();
  for (let i = 0; i < 9; i++) builder.add(recordOf(`192.0.2.${i}`, '/comment', [942_100], true, `user${i}`));
  for (let i = 0; i < 50; i++) builder.add(recordOf('198.51.100.1', '/x', [1, 2, 3, 4, 5]));
  const { candidates, clients } = builder.report(10);
  assert.equal(clients, 10);
  assert.deepEqual(candidates.map(({ rules, path, reasons }) => [rules, path, reasons]),
    [[[942_100], '/comment', ['9 clients', 'nothing else found of them', 'one or two rules at a time', 'after login']]]);
});

test('an editor that trips many rules at once is one candidate, with all of them; scanners from many addresses are none', () => {
  const builder = new ReportBuilder();
  for (let i = 0; i < 6; i++) builder.add(recordOf(`192.0.2.${i}`, '/editor', [941_100, 941_160, 941_320]));
  for (let client = 0; client < 6; client++) for (let path = 0; path < 8; path++) builder.add(recordOf(`198.51.100.${client}`, `/scan${path}`, [930_120]));
  const { candidates } = builder.report(10);
  assert.deepEqual(candidates.map(({ rules, path, reasons }) => [rules, path, reasons]),
    [[[941_100, 941_160, 941_320], '/editor', ['6 clients', 'nothing else found of them']]]);
});

test('a rule that meets everybody everywhere is told of once, and counts against nobody', () => {
  const builder = new ReportBuilder();
  for (let client = 0; client < 8; client++) for (let path = 0; path < 9; path++)
    builder.add(recordOf(`192.0.2.${client}`, `/p${path}`, path === 0 ? [920_350, 942_100] : [920_350]));
  const { rules, places, candidates } = builder.report(10);
  assert.deepEqual(rules[0]!.places.map(({ path, paths, requests, clients }) => [path, paths, requests, clients]), [['', 9, 72, 8]]);
  assert.equal(places.length, 1);
  assert.deepEqual(candidates.map(({ rules: ids, path, reasons }) => [ids, path, reasons]), [
    [[942_100], '/p0', ['8 clients', 'nothing else found of them', 'one or two rules at a time']], [[920_350], '', ['8 of 8 clients', 'on 9 paths']],
  ]);
});
