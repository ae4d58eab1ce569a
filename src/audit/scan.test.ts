// Tests of scan.ts: it reads what JSON.parse reads, and survives any line.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { AuditRecord } from '#contract/audit-record.ts';
import type { Outcome, RecordKind } from '#contract/audit-record.ts';
import { encodeRecord } from './encode.ts';
import { LineScanner } from './scan.ts';

const latin1 = fc.string({ unit: fc.constantFrom('a', '"', '\\', 'é', '\n', ':', ',', '{', ' '), maxLength: 8 });

function text(line: string, start: number, end: number): string {
  return end === 0 ? '' : String(JSON.parse(`"${line.slice(start, end)}"`));
}

test('it reads what a parser reads, line after line', () => {
  const scanner = new LineScanner();
  const made = fc.record({
    id: latin1, session: latin1, client: latin1, service: fc.constantFrom('', 'shop', 'blog'), verb: latin1, zone: latin1, listener: latin1,
    protocol: fc.constantFrom('', 'http'), configuration: latin1, outcome: fc.constantFrom<Outcome>('allowed', 'denied'),
    kind: fc.constantFrom<RecordKind>('operation', 'session'), status: fc.constantFrom(0, 200, 404), durationMs: fc.constantFrom(0, 1.5, 12.003, 70_000.25),
    path: latin1,
  });
  fc.assert(fc.property(fc.array(made, { minLength: 1, maxLength: 5 }), (records) => {
    const lines = records.map((change) => encodeRecord(Object.assign(new AuditRecord(), { timeMs: 1_700_000_000_001 }, change)));
    const block = `${lines.join('\n')}\n`;
    let start = 0;
    for (const line of lines) {
      const wanted = JSON.parse(line);
      scanner.scan(block, start, start + line.length);
      assert.deepEqual({
        time: scanner.timeMs, id: text(block, scanner.idStart, scanner.idEnd), session: text(block, scanner.sessionStart, scanner.sessionEnd),
        client: text(block, scanner.clientStart, scanner.clientEnd), service: scanner.service, outcome: scanner.outcome, kind: scanner.kind,
        status: scanner.status, ms: Math.round(scanner.durationMs * 1000) / 1000,
      }, {
        time: wanted.time, id: wanted.id ?? '', session: wanted.session ?? '', client: wanted.client ?? '', service: wanted.service ?? '',
        outcome: wanted.outcome, kind: wanted.kind, status: wanted.status ?? 0, ms: wanted.ms,
      });
      start += line.length + 1;
    }
  }), { numRuns: 1000 });
});

test('members that repeat are skipped as one piece, and what follows is read', () => {
  const scanner = new LineScanner();
  const made = (at: number): string => encodeRecord(Object.assign(new AuditRecord(), {
    timeMs: 1_700_000_000_000 + at, service: at % 2 === 0 ? 'shop' : 'blog', verb: 'GET', zone: 'internet', status: 200 + at, durationMs: at + 0.5,
    outcome: at % 3 === 0 ? 'denied' : 'allowed',
  }));
  for (let at = 0; at < 30; at++) {
    const line = made(at);
    scanner.scan(line, 0, line.length);
    assert.deepEqual([scanner.service, scanner.outcome, scanner.kind, scanner.status, scanner.durationMs],
      [at % 2 === 0 ? 'shop' : 'blog', at % 3 === 0 ? 'denied' : 'allowed', 'operation', 200 + at, at + 0.5]);
  }
});

test('forged lines end', () => {
  const scanner = new LineScanner();
  const piece = fc.constantFrom('{"time":1', ',"id":"', '"', '\\', ',"service":"', 'x', ',"ms":', '3', '}', '\n', ':', '{');
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    const line = pieces.join('');
    scanner.scan(line, 0, line.length);
    assert.equal(typeof scanner.service, 'string');
  }), { numRuns: 2000 });
});
