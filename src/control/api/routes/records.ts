// Resources of the admin API for the audit log: search with a cursor, single records, and a stream of what happens now.
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FilterError, type AuditFilter } from '#audit/query.ts';
import { outcomes, recordKinds } from '#audit/record.ts';
import { recordAnswer } from '../answers.ts';
import { ApiProblem } from '../problem.ts';
import { many, route, type AnyRoute } from '../route.ts';

const heartbeatMs = 10_000;
/** What may wait for a slow follower; beyond it records are dropped and counted. */
const maxFollowerBytes = 1024 * 1024;
const maxFollowers = 50;

const time = z.string().transform((text, context) => {
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(ms)) context.addIssue('wanted a time: ms since 1970, or text such as 2026-01-31T12:00:00Z');
  return ms;
});

const status = z.string().regex(/^[1-9]\d{0,3}$|^[1-9]\d{0,3}-[1-9]\d{0,3}$|^[1-5]xx$/, 'wanted a status such as 404, a range such as 400-499, or 4xx')
  .describe('Reply code: one, a range, or a class such as `4xx`.');

const filterQuery = z.object({
  from: time.optional().describe('Records that began at or after this time (ms since 1970, or ISO 8601).'),
  to: time.optional().describe('Records that began before this time.'),
  kind: many(z.enum(recordKinds), `Kinds: ${recordKinds.join(', ')}.`),
  service: many(z.string(), 'Services.'),
  outcome: many(z.enum(outcomes), `Outcomes: ${outcomes.join(', ')}.`),
  rule: many(z.string(), 'Ids of rules, limits or violations that decided.'),
  client: many(z.string(), 'Addresses and networks of clients.'),
  session: z.string().optional().describe('One session.'),
  user: z.string().optional().describe('One user.'),
  verb: many(z.string(), 'Verbs, for HTTP methods.'),
  host: z.string().optional().describe('Host asked for: exact, or `*.example.org`.'),
  path: z.string().optional().describe('Part of the path.'),
  status: status.optional(),
  text: z.string().optional().describe('Text that occurs anywhere in the record.'),
});

function filterOf(query: z.output<typeof filterQuery>): AuditFilter {
  const [from, to] = statusRange(query.status);
  const all: AuditFilter = {
    fromMs: query.from!, toMs: query.to!, kinds: query.kind!, services: query.service!, outcomes: query.outcome!, rules: query.rule!, clients: query.client!,
    session: query.session!, user: query.user!, verbs: query.verb!, host: query.host!, path: query.path!, statusFrom: from!, statusTo: to!, text: query.text!,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function statusRange(text: string | undefined): [number | undefined, number | undefined] {
  if (text === undefined) return [undefined, undefined];
  if (text.endsWith('xx')) return [Number(text[0]) * 100, Number(text[0]) * 100 + 99];
  const [from, to] = text.split('-');
  return [Number(from), Number(to ?? from)];
}

function wrongFilter(error: unknown): never {
  throw error instanceof FilterError ? new ApiProblem('bad-request', `query: ${error.message}`) : error;
}

export const recordRoutes: readonly AnyRoute[] = [
  route({
    method: 'GET', url: '/v1/records', role: 'viewer', tag: 'audit', summary: 'Searches the audit log',
    query: filterQuery.extend({
      order: z.enum(['newest', 'oldest']).default('newest').describe('Which come first.'),
      limit: z.coerce.number().int().min(1).max(1000).default(100).describe('Records a page.'),
      cursor: z.string().optional().describe('Goes on behind the page that gave this cursor.'),
    }),
    answer: z.strictObject({ records: z.array(recordAnswer), cursor: z.string().optional(), scanned: z.number() })
      .describe('One page. A page may be short or empty and still have a `cursor`: the search goes on there. Without one there is no more.'),
    handle: async ({ plane, query }) => {
      const { order, limit, cursor } = query;
      return await plane.trail.page({ ...filterOf(query), order, limit, ...(cursor === undefined ? {} : { cursor }) }).catch(wrongFilter);
    },
  }),
  route({
    method: 'GET', url: '/v1/records/follow', role: 'viewer', tag: 'audit', summary: 'Records as they are kept, without end',
    description: 'One JSON object a line. Lines with `event` are about the stream: `heartbeat` every 10 s; `dropped` with a `count`, when the reader was too slow.',
    query: filterQuery, answer: z.string().describe('JSON lines.'), answerType: 'application/x-ndjson',
    handle: async ({ plane, query, reply }) => {
      if (plane.trail.status().followers >= maxFollowers) throw new ApiProblem('no-answer', `${maxFollowers} followers are connected already`);
      const follower = new Follower(reply);
      try {
        follower.begin(plane.trail.subscribe(filterOf(query), (record) => { follower.write(record); }));
      } catch (error) { wrongFilter(error); }
      return undefined;
    },
  }),
  route({
    method: 'GET', url: '/v1/records/:id', role: 'viewer', tag: 'audit', summary: 'One record', params: z.object({ id: z.string().min(1).max(100) }), answer: recordAnswer,
    handle: async ({ plane, params }) => {
      const record = await plane.trail.find(params.id);
      if (record === undefined) throw new ApiProblem('not-found', `there is no record ${params.id} in the store`, 'it may have been removed by age or size, or the store is off');
      return record;
    },
  }),
];

class Follower {
  readonly #reply: FastifyReply;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(reply: FastifyReply) { this.#reply = reply; }

  begin(unsubscribe: () => void): void {
    this.#reply.hijack();
    const { raw } = this.#reply;
    raw.writeHead(200, { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
    this.#timer = setInterval(() => { this.write({ event: 'heartbeat', time: Date.now() }); }, heartbeatMs);
    raw.on('error', () => { /* 'close' follows */ });
    raw.on('close', () => {
      clearInterval(this.#timer);
      unsubscribe();
    });
    this.write({ event: 'heartbeat', time: Date.now() });
  }

  write(line: object): void {
    const { raw } = this.#reply;
    if (raw.writableLength > maxFollowerBytes) {
      this.#dropped++;
      return;
    }
    if (this.#dropped > 0) {
      raw.write(`${JSON.stringify({ event: 'dropped', count: this.#dropped })}\n`);
      this.#dropped = 0;
    }
    raw.write(`${JSON.stringify(line)}\n`);
  }
}
