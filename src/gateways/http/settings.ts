// Schema of an HTTP service (without `protocol`) and of its routes: what people may write and its defaults.
// Parts of their own: settings-limits.ts, settings-rewrite.ts; what a schema cannot see: settings-check.ts.
import { z } from 'zod';
import { resourceName } from '#core/settings/primitives.ts';
import { normalizationSettings, retrySettings, routeLimits, routeTimeouts, serviceLimits, serviceTimeouts } from './settings-limits.ts';
import { wafSettings } from './waf-settings.ts';
import { fieldName, forwardedSettings, pattern, rewriteSettings, template } from './settings-rewrite.ts';

export { checkHttpSettings, poolReferences } from './settings-check.ts';

function oneOrMore<Item extends z.ZodType>(item: Item) {
  return z.union([item, z.array(item).min(1)]).transform((value): z.output<Item>[] => Array.isArray(value) ? value as z.output<Item>[] : [value as z.output<Item>]);
}

const method = z.string().regex(/^[A-Z][A-Z0-9-]{0,31}$/, 'wanted a method in capital letters such as GET').meta({ title: 'method', examples: ['GET', 'POST'] });

const valueCondition = z.union([
  z.boolean(),
  z.string(),
  z.array(z.string()).min(1),
  z.strictObject({ regex: pattern('Regular expression that has to occur in the value.') }),
]).meta({ title: 'condition on a value' });

const aboutValue = '`true`: there at all; `false`: absent; text: exactly this, where `*` stands for any text; a list: one of these; `{ regex: ... }`. '
  + 'Where the name occurs several times, one of its values has to fit.';

/** Conditions of a route; all that are given have to hold. */
const matchSettings = z.strictObject({
  host: oneOrMore(z.string().min(1).max(255)).optional()
    .describe('Host asked for: a name, an address, or `*.example.com` for every name below it. Any when not given.')
    .meta({ examples: ['shop.example', ['shop.example', '*.shop.example']] }),
  path: oneOrMore(z.string().min(1).max(2048)).optional()
    .describe('Path asked for, without query: exact (`/login`), everything below (`/api/**`, which includes `/api`), or a pattern, in which `*` stands for '
      + 'one whole segment, or for text without a slash inside one. Compared with the normalised path, with upper and lower case. Any when not given.')
    .meta({ examples: ['/api/**', ['/login', '/logout']] }),
  pathRegex: pattern('Regular expression that has to occur in the normalised path.').optional(),
  methods: z.array(method).min(1).optional().describe('Methods. Any when not given.'),
  headers: z.record(fieldName(), valueCondition).optional().describe(`Conditions on request headers. ${aboutValue}`),
  query: z.record(z.string().min(1).max(256), valueCondition).optional().describe(`Conditions on decoded query parameters. ${aboutValue}`),
  cookies: z.record(z.string().min(1).max(256), valueCondition).optional().describe(`Conditions on cookies. ${aboutValue}`),
  from: oneOrMore(resourceName()).optional().describe('Zones, one of which has to contain the client.'),
});

const redirectSettings = z.strictObject({
  scheme: z.enum(['http', 'https']).optional().describe('Scheme to go to; that of the request unless given.'),
  host: template('Host to go to, with {variables}; the one asked for unless given.').optional(),
  port: z.number().int().min(1).max(65_535).optional()
    .describe('Port to go to. Unless given: none in the address when scheme or host change, else the one asked for.'),
  path: template('Path to go to, with {variables}; the one asked for unless given.').optional(),
  query: z.enum(['keep', 'drop']).prefault('keep').describe('What becomes of the query.'),
  status: z.union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)]).prefault(302)
    .describe('301 and 308 are remembered by browsers, 302 and 307 are not; 307 and 308 keep the method and body; 303 always continues with GET.'),
});

const respondSettings = z.strictObject({
  status: z.number().int().min(200).max(599).describe('Status of the response.'),
  body: z.string().max(65_536).prefault('').describe('Body, as it stands: no variables, so that nothing of a request can be reflected in it.'),
  contentType: template('Content-Type of the body.').prefault('text/plain; charset=utf-8'),
  headers: z.record(fieldName(), template('The value.')).optional().describe('Further headers, with {variables}.'),
});

