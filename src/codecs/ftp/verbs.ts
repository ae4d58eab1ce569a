// The commands of FTP: class, what the argument is, and which other name they are known by. RFC 5797 (registry), RFC 959,
// 1123, 2228, 2389, 2428, 3659, 4217. A command that is not here is not understood, and so not passed on.

export type VerbClass = 'read' | 'list' | 'write' | 'delete' | 'rename' | 'admin' | 'session';
/** `path`: a file or directory; `list`: options and perhaps a path; `none`: no argument; `text`: looked at by the gateway. */
export type ArgumentKind = 'path' | 'list' | 'none' | 'text';

export interface VerbEntry {
  readonly verb: string;
  readonly class: VerbClass;
  readonly argument: ArgumentKind;
  /** May be used before somebody has logged in. */
  readonly beforeLogin: boolean;
  /** Moves data: `down` to the client, `up` to the server. */
  readonly transfer: '' | 'down' | 'up';
}

function entry(verb: string, verbClass: VerbClass, argument: ArgumentKind, beforeLogin = false, transfer: VerbEntry['transfer'] = ''): VerbEntry {
  return { verb, class: verbClass, argument, beforeLogin, transfer };
}

const entries: readonly VerbEntry[] = [
  entry('RETR', 'read', 'path', false, 'down'), entry('LIST', 'list', 'list', false, 'down'), entry('NLST', 'list', 'list', false, 'down'),
  entry('MLSD', 'list', 'list', false, 'down'), entry('STOR', 'write', 'path', false, 'up'), entry('APPE', 'write', 'path', false, 'up'),
  entry('STOU', 'write', 'none', false, 'up'),
  entry('SIZE', 'read', 'path'), entry('MDTM', 'read', 'path'), entry('MLST', 'list', 'list'), entry('STAT', 'list', 'list', true),
  entry('CWD', 'session', 'path'), entry('CDUP', 'session', 'none'), entry('PWD', 'session', 'none'),
  entry('MKD', 'write', 'path'), entry('RMD', 'delete', 'path'), entry('DELE', 'delete', 'path'),
  entry('RNFR', 'rename', 'path'), entry('RNTO', 'rename', 'path'), entry('MFMT', 'write', 'text'),
  entry('ALLO', 'session', 'text'), entry('REST', 'session', 'text'), entry('ABOR', 'session', 'none'),
  entry('PORT', 'session', 'text'), entry('PASV', 'session', 'none'), entry('EPRT', 'session', 'text'), entry('EPSV', 'session', 'text'),
  entry('TYPE', 'session', 'text'), entry('STRU', 'session', 'text'), entry('MODE', 'session', 'text'),
  entry('USER', 'session', 'text', true), entry('PASS', 'session', 'text', true), entry('ACCT', 'session', 'text', true),
  entry('AUTH', 'session', 'text', true), entry('PBSZ', 'session', 'text', true), entry('PROT', 'session', 'text', true), entry('CCC', 'session', 'none', true),
  entry('FEAT', 'session', 'none', true), entry('OPTS', 'session', 'text', true), entry('SYST', 'session', 'none', true), entry('HELP', 'session', 'text', true),
  entry('NOOP', 'session', 'none', true), entry('QUIT', 'session', 'none', true), entry('CLNT', 'session', 'text', true), entry('OPEN', 'session', 'text', true),
  entry('SITE', 'admin', 'text'),
];

/** RFC 775 and RFC 1123 section 4.1.3.1. */
const otherNames: Readonly<Record<string, string>> = { XCWD: 'CWD', XCUP: 'CDUP', XPWD: 'PWD', XMKD: 'MKD', XRMD: 'RMD' };

const table = new Map(entries.map((one) => [one.verb, one]));
for (const [other, verb] of Object.entries(otherNames)) table.set(other, table.get(verb)!);

/** Known, and performed by nobody here: RFC 959 (REIN, SMNT), 2228 (ADAT and what it leads to), 2640 (LANG), 7151 (HOST). */
const notImplemented = new Set(['REIN', 'SMNT', 'ADAT', 'CONF', 'ENC', 'MIC', 'LANG', 'HOST']);

/** A command of FTP that no other protocol speaks, and that is answered with 502 (RFC 959 section 5.4). */
export function isNotImplemented(verb: string): boolean { return notImplemented.has(verb); }

/** Undefined: not understood. */
export function verbEntry(verb: string): VerbEntry | undefined {
  return table.get(verb);
}

export const knownVerbs: readonly string[] = entries.map(({ verb }) => verb);
