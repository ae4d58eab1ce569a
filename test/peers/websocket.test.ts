// `ws` as WebSocket client and server through the gateway: text and binary, large and fragmented messages, pings, close
// codes in both directions, subprotocols. RFC 6455.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer, type RawData } from 'ws';
import { startGateway, type GatewayUnderTest } from '../harness/gateway.ts';
import { assertNothingLeft } from '../harness/site.ts';

let server: WebSocketServer;
let gateway: GatewayUnderTest;

before(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: 64 * 1024 * 1024, handleProtocols: (offered) => [...offered].at(-1) ?? false });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    socket.on('message', (data: RawData, binary) => {
      const text = binary ? '' : String(data);
      if (text === 'close me') socket.close(4001, 'as you wish');
      else if (text === 'ping me') socket.ping('are you there');
      else socket.send(data, { binary });
    });
  });
  gateway = await startGateway(`
listeners: { plain: { bind: "127.0.0.1:0", service: site } }
services:
  site:
    protocol: http
    routes:
      - { id: chat, match: { path: /chat }, pool: web, upgrades: [websocket] }
      - { id: rest, match: {}, pool: web }
pools: { web: { servers: ["127.0.0.1:${(server.address() as AddressInfo).port}"] } }
policy: [{ id: no-evil, operation: { header: { origin: "*evil*" } }, then: deny }, { id: open, then: allow }]
`);
});
after(async () => {
  await assertNothingLeft(gateway);
  await gateway.stop();
  for (const client of server.clients) client.terminate();
  server.close();
});

async function open(path = '/chat', protocols: string[] = [], headers: Record<string, string> = {}): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port()}${path}`, protocols, { headers, maxPayload: 64 * 1024 * 1024 });
  await once(socket, 'open');
  return socket;
}

async function echoed(socket: WebSocket, data: string | Buffer): Promise<Buffer> {
  const answer = once(socket, 'message') as Promise<[Buffer]>;
  socket.send(data);
  return (await answer)[0];
}

test('messages of every size come back as they were', async () => {
  const socket = await open();
  assert.equal(String(await echoed(socket, 'hello')), 'hello');
  for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_000_000, 16_000_000]) {
    const message = randomBytes(size);
    const hash = createHash('sha256').update(await echoed(socket, message)).digest('hex');
    assert.equal(hash, createHash('sha256').update(message).digest('hex'), `${size} bytes`);
  }
  socket.close(1000);
  const [code] = await once(socket, 'close') as [number];
  assert.equal(code, 1000);
});

test('fragmented messages, with a ping between the fragments', async () => {
  const socket = await open();
  const answer = once(socket, 'message') as Promise<[Buffer]>;
  const pong = once(socket, 'pong') as Promise<[Buffer]>;
  socket.send('one ', { fin: false });
  socket.ping('still here');
  socket.send('two ', { fin: false });
  socket.send('three', { fin: true });
  assert.equal(String((await pong)[0]), 'still here');
  assert.equal(String((await answer)[0]), 'one two three');
  const ping = once(socket, 'ping') as Promise<[Buffer]>;
  socket.send('ping me');
  assert.equal(String((await ping)[0]), 'are you there');
  socket.terminate();
});

test('close codes and reasons pass in both directions', async () => {
  const socket = await open();
  const closed = once(socket, 'close') as Promise<[number, Buffer]>;
  socket.send('close me');
  const [code, reason] = await closed;
  assert.deepEqual([code, String(reason)], [4001, 'as you wish']);
  const other = await open();
  const seen = Promise.race([...server.clients].map(async (client) => once(client, 'close') as Promise<[number, Buffer]>));
  other.close(4002, 'goodbye');
  const [seenCode, seenReason] = await seen;
  assert.deepEqual([seenCode, String(seenReason)], [4002, 'goodbye']);
});

test('subprotocols are negotiated end to end', async () => {
  const socket = await open('/chat', ['one', 'two']);
  assert.equal(socket.protocol, 'two');
  socket.terminate();
});

test('where the route lists no upgrade, or a rule denies, there is none', async () => {
  const refused = async (path: string, headers: Record<string, string>): Promise<number> => {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port()}${path}`, { headers });
    socket.on('error', () => { /* told by the response */ });
    const [, response] = await once(socket, 'unexpected-response') as [unknown, { statusCode: number; destroy(): void }];
    response.destroy();
    return response.statusCode;
  };
  assert.equal(await refused('/other', {}), 426);
  assert.equal(await refused('/chat', { Origin: 'https://evil.example' }), 403);
});

test('fifty conversations at once', async () => {
  await Promise.all(Array.from({ length: 50 }, async (_, number) => {
    const socket = await open();
    for (let count = 0; count < 20; count++) assert.equal(String(await echoed(socket, `${number}:${count}`)), `${number}:${count}`);
    socket.close();
    await once(socket, 'close');
  }));
  const records = gateway.records.filter(({ status }) => status === 101);
  assert.ok(records.every(({ outcome }) => outcome === 'allowed' || outcome === 'aborted'));
});
