// Limits on sizes and counts of an HTTP service, each at its edge: N passes, N+1 is refused with its status, its code in
// the record, and not a byte of it at the server. Time limits: timeouts.test.ts; rates per client: policy.test.ts.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { eventually, get, ok, post, statusesIn, withSite } from '../../harness/site.ts';

const lineLength = (line: string): number => Buffer.byteLength(line, 'latin1');

/** Bytes that the kernel has not taken yet. */
function writeQueueOf(socket: Socket): number {
  return (socket as unknown as { _handle: { writeQueueSize: number } })._handle.writeQueueSize;
}

/** A request whose head is exactly `bytes` long. */
function headOf(bytes: number, path: string): string {
  const bare = get(path, 'X-Fill: ');
  const fill = 'f'.repeat(bytes - lineLength(bare));
  return get(path, `X-Fill: ${fill}`);
}

test('maxHeadBytes: the last byte that fits, and one more', async () => {
  await withSite({ service: '    limits: { maxHeadBytes: 500 }' }, async ({ client, server, gateway }) => {
    const fits = client().send(headOf(500, '/fits'));
    await fits.until((text) => text.endsWith('world'));
    const over = client().send(headOf(501, '/over'));
    assert.deepEqual(statusesIn(await over.untilEnd()), ['431']);
    const record = await gateway.record(({ status }) => status === 431);
    assert.deepEqual([record.outcome, record.rule], ['limited', 'http1.limit-head-bytes']);
    assert.ok(!server.received.join('').includes('/over'));
  });
});

test('maxHeaderCount: the last line that fits, and one more', async () => {
  await withSite({ service: '    limits: { maxHeaderCount: 5 }' }, async ({ client, server }) => {
    const fits = client().send(get('/fits', 'A: 1', 'B: 2', 'C: 3', 'D: 4'));
    await fits.until((text) => text.endsWith('world'));
    const over = client().send(get('/over', 'A: 1', 'B: 2', 'C: 3', 'D: 4', 'E: 5'));
    assert.deepEqual(statusesIn(await over.untilEnd()), ['431']);
    assert.ok(!server.received.join('').includes('/over'));
  });
});

test('maxRequestLineBytes: the last byte that fits, and one more', async () => {
  await withSite({ service: '    limits: { maxRequestLineBytes: 100 }' }, async ({ client, server }) => {
    const around = lineLength('GET / HTTP/1.1');
    const fits = client().send(get(`/${'a'.repeat(100 - around)}`));
    await fits.until((text) => text.endsWith('world'));
    const over = client().send(get(`/${'b'.repeat(101 - around)}`));
    assert.deepEqual(statusesIn(await over.untilEnd()), ['414']);
    assert.ok(!server.received.join('').includes('bbb'));
  });
});

test('maxBodyBytes by Content-Length: refused before the server sees anything', async () => {
  await withSite({ service: '    limits: { maxBodyBytes: 10 }' }, async ({ client, server, gateway }) => {
    const fits = client().send(post('/fits', '0123456789'));
    await fits.until((text) => text.endsWith('world'));
    const over = client().send(post('/over', '0123456789X'));
    await over.until((text) => statusesIn(text).length === 1);
    assert.deepEqual(statusesIn(over.received), ['413']);
    assert.equal((await gateway.record(({ status }) => status === 413)).rule, 'http.maxBodyBytes');
    assert.ok(!server.received.join('').includes('/over'));
    const announced = client().send('POST /announced HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n');
    assert.deepEqual(statusesIn(await announced.untilEnd()), ['413']);
  });
});

