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

/** A handshake record with a ClientHello (1) or ServerHello (2), or an SSLv2 hello that offers TLS. */
export const tls: Signature = (bytes, length) => {
  if (bytes[0] === 0x16) {
    if (length >= 2 && bytes[1] !== 3) return undefined;
    if (length < 6) return beginning('tls', 'the head of a TLS record');
    const record = u16(bytes, 3);
    if (bytes[2]! > 4 || record < 4 || record > 16_384 || (bytes[5] !== 1 && bytes[5] !== 2)) return undefined;
    if (length < 11) return beginning('tls', 'the head of a TLS hello');
    if (bytes[6] !== 0 || bytes[9] !== 3) return undefined;
    return answer('tls', 98, `TLS ${bytes[5] === 1 ? 'ClientHello' : 'ServerHello'}`);
  }
  // An alert as the first answer of a server.
  if (bytes[0] === 0x15 && length >= 7 && bytes[1] === 3 && u16(bytes, 3) === 2 && (bytes[5] === 1 || bytes[5] === 2)) return answer('tls', Confidence.likely, 'TLS alert');
  if ((bytes[0]! & 0x80) === 0 || length < 5) return undefined;
  const hello = (bytes[0]! & 0x7f) << 8 | bytes[1]!;
  return hello >= 9 && hello < 1024 && bytes[2] === 1 && bytes[3] === 3 && bytes[4]! <= 3 ? answer('tls', 80, 'SSLv2 ClientHello') : undefined;
};

export const telnet: Signature = (bytes, length) => {
  if (bytes[0] !== 0xff) return undefined;
  if (length < 3) return length === 1 || bytes[1]! >= 0xfa ? beginning('telnet', 'IAC') : undefined;
  const verb = bytes[1]!;
  if (verb < 0xfb || verb > 0xfe || bytes[2]! > 60) return verb === 0xfa && bytes[2]! <= 60 ? answer('telnet', Confidence.likely, 'a Telnet suboption') : undefined;
  return answer('telnet', length >= 6 && bytes[3] === 0xff && bytes[4]! >= 0xfa ? 97 : 90, 'Telnet negotiation');
};

export const socks: Signature = (bytes, length) => {
  if (bytes[0] === 5) {
    if (length < 2) return beginning('socks', 'SOCKS version 5');
    const methods = bytes[1]!;
    if (methods === 0 || length > 2 + methods) return undefined;
    if (length < 2 + methods) return beginning('socks', 'SOCKS version 5');
    for (let at = 2; at < length; at++) if (bytes[at]! > 9 && bytes[at]! < 0x80) return undefined;
    return answer('socks', 90, `SOCKS5 greeting of exactly ${methods} methods`);
  }
  if (bytes[0] !== 4) return undefined;
  if (length < 9) return length < 2 || bytes[1] === 1 || bytes[1] === 2 ? beginning('socks', 'SOCKS version 4') : undefined;
  if ((bytes[1] !== 1 && bytes[1] !== 2) || u16(bytes, 2) === 0 || bytes[length - 1] !== 0) return undefined;
  return answer('socks', 85, 'SOCKS4 request');
};

export const mqtt: Signature = (bytes, length) => {
  if (bytes[0] !== 0x10) return undefined;
  let at = 1;
  while (at < length && at < 5 && (bytes[at]! & 0x80) !== 0) at++;
  at++;
  if (at + 8 > length) return length < 15 && at <= 5 && agrees(bytes, length, at + 2, bytes[at + 1] === 6 ? 'MQIsdp' : 'MQTT') ? beginning('mqtt', 'head of CONNECT') : undefined;
  const name = u16(bytes, at);
  if ((name === 4 && ascii(bytes, at + 2, at + 6) === 'MQTT') || (name === 6 && ascii(bytes, at + 2, at + 8) === 'MQIsdp')) return answer('mqtt', 99, 'MQTT CONNECT');
  return undefined;
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
  if (size < 11 || size > 1024 || bytes[4] !== size - 5 || (bytes[5] !== 0xe0 && bytes[5] !== 0xd0)) return undefined;
  // S7 and other users of TPKT carry parameters C0 to C2 behind the class; RDP a cookie, a negotiation, or nothing.
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
  if (name !== undefined) return size === 8 || (size === 16 && name === 'CancelRequest') ? answer('postgres', 97, name) : undefined;
  if (code >>> 16 !== 3 || size < 9 || size > 10_000) return undefined;
  if (length < 13) return beginning('postgres', 'protocol 3');
  return /^(?:user|database|options|application_name|client_encoding|replication)\0/.test(ascii(bytes, 8, Math.min(length, 28))) ? answer('postgres', 97,
    'StartupMessage') : undefined;
};

