// The audit records of an FTP session: one for each command, transfers included, and one for each violation. One object is
// filled again and again: the session adds its own facts and encodes it at once. Passwords never get here.
import { AuditRecord } from '#contract/audit-record.ts';
import type { SessionPort } from '#contract/gateway.ts';
import type { Failure } from '#core/failure.ts';
import { readable } from '#codecs/ftp/index.ts';
import type { CommandRun } from './command-run.ts';

const record = new AuditRecord();
/** Longest text of a peer that a record keeps of one field; the rest is cut. */
const maxFieldLength = 1024;
/** Most commands to the server that a record lists. */
const maxListed = 8;

function clipped(text: string): string {
  return text.length <= maxFieldLength ? text : `${text.slice(0, maxFieldLength)}...`;
}

/** Where a session stands, for every record of it. */
export interface SessionContext {
  readonly port: SessionPort;
  readonly pool: string;
  readonly serverName: string;
}

function fillServer({ pool, serverName }: SessionContext): void {
  record.pool = pool;
  record.server = serverName;
}

export function commandRecord(context: SessionContext, run: CommandRun): AuditRecord {
  fillServer(context);
  const { operation, transfer } = run;
  record.kind = 'operation';
  record.id = run.id;
  record.timeMs = run.timeMs;
  record.durationMs = context.port.nowMs() - run.startedMs;
  record.verb = clipped(run.verb);
  record.host = clipped(operation.host);
  record.path = clipped(operation.path);
  record.outcome = run.outcome;
  record.rule = run.rule;
  record.reason = run.reason;
  record.status = run.status;
  record.attempts = run.attempts;
  record.bytesIn = transfer?.direction === 'upload' ? transfer.bytes : 0;
  record.bytesOut = transfer?.direction === 'download' ? transfer.bytes : 0;
  record.attributes = attributesOf(context, run);
  return record;
}

function attributesOf({ port }: SessionContext, run: CommandRun): string {
  const members: Record<string, unknown> = { command: clipped(`${run.sentVerb} ${run.operation.argument}`.trimEnd()) };
  if (run.sent.length > 0) members['sent'] = run.sent.slice(0, maxListed).map((line) => clipped(readable(line)));
  if (run.received.length > 0) members['received'] = run.received.slice(0, maxListed);
  if (run.replyLine !== '') members['reply'] = clipped(readable(run.replyLine));
  const tls = port.client.tls;
  if (tls !== undefined) members['tls'] = `${tls.protocol} ${tls.cipher}`;
  if (run.transfer !== undefined) {
    for (const [name, value] of Object.entries(run.transfer)) if (value !== '' && value !== 0 && value !== false && name !== 'bytes') members[name] = value;
  }
  return JSON.stringify(members).slice(1, -1);
}

/** A breach of protocol or a limit that ends the session. */
export function violationRecord(context: SessionContext, id: string, failure: Failure): AuditRecord {
  fillServer(context);
  record.kind = 'violation';
  record.id = id;
  record.timeMs = context.port.wallMs();
  record.outcome = failure.kind === 'limit' ? 'limited' : failure.kind === 'violation' ? 'refused' : 'failed';
  record.rule = failure.code;
  record.reason = failure.kind === 'violation' ? `${failure.message} (${failure.spec}, byte ${failure.offset} of the ${failure.side})` : failure.message;
  record.bytesIn = context.port.client.bytesIn;
  record.bytesOut = context.port.client.bytesOut;
  record.attributes = `"side":"${failure.side}"`;
  return record;
}
