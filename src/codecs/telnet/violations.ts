// Everything in a Telnet stream that is left out or ends the session: stable codes, specification, words.
// Builds the fault values; the parser and the suboption readers decide.
import type { LimitReached, Side, Violation } from '#core/failure.ts';
import type { TelnetLimits } from './limits.ts';

/** Name, specification, message, what becomes of it. */
export const violationRows = [
  ['unknown-command', 'RFC 1123 section 3.2.3', 'a command that Telnet does not have', 'left out'],
  ['subnegotiation-malformed', 'RFC 855 page 3', 'IAC inside a suboption is followed by neither IAC nor SE', 'the suboption is left out, the command stands'],
  ['se-outside', 'RFC 855 page 3', 'SE without SB', 'left out'],
  ['suboption-not-agreed', 'RFC 855 page 2', 'a suboption of an option that is not in force on this side', 'left out'],
  ['suboption-direction', 'RFC 855 page 2', 'a suboption that only the other side may send', 'left out'],
  ['suboption-invalid', 'RFC 855 page 2', 'a suboption that does not have the form or the values of its option', 'left out'],
  ['environment-invalid', 'RFC 1572 section 2', 'a NEW-ENVIRON suboption that its grammar does not allow', 'left out'],
  ['environment-refused', 'RFC 1572 section 6', 'an environment variable that is not on the list, or whose value is not one of its kind', 'the variable is left out'],
  ['command-refused', 'RFC 854 page 7', 'a command that is not let through in this state or direction', 'left out'],
] as const;

export type ViolationName = (typeof violationRows)[number][0];

const table = new Map(violationRows.map((row) => [row[0], row]));

export function violation(name: ViolationName, side: Side, offset: number, detail = ''): Violation {
  const [, spec, message] = table.get(name)!;
  return { kind: 'violation', code: `telnet.${name}`, side, offset, spec, message: detail === '' ? message : `${message}: ${detail}` };
}

export const limitRows = [
  ['maxSubnegotiationBytes', 'subnegotiation-length', 'a suboption is too long'],
  ['maxAbandonedBytes', 'subnegotiation-endless', 'a suboption does not end'],
] as const satisfies readonly (readonly [keyof TelnetLimits, string, string])[];

export function limitReached(limit: keyof TelnetLimits, maximum: number, seen: number, side: Side): LimitReached {
  const [, name, message] = limitRows.find((row) => row[0] === limit)!;
  return { kind: 'limit', code: `telnet.${name}`, side, maximum, seen, message: `${message} (${limit} ${maximum})` };
}
