// Single resources of the configuration: read, made, changed and removed, each change as one transaction that says which
// version it was made for.
import { z } from 'zod';
import { duration } from '#core/settings/primitives.ts';
import { parseResource, readResource, type ConfigDocument, type ResourcePatch } from '../../configuration/index.ts';
import { documentLimits } from '../../configuration/source.ts';
import { applyAnswer } from '../answers.ts';
import { carriedOut, documentFor, expectedVersion } from '../configuration-call.ts';
import { ApiProblem } from '../problem.ts';
import { route, type AnyRoute, type Call } from '../route.ts';

const section = z.string().max(100).describe('Section of the configuration, such as pools.');
const name = z.string().max(100).describe('Name of the resource; id of a rule.');
const changeQuery = z.object({
  reason: z.string().max(500).default(''), confirmWithin: duration().optional(),
  mode: z.enum(['create', 'replace', 'put']).default('put').describe('`create` refuses when it is there, `replace` when it is not.'),
  before: z.string().optional().describe('For rules: the rule to stand before.'),
  after: z.string().optional().describe('For rules: the rule to stand after.'),
});

type Params = { section: string; name?: string };
type ChangeCall = Call<Params, z.output<typeof changeQuery>, unknown>;

function resourceOf(params: Params): string { return params.name === undefined ? params.section : `${params.section}/${params.name}`; }

function read(call: Call<Params, undefined, undefined>): unknown {
  const resource = resourceOf(call.params);
  const document = documentFor(call, call.plane.running);
  // Whole sections can be read too; only audit, admin and runtime are resources by themselves.
  const value = call.params.name === undefined && knownSection(call.params.section) ? document[call.params.section] ?? null : readResource(document, resource);
  if (value === undefined) throw new ApiProblem('not-found', `there is no ${resource}`, 'what there is: /v1/configuration');
  const version = call.plane.transactions.active?.version ?? '';
  call.reply.header('ETag', `"${version}"`);
  return { resource, version, value };
}

function knownSection(name: string): boolean { return parseResource(name) !== undefined || parseResource(`${name}/x`) !== undefined; }

async function change(call: ChangeCall, value: unknown): Promise<unknown> {
  const resource = resourceOf(call.params);
  if (call.params.name === undefined && parseResource(resource) === undefined && knownSection(call.params.section) && value !== undefined) return await changeSection(call, value);
  const { mode, before, after, reason, confirmWithin } = call.query;
  const patch: ResourcePatch = { resource, value, mode, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
  const result = await call.plane.transactions.apply({
    patches: [patch], author: call.author, reason: reason || `${value === undefined ? 'removed' : 'put'} ${resource}`, source: 'api',
    expectedVersion: expectedVersion(call), confirmWithinMs: confirmWithin,
  });
  return carriedOut(result, call, value === undefined ? 'remove' : 'put');
}

/** A whole section at once, for example all rules in a new order. */
async function changeSection(call: ChangeCall, value: unknown): Promise<unknown> {
  const document: ConfigDocument = { ...call.plane.running, [call.params.section]: value };
  const result = await call.plane.transactions.apply({
    document, author: call.author, reason: call.query.reason || `put ${call.params.section}`, source: 'api',
    expectedVersion: expectedVersion(call) ?? call.plane.transactions.active?.version, confirmWithinMs: call.query.confirmWithin,
  });
  return carriedOut(result, call, 'put');
}

function routesAt(url: string, params: z.ZodType<Params>, what: string): AnyRoute[] {
  const answer = z.strictObject({ resource: z.string(), version: z.string(), value: z.unknown() }).describe('As written, without defaults.');
  const maxBodyBytes = documentLimits.maxBytes;
  return [
    route({ method: 'GET', url, role: 'viewer', tag: 'configuration', summary: `Reads ${what}`, params, answer, handle: async (call) => read(call) }),
    route({
      method: 'PUT', url, role: 'admin', tag: 'configuration', summary: `Makes or changes ${what}`, description: 'Needs If-Match with the version that the change was made for.',
      params, query: changeQuery, body: z.unknown(), maxBodyBytes, version: 'required', answer: applyAnswer,
      handle: async (call) => await change(call, call.body),
    }),
    route({
      method: 'DELETE', url, role: 'admin', tag: 'configuration', summary: `Removes ${what}`, description: 'Needs If-Match with the version that the change was made for.',
      params, query: changeQuery, version: 'required', answer: applyAnswer, handle: async (call) => await change(call as unknown as ChangeCall, undefined),
    }),
  ];
}

export const resourceRoutes: readonly AnyRoute[] = [
  ...routesAt('/v1/configuration/:section', z.object({ section }), 'a section'),
  ...routesAt('/v1/configuration/:section/:name', z.object({ section, name }), 'one resource'),
];
