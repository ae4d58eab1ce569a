// Resources of the admin API that show and steer traffic: sessions, servers, rules and limits.
import { z } from 'zod';
import type { AdministrativeState } from '#upstream/messages.ts';
import { poolAnswer, sessionAnswer } from '../answers.ts';
import { ApiProblem } from '../problem.ts';
import { route, type AnyRoute } from '../route.ts';
import { limitTotals, ruleTotals } from '../../totals.ts';

const reason = z.string().max(500).default('').describe('Why, for the audit log.');
const name = z.string().min(1).max(300);

const stateBody = z.strictObject({
  state: z.enum(['ready', 'drain', 'maintenance'])
    .describe('`drain`: gets no new requests, finishes those under way. `maintenance`: the same, and it is not reported as a fault.'),
  reason,
});

export const trafficRoutes: readonly AnyRoute[] = [
  route({
    method: 'GET', url: '/v1/sessions', role: 'viewer', tag: 'traffic', summary: 'Open sessions',
    query: z.object({
      service: z.string().optional().describe('Only those of this service.'),
      client: z.string().optional().describe('Only those whose client address starts like this.'),
      limit: z.coerce.number().int().min(1).max(100_000).default(1000).describe('The longest list; the oldest sessions come first.'),
    }),
    answer: z.strictObject({ total: z.number(), sessions: z.array(sessionAnswer) }).describe('`total` counts what fits, also beyond the limit.'),
    handle: async ({ plane, query }) => {
      const fitting = (await plane.sessions())
        .filter((session) => (query.service === undefined || session.service === query.service) && (query.client === undefined || session.client.startsWith(query.client)));
      return { total: fitting.length, sessions: fitting.slice(0, query.limit) };
    },
  }),
  route({
    method: 'DELETE', url: '/v1/sessions/:id', role: 'operator', tag: 'traffic', summary: 'Ends a session at once',
    params: z.object({ id: name }), query: z.object({ reason }),
    answer: z.strictObject({ ended: z.string() }),
    handle: async ({ plane, params, query, author }) => {
      if (!await plane.killSession(params.id, author, query.reason))
        throw new ApiProblem('not-found', `there is no session ${params.id}`, 'it may have ended; the list is at /v1/sessions');
      return { ended: params.id };
    },
  }),
  route({
    method: 'GET', url: '/v1/backends', role: 'viewer', tag: 'traffic', summary: 'Pools and their servers, over all workers',
    answer: z.strictObject({ pools: z.array(poolAnswer) }),
    handle: async ({ plane }) => ({ pools: await plane.backends() }),
  }),
  route({
    method: 'PUT', url: '/v1/backends/:pool/:server/state', role: 'operator', tag: 'traffic', summary: 'Drains a server, or takes it back',
    description: 'Holds until it is changed again or the server is no longer configured. Not kept over a restart of the gateway.',
    params: z.object({ pool: name, server: name }), body: stateBody,
    answer: z.strictObject({ pool: z.string(), server: z.string(), state: z.string() }),
    handle: async ({ plane, params, body, author }) => {
      const { pool, server } = params;
      if (!plane.setServerState(pool, server, body.state as AdministrativeState, author, body.reason)) {
        throw new ApiProblem('not-found', `there is no server ${server} in a pool ${pool}`, 'their names are at /v1/backends');
      }
      return { pool, server, state: body.state };
    },
  }),
  route({
    method: 'GET', url: '/v1/rules', role: 'viewer', tag: 'traffic', summary: 'Policy rules in their order, with what they decided',
    answer: z.strictObject({ rules: z.array(z.looseObject({ id: z.string(), description: z.string(), effect: z.string(), enabled: z.boolean(), hits: z.number() })) })
      .describe('`hits`: operations decided since this configuration came into force, over all workers. The last rule is the default.'),
    handle: async ({ plane }) => ({ rules: ruleTotals(await plane.workers()) }),
  }),
  route({
    method: 'GET', url: '/v1/limits', role: 'viewer', tag: 'traffic', summary: 'Limits and what they refused',
    answer: z.strictObject({ limits: z.array(z.looseObject({ limit: z.string(), measure: z.string(), keys: z.number(), admitted: z.number(), refused: z.number() })) })
      .describe('Over all workers; `keys` is that of the worker with most.'),
    handle: async ({ plane }) => ({ limits: limitTotals(await plane.workers()) }),
  }),
];
