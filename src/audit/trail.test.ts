// Tests of trail.ts: blocks reach the store, the sinks and followers; failures of one do not touch the others.
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditRecord } from '#contract/audit-record.ts';
import { AuditBatch } from './batch.ts';
import type { AuditBlock } from './batch.ts';
import { linesOf } from './lines.ts';
import { auditSettings, defaultMask } from './settings.ts';
import type { AuditSettingsInput } from './settings.ts';
import type { Sink } from './sinks/sink.ts';
import { newCounters } from './sinks/sink.ts';
import { AuditTrail } from './trail.ts';
import type { AuditTrailOptions } from './trail.ts';

const root = mkdtempSync(join(tmpdir(), 'sallyport-trail-'));
after(() => rmSync(root, { recursive: true, force: true }));
let made = 0;

function trail(settings: AuditSettingsInput = {}, options: Partial<AuditTrailOptions> = {}): { trail: AuditTrail; stateDirectory: string } {
  const stateDirectory = options.stateDirectory ?? join(root, String(made++));
  return { trail: new AuditTrail({ settings: auditSettings.parse(settings), stateDirectory, ...options }), stateDirectory };
}

function block(count: number, change: Partial<AuditRecord> = {}): AuditBlock {
  const blocks: AuditBlock[] = [];
  const batch = new AuditBatch({ deliver: (each) => blocks.push({ ...each, lines: new Uint8Array(each.lines) }), mask: defaultMask });
  for (let number = 1; number <= count; number++) {
    batch.add(Object.assign(new AuditRecord(), { timeMs: 1e12 + number, service: 'shop', status: number, parameters: 'token=x' }, change));
  }
  batch.flush();
  return blocks[0]!;
}

test('a block is kept, searched, followed and counted', async () => {
  const { trail: log } = trail();
  const followed: number[] = [];
  const stop = log.subscribe({ statusFrom: 2, statusTo: 3 }, (record) => followed.push(record.status!));
  await new Promise<void>((resolve) => { log.accept(block(5), resolve); });
  assert.deepEqual(followed, [2, 3]);
  stop();
  log.accept(block(3));
  assert.deepEqual(followed, [2, 3]);
  const page = await log.page({ limit: 2 });
  assert.deepEqual(page.records.map((record) => [record.status, record.params]), [[3, 'token=***'], [2, 'token=***']]);
  assert.equal(log.statistics.services()[0]!.operations, 8);
  await log.flush();
  assert.equal(log.status().store!.kept, 8);
  await log.close();
});

test('the supervisor records for itself, with an id and a time', async () => {
  const { trail: log } = trail();
  const record = new AuditRecord();
  record.kind = 'control';
  record.verb = 'reload';
  log.record(record);
  const [kept] = (await log.page({ kinds: ['control'] })).records;
  assert.equal(kept!.verb, 'reload');
  assert.ok(kept!.time > 1.7e12);
  assert.equal((await log.find(kept!.id!))?.verb, 'reload');
  await log.close();
});

test('what workers had to drop is part of the log', async () => {
  const { trail: log } = trail();
  log.accept({ ...block(1), lost: 7 });
  const records = (await log.page({ kinds: ['system'] })).records;
  assert.deepEqual(records.map((record) => [record.rule, record.outcome]), [['records-lost', 'error']]);
  assert.match(records[0]!.reason!, /^7 audit records/);
  assert.equal(log.status().lostInWorkers, 7);
  await log.close();
});

test('JSON lines beside the store, cleaned of what no encoder writes; a sink that throws stops nobody', async () => {
  const bad: Sink = { name: 'bad', counters: newCounters(), write() { throw new Error('bug'); }, flush: async () => undefined, close: async () => undefined };
  const { trail: log, stateDirectory } = trail({ store: { enabled: false }, jsonLines: { path: 'all.jsonl' } }, { sinks: [bad] });
  let done = 0;
  log.accept(block(2), () => { done++; });
  log.accept({ ...block(1), lines: linesOf('{"time":1,"x":"\u001b[2J\u00e9"}') }, () => { done++; });
  await log.close();
  const text = readFileSync(join(stateDirectory, 'audit', 'all.jsonl'), 'latin1');
  // The three, and the one that says that the other sink fails.
  assert.equal(text.split('\n').length, 5);
  assert.match(text, /"rule":"sink-failing"/);
  assert.match(text, /\{"time":1,"x":"\?\[2J\?"\}\n$/);
  assert.equal(done, 2);
  assert.deepEqual([bad.counters.failures, bad.counters.dropped], [3, 4]);
});

