// Bodies of requests that are answered without them: a short one is read over and the connection serves the next request
// (RFC 9112 section 9.3); a long, malformed, slow or doubtful one ends the connection, and nothing behind it is ever served.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { eventually, get, ok, statusesIn, withSite } from '../../harness/site.ts';

const chunked = (path: string, body: string, ...lines: string[]): string =>
  `POST ${path} HTTP/1.1\r\nHost: site.example\r\nTransfer-Encoding: chunked\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${body}`;
const sized = (path: string, length: number, body: string, ...lines: string[]): string =>
  `POST ${path} HTTP/1.1\r\nHost: site.example\r\nContent-Length: ${length}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${body}`;
const body = '5\r\nsecre\r\n3;x=y\r\nt!!\r\n0\r\nX-Trailer: 1\r\n\r\n';

test('a denied chunked body in one piece: 403, and the next request is served', async () => {
  await withSite({}, async ({ client, server, gateway }) => {
    const peer = client().send(chunked('/admin/x', body) + get('/fine'));
    await peer.until((text) => text.endsWith('world'));
    assert.deepEqual(statusesIn(peer.received), ['403', '200']);
    assert.ok(!peer.received.includes('Connection: close'));
    assert.ok(!server.received.join('').includes('secre'));
    const denied = await gateway.record(({ path }) => path === '/admin/x');
    assert.deepEqual([denied.outcome, denied.status], ['denied', 403]);
  });
});

test('the answer does not wait for the body, whatever the pieces it comes in', async () => {
  await withSite({}, async ({ client, server, gateway }) => {
    for (let cut = 0; cut < body.length; cut++) {
      const peer = client().send(chunked('/admin/x', body.slice(0, cut)));
      await peer.until((text) => statusesIn(text).length === 1);
      peer.send(body.slice(cut) + get('/fine'));
      await peer.until((text) => text.endsWith('world'));
      assert.deepEqual(statusesIn(peer.received), ['403', '200'], `cut at ${cut}`);
      peer.destroy();
    }
    const byBytes = client();
    for (const byte of chunked('/admin/x', body) + sized('/admin/y', 4, 'abcd') + get('/fine')) {
      byBytes.send(byte);
      await new Promise((resolve) => { setImmediate(resolve); });
    }
    await byBytes.until((text) => text.endsWith('world'));
    assert.deepEqual(statusesIn(byBytes.received), ['403', '403', '200']);
    assert.ok(!server.received.join('').includes('secre'));
    await gateway.flushed();
    assert.equal(gateway.records.filter(({ path }) => path === '/admin/y').length, 1, 'one record a request');
  });
});

test('maxDiscardedBytes counts bytes on the wire: the last that fits, and one more', async () => {
  const service = '    limits: { maxDiscardedBytes: 20 }';
  await withSite({ service }, async ({ client, server }) => {
    for (const request of [sized('/admin/x', 20, '0123'), chunked('/admin/x', '5\r\n')]) {
      const rest = request.includes('chunked') ? '01234\r\n0\r\nAB:\r\n\r\n' : '4567890123456789';
      const fits = client().send(request);
      await fits.until((text) => statusesIn(text).length === 1);
      fits.send(rest + get('/fits'));
      await fits.until((text) => text.endsWith('world'));
      assert.deepEqual(statusesIn(fits.received), ['403', '200']);
    }
    const announced = client().send(sized('/admin/x', 21, '0123'));
    assert.match(await announced.untilEnd(), /^HTTP\/1\.1 403 .*Connection: close\r\n/s, 'known to be too long: said at once');
    const grows = client().send(chunked('/admin/x', '6\r\n'));
    await grows.until((text) => statusesIn(text).length === 1);
    grows.send(`012345\r\n0\r\nAB:\r\n\r\n${get('/never')}`);
    assert.deepEqual(statusesIn(await grows.untilEnd()), ['403']);
    assert.ok(!server.received.join('').includes('/never'));
  });
});

test('a body that turns out malformed after the answer ends the connection, and nothing behind it is a request', async () => {
  await withSite({}, async ({ client, server, gateway }) => {
    for (const rest of ['5\r\nabcdeX', 'zz\r\n', '5\nabcde\r\n', '3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n', '-1\r\n\r\n']) {
      const peer = client().send(chunked('/admin/x', '2\r\nab\r\n'));
      await peer.until((text) => statusesIn(text).length === 1);
      peer.send(rest + get('/smuggled'));
      assert.deepEqual(statusesIn(await peer.untilEnd()), ['403'], JSON.stringify(rest));
    }
    assert.ok(!server.received.join('').includes('/smuggled'));
    await gateway.flushed();
    assert.ok(!gateway.records.some(({ path }) => path === '/smuggled'));
  });
});

