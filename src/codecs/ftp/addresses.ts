// Addresses of data connections as FTP writes them: PORT and 227 (RFC 959 section 5.3.2, RFC 1123 section 4.1.2.6), EPRT
// and 229 (RFC 2428). Numbers are digits only and bounded before they are converted. Judges nothing: that the address is
// the peer's own and the port no service's is the gateway's to see.
import { addressFamily, canonicalAddress } from '#core/network.ts';

export interface HostAndPort { readonly address: string; readonly port: number }

const sixNumbers = /^(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})$/;

function fromSix(match: RegExpExecArray): HostAndPort | undefined {
  const numbers = match.slice(1).map(Number);
  if (numbers.some((number) => number > 255)) return undefined;
  return { address: numbers.slice(0, 4).join('.'), port: numbers[4]! * 256 + numbers[5]! };
}

/** Argument of PORT. Undefined: not six numbers of a byte each. */
export function parsePort(argument: string): HostAndPort | undefined {
  const match = sixNumbers.exec(argument);
  return match === null ? undefined : fromSix(match);
}

/** Argument of EPRT (RFC 2428 section 2): `unsupported` for a protocol number other than 1 and 2. */
export function parseEprt(argument: string): HostAndPort | 'unsupported' | undefined {
  const delimiter = argument.charAt(0);
  if (!/^[\x21-\x7e]$/.test(delimiter) || /\d/.test(delimiter)) return undefined;
  const parts = argument.split(delimiter);
  if (parts.length !== 5 || parts[4] !== '') return undefined;
  const [, protocol, text, digits] = parts as [string, string, string, string, string];
  if (!/^\d{1,5}$/.test(protocol)) return undefined;
  if (protocol !== '1' && protocol !== '2') return 'unsupported';
  // A scope would name an interface of ours.
  if (!/^\d{1,5}$/.test(digits) || text.includes('%')) return undefined;
  const port = Number(digits);
  const family = text.includes(':') ? 6 : addressFamily(text);
  const address = canonicalAddress(text);
  if (address === undefined || port > 65_535 || family !== (protocol === '1' ? 4 : 6)) return undefined;
  return { address, port };
}

/** Text of a 227: the first six numbers in a row, with or without parentheses. Exactly one such row may be there. */
export function parse227(text: string): HostAndPort | undefined {
  const rows = text.match(/(?<![\d,])\d{1,3}(?:,\d{1,3}){5}(?![\d,])/g);
  if (rows === null || rows.length !== 1) return undefined;
  return parsePort(rows[0]);
}

/** Text of a 229 (RFC 2428 section 3): the port. */
export function parse229(text: string): number | undefined {
  const match = /\(([\x21-\x2f\x3a-\x7e])\1\1(\d{1,5})\1\)/.exec(text);
  if (match === null) return undefined;
  const port = Number(match[2]);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function commas(address: string, port: number): string {
  return `${address.replaceAll('.', ',')},${port >>> 8},${port & 255}`;
}

/** Argument of PORT; the address is IPv4. */
export function portArgument(address: string, port: number): string {
  return commas(address, port);
}

export function eprtArgument(address: string, port: number): string {
  return `|${addressFamily(address) === 6 ? 2 : 1}|${address}|${port}|`;
}

/** Text of a 227 (the form that every client reads). */
export function text227(address: string, port: number): string {
  return `Entering Passive Mode (${commas(address, port)}).`;
}

export function text229(port: number): string {
  return `Entering Extended Passive Mode (|||${port}|)`;
}
