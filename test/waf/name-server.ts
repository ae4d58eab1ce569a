// A small name server over UDP for tests (RFC 1035): answers A questions from a table, says that other names do not exist, and
// leaves some unanswered until it is told. Knows nothing else.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface NameServer {
  readonly port: number;
  /** Every name that was asked for, in order. */
  readonly asked: string[];
  /** Addresses by name. `silent` is never answered. */
  readonly names: Map<string, string>;
  /** Once so many questions have come. */
  questions(count: number): Promise<void>;
  close(): Promise<void>;
}

function nameIn(message: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at]!; length > 0; length = message[at]!) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 5 };
}

function answerTo(message: Buffer, end: number, address: string | undefined): Buffer {
  const head = Buffer.from(message.subarray(0, end));
  head.writeUInt16BE(address === undefined ? 0x8183 : 0x8180, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(address === undefined ? 0 : 1, 6);
  head.writeUInt32BE(0, 8);
  if (address === undefined) return head;
  return Buffer.concat([head, Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split('.').map(Number)])]);
}

export async function startNameServer(names: Readonly<Record<string, string>>): Promise<NameServer> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  const table = new Map(Object.entries(names));
  const waiting = new Set<() => void>();
  socket.on('message', (message, from) => {
    const { name, end } = nameIn(message);
    asked.push(name);
    const address = table.get(name);
    if (address !== 'silent') socket.send(answerTo(message, end, address), from.port, from.address);
    for (const look of waiting) look();
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: (socket.address() as AddressInfo).port, asked, names: table,
    questions: async (count) => await new Promise((resolve) => {
      const look = (): void => {
        if (asked.length < count) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    }),
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}
