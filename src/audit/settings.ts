// The `audit` section of the configuration: what is kept of every operation, where, for how long, and what happens
// when it cannot be kept. Does not open anything.
import { z } from 'zod';
import { byteSize, duration, hostPort } from '#core/settings/primitives.ts';

export const defaultMask: readonly string[] = [
  'authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key', 'x-auth-token', 'x-csrf-token',
  'password', 'passwd', 'passphrase', 'pass', 'pwd', 'secret', 'client_secret', 'token', 'access_token', 'refresh_token',
  'id_token', 'auth_token', 'csrf_token', 'api_key', 'apikey', 'key', 'sig', 'signature', 'x-amz-signature',
  'x-amz-security-token', 'session', 'sessionid', 'sid', 'jsessionid', 'phpsessid', 'jwt', 'otp', 'pin', 'cvv', 'card_number',
  'private_key', 'credential', 'credentials', 'code_verifier', 'assertion', 'saml_response', 'saml_request',
];

const storeSettings = z.strictObject({
  enabled: z.boolean().default(true)
    .describe('Keep records in the embedded store, where `sallyport logs` and `sallyport explain ID` search them.'),
  maxSize: byteSize().default(1024 ** 3)
    .describe('How large the store may grow on disk; beyond it the oldest records are removed.'),
  maxAge: duration().default(30 * 86_400_000)
    .describe('How long records are kept.'),
  blockRecords: z.number().int().min(10).max(10_000).default(1000)
    .describe('Records that are compressed together. More saves disk, fewer makes looking up a single record faster.'),
  flushEvery: duration().default(1000)
    .describe('The longest time that a record waits in memory before it is written.'),
}).prefault({});

const jsonLinesSettings = z.strictObject({
  path: z.string().min(1).describe('File that records are appended to, one JSON object a line. Relative paths start at `directory`.'),
  maxSize: byteSize().default(100 * 1024 ** 2)
    .describe('When the file is larger than this it becomes FILE.1, FILE.1 becomes FILE.2, and so on.'),
  keep: z.number().int().min(0).max(1000).default(10).describe('How many rotated files are kept.'),
  time: z.enum(['epoch', 'iso']).default('epoch')
    .describe('How the time is written: milliseconds since 1970, or as text such as 2026-01-31T12:00:00.123Z.'),
});

export const syslogFacilities = [
  'kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp', 'ntp', 'audit', 'alert', 'clock',
  'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7',
] as const;

const syslogSettings = z.strictObject({
  transport: z.enum(['udp', 'tcp']).default('udp').describe('`tcp` loses nothing while the collector is reachable; `udp` may.'),
  address: hostPort('wanted host:port of the collector, for example 10.9.0.5:514').describe('The collector.'),
  facility: z.enum(syslogFacilities).default('local0').describe('Syslog facility of the messages.'),
  format: z.enum(['rfc5424']).default('rfc5424').describe('Message format; the record is the message, as JSON.'),
  appName: z.string().regex(/^[\x21-\x7e]{1,48}$/, 'wanted 1 to 48 printable characters without spaces').default('sallyport')
    .describe('APP-NAME of the messages.'),
  queue: z.number().int().min(100).max(1_000_000).default(10_000)
    .describe('Messages kept in memory while the collector cannot be reached; beyond it the newest are dropped and counted.'),
});

export const auditSettings = z.strictObject({
  directory: z.string().min(1).default('audit')
    .describe('Directory of the store and of log files. A relative path starts at the state directory of the gateway.'),
  store: storeSettings.describe('The embedded store.'),
  jsonLines: jsonLinesSettings.optional().describe('Also write every record to a file as JSON lines, for log shippers.'),
  syslog: syslogSettings.optional().describe('Also send every record to a syslog collector.'),
  console: z.boolean().default(false).describe('Also print every record as a line for people on standard output.'),
  mask: z.array(z.string().min(1).max(100)).default([...defaultMask])
    .describe('Names of headers and parameters whose values are replaced by ***. Case, dashes and underscores do not matter.'),
  onOverflow: z.enum(['drop', 'refuse']).default('drop')
    .describe('When records are made faster than they can be kept: `drop` keeps serving, and counts what was lost in the audit '
      + 'log itself; `refuse` answers new operations with an error until there is room (fail closed).'),
  onStoreFailure: z.enum(['continue', 'refuse']).default('continue')
    .describe('When the store cannot be written, for example because the disk is full: `continue` keeps serving and counts '
      + 'what was lost; `refuse` answers new operations with an error until it works again (fail closed).'),
}).prefault({});

export type AuditSettings = z.infer<typeof auditSettings>;
export type AuditSettingsInput = z.input<typeof auditSettings>;
