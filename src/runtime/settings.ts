// Schemas of the configuration sections `listeners`, `admin` and `runtime`: what people may write and its defaults.
// Does not open ports, read token files or make directories; the supervisor and the admin API do.
import { isIP } from 'node:net';
import { z } from 'zod';
import { byteSize, duration, hostPort, parseHostPort, resourceName } from '#core/settings/primitives.ts';

/** True for an address that only this machine can reach. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^127\.\d+\.\d+\.\d+$/.test(address);
}

const wantedBind = 'wanted address:port with an IP address, for example 0.0.0.0:80, 127.0.0.1:8080 or [::]:80';

function bindAddress() {
  return hostPort(wantedBind)
    .refine((bind) => isIP(bind.host) !== 0, wantedBind)
    .meta({ title: 'address and port', examples: ['0.0.0.0:80', '127.0.0.1:8080', '[::]:80'] });
}

const bindList = z.union([bindAddress(), z.array(bindAddress()).min(1).max(64)])
  .transform((bind) => Array.isArray(bind) ? bind : [bind]);

/** One entry of `listeners`. */
export const listenerSettings = z.strictObject({
  bind: bindList
    .describe('Where clients arrive: one address with a port, or a list of them. `0.0.0.0` is every IPv4 address of the machine, `[::]` every IPv6 address. '
      + 'Two listeners cannot share one.'),
  service: resourceName()
    .describe('The service that connections arriving here are given to.'),
  transport: z.enum(['tcp']).prefault('tcp')
    .describe('What carries the protocol. TCP is the only transport so far.'),
  backlog: z.number().int().min(1).max(65_535).prefault(511)
    .describe('How many connections the kernel keeps waiting when all workers are busy; more are refused by the kernel. The system\'s own maximum '
      + '(net.core.somaxconn) applies as well.')
    .meta({ limit: true }),
  tls: resourceName().optional()
    .describe('TLS profile (section `tls`): clients speak TLS from the first byte. Plain TCP unless given.'),
  description: z.string().max(500).optional()
    .describe('What it is for, in your own words; shown in listings.'),
});

/** Section `listeners`. */
export const listenersSchema = z.record(resourceName(), listenerSettings);

export type AdminRole = 'viewer' | 'operator' | 'admin';

const adminToken = z.strictObject({
  name: resourceName()
    .describe('Who holds the token: written in the audit log and in the history as the author of changes.'),
  role: z.enum(['viewer', 'operator', 'admin'])
    .describe('What the holder may do. `viewer` reads; `operator` also drains servers and ends sessions; `admin` also changes the configuration.'),
  tokenSha256: z.string().regex(/^[0-9a-f]{64}$/i, 'wanted the SHA-256 of the token: 64 hexadecimal digits').transform((hash) => hash.toLowerCase()).optional()
    .describe('SHA-256 of the token in hexadecimal, so that the token itself is nowhere in the configuration. '
      + 'Make one with: printf %s "$TOKEN" | sha256sum')
    .meta({ examples: ['fc4e21ec72a6b2759eb2012cd811e425c07241993fff80b4f35b8e98e03f75f1'] }),
  tokenFile: z.string().min(1).max(1024).optional()
    .describe('File whose first line is the token. Readable by the gateway only.')
    .meta({ examples: ['/etc/sallyport/admin.token'] }),
}).refine((token) => (token.tokenSha256 === undefined) !== (token.tokenFile === undefined), 'wanted exactly one of tokenSha256 and tokenFile');

const adminHttp = z.strictObject({
  bind: hostPort('wanted a loopback address with a port, for example 127.0.0.1:9080')
    .refine((bind) => isLoopback(bind.host), 'wanted a loopback address (127.0.0.1 or [::1]): put a proxy or an SSH tunnel in front for access from elsewhere')
    .meta({ title: 'loopback address and port', examples: ['127.0.0.1:9080', '[::1]:9080'] })
    .describe('Loopback address and port of the admin API over HTTP.'),
  tokens: z.array(adminToken).min(1).max(100)
    .describe('Who may use the admin API over HTTP; every request must carry one of these as `Authorization: Bearer`.'),
});

