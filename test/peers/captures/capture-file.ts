// Reads files of captured packets: pcap in both byte orders with micro- and nanoseconds, pcapng (section header, interface
// description, enhanced, simple and old packet blocks), either of them behind gzip. Gives packets as they were captured, with
// their link type; knows no protocol. A file that is damaged gives what stands before the damage, and says so.
// draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
import { gunzipSync } from 'node:zlib';

export interface CapturedPacket {
  /** LINKTYPE_ of the interface. */
  readonly linkType: number;
  /** Seconds since 1970; 0 where the file does not say (simple packet blocks). */
  readonly time: number;
  readonly bytes: Buffer;
  /** The packet was longer on the wire than what was kept. */
  readonly cut: boolean;
}

export interface CaptureFile {
  readonly packets: readonly CapturedPacket[];
  /** Why reading ended before the end of the file. */
  readonly damage: string | undefined;
}

const maxPacketBytes = 1 << 20;
const maxUnpackedBytes = 256 * 1024 * 1024;

/** Integers of a file in its byte order. */
class Numbers {
  readonly #bytes: Buffer;
  readonly #big: boolean;
  constructor(bytes: Buffer, big: boolean) {
    this.#bytes = bytes;
    this.#big = big;
  }
  u16(at: number): number { return this.#big ? this.#bytes.readUInt16BE(at) : this.#bytes.readUInt16LE(at); }
  u32(at: number): number { return this.#big ? this.#bytes.readUInt32BE(at) : this.#bytes.readUInt32LE(at); }
}

/** Undefined: not a capture of these formats. */
export function readCapture(file: Buffer): CaptureFile | undefined {
  let bytes = file;
  if (file.length > 2 && file[0] === 0x1f && file[1] === 0x8b) {
    try { bytes = gunzipSync(file, { maxOutputLength: maxUnpackedBytes }); } catch { return undefined; }
  }
  if (bytes.length < 24) return undefined;
  if (bytes.readUInt32BE(0) === 0x0a0d0d0a) return readBlocks(bytes);
  switch (bytes.readUInt32BE(0)) {
    case 0xa1b2c3d4: return readRecords(bytes, true, 1e6);
    case 0xd4c3b2a1: return readRecords(bytes, false, 1e6);
    case 0xa1b23c4d: return readRecords(bytes, true, 1e9);
    case 0x4d3cb2a1: return readRecords(bytes, false, 1e9);
    default: return undefined;
  }
}

function readRecords(bytes: Buffer, big: boolean, perSecond: number): CaptureFile {
  const numbers = new Numbers(bytes, big);
  // The upper bits say how long the frame check sequence is.
  const linkType = numbers.u32(20) & 0x0fffffff;
  const packets: CapturedPacket[] = [];
  let at = 24;
  while (at + 16 <= bytes.length) {
    const [kept, length] = [numbers.u32(at + 8), numbers.u32(at + 12)];
    if (kept > maxPacketBytes) return { packets, damage: `a packet of ${kept} bytes at ${at}` };
    if (at + 16 + kept > bytes.length) return { packets, damage: `ends in a packet at ${at}` };
    packets.push({ linkType, time: numbers.u32(at) + numbers.u32(at + 4) / perSecond, bytes: bytes.subarray(at + 16, at + 16 + kept), cut: kept < length });
    at += 16 + kept;
  }
  return { packets, damage: at === bytes.length ? undefined : `${bytes.length - at} bytes behind the last packet` };
}

interface Interface { readonly linkType: number; readonly perSecond: number; readonly keptBytes: number }

const blockType = { section: 0x0a0d0d0a, interface: 1, oldPacket: 2, simplePacket: 3, enhancedPacket: 6 } as const;
const bigEndianMagic = 0x1a2b3c4d;

function readBlocks(bytes: Buffer): CaptureFile {
  const packets: CapturedPacket[] = [];
  let interfaces: Interface[] = [];
  let big = false;
  let numbers = new Numbers(bytes, big);
  let at = 0;
  while (at + 12 <= bytes.length) {
    if (bytes.readUInt32BE(at) === blockType.section) {
      // A new section has its own byte order and its own interfaces.
      big = bytes.readUInt32BE(at + 8) === bigEndianMagic;
      numbers = new Numbers(bytes, big);
      interfaces = [];
    }
    const [type, length] = [numbers.u32(at), numbers.u32(at + 4)];
    if (length < 12 || length % 4 !== 0 || at + length > bytes.length) return { packets, damage: `a block of ${length} bytes at ${at}` };
    if (type === blockType.interface && length >= 20) interfaces.push(readInterface(numbers, bytes, at, length));
    else {
      const packet = readPacket(numbers, bytes, { at, type, length }, interfaces);
      if (packet === false) return { packets, damage: `a packet that does not fit its block at ${at}` };
      if (packet !== undefined) packets.push(packet);
    }
    at += length;
  }
  return { packets, damage: at === bytes.length ? undefined : `${bytes.length - at} bytes behind the last block` };
}

/** Option 9, if_tsresol: a power of ten, or of two with the upper bit set; microseconds where it is not. */
function readInterface(numbers: Numbers, bytes: Buffer, at: number, length: number): Interface {
  let perSecond = 1e6;
  const end = at + length - 4;
  for (let option = at + 16; option + 4 <= end;) {
    const [code, size] = [numbers.u16(option), numbers.u16(option + 2)];
    if (code === 0) break;
    if (code === 9 && size === 1 && option + 4 < end) {
      const value = bytes[option + 4]!;
      perSecond = value >= 0x80 ? 2 ** (value & 0x7f) : 10 ** value;
    }
    option += 4 + (size + 3 & ~3);
  }
  return { linkType: numbers.u16(at + 8), perSecond, keptBytes: numbers.u32(at + 12) };
}

/** Undefined: no packet in this block. False: it does not fit. */
function readPacket(numbers: Numbers, bytes: Buffer, block: { at: number; type: number; length: number },
  interfaces: readonly Interface[]): CapturedPacket | undefined | false {
  const { at, type, length } = block;
  if (type === blockType.simplePacket) {
    const from = interfaces[0];
    if (from === undefined || length < 16) return false;
    const real = numbers.u32(at + 8);
    const kept = Math.min(real, length - 16, from.keptBytes === 0 ? real : from.keptBytes);
    return { linkType: from.linkType, time: 0, bytes: bytes.subarray(at + 12, at + 12 + kept), cut: kept < real };
  }
  if (type !== blockType.enhancedPacket && type !== blockType.oldPacket) return undefined;
  if (length < 32) return false;
  const from = interfaces[type === blockType.oldPacket ? numbers.u16(at + 8) : numbers.u32(at + 8)];
  const [kept, real] = [numbers.u32(at + 20), numbers.u32(at + 24)];
  if (from === undefined || kept > length - 32) return false;
  const time = (numbers.u32(at + 12) * 2 ** 32 + numbers.u32(at + 16)) / from.perSecond;
  return { linkType: from.linkType, time, bytes: bytes.subarray(at + 28, at + 28 + kept), cut: kept < real };
}
