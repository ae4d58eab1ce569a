// Resources of the admin API inside sessions: ports opened for them, a word to one, what it shows, and lines that wait for
// a second person.
import { z } from 'zod';
import { approvalAnswer, leaseAnswer } from '../answers.ts';
import type { ControlPlane } from '../../control-plane.ts';
import { ApiProblem } from '../problem.ts';
import { route, type AnyRoute } from '../route.ts';

const reason = z.string().max(500).default('').describe('Why, for the audit log.');
const id = z.string().min(1).max(300);

/** Why a session gave no answer. */
async function noAnswer(plane: ControlPlane, session: string, command: string): Promise<ApiProblem> {
  const found = (await plane.sessions()).find((one) => one.id === session);
  if (found === undefined) return new ApiProblem('not-found', `there is no session ${session}`, 'it may have ended; the list is at /v1/sessions');
  const detail = `session ${session} (${found.protocol}) does not understand "${command}"`;
  return new ApiProblem('not-understood', detail, 'what sessions understand is in the documentation of their protocol');
}

const watchAnswer = z.strictObject({
  next: z.number().describe('To ask with for what comes next.'), missed: z.number().describe('Bytes that were shown and are kept no more.'),
  columns: z.number(), rows: z.number(), data: z.string().describe('What was shown since, in base64.'),
});

export const sessionRoutes: readonly AnyRoute[] = [
  route({
    method: 'GET', url: '/v1/leases', role: 'viewer', tag: 'traffic', summary: 'Ports that are open for one expected connection of a session',
    answer: z.strictObject({ leases: z.array(leaseAnswer) }),
    handle: async ({ plane }) => ({ leases: await plane.leases() }),
  }),
  route({
    method: 'DELETE', url: '/v1/leases/:id', role: 'operator', tag: 'traffic', summary: 'Revokes a lease: its port is closed',
    params: z.object({ id }), query: z.object({ reason }), answer: z.strictObject({ revoked: z.string() }),
    handle: async ({ plane, params, query, author }) => {
      if (!await plane.revokeLease(params.id, author, query.reason)) {
        throw new ApiProblem('not-found', `there is no lease ${params.id}`, 'it may have been used or expired; the list is at /v1/leases');
      }
      return { revoked: params.id };
    },
  }),
  route({
    method: 'POST', url: '/v1/sessions/:id/control', role: 'operator', tag: 'traffic', summary: 'A word to a live session',
    description: 'Which commands there are depends on the protocol; Telnet understands `message`. For `approve` and `reject` use /v1/approvals, which gives your name along.',
    params: z.object({ id }),
    body: z.strictObject({ command: z.string().regex(/^[a-z][a-z-]{0,40}$/, 'wanted a word in small letters'), argument: z.string().max(2000).default('') }),
    answer: z.strictObject({ session: z.string(), answer: z.string().describe('In words.') }),
    handle: async ({ plane, params, body, author }) => {
      // Under the name of whoever asks, not under one that stands in the argument.
      if (body.command === 'approve' || body.command === 'reject') {
        throw new ApiProblem('bad-request', `${body.command} is at /v1/approvals/ID`, 'send { "approve": true } or { "approve": false } there');
      }
      if (body.command === 'watch') throw new ApiProblem('bad-request', 'watching is at /v1/sessions/ID/watch');
      const answer = await plane.controlSession(params.id, body.command, body.argument, author);
      if (answer === undefined) throw await noAnswer(plane, params.id, body.command);
      return { session: params.id, answer };
    },
  }),
  route({
    method: 'GET', url: '/v1/sessions/:id/watch', role: 'operator', tag: 'traffic', summary: 'What a session shows, as it goes on',
    description: 'Ask again with `from` set to the last `next`, a few times a second. The bytes have passed the filter of the service, and nothing can be typed.',
    params: z.object({ id }), answer: watchAnswer,
    query: z.object({ from: z.string().regex(/^\d{0,15}$/, 'wanted a number').default('').describe('Empty at first: from now on.') }),
    handle: async ({ plane, params, query, author }) => {
      const answer = await plane.watchSession(params.id, query.from, author);
      if (answer === undefined) throw await noAnswer(plane, params.id, 'watch');
      // A refusal comes in words.
      if (!answer.startsWith('{')) throw new ApiProblem('refused', answer);
      return JSON.parse(answer) as unknown;
    },
  }),
  route({
    method: 'GET', url: '/v1/approvals', role: 'viewer', tag: 'traffic', summary: 'What waits for a second person',
    answer: z.strictObject({ approvals: z.array(approvalAnswer) }),
    handle: async ({ plane }) => ({ approvals: await plane.approvals() }),
  }),
  route({
    method: 'POST', url: '/v1/approvals/:id', role: 'operator', tag: 'traffic', summary: 'Approves or denies what waits',
    description: 'By the id of the approval or of its session. The name of whoever decides is shown and recorded, as proven over TCP (the token), as claimed over the '
      + 'socket; the user of the session itself is refused.',
    params: z.object({ id }), body: z.strictObject({ approve: z.boolean() }),
    answer: z.strictObject({ approval: approvalAnswer, approved: z.boolean() }),
    handle: async ({ plane, params, body, author, proven }) => {
      const result = await plane.decideApproval(params.id, body.approve, { name: author, proven });
      if (!result.ok && result.reason === 'same-person') {
        throw new ApiProblem('forbidden', `${author} is the user of session ${result.session}: a second person has to decide`);
      }
      if (!result.ok && result.reason === 'refused') throw new ApiProblem('refused', result.detail ?? 'refused by the session');
      if (!result.ok) throw new ApiProblem('not-found', `nothing waits under ${params.id}`, 'it may have been decided or given up; the list is at /v1/approvals');
      return { approval: result.approval, approved: body.approve };
    },
  }),
];
