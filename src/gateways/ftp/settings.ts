// Schema of an FTP service (without `protocol`): what people may write and its defaults. Does not enforce anything.
// What a schema cannot see is in settings-check.ts; docs/protocols/ftp.md tells the same at length.
import { z } from 'zod';
import { addressFamily } from '#core/network.ts';
import { duration, network, resourceName } from '#core/settings/primitives.ts';
import { contentSettings, ftpLimitSettings, ftpTimeouts } from './settings-limits.ts';

export const presetNames = ['ftp:read-only', 'ftp:upload-only', 'ftp:read-write', 'ftp:anonymous'] as const;
export type PresetName = typeof presetNames[number];

/** `50000-50999` as two numbers. */
function portRange() {
  return z.string()
    .regex(/^\d{1,5}-\d{1,5}$/, 'wanted a range of ports such as 50000-50999')
    .transform((text) => text.split('-').map(Number) as [number, number])
    .refine(([first, last]) => first >= 1024 && first <= last && last <= 65_535, 'wanted first-last between 1024 and 65535')
    .meta({ title: 'range of ports', examples: ['50000-50999'] });
}

const userPattern = z.string().min(1).max(128).regex(/^[^\s]+$/, 'wanted a user name, in which * stands for any text');
const oneLine = /^\P{Cc}*$/u;
const line = z.string().max(500).regex(/^[\x20-\x7e]*$/, 'wanted one line of ASCII');

/** Ports on which services listen that must not be reached through somebody's data connection. */
export const defaultDeniedPorts: readonly string[] = ['1433', '1521', '2049', '2375-2376', '3306', '3389', '5432', '5672', '5900-5999', '6000-6063', '6379', '8080', '8443',
  '9000', '9092', '9200',
  '11211', '27017-27019'];

const portOrRange = z.string().regex(/^\d{1,5}(-\d{1,5})?$/, 'wanted a port or a range such as 6000-6063')
  .refine((text) => {
    const [first = 0, last = first] = text.split('-').map(Number);
    return first >= 1 && first <= last && last <= 65_535;
  }, 'wanted ports from 1 to 65535, the lower one first, such as 6000-6063');

function closeNotify(of: string) {
  return z.enum(['require', 'any']).prefault('require')
    .describe(`How the end of ${of} over TLS is believed. \`require\`: only with the close_notify of RFC 8446 section 6.1; without it somebody on the way may have cut `
      + 'the file short, and it is reset on both sides and answered with 426. `any`: the end of the TCP connection is enough; the record says so.');
}

const clientTls = z.strictObject({
  mode: z.enum(['off', 'explicit', 'implicit']).prefault('off')
    .describe('`explicit`: clients may turn TLS on with AUTH TLS (RFC 4217). `implicit`: TLS from the first byte (port 990). `off`: AUTH is refused.'),
  profile: resourceName().optional().describe('TLS profile (section `tls`) with the certificate that clients see. Needed unless `mode` is off.'),
  require: z.enum(['nothing', 'login', 'data']).prefault('nothing')
    .describe('`login`: USER is refused before TLS. `data`: data connections must be protected too (PROT P).'),
  dataSession: z.enum(['require', 'any']).prefault('require')
    .describe('`require`: a protected data connection must resume a TLS session of its own control connection, so that a stolen data port is of no use. '
      + 'Some clients (Python\'s ftplib) cannot; `any` lets them in.'),
  closeNotify: closeNotify('uploads of clients'),
});

const serverTls = z.strictObject({
  mode: z.enum(['off', 'explicit', 'implicit']).prefault('off')
    .describe('How the gateway itself speaks to servers, whatever clients do: `explicit` with AUTH TLS, `implicit` from the first byte, `off` in the clear.'),
  profile: resourceName().optional().describe('TLS profile (section `tls`) that says whom to trust. Needed unless `mode` is off.'),
  data: z.enum(['protect', 'clear']).prefault('protect').describe('Whether data connections to servers are protected (PROT P) when the control connection is.'),
  closeNotify: closeNotify('downloads from servers'),
});

const clientData = z.strictObject({
  passive: z.boolean().prefault(true).describe('Whether clients may ask for a port of the gateway to connect to (PASV, EPSV).'),
  active: z.boolean().prefault(true).describe('Whether the gateway may connect to clients (PORT, EPRT). Only to the address that the control connection comes from.'),
  ports: portRange().prefault('50000-50999').describe('Ports that the gateway opens for data connections of clients and servers, one at a time and at random. The packet '
    + 'filter has to let them through.'),
  address: z.string().refine((text) => addressFamily(text) === 4, 'wanted an IPv4 address such as 203.0.113.7').optional()
    .describe('IPv4 address to announce in 227 when clients reach the gateway through address translation. That of the control connection unless given. A 229 has no '
      + 'address (RFC 2428 section 3).'),
});

const serverData = z.strictObject({
  mode: z.enum(['passive', 'active', 'as-client']).prefault('passive')
    .describe('Who opens data connections towards servers, independent of what the client does: `passive`: the gateway connects to the server. `active`: the '
      + 'server connects to the gateway. `as-client`: what the client chose.'),
  passiveAddress: z.enum(['must-match', 'ignore']).prefault('must-match')
    .describe('The address in a server\'s 227. `must-match`: with another address than the server\'s own there is no transfer (425). `ignore`: it is not looked at, for '
      + 'servers behind '
      + 'address translation; the gateway connects to the server that it knows in any case.'),
});

