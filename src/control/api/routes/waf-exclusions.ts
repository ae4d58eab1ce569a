// Resources of the admin API for exclusions of the firewall: what is written, a proposal for a false alarm with its effect on the
// stored past, and putting exclusions into the configuration file and in force, or taking them away.
import { z } from 'zod';
import type { StoredRecord } from '#audit/record.ts';
import { readResource } from '../../configuration/index.ts';
import { appendToList, removeFromList } from '../../configuration/edit.ts';
import type { ControlPlane } from '../../control-plane.ts';
import { applyExclusions, type ExclusionChange } from '../../waf/apply-exclusions.ts';
import { asSettings, EffectBuilder, pathProblem, proposeExclusions, type ProposedExclusion } from '../../waf/exclude.ts';
import { inspectionOf, sumsUp } from '../../waf/facts.ts';
import { replay, requestOfRecord } from '../../waf/replay.ts';
import { exclusionsFor, listKey, wafPlace, withEntries, withoutEntries, writtenExclusions, type WrittenExclusion } from '../../waf/written.ts';
import { loudly, mayAct } from '../access.ts';
import { carriedOut, recordRefusal } from '../configuration-call.ts';
import { ApiProblem } from '../problem.ts';
import { route, type AnyRoute, type Call } from '../route.ts';
import { fromMs, prepared, settingsOf, wafHistory } from '../waf-call.ts';

/** Of the Core Rule Set and the baseline, unless the configuration says otherwise. */
const usualThreshold = 5;

const common = {
  apply: z.boolean().default(false).describe('Do it; for admins only. Otherwise it is only shown.'),
  file: z.boolean().default(true).describe('Also write it into the configuration file. False: only what runs is changed, and the next start has the file as it is.'),
  reason: z.string().max(500).default('').describe('Why, for the configuration, the history and the audit log.'),
  version: z.string().min(12).max(64).optional().describe('Version that the preview was made for; another one in force is a conflict.'),
};

const excludeBody = z.strictObject({
  id: z.string().min(1).max(100).describe('A record of a request that the firewall refused or noticed.'),
  rules: z.array(z.number().int()).max(100).default([]).describe('Only these of its rules; all that found something unless given.'),
  from: fromMs.default(0).describe('History to judge the effect by, from this time on.'),
  ...common,
});

const removeBody = z.strictObject({
  id: z.string().min(1).max(100).optional().describe('A record: the exclusions that were made for its path, rules and variables.'),
  numbers: z.array(z.number().int().min(1)).min(1).max(100).optional().describe('Or numbers as listed.'),
  ...common,
}).refine(({ id, numbers }) => (id === undefined) !== (numbers === undefined), 'wanted one of id and numbers');

type Common = { apply: boolean; file: boolean; reason: string; version?: string | undefined };
type AnyCall = Pick<Call<unknown, unknown, Common>, 'plane' | 'identity' | 'author' | 'request' | 'reply' | 'body'>;

async function recordOf(plane: ControlPlane, id: string): Promise<StoredRecord> {
  const record = await plane.trail.find(id);
  if (record === undefined) throw new ApiProblem('not-found', `there is no record ${id} in the store`, 'ids of records: sallyport logs --text waf --json');
  if (inspectionOf(record) === undefined) throw new ApiProblem('bad-request', `the firewall found nothing in record ${id}`, 'what it found: sallyport waf report');
  return record;
}

