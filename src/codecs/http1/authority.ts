// Host and port of an authority (RFC 9110 s4.2, s7.2; RFC 3986 s3.2), read into one normal spelling so that rules,
// routes and the server behind mean the same host. Does no lookup and knows no default ports.
import { hexValue } from './char-classes.ts';
import type { ViolationName } from './violations.ts';

export class Authority {
  /** Lower case, no trailing dot; IPv6 in brackets in RFC 5952 spelling. */
  host = '';
  port = 0;
  #raw = '';

  clear(): void {
    this.host = '';
    this.port = 0;
    this.#raw = '';
  }

  /**
   * Reads `host` or `host:port`. Returns the violation, or undefined when host and port are set. The last authority is
   * remembered: on a kept connection it nearly always comes again.
   */
  read(raw: string): ViolationName | undefined {
    if (raw === this.#raw && raw !== '') return undefined;
    this.#raw = '';
    const refused = raw.charCodeAt(0) === 0x5b ? this.#readBracketed(raw) : this.#readName(raw);
    if (refused === undefined) this.#raw = raw;
    return refused;
  }

  #readName(raw: string): ViolationName | undefined {
    if (raw === '') return 'host-empty';
    let upper = false;
    let end = raw.length;
    let labelStart = 0;
    for (let i = 0; i < raw.length; i++) {
      const c = raw.charCodeAt(i);
      if (c >= 0x61 && c <= 0x7a) continue;
      if (c >= 0x30 && c <= 0x39) continue;
      if (c >= 0x41 && c <= 0x5a) { upper = true; continue; }
      if (c === 0x2d || c === 0x5f) continue;
      if (c === 0x2e) {
        if (i === labelStart || i - labelStart > 63) return 'host-invalid';
        labelStart = i + 1;
        continue;
      }
      if (c === 0x3a) { end = i; break; }
      return raw.includes('@') ? 'host-userinfo' : 'host-invalid';
    }
    if (raw.length > end && raw.includes('@', end)) return 'host-userinfo';
    if (end === 0) return 'host-empty';
    if (end > 255 || end - labelStart > 63) return 'host-invalid';
    if (labelStart === end) end--;
    let host = raw.slice(0, end);
    if (upper) host = host.toLowerCase();
    const odd = endsInNumber(host) && !isDottedQuad(host);
    if (odd) return 'host-ipv4';
    this.host = host;
    return this.#readPort(raw, labelStart === end + 1 ? end + 1 : end);
  }

  #readBracketed(raw: string): ViolationName | undefined {
    const close = raw.indexOf(']');
    if (raw.includes('@')) return 'host-userinfo';
    if (close < 0) return 'host-ipv6';
    const spelled = ipv6(raw.slice(1, close));
    if (spelled === undefined) return 'host-ipv6';
    this.host = spelled;
    return this.#readPort(raw, close + 1);
  }

  #readPort(raw: string, from: number): ViolationName | undefined {
    this.port = 0;
    if (from === raw.length) return undefined;
    if (raw.charCodeAt(from) !== 0x3a) return 'host-invalid';
    const length = raw.length - from - 1;
    if (length === 0 || length > 5) return 'host-port';
    let port = 0;
    for (let i = from + 1; i < raw.length; i++) {
      const digit = raw.charCodeAt(i) - 0x30;
      if (digit < 0 || digit > 9) return 'host-port';
      port = port * 10 + digit;
    }
    if (port === 0 || port > 65535) return 'host-port';
    this.port = port;
    return undefined;
  }
}

/** Whether inet_aton or a URL parser could take the host for an IPv4 address: its last label is decimal, octal or 0x hexadecimal. */
function endsInNumber(host: string): boolean {
  const label = host.slice(host.lastIndexOf('.') + 1);
  const first = label.charCodeAt(0);
  if (first < 0x30 || first > 0x39) return false;
  return /^(?:\d+|0x[\da-f]*)$/.test(label);
}

function isDottedQuad(host: string): boolean {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host);
  return match !== null && match.slice(1).every((part) => Number(part) <= 255 && (part === '0' || !part.startsWith('0')));
}

/** Bracketed RFC 5952 spelling of an IPv6 address, undefined when it is none. Zone identifiers and IPvFuture are not taken. */
function ipv6(text: string): string | undefined {
  const groups: number[] = [];
  let gap = -1;
  let at = 0;
  if (text.startsWith('::')) { gap = 0; at = 2; } else if (text.startsWith(':')) return undefined;
  while (at < text.length) {
    const start = at;
    let value = 0;
    while (at < text.length && (hexValue[text.charCodeAt(at)] ?? 255) < 16) value = value * 16 + (hexValue[text.charCodeAt(at++)] as number);
    if (text[at] === '.' && isDottedQuad(text.slice(start))) {
      const quad = text.slice(start).split('.').map(Number);
      groups.push((quad[0] as number) * 256 + (quad[1] as number), (quad[2] as number) * 256 + (quad[3] as number));
      at = text.length;
      break;
    }
    if (at === start || at - start > 4) return undefined;
    groups.push(value);
    if (at === text.length) break;
    if (text[at] !== ':' || at + 1 === text.length) return undefined;
    at++;
    if (text[at] === ':') {
      if (gap >= 0) return undefined;
      gap = groups.length;
      at++;
    }
  }
  if (gap < 0 ? groups.length !== 8 : groups.length > 7) return undefined;
  if (gap >= 0) groups.splice(gap, 0, ...Array.from({ length: 8 - groups.length }, () => 0));
  return `[${compress(groups)}]`;
}

/** RFC 5952 s4: the longest run of zeros, at least two, the first of equals, becomes '::'. */
function compress(groups: readonly number[]): string {
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (groups[i + length] === 0) length++;
    if (length > bestLength) { best = i; bestLength = length; }
  }
  const spell = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  return best < 0 ? spell(groups) : `${spell(groups.slice(0, best))}::${spell(groups.slice(best + bestLength))}`;
}
