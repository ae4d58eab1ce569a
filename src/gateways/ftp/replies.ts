// The gateway's own replies where the protocol leaves a choice: which code denies which command (RFC 959 section 5.4,
// RFC 4217 section 10). Texts never repeat what a client sent.

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
  ending: 'Service closing control connection.',
} as const;

/** Words for why a path was refused. */
export const pathTexts: Readonly<Record<string, string>> = {
  'empty': 'A name is needed.',
  'utf-8': 'The name is not valid UTF-8.',
  'control': 'The name has characters that are not permitted.',
  'backslash': 'The name has characters that are not permitted.',
  'too-long': 'The name is too long.',
  'too-deep': 'The name has too many parts.',
};
