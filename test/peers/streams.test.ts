// Bodies that are streamed: events arrive one by one as they are sent, and 256 MiB in either direction pass through a
// worker whose memory stays flat. Node's client and server are the peers; bodies are compared by SHA-256.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, type Hash } from 'node:crypto';
import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { assertNoBugs, freePort, startCluster, type Cluster } from '../harness/cluster.ts';

const megabyte = 1024 * 1024;

/** `count` pieces of 256 KiB, each different. */
function* pieces(count: number): Generator<Buffer> {
  const piece = Buffer.alloc(256 * 1024, 'stream');
  for (let number = 0; number < count; number++) {
    piece.writeUInt32BE(number, number % 1000);
    yield Buffer.from(piece);
  }
}

async function withCluster(origin: http.Server, scenario: (port: number, cluster: Cluster) => Promise<void>): Promise<void> {
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const listen = await freePort();
  const cluster = await startCluster(`
listeners: { plain: { bind: "127.0.0.1:${listen}", service: site } }
services: { site: { protocol: http, pool: web, limits: { maxBodyBytes: 1GiB } } }
pools: { web: { servers: ["127.0.0.1:${(origin.address() as AddressInfo).port}"] } }
policy: [{ id: open, then: allow }]
`, 1);
  try {
    await scenario(listen, cluster);
    assertNoBugs(cluster);
  } finally {
    await cluster.stop();
    origin.closeAllConnections();
    origin.close();
  }
}

async function residentBytes(cluster: Cluster): Promise<number> {
  return (await cluster.plane.workers())[0]!.residentBytes;
}

test('server-sent events arrive as they are sent: each is answered before the next goes out', { timeout: 60_000 }, async () => {
  let send: ((text: string) => void) | undefined;
  const origin = http.createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    response.flushHeaders();
    send = (text) => { response.write(text); };
  });
  await withCluster(origin, async (port) => {
    const request = http.get({ port, host: '127.0.0.1', path: '/events' });
    const [response] = await once(request, 'response') as [http.IncomingMessage];
    response.setEncoding('utf8');
    for (let number = 0; number < 50; number++) {
      const arrived = once(response, 'data') as Promise<[string]>;
      send!(`id: ${number}\ndata: event ${number}\n\n`);
      assert.equal((await arrived)[0], `id: ${number}\ndata: event ${number}\n\n`);
    }
    request.destroy();
  });
});

for (const framing of ['length', 'chunked'] as const) {
  test(`256 MiB up and down, framed by ${framing}: every byte arrives, memory stays flat`, { timeout: 120_000 }, async (context) => {
    const total = 256 * megabyte;
    const count = total / (256 * 1024);
    const expected = createHash('sha256');
    for (const piece of pieces(count)) expected.update(piece);
    const wanted = expected.digest('hex');
    const headers = framing === 'length' ? { 'Content-Length': String(total) } : { 'Transfer-Encoding': 'chunked' };
    const hashed = async (source: Readable): Promise<string> => {
      const hash: Hash = createHash('sha256');
      for await (const bytes of source) hash.update(bytes as Buffer);
      return hash.digest('hex');
    };
    const origin = http.createServer((request, response) => {
      if (request.method === 'POST') void hashed(request).then((hash) => { response.end(hash); });
      else {
        response.writeHead(200, headers);
        void pipeline(Readable.from(pieces(count)), response).catch(() => { /* the test sees it */ });
      }
    });
    await withCluster(origin, async (port, cluster) => {
      // Buffers of relays are kept for the next one: the first megabytes are not growth.
      const warm = http.get({ port, host: '127.0.0.1', path: '/warm' });
      const [first] = await once(warm, 'response') as [http.IncomingMessage];
      await once(first, 'data');
      warm.destroy();
      const before = await residentBytes(cluster);
      let most = before;
      const watch = setInterval(() => { void residentBytes(cluster).then((now) => { most = Math.max(most, now); }); }, 100);
      const started = performance.now();
      const up = http.request({ port, host: '127.0.0.1', path: '/up', method: 'POST', headers });
      const answered = once(up, 'response') as Promise<[http.IncomingMessage]>;
      await pipeline(Readable.from(pieces(count)), up);
      const [answer] = await answered;
      assert.equal(String(Buffer.concat(await answer.toArray() as Buffer[])), wanted);
      const down = http.get({ port, host: '127.0.0.1', path: '/down' });
      const [response] = await once(down, 'response') as [http.IncomingMessage];
      assert.equal(await hashed(response), wanted);
      clearInterval(watch);
      const took = Math.round(performance.now() - started);
      context.diagnostic(`512 MiB in ${took} ms; worker ${Math.round(before / megabyte)} MiB before, ${Math.round(most / megabyte)} MiB at most`);
      assert.ok(most - before < 64 * megabyte, `grew from ${before} to ${most}`);
    });
  });
}
