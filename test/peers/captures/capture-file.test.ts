// The reader of capture files on files made here: both byte orders, both resolutions, all blocks of pcapng that hold packets, gzip,
// and files that are damaged.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { readCapture } from './capture-file.ts';

class Writer {
  readonly #big: boolean;
  readonly #parts: Buffer[] = [];
  constructor(big: boolean) { this.#big = big; }

  u16(...values: number[]): this { return this.#write(2, values); }
  u32(...values: number[]): this { return this.#write(4, values); }
  bytes(...some: Buffer[]): this {
    this.#parts.push(...some);
    return this;
  }

  #write(size: number, values: readonly number[]): this {
    for (const value of values) {
      const piece = Buffer.alloc(size);
      if (this.#big) piece.writeUIntBE(value, 0, size);
      else piece.writeUIntLE(value, 0, size);
      this.#parts.push(piece);
    }
    return this;
  }

  get all(): Buffer { return Buffer.concat(this.#parts); }
}

function pcap(big: boolean, magic: number, ...packets: [seconds: number, fraction: number, bytes: string, length?: number][]): Buffer {
  const file = new Writer(big).u32(magic).u16(2, 4).u32(0, 0, 65_535, 1);
  for (const [seconds, fraction, bytes, length] of packets) file.u32(seconds, fraction, bytes.length, length ?? bytes.length).bytes(Buffer.from(bytes));
  return file.all;
}

function block(big: boolean, type: number, body: Buffer): Buffer {
  const padded = Buffer.concat([body, Buffer.alloc((4 - body.length % 4) % 4)]);
  return new Writer(big).u32(type, padded.length + 12).bytes(padded).u32(padded.length + 12).all;
}

const section = (big: boolean): Buffer => block(big, 0x0a0d0d0a, new Writer(big).u32(0x1a2b3c4d).u16(1, 0).u32(0xffffffff, 0xffffffff).all);
const capturedBy = (big: boolean, linkType: number, kept: number, options: Buffer = Buffer.alloc(0)): Buffer => block(big, 1,
  new Writer(big).u16(linkType, 0).u32(kept).bytes(options).all);
const enhanced = (big: boolean, from: number, high: number, low: number, bytes: string, length = bytes.length): Buffer => block(big, 6,
  new Writer(big).u32(from, high, low, bytes.length, length).bytes(Buffer.from(bytes)).all);

describe('capture files', () => {
  for (const big of [true, false]) {
    it(`pcap, ${big ? 'big' : 'little'}-endian, micro- and nanoseconds`, () => {
      for (const [magic, perSecond] of [[0xa1b2c3d4, 1e6], [0xa1b23c4d, 1e9]] as const) {
        const read = readCapture(pcap(big, magic, [1000, 250_000, 'abc'], [1001, 0, 'de', 90]))!;
        assert.equal(read.damage, undefined);
        assert.deepEqual(read.packets.map(({ time, bytes, cut, linkType }) => [time, bytes.toString(), cut, linkType]), [
          [1000 + 250_000 / perSecond, 'abc', false, 1], [1001, 'de', true, 1],
        ]);
      }
    });

    it(`pcapng, ${big ? 'big' : 'little'}-endian`, () => {
      const nanoseconds = new Writer(big).u16(9, 1).bytes(Buffer.from([9, 0, 0, 0])).u16(0, 0).all;
      const powerOfTwo = new Writer(big).u16(2, 3).bytes(Buffer.from('eth\0')).u16(9, 1).bytes(Buffer.from([0x8a, 0, 0, 0])).u16(0, 0).all;
      const read = readCapture(Buffer.concat([
        section(big), capturedBy(big, 1, 0), capturedBy(big, 101, 4, nanoseconds), capturedBy(big, 113, 0, powerOfTwo),
        enhanced(big, 0, 0, 2_500_000, 'abcde'), enhanced(big, 1, 1, 0, 'x', 80), enhanced(big, 2, 0, 3072, 'yy'),
        // A block that nobody has to know, a simple packet of the first interface, an old one.
        block(big, 0x0bad, Buffer.from('whatever')), block(big, 3, new Writer(big).u32(3).bytes(Buffer.from('sim')).all),
        block(big, 2, new Writer(big).u16(1, 0).u32(0, 5, 2, 2).bytes(Buffer.from('ol')).all),
        // Another section has other interfaces.
        section(big), capturedBy(big, 9, 0), enhanced(big, 0, 0, 0, 'z'),
      ]))!;
      assert.equal(read.damage, undefined);
      assert.deepEqual(read.packets.map(({ linkType, time, bytes, cut }) => [linkType, time, bytes.toString(), cut]), [
        [1, 2.5, 'abcde', false], [101, 2 ** 32 / 1e9, 'x', true], [113, 3, 'yy', false], [1, 0, 'sim', false], [101, 5e-9, 'ol', false], [9, 0, 'z', false],
      ]);
    });
  }

  it('gzip', () => { assert.equal(readCapture(gzipSync(pcap(false, 0xa1b2c3d4, [1, 0, 'abc'])))!.packets.length, 1); });

  it('what is no capture is none', () => {
    for (const bytes of ['', 'short', 'x'.repeat(100), '\u001f\u008bnot gzip at all, although it begins so']) assert.equal(readCapture(Buffer.from(bytes, 'latin1')), undefined);
  });

  it('a damaged file gives what stands before the damage, cut at any byte', () => {
    const ng = Buffer.concat([section(false), capturedBy(false, 1, 0), enhanced(false, 0, 0, 0, 'abc'), enhanced(false, 0, 0, 0, 'def')]);
    for (const whole of [pcap(true, 0xa1b2c3d4, [1, 0, 'abc'], [2, 0, 'def']), ng]) {
      for (let length = 24; length < whole.length; length++) {
        const read = readCapture(whole.subarray(0, length))!;
        assert.ok(read.packets.length <= 1);
        assert.equal(read.packets.length === 1 ? read.packets[0]!.bytes.toString() : 'abc', 'abc');
      }
    }
    assert.match(readCapture(pcap(false, 0xa1b2c3d4, [1, 0, 'abc']).subarray(0, 42))!.damage!, /ends in a packet/);
    const long = pcap(false, 0xa1b2c3d4, [1, 0, 'abc']);
    long.writeUInt32LE(0x7fffffff, 24 + 8);
    assert.match(readCapture(long)!.damage!, /a packet of/);
    // An interface that was not described; a length of a block that does not fit.
    assert.match(readCapture(Buffer.concat([section(false), enhanced(false, 3, 0, 0, 'abc')]))!.damage!, /does not fit/);
    assert.match(readCapture(Buffer.concat([section(false), new Writer(false).u32(6, 13, 0, 0).all]))!.damage!, /a block of 13/);
  });
});