const login = z.strictObject({
  mode: z.enum(['pass', 'gateway', 'both']).prefault('pass')
    .describe('`pass`: name and password go to the server. `gateway`: they are checked against the gateway\'s users, and `serverLogins` says how to log in to the server. '
      + '`both`: first the gateway\'s users, then a second USER and PASS for the server.'),
  anonymous: z.enum(['allow', 'only', 'deny']).prefault('allow').describe('What to do with the users `anonymous` and `ftp`.'),
  users: z.array(userPattern).max(1000).optional().describe('User names that may log in, `*` for any text. All unless given.'),
  maxAttempts: z.number().int().min(1).max(100).prefault(3).describe('Failed logins after which the session ends (RFC 2577 section 5).').meta({ limit: true }),
  failureDelay: duration().prefault('1s').describe('Pause before a failed login is answered.'),
  serverLogins: z.array(z.strictObject({
    user: userPattern.describe('User of the gateway, `*` for any text.'),
    serverUser: z.string().min(1).max(128).regex(oneLine, 'wanted a name without control characters').describe('User name at the server; `same` stands for the same name.'),
    serverPassword: z.string().max(256).regex(oneLine, 'wanted a password without control characters')
      .describe('Password at the server; `same` stands for the one that the client gave.'),
  })).max(1000).prefault([]).describe('For `mode: gateway`: how users of the gateway log in to the server. The first that fits is taken; nobody else may log in.'),
});

const proxySettings = z.strictObject({
  ports: z.array(z.number().int().min(1).max(65_535)).min(1).max(100).prefault([21]).describe('Ports that clients may ask for in `USER name@host:port`.'),
  denyNetworks: z.array(network()).prefault(['127.0.0.0/8', '::1/128', '169.254.0.0/16', 'fe80::/10', '0.0.0.0/8', '224.0.0.0/4', 'ff00::/8'])
    .describe('Networks that are never connected to, whatever name was asked for. Which hosts are allowed is for rules to say (`operation: { host: ... }`).'),
  connectTimeout: duration().prefault('10s').describe('Longest wait for a connection to the server that was asked for.').meta({ limit: true }),
});

/** Section of a service with `protocol: ftp`, without `protocol`. */
export const ftpSettings = z.strictObject({
  pool: resourceName().optional().describe('Pool of FTP servers to forward to. Either this or `proxy`.'),
  proxy: proxySettings.optional().describe('Clients choose the server with `USER name@host` or `USER name@host:port`, or `OPEN host` before it. Either this or `pool`.'),
  preset: z.enum(presetNames).optional()
    .describe('What clients may do at most; rules decide within it. `ftp:read-only`: list and fetch. `ftp:upload-only`: store, and see nothing. '
      + '`ftp:read-write`: list, fetch, store, rename, delete. `ftp:anonymous`: read-only for the users anonymous and ftp.'),
  login: login.prefault({}).describe('Who may log in, and where passwords are checked.'),
  clientTls: clientTls.prefault({}).describe('TLS towards clients.'),
  serverTls: serverTls.prefault({}).describe('TLS towards servers.'),
  clientData: clientData.prefault({}).describe('Data connections of clients.'),
  serverData: serverData.prefault({}).describe('Data connections of servers.'),
  deniedPorts: z.array(portOrRange).max(1000).prefault([...defaultDeniedPorts])
    .describe('Ports of 1024 and above that no data connection is made to, in either direction: those of other services. Ports below 1024 are always refused (RFC 2577 '
      + 'section 3).'),
  banner: z.union([z.literal('pass'), line]).prefault('FTP server ready.')
    .describe('First line that clients see. `pass` for the server\'s own, which means to connect to a server for every client at once.'),
  system: line.prefault('UNIX Type: L8').describe('Answer to SYST. The server\'s own is not told.'),
  serverTexts: z.enum(['pass', 'mask']).prefault('mask')
    .describe('Texts of server replies: `mask` gives the gateway\'s own words in place of welcome texts and of STAT and HELP; `pass` leaves welcome texts.'),
  site: z.array(z.string().regex(/^[A-Z][A-Z0-9]{0,15}$/, 'wanted a SITE command in capital letters such as CHMOD')).max(50).prefault([])
    .describe('SITE commands that may be used (CHMOD, UTIME ...). None unless given. What follows is passed on as text: rules see it as attribute `argument`.'),
  listOptions: z.string().regex(/^[A-Za-z0-9]*$/, 'wanted letters such as aAlF, without a dash').max(62).prefault('aAlFtrS1C')
    .describe('Option letters allowed in LIST, NLST and STAT. Not among them: R, with which one command lists a whole tree.'),
  listWildcards: z.enum(['names', 'refuse', 'any']).prefault('names')
    .describe('`*`, `?`, `[` and `{` in LIST, NLST and STAT. `names`: in the last part of a name; what fits is named and not entered (the server is given the option `d`), '
      + 'since rules on paths cannot know what it will be. `any`: as the server likes, past rules on paths.'),
  backslash: z.enum(['refuse', 'pass']).prefault('refuse').describe('A backslash in names: some servers take it for a separator, past every rule on paths.'),
  names: z.enum(['exact', 'windows']).prefault('exact')
    .describe('What the servers take for the same file. `exact`: what is spelt alike. `windows`: upper and lower case are the same, so rules see paths in lower case and are '
      + 'written so; names that end in a dot or a space, with a colon, a tilde before a digit, or of a device are refused, since they are other spellings, past rules.'),
  content: contentSettings.prefault({}).describe('How files are looked at. What they may be is for `inspectors` to say.'),
  timeouts: ftpTimeouts.prefault({}).describe('Time limits.'),
  limits: ftpLimitSettings.prefault({}).describe('Limits on sizes, counts and rates.'),
});

export type FtpSettings = z.output<typeof ftpSettings>;
export type FtpSettingsInput = z.input<typeof ftpSettings>;
