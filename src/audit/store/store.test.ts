// Tests of the store behind its thread: appended blocks are acknowledged and found, slices add up, stopping keeps all.
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditRecord } from '#contract/audit-record.ts';
import { encodeRecord } from '../encode.ts';
import { linesOf } from '../lines.ts';
import { AuditStore } from './store.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-store-thread-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const options = { directory, maxSize: 1e9, maxAgeMs: 1e9, blockRecords: 100, flushEveryMs: 10_000 };

function block(first: number, count: number): Uint8Array {
  let text = '';
  for (let number = first; number < first + count; number++) {
    text += `${encodeRecord(Object.assign(new AuditRecord(), { timeMs: Date.now(), id: `id${number}`, status: number }))}\n`;
  }
  return linesOf(text);
}

test('append, page, query, find, close, and all is there after a restart', async () => {
  let waiting = 30;
  const { promise: allAcknowledged, resolve } = Promise.withResolvers<void>();
  const store = new AuditStore(options, { report: () => undefined, acknowledge: (blocks) => { if ((waiting -= blocks) === 0) resolve(); } });
  for (let number = 0; number < 30; number++) store.append(block(number * 50, 50), 50);
  await allAcknowledged;
  const page = await store.page({ limit: 3 });
  assert.deepEqual(page.records.map((record) => record.status), [1499, 1498, 1497]);
  const next = await store.page({ limit: 2, cursor: page.cursor });
  assert.deepEqual(next.records.map((record) => record.status), [1496, 1495]);
  assert.equal((await store.find('id777'))?.status, 777);
  assert.equal(await store.find('id9999'), undefined);
  let seen = 0;
  for await (const record of store.query({ order: 'oldest', statusFrom: 1 })) {
    seen++;
    assert.equal(record.status, seen);
  }
  assert.equal(seen, 1499);
  store.append(block(1500, 10), 10);
  await store.close();
  assert.equal(store.status.kept, 1510);

  const again = new AuditStore(options, { report: () => undefined, acknowledge: () => undefined });
  assert.deepEqual((await again.page({ limit: 1 })).records.map((record) => record.status), [1509]);
  await again.close();
  await assert.rejects(again.find('id1'), /not running/);
});

test('a wrong query is an error of the call, not of the store', async () => {
  const store = new AuditStore(options, { report: () => undefined, acknowledge: () => undefined });
  await assert.rejects(store.page({ clients: ['nonsense'] }), /neither an address nor a network/);
  assert.equal((await store.page({ limit: 1 })).records.length, 1);
  await store.close();
});
