// An FTP command as the operation that policy and limits see. RFC 959 section 4.1; classes of commands: codecs/ftp/verbs.ts.
import type { AttributeKind } from '#contract/gateway.ts';
import type { Operation, Subject } from '#contract/operation.ts';
import type { VerbEntry } from '#codecs/ftp/index.ts';

/** What rules and limits may ask of a command beyond verb, class, host and path. */
export const attributeKinds: readonly AttributeKind[] = [
  {
    kind: 'ftp', caseInsensitiveKey: true,
    keys: ['argument', 'site', 'login', 'server-user', 'direction', 'declared-type', 'extension', 'rest', 'size', 'tls', 'data-tls', 'data-mode'],
    description: 'a fact of an FTP command: `argument` (not of PASS and ACCT), `site` (the SITE command), `login` (the user name given), `server-user`, `direction` '
      + '(upload or download), `declared-type` (by the file name), `extension`, `rest` (the offset of a resumed transfer), '
      + '`size` (of an upload as announced with ALLO, of a download as the server said to SIZE just before), '
      + '`tls` (on or off, towards the client), `data-tls`, `data-mode` (active or passive).',
  },
];

/** STAT without a name is about the session, and so is a SITE that names the server of a proxy. */
export function classOf(entry: VerbEntry, argument: string, namesServer: boolean): string {
  return (entry.verb === 'STAT' && argument === '') || (entry.verb === 'SITE' && namesServer) ? 'session' : entry.class;
}

/** SITE commands of several servers that take passwords: PSWD (Serv-U), GPASS (wu-ftpd), PASSWD, CHPASS, SETPWD ... */
const sitePassword = /^(\S*(?:PASS|PSW|PWD)\S*) .+$/is;

/** The argument as records, rules and administrators may see it. `argument` is text. */
export function maskedArgument(verb: string, argument: string): string {
  if (verb === 'PASS' || verb === 'ACCT') return argument === '' ? '' : '***';
  return verb === 'SITE' ? argument.replace(sitePassword, '$1 ***') : argument;
}

export interface OperationFacts {
  attribute(key: string, operation: FtpOperation): string | undefined;
}

export class FtpOperation implements Operation {
  readonly protocol = 'ftp';
  readonly service: string;
  readonly listener: string;
  subject: Subject;
  verb = '';
  verbClass = '';
  host = '';
  path = '';
  /** Passwords masked. */
  argument = '';
  direction = '';
  /** The user name given, without the host of a proxy; that of the session unless the command gives one. */
  login = '';
  admission: unknown = undefined;
  readonly #facts: OperationFacts;

  constructor(service: string, listener: string, subject: Subject, facts: OperationFacts) {
    this.service = service;
    this.listener = listener;
    this.subject = subject;
    this.#facts = facts;
  }

  attribute(kind: string, key: string): string | undefined {
    return kind === 'ftp' ? this.#facts.attribute(key, this) : undefined;
  }
}