/** The server's first packet. */
export const mysql: Signature = (bytes, length) => {
  if (length < 5) return bytes[0] !== 0 && (length < 4 || bytes[3] === 0) && (length < 3 || bytes[2] === 0) ? beginning('mysql', 'a packet head') : undefined;
  const size = bytes[0]! | bytes[1]! << 8 | bytes[2]! << 16;
  if (bytes[3] !== 0 || size < 10 || size > 1024) return undefined;
  if (bytes[4] === 0xff) {
    // An error instead of a greeting: host is blocked, too many connections.
    const code = length > 6 ? bytes[5]! | bytes[6]! << 8 : 0;
    return code >= 1000 && code < 5000 ? answer('mysql', 85, `error packet ${code}`) : undefined;
  }
  if (bytes[4] !== 10 && bytes[4] !== 9) return undefined;
  const end = bytes.indexOf(0, 5);
  if (end < 0 || end >= length) return length < 40 ? beginning('mysql', 'a greeting') : undefined;
  return /^\d{1,2}\.\d{1,2}[!-~]*$/.test(ascii(bytes, 5, end)) ? answer('mysql', 97, 'greeting with a version') : undefined;
};

/** DNS over TCP: a length, then a header and a question that agree with it. */
export const dns: Signature = (bytes, length) => {
  if (length < 14) return length < 2 || (u16(bytes, 0) >= 17 && u16(bytes, 0) <= 4096 && (length < 5 || (bytes[4]! & 0x78) <= 0x28)) ? beginning('dns',
    'a message length') : undefined;
  const size = u16(bytes, 0);
  const flags = u16(bytes, 4);
  const response = (flags & 0x8000) !== 0;
  // Opcode QUERY, NOTIFY or UPDATE; Z is zero; a query has one question and no answers.
  const opcode = flags >> 11 & 15;
  if (size < 17 || (opcode !== 0 && opcode !== 4 && opcode !== 5) || (flags & 0x40) !== 0 || u16(bytes, 6) !== 1) return undefined;
  if (!response && opcode === 0 && (u16(bytes, 8) !== 0 || u16(bytes, 10) !== 0 || u16(bytes, 12) > 2 || (flags & 15) !== 0)) return undefined;
  if (length > size + 2 && !response && length < size + 16) return undefined;
  let at = 14;
  while (at < length && bytes[at] !== 0) {
    if (bytes[at]! > 63) return undefined;
    at += bytes[at]! + 1;
  }
  if (at + 5 > length) return beginning('dns', 'a question');
  const type = u16(bytes, at + 1);
  const kind = u16(bytes, at + 3);
  if (type === 0 || (kind !== 1 && kind !== 255 && kind !== 3 && kind !== 254)) return undefined;
  return answer('dns', 92, `DNS ${response ? 'response' : 'query'} over TCP`);
};

export const smb: Signature = (bytes, length) => {
  if (bytes[0] !== 0 || length < 8) return undefined;
  const protocol = bytes[4];
  return (protocol === 0xff || protocol === 0xfe || protocol === 0xfd) && ascii(bytes, 5, 8) === 'SMB' ? answer('smb', 98, 'SMB over a session service') : undefined;
};

export const ldap: Signature = (bytes, length) => {
  if (bytes[0] !== 0x30 || length < 7) return bytes[0] === 0x30 && length < 7 ? beginning('ldap', 'a sequence') : undefined;
  const at = (bytes[1]! & 0x80) === 0 ? 2 : 2 + (bytes[1]! & 0x7f);
  if (at > 6 || at + 4 > length || bytes[at] !== 2 || bytes[at + 1]! > 4 || bytes[at + 1] === 0) return undefined;
  const operation = bytes[at + 2 + bytes[at + 1]!];
  return operation === 0x60 || operation === 0x63 || operation === 0x77 || operation === 0x61 ? answer('ldap', 85, 'LDAP message') : undefined;
};

export const clientSignatures: readonly Signature[] = [tls, telnet, socks, mqtt, bittorrent, rdp, postgres, dns, smb, ldap];
export const serverSignatures: readonly Signature[] = [tls, telnet, mysql, bittorrent, rdp, dns, smb, ldap];
