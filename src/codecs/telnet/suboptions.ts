// Suboptions as values: read strictly from unescaped bytes, written anew. What does not fit is undefined and is left out.
// Knows forms and bounds, not policy. NAWS RFC 1073, TTYPE RFC 1091, TSPEED RFC 1079, LFLOW RFC 1372, CHARSET RFC 2066,
// LINEMODE RFC 1184; NEW-ENVIRON is in environment.ts.
import { readEnvironment, writeEnvironment, type EnvironmentSuboption } from './environment.ts';
import { Option } from './messages.ts';

export type Suboption =
  | { readonly kind: 'window'; readonly columns: number; readonly rows: number }
  /** SEND of TTYPE or TSPEED. */
  | { readonly kind: 'send'; readonly option: number }
  | { readonly kind: 'terminal'; readonly name: string }
  | { readonly kind: 'speed'; readonly transmit: number; readonly receive: number }
  | { readonly kind: 'flow'; readonly mode: number }
  | { readonly kind: 'charset-request'; readonly names: readonly string[] }
  | { readonly kind: 'charset-accepted'; readonly name: string }
  | { readonly kind: 'charset-rejected' }
  | { readonly kind: 'mode'; readonly mask: number }
  | { readonly kind: 'special-characters'; readonly triplets: readonly (readonly [code: number, flags: number, value: number])[] }
  | { readonly kind: 'forward-mask'; readonly verb: number; readonly mask: string }
  | EnvironmentSuboption;

/** Who may send it: the side that performs the option (it said WILL), the one that asked for it (DO), or both. */
export type Sender = 'performer' | 'requester' | 'either';

export function senderOf(suboption: Suboption): Sender {
  switch (suboption.kind) {
    case 'send':
    case 'flow': return 'requester';
    case 'window':
    case 'terminal':
    case 'speed': return 'performer';
    case 'environment': return suboption.verb === 'send' ? 'requester' : 'performer';
    default: return 'either';
  }
}

export const maxTerminalNameLength = 40;
const maxCharsets = 32;
const maxCharsetLength = 40;
/** RFC 1184 has 18 functions, later systems 30. */
const maxSpecialCharacters = 30;
/** Servers of the BSD line collect what they answer to an SLC in so many bytes (`slcbuf[NSLC * 6]`), some without looking (CVE-2026-32746). */
const maxSpecialCharacterAnswer = 108;
/** Of the flags, RFC 1184 section 2.4 leaves these undefined. */
const undefinedSlcFlags = 0x1c;
const maxForwardMaskBytes = 32;
const maxWindow = 1000;

const IS = 0;
const SEND = 1;

/** A name as terminals have it: nothing that a path or a command line could be made of. */
export function terminalName(text: string): string | undefined {
  return text.length <= maxTerminalNameLength && /^[A-Za-z0-9][A-Za-z0-9./_+-]*$/.test(text) && !text.includes('..') ? text : undefined;
}

export function readSuboption(option: number, bytes: Buffer, length: number): Suboption | undefined {
  switch (option) {
    case Option.NAWS: return readWindow(bytes, length);
    case Option.TTYPE: return readTerminal(bytes, length);
    case Option.TSPEED: return readSpeed(bytes, length);
    case Option.LFLOW: return length === 1 && bytes[0]! <= 3 ? { kind: 'flow', mode: bytes[0]! } : undefined;
    case Option.CHARSET: return readCharset(bytes, length);
    case Option['NEW-ENVIRON']: return readEnvironment(bytes, length);
    case Option.LINEMODE: return readLinemode(bytes, length);
    default: return undefined;
  }
}

function readWindow(bytes: Buffer, length: number): Suboption | undefined {
  if (length !== 4) return undefined;
  const columns = bytes.readUInt16BE(0);
  const rows = bytes.readUInt16BE(2);
  // 0 stands for not known (RFC 1073 page 2).
  return columns <= maxWindow && rows <= maxWindow ? { kind: 'window', columns, rows } : undefined;
}

function readTerminal(bytes: Buffer, length: number): Suboption | undefined {
  if (length === 1 && bytes[0] === SEND) return { kind: 'send', option: Option.TTYPE };
  if (length < 2 || bytes[0] !== IS) return undefined;
  const name = terminalName(bytes.toString('latin1', 1, length));
  return name === undefined ? undefined : { kind: 'terminal', name };
}

function readSpeed(bytes: Buffer, length: number): Suboption | undefined {
  if (length === 1 && bytes[0] === SEND) return { kind: 'send', option: Option.TSPEED };
  if (length < 4 || length > 20 || bytes[0] !== IS) return undefined;
  const match = /^(\d{1,7}),(\d{1,7})$/.exec(bytes.toString('latin1', 1, length));
  return match === null ? undefined : { kind: 'speed', transmit: Number(match[1]), receive: Number(match[2]) };
}

