// What goes into a record is valid, masked by name where it can be, and bounded whatever a client sends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maximumFactsLength, RecordEncoder } from '#audit/encode.ts';
import { AuditRecord } from '#contract/audit-record.ts';
import type { WebMatch } from '#contract/web-inspection.ts';
import { attributesOf, readable, type KeptRequest } from './report.ts';

const match = (rule: number, values: [string, string][]): WebMatch => ({
  rule, phase: 2, message: 'm'.repeat(300), logData: '', tags: [], severity: 2, file: 'f', line: 1, logged: true, logOnly: false,
  values: values.map(([variable, value]) => ({ variable, value, part: '' })),
});
const headers = (lines: [string, string][]) => ({ count: lines.length, name: (i: number) => lines[i]![0], value: (i: number) => lines[i]![1] });
const parsed = (members: string): Record<string, unknown> => (JSON.parse(`{${members}}`) as { waf: Record<string, unknown> }).waf;
const facts = (matches: WebMatch[], kept?: KeptRequest) => attributesOf({ mode: 'block', verdict: undefined, error: '', scores: [5, 0], matches, kept });

test('hostile values stay within the record, and it stays whole', () => {
  const nasty = '\u0000\u0001"\\\u00ff'.repeat(5000);
  const matches = Array.from({ length: 200 }, (_, i) => match(i, Array.from({ length: 9 }, (__, j): [string, string] => [`ARGS:${nasty}${j}`, nasty])));
  const kept: KeptRequest = {
    target: `/${nasty}`, version: 'HTTP/1.1', headers: headers(Array.from({ length: 200 }, (_, i) => [`X-${i}`, 'v'.repeat(200)])), body: Buffer.from(nasty.slice(0,
      4096), 'latin1'), bodyBytes: 4096,
  };
  const members = facts(matches, kept);
  assert.ok(members.length < maximumFactsLength - 2000, String(members.length));
  const { rules, more } = parsed(members) as { rules: unknown[]; more: number };
  assert.ok(rules.length >= 1);
  assert.equal(rules.length + more, 200);
  const record = new AuditRecord();
  record.attributes = members;
  const line = JSON.parse(new RecordEncoder().encode(record)) as { facts: { waf: { mode: string } } };
  assert.equal(line.facts.waf.mode, 'block');
});

test('secrets by name do not come through the audit layer: arguments, fields, forms, JSON', () => {
  const bodies = ['a=1&password=hunter2', '{"a":{"password":"hunter2"}}'];
  for (const body of bodies) {
    const kept: KeptRequest = {
      target: '/x?token=hunter2', version: 'HTTP/1.1', headers: headers([['Authorization', 'hunter2'], ['Cookie', 'a=hunter2'], ['X-Api-Key', 'hunter2'], ['A', 'b']]),
      body: Buffer.from(body), bodyBytes: body.length,
    };
    const record = new AuditRecord();
    record.attributes = facts([match(1, [['ARGS:password', 'hunter2'], ['REQUEST_COOKIES:session', 'hunter2'], ['ARGS:json.user.password', 'x']])], kept);
    const line = new RecordEncoder().encode(record);
    assert.doesNotMatch(line, /hunter2/, body);
    assert.match(line, /"A":"b"/);
  }
});

test('whole texts show the part that was found, or their length', () => {
  const body = match(1, [['REQUEST_BODY', 'x=secret&y=attack']]);
  assert.match(facts([body]), /"REQUEST_BODY":"17 bytes"/);
  assert.match(facts([{ ...body, values: [{ variable: 'REQUEST_BODY', value: 'x=secret&y=attack', part: 'attack' }] }]), /"REQUEST_BODY":"attack"/);
  assert.equal(readable('caf\u00c3\u00a9'), 'caf\u00e9');
  assert.equal(readable('\u00ff\u00fe'), '\u00ff\u00fe');
});
