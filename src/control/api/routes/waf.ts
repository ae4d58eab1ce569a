// Resources of the admin API for the web application firewall: rules with their hits, what it found lately, and
// replays against a draft. Exclusions are in waf-exclusions.ts; the work is in control/waf.
import { z } from 'zod';
import type { ControlPlane } from '../../control-plane.ts';
import { inspectionOf } from '../../waf/facts.ts';
import { LearningBuilder, proposedRules } from '../../waf/learn.ts';
import { inspectionsOf } from '../../waf/prepare.ts';
import { describedRequest, differenceOf, replay, requestOfRecord, type ReplayDifference } from '../../waf/replay.ts';
import { ReportBuilder } from '../../waf/report.ts';
import { firstService, settingsFor } from '../../waf/service-rules.ts';
import { ApiProblem } from '../problem.ts';
import { route, type AnyRoute } from '../route.ts';
import { fromMs, maxRecords, prepared, running, settingsOf, wafHistory as history } from '../waf-call.ts';

const maxReplayed = 20_000;
const maxDifferences = 500;
/** The supervisor does other things too: after so many replays it lets them have a turn. */
const replaysPerTurn = 50;

const ruleAnswer = z.looseObject({ id: z.number(), message: z.string(), hits: z.number(), blocked: z.number() });

async function rulesOf(plane: ControlPlane, all: boolean) {
  const reports = await plane.supervisor.inspectors();
  const sets = [...inspectionsOf(running(plane), plane.options.manifests)].map(([key, { path, settings }]) => {
    const mine = reports.filter((report) => report.key === key);
    const hits = new Map<number, { hits: number; blocked: number }>();
    for (const one of mine.flatMap((report) => report.hits)) {
      const total = hits.get(one.rule) ?? { hits: 0, blocked: 0 };
      hits.set(one.rule, { hits: total.hits + one.hits, blocked: total.blocked + one.blocked });
    }
    const { inspector, warnings } = prepared(plane, settings);
    const rules = inspector.rules().map((rule) => ({ ...rule, ...hits.get(rule.id) ?? { hits: 0, blocked: 0 }, logOnly: inspector.logOnly.has(rule.id, rule.tags) }))
      .filter((rule) => all || rule.hits > 0).sort((a, b) => b.hits - a.hits || a.id - b.id);
    const sum = (of: 'requests' | 'blocked' | 'errors' | 'passedOnError'): number => mine.reduce((total, report) => total + report[of], 0);
    return {
      place: path.join('.'), ruleset: settings.ruleset, mode: settings.mode, onEngineError: settings.onEngineError, loadMs: Math.max(0,
        ...mine.map(({ loadMs }) => loadMs)), warnings,
      requests: sum('requests'), blocked: sum('blocked'), errors: sum('errors'), passedOnError: sum('passedOnError'), rulesLoaded: mine[0]?.rules ?? 0, rules,
    };
  });
  return { sets };
}

const requestBody = z.strictObject({
  method: z.string().min(1).max(64), url: z.string().min(1).max(65_536),
  headers: z.array(z.tuple([z.string().min(1).max(256), z.string().max(65_536)])).max(200).default([]),
    body: z.string().max(1024 * 1024).default('').describe('One character a byte.'),
});

const testBody = z.strictObject({
  requests: z.array(requestBody).max(100).default([]).describe('Requests to run.'),
  historyFrom: fromMs.optional().describe('Also replay the requests that records have kept since this time.'),
  service: z.string().optional().describe('The service whose rules are used; the first with a firewall unless given. History goes by the record.'),
  route: z.string().default('').describe('The route whose rules are used.'),
  draft: z.string().max(1024 * 1024).optional().describe('Rules and directives that are added behind those of the configuration.'),
});

async function test(plane: ControlPlane, body: z.output<typeof testBody>) {
  const nowMs = Date.now();
  const service = body.service ?? firstService(running(plane), plane.options.manifests);
  if (service === undefined) throw new ApiProblem('bad-request', 'no service has a firewall', 'give one: waf: { ruleset: crs }');
  const results = body.requests.map((one) => {
    const settings = settingsOf(plane, service, body.route);
    const request = describedRequest(one.method, one.url, one.headers, one.body);
    const now = replay(prepared(plane, settings).inspector, request, nowMs);
    return { method: one.method, url: one.url, now, ...(body.draft === undefined ? {} : { draft: replay(prepared(plane, settings, body.draft).inspector, request, nowMs) }) };
  });
  if (body.historyFrom === undefined) return { service, results };
  return { service, results, history: await replayHistory(plane, body.historyFrom, body.draft ?? '', body.service, nowMs) };
}

