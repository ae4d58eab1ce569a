// Schema of the `pools` section: servers, balance, limits, queue, health, passive health, retries, idle connections.
// Durations come out in milliseconds. Knows no protocol beyond two kinds of probe; gateways declare the others. Opens nothing.
import { z } from 'zod';
import type { HealthProbe } from '#contract/health-probe.ts';
import { duration, parseHostPort, resourceName } from '#core/settings/primitives.ts';

const addressHint = 'wanted host:port, for example 10.1.0.10:8080, web.internal:80 or [fd00::1]:80';
const isServerAddress = (text: string): boolean => (parseHostPort(text)?.port ?? 0) > 0;

/** A server as configured. `maxConnections` and `maxQueue` undefined: the pool's. */
export interface ServerSettings {
  name: string;
  host: string;
  port: number;
  weight: number;
  maxConnections: number | undefined;
  maxQueue: number | undefined;
  backup: boolean;
}

const serverAddress = z.string().refine(isServerAddress, addressHint)
  .meta({ title: 'address and port', examples: ['10.1.0.10:8080', 'web.internal:80', '[fd00::1]:80'] });

const serverObject = z.strictObject({
  address: serverAddress.describe('Where the server listens: host:port. A name is resolved again when its DNS answer expires.'),
  name: resourceName().optional().describe('What commands, logs and metrics call it. Without it: the address as written.'),
  weight: z.number().int().min(1).max(256).default(1)
    .describe('Its share of the requests against the other servers: a server of weight 2 gets twice as many as one of weight 1.'),
  maxConnections: z.number().int().min(1).max(1_000_000).optional()
    .describe('Connections to this server at one time, instead of the maxConnections of the pool.'),
  maxQueue: z.number().int().min(0).max(100_000).optional()
    .describe('Requests that may wait for this server, instead of the queue.max of the pool.'),
  backup: z.boolean().default(false).describe('Gets requests only while no server without this mark can take them.'),
});

const server = z.union([serverAddress, serverObject]).transform((given): ServerSettings => {
  const settings: z.output<typeof serverObject> = typeof given === 'string' ? { address: given, weight: 1, backup: false } : given;
  const { host, port } = parseHostPort(settings.address)!;
  return {
    name: settings.name ?? settings.address, host, port, weight: settings.weight,
    maxConnections: settings.maxConnections, maxQueue: settings.maxQueue, backup: settings.backup,
  };
});

/** What a hash is made of. `name` is the header or cookie name, lower-case for headers, else ''. */
export interface AffinitySource { kind: 'address' | 'header' | 'cookie' | 'uri'; name: string }

export type BalanceKind = 'round-robin' | 'least-requests' | 'random-two' | 'hash';

/** `boundedLoad`: how far above the mean a server may be loaded before its keys overflow to others; 0 for no bound. */
export interface BalanceSettings { kind: BalanceKind; affinity: AffinitySource | undefined; boundedLoad: number }

