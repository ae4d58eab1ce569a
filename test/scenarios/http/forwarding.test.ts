// The HTTP gateway between a raw client and a raw server: forwarding, framing, keep-alive, pipelining, local answers.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startGateway, type GatewayUnderTest } from '../../harness/gateway.ts';
import { RawClient, startFixedServer, startRawServer, type RawServer } from '../../harness/raw.ts';

let server: RawServer;
let gateway: GatewayUnderTest;

const configuration = (port: number, more = ''): string => `
listeners: { plain: { bind: "127.0.0.1:0", service: site } }
services:
  site:
    protocol: http
    upgrades: [websocket]
    routes:
      - { id: hello, match: { path: /hello }, respond: { status: 200, body: "hi" } }
      - { id: web, match: {}, pool: web }
${more}
pools: { web: { servers: ["127.0.0.1:${port}"] } }
policy:
  - { id: no-admin, operation: { path: /admin/** }, then: deny }
  - { id: open, then: allow }
`;

before(async () => {
  server = await startFixedServer('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nworld');
  gateway = await startGateway(configuration(server.port));
});
after(async () => {
  await gateway.stop();
  await server.close();
});

test('a request is forwarded and its response comes back; the connection stays', async () => {
  const client = new RawClient(gateway.port());
  client.send('GET /a HTTP/1.1\r\nHost: x.example\r\n\r\n');
  await client.until((text) => text.endsWith('world'));
  assert.match(client.received, /^HTTP\/1\.1 200 OK\r\n/);
  client.received = '';
  client.send('GET /b HTTP/1.1\r\nHost: x.example\r\n\r\n');
  await client.until((text) => text.endsWith('world'));
  client.destroy();
  const record = await gateway.record(({ path }) => path === '/b');
  assert.equal(record.outcome, 'allowed');
  assert.equal(record.status, 200);
  assert.equal(record.rule, 'open');
  assert.equal(record.route, 'web');
});

test('pipelined requests are answered in order, local and forwarded mixed', async () => {
  const client = new RawClient(gateway.port());
  const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
  client.send(get('/hello') + get('/p') + get('/admin/z') + get('/hello', 'Connection: close\r\n'));
  const text = await client.untilEnd();
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  assert.deepEqual(statuses, ['200', '200', '403', '200']);
  assert.ok(text.indexOf('hi') < text.indexOf('world'));
  client.destroy();
});

test('a thousand pipelined local answers cost no recursion', async () => {
  const client = new RawClient(gateway.port());
  client.send(`${'GET /hello HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1000)}GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const text = await client.untilEnd();
  assert.equal(text.split('HTTP/1.1 200').length - 1, 1001);
  client.destroy();
});

test('a request fed byte by byte is the same request', async () => {
  // This server waits for the body, as an early answer would end the connection.
  const patient = await startRawServer((socket, _index, received) => {
    socket.on('data', () => { if (received().endsWith('\r\n\r\nabc')) socket.write('HTTP/1.1 204 No Content\r\n\r\n'); });
  });
  const other = await startGateway(configuration(patient.port));
  const client = new RawClient(other.port());
  for (const letter of 'POST /bytes HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc') {
    client.send(letter);
    await new Promise((resolve) => { setImmediate(resolve); });
  }
  await client.until((text) => text.includes('204 No Content'));
  const seen = patient.received[0]!;
  assert.ok(seen.startsWith('POST /bytes HTTP/1.1\r\n') && seen.includes('Content-Length: 3\r\n'), seen);
  client.destroy();
  await other.stop();
  await patient.close();
});

test('operations are counted as operations, not as records', async () => {
  const before = gateway.status().operations;
  for (let count = 1; count <= 3; count++) {
    const client = new RawClient(gateway.port());
    client.send('GET /counted HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await client.untilEnd();
  }
  const first = await gateway.record(({ path }) => path === '/counted');
  await gateway.record(({ kind, session }) => kind === 'session' && session === first.session);
  assert.equal(gateway.status().operations - before, 3);
});

test('a denied request never reaches the server and a refused one ends the connection', async () => {
  const client = new RawClient(gateway.port());
  client.send('GET /admin/secret HTTP/1.1\r\nHost: x\r\n\r\n');
  await client.until((text) => text.includes('403'));
  client.send('GET /twice?token=secret HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab');
  const text = await client.untilEnd();
  assert.match(text, /HTTP\/1\.1 400/);
  assert.ok(server.received.every((seen) => !seen.includes('secret') && !seen.includes('Content-Length: 2')));
  const record = await gateway.record(({ outcome }) => outcome === 'refused');
  assert.match(record.rule!, /^http1\./);
  assert.match(record.reason!, /; it began GET \/twice$/);
  client.destroy();
});

test('a chunked request body arrives in canonical chunks', async () => {
  const client = new RawClient(gateway.port());
  client.send('POST /chunks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0006\r\n world\r\n0\r\n\r\n');
  await client.until((text) => text.endsWith('world'));
  const seen = server.received.find((text) => text.includes('/chunks'))!;
  assert.ok(seen.endsWith('5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n'), seen);
  client.destroy();
});

test('responses: chunked stays chunked, until-close becomes chunked, HTTP/1.0 clients get neither', async () => {
  const answers = [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    'HTTP/1.0 200 OK\r\n\r\nuntil close',
  ];
  const odd = await startRawServer((socket, _index, received) => {
    socket.on('data', () => {
      if (!received().includes('\r\n\r\n')) return;
      const closes = received().includes('/close');
      socket.write(answers[closes ? 1 : 0]!);
      if (closes) socket.end();
    });
  });
  const other = await startGateway(configuration(odd.port));
  const chunked = new RawClient(other.port()).send('GET /chunked HTTP/1.1\r\nHost: x\r\n\r\n');
  await chunked.until((text) => text.endsWith('3\r\nabc\r\n0\r\n\r\n'));
  const closing = new RawClient(other.port()).send('GET /close HTTP/1.1\r\nHost: x\r\n\r\n');
  await closing.until((text) => text.endsWith('b\r\nuntil close\r\n0\r\n\r\n'));
  const old = new RawClient(other.port()).send('GET /chunked HTTP/1.0\r\nHost: x\r\n\r\n');
  const text = await old.untilEnd();
  assert.match(text, /Connection: close/);
  assert.ok(text.endsWith('\r\n\r\nabc'), text);
  for (const client of [chunked, closing, old]) client.destroy();
  await other.stop();
  await odd.close();
});

test('a WebSocket upgrade is relayed both ways and recorded with its bytes', async () => {
  const sockets = await startRawServer((socket, _index, received) => {
    let up = false;
    socket.on('data', (bytes: Buffer) => {
      if (up) { socket.write(Buffer.concat([Buffer.from('echo:'), bytes])); return; }
      if (!received().includes('\r\n\r\n')) return;
      up = true;
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly');
    });
    socket.on('end', () => { socket.end(); });
  });
  const other = await startGateway(configuration(sockets.port));
  const client = new RawClient(other.port()).send('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  await client.until((text) => text.endsWith('\r\n\r\nearly'));
  assert.match(client.received, /^HTTP\/1\.1 101 /);
  client.send('ping');
  await client.until((text) => text.endsWith('echo:ping'));
  client.end();
  await client.untilEnd();
  const record = await other.record(({ path }) => path === '/ws');
  assert.equal(record.status, 101);
  assert.equal(record.outcome, 'allowed');
  client.destroy();
  await other.stop();
  await sockets.close();
});
