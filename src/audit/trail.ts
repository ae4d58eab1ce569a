// The audit log of the supervisor: takes blocks from workers and records of its own, and gives them to the store, the
// sinks, the statistics and whoever follows. Says when operations must be refused because nothing can be kept.
// Does not talk to workers (the runtime does) and does not search by itself (the store does).
import { isAbsolute, join } from 'node:path';
import { AuditRecord } from '#contract/audit-record.ts';
import type { AuditBlock } from './batch.ts';
import { soundCounts } from './unrecorded.ts';
import { RecordEncoder } from './encode.ts';
import { makeIdSource } from './ids.ts';
import { endedLines, linesOf, textOf } from './lines.ts';
import { CompiledFilter } from './query.ts';
import type { AuditFilter, AuditPage, AuditQuery } from './query.ts';
import { parseRecord } from './record.ts';
import type { StoredRecord } from './record.ts';
import type { AuditSettings } from './settings.ts';
import { ConsoleSink } from './sinks/console.ts';
import { JsonLinesSink } from './sinks/json-lines.ts';
import type { Sink, SinkCounters } from './sinks/sink.ts';
import { SyslogSink } from './sinks/syslog.ts';
import { AuditStatistics } from './statistics.ts';
import { LineDigester } from './store/block-index.ts';
import { AuditStore } from './store/store.ts';
import type { StoreEvent, StoreStatus } from './store/store-core.ts';

export interface TrailEvent { code: StoreEvent['code'] | 'sink-failing' | 'sink-recovered'; message: string }

/** A sink in use, with what of its counters has been looked at. */
interface PlacedSink { readonly sink: Sink; readonly settings: string; failing: boolean; failures: number; dropped: number; written: number }

function placed(sink: Sink, settings: string): PlacedSink { return { sink, settings, failing: false, failures: 0, dropped: 0, written: 0 }; }

export interface AuditTrailOptions {
  settings: AuditSettings;
  /** Relative directories of the settings start here. */
  stateDirectory: string;
  /** Something that the operator should know: a store or a sink that fails, is set aside, works again. */
  report?: (event: TrailEvent) => void;
  /** Called when `refusing` changes. */
  refusingChanged?: (refusing: boolean) => void;
  /** Where console lines go; needed with `settings.console`. */
  output?: NodeJS.WritableStream & { isTTY?: boolean };
  /** Further sinks. */
  sinks?: readonly Sink[];
  wallMs?: () => number;
}

export interface TrailStatus {
  records: number;
  /** Dropped in workers, and lost by the store. */
  lostInWorkers: number;
  lostInStore: number;
  refusing: boolean;
  /** Undefined when the store is not enabled. */
  store: StoreStatus | undefined;
  sinks: { name: string; counters: SinkCounters }[];
  followers: number;
}

/** What no encoder writes. */
const foreign = /[^\n\x20-\x7e]/;
const foreignAll = /[^\n\x20-\x7e]/g;
/** Far more than a worker's largest block. */
const maximumBlockLength = 8 * 1024 ** 2;

interface Follower { filter: CompiledFilter; callback: (record: StoredRecord) => void }

export class AuditTrail {
  readonly statistics = new AuditStatistics();
  readonly #options: AuditTrailOptions;
  #settings: AuditSettings;
  #encoder: RecordEncoder;
  readonly #ids;
  readonly #wallMs: () => number;
  #sinks: PlacedSink[];
  #store: AuditStore | undefined;
  readonly #followers = new Set<Follower>();
  readonly #digester = new LineDigester();
  /** What is owed for the blocks with the store that is in use, in order. */
  #owed: ((() => void) | undefined)[] = [];
  #lostInWorkers = 0;
  #refusing = false;
  #closing = false;

  constructor(options: AuditTrailOptions) {
    const { settings } = options;
    this.#options = options;
    this.#settings = settings;
    this.#wallMs = options.wallMs ?? Date.now;
    this.#encoder = new RecordEncoder(settings.mask);
    this.#ids = makeIdSource(0, this.#wallMs);
    this.#sinks = this.#wantedSinks(settings).map(({ key, make }) => placed(make(), key));
    if (settings.store.enabled) this.#store = this.#openStore(settings);
  }

  #directory(settings: AuditSettings): string {
    return within(this.#options.stateDirectory, settings.directory);
  }

