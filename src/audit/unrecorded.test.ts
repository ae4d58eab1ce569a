// Operations without a record: counted in the batch of a worker, added to what the records say.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { AuditRecord } from '#contract/audit-record.ts';
import { AuditBatch, type AuditBlock } from './batch.ts';
import { AuditStatistics } from './statistics.ts';
import { soundCounts, UnrecordedOperations } from './unrecorded.ts';

test('counts add up with those of records', () => {
  const blocks: AuditBlock[] = [];
  const batch = new AuditBatch({ deliver: (block) => blocks.push({ ...block, lines: new Uint8Array(block.lines) }) });
  batch.add(Object.assign(new AuditRecord(), { service: 'shop', status: 200, durationMs: 2 }));
  for (const [service, status, durationMs] of [['shop', 200, 0.5], ['shop', 404, 7], ['blog', 0, 1]] as const) batch.unrecorded.count(service, status, durationMs);
  batch.flush();
  assert.equal(blocks.length, 1);
  const statistics = new AuditStatistics();
  statistics.addLines(blocks[0]!.lines);
  for (const counts of soundCounts(blocks[0]!.unrecorded)) statistics.addUnrecorded(counts);
  const [shop, blog] = statistics.services();
  assert.deepEqual([shop!.operations, shop!.outcomes, shop!.statusClasses.slice(0, 5), shop!.latency.slice(0, 5), shop!.latencySumMs],
    [3, { allowed: 3 }, [0, 0, 2, 0, 1], [1, 1, 0, 1, 0], 9.5]);
  assert.deepEqual([blog!.operations, blog!.outcomes, blog!.statusClasses[0]], [1, { allowed: 1 }, 1]);
  batch.flush();
  assert.equal(blocks.length, 1, 'what was counted is handed over once');
});

test('counts alone make a block, and wait for one while too many are on their way', () => {
  const blocks: AuditBlock[] = [];
  const batch = new AuditBatch({ deliver: (block) => blocks.push({ ...block }), maxPending: 1 });
  batch.unrecorded.count('shop', 200, 1);
  batch.flush();
  assert.deepEqual([blocks.length, blocks[0]!.count, blocks[0]!.unrecorded?.[0]?.operations], [1, 0, 1]);
  batch.unrecorded.count('shop', 200, 1);
  batch.flush();
  assert.equal(blocks.length, 1);
  batch.acknowledge();
  batch.unrecorded.count('shop', 200, 1);
  batch.flush();
  assert.deepEqual([blocks.length, blocks[1]!.unrecorded?.[0]?.operations], [2, 2]);
});

test('what a worker says is looked at before it is added up', () => {
  const counted = new UnrecordedOperations();
  counted.count('shop', 200, 1);
  const [sound] = counted.take();
  assert.equal(soundCounts([sound]).length, 1);
  for (const change of [{ service: 7 }, { operations: -1 }, { operations: NaN }, { latencySumMs: '1' }, { statusClasses: [] }, { latency: [...sound!.latency, 1] },
    { latency: sound!.latency.map(() => 'x') }]) assert.deepEqual(soundCounts([{ ...sound, ...change }]), [], JSON.stringify(change));
  for (const foreign of [undefined, null, 'x', {}, [null], [undefined], Array.from({ length: 1001 }, () => sound)]) assert.deepEqual(soundCounts(foreign), []);
});