const affinityPattern = /^(address|uri|header:[!#$%&'*+.^_`|~0-9a-z-]+|cookie:[!#$%&'*+.^_`|~0-9a-z-]+)$/i;

function parseAffinity(text: string): AffinitySource {
  const colon = text.indexOf(':');
  if (colon < 0) return { kind: text.toLowerCase() as AffinitySource['kind'], name: '' };
  const kind = text.slice(0, colon).toLowerCase() as AffinitySource['kind'];
  const name = text.slice(colon + 1);
  return { kind, name: kind === 'header' ? name.toLowerCase() : name };
}

const balance = z.union([
  z.enum(['round-robin', 'least-requests', 'random-two', 'hash']),
  z.strictObject({
    hash: z.string().regex(affinityPattern, 'wanted address, uri, header:NAME or cookie:NAME')
      .describe('What the same server is kept for: the client address, the path (uri), a header (header:NAME) or a cookie (cookie:NAME).'),
    boundedLoad: z.number().min(1.05).max(10).optional()
      .describe('A server that has this many times its fair share of the requests under way gets no more; they go to the next in the order '
        + 'of the hash. 1.25 is a good value. Without it a popular key may overload its server.'),
  }),
]).transform((given): BalanceSettings => {
  if (typeof given === 'object') return { kind: 'hash', affinity: parseAffinity(given.hash), boundedLoad: given.boundedLoad ?? 0 };
  return { kind: given, affinity: given === 'hash' ? { kind: 'address', name: '' } : undefined, boundedLoad: 0 };
});

export interface StatusRange { from: number; to: number }

const statusRange = z.union([
  z.number().int().min(100).max(599),
  z.string().regex(/^[1-5]\d\d(-[1-5]\d\d)?$/, 'wanted a status such as 200 or a range such as 200-299'),
]).transform((given): StatusRange => {
  const [from, to] = String(given).split('-').map(Number);
  return { from: from!, to: to ?? from! };
}).refine((range) => range.from <= range.to, 'the range ends before it starts');

const printable = /^[\x20-\x7e]*$/;
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

const httpProbe = z.strictObject({
  path: z.string().regex(/^\/[\x21-\x7e]*$/, 'wanted a path that starts with / and has no spaces').default('/').describe('What is asked for.'),
  host: z.string().regex(/^[\x21-\x7e]+$/, 'wanted a host name').optional().describe('Value of the Host header. Without it: the server\'s address.'),
  method: z.enum(['GET', 'HEAD', 'OPTIONS']).default('GET').describe('The request method.'),
  expect: z.array(statusRange).min(1).prefault(['200-299']).describe('Statuses that mean healthy: numbers and ranges.'),
  headers: z.record(z.string().regex(headerName, 'wanted a header name'), z.string().regex(printable, 'wanted printable ASCII')).default({})
    .describe('Further headers of the probe.'),
});

const healthShape = {
  http: httpProbe.optional().describe('Healthy is a server that answers this HTTP request with an expected status.'),
  tcp: z.literal(true).optional().describe('Healthy is a server that accepts a TCP connection.'),
  interval: duration().prefault('5s').describe('Time between the probes of one server (spread by up to a tenth, so that they do not march in step).'),
  timeout: duration().prefault('2s').describe('A probe that has no answer by then has failed.'),
  rise: z.number().int().min(1).max(100).default(2).describe('Successes in a row that bring a server up again.'),
  fall: z.number().int().min(1).max(100).default(3).describe('Failures in a row that take a server down.'),
  port: z.number().int().min(1).max(65_535).optional().describe('Another port to probe than the one that requests go to.'),
};

/** With the probes that gateways declare beside those that are known here. */
function healthSettings(probes: readonly HealthProbe[]) {
  const kinds = ['http', 'tcp', ...probes.map(({ name }) => name)];
  const declared = Object.fromEntries(probes.map(({ name, description, settings }) => [name, settings.optional().describe(description)]));
  return (z.strictObject({ ...declared, ...healthShape }) as unknown as z.ZodObject<typeof healthShape, z.core.$strict>)
    .refine((value) => kinds.filter((kind) => (value as Record<string, unknown>)[kind] !== undefined).length === 1,
      `wanted exactly one of ${kinds.slice(0, -1).join(', ')} and ${kinds.at(-1)!}`)
    .refine((value) => value.interval >= 100, { message: 'an interval under 100ms is an attack on the server', path: ['interval'] })
    .refine((value) => value.timeout > 0, { message: 'wanted a timeout above zero', path: ['timeout'] });
}

const passive = z.strictObject({
  failures: z.number().int().min(0).max(10_000).default(5)
    .describe('Failed requests within the window that eject a server. 0 switches passive health off.'),
  percent: z.number().min(0).max(100).default(20)
    .describe('And at least this share of its requests within the window must have failed, so that a busy server is not ejected for a few.'),
  window: duration().prefault('10s').describe('Time over which failures are counted, to a tenth of it.'),
  ejectFor: duration().prefault('10s').describe('Time out of service after the first ejection; doubled each time that it fails again soon after.'),
  maxEjectFor: duration().prefault('5m').describe('Longest time out of service.'),
  ejectLast: z.boolean().default(false).describe('Whether the last server that can take requests may be ejected too.'),
})
  .refine((value) => value.window >= 100, { message: 'wanted a window of at least 100ms', path: ['window'] })
  .refine((value) => value.ejectFor <= value.maxEjectFor, { message: 'ejectFor is longer than maxEjectFor', path: ['ejectFor'] });

const queue = z.strictObject({
  max: z.number().int().min(0).max(100_000).default(128)
    .describe('Requests that may wait for one server while it has maxConnections. 0: none, they are refused at once.'),
  timeout: duration().prefault('5s').describe('Longest wait.'),
});

const retryBudget = z.strictObject({
  percent: z.number().min(0).max(100).default(20).describe('Retries allowed for every hundred requests.'),
  minimumPerSecond: z.number().min(0).max(100_000).default(10).describe('Retries a second that are always allowed, for pools with little traffic.'),
});

const keepAlive = z.strictObject({
  maxIdle: z.number().int().min(0).max(100_000).default(64)
    .describe('Idle connections kept open for each server. 0: a connection is closed after its request.'),
  idleTimeout: duration().prefault('55s').describe('An idle connection is closed after this. Keep it under the idle timeout of the server.'),
  maxRequests: z.number().int().min(1).max(1_000_000_000).optional().transform((count) => count ?? Number.POSITIVE_INFINITY)
    .describe('Requests on one connection, after which it is closed. Without it: no bound.'),
  maxAge: duration().optional().transform((ms) => ms ?? Number.POSITIVE_INFINITY)
    .describe('A connection older than this is closed after its request. Without it: no bound.'),
});

const resolve = z.strictObject({
  minTtl: duration().prefault('1s').describe('A DNS answer is used for at least this long, whatever its own time to live says.'),
  maxTtl: duration().prefault('5m').describe('A DNS answer is used for at most this long. Also the interval for names from the hosts file.'),
  family: z.enum(['prefer-ipv4', 'prefer-ipv6', 'both']).default('prefer-ipv4')
    .describe('Which addresses of a name are used. The preferred family alone when it has any: a server that listens on one family only is then not '
      + 'taken for half broken. both: all of them in turn.'),
}).refine((value) => value.minTtl <= value.maxTtl, { message: 'minTtl is longer than maxTtl', path: ['minTtl'] });

/** One pool. `probes`: what gateways declare for `health`. */
export function poolSettingsWith(probes: readonly HealthProbe[]) {
  return z.strictObject({
    servers: z.array(server).min(1, 'a pool needs at least one server').max(1000)
      .describe('Where requests go: addresses, or objects with an address and settings of that server.'),
    balance: balance.prefault('round-robin')
      .describe('Which server gets a request: round-robin (in turn), least-requests (fewest under way), random-two (the less busy of two drawn), '
        + 'hash (the same server for the same client address), or an object { hash: ... } for another key. Weights count in all of them.'),
    maxConnections: z.number().int().min(1).max(1_000_000).default(512).describe('Connections to each server at one time; further requests wait in the queue.'),
    queue: queue.prefault({}).describe('Requests that wait for a server at its maxConnections.'),
    health: healthSettings(probes).optional().describe('Active health checks. Without it a server is taken to be up.'),
    passive: passive.prefault({}).describe('Taking servers out of service because requests to them fail.'),
    retryBudget: retryBudget.prefault({}).describe('How many requests may be tried again on another server, so that retries do not become a storm.'),
    keepAlive: keepAlive.prefault({}).describe('Idle connections to servers.'),
    tls: resourceName().optional().describe('TLS profile (section `tls`) for connections to the servers; plain TCP unless given.'),
    connectTimeout: duration().prefault('3s').describe('A connection that does not stand by then has failed.'),
    slowStart: duration().optional()
      .describe('A server that comes back starts with a tenth of its weight and reaches all of it after this time. Not with hash, which would move keys.'),
    resolve: resolve.prefault({}).describe('How long DNS answers for servers with names are used.'),
  }).check((context) => {
    const seen = new Set<string>();
    context.value.servers.forEach((entry, index) => {
      // Entries with faults of their own arrive here as they were written.
      if (entry?.name === undefined) return;
      if (seen.has(entry.name)) {
        context.issues.push({ code: 'custom', input: entry.name, path: ['servers', index], message: `server "${entry.name}" is listed twice; give one of them another name` });
      }
      seen.add(entry.name);
    });
    if (context.value.servers.length > 0 && context.value.servers.every((entry) => entry.backup)) {
      context.issues.push({ code: 'custom', input: context.value.servers, path: ['servers'], message: 'every server is a backup; at least one must not be' });
    }
  });
}

/** Without the probes of gateways. */
export const poolSettings = poolSettingsWith([]);

export type PoolSettings = z.output<typeof poolSettings>;
export type PoolSettingsInput = z.input<typeof poolSettings>;
export type HealthSettings = NonNullable<PoolSettings['health']>;
export type HttpProbeSettings = NonNullable<HealthSettings['http']>;
