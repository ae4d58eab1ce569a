// The table of everything that this codec refuses: stable code, specification, reply, explanation, what to do, and the
// setting that governs it. Builds the fault values; does not decide (the parsers do). RFC 9110, RFC 9112, RFC 3986.
import type { Http1Fault, Http1LimitReached, Http1Violation, Side } from './messages.ts';
import type { Http1Limits } from './limits.ts';
import { limitRows, violationRows } from './violation-rows.ts';

export interface ViolationEntry {
  readonly code: string;
  readonly spec: string;
  /** Status for a client's breach; a server's is always answered with 502. */
  readonly status: number;
  /** One sentence: what was wrong. */
  readonly message: string;
  readonly what: string;
  readonly setting: string | undefined;
  readonly sides: 'client' | 'server' | 'either';
}

export interface LimitEntry {
  readonly code: string;
  readonly limit: keyof Http1Limits;
  readonly spec: string;
  readonly status: number;
  readonly message: string;
}

export const violationTable: ReadonlyMap<string, ViolationEntry> = new Map(violationRows.map(
  ([name, sides, status, spec, setting, message, what]): [string, ViolationEntry] =>
    [name, { code: `http1.${name}`, sides, status, spec, setting: setting === '' ? undefined : setting, message, what }],
));

export const limitTable: ReadonlyMap<string, LimitEntry> = new Map(limitRows.map(
  ([limit, name, status, spec, message]): [string, LimitEntry] => [limit, { code: `http1.${name}`, limit, status, spec, message }],
));

export type ViolationName = (typeof violationRows)[number][0];

/** A violation as a value. `name` is the code without its `http1.`. */
export function violation(name: ViolationName, side: Side, offset: number): Http1Violation {
  const entry = violationTable.get(name) as ViolationEntry;
  return {
    kind: 'violation', code: entry.code, side, offset, spec: entry.spec, message: entry.message,
    status: side === 'server' ? 502 : entry.status, setting: entry.setting,
  };
}

/** A limit that was reached, as a value. */
export function limitReached(limit: keyof Http1Limits, maximum: number, seen: number, side: Side, offset: number): Http1LimitReached {
  const entry = limitTable.get(limit) as LimitEntry;
  return {
    kind: 'limit', code: entry.code, side, offset, spec: entry.spec, message: `${entry.message} (${limit} ${maximum})`,
    status: side === 'server' ? 502 : entry.status, setting: undefined, limit, maximum, seen,
  };
}

/** The fault in one line, for logs. */
export function describeFault(fault: Http1Fault): string {
  return `${fault.code} by ${fault.side} at byte ${fault.offset}: ${fault.message} (${fault.spec})`;
}
