// Tests of console-line.ts: aligned, readable, and harmless to a terminal whatever a peer sent.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import type { StoredRecord } from '../record.ts';
import { consoleLine, humanBytes, humanDuration, visible } from './console-line.ts';

const record: StoredRecord = {
  time: 1_700_000_000_123, kind: 'operation', outcome: 'allowed', status: 200, ms: 12.3, out: 2048, client: '203.0.113.9', service: 'shop',
  verb: 'GET', host: 'shop.example', path: '/a', params: 'b=1', server: '10.1.0.10:80',
};

test('an allowed operation', () => {
  assert.equal(consoleLine(record, { utc: true }), '22:13:20.123 allowed 200    12ms  2.0KiB 203.0.113.9     shop     GET shop.example/a?b=1 -> 10.1.0.10:80');
});

test('an allowed operation that was not carried out as asked says so', () => {
  assert.match(consoleLine({ ...record, reason: 'upgrade to websocket not passed on' }), / -> 10\.1\.0\.10:80 \(upgrade to websocket not passed on\)$/);
});

test('a denial says why; other kinds say what they are', () => {
  assert.match(consoleLine({ ...record, outcome: 'denied', rule: 'no-admin', reason: 'office only' }), /GET shop\.example\/a\?b=1 no-admin: office only$/);
  assert.match(consoleLine({ time: 0, kind: 'system', outcome: 'error', rule: 'store-failing', reason: 'disk is full' }), /system store-failing: disk is full$/);
  assert.match(consoleLine({ time: 0, kind: 'health', outcome: 'allowed', rule: 'health', reason: 'web/a:80 is up: HTTP 200' }), /health web\/a:80 is up: HTTP 200$/);
  assert.match(consoleLine({ time: 0, kind: 'session', outcome: 'aborted', verb: 'end' }), /session end$/);
});

test('what was said, where it was about no path', () => {
  const said = { time: 0, kind: 'operation', outcome: 'allowed', host: 'ftp.example', verb: 'USER', facts: { command: 'USER joe@ftp.example' } } as const;
  assert.match(consoleLine(said), / USER joe@ftp\.example$/);
  assert.match(consoleLine({ ...said, verb: 'RETR', path: '/a/b', facts: { command: 'RETR b' } }), / RETR ftp\.example\/a\/b$/);
});

test('what the gateway and its administrators did has no reply, size or time', () => {
  assert.equal(consoleLine({ time: 0, kind: 'control', outcome: 'allowed', verb: 'kill', user: 'anna', path: 'x1', reason: 'not today', ms: 0 }, { utc: true }),
    '00:00:00.000 allowed                     anna            -        control kill x1 not today');
});

test('a rule without a description is named once', () => {
  assert.match(consoleLine({ ...record, outcome: 'denied', rule: 'no-admin', reason: 'rule no-admin' }), / no-admin$/);
});

test('the date, where it is wanted', () => {
  assert.match(consoleLine(record, { utc: true, date: true }), /^2023-11-14 22:13:20\.123 /);
  assert.match(consoleLine(record, { utc: true, date: true, columns: 80 }), /^11-14 22:13:20 allowed /);
});

test('on a narrow terminal less is shown, and nothing of what was done, and why, is cut off', () => {
  const reason = `because of ${'x'.repeat(90)} and so on`;
  const denied: StoredRecord = { ...record, outcome: 'denied', rule: 'no-admin', reason };
  for (let columns = 1; columns < 160; columns++) {
    const plain = stripVTControlCharacters(consoleLine(denied, { columns, colours: true, utc: true }));
    assert.equal(plain, consoleLine(denied, { columns, utc: true }));
    for (const line of plain.split('\n')) assert.ok(line.length <= columns, `${columns}: ${line}`);
    const squeezed = plain.replaceAll(/\s/g, '');
    assert.ok(squeezed.includes('GETshop.example/a?b=1') && squeezed.endsWith(`no-admin:${reason.replaceAll(' ', '')}`), plain);
  }
  assert.equal(consoleLine({ ...record, outcome: 'denied', rule: 'no-admin', reason: 'only the office may go there' }, { utc: true, columns: 80 }),
    '22:13:20 denied  200 203.0.113.9     GET shop.example/a?b=1 no-admin: only the\n    office may go there');
});

test('colours wrap, and do not change the text', () => {
  assert.equal(stripVTControlCharacters(consoleLine(record, { colours: true, utc: true })), consoleLine(record, { utc: true }));
  assert.match(consoleLine(record, { colours: true }), /\u001b\[32mallowed\u001b\[0m/);
});

test('nothing of a peer acts on the terminal', () => {
  const effects = fc.constantFrom(0x200b, 0x202e, 0x2066, 0xfeff, 0x2028, 0xd800);
  const hostile = fc.string({ unit: fc.oneof(fc.integer({ min: 0, max: 0xff }), effects).map((code) => String.fromCharCode(code)) });
  fc.assert(fc.property(hostile, hostile, hostile, (path, reason, client) => {
    const line = consoleLine({ ...record, path, reason, client, rule: path, service: reason, outcome: 'denied', verb: client });
    assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u00a0\u200b\u202e\u2066\ufeff\u2028\ud800]/);
  }));
  assert.equal(visible('a\u001b[31mb\r\n\u009b2J\u202ec'), 'a\\x1b[31mb\\x0d\\x0a\\x9b2J\\u202ec');
  assert.equal(visible('Grüße'), 'Grüße');
});

test('figures for people', () => {
  assert.deepEqual([0, 1023, 1024, 10_240, 1_048_576, 5e12].map(humanBytes), ['0B', '1023B', '1.0KiB', '10KiB', '1.0MiB', '4.5TiB']);
  assert.deepEqual([0, 9.94, 10, 999, 1000, 59_900, 61_000].map(humanDuration), ['0.0ms', '9.9ms', '10ms', '999ms', '1.0s', '59.9s', '1m01s']);
});
