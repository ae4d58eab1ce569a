// Health checks against real small servers on loopback: those that answer, refuse, hang, lie or talk garbage.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { ProbeResult } from '#upstream/health.ts';
import { poolSettings } from '#upstream/settings.ts';
import type { HealthSettings } from '#upstream/settings.ts';
import { probe, systemTimers } from './probe.ts';

async function listen(t: TestContext, serve: (socket: Socket, head: string) => void, answerUnasked = false): Promise<number> {
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => { /* the check went away */ });
    socket.on('close', () => sockets.delete(socket));
    let head = '';
    if (answerUnasked) serve(socket, '');
    else {
      socket.on('data', (bytes) => {
        head += bytes.toString('latin1');
        if (head.endsWith('\r\n\r\n')) serve(socket, head);
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function healthOf(health: unknown): HealthSettings {
  return poolSettings.parse({ servers: ['127.0.0.1:1'], health }).health!;
}

function run(port: number, health: unknown, address = '127.0.0.1'): Promise<ProbeResult> {
  return new Promise((resolve) => {
    // The timers and sockets of a check do not hold the process; the test must.
    const hold = setInterval(() => { /* nothing */ }, 50);
    probe({ address, port, hostHeader: `127.0.0.1:${port}` }, healthOf(health), systemTimers, () => performance.now(), (result) => {
      clearInterval(hold);
      resolve(result);
    });
  });
}

/** A port on which nobody listens: bound once and closed again. */
async function freePort(): Promise<number> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

test('HTTP: asks as configured and takes an expected status for health', async (t) => {
  let asked = '';
  const port = await listen(t, (socket, head) => {
    asked = head;
    socket.end(ok);
  });
  const result = await run(port, { http: { path: '/healthz?deep=1', host: 'shop.example', method: 'HEAD', headers: { 'X-Probe': 'yes' } } });
  assert.equal(result.healthy, true);
  assert.match(result.reason, /^HTTP 200 in \d+ ms$/);
  const lines = asked.toLowerCase().split('\r\n');
  assert.equal(lines[0], 'head /healthz?deep=1 http/1.1');
  for (const wanted of ['host: shop.example', 'x-probe: yes', 'user-agent: sallyport-health', 'connection: close']) assert.ok(lines.includes(wanted), `${wanted} in ${asked}`);
});

test('HTTP: the Host header is the server\'s address when none is configured', async (t) => {
  let asked = '';
  const port = await listen(t, (socket, head) => {
    asked = head;
    socket.end(ok);
  });
  await run(port, { http: {} });
  assert.match(asked, new RegExp(`^Host: 127\\.0\\.0\\.1:${port}\\r$`, 'm'));
});

const answers: [string, string, RegExp, boolean][] = [
  ['a status that is not expected', 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n', /^HTTP 503, wanted 200-299, 301$/, false],
  ['an expected status outside the range', 'HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n', /^HTTP 301 in \d+ ms$/, true],
  ['an interim answer first', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n', /^HTTP 204 in \d+ ms$/, true],
  ['an upgrade that nobody asked for', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n', /^HTTP 101, wanted 200-299, 301$/, false],
  ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n', /^the answer is not HTTP \(/, false],
  ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(40_000)}`, /^the head of the answer is over 16384 bytes$/, false],
  ['nothing, then FIN', '', /^connection closed before the status line$/, false],
  ['half a status line, then FIN', 'HTTP/1.1 2', /^connection closed before the status line$/, false],
];

for (const [title, answer, reason, healthy] of answers) {
  test(`HTTP: ${title}`, async (t) => {
    const port = await listen(t, (socket) => { socket.end(answer); });
    const result = await run(port, { http: { expect: ['200-299', 301] } });
    assert.match(result.reason, reason);
    assert.equal(result.healthy, healthy);
  });
}

test('HTTP: a reset before the answer', async (t) => {
  const port = await listen(t, (socket) => { socket.resetAndDestroy(); });
  const result = await run(port, { http: {} });
  assert.equal(result.healthy, false);
  assert.match(result.reason, /^connection (reset|closed before the status line)$/);
});

test('HTTP: an answer that never comes is a timeout, which says what it waited for', async (t) => {
  const port = await listen(t, () => { /* silence */ });
  assert.deepEqual(await run(port, { http: {}, timeout: '150ms' }), { healthy: false, reason: 'timed out after 150 ms waiting for the status line' });
});

test('HTTP: the status decides, however slow and long the body; the connection is given up in the end', async (t) => {
  let closed = (): void => { /* set below */ };
  const gone = new Promise<void>((resolve) => { closed = resolve; });
  const port = await listen(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\nabc');
    socket.on('close', () => { closed(); });
  });
  const hold = setInterval(() => { /* nothing */ }, 50);
  assert.equal((await run(port, { http: {}, timeout: '150ms' })).healthy, true);
  await gone;
  clearInterval(hold);
});

test('HTTP: a body that does not end is cut off, long before the time is up', async (t) => {
  let closed = (): void => { /* set below */ };
  const gone = new Promise<void>((resolve) => { closed = resolve; });
  const chunk = Buffer.alloc(16_384, 'x');
  const port = await listen(t, (socket) => {
    socket.on('close', () => { closed(); });
    const more = (): void => { while (!socket.destroyed && socket.write(chunk)); };
    socket.on('drain', more);
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    more();
  });
  const hold = setInterval(() => { /* nothing */ }, 50);
  assert.equal((await run(port, { http: {}, timeout: '60s' })).healthy, true);
  await gone;
  clearInterval(hold);
});

test('TCP: a connection that stands is health', async (t) => {
  const port = await listen(t, () => { /* says nothing */ });
  const result = await run(port, { tcp: true });
  assert.equal(result.healthy, true);
  assert.match(result.reason, /^connected in \d+ ms$/);
});

test('TCP and HTTP: a refused connection', async () => {
  const port = await freePort();
  for (const health of [{ tcp: true }, { http: {} }]) assert.deepEqual(await run(port, health), { healthy: false, reason: 'connection refused' });
});

test('cancelled: no result, no connection left', async (t) => {
  let connected = (): void => { /* set below */ };
  let closed = (): void => { /* set below */ };
  const arrived = new Promise<void>((resolve) => { connected = resolve; });
  const gone = new Promise<void>((resolve) => { closed = resolve; });
  const port = await listen(t, (socket) => {
    socket.on('close', () => { closed(); });
    connected();
  });
  const cancel = probe({ address: '127.0.0.1', port, hostHeader: 'a' }, healthOf({ http: {}, timeout: '5s' }), systemTimers, () => 0, () => {
    assert.fail('a cancelled check has no result');
  });
  const hold = setInterval(() => { /* nothing */ }, 50);
  await arrived;
  cancel();
  await gone;
  clearInterval(hold);
});
