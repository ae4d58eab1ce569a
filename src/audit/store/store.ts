// The store as the supervisor uses it: everything goes to a thread of its own and comes back as a promise or a callback.
// A thread that dies (a bug) is started again; what it held is counted as lost.
import { Worker } from 'node:worker_threads';
import { ownLines } from '../lines.ts';
import type { AuditPage, AuditQuery } from '../query.ts';
import type { StoredRecord } from '../record.ts';
import { digestLines } from './block-index.ts';
import type { FromThread, ThreadData, ToThread } from './messages.ts';
import type { StoreEvent, StoreLimits, StoreOptions, StoreStatus } from './store-core.ts';

/** How long one slice of a search may keep the thread from writing. */
const sliceMs = 40;
const restartAfterMs = 1000;

export interface AuditStoreEvents {
  report: (event: StoreEvent) => void;
  /** So many blocks, in the order appended, are kept or given up. */
  acknowledge: (blocks: number) => void;
}

type Call = { kind: 'page'; query: AuditQuery; budgetMs: number } | { kind: 'find'; id: string } | { kind: 'flush' } | { kind: 'close' };
interface Waiting { resolve: (value: unknown) => void; reject: (error: Error) => void }

const emptyStatus: StoreStatus = {
  kept: 0, lost: 0, pendingRecords: 0, pendingBytes: 0, storedRecords: 0, usedBytes: 0, oldestMs: 0, removed: 0, failing: '', busyMs: 0,
};

export class AuditStore {
  #options: StoreOptions;
  readonly #events: AuditStoreEvents;
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | undefined;
  #nextCall = 1;
  #closed = false;
  #died = false;
  #restart: NodeJS.Timeout | undefined;
  /** Blocks and records with the thread that it has not acknowledged. */
  #unacknowledged: number[] = [];
  #earlier: StoreStatus = emptyStatus;
  #latest: StoreStatus = emptyStatus;

  constructor(options: StoreOptions, events: AuditStoreEvents) {
    this.#options = options;
    this.#events = events;
    this.#start();
  }

  /** As of about a second ago. */
  get status(): StoreStatus { return this.#latest; }

  configure(limits: StoreLimits): void {
    this.#options = { ...this.#options, ...limits };
    if (this.#thread !== undefined) this.#say({ kind: 'configure', limits });
  }

  /** The memory of `lines` is given away, where they have all of it. */
  append(lines: Uint8Array, count: number, digest = digestLines(lines)): void {
    if (this.#thread === undefined) {
      this.#lose(1, count);
      return;
    }
    this.#unacknowledged.push(count);
    const own = ownLines(lines);
    this.#say({ kind: 'append', lines: own, count, digest }, [own.buffer, digest.hashes.buffer]);
  }

  /** A page of up to `limit` records (default 100). */
  async page(query: AuditQuery): Promise<AuditPage> {
    const limit = query.limit ?? 100;
    const whole: AuditPage = { records: [], cursor: query.cursor, scanned: 0 };
    do {
      const part = await this.#slice({ ...query, cursor: whole.cursor, limit: limit - whole.records.length });
      whole.records.push(...part.records);
      whole.cursor = part.cursor;
      whole.scanned += part.scanned;
    } while (whole.cursor !== undefined && whole.records.length < limit);
    return whole;
  }

  /** All matching records up to `limit` (default: no limit), read as they are asked for. */
  async *query(query: AuditQuery): AsyncGenerator<StoredRecord, void, undefined> {
    let left = query.limit ?? Infinity;
    let cursor = query.cursor;
    do {
      const part = await this.#slice({ ...query, cursor, limit: Math.min(left, 500) });
      yield* part.records;
      left -= part.records.length;
      cursor = part.cursor;
    } while (cursor !== undefined && left > 0);
  }

  async find(id: string): Promise<StoredRecord | undefined> {
    return await this.#call({ kind: 'find', id }) as StoredRecord | undefined;
  }

  /** True when everything appended before is on disk. */
  async flush(): Promise<boolean> {
    return await this.#call({ kind: 'flush' }) as boolean;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#restart);
    const thread = this.#thread;
    if (thread === undefined) return;
    const ended = new Promise<void>((resolve) => { thread.once('exit', () => resolve()); });
    await this.#call({ kind: 'close' });
    await ended;
  }

  async #slice(query: AuditQuery): Promise<AuditPage> {
    return await this.#call({ kind: 'page', query, budgetMs: sliceMs }) as AuditPage;
  }

  #call(call: Call): Promise<unknown> {
    if (this.#thread === undefined) return Promise.reject(new Error('the audit store is not running'));
    const number = this.#nextCall++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#say({ ...call, call: number });
    });
  }

  #say(message: ToThread, given: ArrayBuffer[] = []): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#thread!.postMessage(message, given);
  }

  #start(): void {
    const data: ThreadData = { options: this.#options };
    const thread = new Worker(new URL('./thread.ts', import.meta.url), { workerData: data, name: 'audit-store' });
    thread.on('message', (message: FromThread) => this.#hear(message));
    thread.on('error', (error) => this.#events.report({ code: 'store-failing', message: `the audit store stopped: ${(error as Error).stack ?? String(error)}` }));
    thread.on('exit', () => this.#ended());
    this.#thread = thread;
  }

  #hear(message: FromThread): void {
    switch (message.kind) {
      case 'acknowledge':
        this.#unacknowledged.splice(0, message.blocks);
        this.#events.acknowledge(message.blocks);
        return;
      case 'event':
        this.#events.report(message.event);
        return;
      case 'status':
        this.#latest = summed(this.#earlier, message.status);
        if (this.#died && message.status.failing === '') {
          this.#died = false;
          this.#events.report({ code: 'store-recovered', message: 'the audit store runs again' });
        }
        return;
      default: {
        const waiting = this.#waiting.get(message.call);
        this.#waiting.delete(message.call);
        if (message.kind === 'answer') waiting?.resolve(message.value);
        else waiting?.reject(new Error(message.message));
      }
    }
  }

  #ended(): void {
    this.#thread = undefined;
    for (const waiting of this.#waiting.values()) waiting.reject(new Error('the audit store stopped'));
    this.#waiting.clear();
    const blocks = this.#unacknowledged.length;
    const records = this.#unacknowledged.reduce((sum, count) => sum + count, 0) + (this.#closed ? 0 : this.#latest.pendingRecords);
    this.#unacknowledged = [];
    this.#earlier = { ...this.#latest, pendingRecords: 0, pendingBytes: 0 };
    this.#latest = this.#earlier;
    if (blocks > 0 || records > 0) this.#lose(blocks, records);
    if (this.#closed) return;
    this.#died = true;
    this.#restart = setTimeout(() => this.#start(), restartAfterMs);
    this.#restart.unref();
  }

  #lose(blocks: number, records: number): void {
    this.#earlier = { ...this.#earlier, lost: this.#earlier.lost + records };
    this.#latest = { ...this.#latest, lost: this.#latest.lost + records, failing: 'the audit store is not running' };
    if (blocks > 0) this.#events.acknowledge(blocks);
  }
}

/** Counters go on over a restart of the thread. */
function summed(earlier: StoreStatus, now: StoreStatus): StoreStatus {
  return { ...now, kept: earlier.kept + now.kept, lost: earlier.lost + now.lost, removed: earlier.removed + now.removed, busyMs: earlier.busyMs + now.busyMs };
}
