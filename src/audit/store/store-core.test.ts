// Tests of the store without its thread: what is kept is found, what cannot be kept is counted, nothing ever throws.
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditRecord } from '#contract/audit-record.ts';
import { VirtualClock } from '#core/clock.ts';
import { encodeRecord } from '../encode.ts';
import { makeIdSource } from '../ids.ts';
import { linesOf } from '../lines.ts';
import type { AuditQuery } from '../query.ts';
import type { StoredRecord } from '../record.ts';
import { BrokenStoreError, SqliteBlockDatabase } from './database.ts';
import type { BlockDatabase } from './database.ts';
import { StoreCore } from './store-core.ts';
import type { StoreEvent, StoreOptions } from './store-core.ts';

const root = mkdtempSync(join(tmpdir(), 'sallyport-store-'));
after(() => rmSync(root, { recursive: true, force: true }));
let directories = 0;

interface Bench { core: StoreCore; clock: VirtualClock; events: StoreEvent[]; acknowledged: () => number; directory: string }

function bench(options: Partial<StoreOptions> = {}, open?: (path: string) => BlockDatabase): Bench {
  const directory = options.directory ?? join(root, String(directories++));
  const clock = new VirtualClock();
  const events: StoreEvent[] = [];
  let acknowledged = 0;
  const core = new StoreCore({ directory, maxSize: 1e9, maxAgeMs: 86_400_000, blockRecords: 100, flushEveryMs: 1000, ...options }, {
    report: (event) => events.push(event), acknowledge: (blocks) => { acknowledged += blocks; },
    nowMs: () => clock.nowMs(), wallMs: () => clock.wallMs(), open,
  });
  return { core, clock, events, acknowledged: () => acknowledged, directory };
}

/** Text that does not compress well. */
const noise = (number: number): Partial<AuditRecord> => ({
  path: `/${Array.from({ length: 40 }, (_, at) => (Math.imul(number + 3, at * 65_537 + 7919) >>> 0).toString(36)).join('')}`,
});

/** Records numbered by their status, made at the clock's time. */
function lines(clock: VirtualClock, first: number, count: number, change: (number: number) => Partial<AuditRecord> = () => ({})): Uint8Array {
  let text = '';
  for (let number = first; number < first + count; number++) {
    const record = Object.assign(new AuditRecord(), { timeMs: clock.wallMs() + number, status: number, service: 'shop', client: '10.0.0.1', path: `/${number}` }, change(number));
    text += `${encodeRecord(record)}\n`;
  }
  return linesOf(text);
}

