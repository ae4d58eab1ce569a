// `sallyport logs`: the audit log as lines for people or as JSON, from the store and, if asked, as it goes on.
import { outcomes, recordKinds, type StoredRecord } from '#audit/record.ts';
import { consoleLine } from '#audit/sinks/console-line.ts';
import type { AdminClient } from '../client.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { formatNumber, jsonText, type Output } from '../output.ts';
import { Transcript, transcript } from './transcript.ts';
import { untilSignal } from '../watching.ts';

export interface LogsOptions {
  readonly follow?: boolean;
  readonly lines?: string;
  readonly since?: string;
  readonly until?: string;
  readonly service?: string[];
  readonly outcome?: string[];
  readonly rule?: string[];
  readonly client?: string[];
  readonly kind?: string[];
  readonly verb?: string[];
  readonly status?: string;
  readonly host?: string;
  readonly path?: string;
  readonly user?: string;
  readonly session?: string;
  readonly text?: string;
}

const units: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const pageSize = 1000;
const defaultLines = 50;
/** Of one session all is wanted, within reason. */
const sessionLines = 5000;

/** `10m` ago, or a date. */
export function parseTime(text: string, nowMs: number): number {
  const ago = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text);
  if (ago !== null) return nowMs - Number(ago[1]) * units[ago[2]!]!;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new CommandFailure(`"${text}" is no time`, 'write how long ago (30s, 10m, 2h, 1d) or a date (2026-01-31T12:00)', exitCodes.usage);
  return ms;
}

function requireKnown(what: string, values: readonly string[] | undefined, known: readonly string[]): void {
  const odd = values?.find((value) => !known.includes(value));
  if (odd !== undefined) throw new CommandFailure(`"${odd}" is no ${what}`, `wanted one of ${known.join(', ')}`, exitCodes.usage);
}

/** @throws CommandFailure for what no record could have. */
export function filterOf(options: LogsOptions): URLSearchParams {
  requireKnown('outcome', options.outcome, outcomes);
  requireKnown('kind of record', options.kind, recordKinds);
  const query = new URLSearchParams();
  for (const name of ['service', 'outcome', 'rule', 'client', 'kind', 'verb'] as const) for (const value of options[name] ?? []) query.append(name, value);
  for (const name of ['status', 'host', 'path', 'user', 'session', 'text'] as const) {
    const value = options[name];
    if (value !== undefined) query.set(name, value);
  }
  if (options.since !== undefined) query.set('from', String(Math.floor(parseTime(options.since, Date.now()))));
  if (options.until !== undefined) query.set('to', String(Math.floor(parseTime(options.until, Date.now()))));
  return query;
}

export async function logs(client: AdminClient, options: LogsOptions, out: Output): Promise<number> {
  const lines = Number(options.lines ?? (options.session !== undefined ? sessionLines : options.follow === true ? 10 : defaultLines));
  if (!Number.isInteger(lines) || lines < 0) throw new CommandFailure('--lines wants a number', '', exitCodes.usage);
  const query = filterOf(options);
  if (options.session !== undefined && options.follow !== true && !out.json) return await printTranscript(client, options, query, lines, out);
  const session = options.session === undefined || out.json ? undefined : new Transcript(out);
  const print = (record: StoredRecord): void => {
    if (session !== undefined) {
      out.write(record.kind === 'session' && record.verb === undefined ? session.foot(record) : session.entry(record));
      return;
    }
    out.write(out.json ? `${jsonText(record)}\n` : `${consoleLine(record, { colours: out.colours, columns: out.columns, date: options.follow !== true })}\n`);
  };
  if (options.follow !== true) {
    const records = await newest(client, query, lines);
    for (const record of inOrder(records)) print(record);
    if (records.length === 0 && !out.json) process.stderr.write('no records fit\n');
    return exitCodes.ok;
  }
  return await untilSignal(async (signal) => {
    // The stream first: what happens while the past is read must not be missed. Ids tell what comes in both.
    const stream = client.lines(`/v1/records/follow?${query.toString()}`, signal);
    await stream.next();
    const shown = new Set<string>();
    for (const record of inOrder(await newest(client, query, lines))) {
      print(record);
      if (record.id !== undefined) shown.add(record.id);
    }
    for await (const line of stream) {
      if (line['event'] === 'dropped') process.stderr.write(`${formatNumber(Number(line['count']))} records were left out: this reader was too slow\n`);
      if (line['event'] !== undefined) continue;
      const record = line as unknown as StoredRecord;
      if (record.id === undefined || !shown.delete(record.id)) print(record);
    }
  });
}

/** One session in order, with what administrators did to it. */
async function printTranscript(client: AdminClient, options: LogsOptions, query: URLSearchParams, lines: number, out: Output): Promise<number> {
  const records = (await newest(client, query, lines + 1)).reverse();
  if (records.length === 0) {
    process.stderr.write('no records fit\n');
    return exitCodes.ok;
  }
  if (records.length > lines) {
    records.shift();
    process.stderr.write(`only the newest ${formatNumber(lines)} records (--lines)\n`);
  }
  if (options.kind === undefined) records.push(...await newest(client, new URLSearchParams({ kind: 'control', path: options.session! }), defaultLines));
  out.write(transcript(records, out));
  return exitCodes.ok;
}

/** Oldest first. The store has them by block, and each worker hands over blocks of its own: what was done last comes last. Times are whole
 *  milliseconds: within one, the order of the store stands, in which the commands of a session follow one another. */
export function inOrder(newestFirst: readonly StoredRecord[]): StoredRecord[] {
  const doneMs = ({ time, ms }: StoredRecord): number => Math.floor(time + (ms ?? 0));
  return newestFirst.toReversed().sort((one, other) => doneMs(one) - doneMs(other));
}

/** The newest that fit, newest first. */
async function newest(client: AdminClient, filter: URLSearchParams, lines: number): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  let cursor: string | undefined;
  while (records.length < lines) {
    const query = new URLSearchParams(filter);
    query.set('limit', String(Math.min(pageSize, lines - records.length)));
    if (cursor !== undefined) query.set('cursor', cursor);
    const page = await client.get<{ records: StoredRecord[]; cursor?: string }>(`/v1/records?${query.toString()}`);
    records.push(...page.records);
    cursor = page.cursor;
    if (cursor === undefined) break;
  }
  return records;
}
