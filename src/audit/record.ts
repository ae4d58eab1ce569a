// The stored form of an audit record: the JSON object that every store, file and collector receives, one a line.
// Names and meanings are stable; docs/audit.md is the catalogue. Does not encode (encode.ts).
import type { Outcome, RecordKind } from '#contract/audit-record.ts';

/** A parsed record. Fields without a value are absent. Members stand in this order in the text. */
export interface StoredRecord {
  /** Wall clock at the start, ms since the epoch. */
  time: number;
  id?: string;
  session?: string;
  /** Address of the client. */
  client?: string;
  service?: string;
  protocol?: string;
  listener?: string;
  /** Short version hash of the configuration that decided. */
  config?: string;
  verb?: string;
  outcome: Outcome;
  kind: RecordKind;
  zone?: string;
  status?: number;
  /** How long it took, in ms with up to three decimals. */
  ms?: number;
  /** Bytes from and to the client. */
  in?: number;
  out?: number;
  port?: number;
  user?: string;
  host?: string;
  path?: string;
  params?: string;
  rule?: string;
  reason?: string;
  route?: string;
  pool?: string;
  server?: string;
  attempts?: number;
  connectMs?: number;
  firstByteMs?: number;
  /** Facts of the protocol. */
  facts?: Record<string, unknown>;
}

export const outcomes: readonly Outcome[] = ['allowed', 'denied', 'refused', 'limited', 'failed', 'aborted', 'error'];
export const recordKinds: readonly RecordKind[] = ['operation', 'session', 'violation', 'control', 'health', 'system'];

/** One bit for each outcome, for block indexes. Unknown outcomes have the highest bit. */
export function outcomeBit(outcome: string): number {
  switch (outcome) {
    case 'allowed': return 1;
    case 'denied': return 2;
    case 'refused': return 4;
    case 'limited': return 8;
    case 'failed': return 16;
    case 'aborted': return 32;
    case 'error': return 64;
    default: return 128;
  }
}

/** One bit for each kind, for block indexes. Unknown kinds have the highest bit. */
export function kindBit(kind: string): number {
  const at = (recordKinds as readonly string[]).indexOf(kind);
  return at < 0 ? 1 << 30 : 1 << at;
}

/** Parses one line. Undefined when it is not a record (a torn or forged line). */
export function parseRecord(line: string): StoredRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || typeof (value as StoredRecord).time !== 'number') return undefined;
    return value as StoredRecord;
  } catch {
    return undefined;
  }
}