function all(core: StoreCore, query: AuditQuery = {}, limit = 7, budgetMs = 1000): StoredRecord[] {
  const records: StoredRecord[] = [];
  let cursor = query.cursor;
  do {
    const page = core.page({ ...query, cursor, limit }, budgetMs);
    records.push(...page.records);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return records;
}

const numbers = (records: StoredRecord[]): number[] => records.map((record) => record.status ?? 0);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

test('the file is not for everybody, whatever its directory is', () => {
  const directory = mkdtempSync(join(root, 'open-'));
  chmodSync(directory, 0o755);
  const { core, clock } = bench({ directory });
  core.append(lines(clock, 0, 200), 200);
  core.flush();
  for (const name of readdirSync(directory)) assert.equal(statSync(join(directory, name)).mode & 0o137, 0, name);
  assert.ok(readdirSync(directory).includes('audit.db'));
  core.close();
});

test('what is appended is found, in both orders, whatever the page size', () => {
  const { core, clock } = bench();
  for (let block = 0; block < 5; block++) core.append(lines(clock, block * 50 + 1, 50), 50);
  for (const limit of [1, 7, 50, 1000]) {
    assert.deepEqual(numbers(all(core, { order: 'oldest' }, limit)), upTo(250));
    assert.deepEqual(numbers(all(core, {}, limit)), upTo(250).reverse());
    assert.deepEqual(numbers(all(core, { statusFrom: 90, statusTo: 110 }, limit)), upTo(250).slice(89, 110).reverse());
  }
  // Without any budget every slice looks at one block.
  assert.deepEqual(numbers(all(core, {}, 10, -1)), upTo(250).reverse());
  core.close();
});

test('a page goes on where it ended although records arrive and blocks are merged', () => {
  const { core, clock } = bench();
  for (let block = 0; block < 59; block++) {
    core.append(lines(clock, block * 3 + 1, 3), 3);
    core.flush();
  }
  const first = core.page({ limit: 70 }, 1000);
  core.append(lines(clock, 178, 3), 3);
  core.flush();
  const rest = all(core, { cursor: first.cursor });
  assert.deepEqual([...numbers(first.records), ...numbers(rest)], upTo(177).reverse());
  core.close();
});

test('small blocks of quiet times are merged and keep their records', () => {
  const { core, clock, directory } = bench();
  for (let block = 0; block < 130; block++) {
    core.append(lines(clock, block * 2 + 1, 2), 2);
    core.flush();
  }
  assert.deepEqual(numbers(all(core, { order: 'oldest' })), upTo(260));
  core.close();
  const database = new SqliteBlockDatabase(join(directory, 'audit.db'));
  assert.ok(database.blocks(0, database.nextSeq, true, 1000).length < 20);
  database.close();
});

test('records are found again after a restart, and sequence goes on', () => {
  const first = bench();
  first.core.append(lines(first.clock, 1, 30), 30);
  first.core.close();
  const second = bench({ directory: first.directory });
  second.core.append(lines(second.clock, 31, 5), 5);
  assert.deepEqual(numbers(all(second.core, { order: 'oldest' })), upTo(35));
  assert.equal(second.core.status().storedRecords, 35);
  second.core.close();
});

test('by id, by session and by client, across blocks', () => {
  const { core, clock } = bench({ blockRecords: 20 });
  const ids = makeIdSource(1, () => clock.wallMs());
  const made: string[] = [];
  for (let block = 0; block < 20; block++) {
    core.append(lines(clock, block * 20 + 1, 20, (number) => {
      const id = ids.next();
      made.push(id);
      return { id, timeMs: clock.wallMs(), session: `s${Math.floor(number / 3)}`, client: `10.0.0.${number % 200}` };
    }), 20);
    clock.advance(60_000);
  }
  core.flush();
  for (const at of [0, 19, 20, 211, 399]) assert.equal(core.find(made[at]!)?.status, at + 1);
  assert.equal(core.find('000000000000000000'), undefined);
  assert.equal(core.find('"'), undefined);
  assert.deepEqual(numbers(all(core, { session: 's50', order: 'oldest' })), [150, 151, 152]);
  assert.deepEqual(numbers(all(core, { clients: ['10.0.0.7'], order: 'oldest' })), [7, 207]);
  const scanned = core.page({ clients: ['10.0.0.7'], limit: 100 }, 1000).scanned;
  assert.ok(scanned < 120, `looked at ${scanned} records of 400`);
  core.close();
});

test('a record whose time is far from the time in its id is found all the same', () => {
  const { core, clock } = bench();
  const id = makeIdSource(1, () => clock.wallMs() - 9e8).next();
  core.append(lines(clock, 1, 1, () => ({ id })), 1);
  assert.equal(core.find(id)?.id, id);
  core.close();
});

test('written when due by time, at once when a block is full', () => {
  const { core, clock } = bench();
  core.append(lines(clock, 1, 10), 10);
  core.tick();
  assert.equal(core.status().kept, 0);
  clock.advance(1000);
  core.tick();
  assert.equal(core.status().kept, 10);
  core.append(lines(clock, 1, 100), 100);
  assert.equal(core.status().kept, 110);
  core.close();
});

test('retention by age', () => {
  const { core, clock } = bench({ maxAgeMs: 60_000 });
  core.append(lines(clock, 1, 100), 100);
  clock.advance(50_000);
  core.append(lines(clock, 101, 100), 100);
  clock.advance(20_000);
  core.tick();
  assert.deepEqual(numbers(all(core, { order: 'oldest' })), upTo(200).slice(100));
  assert.equal(core.status().removed, 100);
  core.close();
});

test('retention by size keeps the newest and the file small', () => {
  const maxSize = 400_000;
  const { core, clock, directory } = bench({ maxSize });
  for (let block = 0; block < 120; block++) {
    core.append(lines(clock, block * 100 + 1, 100, noise), 100);
    clock.advance(10_000);
    for (let again = 0; again < 3; again++) core.tick();
  }
  assert.ok(core.status().usedBytes <= maxSize * 1.1, String(core.status().usedBytes));
  const kept = numbers(all(core, { order: 'oldest' }, 10_000));
  assert.equal(kept.at(-1), 12_000);
  assert.ok(kept.length > 500 && kept.length < 9000, String(kept.length));
  assert.equal(kept.length, core.status().storedRecords);
  core.close();
  assert.ok(statSync(join(directory, 'audit.db')).size < maxSize * 1.6);
});

test('a torn file is set aside, said, and a new one begun', () => {
  for (const damage of ['garbage', 'torn', 'other']) {
    const first = bench();
    first.core.append(lines(first.clock, 1, 100), 100);
    first.core.close();
    const path = join(first.directory, 'audit.db');
    const bytes = readFileSync(path);
    if (damage === 'garbage') writeFileSync(path, 'this is no database, but long enough to be looked at'.repeat(100));
    if (damage === 'torn') writeFileSync(path, bytes.subarray(0, 5000));
    if (damage === 'other') writeFileSync(path, Buffer.concat([bytes.subarray(0, 60), Buffer.from([0, 0, 0, 99]), bytes.subarray(64)]));
    const second = bench({ directory: first.directory });
    second.core.append(lines(second.clock, 1, 3), 3);
    second.core.flush();
    assert.deepEqual(second.events.map((event) => event.code), ['store-broken'], damage);
    assert.match(second.events[0]!.message, /set aside as .*audit\.db\.broken-/);
    assert.equal(all(second.core).length, 3);
    assert.equal(readdirSync(first.directory).filter((name) => name.includes('broken') && !/-(wal|shm)$/.test(name)).length, 1);
    second.core.close();
  }
});

test('what was removed is given back to the file system', () => {
  const { core, clock, directory } = bench({ maxAgeMs: 60_000 });
  for (let block = 0; block < 60; block++) core.append(lines(clock, block * 100 + 1, 100, noise), 100);
  clock.advance(70_000);
  core.append(lines(clock, 1, 10), 10);
  for (let again = 0; again < 10; again++) {
    core.tick();
    clock.advance(10_000);
  }
  core.close();
  const { size } = statSync(join(directory, 'audit.db'));
  assert.ok(size < 100_000, String(size));
});

test('a file that turns out torn while it is written: set aside, and nothing of what waits is lost', () => {
  let torn = false;
  const { core, clock, events } = bench({}, (path) => {
    const database = new SqliteBlockDatabase(path);
    const append = database.append.bind(database);
    database.append = (text, index) => {
      if (torn) {
        torn = false;
        throw new BrokenStoreError('database disk image is malformed');
      }
      append(text, index);
    };
    return database;
  });
  core.append(lines(clock, 1, 100), 100);
  torn = true;
  core.append(lines(clock, 101, 100), 100);
  assert.deepEqual(events.map((event) => event.code), ['store-broken']);
  assert.deepEqual(numbers(all(core, { order: 'oldest' })), upTo(200).slice(100));
  core.close();
});

/** A database whose writing fails while told so. */
function flaky(): { open: (path: string) => BlockDatabase; state: { fails: boolean } } {
  const state = { fails: false };
  return {
    state,
    open: (path) => {
      const database = new SqliteBlockDatabase(path);
      const append = database.append.bind(database);
      database.append = (text, index) => {
        if (state.fails) throw new Error('database or disk is full');
        append(text, index);
      };
      return database;
    },
  };
}

test('a full disk: said once, retried with pauses, nothing lost while there is room', () => {
  const { open, state } = flaky();
  const { core, clock, events, acknowledged } = bench({}, open);
  state.fails = true;
  for (let block = 0; block < 10; block++) {
    core.append(lines(clock, block * 100 + 1, 100), 100);
    clock.advance(1000);
    core.tick();
  }
  assert.deepEqual(events.map((event) => event.code), ['store-failing']);
  assert.equal(core.status().failing, 'database or disk is full');
  assert.equal(core.status().pendingRecords, 1000);
  assert.equal(acknowledged(), 10);
  state.fails = false;
  clock.advance(10_000);
  core.tick();
  assert.deepEqual(events.map((event) => event.code), ['store-failing', 'store-recovered']);
  assert.equal(core.status().failing, '');
  assert.deepEqual(numbers(all(core, { order: 'oldest' }, 1000)), upTo(1000));
  assert.equal(core.status().lost, 0);
  core.close();
});

test('beyond its memory: back-pressure first, then counted losses, said when it works again', () => {
  const { open, state } = flaky();
  const text = lines(new VirtualClock(), 1, 100);
  const { core, clock, events, acknowledged } = bench({ maxPendingBytes: text.length * 4 }, open);
  state.fails = true;
  core.append(text, 100);
  core.flush();
  core.append(text, 100);
  assert.equal(acknowledged(), 2);
  core.append(text, 100);
  core.append(text, 100);
  assert.equal(acknowledged(), 2);
  core.append(text, 100);
  assert.equal(acknowledged(), 3);
  assert.equal(core.status().lost, 100);
  state.fails = false;
  clock.advance(10_000);
  core.tick();
  assert.equal(acknowledged(), 5);
  assert.equal(core.status().kept, 400);
  assert.deepEqual(events.map((event) => event.code), ['store-failing', 'records-lost', 'store-recovered']);
  assert.match(events[1]!.message, /^100 audit records were lost: database or disk is full$/);
  core.close();
});

test('a stop with a full disk counts what it had to leave', () => {
  const { open, state } = flaky();
  const { core, clock } = bench({}, open);
  state.fails = true;
  core.append(lines(clock, 1, 5), 5);
  core.close();
  assert.equal(core.status().lost, 5);
});

test('a directory that cannot be made is a failure that goes away', () => {
  const directory = join(root, 'blocked');
  writeFileSync(directory, 'a file');
  const { core, clock, events } = bench({ directory });
  core.append(lines(clock, 1, 5), 5);
  assert.deepEqual(events.map((event) => event.code), ['store-failing']);
  assert.deepEqual(all(core), []);
  rmSync(directory);
  clock.advance(10_000);
  core.tick();
  assert.equal(all(core).length, 5);
  core.close();
});

test('a really full file system', { skip: process.getuid?.() !== 0 || process.platform !== 'linux' ? 'needs root on Linux' : false }, (context) => {
  const directory = mkdtempSync(join(root, 'tmpfs-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', directory], { stdio: 'pipe' });
  } catch {
    context.skip('may not mount');
    return;
  }
  try {
    const { core, clock, events } = bench({ directory });
    writeFileSync(join(directory, 'ballast'), Buffer.alloc(120_000));
    for (let block = 0; block < 40; block++) core.append(lines(clock, block * 100 + 1, 100, noise), 100);
    assert.equal(events[0]?.code, 'store-failing');
    const before = numbers(all(core, { order: 'oldest' }, 10_000));
    assert.deepEqual(before, upTo(before.length));
    execFileSync('mount', ['-o', 'remount,size=20m', directory], { stdio: 'pipe' });
    clock.advance(10_000);
    core.tick();
    assert.equal(core.status().failing, '');
    assert.deepEqual(numbers(all(core, { order: 'oldest' }, 10_000)), upTo(4000));
    core.close();
  } finally {
    execFileSync('umount', ['-l', directory]);
  }
});
