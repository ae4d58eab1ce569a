// Links over real sockets of loopback: what must hold of closing, resetting and relaying below every protocol.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import type { Link, LinkHandler } from '#contract/link.ts';
import { SocketLink } from './link.ts';

async function pair(): Promise<{ link: SocketLink; peer: net.Socket; close(): void }> {
  const server = net.createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peer = net.connect({ port: (server.address() as net.AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  const [socket] = await once(server, 'connection') as [net.Socket];
  server.close();
  peer.on('error', () => { /* resets are part of the tests */ });
  const link = new SocketLink(socket, 'client');
  socket.on('data', (bytes: Buffer) => { link.deliver(bytes, 0, bytes.length); });
  return { link, peer, close: () => { peer.destroy(); socket.destroy(); } };
}

function handler(events: Partial<LinkHandler>): LinkHandler {
  return { received() { /* unheard */ }, ended() { /* unheard */ }, drained() { /* unheard */ }, relayed() { /* unheard */ }, closed() { /* unheard */ }, ...events };
}

test('a reset in the same turn as the FIN still closes', async () => {
  const { link, close } = await pair();
  const gone = new Promise<void>((resolve) => { link.handler = handler({ closed: () => { resolve(); } }); });
  link.end();
  link.reset();
  await gone;
  assert.ok(link.closed);
  close();
});

test('bytes behind the end of a relay: counted while it ends, delivered afterwards', async () => {
  const { link, peer, close } = await pair();
  const other = await pair();
  const seen: string[] = [];
  const done = new Promise<void>((resolve) => {
    link.handler = handler({
      relayed: (source: Link) => { seen.push(`relayed, ${(source as SocketLink).surplusBytes} behind`); },
      received: (source: Link, bytes, start, end) => {
        seen.push(`received ${bytes.toString('latin1', start, end)}, ${(source as SocketLink).surplusBytes} behind`);
        resolve();
      },
    });
  });
  link.relayTo(other.link, 5);
  peer.write('12345rest');
  await done;
  assert.deepEqual(seen, ['relayed, 4 behind', 'received rest, 0 behind']);
  close();
  other.close();
});

test('a bug is reported to the guard that was there when the bytes came', async () => {
  const { link, peer, close } = await pair();
  const reported = new Promise<unknown>((resolve) => { link.guard = { bug: resolve }; });
  link.handler = handler({
    received: () => {
      link.guard = undefined;
      throw new Error('a bug behind giving the link back');
    },
  });
  peer.write('x');
  assert.match(String(await reported), /a bug behind/);
  close();
});

test('a large relay takes a buffer once a read shows that it does not trickle; at its end that serves the next relay', async (t) => {
  const [first, second, target] = [await pair(), await pair(), await pair()];
  // Also when something here fails: open sockets would keep the tests running.
  t.after(() => { for (const one of [first, second, target]) one.close(); });
  const deliver = (link: SocketLink, bytes: number): void => { link.deliver(Buffer.alloc(bytes), 0, bytes); };
  first.link.relayTo(target.link, Number.MAX_SAFE_INTEGER);
  deliver(first.link, 16 * 1024);
  assert.equal(first.link.nextReadBuffer(), undefined);
  deliver(first.link, 16 * 1024 + 1);
  const buffer = first.link.nextReadBuffer();
  assert.ok(buffer !== undefined);
  const gone = new Promise<void>((resolve) => { first.link.handler = handler({ closed: () => { resolve(); } }); });
  first.peer.resetAndDestroy();
  await gone;
  second.link.relayTo(target.link, Number.MAX_SAFE_INTEGER);
  deliver(second.link, 32 * 1024);
  assert.equal(second.link.nextReadBuffer(), buffer);
  second.link.stopRelay();
  second.link.relayTo(target.link, Infinity);
  deliver(second.link, 32 * 1024);
  assert.notEqual(second.link.nextReadBuffer(), buffer);
});