/** Section `admin`. */
export const adminSchema = z.strictObject({
  socket: z.string().min(1).max(100, 'wanted a path of at most 100 characters: the system allows no longer Unix socket paths').prefault('admin.sock')
    .describe('Path of the Unix socket of the admin API, which the command line uses. A relative path is inside `runtime.stateDirectory`. '
      + 'Whoever can open the socket file is `admin`.')
    .meta({ examples: ['/run/sallyport/admin.sock'] }),
  http: adminHttp.optional()
    .describe('Admin API on a loopback TCP port, with tokens and roles. Off unless given.'),
});

/** Section `recordings`. */
export const recordingsSchema = z.strictObject({
  enabled: z.boolean().prefault(false).describe('Whether services that can record their sessions (Telnet) do.'),
  directory: z.string().min(1).max(1024).prefault('recordings')
    .describe('Directory of the files. A relative path is inside `runtime.stateDirectory`.'),
  keyFile: z.string().min(1).max(1024).optional()
    .describe('File with the key that encrypts recordings (AES-256-GCM): 64 hexadecimal digits. Readable text unless given.'),
  maxAge: duration().prefault('30d').describe('Recordings older than this are removed.'),
  maxBytes: byteSize().prefault('256MiB').describe('Longest recording of one session, before encryption. What would follow is not recorded.').meta({ limit: true }),
  required: z.boolean().prefault(true)
    .describe('Whether a session ends when it cannot be recorded: the disk is full or too slow, or `maxBytes` is reached. `false`: it goes on without; the audit log says so.'),
});

/** Section `runtime`. */
export const runtimeSchema = z.strictObject({
  workers: z.union([z.literal('auto'), z.number().int().min(0).max(256)]).prefault('auto')
    .describe('Number of worker processes that carry the traffic; `auto` is one a processor core. 0 runs everything in one process, for development. Can be '
      + 'changed while the gateway runs: more are started, those that are too many drain for `drainTimeout`.')
    .meta({ title: 'count or auto', examples: ['auto', 4] }),
  user: z.string().regex(/^[a-z_][a-z0-9_-]{0,31}\$?$|^\d+$/i, 'wanted the name or number of a system user').optional()
    .describe('System user that the workers run as after the ports are open; needs a start as root. The user of the process that starts them unless given.')
    .meta({ examples: ['sallyport'] }),
  drainTimeout: duration().prefault('30s')
    .describe('How long sessions may take to finish when the gateway stops or what they use was removed; then they are closed.'),
  watch: z.boolean().prefault(false)
    .describe('Reload by itself when the configuration files change. A file with errors changes nothing.'),
  stateDirectory: z.string().min(1).max(1024).prefault('.sallyport')
    .describe('Directory of what must survive a restart: configuration history, audit store, admin socket. '
      + 'A relative path is taken from the directory of the configuration.')
    .meta({ examples: ['/var/lib/sallyport'] }),
});

export type ListenerSettings = z.infer<typeof listenerSettings>;
export type AdminSettings = z.infer<typeof adminSchema>;
export type RecordingsSettings = z.infer<typeof recordingsSchema>;
export type RuntimeSettings = z.infer<typeof runtimeSchema>;
export type AdminTokenSettings = z.infer<typeof adminToken>;

/** `host:port` of a bind address as people write it. */
export function formatBind(bind: { host: string; port: number }): string {
  return bind.host.includes(':') ? `[${bind.host}]:${bind.port}` : `${bind.host}:${bind.port}`;
}

/** For settings that come from the command line instead of the file. */
export function parseBind(text: string): { host: string; port: number } | undefined {
  const bind = parseHostPort(text);
  return bind && isIP(bind.host) !== 0 ? bind : undefined;
}
