// Collects the records of one worker into blocks and hands them over by count, by size or when the runtime flushes.
// Knows how many blocks the supervisor has not acknowledged: that is the back-pressure of the audit log.
// Does not send: `deliver` does (a message to the supervisor, or a call in a single process).
import { Buffer } from 'node:buffer';
import type { AuditRecord } from '#contract/audit-record.ts';
import { maximumRecordBytes, RecordEncoder } from './encode.ts';
import type { NativeBuffer } from './encode.ts';
import { outcomeBit } from './record.ts';
import { UnrecordedOperations, type UnrecordedCounts } from './unrecorded.ts';

/** Lines of records, each with its line end. Plain data: it crosses process borders. */
export interface AuditBlock {
  /** Printable ASCII and line feeds (lines.ts). Of a batch's block valid during `deliver` only: whoever keeps it copies it. */
  lines: Uint8Array;
  /** Lines in it. */
  count: number;
  /** Earliest and latest start time of the records. */
  firstMs: number;
  lastMs: number;
  services: string[];
  /** `outcomeBit` of every outcome in it. */
  outcomes: number;
  /** Records that were dropped since the block before. */
  lost: number;
  /** Operations since the block before that are counted and not recorded. */
  unrecorded?: readonly UnrecordedCounts[];
}

export interface AuditBatchOptions {
  deliver: (block: AuditBlock) => void;
  /** Names whose values are masked. */
  mask?: readonly string[];
  onOverflow?: 'drop' | 'refuse';
  /** Records in a block. */
  maxRecords?: number;
  /** A block is handed over when it is larger. */
  maxBytes?: number;
  /** Blocks that may be on their way without being acknowledged. */
  maxPending?: number;
}

export class AuditBatch {
  readonly #deliver: (block: AuditBlock) => void;
  readonly #encoder: RecordEncoder;
  readonly #refuses: boolean;
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  readonly #maxPending: number;
  readonly #buffer: NativeBuffer;
  #end = 0;
  #count = 0;
  #firstMs = Infinity;
  #lastMs = 0;
  #outcomes = 0;
  #service = '';
  readonly #services = new Set<string>();
  #lostUnreported = 0;

  /** Operations that are to be counted and leave no record. */
  unrecorded = new UnrecordedOperations();
  /** Blocks handed over and not acknowledged. */
  pending = 0;
  /** Records taken and records dropped since the start. */
  added = 0;
  lost = 0;

  constructor(options: AuditBatchOptions) {
    this.#deliver = options.deliver;
    this.#encoder = new RecordEncoder(options.mask);
    this.#refuses = options.onOverflow === 'refuse';
    this.#maxRecords = options.maxRecords ?? 500;
    this.#maxBytes = options.maxBytes ?? 256 * 1024;
    this.#maxPending = options.maxPending ?? 64;
    this.#buffer = Buffer.allocUnsafeSlow(this.#maxBytes + maximumRecordBytes + 1) as NativeBuffer;
  }

  /** True while the supervisor cannot keep up. */
  get overflowed(): boolean { return this.pending >= this.#maxPending; }

  /** True when new operations must be refused: overflowed, and configured to fail closed. */
  get refusing(): boolean { return this.#refuses && this.pending >= this.#maxPending; }

  /** False when the record had to be dropped. A refusing batch still takes what operations under way record, up to twice
   *  its bound. */
  add(record: AuditRecord): boolean {
    if (this.pending >= this.#maxPending && !(this.#refuses && this.pending < this.#maxPending * 2)) {
      this.lost++;
      this.#lostUnreported++;
      return false;
    }
    const end = this.#encoder.encodeInto(record, this.#buffer, this.#end);
    this.#buffer[end] = 0x0a;
    this.#end = end + 1;
    this.#count++;
    this.added++;
    if (record.timeMs < this.#firstMs) this.#firstMs = record.timeMs;
    if (record.timeMs > this.#lastMs) this.#lastMs = record.timeMs;
    this.#outcomes |= outcomeBit(record.outcome);
    if (record.service !== this.#service) {
      this.#service = record.service;
      if (this.#services.size < 1000) this.#services.add(record.service);
    }
    if (this.#count >= this.#maxRecords || this.#end >= this.#maxBytes) this.flush();
    return true;
  }

  /** Hands over what has been collected; nothing when there is nothing. */
  flush(): void {
    const beside = this.unrecorded.size;
    if (this.#count === 0 && ((this.#lostUnreported === 0 && beside === 0) || this.pending >= this.#maxPending)) return;
    const block: AuditBlock = {
      lines: this.#buffer.subarray(0, this.#end),
      count: this.#count,
      firstMs: this.#count === 0 ? 0 : this.#firstMs,
      lastMs: this.#lastMs,
      services: [...this.#services],
      outcomes: this.#outcomes,
      lost: this.#lostUnreported,
      ...beside === 0 ? {} : { unrecorded: this.unrecorded.take() },
    };
    this.#end = 0;
    this.#count = 0;
    this.#firstMs = Infinity;
    this.#lastMs = 0;
    this.#outcomes = 0;
    this.#service = '';
    this.#services.clear();
    this.#lostUnreported = 0;
    this.pending++;
    this.#deliver(block);
  }

  /** The supervisor has kept (or given up) so many blocks. */
  acknowledge(blocks = 1): void {
    this.pending = Math.max(0, this.pending - blocks);
  }
}
