// Signatures of binary protocols in the first bytes of a connection. Each answers undefined when the bytes cannot be its
// protocol; lengths inside the bytes are checked against one another, so that a lucky first byte is not enough.
// TLS RFC 8446 section 5.1; SOCKS RFC 1928; MQTT 5.0 section 3.1; RDP [MS-RDPBCGR] 2.2.1.1 over TPKT RFC 1006; PostgreSQL
// protocol 3.0 section 55.7; MySQL protocol::HandshakeV10; DNS RFC 1035 section 4.2.2; BitTorrent BEP 3; LDAP RFC 4511.
import { answer, beginning, Confidence, type Identification } from './identification.ts';

export type Signature = (bytes: Uint8Array, length: number) => Identification | undefined;

function ascii(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}

/** True when what is there agrees with the text, which may go on behind it. */
function agrees(bytes: Uint8Array, length: number, at: number, text: string): boolean {
  for (let i = 0; i < text.length && at + i < length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

const u16 = (bytes: Uint8Array, at: number): number => bytes[at]! << 8 | bytes[at + 1]!;

/** The hello of SSL 2.0 in its two-byte record: of a client that speaks it alone, or that offers SSL 3.0 or TLS in it (RFC 5246
 *  appendix E.2), or of a server. The lengths of its parts have to fill it. */
function ssl2(bytes: Uint8Array, length: number): Identification | undefined {
  if ((bytes[0]! & 0x80) === 0) return undefined;
  const size = (bytes[0]! & 0x7f) << 8 | (bytes[1] ?? 0);
  if (length < 11) {
    const fits = length === 1 ? bytes[0]! <= 0x83 : size >= 25 && size < 1024 && (length === 2 || bytes[2] === 1 || bytes[2] === 4);
    return fits ? beginning('tls', 'the head of an SSLv2 hello') : undefined;
  }
  if (bytes[2] === 1 && ((bytes[3] === 3 && bytes[4]! <= 4) || (bytes[3] === 0 && bytes[4] === 2))) {
    const [ciphers, session, challenge] = [u16(bytes, 5), u16(bytes, 7), u16(bytes, 9)];
    const fits = ciphers > 0 && ciphers % 3 === 0 && (session === 0 || session === 16 || session === 32) && challenge >= 16 && challenge <= 32;
    return fits && 9 + ciphers + session + challenge === size ? answer('tls', 92, 'SSLv2 ClientHello') : undefined;
  }
  if (bytes[2] !== 4 || bytes[3]! > 1 || bytes[4]! > 1 || bytes[5] !== 0 || bytes[6] !== 2 || length < 13) return undefined;
  return 11 + u16(bytes, 7) + u16(bytes, 9) + u16(bytes, 11) === size ? answer('tls', 90, 'SSLv2 ServerHello') : undefined;
}

/**
 * A hello in handshake records. The message may be cut into records as small as one byte (RFC 8446 section 5.1), so its head (type,
 * length, version) is picked out of as many as it takes. Drafts of TLS 1.3 answered with versions 7F xx.
 */
function hello(bytes: Uint8Array, length: number): Identification | undefined {
  const head = [0, 0, 0, 0, 0, 0];
  for (let at = 0, have = 0; ;) {
    for (let i = 0; i < 3; i++) {
      if (at + i >= length) return beginning('tls', 'the head of a TLS record');
      const byte = bytes[at + i]!;
      if (i === 0 ? byte !== 0x16 : i === 1 ? byte !== 3 : byte > 4) return undefined;
    }
    if (at + 5 > length) return beginning('tls', 'the head of a TLS record');
    const size = u16(bytes, at + 3);
    if (size === 0 || size > 16_384) return undefined;
    for (let i = 0; i < size && have < 6; i++, have++) {
      if (at + 5 + i >= length) return beginning('tls', 'the head of a TLS hello');
      head[have] = bytes[at + 5 + i]!;
      if (have === 0 && head[0] !== 1 && head[0] !== 2) return undefined;
      // No hello has 64 KiB, or is too short for a version and a random.
      if (have === 1 && head[1] !== 0) return undefined;
      if (have === 3 && head[2] === 0 && head[3]! < 34) return undefined;
      if (have === 4 && head[4] !== 3 && !(head[0] === 2 && head[4] === 0x7f)) return undefined;
      if (have === 5 && head[4] === 3 && head[5]! > 4) return undefined;
    }
    if (have === 6) return answer('tls', 98, `TLS ${head[0] === 1 ? 'ClientHello' : 'ServerHello'}`);
    at += 5 + size;
  }
}

/** A hello, an alert, or the hello of SSLv2. */
export const tls: Signature = (bytes, length) => {
  if (bytes[0] === 0x16) return hello(bytes, length);
  // An alert as the first answer of a server.
  if (bytes[0] === 0x15 && length >= 7 && bytes[1] === 3 && bytes[2]! <= 4 && u16(bytes, 3) === 2 && (bytes[5] === 1 || bytes[5] === 2)) return answer('tls',
    Confidence.likely, 'TLS alert');
  return ssl2(bytes, length);
};

/**
 * SETTINGS of HTTP/2 as the first frame of a server (RFC 9113 section 3.4): servers of gRPC send it before they have heard anything.
 * A length that is a multiple of six, type 4, no flag, stream 0, and settings that exist.
 */
export const http2Server: Signature = (bytes, length) => {
  if (bytes[0] !== 0 || (length > 1 && bytes[1] !== 0)) return undefined;
  if (length > 2 && (bytes[2]! % 6 !== 0 || bytes[2]! > 96)) return undefined;
  if (length > 3 && bytes[3] !== 4) return undefined;
  for (let at = 4; at < length && at < 9; at++) if (bytes[at] !== 0) return undefined;
  if (length < 9) return beginning('http', 'the head of a frame of HTTP/2');
  const end = 9 + bytes[2]!;
  // RFC 9113 section 6.5.2, RFC 8441, RFC 9218; and gRPC's own.
  for (let at = 9; at + 1 < length && at < end; at += 6) {
    const setting = u16(bytes, at);
    if (setting === 0 || (setting > 9 && setting < 0xf000 && (setting & 0x0f0f) !== 0x0a0a)) return undefined;
  }
  return answer('http', end > 9 ? 85 : 75, 'HTTP/2 settings of a server');
};

/** Options up to 49, and those that are in use above (MUD extensions, EXOPL). */
function isOption(option: number): boolean {
  return option <= 49 || option === 69 || option === 70 || option === 85 || option === 86 || option === 90 || option === 91 || option === 93 || option === 200
    || option === 201 || option === 255;
}

export const telnet: Signature = (bytes, length) => {
  if (bytes[0] !== 0xff) return undefined;
  if (length < 3) return length === 1 || bytes[1]! >= 0xfa ? beginning('telnet', 'IAC') : undefined;
  const verb = bytes[1]!;
  if (!isOption(bytes[2]!) && !(length > 4 && verb >= 0xfb && verb <= 0xfe && bytes[3] === 0xff && bytes[4]! >= 0xfb && bytes[4]! <= 0xfe)) return undefined;
  if (verb === 0xfa) return length > 3 && bytes.subarray(0, length).indexOf(0xf0) > 3 ? answer('telnet', Confidence.likely, 'a Telnet suboption') : undefined;
  if (verb < 0xfb || verb > 0xfe) return undefined;
  if (length === 3) return answer('telnet', 90, 'Telnet negotiation');
  const next = bytes[3]!;
  if (next === 0xff) return length === 4 || bytes[4]! >= 0xf0 ? answer('telnet', length === 4 ? 90 : 97, 'Telnet negotiation') : undefined;
  // Text behind it, and not the order mark of UTF-16 (FF FE) or a frame of MPEG audio (FF FB).
  const text = next === 13 || next === 10 || next === 27 || next === 7 || (next >= 32 && next < 127);
  return text ? answer('telnet', 80, 'Telnet negotiation before text') : undefined;
};

/** Where the first negotiation of a known option stands behind text (a banner, sequences of a screen): -1 for nowhere. */
export function negotiationBehindText(bytes: Uint8Array, length: number): number {
  for (let at = 0; at < length; at++) {
    const byte = bytes[at]!;
    if (byte === 0xff) return at > 0 && at + 2 < length && bytes[at + 1]! >= 0xfb && bytes[at + 1]! <= 0xfe && bytes[at + 2]! < 50 ? at : -1;
    if ((byte < 7 && (byte !== 0 || at === 0 || (bytes[at - 1] !== 13 && bytes[at - 1] !== 10))) || (byte > 13 && byte < 32 && byte !== 27)) return -1;
  }
  return -1;
}

/** A request of SOCKS5 behind its greeting: with a name and a password (RFC 1929), or at once. */
function socksGoesOn(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 1 || bytes[at] === 5;
}

export const socks: Signature = (bytes, length) => {
  if (bytes[0] === 5) {
    if (length < 2) return beginning('socks', 'SOCKS version 5');
    const methods = bytes[1]!;
    const end = 2 + methods;
    if (methods === 0 || (length > end && !socksGoesOn(bytes, end))) return undefined;
    for (let at = 2; at < length && at < end; at++) if (bytes[at]! > 9 && bytes[at]! < 0x80) return undefined;
    return length < end ? beginning('socks', 'SOCKS version 5') : answer('socks', 90, `SOCKS5 greeting of exactly ${methods} methods`);
  }
  if (bytes[0] !== 4) return undefined;
  if (length >= 2 && bytes[1] !== 1 && bytes[1] !== 2) return undefined;
  // BIND may leave the port open.
  if (length >= 4 && bytes[1] === 1 && u16(bytes, 2) === 0) return undefined;
  if (length < 9) return beginning('socks', 'SOCKS version 4');
  // The name of the user, and with 4a that of the host: printable, and ended by NUL.
  let at = 8;
  for (let strings = bytes[4] === 0 && bytes[5] === 0 && bytes[6] === 0 && bytes[7] !== 0 ? 2 : 1; strings > 0; strings--, at++) {
    const from = at;
    while (at < length && bytes[at] !== 0) {
      if (bytes[at]! < 32 || at - from > 255) return undefined;
      at++;
    }
    if (at === length) return beginning('socks', 'SOCKS version 4');
  }
  return answer('socks', at === length ? 88 : 75, 'SOCKS4 request');
};

/** True when what is there begins with all of a greeting or a request of SOCKS, whatever follows. */
function greetsSocks(bytes: Uint8Array, length: number): boolean {
  if (bytes[0] === 5) return length > 2 && bytes[1]! > 0 && length >= 2 + bytes[1]! && socks(bytes, 2 + bytes[1]!) !== undefined;
  return bytes[0] === 4 && length > 8 && socks(bytes, length)?.open === false;
}

/** What a SOCKS5 server answers a greeting with, and a SOCKS4 server a request: little, so it says little. */
export const socksServer: Signature = (bytes, length) => {
  if (bytes[0] === 5 && length >= 2 && (bytes[1]! <= 2 || bytes[1] === 0xff) && (length === 2 || bytes[2] === 1 || bytes[2] === 5)) return answer('socks',
    Confidence.possible, 'a SOCKS5 method');
  return bytes[0] === 0 && length >= 8 && bytes[1]! >= 90 && bytes[1]! <= 93 ? answer('socks', Confidence.possible, 'a SOCKS4 answer') : undefined;
};

export const mqtt: Signature = (bytes, length) => {
  if (bytes[0] !== 0x10) return undefined;
  let at = 1;
  while (at < length && at < 5 && (bytes[at]! & 0x80) !== 0) at++;
  if (at >= 5) return undefined;
  at++;
  if (at + 8 > length) return agrees(bytes, length, at, '\0') && agrees(bytes, length, at + 2, bytes[at + 1] === 6 ? 'MQIsdp' : 'MQTT') ? beginning('mqtt',
    'head of CONNECT') : undefined;
  const name = u16(bytes, at);
  if ((name === 4 && ascii(bytes, at + 2, at + 6) === 'MQTT') || (name === 6 && ascii(bytes, at + 2, at + 8) === 'MQIsdp')) return answer('mqtt', 99, 'MQTT CONNECT');
  return undefined;
};

/** CONNACK: session present or not, and a reason. Alone it is not enough: a packet of MySQL may begin so. */
export const mqttServer: Signature = (bytes, length) => {
  if (bytes[0] !== 0x20) return undefined;
  if (length < 4) return length < 2 || bytes[1] === 2 || bytes[1]! < 128 ? beginning('mqtt', 'CONNACK') : undefined;
  if (bytes[1] === 2) return bytes[2]! <= 1 && bytes[3]! <= 5 ? answer('mqtt', 60, 'MQTT CONNACK') : undefined;
  // MQTT 5 has properties behind it, whose length has to fit.
  return bytes[1]! < 128 && bytes[1]! > 2 && bytes[2]! <= 1 && (bytes[3] === 0 || bytes[3]! >= 0x80) && (length < 5 || bytes[1]! - 3 === bytes[4])
    ? answer('mqtt', length < 5 ? Confidence.possible : 60, 'MQTT 5 CONNACK') : undefined;
};

export const bittorrent: Signature = (bytes, length) => {
  if (bytes[0] !== 19 || !agrees(bytes, length, 1, 'BitTorrent protocol')) return undefined;
  return length >= 20 ? answer('bittorrent', 99, 'BitTorrent handshake') : beginning('bittorrent', 'the beginning of a handshake');
};

/** TPKT with an X.224 connection request (client) or confirm (server). */
export const rdp: Signature = (bytes, length) => {
  if (bytes[0] !== 3 || (length > 1 && bytes[1] !== 0)) return undefined;
  if (length < 7) return beginning('rdp', 'TPKT');
  const size = u16(bytes, 2);
  if (size < 11 || size > 1024 || (bytes[5] !== 0xe0 && bytes[5] !== 0xd0)) return undefined;
  // Some count wrong, and are known by the cookie all the same.
  if (bytes[4] !== size - 5) return length < 19 || agrees(bytes, 19, 11, 'Cookie: ') ? length < 19 ? beginning('rdp', 'TPKT') : answer('rdp', 85, 'a cookie of RDP') : undefined;
  // S7 and other users of TPKT carry parameters C0 to C2 behind the class; RDP a cookie, a negotiation, or nothing.
  if (size > 11 && length < 12) return beginning('rdp', 'TPKT');
  if (length > 11 && bytes[11]! >= 0xc0) return undefined;
  return answer('rdp', length > 11 ? 92 : 85, `X.224 connection ${bytes[5] === 0xe0 ? 'request' : 'confirm'}`);
};

const postgresCodes: Readonly<Record<number, string>> = { 0x04d2162f: 'SSLRequest', 0x04d21630: 'GSSENCRequest', 0x04d2162e: 'CancelRequest' };

export const postgres: Signature = (bytes, length) => {
  if (bytes[0] !== 0 || (length > 1 && bytes[1] !== 0)) return undefined;
  if (length < 8) return beginning('postgres', 'a start-up length');
  const size = u16(bytes, 2);
  const code = (u16(bytes, 4) << 16 | u16(bytes, 6)) >>> 0;
  const name = postgresCodes[code];
  // Keys of cancellation may be longer since protocol 3.2.
  if (name !== undefined) return size === 8 || (size >= 16 && size <= 268 && name === 'CancelRequest') ? answer('postgres', 97, name) : undefined;
  if (code === 0x20000) return size === 296 ? answer('postgres', 85, 'start-up packet of protocol 2') : undefined;
  if (code >>> 16 !== 3 || size < 9 || size > 10_000) return undefined;
  // Names of parameters, `user` as a rule first.
  let at = 8;
  while (at < length && at < 40 && bytes[at] !== 0) {
    const byte = bytes[at]! | 0x20;
    if (!((byte >= 0x61 && byte <= 0x7a) || bytes[at] === 0x5f || bytes[at] === 0x2e)) return undefined;
    at++;
  }
  if (at === length) return beginning('postgres', 'protocol 3');
  return at > 8 && at < 40 ? answer('postgres', ascii(bytes, 8, at) === 'user' ? 97 : 85, 'StartupMessage') : undefined;
};

/** An authentication request or an error; behind an encryption request also a single S, N or G, which alone says nothing. */
export const postgresServer: Signature = (bytes, length) => {
  if (bytes[0] === 0x52 && length >= 9 && bytes[1] === 0 && bytes[2] === 0) {
    const size = u16(bytes, 3);
    return size >= 8 && size < 512 && u16(bytes, 5) === 0 && u16(bytes, 7) <= 12 ? answer('postgres', 85, 'AuthenticationRequest') : undefined;
  }
  if (bytes[0] !== 0x45) return undefined;
  // Its first field is the severity, in the language of the server; before protocol 3 it was a text.
  if (length >= 7 && bytes[1] === 0 && bytes[2] === 0 && bytes[5] === 0x53) return bytes[6]! > 0x20 ? answer('postgres', 85, 'ErrorResponse') : undefined;
  return length >= 7 && agrees(bytes, 7, 1, 'FATAL:') ? answer('postgres', 80, 'an error of protocol 2') : undefined;
};

/** The server's first packet. */
export const mysql: Signature = (bytes, length) => {
  if (length < 5) return bytes[0] !== 0 && (length < 4 || bytes[3] === 0) && (length < 3 || bytes[2] === 0) ? beginning('mysql', 'a packet head') : undefined;
  const size = bytes[0]! | bytes[1]! << 8 | bytes[2]! << 16;
  if (bytes[3] !== 0 || size < 8 || size > 1024) return undefined;
  if (bytes[4] === 0xff) {
    // An error instead of a greeting: host is blocked, too many connections.
    if (length < 7) return beginning('mysql', 'an error packet');
    const code = bytes[5]! | bytes[6]! << 8;
    const text = length < 8 || (bytes[7]! >= 0x20 && bytes[7]! < 0x7f);
    return code >= 1000 && code < 5000 && text ? answer('mysql', 88, `error packet ${code}`) : undefined;
  }
  if ((bytes[4] !== 10 && bytes[4] !== 9) || size < 20) return undefined;
  let end = 5;
  while (end < length && bytes[end] !== 0) {
    if (bytes[end]! < 0x20 || bytes[end]! > 0x7e || end > 80) return undefined;
    end++;
  }
  if (end === length) return beginning('mysql', 'a greeting');
  return /^\d{1,2}\.\d{1,2}[ -~]*$/.test(ascii(bytes, 5, end)) ? answer('mysql', 97, 'greeting with a version') : undefined;
};

/** A client's answer to the greeting: capabilities of protocol 4.1, the largest packet, a character set, 23 bytes of zero. */
export const mysqlClient: Signature = (bytes, length) => {
  if (length < 36) {
    return length >= 4 && bytes[2] === 0 && bytes[3] === 1 && (bytes[0]! >= 32 || bytes[1] !== 0) && (length < 6 || (bytes[5]! & 2) !== 0) ? beginning('mysql',
      'a login') : undefined;
  }
  const size = bytes[0]! | bytes[1]! << 8 | bytes[2]! << 16;
  // No login has so many attributes; a negotiation of Telnet would read as one of 64 KiB.
  if (bytes[3] !== 1 || size < 32 || size > 32_768 || (bytes[5]! & 2) === 0 || greetsSocks(bytes, length)) return undefined;
  // The last four of the 23 are capabilities of MariaDB.
  for (let at = 13; at < 32; at++) if (bytes[at] !== 0) return undefined;
  return answer('mysql', 92, size === 32 ? 'TLS request' : 'login of protocol 4.1');
};

/** True when there is a name of labels from `at` that ends by `end`; -1 when it is not all there, -2 when it is none. */
function dnsName(bytes: Uint8Array, from: number, length: number): number {
  let at = from;
  while (at < length && bytes[at] !== 0) {
    const label = bytes[at]!;
    if (label >= 0xc0) return at + 1 < length ? at + 2 : -1;
    if (label > 63 || at - from > 255) return -2;
    at += label + 1;
  }
  return at < length ? at + 1 : -1;
}

const isClass = (kind: number): boolean => (kind & 0x7fff) === 1 || kind === 255 || kind === 3 || kind === 4 || kind === 254;

/** A DNS message of `size` bytes from `start`, as far as it is there. Header RFC 1035 section 4.1.1; also of mDNS (RFC 6762). */
function dnsMessage(bytes: Uint8Array, start: number, length: number, size: number, multicast: boolean): Identification | undefined {
  const flags = u16(bytes, start + 2);
  const response = (flags & 0x8000) !== 0;
  // Opcode QUERY, NOTIFY, UPDATE or, of NetBIOS, registration; Z is zero.
  const opcode = flags >> 11 & 15;
  const [questions, answers, authorities, additional] = [u16(bytes, start + 4), u16(bytes, start + 6), u16(bytes, start + 8), u16(bytes, start + 10)];
  if (size < 17 || (opcode !== 0 && opcode !== 4 && opcode !== 5) || (flags & 0x40) !== 0) return undefined;
  const alone = response && questions === 0 && answers > 0 && answers < 64;
  // IXFR (RFC 1995) says which version there is in the authority section.
  if (!alone && (questions !== 1) && !(multicast && questions > 1 && questions < 32)) return undefined;
  if (!response && opcode === 0 && !multicast && (answers !== 0 || authorities > 1 || additional > 2 || (flags & 15) !== 0)) return undefined;
  if (answers + authorities + additional > 2048) return undefined;
  const at = dnsName(bytes, start + 12, Math.min(length, start + size));
  if (at === -2) return undefined;
  if (at === -1 || at + 4 > length) return at === -1 && start + size <= length ? undefined : beginning('dns', 'a question');
  if (at + 4 > start + size) return undefined;
  const type = u16(bytes, at);
  if (!response && opcode === 0 && !multicast && authorities === 1 && type !== 251) return undefined;
  return type !== 0 && isClass(u16(bytes, at + 2)) ? answer('dns', 92, `DNS ${response ? 'response' : 'query'}`) : undefined;
}

/** DNS over TCP: a length, then a header and a question that agree with it. */
export const dns: Signature = (bytes, length) => {
  if (length < 14) {
    const possible = length < 2 || (u16(bytes, 0) >= 17 && u16(bytes, 0) <= 16_384 && (length < 5 || (bytes[4]! & 0x78) <= 0x28) && (length < 8 || u16(bytes, 6) <= 1));
    return possible ? beginning('dns', 'a message length') : undefined;
  }
  // Names are compressed within 16 KiB (RFC 1035 section 4.1.4): servers cut a transfer of a zone into messages of no more.
  return u16(bytes, 0) > 16_384 ? undefined : dnsMessage(bytes, 2, length, u16(bytes, 0), false);
};

/** Where a greeting of SOCKS has been, that was the verdict: a query that begins so has 1 KiB and more, which no client asks with. */
const dnsOfClient: Signature = (bytes, length) => greetsSocks(bytes, length) ? undefined : dns(bytes, length);

/** DNS as a datagram of `length` bytes. `multicast`: as mDNS and NetBIOS have it, with answers in questions and several of them. */
export function dnsDatagram(bytes: Uint8Array, length: number): Identification | undefined {
  if (length < 17) return undefined;
  const found = dnsMessage(bytes, 0, length, length, (u16(bytes, 0) === 0));
  return found === undefined || found.open ? undefined : found;
}

/** SMB behind the head of a session service, or the request for such a session (RFC 1002 section 4.3.2). */
export const smb: Signature = (bytes, length) => {
  if (bytes[0] === 0x81) {
    if (length < 38) return agrees(bytes, length, 1, '\0\0D ') ? beginning('smb', 'the head of a NetBIOS session request') : undefined;
    return bytes[1] === 0 && u16(bytes, 2) === 68 && bytes[4] === 32 && bytes[37] === 0 ? answer('smb', 90, 'NetBIOS session request') : undefined;
  }
  if (bytes[0] !== 0 || (length > 4 && (bytes[4]! < 0xfd || !agrees(bytes, length, 5, 'SMB')))) return undefined;
  // A first message, which negotiates, has less than 64 KiB.
  if (length > 1 && bytes[1] !== 0) return undefined;
  return length < 8 ? beginning('smb', 'the head of a session service') : answer('smb', 98, 'SMB over a session service');
};

export const ldap: Signature = (bytes, length) => {
  if (bytes[0] !== 0x30) return undefined;
  if (length < 7) return length < 2 || (bytes[1]! < 0x80 && bytes[1]! > 4) || (bytes[1]! > 0x80 && bytes[1]! < 0x85) ? beginning('ldap', 'a sequence') : undefined;
  const at = (bytes[1]! & 0x80) === 0 ? 2 : 2 + (bytes[1]! & 0x7f);
  if (at > 6 || at + 4 > length || bytes[at] !== 2 || bytes[at + 1]! > 4 || bytes[at + 1] === 0) return undefined;
  const operation = bytes[at + 2 + bytes[at + 1]!];
  return operation === 0x60 || operation === 0x63 || operation === 0x77 || operation === 0x61 || operation === 0x65 || operation === 0x78 ? answer('ldap', 85,
    'LDAP message') : undefined;
};

export const clientSignatures: readonly Signature[] = [tls, telnet, socks, mqtt, bittorrent, rdp, postgres, mysqlClient, dnsOfClient, smb, ldap];
export const serverSignatures: readonly Signature[] = [tls, http2Server, telnet, mysql, mqttServer, socksServer, postgresServer, bittorrent, rdp, dns, smb, ldap];
