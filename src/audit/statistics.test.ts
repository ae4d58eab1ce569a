// Tests of statistics.ts: the counts are those of the parsed records.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { AuditRecord } from '#contract/audit-record.ts';
import type { Outcome } from '#contract/audit-record.ts';
import { encodeRecord } from './encode.ts';
import { AuditStatistics, latencyBoundsMs } from './statistics.ts';

function text(...records: Partial<AuditRecord>[]): string {
  return records.map((change) => `${encodeRecord(Object.assign(new AuditRecord(), { timeMs: 5e12, service: 'shop' }, change))}\n`).join('');
}

test('operations by service, outcome, status class and latency', () => {
  const statistics = new AuditStatistics();
  statistics.addText(text({ status: 200, durationMs: 1 }, { status: 204, durationMs: 1.001 }, { status: 404, durationMs: 20_000, outcome: 'denied' }));
  statistics.addText(text({ service: 'blog', status: 0 }, { status: 500, outcome: 'failed', kind: 'violation' }, { kind: 'session' }));
  const [shop, blog] = statistics.services();
  assert.deepEqual(shop!.outcomes, { allowed: 2, denied: 1, failed: 1 });
  assert.deepEqual(shop!.statusClasses, [0, 0, 2, 0, 1, 1, 0, 0, 0, 0]);
  assert.equal(shop!.operations, 4);
  assert.deepEqual([shop!.latency[0], shop!.latency[1], shop!.latency[latencyBoundsMs.length]], [2, 1, 1]);
  assert.equal(Math.round(shop!.latencySumMs), 20_002);
  assert.deepEqual([blog!.service, blog!.operations, blog!.statusClasses[0]], ['blog', 1, 1]);
  assert.equal(statistics.records, 6);
  assert.deepEqual(statistics.kinds, { operation: 4, violation: 1, session: 1 });
});

test('names that nobody configured stay bounded', () => {
  const statistics = new AuditStatistics();
  for (let number = 0; number < 1500; number++) statistics.addText(text({ service: `s${number}`, outcome: `o${number}` as Outcome }));
  assert.equal(statistics.services().length, 1001);
  assert.deepEqual(statistics.services().at(-1)!.outcomes, { unknown: 500 });
});