test('a client that may or may not send its body after the answer cannot go on; one that has begun to can', async () => {
  await withSite({}, async ({ client, server }) => {
    const waits = client().send(sized('/admin/x', 30, '', 'Expect: 100-continue'));
    assert.match(await waits.untilEnd(), /^HTTP\/1\.1 403 .*Connection: close\r\n/s);
    const begun = client().send(chunked('/admin/x', '2\r\nab\r\n', 'Expect: 100-continue'));
    await begun.until((text) => statusesIn(text).length === 1);
    begun.send(`0\r\n\r\n${get('/fine')}`);
    await begun.until((text) => text.endsWith('world'));
    assert.equal(server.connections.length, 1);
  });
});

test('a body that does not come within clientBody ends the connection; so does a FIN, and a kill', async () => {
  await withSite({ service: '    timeouts: { clientBody: 300ms }' }, async ({ client, gateway }) => {
    const begunMs = performance.now();
    const stalls = client().send(chunked('/admin/x', '5\r\nab'));
    await stalls.untilEnd();
    const tookMs = performance.now() - begunMs;
    assert.ok(tookMs >= 250 && tookMs < 5_000, `${tookMs} ms`);
    assert.deepEqual(statusesIn(stalls.received), ['403']);
    const finishes = client().send(chunked('/admin/x', '5\r\nab')).end();
    assert.deepEqual(statusesIn(await finishes.untilEnd()), ['403']);
    await gateway.flushed();
    assert.equal(gateway.records.filter(({ path, outcome }) => path === '/admin/x' && outcome === 'denied').length, 2);
  });
  await withSite({}, async ({ client, gateway }) => {
    const killed = client().send(chunked('/admin/x', '5\r\nab'));
    await killed.until((text) => statusesIn(text).length === 1);
    const [session] = await gateway.sessions();
    assert.match(session!.doing, /^discard POST/);
    gateway.worker.receive({ type: 'kill', session: session!.id, reason: 'test' });
    await eventually('closed', () => killed.closed);
    await gateway.flushed();
    assert.equal(gateway.records.filter(({ path }) => path === '/admin/x').length, 1);
  });
});

test('limited requests, fixed responses and requests without a server keep their connections as well', async () => {
  const limits = '  slow: { key: address, requests: 1/1h, operation: { path: /counted } }';
  await withSite({ limits, pool: 'queue: { max: 0 }, maxConnections: 1', serve: ({ target, reply }) => { if (target !== '/holds') reply(ok('world')); } },
    async ({ client, server }) => {
      const peer = client().send(get('/counted'));
      await peer.until((text) => text.endsWith('world'));
      for (const [path, status] of [['/counted', '429'], ['/here', '200']] as const) {
        const before = statusesIn(peer.received).length;
        peer.send(chunked(path, '5\r\nse'));
        await peer.until((text) => statusesIn(text).length > before);
        assert.equal(statusesIn(peer.received).at(-1), status);
        peer.send('cre\r\n0\r\n\r\n');
      }
      const holds = client().send(get('/holds'));
      await eventually('held', () => server.received.join('').includes('/holds'));
      peer.send(chunked('/full', '5\r\nse'));
      await peer.until((text) => statusesIn(text).at(-1) === '503');
      peer.send(`cre\r\n0\r\n\r\n${get('/here')}`);
      await peer.until((text) => text.endsWith('local') && statusesIn(text).length === 5);
      assert.ok(!server.received.join('').includes('secre'));
      holds.abort();
    });
});

test('a body that was held for a server that did not come is read over, with the request behind it served', async () => {
  await withSite({ pool: 'queue: { max: 5, timeout: 100ms }, maxConnections: 1', serve: ({ target, reply }) => { if (target !== '/holds') reply(ok('world')); } },
    async ({ client, server }) => {
      const holds = client().send(get('/holds'));
      await eventually('held', () => server.received.join('').includes('/holds'));
      for (const request of [chunked('/waits', '5\r\nsecre\r\n0\r\n\r\n'), sized('/waits', 5, 'secre'), chunked('/waits', '5\r\nse'), sized('/waits', 5, 'se')]) {
        const peer = client().send(request + (request.endsWith('se') ? '' : get('/here')));
        await peer.until((text) => statusesIn(text)[0] === '503');
        if (request.endsWith('se')) peer.send(`cre${request.includes('chunked') ? '\r\n0\r\n\r\n' : ''}${get('/here')}`);
        await peer.until((text) => text.endsWith('local'));
        assert.deepEqual(statusesIn(peer.received), ['503', '200']);
      }
      holds.abort();
    });
});
