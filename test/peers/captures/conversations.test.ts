// The beginnings of connections from segments: order, what comes twice or overlaps, numbers that wrap, missing handshakes, ports that
// are used again, and who had heard the other before it spoke.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Conversations, keptBytes, type Beginnings } from './conversations.ts';
import type { Packet } from './packets.ts';

const [fin, syn, rst, ack] = [1, 2, 4, 16];

function packet(direction: '>' | '<', flags: number, sequence: number, acknowledged: number, text = '', cut = false, port = 5000): Packet {
  const [client, server] = [{ name: `192.0.2.1:${port}`, port }, { name: '198.51.100.1:80', port: 80 }];
  const [from, to] = direction === '>' ? [client, server] : [server, client];
  return {
    transport: 'tcp', from: from.name, to: to.name, fromPort: from.port, toPort: to.port, payload: Buffer.from(text), cut, sequence: sequence >>> 0,
    acknowledged: acknowledged >>> 0, flags,
  };
}

function read(...packets: Packet[]): Beginnings {
  const conversations = new Conversations();
  for (const one of packets) conversations.take(one);
  return conversations.result();
}

const said = (beginnings: Beginnings): string[][] => beginnings.conversations.map((one) => one.said.map(({ side, bytes, answers }) => {
  return `${side === 'client' ? '>' : '<'}${answers ? '+' : ''}${bytes.toString()}`;
}));
const opened = (a = 100, b = 900): Packet[] => [packet('>', syn, a, 0), packet('<', syn | ack, b, a + 1), packet('>', ack, a + 1, b + 1)];

describe('beginnings of connections', () => {
  it('in order', () => {
    const read1 = read(...opened(), packet('<', ack, 901, 101, '220 hi'), packet('>', ack, 101, 907, 'USER'), packet('<', ack, 907, 105, '331'));
    assert.deepEqual(said(read1), [['<220 hi', '>+USER', '<+331']]);
    const [one] = read1.conversations;
    assert.deepEqual([one!.client, one!.server, one!.clientPort, one!.serverPort, one!.whole], ['192.0.2.1:5000', '198.51.100.1:80', 5000, 80, true]);
  });

  it('out of order, twice, and overlapping', () => {
    const parts = [packet('>', ack, 101, 901, 'abc'), packet('>', ack, 104, 901, 'def'), packet('>', ack, 107, 901, 'ghi'), packet('>', ack, 103, 901, 'cde')];
    const orders = [[0, 1, 2, 3], [2, 1, 0, 3], [1, 0, 2, 1, 0], [2, 3, 0, 1], [3, 2, 0, 0, 1], [0, 3, 1, 2]];
    for (const order of orders) assert.equal(said(read(...opened(), ...order.map((at) => parts[at]!)))[0]!.map((piece) => piece.slice(1)).join(''), 'abcdefghi', order.join());
  });

  it('numbers that wrap', () => {
    const first = 0xffff_fffe;
    assert.deepEqual(said(read(...opened(first, 0xffff_ffff), packet('>', ack, first + 3, 0, 'cd'), packet('>', ack, first + 1, 0, 'abc'))), [['>abc', '>d']]);
  });

  it('whoever speaks without having heard anything does not answer', () => {
    const crossing = read(...opened(), packet('<', ack, 901, 101, 'settings'), packet('>', ack, 101, 901, 'preface'), packet('>', ack, 108, 909, 'more'));
    assert.deepEqual(said(crossing), [['<settings', '>preface', '>+more']]);
  });

  it('no handshake: no whole conversation, and the higher port is the client', () => {
    const middle = read(packet('<', ack, 5000, 100, 'x'), packet('>', ack, 100, 5001, 'y'));
    assert.deepEqual([said(middle), middle.conversations[0]!.whole, middle.conversations[0]!.client], [[['<x', '>+y']], false, '192.0.2.1:5000']);
    // A SYN that is answered is enough.
    const answered = read(packet('<', syn | ack, 900, 101), packet('>', ack, 101, 901, 'y'));
    assert.deepEqual([said(answered), answered.conversations[0]!.whole], [[['>y']], true]);
  });

  it('where the first bytes are missing there is no conversation', () => {
    const gap = read(...opened(), packet('>', ack, 110, 901, 'later'));
    assert.deepEqual([gap.conversations.length, gap.incomplete], [0, 1]);
    // Behind a packet that was not kept whole nothing follows.
    assert.deepEqual(said(read(...opened(), packet('>', ack, 101, 901, 'ab', true), packet('>', ack, 103, 901, 'cd'))), [['>ab']]);
  });

  it('a pair of ports used again is another connection, a SYN sent again is not', () => {
    const twice = read(...opened(), packet('>', ack, 101, 901, 'one'), packet('>', fin | ack, 104, 901), ...opened(70_000), packet('>', ack, 70_001, 901, 'two'));
    assert.deepEqual(said(twice), [['>one'], ['>two']]);
    assert.deepEqual(said(read(packet('>', syn, 100, 0), ...opened(), packet('>', ack, 101, 901, 'one'))), [['>one']]);
  });

  it('silence is counted; what is kept is bounded', () => {
    const quiet = read(...opened(), packet('<', rst, 901, 101));
    assert.deepEqual([quiet.conversations.length, quiet.silent], [0, 1]);
    const long = read(...opened(), ...Array.from({ length: 20 }, (_, at) => packet('>', ack, 101 + at * 1000, 901, 'x'.repeat(1000))));
    assert.equal(long.conversations[0]!.said.reduce((sum, { bytes }) => sum + bytes.length, 0), keptBytes);
    // A flood of segments that fit nowhere.
    const flood = read(...opened(), ...Array.from({ length: 1000 }, (_, at) => packet('>', ack, 200 + at * 10, 901, 'x')), packet('>', ack, 101, 901, 'first'));
    assert.deepEqual(said(flood), [['>first']]);
  });
});
