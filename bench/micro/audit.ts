// What the audit log costs: the worker's share (id, record, block) and the supervisor's (statistics, index, store), bytes a
// record on disk, and how fast the store answers on a million records. One process; the best of several rounds, because
// the machine is shared. Not a benchmark of the gateway (bench/run.ts). Run: node bench/micro/audit.ts [records]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditBatch } from '#audit/batch.ts';
import { textOf } from '#audit/lines.ts';
import type { AuditBlock } from '#audit/batch.ts';
import { maximumRecordBytes, RecordEncoder } from '#audit/encode.ts';
import { makeIdSource } from '#audit/ids.ts';
import type { AuditQuery } from '#audit/query.ts';
import { AuditStatistics } from '#audit/statistics.ts';
import { indexBlock } from '#audit/store/block-index.ts';
import { StoreCore } from '#audit/store/store-core.ts';
import { AuditRecord } from '#contract/audit-record.ts';

const rounds = 7;

function best(count: number, run: () => void): number {
  let least = Infinity;
  for (let round = 0; round < rounds; round++) {
    const before = performance.now();
    run();
    least = Math.min(least, (performance.now() - before) * 1e6 / count);
  }
  return least;
}

/** Flat text, as a parser of bytes makes it. */
const flat = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');
const paths = Array.from({ length: 1000 }, (_, at) => flat(`/api/v1/items/${at * 7919}/detail.html`));
const queries = Array.from({ length: 1000 }, (_, at) => flat(at % 2 === 0 ? '' : `page=${at}&sort=asc&q=shoe`));
const clients = Array.from({ length: 4096 }, (_, at) => flat(`203.0.${at >> 8}.${at & 255}`));
const sessions = Array.from({ length: 64 }, (_, at) => flat(`1jq4v0a00000${String(at).padStart(2, '0')}abcd`));
const agent = flat('"agent":"Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0"');
const servers = ['10.1.0.10:8080', '10.1.0.11:8080'];
const routes = Array.from({ length: 50 }, (_, at) => `route-${at}`);
let nowMs = 1_700_000_000_000;
const ids = makeIdSource(1, () => nowMs);

/** 25 fields, 50,000 records a second of wall clock. */
function fill(record: AuditRecord, at: number): void {
  if (at % 50 === 0) nowMs++;
  record.id = ids.next();
  record.session = sessions[(at * 7) % 64]!;
  record.timeMs = nowMs;
  record.durationMs = 1 + (at % 1000) * 0.0137;
  record.protocol = 'http';
  record.listener = 'plain';
  record.service = at % 10 === 0 ? 'blog' : 'shop';
  record.client = clients[(at * 31) % 4096]!;
  record.clientPort = 30_000 + (at % 20_000);
  record.zone = 'internet';
  record.verb = at % 20 === 0 ? 'POST' : 'GET';
  record.host = 'shop.example';
  record.path = paths[(at * 17) % 1000]!;
  record.parameters = queries[at % 1000]!;
  record.outcome = at % 500 === 0 ? 'denied' : 'allowed';
  record.rule = at % 500 === 0 ? 'no-admin' : 'shop-open';
  record.status = at % 500 === 0 ? 403 : 200;
  record.route = routes[at % 50]!;
  record.pool = 'api';
  record.server = servers[at & 1]!;
  record.attempts = 1;
  record.firstByteMs = 0.8 + (at % 977) * 0.01;
  record.bytesIn = 412;
  record.bytesOut = 1024 + (at % 5000);
  record.configuration = 'a1b2c3d4';
  record.attributes = agent;
}

function line(name: string, value: string): void {
  console.log(`${name.padEnd(58)} ${value}`);
}

function workerCosts(): void {
  const record = new AuditRecord();
  const count = 100_000;
  const filling = best(count, () => { for (let at = 0; at < count; at++) fill(record, at); });
  const encoder = new RecordEncoder();
  const target = Buffer.allocUnsafeSlow(maximumRecordBytes);
  const encoding = best(count, () => { for (let at = 0; at < count; at++) { fill(record, at); encoder.encodeInto(record, target, 0); } });
  let bytes = 0;
  const batch = new AuditBatch({ deliver: (block) => { bytes += block.lines.length; batch.acknowledge(); } });
  const batching = best(count, () => { for (let at = 0; at < count; at++) { fill(record, at); batch.add(record); } });
  const spare = makeIdSource(2, () => nowMs);
  let length = 0;
  const making = best(count, () => { for (let at = 0; at < count; at++) length += spare.next().length; });
  if (length === 0) throw new Error('no ids');
  line('worker: one id', `${making.toFixed(0)} ns`);
  line('worker: encode one record of 25 fields', `${(encoding - filling).toFixed(0)} ns`);
  line('worker: encode, collect and hand over', `${(batching - filling).toFixed(0)} ns`);
  line('bytes of a record as text', (bytes / batch.added).toFixed(0));
}

