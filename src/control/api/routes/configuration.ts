// Resources of the admin API for the configuration as a whole: reading, checking, planning, applying, confirming, going
// back. Single resources are in resources.ts.
import { z } from 'zod';
import { duration } from '#core/settings/primitives.ts';
import { diffEntries, type ChangeRequest, type ConfigDocument, type ResourcePatch } from '../../configuration/index.ts';
import { documentLimits } from '../../configuration/source.ts';
import { applyAnswer, diffAnswer, impactAnswer, pendingAnswer, placedProblem } from '../answers.ts';
import { carriedOut, documentFor, givenTag, planned } from '../configuration-call.ts';
import { ApiProblem } from '../problem.ts';
import { route, type AnyRoute } from '../route.ts';

const maxBodyBytes = documentLimits.maxBytes + 64 * 1024;
const reason = z.string().max(500).default('').describe('Why, for the history and the audit log.');
const confirmWithin = duration().optional().describe('Goes back by itself after this time unless the change is confirmed.');
const document = z.record(z.string(), z.unknown());

const patch = z.strictObject({
  resource: z.string().max(200).describe('`section/name`, or `audit`, `admin`, `runtime`.'),
  value: z.unknown().optional().describe('The new value; left out, the resource is removed.'),
  mode: z.enum(['create', 'replace', 'put']).optional().describe('`create` refuses when it is there, `replace` when it is not; `put`, the default, does either.'),
  before: z.string().max(100).optional().describe('For rules: the rule to stand before.'),
  after: z.string().max(100).optional().describe('For rules: the rule to stand after.'),
});

const changeShape = {
  document: document.optional().describe('The whole new configuration, as it is written in YAML.'),
  texts: z.array(z.strictObject({ file: z.string().max(1000), text: z.string() })).max(1000).optional()
    .describe('Or its YAML texts: problems then have lines and columns.'),
  patches: z.array(patch).max(1000).optional().describe('Or changes of single resources; all or none.'),
};

const oneOfThem = 'wanted one of document, texts and patches';

function saysOne(given: { document?: unknown; texts?: unknown; patches?: unknown }): boolean {
  return [given.document, given.texts, given.patches].filter((one) => one !== undefined).length === 1;
}

const change = z.strictObject(changeShape).refine(saysOne, oneOfThem);

const applyBody = z.strictObject({
  ...changeShape, reason, confirmWithin,
  author: z.string().max(100).optional().describe('Over the Unix socket: who makes the change.'),
  source: z.string().max(500).optional().describe('Where it comes from, for example the file.'),
  expectedVersion: z.string().min(12).max(64).optional().describe('Version that the change was made for; another one in force is a conflict. The same as If-Match.'),
}).refine(saysOne, oneOfThem);

const planAnswer = z.looseObject({
  ok: z.boolean(), version: z.string().describe('It would have.'), current: z.string(), problems: z.array(placedProblem), diff: diffAnswer, impact: impactAnswer,
}).describe('What applying it would change and interrupt.');

const summary = z.looseObject({
  number: z.number(), timeMs: z.number(), author: z.string(), reason: z.string(), source: z.string(), version: z.string(),
  state: z.enum(['applying', 'applied', 'pending', 'reverted', 'failed']),
});

type Change = z.output<typeof change>;

function proposed({ texts, document: whole, patches }: Change): Pick<ChangeRequest, 'input' | 'patches'> {
  if (texts !== undefined) return { input: { texts } };
  return whole === undefined ? { patches: patches as ResourcePatch[] } : { input: { document: whole as ConfigDocument } };
}

