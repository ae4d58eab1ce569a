// Names and numbers of Telnet, and what the parser tells of a stream. RFC 854, RFC 855 and the registry of options.
// Data only: parsing is in parser.ts, option states in option-states.ts, suboptions in suboptions.ts.
import type { LimitReached, Violation } from '#core/failure.ts';

/** Command codes (RFC 854 page 14; EOR: RFC 885; EOF, SUSP, ABORT: RFC 1184 section 2.1). */
export const Command = {
  EOF: 236, SUSP: 237, ABORT: 238, EOR: 239, SE: 240, NOP: 241, DM: 242, BRK: 243, IP: 244, AO: 245, AYT: 246, EC: 247, EL: 248, GA: 249,
  SB: 250, WILL: 251, WONT: 252, DO: 253, DONT: 254, IAC: 255,
} as const;

const commandNames = new Map<number, string>(Object.entries(Command).map(([name, code]) => [code, name]));

export function commandName(code: number): string { return commandNames.get(code) ?? `COMMAND-${code}`; }

/** Option codes that the gateway knows by name; all others are refused. */
export const Option = {
  BINARY: 0, ECHO: 1, SGA: 3, STATUS: 5, TM: 6, LOGOUT: 18, SUPDUP: 21, TTYPE: 24, EOR: 25, NAWS: 31, TSPEED: 32, LFLOW: 33, LINEMODE: 34, XDISPLOC: 35,
  'OLD-ENVIRON': 36, AUTHENTICATION: 37, ENCRYPT: 38, 'NEW-ENVIRON': 39, CHARSET: 42, 'COM-PORT': 44, 'START-TLS': 46,
} as const;

export type OptionName = keyof typeof Option;

export const optionNames: readonly OptionName[] = Object.keys(Option) as OptionName[];

const namesByCode = new Map<number, OptionName>(optionNames.map((name) => [Option[name], name]));

/** The name in the registry, or `OPTION-n`. */
export function optionName(code: number): string { return namesByCode.get(code) ?? `OPTION-${code}`; }

/** A negotiation verb: WILL, WONT, DO or DONT. */
export type NegotiationVerb = 251 | 252 | 253 | 254;

/** What the parser tells, in the order of the stream. Slices are only lent for the call. */
export interface TelnetEvents {
  /** Data with IAC IAC undone; CR NUL and CR LF stand as received. */
  data(bytes: Buffer, start: number, end: number): void;
  /** A command without argument: NOP, AYT, IP and the like. Also unknown ones (236 to 249). */
  command(code: number): void;
  negotiation(verb: NegotiationVerb, option: number): void;
  /** A whole suboption with IAC IAC undone: `bytes[0..length)`, without the option and without IAC SE. */
  subnegotiation(option: number, bytes: Buffer, length: number): void;
  /** Something that was left out of the stream. The parser goes on; whoever counts may not. */
  fault(fault: TelnetFault): void;
}

export type TelnetFault = Violation | LimitReached;
