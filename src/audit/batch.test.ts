// Tests of batch.ts: blocks by count and size, acknowledgement, dropping and refusing.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { AuditRecord } from '#contract/audit-record.ts';
import { AuditBatch } from './batch.ts';
import type { AuditBatchOptions, AuditBlock } from './batch.ts';
import { textOf } from './lines.ts';

function batch(options: Omit<AuditBatchOptions, 'deliver'> = {}): { batch: AuditBatch; blocks: AuditBlock[]; add: (change?: Partial<AuditRecord>) => boolean } {
  const blocks: AuditBlock[] = [];
  const made = new AuditBatch({ ...options, deliver: (block) => blocks.push({ ...block, lines: new Uint8Array(block.lines) }) });
  const record = new AuditRecord();
  return { batch: made, blocks, add: (change = {}) => made.add(Object.assign(record, { timeMs: 1_700_000_000_000, service: 'shop' }, change)) };
}

test('a block is handed over at its count, not one before', () => {
  const { blocks, add } = batch({ maxRecords: 3 });
  add();
  add();
  assert.equal(blocks.length, 0);
  add();
  assert.equal(blocks.length, 1);
  assert.equal(blocks[0]!.count, 3);
  assert.equal(textOf(blocks[0]!.lines).split('\n').length, 4);
});

test('a block says what is in it', () => {
  const { batch: made, blocks, add } = batch();
  add({ timeMs: 1_700_000_000_500 });
  add({ timeMs: 1_700_000_000_100, service: 'blog', outcome: 'denied' });
  add({ timeMs: 1_700_000_000_900, service: 'shop', outcome: 'allowed' });
  made.flush();
  made.flush();
  const { lines, ...index } = blocks[0]!;
  assert.deepEqual(index, { count: 3, firstMs: 1_700_000_000_100, lastMs: 1_700_000_000_900, services: ['shop', 'blog'], outcomes: 3, lost: 0 });
  assert.ok(textOf(lines).endsWith('}\n'));
  assert.equal(blocks.length, 1);
  add({ service: 'blog' });
  made.flush();
  assert.deepEqual([blocks[1]!.services, blocks[1]!.outcomes, blocks[1]!.count], [['blog'], 1, 1]);
});

test('large records end a block by size', () => {
  const { blocks, add } = batch({ maxBytes: 10_000 });
  for (let number = 0; number < 4; number++) add({ path: `/${'x'.repeat(4000)}` });
  assert.equal(blocks.length, 1);
  assert.equal(blocks[0]!.count, 3);
});

test('drop: what nobody takes is counted and said in the next block', () => {
  const { batch: made, blocks, add } = batch({ maxRecords: 1, maxPending: 2 });
  assert.equal(add(), true);
  assert.equal(made.overflowed, false);
  assert.equal(add(), true);
  assert.equal(made.overflowed, true);
  assert.equal(made.refusing, false);
  assert.equal(add(), false);
  assert.equal(add(), false);
  made.flush();
  assert.equal(blocks.length, 2);
  made.acknowledge();
  assert.equal(made.overflowed, false);
  made.flush();
  assert.deepEqual([blocks[2]!.count, blocks[2]!.lost, blocks[2]!.lines.length], [0, 2, 0]);
  assert.deepEqual([made.added, made.lost, made.pending], [2, 2, 2]);
  made.acknowledge(2);
  add();
  assert.equal(blocks[3]!.lost, 0);
});

test('refuse: operations under way are still recorded, up to twice the bound', () => {
  const { batch: made, blocks, add } = batch({ maxRecords: 1, maxPending: 2, onOverflow: 'refuse' });
  for (let number = 0; number < 2; number++) add();
  assert.equal(made.refusing, true);
  assert.deepEqual([add(), add(), add()], [true, true, false]);
  assert.equal(blocks.length, 4);
  made.acknowledge(3);
  assert.equal(made.refusing, false);
});
