// Second attempts: another server when no connection came to be, another connection when a kept one turns out to be gone,
// and nothing twice that may not be done twice. RFC 9110 section 9.2.2, RFC 9112 section 9.3.1.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { startRawServer } from '../../harness/raw.ts';
import { eventually, get, ok, post, startScriptedServer, statusesIn, withSite, type Serve } from '../../harness/site.ts';

/** A port of loopback on which nobody listens any more. */
async function freePort(): Promise<number> {
  const server = await startRawServer(() => { /* nobody comes */ });
  await server.close();
  return server.port;
}

test('a server that refuses connections costs no request, POST included', async () => {
  const refusing = await freePort();
  const other = await startScriptedServer(({ reply }) => { setImmediate(() => { reply(ok('other')); }); });
  await withSite({
    servers: [`127.0.0.1:${refusing}`, `127.0.0.1:${other.port}`], pool: 'retryBudget: { minimumPerSecond: 100 }, passive: { failures: 0 }',
  }, async ({ client, gateway }) => {
    const peer = client();
    for (let count = 0; count < 10; count++) {
      peer.received = '';
      peer.send(count % 2 === 0 ? get(`/get-${count}`) : post(`/post-${count}`, 'body'));
      await peer.until((text) => text.endsWith('other'));
    }
    const retried = await gateway.record(({ attempts }) => attempts === 2);
    assert.equal(retried.server, `127.0.0.1:${other.port}`);
  });
  await other.close();
});

test('the only server refuses: 502, with that as the reason', async () => {
  const refusing = await freePort();
  await withSite({ servers: [`127.0.0.1:${refusing}`], pool: 'passive: { failures: 0 }' }, async ({ client, gateway }) => {
    const peer = client().send(get('/a'));
    await peer.until((text) => statusesIn(text).length === 1);
    const record = await gateway.record(({ path }) => path === '/a');
    assert.deepEqual([record.status, record.outcome, record.rule, record.attempts], [502, 'failed', 'connect.refused', 1]);
  });
});

test('no retry without budget, nor with attempts: 1', async () => {
  const refusing = await freePort();
  const withoutBudget = ['retryBudget: { percent: 0, minimumPerSecond: 0 }, passive: { failures: 0 }', ''];
  for (const [pool, service] of [withoutBudget, ['passive: { failures: 0 }', '    retries: { attempts: 1 }']]) {
    const other = await startScriptedServer(({ reply }) => { reply(ok('other')); });
    await withSite({ servers: [`127.0.0.1:${refusing}`, `127.0.0.1:${other.port}`], pool: pool!, service: service! }, async ({ client }) => {
      const peer = client();
      for (let count = 1; count <= 6; count++) {
        peer.send(get('/'));
        await peer.until((text) => statusesIn(text).length === count);
      }
      assert.equal(statusesIn(peer.received).filter((status) => status === '502').length, 3, peer.received);
    });
    await other.close();
  }
});

/** Answers the first request of each connection and closes it, without a word, on the second. */
const closesWhenReused: Serve = ({ index, socket, reply, method }) => {
  if (index === 0) setImmediate(() => { reply(ok(`${method} done`)); });
  else socket.destroy();
};

test('a kept connection that the server closes just then: safe methods go out again, without budget', async () => {
  await withSite({ serve: closesWhenReused, pool: 'retryBudget: { percent: 0, minimumPerSecond: 0 }' }, async ({ client, server, gateway }) => {
    const peer = client();
    for (let count = 0; count < 10; count++) {
      peer.received = '';
      peer.send(get(`/${count}`));
      await peer.until((text) => text.endsWith('GET done'));
      assert.deepEqual(statusesIn(peer.received), ['200']);
    }
    assert.ok(server.connections.length >= 10);
    assert.equal((await gateway.record(({ path }) => path === '/9')).attempts, 2);
    assert.equal(gateway.status().pools[0]!.servers[0]!.failures, 0, 'no failure of the server');
  });
});

test('a kept connection that the server closes just then: POST is not sent twice', async () => {
  await withSite({ serve: closesWhenReused }, async ({ client, server, gateway }) => {
    const peer = client().send(get('/first'));
    await peer.until((text) => text.endsWith('GET done'));
    peer.send(post('/order', 'one'));
    await peer.until((text) => text.includes('HTTP/1.1 502'));
    assert.equal(server.received.join('').split('/order').length - 1, 1);
    const record = await gateway.record(({ path }) => path === '/order');
    assert.deepEqual([record.outcome, record.attempts], ['failed', 1]);
  });
});