test('maxBodyBytes of a chunked body: counted as data, cut off at the server', async () => {
  await withSite({
    service: '    limits: { maxBodyBytes: 10 }', serve: ({ target, reply }) => { if (target === '/fits') setImmediate(() => { reply(ok('world')); }); },
  }, async ({ client, server }) => {
    const head = (path: string): string => `POST ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const fits = client().send(`${head('/fits')}5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n`);
    await fits.until((text) => text.endsWith('world'));
    const over = client().send(`${head('/over')}5\r\n01234\r\n6\r\n56789X\r\n0\r\n\r\n`);
    assert.deepEqual(statusesIn(await over.untilEnd()), ['413']);
    const seen = server.received.find((text) => text.includes('/over')) ?? '';
    assert.ok(!seen.includes('X') || !seen.endsWith('0\r\n\r\n'), 'the server never has a complete body');
  });
});

test('maxBodyBytes of a route goes before that of the service', async () => {
  await withSite({ service: '    limits: { maxBodyBytes: 10 }', route: 'limits: { maxBodyBytes: 20 }' }, async ({ client }) => {
    const fits = client().send(post('/fits', 'x'.repeat(20)));
    await fits.until((text) => text.endsWith('world'));
    const over = client().send(post('/over', 'x'.repeat(21)));
    await over.until((text) => text.includes('HTTP/1.1 413'));
  });
});

test('maxRequestsPerConnection: the last one says close', async () => {
  await withSite({ service: '    limits: { maxRequestsPerConnection: 3 }' }, async ({ client, server }) => {
    const peer = client().send(get('/1') + get('/here') + get('/3') + get('/4'));
    const text = await peer.untilEnd();
    assert.deepEqual(statusesIn(text), ['200', '200', '200']);
    assert.equal(text.split('Connection: close').length - 1, 1);
    assert.match(text.slice(text.lastIndexOf('HTTP/1.1')), /Connection: close/);
    assert.ok(!server.received.join('').includes('/4'));
  });
});

test('maxPipelinedBytes: more is not read until its turn comes, and nothing of it is lost', async () => {
  let waiting: (() => void) | undefined;
  await withSite({
    service: '    limits: { maxPipelinedBytes: 64KiB, maxRequestsPerConnection: 1000000 }',
    serve: ({ target, reply }) => { if (target === '/slow') waiting = () => { reply(ok('slow')); }; },
  }, async ({ client, gateway }) => {
    const peer = client().send(get('/slow'));
    await eventually('the first request waits', () => waiting !== undefined);
    const one = get('/here');
    const count = Math.ceil(12 * 1024 * 1024 / one.length);
    peer.send(one.repeat(count));
    // What the kernel holds for both sides is far less than what was sent: the client is stuck with the rest.
    let unsent = -1;
    await eventually('the kernel is full', async () => {
      const before = unsent;
      unsent = writeQueueOf(peer.socket);
      await new Promise((resolve) => { setTimeout(resolve, 50); });
      return unsent > 0 && before === unsent;
    });
    assert.ok(gateway.status().operations < 10, 'nothing was answered before its turn');
    waiting!();
    await peer.until((text) => text.includes('local'));
    // All local answers are of one length.
    const first = peer.received.indexOf('slow') + 4;
    const length = peer.received.indexOf('local') + 5 - first;
    await eventually('all of it is answered', () => peer.received.length >= first + count * length, 20_000);
    assert.equal(statusesIn(peer.received).length, count + 1);
  });
});

test('a client that never reads its responses is not read from either', async () => {
  const body = 'b'.repeat(60_000);
  await withSite({
    service: '    limits: { maxRequestsPerConnection: 100000 }', serve: ({ reply }) => { reply(ok(body)); },
  }, async ({ client, gateway }) => {
    const peer = client();
    peer.socket.pause();
    peer.send(get('/big').repeat(20_000));
    let served = -1;
    await eventually('it comes to a halt', async () => {
      const before = served;
      served = gateway.status().pools[0]!.servers[0]!.requests;
      await new Promise((resolve) => { setTimeout(resolve, 60); });
      return served > 0 && served === before;
    });
    assert.ok(served < 1000, `${served} requests were served to a client that reads nothing`);
  });
});

test('maxResponseBodyBytes: refused by its length, cut off when it has none', async () => {
  const answers: Record<string, string> = {
    '/fits': ok('0123456789'), '/over': ok('0123456789X'),
    '/chunks': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n',
  };
  await withSite({ service: '    limits: { maxResponseBodyBytes: 10 }', serve: ({ target, reply }) => { reply(answers[target]!); } }, async ({ client, gateway }) => {
    const fits = client().send(get('/fits'));
    await fits.until((text) => text.endsWith('0123456789'));
    const over = client().send(get('/over'));
    await over.until((text) => statusesIn(text).length === 1);
    assert.deepEqual(statusesIn(over.received), ['502']);
    const chunks = client().send(get('/chunks'));
    const text = await chunks.untilEnd();
    assert.ok(!text.endsWith('0\r\n\r\n'), 'a cut response looks cut');
    for (const path of ['/over', '/chunks']) {
      const record = await gateway.record((one) => one.path === path);
      assert.deepEqual([record.outcome, record.rule], ['limited', 'http.maxResponseBodyBytes']);
    }
  });
});

test('maxQueryParameters and maxCookies are refused where something looks at them', async () => {
  const policy = '  - { id: looks, operation: { query: { role: admin }, cookie: { role: admin } }, then: deny }';
  await withSite({ service: '    limits: { maxQueryParameters: 3, maxCookies: 3 }', policy }, async ({ client, server, gateway }) => {
    const fits = client().send(get('/fits?a=1&b=2&role=admin', 'Cookie: a=1; b=2; c=3'));
    await fits.until((text) => text.endsWith('world'));
    const over = client().send(get('/over?a=1&b=2&c=3&role=admin', 'Connection: close'));
    assert.deepEqual(statusesIn(await over.untilEnd()), ['400']);
    const cookies = client().send(get('/cookies?role=admin', 'Cookie: a=1; b=2; c=3; role=admin', 'Connection: close'));
    assert.deepEqual(statusesIn(await cookies.untilEnd()), ['400']);
    assert.equal((await gateway.record(({ path }) => path === '/over')).rule, 'http.maxQueryParameters');
    assert.equal((await gateway.record(({ path }) => path === '/cookies')).rule, 'http.maxCookies');
    assert.ok(!server.received.join('').includes('/over') && !server.received.join('').includes('/cookies'));
  });
});

test('maxConnections of a server, its queue, and the queue that is full', async () => {
  const waiting: (() => void)[] = [];
  await withSite({
    pool: 'maxConnections: 2, queue: { max: 1, timeout: 30s }', serve: ({ target, reply }) => { waiting.push(() => { reply(ok(`for ${target}`)); }); },
  }, async ({ client, gateway, server }) => {
    const [first, second, third, fourth] = [client(), client(), client(), client()];
    first.send(get('/1'));
    second.send(get('/2'));
    await eventually('two are served', () => waiting.length === 2);
    third.send(get('/3'));
    await eventually('one waits', () => gateway.status().pools[0]!.waiting === 1);
    fourth.send(get('/4'));
    await fourth.until((text) => text.includes('HTTP/1.1 503'));
    assert.match(fourth.received, /Retry-After: 1\r\n/);
    const record = await gateway.record(({ path }) => path === '/4');
    assert.deepEqual([record.outcome, record.rule], ['failed', 'queue.queue-full']);
    waiting[0]!();
    await eventually('the third has its turn', () => waiting.length === 3);
    waiting[1]!();
    waiting[2]!();
    await third.until((text) => text.endsWith('for /3'));
    assert.equal(server.connections.length, 2);
  });
});

test('a wait in the queue ends after queue.timeout, or with the client', async () => {
  await withSite({ pool: 'maxConnections: 1, queue: { max: 5, timeout: 300ms }', serve: () => { /* never answers */ } }, async ({ client, gateway }) => {
    client().send(get('/holds'));
    await eventually('the server is busy', () => gateway.status().pools[0]!.servers[0]!.activeRequests === 1);
    const waits = client().send(get('/waits'));
    const leaves = client().send(get('/leaves'));
    await eventually('two wait', () => gateway.status().pools[0]!.waiting === 2);
    leaves.abort();
    await eventually('one has gone', () => gateway.status().pools[0]!.waiting === 1);
    await waits.until((text) => text.includes('HTTP/1.1 503'));
    assert.equal((await gateway.record(({ path }) => path === '/waits')).rule, 'queue.timeout');
    assert.equal((await gateway.record(({ path }) => path === '/leaves')).outcome, 'aborted');
  });
});

test('a client in the middle of a large upload learns that it is too large', async () => {
  await withSite({ service: '    limits: { maxBodyBytes: 1MiB }' }, async ({ client, server }) => {
    const length = 20 * 1024 * 1024;
    const peer = client().send(`POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`).send(Buffer.alloc(length));
    const text = await peer.untilEnd();
    assert.deepEqual(statusesIn(text), ['413']);
    assert.equal(server.connections.length, 0);
  });
});