async function proposed(plane: ControlPlane, body: z.output<typeof excludeBody>) {
  const record = await recordOf(plane, body.id);
  const inspection = inspectionOf(record)!;
  const service = record.service ?? '';
  const routeId = record.route ?? '';
  const settings = settingsOf(plane, service, routeId);
  const threshold = settings.inboundThreshold || usualThreshold;
  const unnameable = pathProblem(record.path ?? '/');
  if (unnameable !== undefined) throw new ApiProblem('bad-request', `no exclusion can be proposed for record ${body.id}: ${unnameable}`, 'write one by hand, with care');
  const exclusions = proposeExclusions(record, threshold, body.rules);
  if (exclusions.length === 0) throw new ApiProblem('bad-request', `no rule of record ${body.id} can be excluded`, `it was refused by ${inspection.by}`);
  const builder = new EffectBuilder(exclusions, service, threshold);
  for await (const one of wafHistory(plane, body.from, service)) builder.add(one);
  const { id, path, client, rule } = record;
  return {
    record: { id, path, client, rule, rules: inspection.rules.filter((one) => !sumsUp(one.id)) }, exclusions, effect: builder.effect(), service, route: routeId,
    replay: tried(plane, record, exclusions),
  };
}

/** The recorded request itself, through the rules with and without the exclusions. Undefined: it was not kept. */
function tried(plane: ControlPlane, record: StoredRecord, exclusions: readonly ProposedExclusion[]) {
  const { request } = inspectionOf(record)!;
  if (request === undefined) return undefined;
  const settings = settingsOf(plane, record.service ?? '', record.route ?? '');
  const again = requestOfRecord(request, record.client ?? '');
  const blocking = { ...settings, mode: 'block' as const };
  const before = replay(prepared(plane, blocking).inspector, again, record.time);
  const after = replay(prepared(plane, { ...blocking, exclusions: [...settings.exclusions, ...asSettings(exclusions)] }).inspector, again, record.time);
  const listed = ({ rules }: { rules: readonly number[] }): number[] => rules.filter((rule) => !sumsUp(rule));
  return {
    refusedBefore: before.blocked, refusedAfter: after.blocked, rulesBefore: listed(before), rulesAfter: listed(after),
    asItWas: !request.incomplete && !JSON.stringify(request).includes('***'),
  };
}

function entriesOf(exclusions: readonly ProposedExclusion[], record: string, reason: string): object[] {
  return exclusions.map((exclusion) => ({ ...exclusion, reason: reason || `false alarm ${record}` }));
}

function mustBeAdmin(call: AnyCall): void {
  if (!mayAct(call.identity, 'admin')) throw loudly(new ApiProblem('forbidden', `${call.identity.name} is ${call.identity.role}; changing exclusions needs admin`));
}

async function carryOut(call: AnyCall, change: Omit<ExclusionChange, 'author' | 'intoFile' | 'expectedVersion'>) {
  const { plane, body } = call;
  const outcome = await applyExclusions(plane, { ...change, author: call.author, intoFile: body.file, expectedVersion: body.version });
  if (outcome.kind === 'not-planned') return { change: carriedOut(outcome.failure, call, change.verb) };
  if (outcome.kind === 'not-written') {
    const { message, hint } = outcome.refusal;
    recordRefusal(call, change.verb, message);
    throw new ApiProblem('file-not-changed', `nothing was changed: ${message}`, hint);
  }
  call.reply.header('ETag', `"${outcome.change.version}"`);
  const { ok: _, ...rest } = outcome.change;
  return { change: rest, ...(outcome.written === undefined ? {} : { written: outcome.written }), ...(outcome.fault === undefined ? {} : { fault: outcome.fault }) };
}

async function exclude(call: AnyCall & { body: z.output<typeof excludeBody> }) {
  const { plane, body } = call;
  const version = plane.transactions.active?.version ?? '';
  const proposal = await proposed(plane, body);
  const answer = { ...proposal, version };
  if (!body.apply) return { ...answer, applied: false };
  mustBeAdmin(call);
  const { service, exclusions, record, route: routeId } = proposal;
  const written = readResource(plane.running, `services/${service}`);
  const place = wafPlace(written, routeId);
  if (place === undefined) throw new ApiProblem('bad-request', `the firewall of services/${service} is not written where an exclusion could be added`, 'add it by hand');
  const entries = entriesOf(exclusions, record.id ?? '', body.reason);
  const done = await carryOut(call, {
    service, value: withEntries(written, place, entries), verb: 'exclude', reason: body.reason || `firewall exclusion for record ${record.id ?? ''}`,
    what: `record ${record.id ?? ''}: ${JSON.stringify(entries)}`.slice(0, 1000), edit: (text) => appendToList(text, ['services', service, ...place], listKey, entries),
  });
  return { ...answer, applied: true, ...done };
}