  /** What the settings want, with a text that says whether a sink at hand is the same. */
  #wantedSinks(settings: AuditSettings): { key: string; make: () => Sink }[] {
    const { jsonLines, syslog } = settings;
    const { output } = this.#options;
    const wanted = (this.#options.sinks ?? []).map((sink, at) => ({ key: `given ${at}`, make: () => sink }));
    if (jsonLines) {
      const options = { ...jsonLines, path: within(this.#directory(settings), jsonLines.path) };
      wanted.push({ key: `json-lines ${JSON.stringify(options)}`, make: () => new JsonLinesSink(options) });
    }
    if (syslog) wanted.push({ key: `syslog ${JSON.stringify(syslog)}`, make: () => new SyslogSink(syslog) });
    if (settings.console && output) wanted.push({ key: 'console', make: () => new ConsoleSink(output, { colours: output.isTTY === true }) });
    return wanted;
  }

  #openStore(settings: AuditSettings): AuditStore {
    const { maxSize, maxAge, blockRecords, flushEvery } = settings.store;
    const owed: ((() => void) | undefined)[] = [];
    this.#owed = owed;
    return new AuditStore({ directory: this.#directory(settings), maxSize, maxAgeMs: maxAge, blockRecords, flushEveryMs: flushEvery }, {
      report: (event) => this.#storeSaid(event),
      acknowledge: (blocks) => { for (const done of owed.splice(0, blocks)) done?.(); },
    });
  }

  /** Goes over to other settings without losing a record: what has not changed stays as it is. Resolves when what is no
   *  longer wanted has written what it held and is closed. */
  async reconfigure(settings: AuditSettings): Promise<void> {
    const before = this.#settings;
    this.#settings = settings;
    this.#encoder = new RecordEncoder(settings.mask);
    const closing: Promise<void>[] = [];
    const kept = this.#sinks;
    this.#sinks = this.#wantedSinks(settings).map(({ key, make }) => kept.find((each) => each.settings === key) ?? placed(make(), key));
    for (const each of kept) if (!this.#sinks.includes(each)) closing.push(each.sink.close());
    const moved = this.#directory(before) !== this.#directory(settings);
    const old = this.#store;
    if (old !== undefined && (moved || !settings.store.enabled)) {
      this.#store = undefined;
      closing.push(old.close());
    }
    if (settings.store.enabled) {
      const { maxSize, maxAge, blockRecords, flushEvery } = settings.store;
      if (this.#store === undefined) this.#store = this.#openStore(settings);
      else this.#store.configure({ maxSize, maxAgeMs: maxAge, blockRecords, flushEveryMs: flushEvery });
    }
    this.#setRefusing(settings.onStoreFailure === 'refuse' && (this.#store?.status.failing ?? '') !== '');
    await Promise.all(closing);
  }

  /** True when new operations must be refused: the store fails, and `onStoreFailure` says so. */
  get refusing(): boolean { return this.#refusing; }

  /** A block of a worker. `done` is called when it is kept or given up: acknowledge it to the worker then. */
  accept(block: AuditBlock, done?: () => void): void {
    if (block.lost > 0) {
      this.#lostInWorkers += block.lost;
      this.statistics.lost += block.lost;
      this.#note('records-lost', `${block.lost} audit records were dropped in a worker: more than the store could take`);
    }
    if (block.unrecorded !== undefined) for (const counts of soundCounts(block.unrecorded)) this.statistics.addUnrecorded(counts);
    // From another process, which may have been taken over.
    if (block.count === 0 || !(block.lines instanceof Uint8Array) || block.lines.length > maximumBlockLength) {
      this.#lostInWorkers += block.count;
      done?.();
      return;
    }
    this.#take(endedLines(block.lines), block.count, done);
  }

  /** A record of the supervisor itself: control, health, system. Gets an id and a time when it has none. */
  record(record: AuditRecord): void {
    if (record.id === '') record.id = this.#ids.next();
    if (record.timeMs === 0) record.timeMs = this.#wallMs();
    this.#take(linesOf(`${this.#encoder.encode(record)}\n`), 1, undefined);
  }

  #take(lines: Uint8Array, count: number, done: (() => void) | undefined): void {
    this.statistics.addLines(lines, this.#digester);
    // Before anybody is shown the records, who might make another one.
    const digest = this.#digester.finish();
    if (this.#sinks.length > 0 || this.#followers.size > 0) this.#show(textOf(lines), count);
    if (this.#store === undefined) {
      done?.();
      return;
    }
    this.#owed.push(done);
    this.#store.append(lines, count, digest);
  }

  #show(text: string, count: number): void {
    // Sinks pass the text on as it is, and a worker may have been taken over.
    if (this.#sinks.length > 0 && foreign.test(text)) text = text.replace(foreignAll, '?');
    for (const { sink } of this.#sinks) {
      try {
        sink.write(text, count);
      } catch (error) {
        // A sink never throws; one that does anyway must not stop the others.
        sink.counters.failures++;
        sink.counters.dropped += count;
        sink.counters.lastFailure = String(error);
      }
    }
    for (const each of this.#sinks) this.#watchSink(each);
    if (this.#followers.size > 0) this.#follow(text);
  }

  /** A sink that begins to fail is told of once, and so is that it works again. */
  #watchSink(each: PlacedSink): void {
    const { name, counters: { failures, dropped, written, lastFailure } } = each.sink;
    if (failures > each.failures || dropped > each.dropped) {
      each.failures = failures;
      each.dropped = dropped;
      each.written = written;
      if (each.failing) return;
      each.failing = true;
      const why = lastFailure === '' ? '' : `: ${lastFailure}`;
      this.#tellOf({ code: 'sink-failing', message: `the audit sink ${name} fails${why}; what it cannot take is counted (sallyport status)` });
    } else if (each.failing && written > each.written) {
      each.failing = false;
      this.#tellOf({ code: 'sink-recovered', message: `the audit sink ${name} works again; ${dropped} records were lost to it` });
    }
  }

  #tellOf(event: TrailEvent): void {
    this.#options.report?.(event);
    this.#note(event.code, event.message);
  }

  #follow(text: string): void {
    const wanting = [...this.#followers].filter((follower) => follower.filter.textMayMatch(text));
    if (wanting.length === 0) return;
    for (const line of text.split('\n')) {
      if (line === '') continue;
      for (const follower of wanting) {
        if (!this.#followers.has(follower)) continue;
        const record = follower.filter.matchLine(line, parseRecord);
        if (record !== undefined) this.#tell(follower, record);
      }
    }
  }

  #tell(follower: Follower, record: StoredRecord): void {
    try {
      follower.callback(record);
    } catch {
      this.#followers.delete(follower);
    }
  }

  /** Calls back for every record from now on that matches. Returns how to stop. Throws FilterError on a wrong filter.
   *  A callback that throws is not called again. */
  subscribe(filter: AuditFilter, callback: (record: StoredRecord) => void): () => void {
    const follower = { filter: new CompiledFilter(filter), callback };
    this.#followers.add(follower);
    return () => { this.#followers.delete(follower); };
  }

  /** One page of what the store holds. Throws FilterError on a wrong filter. */
  async page(query: AuditQuery): Promise<AuditPage> {
    void new CompiledFilter(query);
    return this.#store === undefined ? { records: [], cursor: undefined, scanned: 0 } : await this.#store.page(query);
  }

  /** Everything that matches, read as it is asked for. */
  async *query(query: AuditQuery): AsyncGenerator<StoredRecord, void, undefined> {
    void new CompiledFilter(query);
    if (this.#store !== undefined) yield* this.#store.query(query);
  }

  async find(id: string): Promise<StoredRecord | undefined> {
    return await this.#store?.find(id);
  }

  status(): TrailStatus {
    return {
      records: this.statistics.records, lostInWorkers: this.#lostInWorkers, lostInStore: this.#store?.status.lost ?? 0,
      refusing: this.#refusing, store: this.#store?.status,
      sinks: this.#sinks.map(({ sink }) => ({ name: sink.name, counters: sink.counters })), followers: this.#followers.size,
    };
  }

  #storeSaid(event: StoreEvent): void {
    this.#options.report?.(event);
    const failClosed = this.#settings.onStoreFailure === 'refuse';
    if (failClosed && event.code === 'store-failing') this.#setRefusing(true);
    if (event.code === 'store-recovered') this.#setRefusing(false);
    this.#note(event.code, event.message);
  }

  #setRefusing(refusing: boolean): void {
    if (this.#refusing === refusing) return;
    this.#refusing = refusing;
    this.#options.refusingChanged?.(refusing);
  }

  /** What happened to the log is part of the log. */
  #note(code: string, message: string): void {
    if (this.#closing) return;
    const record = new AuditRecord();
    record.kind = 'system';
    record.outcome = code.endsWith('-recovered') ? 'allowed' : 'error';
    record.rule = code;
    record.reason = message;
    this.record(record);
  }

  /** Everything taken before is on disk or with the collectors. */
  async flush(): Promise<void> {
    await Promise.all([this.#store?.flush(), ...this.#sinks.map(({ sink }) => sink.flush())]);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all([this.#store?.close(), ...this.#sinks.map(({ sink }) => sink.close())]);
    this.#followers.clear();
  }
}

function within(directory: string, path: string): string {
  return isAbsolute(path) ? path : join(directory, path);
}