const readRoutes: readonly AnyRoute[] = [
  route({
    method: 'GET', url: '/v1/configuration', role: 'viewer', tag: 'configuration', summary: 'The configuration in force',
    description: 'ETag is its version. Hashes of tokens are shown to admins only.',
    answer: z.looseObject({ number: z.number(), version: z.string(), pending: pendingAnswer.optional(), document }).describe('As written, without defaults.'),
    handle: async (call) => {
      const { active, pending } = call.plane.transactions;
      call.reply.header('ETag', `"${active?.version ?? ''}"`);
      return { number: active?.number ?? 0, version: active?.version ?? '', pending, document: documentFor(call, call.plane.running) };
    },
  }),
  route({
    method: 'GET', url: '/v1/configuration/history', role: 'viewer', tag: 'configuration', summary: 'Versions that were applied, newest first',
    query: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(50), before: z.coerce.number().int().min(1).optional().describe('Goes on below this number.') }),
    answer: z.strictObject({ versions: z.array(summary), current: z.number() }),
    handle: async ({ plane, query }) => ({ versions: plane.history.list(query.limit, query.before), current: plane.transactions.active?.number ?? 0 }),
  }),
  route({
    method: 'GET', url: '/v1/configuration/history/:number', role: 'viewer', tag: 'configuration', summary: 'One version, and what it changed',
    params: z.object({ number: z.coerce.number().int().min(1) }),
    query: z.object({ against: z.coerce.number().int().min(1).optional().describe('Version to compare with; the one before unless given.') }),
    answer: z.looseObject({ ...summary.shape, document, diff: diffAnswer.optional() }).describe('`diff` leads from the other version to this one.'),
    handle: async (call) => {
      const { number } = call.params;
      const entry = call.plane.history.get(number);
      if (entry === undefined) throw new ApiProblem('not-found', `there is no version ${number} in the history`);
      const against = call.query.against ?? call.plane.history.list(1, number)[0]?.number;
      const diff = against === undefined || call.identity.role !== 'admin' ? undefined : diffEntries(call.plane.history, against, number);
      return { ...entry, document: documentFor(call, entry.document), against, diff };
    },
  }),
  route({
    method: 'POST', url: '/v1/configuration/check', role: 'viewer', tag: 'configuration', summary: 'Checks a configuration; applies nothing',
    body: change, maxBodyBytes,
    answer: z.looseObject({ ok: z.boolean(), version: z.string(), problems: z.array(placedProblem) }).describe('Every problem at once.'),
    handle: async (call) => {
      const { load } = planned(await call.plane.transactions.plan(proposed(call.body)));
      return { ok: load.ok, version: load.version, problems: load.problems };
    },
  }),
  route({
    method: 'POST', url: '/v1/configuration/plan', role: 'viewer', tag: 'configuration', summary: 'What a change would do; applies nothing',
    body: change, maxBodyBytes, answer: planAnswer,
    handle: async (call) => {
      const { transactions } = call.plane;
      const plan = planned(await transactions.plan(proposed(call.body)));
      const { load } = plan;
      const mayCompare = call.identity.role === 'admin';
      return {
        ok: load.ok, version: load.version, current: transactions.active?.version ?? '', problems: load.problems, impact: plan.impact,
        // The values of a comparison could show what is hidden in the document.
        diff: mayCompare ? plan.diff : { same: plan.diff.same, resources: plan.diff.resources.map(({ kind, section, name }) => ({ kind, section, name })) },
      };
    },
  }),
];

const changeRoutes: readonly AnyRoute[] = [
  route({
    method: 'POST', url: '/v1/configuration/apply', role: 'admin', tag: 'configuration', summary: 'Puts a configuration in force, or nothing at all',
    body: applyBody, maxBodyBytes, version: 'optional', answer: applyAnswer,
    handle: async (call) => {
      const { body, plane } = call;
      const author = body.author !== undefined && call.identity.name === 'socket' ? body.author : call.author;
      const result = await plane.transactions.apply({
        ...proposed(body), author, reason: body.reason, source: body.source ?? 'api', confirmWithinMs: body.confirmWithin, expectedVersion: body.expectedVersion ?? givenTag(call),
      });
      return carriedOut(result, call, 'apply');
    },
  }),
  route({
    method: 'POST', url: '/v1/configuration/confirm', role: 'admin', tag: 'configuration', summary: 'Keeps a change that waits for confirmation',
    body: z.strictObject({ expectedVersion: z.string().min(12).max(64).optional() }), version: 'optional', answer: applyAnswer,
    handle: async (call) => carriedOut(await call.plane.transactions.confirm(call.author, call.body.expectedVersion ?? givenTag(call)), call, 'confirm'),
  }),
  route({
    method: 'POST', url: '/v1/configuration/revert', role: 'admin', tag: 'configuration', summary: 'Takes back a change that waits for confirmation',
    body: z.strictObject({ reason }), answer: applyAnswer,
    handle: async (call) => carriedOut(await call.plane.transactions.revert(call.author, call.body.reason || 'reverted by hand'), call, 'revert'),
  }),
  route({
    method: 'POST', url: '/v1/configuration/rollback', role: 'admin', tag: 'configuration', summary: 'Applies an earlier version again, as a new one',
    body: z.strictObject({ number: z.number().int().min(1).describe('Number in the history.'), reason, confirmWithin, expectedVersion: z.string().min(12).max(64).optional() }),
    version: 'optional', answer: applyAnswer,
    handle: async (call) => {
      const { number, reason: why, confirmWithin: confirmWithinMs } = call.body;
      const result = await call.plane.transactions.rollback(number, {
        author: call.author, reason: why || `back to version ${number}`, expectedVersion: call.body.expectedVersion ?? givenTag(call), confirmWithinMs,
      });
      return carriedOut(result, call, 'rollback');
    },
  }),
  route({
    method: 'POST', url: '/v1/configuration/reload', role: 'admin', tag: 'configuration', summary: 'Reads the configuration files again and applies them',
    body: z.strictObject({ reason, confirmWithin }), answer: applyAnswer,
    handle: async (call) => carriedOut(await call.plane.reload(call.author, call.body.reason || 'reload', call.body.confirmWithin)),
  }),
];

export const configurationRoutes: readonly AnyRoute[] = [...readRoutes, ...changeRoutes];
