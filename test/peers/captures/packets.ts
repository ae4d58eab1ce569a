// From a captured frame to its TCP segment or UDP datagram: Ethernet with VLAN tags, MPLS and PPPoE, Linux cooked (both), BSD null, PPP,
// Cisco HDLC, raw IP; IPv4, IPv6 with its extension headers, and IP in IP or GRE. Fragments are not put together: they are
// told apart from what is no TCP or UDP, so that a caller can count them. Checksums are not looked at (offloading).
// LINKTYPE_ values: tcpdump.org/linktypes.html; RFC 791, 8200, 9293, 768, 2784.
import type { CapturedPacket } from './capture-file.ts';

export interface Packet {
  readonly transport: 'tcp' | 'udp';
  /** `address:port`, or `[address]:port`. */
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly payload: Buffer;
  /** Some of the payload was not kept. */
  readonly cut: boolean;
  /** Of TCP; 0 for UDP. */
  readonly sequence: number;
  readonly acknowledged: number;
  readonly flags: number;
}

export const tcpFlag = { fin: 1, syn: 2, rst: 4, push: 8, ack: 16 } as const;

export type NoPacket = 'fragment' | 'other';

const maxNested = 3;

/** The offset of what has this EtherType, or where there is none: -1. */
interface Payload { readonly at: number; readonly type: number }

const etherType = { ip4: 0x0800, ip6: 0x86dd, mpls: 0x8847, pppoe: 0x8864 } as const;
const vlanTypes: readonly number[] = [0x8100, 0x88a8, 0x9100];

function u16(bytes: Buffer, at: number): number { return at + 2 <= bytes.length ? bytes.readUInt16BE(at) : 0; }

/** Protocol numbers of PPP (RFC 1332, 5072). */
function ppp(bytes: Buffer, from: number): Payload {
  let at = from;
  if (bytes[at] === 0xff && bytes[at + 1] === 3) at += 2;
  // The protocol may be compressed to one byte (RFC 1661 section 6.5).
  const [type, size] = ((bytes[at] ?? 0) & 1) === 1 ? [bytes[at]!, 1] : [u16(bytes, at), 2];
  return { at: at + size, type: type === 0x21 ? etherType.ip4 : type === 0x57 ? etherType.ip6 : 0 };
}

function byVersion(bytes: Buffer, at: number): Payload {
  const version = (bytes[at] ?? 0) >> 4;
  return { at, type: version === 4 ? etherType.ip4 : version === 6 ? etherType.ip6 : 0 };
}

function behindType(bytes: Buffer, from: number): Payload {
  let at = from;
  for (let tags = 0; tags < 4 && vlanTypes.includes(u16(bytes, at)); tags++) at += 4;
  const type = u16(bytes, at);
  if (type === etherType.pppoe) return ppp(bytes, at + 8);
  if (type !== etherType.mpls) return { at: at + 2, type };
  // The last label has the bottom-of-stack bit.
  let label = at + 2;
  while (label + 4 <= bytes.length && (bytes[label + 2]! & 1) === 0) label += 4;
  return byVersion(bytes, label + 4);
}

function network(bytes: Buffer, linkType: number): Payload {
  switch (linkType) {
    case 1: return behindType(bytes, 12);
    // The family is in the byte order of the machine; its numbers differ, so the version of IP tells.
    case 0: case 108: return byVersion(bytes, 4);
    case 9: case 50: return bytes[0] === 0x0f || bytes[0] === 0x8f ? behindType(bytes, 2) : ppp(bytes, 0);
    case 51: return ppp(bytes, 6);
    case 104: return behindType(bytes, 2);
    case 12: case 14: case 101: case 228: case 229: return byVersion(bytes, 0);
    case 113: return behindType(bytes, 14);
    case 276: return { at: 20, type: u16(bytes, 0) };
    default: return { at: 0, type: 0 };
  }
}

export function readPacket({ bytes, linkType, cut }: CapturedPacket): Packet | NoPacket {
  const { at, type } = network(bytes, linkType);
  return readIp(bytes, at, type, cut, 0);
}

function readIp(bytes: Buffer, at: number, type: number, cut: boolean, depth: number): Packet | NoPacket {
  if (depth > maxNested) return 'other';
  return type === etherType.ip4 ? readIp4(bytes, at, cut, depth) : type === etherType.ip6 ? readIp6(bytes, at, cut, depth) : 'other';
}

interface Datagram { readonly source: string; readonly target: string; readonly protocol: number; readonly at: number; readonly end: number; readonly cut: boolean }

