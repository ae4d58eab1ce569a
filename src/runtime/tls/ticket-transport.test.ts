// What goes out of the transport, record by record: whole, split at every byte, and byte by byte. With real TLS:
// test/scenarios/runtime/ticket-transport.test.ts.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import type tls from 'node:tls';
import type { LinkTransport } from '../link.ts';
import { applicationType, handshakeType, RecordProtection, recordHeaderBytes } from './record-protection.ts';
import { TicketTransport } from './ticket-transport.ts';

const suite = 'TLS_AES_128_GCM_SHA256';
const alertType = 21;
const message = (type: number, body: Buffer): Buffer => Buffer.concat([Buffer.of(type, 0, body.length >> 8, body.length & 255), body]);
const ticket = message(4, Buffer.alloc(200, 't'));
const keyUpdate = message(24, Buffer.of(0));

interface Wire { readonly transport: TicketTransport; readonly secured: EventEmitter; readonly out: Buffer[]; readonly secret: Buffer }

/** A transport with nothing real around it; its handshake has come to where the secret is known. */
function wire(standardName = suite, protocol = 'TLSv1.3'): Wire {
  const out: Buffer[] = [];
  const below = Object.assign(new EventEmitter(), {
    destroyed: false, writableEnded: false, writableLength: 0, pause() { /* nothing is read */ }, resume() { /* nothing comes */ }, end() { /* told */ }, destroy() { /* told */ },
    write(bytes: Buffer, done: () => void) {
      out.push(Buffer.from(bytes));
      done();
      return true;
    },
  });
  const transport = new TicketTransport(below as unknown as LinkTransport);
  const secured = Object.assign(new EventEmitter(), { getCipher: () => ({ standardName }), getProtocol: () => protocol });
  transport.serves(secured as unknown as tls.TLSSocket);
  const secret = randomBytes(32);
  if (protocol === 'TLSv1.3') {
    secured.emit('keylog', Buffer.from(`SERVER_HANDSHAKE_TRAFFIC_SECRET ${'00'.repeat(32)} ${'11'.repeat(32)}\n`));
    secured.emit('keylog', Buffer.from(`SERVER_TRAFFIC_SECRET_0 ${'00'.repeat(32)} ${secret.toString('hex')}\n`));
  }
  return { transport, secured, out, secret };
}

/** The server's flight of the handshake: in the clear, and under another secret. */
const hello = Buffer.concat([Buffer.of(22, 3, 3, 0, 3, 1, 2, 3), Buffer.of(20, 3, 3, 0, 1, 1)]);
const flight = Buffer.concat([hello, new RecordProtection(suite, randomBytes(32)).seal(handshakeType, Buffer.alloc(900, 'c'), 0)]);

const ways: readonly { name: string; pieces(bytes: Buffer): Buffer[][] }[] = [
  { name: 'whole', pieces: (bytes) => [[bytes]] },
  { name: 'split at every byte', pieces: (bytes) => Array.from({ length: bytes.length - 1 }, (_, at) => [bytes.subarray(0, at + 1), bytes.subarray(at + 1)]) },
  { name: 'byte by byte', pieces: (bytes) => [Array.from(bytes, (byte) => Buffer.of(byte))] },
];

function recordsOf(bytes: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + recordHeaderBytes + bytes.readUInt16BE(at + 3);
    records.push(bytes.subarray(at, end));
    at = end;
  }
  return records;
}

