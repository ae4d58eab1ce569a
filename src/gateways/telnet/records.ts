// Audit records of a Telnet session: connecting, login, refused options and variables, typed lines. One object is filled
// again and again: the session encodes it at once. Masks nothing by itself: callers leave secrets out.
import { AuditRecord, type Outcome } from '#contract/audit-record.ts';
import type { SessionPort } from '#contract/gateway.ts';

const record = new AuditRecord();
const maxText = 1024;

export interface TelnetEvent {
  readonly verb: string;
  readonly host?: string;
  readonly path: string;
  readonly parameters?: string;
  readonly outcome: Outcome;
  readonly rule?: string;
  readonly reason?: string;
  readonly kind?: 'operation' | 'violation' | 'control';
  readonly id?: string;
  readonly startedMs?: number;
  readonly pool?: string;
  readonly server?: string;
  readonly connectMs?: number;
  readonly bytesIn?: number;
  readonly bytesOut?: number;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

export function recordEvent(port: SessionPort, event: TelnetEvent): void {
  const nowMs = port.nowMs();
  const startedMs = event.startedMs ?? nowMs;
  record.kind = event.kind ?? 'operation';
  record.id = event.id ?? port.operationId();
  record.durationMs = nowMs - startedMs;
  record.timeMs = port.wallMs() - record.durationMs;
  record.verb = event.verb;
  record.host = event.host ?? '';
  record.path = event.path.slice(0, maxText);
  record.parameters = (event.parameters ?? '').slice(0, maxText);
  record.outcome = event.outcome;
  record.rule = event.rule ?? '';
  record.reason = event.reason ?? '';
  record.pool = event.pool ?? '';
  record.server = event.server ?? '';
  record.attempts = event.server === undefined ? 0 : 1;
  record.connectMs = event.connectMs ?? 0;
  record.bytesIn = event.bytesIn ?? 0;
  record.bytesOut = event.bytesOut ?? 0;
  record.attributes = event.attributes === undefined ? '' : JSON.stringify(event.attributes).slice(1, -1);
  port.record(record);
}
