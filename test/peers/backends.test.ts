// nginx, Apache and HAProxy as servers behind the gateway: bodies of all sizes, chunked, compressed, in part, not modified;
// and keep-alive times of a second, which provoke the race between a server that closes an idle connection and a request
// that is just being sent on it. Bodies are compared by SHA-256.
import { suite, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import http from 'node:http';
import { gunzipSync } from 'node:zlib';
import { startGateway, type GatewayUnderTest } from '../harness/gateway.ts';
import { needs } from './peer.ts';
import { startApache, startHaproxy, startNginx, type Origin } from './origins.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

interface Answer { readonly status: number; readonly headers: http.IncomingHttpHeaders; readonly body: Buffer }

async function ask(port: number, path: string, options: http.RequestOptions = {}, body?: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', path, ...options }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (bytes: Buffer) => { parts.push(bytes); });
      response.on('end', () => { resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }); });
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

const behind = (origin: Origin): string => `
listeners: { plain: { bind: "127.0.0.1:0", service: site } }
services: { site: { protocol: http, pool: web, limits: { maxBodyBytes: 100MiB, maxRequestsPerConnection: 1000000 } } }
pools: { web: { servers: ["127.0.0.1:${origin.port}"], keepAlive: { idleTimeout: 55s } } }
policy: [{ id: open, then: allow }]
`;

async function withOrigin(start: () => Promise<Origin>, scenario: (gateway: GatewayUnderTest, origin: Origin) => Promise<void>): Promise<void> {
  const origin = await start();
  const gateway = await startGateway(behind(origin));
  try {
    await scenario(gateway, origin);
    assert.deepEqual(gateway.bugs, []);
  } finally {
    await gateway.stop();
    await origin.stop();
  }
}

async function bodies(gateway: GatewayUnderTest, origin: Origin): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  const port = gateway.port();
  for (const [path, content] of origin.files) {
    const whole = await ask(port, path, { agent });
    assert.equal(whole.status, 200);
    assert.equal(sha256(whole.body), sha256(content), path);
    const head = await ask(port, path, { agent, method: 'HEAD' });
    assert.deepEqual([head.status, head.body.length, head.headers['content-length']], [200, 0, String(content.length)]);
  }
  const hundred = origin.files.get('/hundred.bin')!;
  const part = await ask(port, '/hundred.bin', { agent, headers: { Range: 'bytes=1000-1999' } });
  assert.equal(part.status, 206);
  assert.equal(sha256(part.body), sha256(hundred.subarray(1000, 2000)));
  const validator = (await ask(port, '/hundred.bin', { agent })).headers.etag!;
  const same = await ask(port, '/hundred.bin', { agent, headers: { 'If-None-Match': validator } });
  assert.deepEqual([same.status, same.body.length], [304, 0]);
  const packed = await ask(port, '/text.txt', { agent, headers: { 'Accept-Encoding': 'gzip' } });
  assert.deepEqual([packed.headers['content-encoding'], packed.headers['transfer-encoding']], ['gzip', 'chunked']);
  assert.equal(sha256(gunzipSync(packed.body)), sha256(origin.files.get('/text.txt')!));
  const missing = await ask(port, '/missing', { agent });
  assert.equal(missing.status, 404);
  agent.destroy();
}

/** Requests with pauses around the keep-alive time of the server, on many connections: none may fail. */
async function race(gateway: GatewayUnderTest, keepAliveMs: number, context: { diagnostic(text: string): void }): Promise<void> {
  const agent = new http.Agent({ keepAlive: true });
  const failures: string[] = [];
  let requests = 0;
  const one = async (number: number): Promise<void> => {
    for (let round = 0; round < 12; round++) {
      const answer = await ask(gateway.port(), '/small.txt', { agent });
      requests++;
      if (answer.status !== 200 || answer.body.toString() !== 'x') failures.push(`${answer.status} ${answer.body.toString()}`);
      // From just before to just after the server closes, at another millisecond each time.
      if (round % 4 === 3) await new Promise((resolve) => { setTimeout(resolve, keepAliveMs - 15 + (number * 7 + round) % 30); });
    }
  };
  await Promise.all(Array.from({ length: 60 }, async (_, number) => one(number)));
  agent.destroy();
  await gateway.flushed();
  const second = gateway.records.filter(({ attempts = 0 }) => attempts > 1).length;
  context.diagnostic(`${requests} requests, ${second} of them on a second attempt`);
  assert.deepEqual(failures, []);
}

const origins: readonly [string, (keepAlive: number) => Promise<Origin>, false | string][] = [
  ['nginx', startNginx, needs('nginx')],
  ['Apache', startApache, needs('apache2')],
  ['HAProxy before nginx', async (keepAlive) => {
    const nginx = await startNginx(75);
    const haproxy = await startHaproxy(keepAlive, nginx);
    return { ...haproxy, stop: async () => { await haproxy.stop(); await nginx.stop(); } };
  }, needs('haproxy', 'nginx')],
];

for (const [name, start, skip] of origins) {
  suite(name, { skip }, () => {
    test('bodies of 1 byte to 10 MiB, HEAD, ranges, 304, gzip in chunks', { timeout: 60_000 }, async () => {
      await withOrigin(async () => start(75), bodies);
    });

    test('keep-alive of one second under load: not one failed request', { timeout: 60_000 }, async (context) => {
      await withOrigin(async () => start(1), async (gateway) => race(gateway, 1_000, context));
    });
  });
}

test('nginx: PUT and POST bodies, of a known length and in chunks, arrive whole', { skip: needs('nginx'), timeout: 60_000 }, async () => {
  await withOrigin(async () => startNginx(75), async (gateway, origin) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
    for (const size of [0, 1, 16 * 1024, 1024 * 1024, 20 * 1024 * 1024]) {
      const body = Buffer.alloc(size, origin.files.get('/hundred.bin')!);
      for (const framing of [{ 'Content-Length': String(size) }, { 'Transfer-Encoding': 'chunked' }]) {
        const path = `/upload/${size}-${Object.keys(framing)[0]}`;
        const put = await ask(gateway.port(), path, { agent, method: 'PUT', headers: framing }, body);
        assert.ok(put.status === 201 || put.status === 204, `${put.status} for ${path}`);
        const got = await ask(gateway.port(), path, { agent });
        assert.equal(sha256(got.body), sha256(body), path);
      }
    }
    const posted = await ask(gateway.port(), '/post', { agent, method: 'POST' }, Buffer.alloc(300_000, 'p'));
    assert.deepEqual([posted.status, posted.body.toString()], [200, 'posted']);
    agent.destroy();
  });
});