test('a store that cannot be written: refuses when told so, and stops refusing', { timeout: 20_000 }, async () => {
  for (const onStoreFailure of ['refuse', 'continue'] as const) {
    const stateDirectory = join(root, `blocked-${onStoreFailure}`);
    writeFileSync(stateDirectory, 'a file');
    const changes: boolean[] = [];
    let told: () => void = () => undefined;
    const codes: string[] = [];
    const { trail: log } = trail({ onStoreFailure, store: { flushEvery: '50ms' } }, {
      stateDirectory, refusingChanged: (refusing) => changes.push(refusing), report: (event) => { codes.push(event.code); told(); },
    });
    const until = async (code: string): Promise<void> => { while (!codes.includes(code)) await new Promise<void>((resolve) => { told = resolve; }); };
    await until('store-failing');
    assert.equal(log.refusing, onStoreFailure === 'refuse');
    await new Promise<void>((resolve) => { log.accept(block(3), resolve); });
    rmSync(stateDirectory);
    await until('store-recovered');
    assert.equal(log.refusing, false);
    assert.deepEqual(changes, onStoreFailure === 'refuse' ? [true, false] : []);
    await log.flush();
    assert.deepEqual((await log.page({ kinds: ['system'], order: 'oldest' })).records.map((record) => record.rule), ['store-failing', 'store-recovered']);
    assert.equal((await log.page({ kinds: ['operation'] })).records.length, 3);
    await log.close();
  }
});

test('a follower that throws is not asked again', async () => {
  const { trail: log } = trail({ store: { enabled: false } });
  let calls = 0;
  log.subscribe({}, () => { calls++; throw new Error('gone'); });
  log.accept(block(3));
  log.accept(block(3));
  assert.equal(log.status().followers, 0);
  assert.equal(calls, 1);
  await log.close();
});

test('settings: defaults, and what is wrong is refused', () => {
  const settings = auditSettings.parse(undefined);
  assert.deepEqual(settings.store, { enabled: true, maxSize: 1024 ** 3, maxAge: 30 * 86_400_000, blockRecords: 1000, flushEvery: 1000 });
  assert.deepEqual([settings.onOverflow, settings.onStoreFailure, settings.console], ['drop', 'continue', false]);
  assert.equal(auditSettings.safeParse({ stores: {} }).success, false);
  assert.equal(auditSettings.safeParse({ syslog: { address: 'nowhere' } }).success, false);
  assert.deepEqual(auditSettings.parse({ syslog: { address: '10.0.0.5:514' } }).syslog!.address, { host: '10.0.0.5', port: 514 });
});

test('other settings at run time: nothing is lost, what has not changed stays', async () => {
  const { trail: log, stateDirectory } = trail({ jsonLines: { path: 'a.jsonl' } });
  log.accept(block(3));
  await log.reconfigure(auditSettings.parse({ jsonLines: { path: 'a.jsonl' }, store: { maxAge: '1d' }, mask: [] }));
  log.accept(block(3));
  assert.equal((await log.page({})).records.length, 6);
  await log.reconfigure(auditSettings.parse({ directory: 'elsewhere', jsonLines: { path: '../audit/b.jsonl' } }));
  log.accept(block(4));
  assert.equal((await log.page({})).records.length, 4);
  assert.deepEqual(log.status().sinks.map((sink) => sink.name), ['json-lines']);
  await log.reconfigure(auditSettings.parse({ store: { enabled: false } }));
  let done = 0;
  log.accept(block(1), () => { done++; });
  assert.equal(done, 1);
  assert.deepEqual([log.status().store, log.status().sinks], [undefined, []]);
  await log.close();
  assert.equal(readFileSync(join(stateDirectory, 'audit', 'a.jsonl'), 'latin1').split('\n').length, 7);
  assert.equal(readFileSync(join(stateDirectory, 'audit', 'b.jsonl'), 'latin1').split('\n').length, 5);
});

test('a sink that fails is told of once, and so is that it works again', async () => {
  const told: string[] = [];
  const counters = newCounters();
  let broken = true;
  const sink: Sink = {
    name: 'shipper', counters,
    write: (_text, count) => {
      if (broken) {
        counters.failures++;
        counters.dropped += count;
        counters.lastFailure = 'connection refused';
      } else counters.written += count;
    },
    flush: async () => { /* nothing waits */ }, close: async () => { /* nothing is open */ },
  };
  const { trail: log } = trail({}, { sinks: [sink], report: ({ code, message }) => { told.push(`${code} ${message}`); } });
  log.accept(block(2));
  log.accept(block(3));
  assert.deepEqual(told, ['sink-failing the audit sink shipper fails: connection refused; what it cannot take is counted (sallyport status)']);
  broken = false;
  log.accept(block(1));
  log.accept(block(1));
  // The record that says so went to the sink as well.
  assert.deepEqual(told.slice(1), ['sink-recovered the audit sink shipper works again; 6 records were lost to it']);
  broken = true;
  log.accept(block(1));
  assert.equal(told.length, 3);
  await log.flush();
  const kept = (await log.page({ kinds: ['system'] })).records.map(({ rule, outcome }) => `${rule} ${outcome}`);
  assert.deepEqual(kept.sort(), ['sink-failing error', 'sink-failing error', 'sink-recovered allowed']);
  await log.close();
});
