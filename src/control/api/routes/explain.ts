// Explains a described operation, or one that happened: by the engine of a live worker, with what the record kept of what
// rules looked at. Says whether today's decision is the one that was taken then, and what it could not know.
import { isIP } from 'node:net';
import { z } from 'zod';
import type { StoredRecord } from '#audit/record.ts';
import type { ExplainRequest } from '#contract/gateway.ts';
import type { Explanation } from '#runtime/messages.ts';
import { inspectionOf, type RecordedRequest } from '../../waf/facts.ts';
import { recordAnswer } from '../answers.ts';
import { ApiProblem } from '../problem.ts';
import { route, type AnyRoute } from '../route.ts';

const maxHeaders = 200;

const explainBody = z.union([
  z.strictObject({ id: z.string().min(1).max(100).describe('Id of a record: the operation that is explained again.') }),
  z.strictObject({
    verb: z.string().min(1).max(64).describe('For HTTP the method.'),
    url: z.string().min(1).max(16_384).describe('For HTTP the whole address, or the path alone.'),
    headers: z.array(z.tuple([z.string().min(1).max(256), z.string().max(16_384)])).max(maxHeaders).default([]).describe('Header lines as pairs of name and value.'),
    from: z.string().refine((text) => isIP(text) !== 0, 'wanted an IP address').default('127.0.0.1').describe('Address of the client.'),
    port: z.number().int().min(0).max(65_535).default(50_000).describe('Port of the client.'),
    listener: z.string().default('').describe('Where it arrives. Unless given: the listener with the protocol and port of the address, or with its protocol; else the first.'),
    body: z.string().max(1024 * 1024).optional().describe('Body, one character a byte, for what looks into bodies.'),
  }),
]);

const comparison = z.strictObject({
  comparable: z.boolean(), same: z.boolean().describe('Today\'s decision is the recorded one.'),
  then: z.strictObject({ outcome: z.string(), rule: z.string(), configuration: z.string() }),
  now: z.strictObject({ outcome: z.string(), rule: z.string(), configuration: z.string() }),
  unknown: z.array(z.string()).describe('What the record did not keep, so that the explanation had to do without.'),
});

const explainAnswer = z.looseObject({
  version: z.string(), tookMs: z.number(),
  steps: z.array(z.strictObject({ stage: z.string(), subject: z.string(), outcome: z.string(), detail: z.string() })),
  request: z.looseObject({ verb: z.string(), url: z.string(), from: z.string(), listener: z.string() }),
  record: recordAnswer.optional(), comparison: comparison.optional(),
}).describe('Every step of the decision in its order; the last of stage `decision` is what was decided.');

type Comparison = z.output<typeof comparison>;
interface Described extends ExplainRequest { from: string; port: number; listener: string }

export const explainRoutes: readonly AnyRoute[] = [
  route({
    method: 'POST', url: '/v1/explain', role: 'viewer', tag: 'traffic', summary: 'Why an operation is decided as it is',
    description: 'Runs the operation through the engine of a live worker; nothing is sent and nothing is counted.',
    body: explainBody, answer: explainAnswer,
    handle: async ({ plane, body }) => {
      const record = 'id' in body ? await plane.trail.find(body.id) : undefined;
      if ('id' in body && record === undefined) throw new ApiProblem('not-found', `there is no record ${body.id} in the store`, 'ids of records: sallyport logs --json');
      if (record !== undefined && (record.kind !== 'operation' || (record.verb ?? '') === '')) throw notExplained(record);
      const described = 'id' in body ? describedBy(record!) : body;
      const { from, port, listener, verb, url, headers } = described;
      const content = described.body === undefined ? {} : { body: described.body };
      const explanation = await plane.explain({ what: 'explain', listener, client: { address: from, port }, request: { verb, url, headers, ...content } });
      if (explanation === undefined) throw new ApiProblem('no-answer', 'no worker answered', 'look at /v1/status');
      const request = { verb, url, headers, from, port, listener };
      return { ...explanation, request, ...(record === undefined ? {} : { record, comparison: compare(record, explanation) }) };
    },
  }),
];

