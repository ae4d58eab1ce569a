// Resources of the admin API that say how the gateway is: status, workers, metrics, health of the process itself.
import { z } from 'zod';
import { prometheusText } from '../../metrics.ts';
import { route, type AnyRoute } from '../route.ts';
import { listenerAnswer, pendingAnswer, workerAnswer } from '../answers.ts';

const statusAnswer = z.looseObject({
  product: z.string(), productVersion: z.string(), pid: z.number(), startedAtMs: z.number(), uptimeMs: z.number(),
  configuration: z.looseObject({ number: z.number(), version: z.string(), pending: pendingAnswer.optional() }),
  listeners: z.array(listenerAnswer), workers: z.array(z.looseObject({ worker: z.number(), pid: z.number() })),
  workerRestarts: z.number(), sessions: z.number(), operations: z.number(),
  audit: z.looseObject({ records: z.number(), lostInWorkers: z.number(), lostInStore: z.number(), refusing: z.boolean() }),
  notices: z.array(z.looseObject({ severity: z.enum(['info', 'warning', 'error']), message: z.string(), timeMs: z.number() })),
}).describe('The gateway as a whole.');

export const stateRoutes: readonly AnyRoute[] = [
  route({
    method: 'GET', url: '/healthz', role: undefined, tag: 'state', summary: 'Whether the supervisor answers',
    answer: z.strictObject({ ok: z.boolean() }),
    handle: async () => ({ ok: true }),
  }),
  route({
    method: 'GET', url: '/v1/status', role: 'viewer', tag: 'state', summary: 'The gateway as a whole', answer: statusAnswer,
    handle: async ({ plane }) => ({ ...await plane.status(), notices: plane.notices.slice(0, 20) }),
  }),
  route({
    method: 'GET', url: '/v1/workers', role: 'viewer', tag: 'state', summary: 'Every worker process',
    answer: z.strictObject({ workers: z.array(workerAnswer) }).describe('One entry a worker that answered.'),
    handle: async ({ plane }) => ({ workers: (await plane.workers()).map(({ pools: _pools, rules: _rules, limits: _limits, ...rest }) => rest) }),
  }),
  route({
    method: 'GET', url: '/v1/metrics', role: 'viewer', tag: 'state', summary: 'Metrics for Prometheus',
    answer: z.string().describe('Prometheus text format 0.0.4.'), answerType: 'text/plain',
    handle: async ({ plane, reply }) => {
      const [status, workers, pools, firewalls] = [await plane.status(), await plane.workers(), await plane.backends(), await plane.firewalls()];
      const { counters, supervisor, trail: { statistics } } = plane;
      const text = prometheusText({ status, workers, pools, statistics, firewalls, counters, pids: supervisor.pids });
      reply.type('text/plain; version=0.0.4; charset=utf-8').send(text);
      return undefined;
    },
  }),
];
