// Links on TCP handles, over real connections of loopback: all that net.Socket would do for a link.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import type { OperationalFailure } from '#core/failure.ts';
import type { LinkHandler } from '#contract/link.ts';
import { Acceptor } from './acceptor.ts';
import { ClosingLinks } from './closing.ts';
import { HandleSocket } from './handle-socket.ts';
import type { SocketLink } from './link.ts';
import { isTcpHandle, streamHandles } from './node-handles.ts';

const skip = streamHandles === undefined ? 'this Node has other handles' : false;

class Recorder implements LinkHandler {
  text = '';
  events: string[] = [];
  failure: OperationalFailure | undefined = undefined;
  #waiting: (() => void) | undefined = undefined;
  received(_link: unknown, bytes: Buffer, start: number, end: number): void { this.text += bytes.toString('latin1', start, end); this.#note('received'); }
  ended(): void { this.#note('ended'); }
  drained(): void { this.#note('drained'); }
  relayed(): void { this.#note('relayed'); }
  closed(_link: unknown, failure: OperationalFailure | undefined): void { this.failure = failure; this.#note('closed'); }
  #note(event: string): void { this.events.push(event); this.#waiting?.(); }

  async seen(event: string): Promise<void> {
    while (!this.events.includes(event)) await new Promise<void>((resolve) => { this.#waiting = resolve; });
  }
}

/** A link as the gateway accepts it, and the client at its other end. */
async function connection(): Promise<{ link: SocketLink; events: Recorder; peer: net.Socket; close(): void }> {
  const events = new Recorder();
  const accepted = Promise.withResolvers<SocketLink>();
  const acceptor = new Acceptor({
    host: '127.0.0.1', port: 0, backlog: 10, failed: accepted.reject,
    accepted: (made) => { made.handler = events; accepted.resolve(made); },
  });
  await acceptor.listen();
  const peer = net.connect({ port: acceptor.port, host: '127.0.0.1', allowHalfOpen: true });
  peer.on('error', () => { /* resets are part of the tests */ });
  if (peer.connecting) await once(peer, 'connect');
  const link = await accepted.promise;
  acceptor.close();
  assert.ok(link.socket instanceof HandleSocket);
  return { link, events, peer, close: () => { peer.destroy(); link.reset(); } };
}

async function textOf(peer: net.Socket): Promise<string> {
  let text = '';
  peer.on('data', (bytes: Buffer) => { text += bytes.toString('latin1'); });
  await once(peer, 'end');
  return text;
}

test('both directions, half closed on either side, then closed', { skip }, async () => {
  const { link, events, peer, close } = await connection();
  assert.equal(link.peer.port, peer.localPort);
  assert.equal(link.local.port, peer.remotePort);
  peer.end('question');
  await events.seen('ended');
  assert.equal(events.text, 'question');
  assert.equal(events.events.includes('closed'), false);
  link.sendText('answer');
  link.end();
  assert.equal(await textOf(peer), 'answer');
  await events.seen('closed');
  assert.equal(events.failure, undefined);
  assert.equal(link.bytesIn, 8);
  assert.equal(link.bytesOut, 6);
  close();
});

test('more than the kernel takes: told to wait, told when it has gone, in order', { skip }, async () => {
  const { link, events, peer, close } = await connection();
  const pieces = 40;
  const piece = Buffer.alloc(256 * 1024);
  let flows = true;
  for (let i = 0; i < pieces; i++) {
    piece.fill(i);
    flows = link.send(piece, 0, piece.length);
  }
  assert.equal(flows, false);
  const unsent = link.unsentBytes;
  assert.ok(unsent > 0);
  let count = 0;
  peer.on('data', (bytes: Buffer) => {
    for (const byte of bytes) assert.equal(byte, Math.floor(count++ / piece.length));
  });
  await events.seen('drained');
  assert.equal(link.unsentBytes, 0);
  link.end();
  await once(peer, 'end');
  assert.equal(count, pieces * piece.length);
  close();
});

test('what was sent in the turn goes out before a close, and nothing behind it', { skip }, async () => {
  const { link, events, peer, close } = await connection();
  link.sendText('first ');
  link.sendText('second');
  link.close();
  assert.ok(link.closing);
  link.sendText(' third');
  link.close();
  assert.equal(await textOf(peer), 'first second');
  peer.end();
  await events.seen('closed');
  assert.deepEqual(events.events, ['closed']);
  close();
});

test('a close behind a turn and a slow peer: bytes first, then FIN; and a peer that takes nothing is watched', { skip }, async () => {
  const { link, events, peer, close } = await connection();
  const closing = new ClosingLinks(1000);
  peer.pause();
  const bytes = Buffer.alloc(8 * 1024 * 1024, 'x');
  link.send(bytes, 0, bytes.length);
  link.sendText('end');
  link.close();
  closing.watch(link, 0);
  assert.equal(closing.count, 1);
  assert.equal((await textOf(peer.resume())).length, bytes.length + 3);
  await events.seen('closed');
  closing.sweep(10);
  assert.equal(closing.count, 0);
  close();
});

test('a closing link that moves nothing is reset', { skip }, async () => {
  const { link, events, peer, close } = await connection();
  const closing = new ClosingLinks(1000);
  peer.pause();
  link.sendText('x');
  const bytes = Buffer.alloc(16 * 1024 * 1024);
  link.send(bytes, 0, bytes.length);
  link.close();
  closing.watch(link, 0);
  closing.sweep(1);
  closing.sweep(1002);
  await events.seen('closed');
  close();
});

test('pause stops reading, resume goes on', { skip }, async () => {
  const { link, events, peer, close } = await connection();
  link.pause();
  await new Promise<void>((resolve) => { peer.write('waits', () => { resolve(); }); });
  await new Promise((resolve) => { setImmediate(resolve); });
  assert.equal(events.text, '');
  link.resume();
  await events.seen('received');
  assert.equal(events.text, 'waits');
  close();
});

test('resets: ours reaches the peer, theirs is a failure with its code', { skip }, async () => {
  const ours = await connection();
  ours.link.reset();
  const [error] = await once(ours.peer, 'error') as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNRESET');
  await ours.events.seen('closed');
  const theirs = await connection();
  theirs.peer.resetAndDestroy();
  await theirs.events.seen('closed');
  assert.equal(theirs.events.failure?.code, 'reset');
});

test('a reset in the same turn as FIN still closes', { skip }, async () => {
  const { link, events, close } = await connection();
  link.end();
  link.reset();
  await events.seen('closed');
  assert.ok(link.closed);
  close();
});

test('a handle that lacks something is none', () => {
  assert.equal(isTcpHandle({ readStart() { return 0; } }), false);
  assert.equal(isTcpHandle(undefined), false);
});

test('a connection that was taken over holds nothing of the socket that dialled it', { skip }, async () => {
  const listener = net.createServer((accepted) => { accepted.on('error', () => { /* gone */ }); });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const socket = net.connect((listener.address() as net.AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  const handle = (socket as unknown as { _handle: object })._handle;
  const holdsIt = (): boolean => Reflect.ownKeys(handle).some((key) => (handle as Record<string | symbol, unknown>)[key] === socket);
  assert.equal(holdsIt(), true);
  const taken = HandleSocket.takeOver(socket, Buffer.alloc(1024))!;
  assert.equal(holdsIt(), false);
  taken.attach({ deliver() { /* nothing comes */ }, nextReadBuffer: () => undefined, onEnded() { /* nor ends */ }, onDrained() { /* nor drains */ }, onFailed() { /* well */ },
    onClosed() { listener.close(); } });
  taken.destroy();
  await once(listener, 'close');
});
