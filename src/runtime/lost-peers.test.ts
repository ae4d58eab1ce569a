// Peers that reset a connection which is not read from, over real connections of loopback: on TCP handles and on ordinary sockets.
import { suite, test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import type { OperationalFailure } from '#core/failure.ts';
import type { LinkHandler } from '#contract/link.ts';
import { HandleSocket } from './handle-socket.ts';
import { SocketLink } from './link.ts';
import { lookEveryMs, LostPeers } from './lost-peers.ts';
import { isTcpHandle, streamHandles } from './node-handles.ts';
import { sharedReadBuffer } from './read-buffers.ts';

class Recorder implements LinkHandler {
  text = '';
  events: string[] = [];
  failure: OperationalFailure | undefined = undefined;
  readonly closing = Promise.withResolvers<void>();
  received(_link: unknown, bytes: Buffer, start: number, end: number): void { this.text += bytes.toString('latin1', start, end); }
  ended(): void { this.events.push('ended'); }
  drained(): void { this.events.push('drained'); }
  relayed(): void { this.events.push('relayed'); }
  closed(_link: unknown, failure: OperationalFailure | undefined): void { this.failure = failure; this.events.push('closed'); this.closing.resolve(); }
}

interface Connection { readonly link: SocketLink; readonly events: Recorder; readonly peer: net.Socket }

/** A paused link of either kind. */
async function connection(t: TestContext, onHandle: boolean, role: 'client' | 'server'): Promise<Connection> {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peer = net.connect({ port: (server.address() as net.AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  peer.on('error', () => { /* resets are part of the tests */ });
  const [socket] = await once(server, 'connection') as [net.Socket];
  server.close();
  const events = new Recorder();
  const handle = (socket as unknown as { _handle: unknown })._handle;
  assert.ok(isTcpHandle(handle));
  const link = new SocketLink(onHandle ? HandleSocket.takeOver(socket, sharedReadBuffer)! : socket, role);
  if (!onHandle) socket.on('data', (bytes: Buffer) => { link.deliver(bytes, 0, bytes.length); });
  link.handler = events;
  link.begin();
  link.pause();
  t.after(() => { peer.destroy(); link.reset(); });
  return { link, events, peer };
}

async function turns(): Promise<void> {
  for (let count = 0; count < 20; count++) await new Promise((resolve) => { setImmediate(resolve); });
}

/** A second and another: as long as it may take. */
function twoSeconds(links: readonly SocketLink[]): void {
  const lost = new LostPeers(100);
  const sessions = links.map((link) => (link.role === 'client' ? { client: link, serverLinks: [] } : { client: undefined as never, serverLinks: [link] }));
  for (let nowMs = 0; nowMs < 2 * lookEveryMs; nowMs += 100) lost.sweep(nowMs, sessions);
}

for (const onHandle of [true, false]) {
  suite(onHandle ? 'on TCP handles' : 'on ordinary sockets', { skip: onHandle && streamHandles === undefined ? 'this Node has other handles' : false }, () => {
    test('a client that resets is gone within two seconds, whatever it had sent', async (t) => {
      const { link, events, peer } = await connection(t, onHandle, 'client');
      peer.write('unread');
      await turns();
      peer.resetAndDestroy();
      await turns();
      assert.deepEqual([events.events, events.text], [[], ''], 'nothing says so by itself');
      twoSeconds([link]);
      await events.closing.promise;
      assert.equal(events.failure?.code, 'reset');
      assert.equal(events.text, '');
    });

    test('what a server had sent before its reset is read to the end, past back-pressure', async (t) => {
      const { link, events, peer } = await connection(t, onHandle, 'server');
      peer.write('all of it');
      await turns();
      peer.resetAndDestroy();
      await turns();
      twoSeconds([link]);
      link.pause();
      await events.closing.promise;
      assert.equal(events.text, 'all of it');
      assert.equal(events.failure?.code, 'reset');
    });

    test('a relay from a server that has reset passes on all that came', async (t) => {
      const [source, target] = [await connection(t, onHandle, 'server'), await connection(t, onHandle, 'client')];
      const piece = Buffer.alloc(64 * 1024, 'x');
      source.link.relayTo(target.link, 1_000_000_000);
      // Until back-pressure has come to the link; then what comes next waits in the kernel.
      while (!source.link.unread) {
        source.peer.write(piece);
        await turns();
      }
      source.peer.write(piece);
      await turns();
      const before = source.link.bytesIn;
      source.peer.resetAndDestroy();
      await turns();
      assert.equal(source.link.bytesIn, before, 'it waits');
      twoSeconds([source.link]);
      await source.events.closing.promise;
      const passed = source.link.bytesIn;
      assert.ok(passed > before);
      let text = '';
      target.peer.on('data', (bytes: Buffer) => { text += bytes.toString('latin1'); });
      target.link.end();
      await once(target.peer, 'end');
      assert.equal(text.length, passed);
    });

    test('a peer that is there, one that has finished sending, and one after our own FIN are left alone', async (t) => {
      const connections = [await connection(t, onHandle, 'client'), await connection(t, onHandle, 'client'), await connection(t, onHandle, 'client')];
      connections[1]!.peer.end('request');
      connections[2]!.link.end();
      connections[2]!.peer.end('goodbye');
      await turns();
      twoSeconds(connections.map(({ link }) => link));
      await turns();
      for (const { events } of connections) assert.deepEqual(events.events, []);
      connections[1]!.link.resume();
      connections[2]!.link.resume();
      await connections[2]!.events.closing.promise;
      assert.deepEqual(connections.map(({ events }) => [events.text, events.failure]), [['', undefined], ['request', undefined], ['goodbye', undefined]]);
    });
  });
}

test('many are asked about a few at a time, each within a second of the look that found it paused', () => {
  const asked: number[] = [];
  const links = Array.from({ length: 95 }, (_, index) => {
    const link = Object.create(SocketLink.prototype) as SocketLink;
    Object.defineProperties(link, { unread: { value: true }, peerIsGone: { value: () => { asked.push(index); return false; } } });
    return link;
  });
  const sessions = links.map((client) => ({ client, serverLinks: [] }));
  const lost = new LostPeers(100);
  const perSweep: number[] = [];
  for (let nowMs = 0; nowMs <= lookEveryMs; nowMs += 100) {
    const before = asked.length;
    lost.sweep(nowMs, sessions);
    perSweep.push(asked.length - before);
  }
  assert.deepEqual(perSweep, [0, 10, 10, 10, 10, 10, 10, 10, 10, 10, 5]);
  assert.deepEqual(asked, links.map((_, index) => index));
});