function notExplained(record: StoredRecord): ApiProblem {
  const why = record.kind === 'violation'
    ? `the message broke the protocol and its bytes are not kept: ${record.rule ?? ''} ${record.reason ?? ''}` : `it is of kind ${record.kind}`;
  return new ApiProblem('bad-request', `record ${record.id ?? ''} cannot be run again: ${why}`, 'records of kind operation can', { record });
}

/** The operation again, as far as the record kept it. */
function describedBy(record: StoredRecord): Described {
  const kept = inspectionOf(record)?.request;
  if (kept !== undefined) return describedByFirewall(record, kept);
  const headers: [string, string][] = [];
  const cookies: string[] = [];
  const observed = record.facts?.['observed'];
  for (const [fact, value] of Object.entries(typeof observed === 'object' && observed !== null ? observed : {})) {
    const colon = fact.indexOf(':');
    const kind = fact.slice(0, colon);
    const key = fact.slice(colon + 1);
    if (kind === 'header') headers.push([key, String(value)]);
    if (kind === 'cookie') cookies.push(`${key}=${String(value)}`);
  }
  if (cookies.length > 0 && !headers.some(([name]) => name === 'cookie')) headers.push(['cookie', cookies.join('; ')]);
  const agent = record.facts?.['agent'];
  if (typeof agent === 'string' && !headers.some(([name]) => name === 'user-agent')) headers.push(['user-agent', agent]);
  // What was about no object was said with a text, which some protocols keep as it came: the verb and what stood behind it.
  const command = record.path === undefined ? record.facts?.['command'] : undefined;
  const url = typeof command === 'string' ? command.replace(/^\S+ ?/, '')
    : `${record.protocol ?? 'http'}://${record.host ?? ''}${record.path ?? '/'}${record.params === undefined ? '' : `?${record.params}`}`;
  return {
    verb: record.verb ?? '', url,
    headers: headers.slice(0, maxHeaders), from: record.client ?? '127.0.0.1', port: record.port ?? 0, listener: record.listener ?? '',
  };
}

/** With a firewall the record has all header fields, and perhaps the body. */
function describedByFirewall(record: StoredRecord, kept: RecordedRequest): Described {
  const headers = Object.entries(kept.headers).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, String(one)]));
  // The body that is run again may be shorter than the one that came.
  const fitting = headers.filter(([name]) => !/^(content-length|transfer-encoding)$/i.test(name));
  return {
    verb: kept.method, url: kept.target, headers: fitting.slice(0, maxHeaders), body: kept.body,
    from: record.client ?? '127.0.0.1', port: record.port ?? 0, listener: record.listener ?? '',
  };
}

/** What a decision came to, in the words of records. */
function outcomeOf(step: string): string {
  if (step === 'allow') return 'allowed';
  return step === 'deny' || step === 'drop' || step === 'close' ? 'denied' : step;
}

function compare(record: StoredRecord, explanation: Explanation): Comparison {
  const last = explanation.steps.findLast(({ stage }) => stage === 'decision') ?? explanation.steps.findLast(({ stage }) => stage === 'codec');
  const now = { outcome: outcomeOf(last?.outcome ?? 'unknown'), rule: last?.subject ?? '', configuration: explanation.version.slice(0, 12) };
  const then = { outcome: record.outcome, rule: record.rule ?? '', configuration: record.config ?? '' };
  // What failed on its way to the server had been allowed; the record then has the reason of the failure as its rule.
  const failed = record.outcome === 'failed' || record.outcome === 'aborted' || record.outcome === 'error';
  // Files are not kept: what inspectors found in one is not found again.
  const byContent = then.outcome === 'denied' && then.rule.startsWith('content.');
  const same = failed || byContent ? now.outcome === 'allowed' : now.outcome === then.outcome && now.rule === then.rule;
  const unknown = ['headers that no rule or limit looks at', 'how far limits were used then'];
  if (byContent) unknown.push('what was in the file');
  if (record.user !== undefined) unknown.push(`what rules say of the user ${record.user}`);
  if (JSON.stringify(record).includes('***')) unknown.push('values that are masked');
  return { comparable: true, same, then, now, unknown };
}