async function replayHistory(plane: ControlPlane, from: number, draft: string, service: string | undefined, nowMs: number) {
  const differences: ReplayDifference[] = [];
  const counts = { replayed: 0, notKept: 0, masked: 0, withoutBody: 0, different: 0, wouldPass: 0, wouldBlock: 0 };
  for await (const record of history(plane, from, service)) {
    const inspection = inspectionOf(record)!;
    if (inspection.request === undefined) { counts.notKept++; continue; }
    const settings = settingsFor(running(plane), plane.options.manifests, record.service ?? '', record.route ?? '');
    if (settings === undefined) continue;
    if (inspection.request.incomplete) counts.withoutBody++;
    if (JSON.stringify(inspection.request).includes('***')) counts.masked++;
    const request = requestOfRecord(inspection.request, record.client ?? '');
    const before = replay(prepared(plane, settings).inspector, request, nowMs);
    const difference = differenceOf(record.id ?? '', request, before, replay(prepared(plane, settings, draft).inspector, request, nowMs));
    if (difference !== undefined) {
      counts.different++;
      if (difference.before === 'blocked' && difference.after === 'pass') counts.wouldPass++;
      if (difference.before === 'pass' && difference.after === 'blocked') counts.wouldBlock++;
      if (differences.length < maxDifferences) differences.push(difference);
    }
    if (++counts.replayed >= maxReplayed) break;
    if (counts.replayed % replaysPerTurn === 0) await new Promise((resolve) => { setImmediate(resolve); });
  }
  return { ...counts, differences };
}

export const wafRoutes: readonly AnyRoute[] = [
  route({
    method: 'GET', url: '/v1/waf/rules', role: 'viewer', tag: 'firewall', summary: 'Rule sets in force, with the hits of their rules',
    query: z.object({ all: z.stringbool().default(false).describe('Also rules without a hit.') }),
    answer: z.strictObject({ sets: z.array(z.looseObject({ place: z.string(), mode: z.string(), requests: z.number(), blocked: z.number(), errors: z.number(),
      rules: z.array(ruleAnswer) })) })
      .describe('Counts are over all workers, since the rules were loaded.'),
    handle: async ({ plane, query }) => await rulesOf(plane, query.all),
  }),
  route({
    method: 'GET', url: '/v1/waf/report', role: 'viewer', tag: 'firewall', summary: 'What the firewall found, by rule and place, and what looks like false alarms',
    query: z.object({ from: fromMs.default(0).describe('Records since this time (ms since 1970).'), service: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(20) }),
    answer: z.looseObject({ requests: z.number(), blocked: z.number(), rules: z.array(z.looseObject({ rule: z.number() })),
      
      places: z.array(z.looseObject({ rules: z.array(z.number()) })), candidates: z.array(z.looseObject({ rules: z.array(z.number()), reasons: z.array(z.string()) })) })
      .describe('From the audit store. `candidates`: what many clients meet of whom nothing else is found, with the reasons. A `path` that is empty: on many paths.'),
    handle: async ({ plane, query }) => {
      const builder = new ReportBuilder();
      for await (const record of history(plane, query.from, query.service)) builder.add(record);
      return builder.report(query.limit);
    },
  }),
  route({
    method: 'GET', url: '/v1/waf/learned', role: 'viewer', tag: 'firewall', summary: 'Arguments that paths have been seen with, and rules that say so',
    query: z.object({
      from: fromMs.default(0).describe('Records since this time (ms since 1970).'), service: z.string().optional(),
      min: z.coerce.number().int().min(1).default(10).describe('Only paths with as many requests.'),
      firstId: z.coerce.number().int().min(1).max(2_000_000_000).default(9_000_000).describe('Id of the first rule.'),
    }),
    answer: z.looseObject({ records: z.number(), skipped: z.number(), rules: z.string().describe('SecLang.'),
      paths: z.array(z.looseObject({ path: z.string(), arguments: z.array(z.looseObject({ name: z.string(), kind: z.string() })) })) })
      .describe('From requests that were allowed, answered below 400, and in which the firewall found nothing; at most the latest 200,000 records.'),
    handle: async ({ plane, query }) => {
      const builder = new LearningBuilder();
      let records = 0;
      for await (const record of plane.trail.query({ fromMs: query.from, kinds: ['operation'], ...(query.service === undefined ? {} : { services: [query.service] }) })) {
        if (++records > maxRecords) break;
        builder.add(record);
      }
      const learned = builder.report(query.min);
      return { records: Math.min(records, maxRecords), ...learned, rules: proposedRules(learned.paths, query.firstId) };
    },
  }),
  route({
    method: 'POST', url: '/v1/waf/test', role: 'operator', tag: 'firewall', summary: 'Runs requests, or recorded ones, through the rules, and through a draft of them',
    body: testBody, maxBodyBytes: 8 * 1024 * 1024,
    answer: z.looseObject({ service: z.string(), results: z.array(z.looseObject({ now: z.looseObject({ blocked: z.boolean() }) })) }).describe('Nothing is sent, '
      + 'and nothing is counted.'),
    handle: async ({ plane, body }) => await test(plane, body),
  }),
];
