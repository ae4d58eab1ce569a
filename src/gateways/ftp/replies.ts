// The gateway's own replies where the protocol leaves a choice: which code denies which command (RFC 959 section 5.4,
// RFC 4217 section 10). Texts never repeat what a client sent.
import type { Failure } from '#core/failure.ts';


const byVerb: Readonly<Record<string, number>> = {
  USER: 530, PASS: 530, ACCT: 530, AUTH: 534, PBSZ: 534, PROT: 534, CCC: 534, TYPE: 504, STRU: 504, MODE: 504, ALLO: 504, OPTS: 501,
  STOR: 553, STOU: 553, APPE: 553, RNTO: 553,
};

const byClass: Readonly<Record<string, number>> = { read: 550, list: 550, write: 550, delete: 550, rename: 550, admin: 502, session: 502 };

/** Code of a denial that policy leaves to us. */
export function denialCode(verb: string, verbClass: string): number {
  if (verb === 'CWD' || verb === 'CDUP' || verb === 'PWD') return 550;
  return byVerb[verb] ?? byClass[verbClass] ?? 502;
}

/** A code that rules gave for the protocol at hand: others (an HTTP status in a rule for all protocols) are not used. */
export function isReplyCode(code: number): boolean {
  return code >= 400 && code <= 559 && code !== 421;
}

export const texts = {
  denied: 'Permission denied.',
  notUnderstood: 'Command not understood.',
  notImplemented: 'Command not implemented.',
  loginFirst: 'Please log in with USER and PASS.',
  loginFailed: 'Login incorrect.',
  passwordWanted: 'Password required.',
} as const;

/** Why a session ends, for the client: the text of its 421. '' elsewhere in this gateway: it ends without a word. */
export const farewells = {
  plain: 'Service closing control connection.',
  login: 'No login in time, closing control connection.',
  idle: 'No command in time, closing control connection.',
  logins: 'Too many failed logins, closing control connection.',
  unknown: 'Too many commands that are not understood, closing control connection.',
  killed: 'The session was ended, closing control connection.',
  shutdown: 'Service shutting down, please connect again later.',
} as const;

/** Of servers of a pool a client learns nothing but that they are the cause; the server of a proxy is the one that it named. */
const unreachable: Readonly<Record<string, string>> = {
  'not-found': 'the name of the server was not found', 'refused': 'the server refuses connections', 'timeout': 'no answer from the server in time',
  'unreachable': 'there is no way to the server', 'denied': 'that server is not permitted', 'tls': 'no TLS with the server',
};

/** No conversation with the server has come about. */
export function isUnreachable(failure: Failure): boolean {
  return failure.kind === 'operational' && failure.phase !== 'receive' && failure.phase !== 'send';
}

export function farewellOf(failure: Failure, isProxy: boolean): string {
  if (failure.kind !== 'operational') return 'The server broke the protocol, closing control connection.';
  if (!isUnreachable(failure)) return failure.code === 'timeout' ? 'No answer from the server in time, closing control connection.'
    : 'The server ended the session, closing control connection.';
  if (isProxy) return `Not connected: ${unreachable[failure.code] ?? 'the server cannot be reached'}.`;
  return 'The server cannot be reached, please try again later.';
}

/** Words for why a path was refused. */
export const pathTexts: Readonly<Record<string, string>> = {
  'empty': 'A name is needed.',
  'utf-8': 'The name is not valid UTF-8.',
  'control': 'The name has characters that are not permitted.',
  'backslash': 'The name has characters that are not permitted.',
  'alias': 'The name has a form that is not permitted.',
  'too-long': 'The name is too long.',
  'too-deep': 'The name has too many parts.',
  'option': 'That option is not permitted.',
  'wildcards': 'The name has too many wildcards.',
  'wildcard': 'A wildcard is not permitted there.',
  'ambiguous': 'The name can be read in more than one way.',
};
