// Every time limit of an HTTP service: when it strikes, what the client gets, who is blamed in the record, and that it does
// not strike while the other side is the one being waited for. Limits here are a few hundred milliseconds; the gateway
// looks every 100 ms, so that what is asserted on time is only "not before".
import { suite, test } from 'node:test';
import assert from 'node:assert/strict';
import { eventually, get, ok, statusesIn, withSite, type Site } from '../../harness/site.ts';
import type { RawClient } from '../../harness/raw.ts';

async function elapsed(task: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await task();
  return performance.now() - started;
}

async function recordOf({ gateway }: Site, path: string): Promise<[string, string | undefined, number | undefined]> {
  const record = await gateway.record((one) => one.path === path);
  return [record.outcome, record.rule, record.status];
}

/** Sends something every so often until told to stop or the connection ends. */
function drip(peer: RawClient, text: string, everyMs: number): () => void {
  const timer = setInterval(() => { if (!peer.closed && !peer.ended) peer.send(text); }, everyMs);
  return () => { clearInterval(timer); };
}

// Each waits for its own gateway and server, so that they can wait at the same time.
suite('time limits', { concurrency: 8 }, () => {
  test('clientHeader: a head that does not end is answered with 408, however it trickles', async () => {
    await withSite({ service: '    timeouts: { clientHeader: 300ms }' }, async (site) => {
      const peer = site.client().send('GET / HTTP/1.1\r\nHost: x\r\n');
      const stop = drip(peer, 'X-Slow: 1\r\n', 50);
      const took = await elapsed(async () => peer.untilEnd());
      stop();
      assert.deepEqual(statusesIn(peer.received), ['408']);
      assert.ok(took >= 295, `${took} ms`);
      assert.equal((await site.gateway.record(({ status }) => status === 408)).rule, 'http.clientHeader');
      assert.equal(site.server.connections.length, 0);
    });
  });

  test('clientHeader: a connection on which nothing comes is closed without a word', async () => {
    await withSite({ service: '    timeouts: { clientHeader: 200ms }' }, async ({ client }) => {
      assert.equal(await client().untilEnd(), '');
    });
  });

  test('clientIdle: a kept connection that is not used is closed without a word', async () => {
    await withSite({ service: '    timeouts: { clientIdle: 300ms }' }, async ({ client }) => {
      // From the request on: when its answer is seen the gateway may have waited for a while.
      const took = await elapsed(async () => {
        const peer = client().send(get('/here'));
        await peer.untilEnd();
        assert.deepEqual(statusesIn(peer.received), ['200']);
      });
      assert.ok(took >= 290, `${took} ms`);
    });
  });

  test('clientBody: a pause in the request body is answered with 408, and the server sees a cut', async () => {
    await withSite({ service: '    timeouts: { clientBody: 300ms }', serve: () => { /* waits for the body */ } }, async (site) => {
      const peer = site.client().send('POST /pause HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nsome');
      const took = await elapsed(async () => peer.untilEnd());
      assert.deepEqual(statusesIn(peer.received), ['408']);
      assert.ok(took >= 290, `${took} ms`);
      assert.deepEqual(await recordOf(site, '/pause'), ['limited', 'http.clientBody', 408]);
      await eventually('cut at the server', () => site.server.connections[0]!.destroyed);
    });
  });

  test('clientBody: a body that keeps coming is not cut', async () => {
    await withSite({ service: '    timeouts: { clientBody: 300ms }', serve: () => { /* below */ } }, async ({ client, server }) => {
      const peer = client().send('POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n');
      for (let count = 0; count < 12; count++) {
        peer.send('x');
        await new Promise((resolve) => { setTimeout(resolve, 80); });
      }
      await eventually('all of it is there', () => server.received[0]?.endsWith('x'.repeat(12)) === true);
      server.connections[0]!.write(ok('patient'));
      await peer.until((text) => text.endsWith('patient'));
    });
  });

  test('minBodyBytesPerSecond: a trickle is cut once the grace has passed, a faster body is not', async () => {
    const service = '    limits: { minBodyBytesPerSecond: 200, minBodyRateGrace: 400ms }';
    await withSite({ service, serve: () => { /* waits for the body */ } }, async (site) => {
      const peer = site.client().send('POST /trickle HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n');
      const stop = drip(peer, 'x', 50);
      const took = await elapsed(async () => peer.untilEnd());
      stop();
      assert.deepEqual(statusesIn(peer.received), ['408']);
      assert.ok(took >= 395, `${took} ms`);
      assert.deepEqual(await recordOf(site, '/trickle'), ['limited', 'http.minBodyBytesPerSecond', 408]);
    });
    await withSite({ service, serve: () => { /* below */ } }, async ({ client, server }) => {
      const peer = client().send('POST /steady HTTP/1.1\r\nHost: x\r\nContent-Length: 1500\r\n\r\n');
      for (let count = 0; count < 15; count++) {
        peer.send('x'.repeat(100));
        await new Promise((resolve) => { setTimeout(resolve, 70); });
      }
      await eventually('all of it is there', () => server.received[0]?.endsWith('x'.repeat(1500)) === true);
      server.connections[0]!.write(ok('steady'));
      await peer.until((text) => text.endsWith('steady'));
    });
  });

  test('serverFirstByte: 504, counted from the end of the request', async () => {
    await withSite({ service: '    timeouts: { serverFirstByte: 300ms }', serve: () => { /* never */ } }, async (site) => {
      const peer = site.client().send(get('/never'));
      const took = await elapsed(async () => peer.until((text) => text.includes('HTTP/1.1 504')));
      assert.ok(took >= 290, `${took} ms`);
      assert.deepEqual(await recordOf(site, '/never'), ['failed', 'receive.timeout', 504]);
      // A request that could be sent again is not: the server may be at work on it.
      assert.equal(site.server.connections.length, 1);
    });
  });

  test('serverFirstByte: a head that trickles does not help', async () => {
    await withSite({
      service: '    timeouts: { serverFirstByte: 300ms }',
      serve: ({ socket }) => {
        const timer = setInterval(() => { socket.write('X'); }, 50);
        socket.write('HTTP/1.1 200 OK\r\nX-Slow: ');
        socket.on('close', () => { clearInterval(timer); });
      },
    }, async (site) => {
      const peer = site.client().send(get('/trickle'));
      await peer.until((text) => text.includes('HTTP/1.1 504'));
      assert.deepEqual(await recordOf(site, '/trickle'), ['failed', 'receive.timeout', 504]);
    });
  });

  test('a client that waits for 100 (Continue) is not blamed for a server that never says it', async () => {
    await withSite({ service: '    timeouts: { clientBody: 200ms, serverFirstByte: 500ms }', serve: () => { /* never */ } }, async (site) => {
      const peer = site.client().send('POST /waits HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n');
      const took = await elapsed(async () => peer.until((text) => text.includes('HTTP/1.1 504')));
      assert.ok(took >= 490, `${took} ms`);
      assert.deepEqual(await recordOf(site, '/waits'), ['failed', 'receive.timeout', 504]);
    });
  });

  test('a client whose body the server does not take is not blamed either', async () => {
    await withSite({
      service: '    timeouts: { clientBody: 200ms, serverIdle: 600ms, serverFirstByte: 20s }\n    limits: { maxBodyBytes: 64MiB }',
      serve: ({ socket }) => { socket.pause(); },
    }, async (site) => {
      const peer = site.client().send(`POST /stuck HTTP/1.1\r\nHost: x\r\nContent-Length: ${30 * 1024 * 1024}\r\n\r\n`);
      peer.send(Buffer.alloc(30 * 1024 * 1024, 'x'));
      await peer.until((text) => text.includes('HTTP/1.1 504'));
      assert.deepEqual(await recordOf(site, '/stuck'), ['failed', 'send.timeout', 504]);
    });
  });

  test('serverIdle: a pause in a response cuts it off, a slow one that keeps coming is left alone', async () => {
    const service = '    timeouts: { serverIdle: 300ms, clientSend: 250ms }';
    await withSite({ service, serve: ({ reply }) => { reply('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome'); } }, async (site) => {
      const peer = site.client().send(get('/pause'));
      const took = await elapsed(async () => peer.untilEnd());
      assert.ok(took >= 290, `${took} ms`);
      assert.ok(peer.received.endsWith('some'));
      await eventually('reset, not ended in good order', () => peer.reset || peer.closed);
      assert.deepEqual(await recordOf(site, '/pause'), ['failed', 'receive.timeout', 200]);
    });
    await withSite({
      service,
      serve: ({ reply, socket }) => {
        reply('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
        let count = 0;
        const timer = setInterval(() => {
          if (++count <= 12) reply('2\r\n:\n\r\n');
          else {
            clearInterval(timer);
            reply('0\r\n\r\n');
          }
        }, 80);
        socket.on('close', () => { clearInterval(timer); });
      },
    }, async ({ client }) => {
      const peer = client().send(get('/events'));
      await peer.until((text) => text.endsWith('0\r\n\r\n'));
      assert.equal(peer.received.split('2\r\n:\n\r\n').length - 1, 12);
    });
  });

  test('serverIdle may be longer than clientSend: a quiet event stream is not the client\'s fault', async () => {
    await withSite({
      service: '    timeouts: { serverIdle: 10s, clientSend: 200ms }',
      serve: ({ reply }) => {
        reply('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n');
        setTimeout(() => { reply('1\r\nb\r\n0\r\n\r\n'); }, 900);
      },
    }, async ({ client }) => {
      const peer = client().send(get('/quiet'));
      await peer.until((text) => text.endsWith('1\r\nb\r\n0\r\n\r\n'));
    });
  });

  test('clientSend: a client that takes nothing of its response is cut off', async () => {
    await withSite({
      service: '    timeouts: { clientSend: 400ms, serverIdle: 20s }',
      serve: ({ socket }) => { socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${64 * 1024 * 1024}\r\n\r\n`); socket.write(Buffer.alloc(64 * 1024 * 1024)); },
    }, async (site) => {
      const peer = site.client().send(get('/download'));
      peer.socket.pause();
      assert.deepEqual(await recordOf(site, '/download'), ['limited', 'http.clientSend', 200]);
      await eventually('the server connection is given up', () => site.server.connections[0]!.destroyed);
    });
  });

  test('total: from the first byte of the request to the last of the response, in every phase', async () => {
    const service = '    timeouts: { total: 400ms }';
    await withSite({ service, serve: () => { /* never */ } }, async (site) => {
      const peer = site.client().send(get('/waiting'));
      await peer.until((text) => text.includes('HTTP/1.1 504'));
      assert.deepEqual(await recordOf(site, '/waiting'), ['limited', 'http.total', 504]);
    });
    await withSite({
      service,
      serve: ({ reply, socket }) => {
        reply('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
        const timer = setInterval(() => { reply('1\r\nx\r\n'); }, 50);
        socket.on('close', () => { clearInterval(timer); });
      },
    }, async (site) => {
      const peer = site.client().send(get('/streaming'));
      assert.ok(!(await peer.untilEnd()).endsWith('0\r\n\r\n'));
      assert.deepEqual(await recordOf(site, '/streaming'), ['limited', 'http.total', 200]);
    });
    await withSite({ service, pool: 'maxConnections: 1', serve: () => { /* never */ } }, async (site) => {
      site.client().send('GET /here HTTP/1.1\r\nHost: x\r\n\r\n');
      const first = site.client().send(get('/first'));
      await eventually('busy', () => site.gateway.status().pools[0]!.servers[0]!.activeRequests === 1);
      const queued = site.client().send(get('/queued') + get('/here'));
      // The first ends at its total; then the queued one is given its server, or has reached its own total.
      await Promise.all([first, queued].map(async (peer) => peer.until((text) => text.includes('HTTP/1.1 504'))));
      assert.equal((await recordOf(site, '/queued'))[1], 'http.total');
      await queued.until((text) => text.endsWith('local'));
    });
  });

  test('upgradeIdle: a tunnel in which nothing moves is closed; total does not count in it', async () => {
    await withSite({
      service: '    upgrades: [websocket]\n    timeouts: { upgradeIdle: 400ms, total: 300ms }',
      serve: ({ reply, socket }) => {
        reply('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        socket.on('data', (bytes: Buffer) => { socket.write(bytes); });
      },
    }, async (site) => {
      const peer = site.client().send('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      await peer.until((text) => text.includes('101 '));
      for (let count = 0; count < 8; count++) {
        peer.send('ping');
        await new Promise((resolve) => { setTimeout(resolve, 100); });
      }
      assert.equal(peer.received.split('ping').length - 1, 8);
      const took = await elapsed(async () => peer.untilEnd());
      assert.ok(took >= 250, `${took} ms`);
      assert.match((await site.gateway.record(({ path }) => path === '/ws')).reason!, /upgradeIdle/);
    });
  });

  test('connectTimeout: a server whose address does not answer costs 504', async () => {
    // TEST-NET-1 (RFC 5737) is routed nowhere; where the network says so at once, that is the answer instead.
    await withSite({ servers: ['192.0.2.1:81'], pool: 'connectTimeout: 200ms' }, async ({ client, gateway }) => {
      const peer = client().send(get('/away'));
      await peer.until((text) => statusesIn(text).length === 1);
      const record = await gateway.record(({ path }) => path === '/away');
      assert.match(record.rule!, /^connect\./);
      assert.ok(record.rule !== 'connect.timeout' || record.status === 504, `${record.rule} with ${record.status}`);
    });
  });
});
