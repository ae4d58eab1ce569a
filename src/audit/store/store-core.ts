// The store without its thread: collects blocks, writes them in groups, retries when the disk is full, sets a torn file
// aside, and removes what is too old or too much. Every record is either kept or counted as lost.
// Does not own a timer: `tick` is called about every `flushEveryMs`.
import { Buffer } from 'node:buffer';
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from '../make-directory.ts';
import type { AuditPage, AuditQuery } from '../query.ts';
import type { StoredRecord } from '../record.ts';
import { digestLines, indexBlock, joinDigests, type LineDigest } from './block-index.ts';
import { BrokenStoreError, SqliteBlockDatabase } from './database.ts';
import type { BlockDatabase, StoredBlock } from './database.ts';
import { findById, searchPage } from './search.ts';

export const storeFileName = 'audit.db';

/** What can change while the store runs. */
export interface StoreLimits {
  maxSize: number;
  maxAgeMs: number;
  blockRecords: number;
  flushEveryMs: number;
}

export interface StoreOptions extends StoreLimits {
  directory: string;
  /** Lines held in memory while it cannot be written; beyond it new blocks are lost and counted. */
  maxPendingBytes?: number;
}

export interface StoreEvent {
  code: 'store-broken' | 'store-failing' | 'store-recovered' | 'records-lost';
  message: string;
}

export interface StoreStatus {
  /** Records kept since the start, and lost because they could not be written. */
  kept: number;
  lost: number;
  /** Waiting to be written. */
  pendingRecords: number;
  pendingBytes: number;
  /** In the store now. */
  storedRecords: number;
  usedBytes: number;
  oldestMs: number;
  /** Removed by age and size since the start. */
  removed: number;
  /** Why the store cannot be written at the moment, or ''. */
  failing: string;
  /** Milliseconds spent writing and indexing since the start. */
  busyMs: number;
}

export interface StoreEnvironment {
  report: (event: StoreEvent) => void;
  /** So many blocks kept or lost, in the order in which they were appended. */
  acknowledge: (blocks: number) => void;
  nowMs: () => number;
  wallMs: () => number;
  open?: (path: string) => BlockDatabase;
}

interface PendingBlock { lines: Uint8Array; digest: LineDigest; count: number; acknowledged: boolean }

const retentionEveryMs = 10_000;
const retryAtMostMs = 5000;
const reportLostEveryMs = 10_000;
/** Blocks removed in one go: about 50 ms of work. */
const removeAtOnce = 256;
/** Small blocks of quiet times are merged when so many stand side by side. */
const mergeFrom = 60;

export class StoreCore {
  #options: StoreOptions;
  readonly #environment: StoreEnvironment;
  readonly #maxPendingBytes: number;
  #database: BlockDatabase | undefined;
  #pending: PendingBlock[] = [];
  #pendingBytes = 0;
  #pendingRecords = 0;
  #oldestPendingMs = 0;
  #kept = 0;
  #lost = 0;
  #lostReported = 0;
  #reportAtMs = 0;
  #removed = 0;
  #stored = 0;
  #busyMs = 0;
  #failing = '';
  #retryAtMs = 0;
  #retryAfterMs = 0;
  #retentionAtMs = 0;
  #smallBlocks = 0;

  constructor(options: StoreOptions, environment: StoreEnvironment) {
    this.#options = options;
    this.#environment = environment;
    this.#maxPendingBytes = options.maxPendingBytes ?? 64 * 1024 ** 2;
    this.#tryOpen();
  }