test('retries.methods decides about PUT and DELETE, and a body is never sent twice', async () => {
  await withSite({ serve: closesWhenReused, service: '    retries: { methods: idempotent }' }, async ({ client, server }) => {
    const peer = client().send(get('/first'));
    await peer.until((text) => text.endsWith('GET done'));
    peer.received = '';
    peer.send('DELETE /item HTTP/1.1\r\nHost: x\r\n\r\n');
    await peer.until((text) => text.endsWith('DELETE done'));
    assert.equal(server.received.join('').split('/item').length - 1, 2);
    peer.send('PUT /item-2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc');
    await peer.until((text) => text.includes('HTTP/1.1 502'));
    assert.equal(server.received.join('').split('/item-2').length - 1, 1);
  });
});

test('a server that closes fresh connections before a response: GET goes to another one, once', async () => {
  const dying = await startScriptedServer(({ socket }) => { socket.resetAndDestroy(); });
  const other = await startScriptedServer(({ reply }) => { reply(ok('other')); });
  await withSite({ servers: [`127.0.0.1:${dying.port}`, `127.0.0.1:${other.port}`], pool: 'passive: { failures: 0 }' }, async ({ client }) => {
    const peer = client();
    for (let count = 0; count < 6; count++) {
      peer.received = '';
      peer.send(get('/'));
      await peer.until((text) => text.endsWith('other'));
    }
  });
  await other.close();
  await withSite({ servers: [`127.0.0.1:${dying.port}`], pool: 'passive: { failures: 0 }' }, async ({ client, gateway }) => {
    const peer = client().send(get('/alone'));
    await peer.until((text) => text.includes('HTTP/1.1 502'));
    const record = await gateway.record(({ path }) => path === '/alone');
    assert.deepEqual([record.outcome, record.rule], ['failed', 'receive.reset']);
  });
  await dying.close();
});

test('servers that fail are ejected, and the last one is not', async () => {
  const dying = await startScriptedServer(({ socket }) => { socket.resetAndDestroy(); });
  const other = await startScriptedServer(({ reply }) => { reply(ok('other')); });
  await withSite({
    servers: [`127.0.0.1:${dying.port}`, `127.0.0.1:${other.port}`], pool: 'passive: { failures: 2, percent: 0 }', service: '    retries: { attempts: 1 }',
  }, async ({ client, gateway }) => {
    const peer = client();
    let failed = 0;
    for (let count = 1; count <= 20; count++) {
      peer.send(get('/'));
      await peer.until((text) => statusesIn(text).length === count);
      failed = statusesIn(peer.received).filter((status) => status === '502').length;
    }
    assert.equal(failed, 2);
    await eventually('ejected', () => gateway.status().pools[0]!.servers[0]!.ejectedForMs > 0);
  });
  await Promise.all([dying.close(), other.close()]);
});

test('what a server did wrong last is said in words, not only when', async () => {
  const answers: Record<string, (reply: (text: string) => void, socket: { resetAndDestroy(): void; destroy(): void }) => void> = {
    '/unwell': (reply) => { reply('HTTP/1.1 503 Unwell\r\nContent-Length: 0\r\n\r\n'); },
    '/torn': (reply, socket) => { reply('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'); setImmediate(() => { socket.destroy(); }); },
    '/nonsense': (reply) => { reply('hello\r\n\r\n'); },
    '/gone': (_reply, socket) => { socket.resetAndDestroy(); },
  };
  const wanted: readonly (readonly [string, RegExp])[] = [
    ['/unwell', /^answered 503$/], ['/torn', /closed.* in the middle of a response$/], ['/nonsense', /broke the protocol: the HTTP version/],
    ['/gone', /^connection (reset|closed).* before a response$/],
  ];
  await withSite({
    pool: 'passive: { failures: 0 }, keepAlive: { maxIdle: 0 }', route: 'retries: { attempts: 1 }',
    serve: ({ target, reply, socket }) => { answers[target]!(reply, socket); },
  }, async ({ gateway, client }) => {
    for (const [index, [path, reason]] of wanted.entries()) {
      const peer = client().send(get(path));
      await eventually('it failed', () => gateway.status().pools[0]!.servers[0]!.failures === index + 1);
      const [server] = gateway.status().pools[0]!.servers;
      assert.match(server!.lastFailure, reason);
      assert.equal(server!.requests, index + 1);
      peer.abort();
    }
  });
});