const REQUEST = 1;
const ACCEPTED = 2;
const REJECTED = 3;

function charsetName(text: string): boolean { return text.length <= maxCharsetLength && /^[A-Za-z0-9][A-Za-z0-9._:()+-]*$/.test(text); }

/** Translation tables (TTABLE, 4 to 7) are refused: nothing uses them, and they are program for the other side. */
function readCharset(bytes: Buffer, length: number): Suboption | undefined {
  if (length < 1) return undefined;
  if (bytes[0] === REJECTED) return length === 1 ? { kind: 'charset-rejected' } : undefined;
  const text = bytes.toString('latin1', 1, length);
  if (bytes[0] === ACCEPTED) return charsetName(text) ? { kind: 'charset-accepted', name: text } : undefined;
  if (bytes[0] !== REQUEST || text.length < 2) return undefined;
  const separator = text[0]!;
  if (/[A-Za-z0-9._:()+-]/.test(separator)) return undefined;
  const names = text.slice(1).split(separator);
  return names.length <= maxCharsets && names.every(charsetName) ? { kind: 'charset-request', names } : undefined;
}

const MODE = 1;
const FORWARDMASK = 2;
const SLC = 3;

function readLinemode(bytes: Buffer, length: number): Suboption | undefined {
  if (length < 1) return undefined;
  if (bytes[0] === MODE) return length === 2 && bytes[1]! < 32 ? { kind: 'mode', mask: bytes[1]! } : undefined;
  if (bytes[0] === SLC) return readSpecialCharacters(bytes, length);
  // DO, DONT, WILL or WONT before FORWARDMASK; only DO brings a mask.
  const verb = bytes[0]!;
  if (length < 2 || verb < 251 || bytes[1] !== FORWARDMASK) return undefined;
  if (length - 2 > (verb === 253 ? maxForwardMaskBytes : 0)) return undefined;
  return { kind: 'forward-mask', verb, mask: bytes.toString('latin1', 2, length) };
}

/** Triplets beyond the table are what CVE-2026-32746 and CVE-2005-0469 are made of. */
function readSpecialCharacters(bytes: Buffer, length: number): Suboption | undefined {
  if ((length - 1) % 3 !== 0 || length > 1 + maxSpecialCharacters * 3) return undefined;
  const triplets: [number, number, number][] = [];
  let seen = 0;
  // IAC SB LINEMODE SLC ... IAC SE; an answer repeats function and value, with IAC doubled.
  let answer = 6;
  for (let at = 1; at < length; at += 3) {
    const code = bytes[at]!;
    if (code > maxSpecialCharacters || (seen & (1 << code)) !== 0 || (bytes[at + 1]! & undefinedSlcFlags) !== 0) return undefined;
    seen |= 1 << code;
    answer += bytes[at + 2] === 255 ? 4 : 3;
    if (answer > maxSpecialCharacterAnswer) return undefined;
    triplets.push([code, bytes[at + 1]!, bytes[at + 2]!]);
  }
  return { kind: 'special-characters', triplets };
}

export interface WrittenSuboption { readonly option: number; readonly payload: string }

/** The option and its payload as latin1 text, not yet escaped. */
export function writeSuboption(suboption: Suboption): WrittenSuboption {
  const made = (option: number, ...parts: (string | number)[]): WrittenSuboption =>
    ({ option, payload: parts.map((part) => typeof part === 'number' ? String.fromCharCode(part) : part).join('') });
  switch (suboption.kind) {
    case 'window': return made(Option.NAWS, suboption.columns >> 8, suboption.columns & 255, suboption.rows >> 8, suboption.rows & 255);
    case 'send': return made(suboption.option, SEND);
    case 'terminal': return made(Option.TTYPE, IS, suboption.name);
    case 'speed': return made(Option.TSPEED, IS, `${suboption.transmit},${suboption.receive}`);
    case 'flow': return made(Option.LFLOW, suboption.mode);
    case 'charset-request': return made(Option.CHARSET, REQUEST, suboption.names.map((name) => `;${name}`).join(''));
    case 'charset-accepted': return made(Option.CHARSET, ACCEPTED, suboption.name);
    case 'charset-rejected': return made(Option.CHARSET, REJECTED);
    case 'mode': return made(Option.LINEMODE, MODE, suboption.mask);
    case 'special-characters': return made(Option.LINEMODE, SLC, ...suboption.triplets.flat());
    case 'forward-mask': return made(Option.LINEMODE, suboption.verb, FORWARDMASK, suboption.mask);
    default: return { option: Option['NEW-ENVIRON'], payload: writeEnvironment(suboption) };
  }
}