async function chosen(plane: ControlPlane, body: z.output<typeof removeBody>): Promise<WrittenExclusion[]> {
  const all = writtenExclusions(plane.running);
  if (body.numbers === undefined) {
    const found = exclusionsFor(await recordOf(plane, body.id!), all);
    if (found.length === 0) throw new ApiProblem('not-found', `no exclusion names the path, a rule and a variable of record ${body.id}`, 'all there are: sallyport waf exclusions');
    return found;
  }
  const found = [...new Set(body.numbers)].map((number) => {
    const one = all[number - 1];
    if (one === undefined) throw new ApiProblem('not-found', `there is no exclusion ${number}`, 'all there are: sallyport waf exclusions');
    return one;
  });
  if (new Set(found.map(({ path }) => path.join('.'))).size > 1) {
    throw new ApiProblem('bad-request', 'these exclusions stand in several places', 'take away those of one service or route at a time');
  }
  return found;
}

async function unexclude(call: AnyCall & { body: z.output<typeof removeBody> }) {
  const { plane, body } = call;
  const version = plane.transactions.active?.version ?? '';
  const exclusions = await chosen(plane, body);
  const { service, path } = exclusions[0]!;
  if (!body.apply) return { exclusions, service, version, applied: false };
  mustBeAdmin(call);
  const entries = exclusions.map(({ exclusion }) => exclusion);
  const done = await carryOut(call, {
    service, value: withoutEntries(readResource(plane.running, `services/${service}`), exclusions), verb: 'unexclude',
    reason: body.reason || 'firewall exclusion removed', what: JSON.stringify(entries).slice(0, 1000),
    edit: (text) => removeFromList(text, path, listKey, exclusions.map(({ index }) => index)),
  });
  return { exclusions, service, version, applied: true, ...done };
}

const applied = {
  version: z.string().describe('Of the configuration that this was worked out for.'), applied: z.boolean(),
  written: z.looseObject({ file: z.string(), line: z.number() }).optional().describe('Where it stands now.'),
  fault: z.string().optional().describe('In force, and yet not in the file: why.'),
};

const writtenAnswer = z.looseObject({ number: z.number(), service: z.string(), route: z.string(), exclusion: z.looseObject({}) });

export const wafExclusionRoutes: readonly AnyRoute[] = [
  route({
    method: 'GET', url: '/v1/waf/exclusions', role: 'viewer', tag: 'firewall', summary: 'Exclusions that are written in the configuration in force',
    answer: z.strictObject({ version: z.string(), exclusions: z.array(writtenAnswer) }),
    handle: async ({ plane }) => ({ version: plane.transactions.active?.version ?? '', exclusions: writtenExclusions(plane.running) }),
  }),
  route({
    method: 'POST', url: '/v1/waf/exclude', role: 'operator', tag: 'firewall', summary: 'The narrowest exclusions for a false alarm, and their effect on the stored history',
    body: excludeBody,
    answer: z.looseObject({
      exclusions: z.array(z.looseObject({ path: z.string() })), effect: z.looseObject({ refused: z.number(), wouldPass: z.number(), otherMatches: z.number() }), ...applied,
    }).describe('With `apply` (admins only) they are put in force as one change in the history, and written into the configuration file, of which nothing else '
      + 'changes. Nothing happens when the files are not what the gateway runs.'),
    handle: async (call) => await exclude(call),
  }),
  route({
    method: 'POST', url: '/v1/waf/exclusions/remove', role: 'operator', tag: 'firewall', summary: 'Takes exclusions away again',
    body: removeBody,
    answer: z.looseObject({ exclusions: z.array(writtenAnswer), ...applied }).describe('With `apply` (admins only) in force and in the file, as when they were added.'),
    handle: async (call) => await unexclude(call),
  }),
];