function readIp4(bytes: Buffer, at: number, cut: boolean, depth: number): Packet | NoPacket {
  if (at + 20 > bytes.length || bytes[at]! >> 4 !== 4) return 'other';
  const head = (bytes[at]! & 15) * 4;
  const length = bytes.readUInt16BE(at + 2);
  if (head < 20 || (length !== 0 && length < head)) return 'other';
  // More fragments, or an offset.
  if ((bytes.readUInt16BE(at + 6) & 0x3fff) !== 0) return 'fragment';
  // 0: the network card was to cut it (segmentation offload).
  const end = length === 0 ? bytes.length : at + length;
  return readTransport(bytes, {
    source: bytes.subarray(at + 12, at + 16).join('.'), target: bytes.subarray(at + 16, at + 20).join('.'), protocol: bytes[at + 9]!, at: at + head,
    end: Math.min(end, bytes.length), cut: cut || end > bytes.length,
  }, depth);
}

function address6(bytes: Buffer, at: number): string {
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(bytes.readUInt16BE(at + i).toString(16));
  // Compressed as RFC 5952 section 4.2 wants it: the first of the longest runs of zeros.
  const runs = [...groups.join(':').matchAll(/(?:^|:)(0(?::0)+)(?=:|$)/g)].map(([, run]) => run!);
  const longest = runs.reduce((best, run) => run.length > best.length ? run : best, '');
  if (longest === '') return groups.join(':');
  return groups.join(':').replace(new RegExp(`(?:^|:)${longest}(?::|$)`), '::');
}

function readIp6(bytes: Buffer, at: number, cut: boolean, depth: number): Packet | NoPacket {
  if (at + 40 > bytes.length || bytes[at]! >> 4 !== 6) return 'other';
  const end = at + 40 + bytes.readUInt16BE(at + 4);
  let [protocol, next] = [bytes[at + 6]!, at + 40];
  while (protocol === 0 || protocol === 43 || protocol === 44 || protocol === 60) {
    if (next + 8 > bytes.length) return 'other';
    if (protocol === 44 && (bytes.readUInt16BE(next + 2) & 0xfff9) !== 0) return 'fragment';
    [protocol, next] = [bytes[next]!, next + (protocol === 44 ? 8 : (bytes[next + 1]! + 1) * 8)];
  }
  return readTransport(bytes, {
    source: `[${address6(bytes, at + 8)}]`, target: `[${address6(bytes, at + 24)}]`, protocol, at: next, end: Math.min(end, bytes.length), cut: cut || end > bytes.length,
  }, depth);
}

/** A GRE head without routing; what it carries. */
function behindGre(bytes: Buffer, at: number): Payload {
  const flags = u16(bytes, at);
  const size = 4 + ((flags & 0x8000) === 0 ? 0 : 4) + ((flags & 0x2000) === 0 ? 0 : 4) + ((flags & 0x1000) === 0 ? 0 : 4);
  const version = flags & 7;
  if (version > 1 || (flags & 0x4000) !== 0) return { at, type: 0 };
  // Version 1 is PPTP's (RFC 2637): an acknowledgement if there, and PPP.
  return version === 1 ? ppp(bytes, at + size + ((flags & 0x80) === 0 ? 0 : 4)) : { at: at + size, type: u16(bytes, at + 2) };
}

function readTransport(bytes: Buffer, ip: Datagram, depth: number): Packet | NoPacket {
  const { source, target, protocol, at, end, cut } = ip;
  if (protocol === 4) return readIp(bytes, at, etherType.ip4, cut, depth + 1);
  if (protocol === 41) return readIp(bytes, at, etherType.ip6, cut, depth + 1);
  if (protocol === 47) {
    const inner = behindGre(bytes, at);
    return readIp(bytes, inner.at, inner.type, cut, depth + 1);
  }
  if (protocol !== 6 && protocol !== 17) return 'other';
  const isTcp = protocol === 6;
  if (at + (isTcp ? 20 : 8) > end) return 'other';
  const head = isTcp ? (bytes[at + 12]! >> 4) * 4 : 8;
  if (head < 8 || (isTcp && head < 20)) return 'other';
  const [fromPort, toPort] = [bytes.readUInt16BE(at), bytes.readUInt16BE(at + 2)];
  return {
    transport: isTcp ? 'tcp' : 'udp', from: `${source}:${fromPort}`, to: `${target}:${toPort}`, fromPort, toPort, payload: bytes.subarray(Math.min(at + head, end), end), cut,
    sequence: isTcp ? bytes.readUInt32BE(at + 4) : 0, acknowledged: isTcp ? bytes.readUInt32BE(at + 8) : 0, flags: isTcp ? bytes[at + 13]! : 0,
  };
}