function blocksOf(count: number): AuditBlock[] {
  const blocks: AuditBlock[] = [];
  const record = new AuditRecord();
  const batch = new AuditBatch({ deliver: (block) => { blocks.push({ ...block, lines: new Uint8Array(block.lines) }); batch.acknowledge(); } });
  for (let at = 0; at < count; at++) {
    fill(record, at);
    batch.add(record);
  }
  batch.flush();
  return blocks;
}

function supervisorCosts(): void {
  const blocks = blocksOf(10_000);
  const statistics = new AuditStatistics();
  const counting = best(10_000, () => { for (const block of blocks) statistics.addLines(block.lines); });
  const indexing = best(10_000, () => { for (const block of blocks) indexBlock(block.lines); });
  line('supervisor: statistics of one record', `${counting.toFixed(0)} ns`);
  line('store thread: index of one record', `${indexing.toFixed(0)} ns`);
}

async function storeCosts(count: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-audit-'));
  const core = new StoreCore({ directory, maxSize: 1e12, maxAgeMs: 1e15, blockRecords: 1000, flushEveryMs: 1000 }, {
    report: (event) => console.error(event.message), acknowledge: () => undefined, nowMs: () => performance.now(), wallMs: () => nowMs,
  });
  let busyMs = 0;
  let longestMs = 0;
  let wanted = '';
  const cpu = process.cpuUsage();
  let cpuUs = 0;
  for (let done = 0; done < count; done += 10_000) {
    const blocks = blocksOf(10_000);
    if (done === Math.floor(count / 20_000) * 10_000) wanted = (JSON.parse(textOf(blocks[0]!.lines).split('\n', 1)[0]!) as { id: string }).id;
    const before = process.cpuUsage();
    for (const block of blocks) {
      const startedMs = performance.now();
      core.append(block.lines, block.count);
      const tookMs = performance.now() - startedMs;
      busyMs += tookMs;
      longestMs = Math.max(longestMs, tookMs);
    }
    const used = process.cpuUsage(before);
    cpuUs += used.user + used.system;
  }
  core.flush();
  const status = core.status();
  line(`store thread: keep one of ${count.toLocaleString('en')} records`, `${(busyMs * 1000 / count).toFixed(2)} us (CPU ${(cpuUs / count).toFixed(2)} us)`);
  line('store thread: longest single append', `${longestMs.toFixed(1)} ms`);
  line('bytes of a record on disk, with indexes', (status.usedBytes / count).toFixed(1));
  const searches: [string, AuditQuery][] = [
    ['the newest 100', { limit: 100 }],
    ['one client, newest 100', { clients: ['203.0.1.7'], limit: 100 }],
    ['one session, all', { session: sessions[5]!, limit: 1e9 }],
    ['denied, all', { outcomes: ['denied'], limit: 1e9 }],
    ['status 400-499, all', { statusFrom: 400, statusTo: 499, limit: 1e9 }],
    ['a rule that never decided', { rules: ['nothing'], limit: 100 }],
    ['text that never occurs', { text: 'nothing at all', limit: 100 }],
    ['a network that never came', { clients: ['198.51.100.0/24'], limit: 100 }],
    ['one second of time, all', { fromMs: nowMs - 5000, toMs: nowMs - 4000, limit: 1e9 }],
  ];
  for (const [name, query] of searches) {
    const startedMs = performance.now();
    let found = 0;
    let scanned = 0;
    let cursor: string | undefined;
    do {
      const page = core.page({ ...query, cursor }, 40);
      found += page.records.length;
      scanned += page.scanned;
      cursor = page.cursor;
    } while (cursor !== undefined && found < query.limit!);
    line(`search: ${name}`, `${(performance.now() - startedMs).toFixed(0)} ms (${found} found, ${scanned} looked at)`);
  }
  const startedMs = performance.now();
  const found = core.find(wanted);
  line('search: by id', `${(performance.now() - startedMs).toFixed(1)} ms (${found === undefined ? 'NOT FOUND' : 'found'})`);
  const used = process.cpuUsage(cpu);
  line('CPU of this part', `${((used.user + used.system) / 1e6).toFixed(1)} s`);
  core.close();
  rmSync(directory, { recursive: true });
}

workerCosts();
supervisorCosts();
await storeCosts(Number(process.argv[2] ?? 1_000_000));
