// Tests of encode.ts: what goes in comes out of JSON.parse, whatever a peer sent; nothing of it acts on a terminal.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { AuditRecord } from '#contract/audit-record.ts';
import { encodeRecord, maximumRecordBytes, maximumTextLength, RecordEncoder } from './encode.ts';

function filled(change: Partial<AuditRecord> = {}): AuditRecord {
  return Object.assign(new AuditRecord(), {
    id: '1jq4v0a0000001abcd', session: '1jq4v0a0000001abce', timeMs: 1_700_000_000_123, durationMs: 12.3456, protocol: 'http',
    listener: 'plain', service: 'shop', client: '203.0.113.9', clientPort: 40_000, zone: 'internet', user: 'eve', verb: 'GET',
    host: 'shop.example', path: '/a', parameters: 'page=2', rule: 'open', reason: 'because', status: 200, route: 'r', pool: 'p',
    server: '10.0.0.1:80', attempts: 1, connectMs: 0.25, firstByteMs: 3, bytesIn: 120, bytesOut: 5_000_000_000, configuration: 'c0ffee',
    attributes: '"agent":"curl/8","tls":true', ...change,
  });
}

const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 60 });
const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 40 });

test('a full record has the documented members in the documented order', () => {
  assert.deepEqual(Object.entries(JSON.parse(encodeRecord(filled()))), [
    ['time', 1_700_000_000_123], ['id', '1jq4v0a0000001abcd'], ['session', '1jq4v0a0000001abce'], ['client', '203.0.113.9'],
    ['service', 'shop'], ['protocol', 'http'], ['listener', 'plain'], ['config', 'c0ffee'], ['verb', 'GET'], ['outcome', 'allowed'],
    ['kind', 'operation'], ['zone', 'internet'], ['status', 200], ['ms', 12.346], ['in', 120], ['out', 5_000_000_000], ['port', 40_000],
    ['user', 'eve'], ['host', 'shop.example'], ['path', '/a'], ['params', 'page=2'], ['rule', 'open'], ['reason', 'because'],
    ['route', 'r'], ['pool', 'p'], ['server', '10.0.0.1:80'], ['attempts', 1], ['connectMs', 0.25], ['firstByteMs', 3],
    ['facts', { agent: 'curl/8', tls: true }],
  ]);
});

test('the catalogue for users lists the same members in the same order', () => {
  const page = readFileSync(new URL('../../docs/audit.md', import.meta.url), 'utf8');
  const catalogue = page.slice(page.indexOf('## Catalogue'), page.indexOf('### Outcomes'));
  assert.deepEqual([...catalogue.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]), Object.keys(JSON.parse(encodeRecord(filled()))));
});

test('facts that come again are written as the first time, clean or masked', () => {
  const encoder = new RecordEncoder(['cookie']);
  for (const attributes of ['"agent":"curl/8"', '"observed":{"header:cookie":"geheim"}', '"agent":"\u00e9\u0001"', `"agent":"${'x'.repeat(20_000)}"`]) {
    const first = encoder.encode(filled({ attributes }));
    assert.equal(encoder.encode(filled({ attributes })), first);
    assert.equal(encodeRecord(filled({ attributes })), first);
    assert.doesNotMatch(first, /geheim/);
  }
});

test('more different facts than are kept ready: each record has its own', () => {
  const encoder = new RecordEncoder([]);
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 1200; i++) assert.match(encoder.encode(filled({ attributes: `"agent":"program/${i}"` })), new RegExp(`"facts":\\{"agent":"program/${i}"\\}`));
  }
});

test('empty fields are left out', () => {
  assert.equal(encodeRecord(new AuditRecord()), '{"time":1000,"outcome":"allowed","kind":"operation","ms":0}');
});

test('any text of a peer survives, as printable ASCII on one line', () => {
  const encoder = new RecordEncoder([]);
  fc.assert(fc.property(latin1, latin1, latin1, anyText, anyText, latin1, (path, parameters, client, user, reason, verb) => {
    const line = encoder.encode(filled({ path, parameters, client, user, reason, verb, host: verb, session: path, id: client }));
    assert.match(line, /^[\x20-\x7e]+$/);
    const parsed = JSON.parse(line);
    for (const [name, value] of Object.entries({ path, params: parameters, client, user, reason, verb, host: verb, session: path, id: client })) {
      assert.equal(parsed[name] ?? '', value, name);
    }
  }), { numRuns: 500 });
});

test('facts keep their meaning, and their control characters do not survive', () => {
  fc.assert(fc.property(anyText, (agent) => {
    const line = new RecordEncoder([]).encode(filled({ attributes: `"agent":${JSON.stringify(agent)},"n":[1,"\u0085\u007f"]` }));
    assert.match(line, /^[\x20-\x7e]+$/);
    const { facts } = JSON.parse(line) as { facts: { agent: string; n: unknown } };
    if (agent.isWellFormed()) assert.equal(facts.agent, agent);
    assert.deepEqual(facts.n, [1, '\u0085\u007f']);
  }));
});

test('facts that are not JSON do not spoil the line', () => {
  assert.deepEqual(JSON.parse(encodeRecord(filled({ attributes: '"agent":"a\\' }))).facts, { unreadable: true });
});