for (const { name, pieces } of ways) {
  test(`a ticket is in front of the record behind it, all numbers in turn, a change of keys followed: ${name}`, () => {
    // The pieces lie by lengths only, which are the same whatever the secret is.
    const template = (secret: Buffer): Buffer[] => {
      const first = new RecordProtection(suite, secret);
      const second = first.next();
      return [
        Buffer.concat([flight, first.seal(handshakeType, ticket, 0), first.seal(handshakeType, ticket, 1), first.seal(applicationType, Buffer.from('220'), 2)]),
        Buffer.concat([first.seal(applicationType, Buffer.from('150'), 3), first.seal(applicationType, Buffer.from('226'), 4)]),
        Buffer.concat([first.seal(handshakeType, keyUpdate, 5), second.seal(applicationType, Buffer.from('227'), 0)]),
        Buffer.concat([second.seal(applicationType, Buffer.from('221'), 1), second.seal(alertType, Buffer.of(1, 0), 2)]),
      ];
    };
    const ends = template(randomBytes(32)).map(({ length }) => length);
    const total = ends.reduce((sum, length) => sum + length, 0);
    for (const cut of pieces(Buffer.alloc(total))) {
      const { transport, secured, out, secret } = wire();
      const all = template(secret);
      let at = 0;
      for (const [index, part] of all.entries()) {
        // Two that are asked for before one reply are one; the last has nothing behind it but the end.
        if (index > 0) transport.giveTicket();
        if (index === 1) {
          transport.giveTicket();
          secured.emit('secure');
        }
        const end = at + part.length;
        // Of a cut through several parts each part gets its own.
        let offset = 0;
        for (const { length } of cut) {
          const from = Math.max(offset, at);
          const to = Math.min(offset + length, end);
          if (to > from) transport.write(part.subarray(from - at, to - at));
          offset += length;
        }
        at = end;
      }
      transport.giveTicket();
      const first = new RecordProtection(suite, secret);
      const second = first.next();
      const records = recordsOf(Buffer.concat(out));
      assert.deepEqual(Buffer.concat(records.slice(0, 3)), flight);
      const opened = records.slice(3).map((record, number) => first.open(record, number) ?? second.open(record, number - 7));
      assert.deepEqual(opened.map((one) => one?.type === handshakeType ? (one.content[0] === 4 ? 'ticket' : 'keys') : one?.content.toString('latin1')),
        ['ticket', 'ticket', '220', 'ticket', '150', '226', 'keys', 'ticket', '227', 'ticket', '221', '\x01\x00']);
    }
  });
}

test('a record that is not sealed as it should be ends the connection', async () => {
  const { transport, out, secret } = wire();
  const protection = new RecordProtection(suite, secret);
  transport.write(Buffer.concat([flight, protection.seal(handshakeType, ticket, 0)]));
  const failed = once(transport, 'error');
  const before = out.length;
  transport.write(protection.seal(applicationType, Buffer.from('skipped a number'), 2));
  assert.match(String((await failed)[0]), /not sealed as expected/);
  assert.equal(out.length, before);
  assert.equal(transport.destroyed, true);
});

for (const [name, standardName, protocol] of [['TLS 1.2', 'ECDHE-RSA-AES128-GCM-SHA256', 'TLSv1.2'], ['a suite that is not known', 'TLS_AES_128_CCM_SHA256', 'TLSv1.3']] as const) {
  test(`${name} passes untouched`, () => {
    const { transport, secured, out } = wire(standardName, protocol);
    const before = Buffer.concat([flight, Buffer.of(23, 3, 3, 0, 9, 1, 2)]);
    transport.write(before);
    secured.emit('secure');
    transport.giveTicket();
    const behind = randomBytes(1000);
    transport.write(behind);
    assert.deepEqual(Buffer.concat(out), Buffer.concat([before, behind]));
  });
}

test('a ticket of two records is given once', () => {
  const { transport, secured, out, secret } = wire();
  const protection = new RecordProtection(suite, secret);
  const written = Buffer.concat([
    flight, protection.seal(handshakeType, ticket.subarray(0, 100), 0), protection.seal(handshakeType, ticket.subarray(100), 1),
    protection.seal(applicationType, Buffer.from('a'), 2),
  ]);
  transport.write(written);
  secured.emit('secure');
  transport.giveTicket();
  const behind = protection.seal(applicationType, Buffer.from('b'), 3);
  transport.write(behind);
  assert.deepEqual(Buffer.concat(out), Buffer.concat([written, behind]));
});
