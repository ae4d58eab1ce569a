// What an audit record says of the firewall, read back: the `waf` member of its facts (inspection/web/report.ts writes it).
import type { StoredRecord } from '#audit/record.ts';

export interface RecordedRule {
  readonly id: number;
  readonly msg: string;
  /** 2 critical, 3 error, 4 warning, 5 notice; -1 without. */
  readonly severity: number;
  readonly phase: number;
  /** How many values matched. */
  readonly count: number;
  readonly logOnly: boolean;
  /** What matched, by variable. */
  readonly values: Readonly<Record<string, string>>;
}

export interface RecordedInspection {
  readonly mode: string;
  readonly blocked: boolean;
  /** The rule that refused (`949110`), or what else did (`request-body-limit`). */
  readonly by: string;
  readonly inbound: number;
  readonly outbound: number;
  readonly error: string;
  readonly rules: readonly RecordedRule[];
  /** Rules that the record had no room for. */
  readonly more: number;
  readonly request: RecordedRequest | undefined;
}

export interface RecordedRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
  /** The body was not kept, or not all of it. */
  readonly incomplete: boolean;
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : {};
}

function text(value: unknown): string { return typeof value === 'string' ? value : ''; }
function number(value: unknown, otherwise = 0): number { return typeof value === 'number' ? value : otherwise; }

export function inspectionOf(record: StoredRecord): RecordedInspection | undefined {
  const written = record.facts?.['waf'];
  if (typeof written !== 'object' || written === null) return undefined;
  const waf = objectOf(written);
  const rules = (Array.isArray(waf['rules']) ? waf['rules'] : []).map(objectOf).map((rule): RecordedRule => ({
    id: number(rule['id']), msg: text(rule['msg']), severity: number(rule['sev'], -1), phase: number(rule['phase']), count: number(rule['n'], 1),
    logOnly: rule['logOnly'] === true, values: Object.fromEntries(Object.entries(objectOf(rule['values'])).map(([name, value]) => [name, text(value)])),
  }));
  return {
    mode: text(waf['mode']), blocked: waf['action'] !== 'pass', by: text(waf['by']), inbound: number(waf['in']), outbound: number(waf['out']),
    error: text(waf['error']), rules, more: number(waf['more']), request: waf['request'] === undefined ? undefined : requestOf(objectOf(waf['request']), record),
  };
}

/** Method and target are those of the record, unless the target came in another spelling. */
function requestOf(written: Record<string, unknown>, record: StoredRecord): RecordedRequest {
  const headers: Record<string, string | string[]> = Object.fromEntries(Object.entries(objectOf(written['headers'])).map(([name, value]) => [name,
    Array.isArray(value) ? value.map(text) : text(value)]));
  // Their values are never kept.
  for (const name of Array.isArray(written['hidden']) ? written['hidden'] : []) headers[text(name)] = '***';
  const target = text(written['target']) || `${record.path ?? '/'}${record.params === undefined ? '' : `?${record.params}`}`;
  const body = written['json'] === undefined ? text(written['form']).slice(1) || text(written['body']) : Buffer.from(JSON.stringify(written['json']), 'utf8').toString('latin1');
  return {
    method: record.verb ?? 'GET', target, version: text(written['version']) || 'HTTP/1.1', headers, body,
      incomplete: written['bodyBytes'] !== undefined,
  };
}

/** What the Core Rule Set adds to the score for a match. */
export function pointsOf(severity: number): number {
  return severity < 0 ? 0 : severity <= 2 ? 5 : severity === 3 ? 4 : severity === 4 ? 3 : severity === 5 ? 2 : 0;
}

/** Rules that sum up and block, by the numbering of the Core Rule Set and of the baseline: they find nothing themselves. */
export function sumsUp(id: number): boolean {
  return (id >= 949_000 && id <= 949_999) || (id >= 959_000 && id <= 959_999) || (id >= 980_000 && id <= 980_999) || id === 89_999;
}
