// The audit record of one exchange. One object is filled again and again: the session adds its own facts and encodes it at once.
// Does not encode and masks nothing (layer audit does).
import { AuditRecord } from '#contract/audit-record.ts';
import { HeaderId } from '#codecs/http1/index.ts';
import type { Exchange } from './exchange.ts';

const record = new AuditRecord();
/** Longest text of a client that a record keeps of one field; the rest is cut. */
const maxFieldLength = 1024;

function clipped(text: string): string {
  return text.length <= maxFieldLength ? text : `${text.slice(0, maxFieldLength)}...`;
}

/** JSON string with quotes; what it holds is escaped by JSON's own rules, the encoder escapes the rest. */
function quoted(text: string): string {
  return JSON.stringify(clipped(text));
}

export function fillRecord(exchange: Exchange): AuditRecord {
  const { client } = exchange;
  const { head } = exchange.parser;
  const read = head.method !== '';
  record.kind = exchange.outcome === 'refused' ? 'violation' : 'operation';
  record.id = exchange.id;
  record.timeMs = exchange.timeMs;
  record.durationMs = exchange.endedMs - exchange.startedMs;
  record.verb = head.method;
  record.host = read ? clipped(head.host) : '';
  record.path = read ? clipped(head.path) : '';
  record.parameters = read ? clipped(head.query ?? '') : '';
  record.outcome = exchange.outcome;
  record.rule = exchange.rule;
  record.reason = exchange.reason;
  record.status = exchange.status;
  record.route = exchange.route?.id ?? '';
  record.pool = exchange.route?.pool ?? '';
  record.server = exchange.leg.server?.name ?? '';
  record.attempts = exchange.leg.attempts;
  record.connectMs = exchange.leg.connectedMs === 0 ? 0 : exchange.leg.connectedMs - exchange.startedMs;
  record.firstByteMs = exchange.firstByteMs === 0 ? 0 : exchange.firstByteMs - exchange.startedMs;
  record.bytesIn = client.bytesIn - exchange.bytesInBefore;
  record.bytesOut = client.bytesOut - exchange.bytesOutBefore;
  record.attributes = read ? attributesOf(exchange) : '';
  return record;
}

/** Longest text that is kept of a request that could not be read. */
const maxBeginning = 120;

/** How a head that could not be read began, as far as it can be shown: method and path, without a query and what may be a
 *  password in an address. For people who have to find out whose request it was; nothing is decided by it. */
export function beginningOf(bytes: Buffer, start: number, end: number): string {
  let at = start;
  while (at < end && (bytes[at] === 0x0d || bytes[at] === 0x0a)) at++;
  let stop = at;
  while (stop < end && stop - at < maxBeginning && bytes[stop]! >= 0x20 && bytes[stop]! !== 0x7f && bytes[stop]! !== 0x3f) stop++;
  const text = bytes.toString('latin1', at, stop);
  return /^[A-Za-z]/.test(text) ? text.replace(/(\/\/).*@/, '$1***@').replace(/ HTTP\/\d.*$/, '') : '';
}

/** Path and query as the record has them, when it has them whole. */
function recordedTarget(path: string, query: string | undefined): string {
  if (path.length > maxFieldLength || (query !== undefined && query.length > maxFieldLength)) return '';
  return query === undefined ? path : `${path}?${query}`;
}

/** Clients are many, their programs few: the member of a program is made once, and known to the encoder as the same text.
 *  Client text, so that it is bounded and begun anew when full. */
const agents = new Map<string, string>();
const maxAgents = 256;
const maxAgentLength = 256;

function agentMember(agent: string): string {
  const known = agents.get(agent);
  if (known !== undefined) return known;
  const made = `"agent":${quoted(agent)}`;
  if (agent.length > maxAgentLength) return made;
  if (agents.size >= maxAgents) agents.clear();
  // A copy: the text of the client is a slice of its whole head, which would be kept with it.
  agents.set(Buffer.from(agent, 'latin1').toString('latin1'), made);
  return made;
}

function attributesOf(exchange: Exchange): string {
  const { head } = exchange.parser;
  const agent = head.headers.get(HeaderId.UserAgent);
  let members = agent === undefined ? '' : agentMember(agent);
  if (exchange.inspected) members += `${members === '' ? '' : ','}${exchange.inspection!.attributes(recordedTarget(head.path, head.query))}`;
  const { observed } = exchange.service;
  if (observed.length === 0) return members;
  // What rules and limits looked at, so that the decision can be explained afterwards.
  let seen = '';
  for (let i = 0; i < observed.length; i++) {
    const { kind, key } = observed[i]!;
    const value = exchange.operation.attribute(kind, key);
    if (value !== undefined) seen += `${seen === '' ? '' : ','}${quoted(`${kind}:${key}`)}:${quoted(value)}`;
  }
  if (seen !== '') members += `${members === '' ? '' : ','}"observed":{${seen}}`;
  return members;
}
