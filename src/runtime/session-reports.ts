// What the supervisor hears of sessions: that they began, what they are, and the records of connections that were turned away
// before there was a session machine. Plain facts; decides nothing.
import { AuditRecord } from '#contract/audit-record.ts';
import type { Session } from '#session/session.ts';
import type { ServerLink } from './connector.ts';
import type { LeaseReport, SessionReport, SessionStart } from './messages.ts';

const record = new AuditRecord();

export function startOf(session: Session): SessionStart {
  return {
    id: session.id, timeMs: session.startedWallMs, protocol: session.protocol, listener: session.listener, service: session.service,
    client: session.subject.address, clientPort: session.subject.port, zone: session.subject.zones[0] ?? '', configuration: session.plan.shortVersion,
  };
}

export function reportOf(session: Session, worker: number, nowMs: number): SessionReport {
  const { client } = session;
  return {
    id: session.id, worker, protocol: session.protocol, listener: session.listener, service: session.service,
    client: `${client.peer.address}:${client.peer.port}`, zone: session.subject.zones[0] ?? '', user: session.subject.user ?? '',
    ageMs: nowMs - session.startedMs, operations: session.operations, bytesIn: client.bytesIn, bytesOut: client.bytesOut,
    // A link that the session dialled belongs to no pool.
    servers: session.serverLinks.map((link) => (link as Partial<ServerLink>).server?.name ?? `${link.peer.address}:${link.peer.port}`),
    doing: session.describe(), awaits: session.awaits(),
    configuration: session.plan.shortVersion,
  };
}

/** A connection that a limit turned away. The record is filled again with each call. */
export function refusalRecord(session: Session, rule: string, reason: string, configuration: string): AuditRecord {
  record.kind = 'session';
  record.id = session.id;
  record.session = session.id;
  record.timeMs = session.startedWallMs;
  record.protocol = session.protocol;
  record.listener = session.listener;
  record.service = session.service;
  record.client = session.subject.address;
  record.clientPort = session.subject.port;
  record.zone = session.subject.zones[0] ?? '';
  record.outcome = 'limited';
  record.rule = rule;
  record.reason = reason;
  record.configuration = configuration;
  return record;
}

/** Somebody tried to take a port that was opened for somebody else. The record is filled again with each call. */
export function strangerRecord(lease: LeaseReport, address: string, id: string, timeMs: number, configuration: string): AuditRecord {
  record.kind = 'violation';
  record.id = id;
  record.session = lease.session;
  record.timeMs = timeMs;
  record.protocol = '';
  record.listener = '';
  record.service = lease.service;
  record.client = address;
  record.clientPort = 0;
  record.zone = '';
  record.outcome = 'refused';
  record.rule = 'lease.stranger';
  record.reason = `connection to port ${lease.port}, which was opened for ${lease.peer} (${lease.cause})`;
  record.configuration = configuration;
  return record;
}
