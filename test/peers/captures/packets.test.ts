// From frames to segments, on frames made here: every link type that is read, both versions of IP, tunnels, fragments, and
// frames that are cut anywhere.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPacket, type Packet } from './packets.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const u16 = (value: number): Buffer => hex(value.toString(16).padStart(4, '0'));

const tcp = (payload: string, options = ''): Buffer => Buffer.concat([
  hex('1f90 0050 00000001 00000002'), Buffer.from([(5 + options.length / 8) << 4, 0x18]), hex('1000 0000 0000'), hex(options), Buffer.from(payload),
]);
const udp = (payload: string): Buffer => Buffer.concat([hex('1f90 0035'), u16(8 + payload.length), hex('0000'), Buffer.from(payload)]);
const ip4 = (protocol: number, body: Buffer, fragment = 0, length = 20 + body.length): Buffer => Buffer.concat([
  hex('4500'), u16(length), hex('0001'), u16(fragment), Buffer.from([64, protocol]), hex('0000 c0000201 c6336402'), body,
]);
const ip6 = (next: number, body: Buffer): Buffer => Buffer.concat([hex('60000000'), u16(body.length), Buffer.from([next, 64]),
  hex('20010db8000000000000000000000001 20010db8000100000000000000000002'), body]);
const ethernet = (type: string, body: Buffer): Buffer => Buffer.concat([hex('020000000001 020000000002'), hex(type), body]);
const read = (linkType: number, bytes: Buffer, cut = false): Packet => {
  const packet = readPacket({ linkType, bytes, cut, time: 0 });
  assert.ok(typeof packet !== 'string', `${packet as string}`);
  return packet;
};

describe('packets', () => {
  const inside = ip4(6, tcp('hello'));
  const links: [string, number, Buffer][] = [
    ['Ethernet', 1, ethernet('0800', inside)], ['VLAN', 1, ethernet('8100 0005 0800', inside)], ['VLAN in VLAN', 1, ethernet('88a8 0005 8100 0006 0800', inside)],
    ['MPLS', 1, ethernet('8847 00001040 00002140', inside)], ['PPPoE', 1, ethernet('8864 1100 0001 0000 0021', inside)], ['raw', 101, inside], ['raw, BSD', 12, inside],
    ['null', 0, Buffer.concat([hex('02000000'), inside])], ['loop', 108, Buffer.concat([hex('00000002'), inside])], ['PPP', 9, Buffer.concat([hex('ff03 0021'), inside])],
    ['PPP, compressed', 9, Buffer.concat([hex('21'), inside])], ['Cisco HDLC', 104, Buffer.concat([hex('0f00 0800'), inside])],
    ['Linux cooked', 113, Buffer.concat([hex('0000 0001 0006 0200000000010000 0800'), inside])],
    ['Linux cooked 2', 276, Buffer.concat([hex('0800 0000 00000002 0001 00 06 0200000000010000'), inside])],
    ['IP in IP', 101, ip4(4, inside)], ['IPv6 in IPv4', 101, ip4(41, ip6(6, tcp('hello')))], ['GRE', 101, ip4(47, Buffer.concat([hex('2000 0800 00000007'), inside]))],
    ['GRE of PPTP', 101, ip4(47, Buffer.concat([hex('3081 880b 0030 0001 00000001 00000002 ff03 0021'), inside]))],
  ];
  for (const [name, linkType, bytes] of links) {
    it(name, () => {
      const { transport, payload, sequence, acknowledged, flags, fromPort, toPort } = read(linkType, bytes);
      assert.deepEqual([transport, payload.toString(), sequence, acknowledged, flags, fromPort, toPort], ['tcp', 'hello', 1, 2, 0x18, 8080, 80]);
    });
  }

  it('addresses', () => {
    assert.deepEqual([read(101, inside).from, read(101, inside).to], ['192.0.2.1:8080', '198.51.100.2:80']);
    assert.deepEqual([read(101, ip6(6, tcp('x'))).from, read(101, ip6(6, tcp('x'))).to], ['[2001:db8::1]:8080', '[2001:db8:1::2]:80']);
  });

  it('options, padding and lengths', () => {
    assert.equal(read(101, ip4(6, tcp('hello', '01010101'))).payload.toString(), 'hello');
    // What stands behind the packet in the frame is none of it.
    assert.equal(read(1, ethernet('0800', Buffer.concat([inside, hex('000000000000')]))).payload.toString(), 'hello');
    // Segmentation offload leaves the length to the network card.
    assert.equal(read(101, ip4(6, tcp('hello'), 0, 0)).payload.toString(), 'hello');
    assert.deepEqual([read(101, inside.subarray(0, -2)).payload.toString(), read(101, inside.subarray(0, -2)).cut], ['hel', true]);
    assert.equal(read(101, inside, true).cut, true);
  });

  it('UDP, and IPv6 with extension headers', () => {
    const packet = read(101, ip6(0, Buffer.concat([hex('3c 00 010400000000'), hex('11 00 010400000000'), udp('hi')])));
    assert.deepEqual([packet.transport, packet.payload.toString(), packet.toPort], ['udp', 'hi', 53]);
    assert.equal(read(101, ip6(44, Buffer.concat([hex('06 00 0000 00000001'), tcp('x')]))).payload.toString(), 'x', 'the only fragment');
  });

  it('fragments are told apart', () => {
    for (const fragment of [0x2000, 5]) assert.equal(readPacket({ linkType: 101, bytes: ip4(6, tcp('x'), fragment), cut: false, time: 0 }), 'fragment');
    assert.equal(readPacket({ linkType: 101, bytes: ip6(44, Buffer.concat([hex('06 00 0001 00000001'), tcp('x')])), cut: false, time: 0 }), 'fragment');
  });

  it('what is no TCP or UDP, and frames that are cut anywhere, are neither', () => {
    for (const bytes of [Buffer.alloc(0), ethernet('0806', Buffer.alloc(28)), ip4(1, Buffer.alloc(8)), ip4(6, tcp('x').fill(0, 12, 13))]) {
      for (const linkType of [1, 101, 147]) assert.equal(readPacket({ linkType, bytes, cut: false, time: 0 }), 'other');
    }
    for (const [, linkType, bytes] of links) {
      for (let length = 0; length < bytes.length - 5; length++) assert.equal(typeof readPacket({ linkType, bytes: bytes.subarray(0, length), cut: true, time: 0 }), 'string');
    }
    let nested = inside;
    for (let i = 0; i < 10; i++) nested = ip4(4, nested);
    assert.equal(readPacket({ linkType: 101, bytes: nested, cut: false, time: 0 }), 'other');
  });
});
