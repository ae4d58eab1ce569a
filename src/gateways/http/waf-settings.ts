// Schema of `waf` in services and routes, and what a service and one of its routes come to together. Nothing is loaded here:
// layer inspection compiles the rules, control reads them. docs/waf/gateway.md is for users.
import { z } from 'zod';
import type { SettingsProblem } from '#contract/gateway.ts';
import type { WebExclusion, WebInspectionSettings } from '#contract/web-inspection.ts';
import { byteSize, duration } from '#core/settings/primitives.ts';

const ruleIds = z.union([
  z.number().int().positive(),
  z.string().regex(/^\d{1,10}(-\d{1,10})?$/, 'wanted the id of a rule such as 942100, or a range such as 942100-942199'),
]).transform(String).meta({ title: 'rule id', examples: [942_100, '942100-942199'] });

/** Nothing that could end the quoted text in which it stands in a rule. */
const ruleText = (what: string) => z.string().min(1).max(500).regex(/^[^"'\\\n\r,;|\x60]+$/, `wanted ${what} without quotes, commas, semicolons and backslashes`);

const target = z.string().max(500).regex(/^[A-Z_]+(:[^\s"'\\|,;\x60]+)?$/, 'wanted a variable such as ARGS:comment, REQUEST_COOKIES:session or REQUEST_BODY')
  .meta({ title: 'variable', examples: ['ARGS:comment', 'REQUEST_COOKIES:/^wp-/'] });

const exclusion = z.strictObject({
  rule: z.union([ruleIds, z.array(ruleIds).min(1)]).optional().describe('The rule: its id, a range of ids, or a list of these.'),
  tag: ruleText('a tag').optional().describe('All rules with this tag (`attack-sqli`, `language-php`).'),
  target: z.union([target, z.array(target).min(1)]).optional()
    .describe('Variables that the rules no longer look at. When not given, the rules do not run at all: name the target wherever you can.'),
  path: z.string().max(2048).regex(/^\/[^\s"'\\]*$/, 'wanted a path such as /search, /blog/** or /users/*/bio').optional()
    .describe('Only requests of this path: exact, everything below (`/blog/**`), or with `*` for one segment.'),
  methods: z.array(z.string().regex(/^[A-Z][A-Z-]{0,31}$/, 'wanted a method in capital letters')).min(1).optional().describe('Only requests with these methods.'),
  reason: z.string().max(500).optional().describe('Why, in your own words.'),
});

const action = z.enum(['reject', 'process-partial']);

const requestBody = z.strictObject({
  inspect: z.boolean().optional().describe('Whether bodies of requests are looked at. They are unless this says otherwise.'),
  limit: byteSize().optional().describe('Longest body that is held and looked at. 12.5 MiB unless given here or in the rule files.').meta({ limit: true }),
  noFilesLimit: byteSize().optional()
    .describe('The same for bodies that are not multipart/form-data: forms, JSON, XML and whatever else. 128 KiB unless given here or in the rule files. '
      + 'Of files, pictures and the like that much is looked at, and the rest passes.').meta({ limit: true }),
  onLimit: action.optional().describe('A body over the limit: `reject` it with 413 (the default), or `process-partial`: look at the part within the limit and let '
    + 'the rest pass unseen.'),
});

const responseBody = z.strictObject({
  inspect: z.boolean().optional().describe('Whether bodies of responses are held and looked at, for leaks. Off unless given: it delays downloads of these types.'),
  limit: byteSize().optional().describe('Longest body that is held. 512 KiB unless given.').meta({ limit: true }),
  types: z.array(z.string().max(100).regex(/^[\w.+-]+\/[\w.+-]+$/, 'wanted a type such as text/html')).min(1).optional()
    .describe('Types that are looked at. text/plain, text/html, text/xml and application/json unless given.'),
  onLimit: action.optional().describe('A body over the limit: `process-partial` (the default) or `reject`.'),
});

const wafFields = {
  ruleset: z.union([z.string().min(1).max(500), z.array(z.string().min(1).max(500)).min(1)]).optional()
    .describe('Which rules: `crs` (the OWASP Core Rule Set, found where the system or `sallyport waf install-crs` put it), `baseline` (a small set that '
      + 'comes with the gateway), a path or pattern of rule files, or a list of these.').meta({ examples: ['crs', 'baseline', ['crs', '/etc/sallyport/own-rules/*.conf']] }),
  path: z.string().min(1).max(500).optional().describe('Directory of the Core Rule Set (with `rules/` in it), when it is not at one of the usual places.'),
  setup: z.string().min(1).max(500).optional().describe('Its setup file, when it is not beside the rules. What is set here in the configuration comes after it and wins.'),
  plugins: z.string().min(1).max(500).optional().describe('Directory of plugins of the Core Rule Set: NAME-config.conf, NAME-before.conf and NAME-after.conf. '
    + '`plugins` beside the rules unless given.'),
  geo: z.strictObject({
    database: z.string().min(1).max(500).describe('A file in the format of MaxMind (mmdb), with countries or cities. Read when the configuration is loaded, and again at '
      + '`sallyport reload` when it has changed.').meta({ examples: ['/var/lib/GeoIP/GeoLite2-Country.mmdb'] }),
  }).optional().describe('Where `@geoLookup` looks addresses up; without it (and without SecGeoLookupDb in the rules) it finds nothing.'),
  rbl: z.strictObject({
    servers: z.array(z.string().regex(/^(?:[\d.]+|\[[0-9a-fA-F:]+\]|[0-9a-fA-F:]+)(?::\d{1,5})?$/, 'wanted an address of a name server, with a port or without')).max(8).optional()
      .describe('Name servers to ask, `address` or `address:port`; those of the system unless given.'),
    timeout: duration().optional().describe('How long a request waits for the answers at most: 300ms unless given. A list that has not answered then counts as not having '
      + 'the client.').meta({ limit: true }),
  }).optional().describe('Lets `@rbl` ask block lists (DNS zones that the rules name) about the client, before its first request is looked at. Without this it never asks.')
    .meta({ examples: [{ servers: ['127.0.0.1'], timeout: '200ms' }] }),
  mode: z.enum(['block', 'detect']).optional().describe('`block` (the default) refuses what the rules refuse; `detect` only records it.'),
  paranoia: z.number().int().min(1).max(4).optional()
    .describe('Paranoia level: which of the rules take part. 1 is meant for everybody; each step finds more and alarms falsely more often. That of the rule set\'s '
      + 'setup unless given.'),
  threshold: z.strictObject({
    inbound: z.number().int().min(1).max(10_000).optional().describe('Score of a request from which on it is refused: 5 is one critical match.'),
    outbound: z.number().int().min(1).max(10_000).optional().describe('The same for responses.'),
  }).optional().describe('Anomaly scores that lead to a refusal.'),
  allowedMethods: z.array(z.string().regex(/^[A-Z][A-Z-]{0,31}$/, 'wanted a method in capital letters')).min(1).optional().describe('Methods that rule 911100 lets pass.'),
  allowedContentTypes: z.array(z.string().regex(/^[\w.+-]+\/[\w.+*-]+$/,
    'wanted a type such as application/json')).min(1).optional().describe('Types of bodies that rule 920420 lets pass.'),
  allowedVersions: z.array(z.enum(['HTTP/1.0', 'HTTP/1.1', 'HTTP/2', 'HTTP/2.0'])).min(1).optional().describe('Versions that rule 920430 lets pass.'),
  exclusions: z.array(exclusion).max(2000).optional()
    .describe('Rules that do not apply here. `sallyport waf exclude ID` proposes the narrowest one for a false alarm. Those of a route are added to those of its service.'),
  logOnly: z.strictObject({
    rules: z.array(ruleIds).max(2000).optional().describe('Rules that are recorded when they match, and neither score nor block.'),
    tags: z.array(ruleText('a tag')).max(200).optional().describe('The same for all rules with one of these tags.'),
  }).optional().describe('Rules on trial.'),
  requestBody: requestBody.optional().describe('Bodies of requests.'),
  responseBody: responseBody.optional().describe('Bodies of responses.'),
  refusal: z.strictObject({
    message: z.string().min(1).max(500).regex(/^[^\r\n]*$/, 'wanted one line').optional().describe('A sentence for people, in the page, the text and the JSON of the answer.'),
    page: z.string().min(1).max(65_536).optional().describe('HTML instead of the gateway\'s own page, for clients that take HTML. `{incident}` becomes the incident id, '
      + '`{status}` the status; nothing of the request can be put in.').meta({ limit: true }),
  }).optional().describe('What a refused client is told besides the status and the incident id.'),
  onEngineError: z.enum(['block', 'pass']).optional()
    .describe('A fault of the engine itself: `block` (the default) refuses the request with 500. `pass` lets it through; each is counted, recorded, and shown by '
      + '`sallyport status`.'),
  keep: z.strictObject({
    requests: z.enum(['no', 'matched', 'all']).optional()
      .describe('Of which requests the record keeps the header fields, so that `sallyport waf test --history` can replay them: those that a rule `matched` (the '
        + 'default), `all`, or `no`. '
        + 'Secret fields and parameters are masked as in the rest of the record.'),
    body: z.number().int().min(0).max(4096).optional().describe('Bytes of the body that are kept too; 0 unless given. Secrets in forms are masked, those in other bodies are not.'),
  }).optional().describe('What records keep for replays.'),
};

/** `waf` of a service or route. What a route does not give is its service's. */
export const wafSettings = z.union([z.literal('off'), z.strictObject(wafFields)]);

export type WafSettings = z.output<typeof wafSettings>;
type WafFields = Exclude<WafSettings, 'off'>;

const defaultBlockListTimeoutMs = 300;
const defaultTypes: readonly string[] = ['text/plain', 'text/html', 'text/xml', 'application/json'];

function listed<Item>(value: Item | readonly Item[] | undefined): Item[] {
  return value === undefined ? [] : Array.isArray(value) ? [...value as readonly Item[]] : [value as Item];
}

function exclusionsOf(fields: WafFields | undefined): WebExclusion[] {
  return (fields?.exclusions ?? []).flatMap(({ rule, tag, target, path, methods }) => {
    const rest = { targets: listed(target), path: path ?? '', methods: methods ?? [] };
    const byRule = listed(rule).map((one): WebExclusion => ({ rule: one, tag: '', ...rest }));
    return tag === undefined ? byRule : [...byRule, { rule: '', tag, ...rest }];
  });
}

/** What holds for a route (or for a service, without one); undefined: no firewall. */
export function resolveWaf(service: WafSettings | undefined, route: WafSettings | undefined): WebInspectionSettings | undefined {
  if (route === 'off' || (route === undefined && (service === undefined || service === 'off'))) return undefined;
  const base = service === 'off' ? undefined : service;
  const both: WafFields = { ...base, ...route };
  const threshold = { ...base?.threshold, ...route?.threshold };
  const request = { ...base?.requestBody, ...route?.requestBody };
  const response = { ...base?.responseBody, ...route?.responseBody };
  const keep = { ...base?.keep, ...route?.keep };
  return {
    ruleset: listed(both.ruleset), path: both.path ?? '', setup: both.setup ?? '', plugins: both.plugins ?? '', geoDatabase: both.geo?.database ?? '',
    askBlockLists: both.rbl !== undefined, blockListServers: both.rbl?.servers ?? [], blockListTimeoutMs: both.rbl?.timeout ?? defaultBlockListTimeoutMs,
    mode: both.mode ?? 'block', paranoia: both.paranoia ?? 0, inboundThreshold: threshold.inbound ?? 0, outboundThreshold: threshold.outbound ?? 0,
    allowedMethods: both.allowedMethods ?? [], allowedContentTypes: both.allowedContentTypes ?? [], allowedVersions: both.allowedVersions ?? [],
    exclusions: [...exclusionsOf(base), ...exclusionsOf(route)],
    logOnlyRules: [...base?.logOnly?.rules ?? [], ...route?.logOnly?.rules ?? []], logOnlyTags: [...base?.logOnly?.tags ?? [], ...route?.logOnly?.tags ?? []],
    inspectRequestBody: request.inspect ?? true, requestBodyLimit: request.limit ?? -1, requestBodyNoFilesLimit: request.noFilesLimit ?? -1,
    requestBodyOnLimit: request.onLimit ?? 'reject',
    inspectResponseBody: response.inspect ?? false, responseBodyLimit: response.limit ?? -1, responseBodyTypes: response.types ?? defaultTypes,
    responseBodyOnLimit: response.onLimit ?? 'process-partial',
    onEngineError: both.onEngineError ?? 'block', keepRequests: keep.requests ?? 'matched', keepBodyBytes: keep.body ?? 0,
  };
}

export interface Refusal { readonly message: string; readonly page: string }

/** What a client is told that the firewall of this route refuses. */
export function refusalOf(service: WafSettings | undefined, route: WafSettings | undefined): Refusal {
  const fields = (one: WafSettings | undefined) => (one === undefined || one === 'off' ? undefined : one.refusal);
  const { message, page } = { ...fields(service), ...fields(route) };
  return { message: message ?? '', page: page ?? '' };
}

type Place = readonly (string | number)[];

/** What the schema cannot see. */
export function checkWaf(service: WafSettings | undefined, routes: readonly (WafSettings | undefined)[]): SettingsProblem[] {
  const problems = checkOne(service, ['waf']);
  if (service !== undefined && service !== 'off' && service.ruleset === undefined) {
    problems.push({ path: ['waf'], message: 'no rules are named', hint: 'give `ruleset: crs`, `ruleset: baseline`, or the path of rule files' });
  }
  routes.forEach((route, index) => {
    const path: Place = ['routes', index, 'waf'];
    problems.push(...checkOne(route, path));
    if (route !== undefined && route !== 'off' && route.ruleset === undefined && (service === undefined || service === 'off')) {
      problems.push({ path, message: 'no rules are named, and the service has none either', hint: 'give `ruleset: crs`, `ruleset: baseline`, or the path of rule files' });
    }
  });
  return problems;
}

function checkOne(settings: WafSettings | undefined, path: Place): SettingsProblem[] {
  if (settings === undefined || settings === 'off') return [];
  const problems: SettingsProblem[] = [];
  settings.exclusions?.forEach((one, index) => {
    if ((one.rule === undefined) === (one.tag === undefined)) {
      problems.push({ path: [...path, 'exclusions', index], message: 'an exclusion names either `rule` or `tag`',
        hint: 'for example { rule: 942100, target: "ARGS:comment", path: /blog/** }' });
    }
  });
  if (settings.onEngineError === 'pass') {
    problems.push({
      path: [...path, 'onEngineError'], severity: 'warning', message: 'faults of the engine let requests pass uninspected', hint: 'leave it out, so that they are refused',
    });
  }
  return problems;
}