const upgradeToken = z.string().regex(/^[a-z0-9!#$%&'*+.^_`|~-]+(\/[a-z0-9.]+)?$/, 'wanted a protocol in lower case such as websocket');

const upgrades = z.array(upgradeToken).max(16)
  .describe('Protocols that a client may switch to, for example `websocket`. Empty: an upgrade is not passed on, and the request is answered as an ordinary one.')
  .meta({ examples: [['websocket']] });

const affinity = z.string().regex(/^(address|uri|path|host|header:[!#$%&'*+.^_`|~0-9A-Za-z-]+|cookie:[!#$%&'*+.^_`|~0-9A-Za-z-]+|query:\S+)$/,
  'wanted address, uri, path, host, header:NAME, cookie:NAME or query:NAME')
  .describe('What a pool that balances by hash goes by, instead of what its `balance` says: `address` of the client, `uri` (path and query), `path`, `host`, `header:NAME`, '
    + '`cookie:NAME` or `query:NAME`.')
  .meta({ examples: ['address', 'cookie:session'] });

const routeSettings = z.strictObject({
  id: resourceName().optional().describe('Name of the route in records, metrics and explanations; `route-N` by its place in the list unless given.'),
  description: z.string().max(500).optional().describe('What it is for, in your own words.'),
  match: matchSettings.prefault({}).describe('Which requests take this route. All conditions have to hold; none at all fits every request.'),
  priority: z.number().int().min(-1000).max(1000).prefault(0)
    .describe('Routes of higher priority are tried first. Among equals the more specific one is tried first, then the one that is first in the list.'),
  pool: resourceName().optional().describe('Pool of servers to forward to.'),
  redirect: redirectSettings.optional().describe('Answers with a redirect instead of forwarding.'),
  respond: respondSettings.optional().describe('Answers with a fixed response instead of forwarding.'),
  rewrite: rewriteSettings.optional().describe('Changes to request and response; instead of those of the service, not in addition.'),
  timeouts: routeTimeouts.optional().describe('Time limits that differ from those of the service.'),
  limits: routeLimits.optional().describe('Limits that differ from those of the service.'),
  retries: retrySettings.optional().describe('When a failed request is tried again; what is not given is the service\'s.'),
  upgrades: upgrades.optional(),
  affinity: affinity.optional(),
  waf: wafSettings.optional().describe('Web application firewall of this route: `off`, or what differs from the service\'s. Exclusions are added to those of the service.'),
});

const serverField = z.union([z.enum(['pass', 'remove']), template('Text to send instead.')])
  .describe('Server header of responses: `pass` what the server says, `remove` it, or any other text to send instead.');

/** Section of a service with `protocol: http`, without `protocol`. */
export const httpSettings = z.strictObject({
  pool: resourceName().optional().describe('Pool for every request that no route fits. Alone, it makes a service without routes.'),
  routes: z.array(routeSettings).max(10_000).prefault([]).describe('Where requests go. A request that no route fits is answered with 404, unless `pool` is given.'),
  rewrite: rewriteSettings.optional().describe('Changes to requests and responses of every route that has no `rewrite` of its own.'),
  forwarded: forwardedSettings.prefault({}).describe('What servers are told of the client, and whom to believe about it.'),
  server: serverField.prefault('remove'),
  via: z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/, 'wanted a name without spaces, or off').prefault('sallyport')
    .describe('Name under which the gateway enters itself in Via, in requests and responses (RFC 9110 section 7.6.3); `off` for not at all.'),
  hideInternalAddresses: z.boolean().prefault(true)
    .describe('Keeps addresses and names of servers from clients: rewrites Location, Content-Location and Refresh that point inside, removes Via of servers and '
      + 'the headers of `internalHeaders`.'),
  internalHeaders: z.array(fieldName()).prefault(['X-Powered-By', 'X-AspNet-Version', 'X-AspNetMvc-Version', 'X-Backend', 'X-Backend-Server', 'X-Upstream',
    'X-Upstream-Addr', 'X-Served-By', 'X-Real-IP', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Server', 'X-Accel-Redirect', 'X-Sendfile', 'Alt-Svc'])
    .describe('Response headers that are removed when `hideInternalAddresses` is on. Alt-Svc is one: it invites clients to go past the gateway.'),
  methodOverride: z.enum(['remove', 'pass']).prefault('remove')
    .describe('X-HTTP-Method-Override and its kin in requests: some frameworks take their value for the method, past every rule on methods. `pass` leaves them.'),
  requestId: z.union([z.literal('off'), fieldName()]).prefault('X-Request-ID')
    .describe('Header that carries the id of the request, the same as in the audit log, to the server; what the client sent under that name is replaced. `off` for none.'),
  requestIdInResponse: z.boolean().prefault(true).describe('Whether responses carry that header too.'),
  timeouts: serviceTimeouts.prefault({}).describe('Time limits.'),
  limits: serviceLimits.prefault({}).describe('Limits on sizes, counts and rates.'),
  retries: retrySettings.prefault({}).describe('When a failed request is tried again on another server.'),
  upgrades: upgrades.prefault([]),
  affinity: affinity.optional(),
  waf: wafSettings.optional().describe('Web application firewall: rules that look at requests and responses. None unless given.'),
  normalization: normalizationSettings.prefault({})
    .describe('How strictly messages are read, one setting for each point where HTTP implementations are known to differ. The defaults refuse what could be read in two ways.'),
});

export type HttpSettings = z.output<typeof httpSettings>;
export type HttpSettingsInput = z.input<typeof httpSettings>;
export type RouteSettings = HttpSettings['routes'][number];
export type MatchSettings = RouteSettings['match'];
export type ValueCondition = z.output<typeof valueCondition>;
export type RedirectSettings = z.output<typeof redirectSettings>;
export type RespondSettings = z.output<typeof respondSettings>;