  get path(): string { return join(this.#options.directory, storeFileName); }

  configure(limits: StoreLimits): void {
    this.#options = { ...this.#options, ...limits };
    this.#retentionAtMs = 0;
  }

  append(lines: Uint8Array, count: number, digest = digestLines(lines)): void {
    if (this.#pendingBytes + lines.length > this.#maxPendingBytes) {
      this.#lost += count;
      this.#environment.acknowledge(1);
      return;
    }
    if (this.#pending.length === 0) this.#oldestPendingMs = this.#environment.nowMs();
    // While the disk is slow or full, what is held in memory is acknowledged at once up to half of the room: the worker
    // has no better place for it. Beyond that it has to wait, which is what tells it that the store cannot keep up.
    const acknowledged = this.#pendingBytes < this.#maxPendingBytes / 2;
    this.#pending.push({ lines, digest, count, acknowledged });
    this.#pendingBytes += lines.length;
    this.#pendingRecords += count;
    if (acknowledged) this.#environment.acknowledge(1);
    if (this.#pendingRecords >= this.#options.blockRecords && this.#failing === '') this.flush();
  }

  /** Writes what has waited long enough, retries, and cleans up. */
  tick(): void {
    const nowMs = this.#environment.nowMs();
    const due = this.#failing === '' ? nowMs - this.#oldestPendingMs >= this.#options.flushEveryMs * 0.9 : nowMs >= this.#retryAtMs;
    if (due) this.flush();
    // While it fails the operator knows already; how much was lost is said once, when it works again.
    if (this.#failing === '' && nowMs >= this.#reportAtMs) this.#reportLost('more came than could be written');
    if (nowMs >= this.#retentionAtMs && this.#failing === '') {
      this.#retentionAtMs = nowMs + retentionEveryMs;
      this.#attempt(() => this.#retain());
    }
  }

  /** Writes everything that waits. False when it could not be written; it still waits then. */
  flush(): boolean {
    const startedMs = this.#environment.nowMs();
    if (this.#database === undefined && !this.#tryOpen()) return false;
    let going = true;
    while (going && this.#pending.length > 0) going = this.#attempt(() => this.#writeGroup());
    if (going && this.#failing !== '') going = this.#attempt(() => this.#database!.usedBytes());
    if (going && this.#failing !== '') this.#recovered();
    if (going && this.#smallBlocks >= mergeFrom) this.#attempt(() => this.#mergeSmall());
    this.#busyMs += this.#environment.nowMs() - startedMs;
    return going;
  }

  #reportLost(why: string): void {
    if (this.#lost === this.#lostReported) return;
    this.#reportAtMs = this.#environment.nowMs() + reportLostEveryMs;
    this.#environment.report({ code: 'records-lost', message: `${this.#lost - this.#lostReported} audit records were lost: ${why}` });
    this.#lostReported = this.#lost;
  }

  /** Takes about `blockRecords` records from the front and writes them as one block. */
  #writeGroup(): void {
    let blocks = 0;
    let records = 0;
    while (blocks < this.#pending.length && records < this.#options.blockRecords) records += this.#pending[blocks++]!.count;
    const parts = this.#pending.slice(0, blocks);
    const lines = blocks === 1 ? parts[0]!.lines : Buffer.concat(parts.map((block) => block.lines));
    const index = joinDigests(parts.map((block) => block.digest));
    if (index.count > 0) this.#database!.append(lines, index);
    if (index.count < this.#options.blockRecords / 2) this.#smallBlocks++;
    let waiting = 0;
    for (const block of this.#pending.splice(0, blocks)) if (!block.acknowledged) waiting++;
    this.#pendingBytes -= lines.length;
    this.#pendingRecords -= records;
    this.#oldestPendingMs = this.#environment.nowMs();
    this.#kept += index.count;
    this.#stored += index.count;
    if (waiting > 0) this.#environment.acknowledge(waiting);
  }

  /** Joins runs of small neighbouring blocks at the end of the store. */
  #mergeSmall(): void {
    this.#smallBlocks = 0;
    const database = this.#database!;
    const blocks = database.blocks(0, database.nextSeq, true, mergeFrom * 4).reverse();
    let run: StoredBlock[] = [];
    let records = 0;
    for (const block of blocks) {
      const joins = block.count < this.#options.blockRecords / 2 && (run.length === 0 || block.seq === run.at(-1)!.seq + run.at(-1)!.count);
      if (!joins || records + block.count > this.#options.blockRecords) {
        this.#mergeRun(run);
        run = [];
        records = 0;
      }
      if (block.count < this.#options.blockRecords / 2) {
        run.push(block);
        records += block.count;
      }
    }
    this.#mergeRun(run);
  }

  #mergeRun(run: readonly StoredBlock[]): void {
    if (run.length < 2) return;
    const parts: Uint8Array[] = [];
    for (const { seq } of run) {
      const part = this.#database!.lines(seq);
      if (part === undefined) return;
      parts.push(part);
    }
    const lines = Buffer.concat(parts);
    this.#database!.merge(run[0]!.seq, run.at(-1)!.seq, lines, indexBlock(lines));
  }

  #retain(): void {
    const database = this.#database!;
    let removed = database.removeBefore(this.#environment.wallMs() - this.#options.maxAgeMs, removeAtOnce);
    // A little below the bound, so that this is not done for every block.
    const used = database.usedBytes();
    if (used > this.#options.maxSize) {
      const excess = used - this.#options.maxSize * 0.97;
      const averageBytes = Math.max(1, used / Math.max(1, this.#stored - removed));
      const blocks = Math.ceil(excess / averageBytes / this.#options.blockRecords);
      removed += database.removeOldest(Math.min(removeAtOnce, Math.max(1, blocks)));
      // More to do: soon again.
      if (database.usedBytes() > this.#options.maxSize) this.#retentionAtMs = 0;
    }
    database.shrink();
    this.#removed += removed;
    this.#stored -= removed;
  }

  /** One piece of work on the database; failures become state, never throws. */
  #attempt(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (error instanceof BrokenStoreError) return this.#setAside(error.message);
      this.#failed((error as Error).message);
      return false;
    }
  }

  #failed(why: string): void {
    this.#retryAfterMs = Math.min(retryAtMostMs, Math.max(this.#options.flushEveryMs, this.#retryAfterMs * 2));
    this.#retryAtMs = this.#environment.nowMs() + this.#retryAfterMs;
    if (this.#failing === '') this.#environment.report({ code: 'store-failing', message: `the audit store ${this.path} cannot be written: ${why}; it is tried again` });
    this.#failing = why;
  }

  #recovered(): void {
    const why = this.#failing;
    this.#failing = '';
    this.#retryAfterMs = 0;
    this.#reportLost(why);
    this.#environment.report({ code: 'store-recovered', message: `the audit store ${this.path} is written again` });
  }

  #tryOpen(): boolean {
    try {
      makeDirectory(this.#options.directory, 0o750);
      this.#adopt();
      return true;
    } catch (error) {
      if (error instanceof BrokenStoreError) return this.#setAside(error.message);
      this.#failed((error as Error).message);
      return false;
    }
  }

  #adopt(): void {
    const database = (this.#environment.open ?? ((path) => new SqliteBlockDatabase(path)))(this.path);
    this.#database = database;
    this.#stored = database.recordCount();
  }

  /** Renames the file and begins a new one. Nothing is deleted: what is left may be worth a look with other tools. */
  #setAside(why: string): boolean {
    try {
      this.#database?.close();
    } catch {
      // A torn file may not even close in good order.
    }
    this.#database = undefined;
    const aside = `${this.path}.broken-${new Date(this.#environment.wallMs()).toISOString().replace(/[:.]/g, '-')}`;
    try {
      for (const suffix of ['', '-wal', '-shm']) if (existsSync(this.path + suffix)) renameSync(this.path + suffix, aside + suffix);
      this.#environment.report({ code: 'store-broken', message: `the audit store ${this.path} is not usable (${why}); it was set aside as ${aside} and a new one begun` });
      this.#adopt();
      return true;
    } catch (error) {
      this.#failed((error as Error).message);
      return false;
    }
  }

  /** One slice of a search; what waits is written first, so that it is found. */
  page(query: AuditQuery, budgetMs: number): AuditPage {
    if (query.cursor === undefined && this.#pending.length > 0) this.flush();
    return this.#read((database) => searchPage(database, query, budgetMs, this.#environment.nowMs), { records: [], cursor: undefined, scanned: 0 });
  }

  find(id: string): StoredRecord | undefined {
    if (this.#pending.length > 0) this.flush();
    return this.#read((database) => findById(database, id), undefined);
  }

  #read<T>(work: (database: BlockDatabase) => T, otherwise: T): T {
    if (this.#database === undefined) return otherwise;
    try {
      return work(this.#database);
    } catch (error) {
      if (!(error instanceof BrokenStoreError)) throw error;
      this.#setAside(error.message);
      return otherwise;
    }
  }

  status(): StoreStatus {
    return {
      kept: this.#kept, lost: this.#lost, pendingRecords: this.#pendingRecords, pendingBytes: this.#pendingBytes,
      storedRecords: this.#stored,
      usedBytes: this.#read((database) => database.usedBytes(), 0),
      oldestMs: this.#read((database) => database.oldestMs(), 0),
      removed: this.#removed, failing: this.#failing, busyMs: this.#busyMs,
    };
  }

  /** Writes what waits; what cannot be written now is lost and counted. */
  close(): void {
    if (!this.flush()) {
      this.#lost += this.#pendingRecords;
      this.#environment.acknowledge(this.#pending.filter((block) => !block.acknowledged).length);
      this.#pending = [];
      this.#pendingRecords = 0;
      this.#pendingBytes = 0;
    }
    this.#reportLost(this.#failing || 'more came than could be written');
    try {
      this.#database?.close();
    } catch (error) {
      this.#environment.report({ code: 'store-failing', message: `the audit store ${this.path} did not close in good order: ${(error as Error).message}` });
    }
    this.#database = undefined;
  }
}
