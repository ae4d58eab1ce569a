// What the FTP codec refuses, as values with stable codes. The gateway's own refusals (a reply that nobody asked for, bytes
// before TLS) are listed here too, so that there is one list. Documented in docs/violations/ftp.md (describe.ts).
import type { LimitReached, Side, Violation } from '#core/failure.ts';
import type { FtpLimits } from './limits.ts';

export type FtpFault = Violation | LimitReached;

interface Row { readonly spec: string; readonly message: string }

export const ftpViolations = {
  'bare-cr': { spec: 'RFC 959 section 5.3.1; RFC 2640 section 3.1', message: 'CR that is followed by neither LF nor NUL' },
  'bare-lf': { spec: 'RFC 959 section 5.3.1', message: 'LF without CR before it' },
  'nul': { spec: 'RFC 959 section 5.3.1', message: 'NUL byte in a line' },
  'control-byte': { spec: 'RFC 959 section 5.3.2', message: 'control character in a command' },
  'telnet-broken': { spec: 'RFC 854; RFC 1123 section 4.1.2.12', message: 'IAC that is followed by no Telnet command' },
  'command-syntax': { spec: 'RFC 959 section 5.3', message: 'a line that does not begin like a command' },
  'other-protocol': { spec: 'RFC 959 section 5.3', message: 'another protocol is spoken here' },
  'reply-syntax': { spec: 'RFC 959 section 4.2', message: 'a line that is no reply' },
  'reply-unasked': { spec: 'RFC 959 section 5.4', message: 'a reply that no command asked for' },
  'reply-order': { spec: 'RFC 959 section 5.4', message: 'a reply that cannot follow this command' },
  'bytes-before-tls': { spec: 'RFC 4217 section 4; RFC 3207 section 6', message: 'bytes behind AUTH before TLS stood' },
  'response-before-tls': { spec: 'RFC 4217 section 4', message: 'bytes of the server behind its answer to AUTH before TLS stood' },
  'passive-address': { spec: 'RFC 6384 section 6; RFC 2577 section 3', message: 'the server named another host or a service port for its data connection' },
} as const satisfies Record<string, Row>;

export type FtpViolationName = keyof typeof ftpViolations;

export const ftpLimitMessages: Record<keyof FtpLimits, string> = {
  maxCommandBytes: 'a command line is too long',
  maxReplyLineBytes: 'a line of a reply is too long',
  maxReplyLines: 'a reply has too many lines',
  maxReplyBytes: 'a reply is too long',
  maxTelnetCommands: 'too many Telnet commands on a control connection',
  maxSubnegotiationBytes: 'a Telnet subnegotiation is too long',
};

export function ftpViolation(name: FtpViolationName, side: Side, offset: number): Violation {
  const { spec, message } = ftpViolations[name];
  return { kind: 'violation', code: `ftp.${name}`, side, offset, spec, message };
}

/** `code` is `ftp.limit.` and the name of the limit. */
export function ftpLimit(limit: keyof FtpLimits, maximum: number, seen: number, side: Side): LimitReached {
  return { kind: 'limit', code: `ftp.limit.${limit}`, side, maximum, seen, message: `${ftpLimitMessages[limit]} (${limit} ${maximum})` };
}