test('numbers: fractions to the microsecond, nonsense as 0, large ones exact', () => {
  const encoder = new RecordEncoder();
  for (const [value, wanted] of [[0, 0], [0.0004, 0], [0.001, 0.001], [0.9996, 1], [9.05, 9.05], [999_999.9994, 999_999.999], [1e6, 1_000_000],
    [123_456_789.6, 123_456_789], [-1, 0], [Number.NaN, 0], [Infinity, 0]] as const) {
    assert.equal(JSON.parse(encoder.encode(filled({ durationMs: value }))).ms, wanted, String(value));
  }
  for (const value of [1, 9, 10, 99, 100, 1_073_741_823, 1_073_741_824, 9_007_199_254_740_991]) {
    assert.equal(JSON.parse(encoder.encode(filled({ bytesIn: value }))).in, value);
  }
});

test('times go on correctly over seconds, backwards, and with fractions', () => {
  const encoder = new RecordEncoder();
  for (const time of [1_700_000_000_000, 1_700_000_000_999, 1_700_000_001_000, 1_700_000_000_500.75, 1_600_000_000_007, 4_000_000_000_001]) {
    assert.equal(JSON.parse(encoder.encode(filled({ timeMs: time }))).time, Math.floor(time));
  }
  for (const time of [Number.NaN, -5, Infinity, 0]) assert.equal(typeof JSON.parse(encoder.encode(filled({ timeMs: time }))).time, 'number');
});

test('repeating fields are told apart, whatever the order of values', () => {
  const encoder = new RecordEncoder();
  const names = fc.constantFrom('', 'a', 'b', 'c"', 'd\n');
  fc.assert(fc.property(names, names, names, names, fc.constantFrom('allowed', 'denied'), (service, rule, reason, server, outcome) => {
    const changed = { service, listener: rule, protocol: server, configuration: reason, rule, reason, route: rule === '' ? '' : 'r', pool: server, server, zone: service };
    const record = filled({ ...changed, outcome: outcome as 'allowed' });
    const parsed = JSON.parse(encoder.encode(record));
    const seen = [parsed.service, parsed.listener, parsed.protocol, parsed.config, parsed.rule, parsed.reason, parsed.server, parsed.zone, parsed.outcome];
    assert.deepEqual(seen.map((value) => value ?? ''), [service, rule, server, reason, rule, reason, server, service, outcome]);
  }));
});

test('more distinct values than are kept ready stay correct', () => {
  const encoder = new RecordEncoder();
  for (let number = 0; number < 3000; number++) {
    const parsed = JSON.parse(encoder.encode(filled({ rule: `r${number % 1501}`, server: `s${number}`, verb: `V${number % 700}`, zone: `z${number % 11}` })));
    assert.deepEqual([parsed.rule, parsed.server, parsed.verb, parsed.zone], [`r${number % 1501}`, `s${number}`, `V${number % 700}`, `z${number % 11}`]);
  }
});

test('texts are kept up to the limit and cut beyond it', () => {
  assert.equal(JSON.parse(encodeRecord(filled({ path: 'a'.repeat(maximumTextLength) }))).path.length, maximumTextLength);
  assert.equal(JSON.parse(encodeRecord(filled({ path: 'a'.repeat(maximumTextLength + 1) }))).path.length, maximumTextLength);
  assert.deepEqual(JSON.parse(encodeRecord(filled({ attributes: `"a":"${'x'.repeat(20_000)}"` }))).facts, { truncated: true });
});

test('the worst record fits into the room that is promised', () => {
  const worst = '\u0000'.repeat(20_000);
  const record = filled();
  for (const name of Object.keys(record) as (keyof AuditRecord)[]) if (typeof record[name] === 'string') Object.assign(record, { [name]: worst });
  record.attributes = `"a":"${'\u0001'.repeat(16_000)}"`;
  const target = Buffer.alloc(maximumRecordBytes);
  const end = new RecordEncoder().encodeInto(record, target, 0);
  assert.ok(end < maximumRecordBytes, String(end));
  assert.equal(JSON.parse(target.toString('latin1', 0, end)).path.length, maximumTextLength);
});

test('secrets in parameters and facts are masked', () => {
  const parsed = JSON.parse(encodeRecord(filled({
    parameters: 'a=1&Access_Token=abc&b=2', attributes: '"header:authorization":"Basic Zm9v","agent":"x","referer":"https://e.example/?sid=77&p=1"',
  })));
  assert.equal(parsed.params, 'a=1&Access_Token=***&b=2');
  assert.deepEqual(parsed.facts, { 'header:authorization': '***', agent: 'x', referer: 'https://e.example/?sid=***&p=1' });
});

test('sessions that take one another\'s place, and a session that changes, are written as they are', () => {
  const encoder = new RecordEncoder();
  const target = Buffer.allocUnsafeSlow(maximumRecordBytes);
  const written = (record: AuditRecord): string => target.toString('latin1', 0, encoder.encodeInto(record, target, 0));
  const change = fc.record({
    session: fc.constantFrom('a', 'b', ''), client: fc.constantFrom('10.0.0.1', '10.0.0.2', '"'), clientPort: fc.constantFrom(1, 257, 2), service: fc.constantFrom('shop', 'blog'),
    protocol: fc.constantFrom('http', 'ftp'), listener: fc.constantFrom('plain', 'tls'), configuration: fc.constantFrom('c1', 'c2'),
  });
  fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
    // In turn, and each again and again: from the third record in a row on the piece of its session is ready.
    for (const each of [...changes, ...changes, ...changes]) assert.equal(written(filled(each)), encodeRecord(filled(each)));
    for (const each of changes) for (let time = 0; time < 3; time++) assert.equal(written(filled(each)), new RecordEncoder().encode(filled(each)));
  }), { numRuns: 50 });
});
