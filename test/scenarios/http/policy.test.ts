// What policy and limits make of requests on the wire: denials in the form that the client asks for, drops, closes, 429 with
// its headers; and that nothing of a refused request ever reaches a server.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { RawClient } from '../../harness/raw.ts';
import { bodyOf, eventually, get, ok, post, statusesIn, withSite } from '../../harness/site.ts';

test('a denial is 403 in the form that the client accepts, with the incident id of its record', async () => {
  await withSite({}, async ({ client, server, gateway }) => {
    const peer = client().send(get('/admin/x', 'Accept: application/json'));
    await peer.until((text) => text.endsWith('}\n'));
    const problem = JSON.parse(bodyOf(peer.received)) as { status: number; code: string; incident: string };
    assert.deepEqual([problem.status, problem.code], [403, 'denied']);
    const record = await gateway.record(({ id }) => id === problem.incident);
    assert.deepEqual([record.outcome, record.rule, record.path], ['denied', 'no-admin', '/admin/x']);
    const page = client().send(get('/admin/<b>x', 'Accept: text/html', 'Connection: close'));
    assert.ok(!(await page.untilEnd()).includes('<b>x'), 'nothing of the request is reflected');
    assert.equal(server.connections.length, 0);
  });
});

test('a denied request with a body: nothing of it goes to the server, and the next request is understood', async () => {
  await withSite({}, async ({ client, server }) => {
    const peer = client().send(post('/admin/upload', 'secret body') + get('/fine'));
    await peer.until((text) => text.endsWith('world'));
    assert.deepEqual(statusesIn(peer.received), ['403', '200']);
    const long = client().send(`POST /admin/long HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n${'s'.repeat(500)}`);
    assert.deepEqual(statusesIn(await long.untilEnd()), ['403']);
    assert.ok(!server.received.join('').includes('sss') && !server.received.join('').includes('secret'));
  });
});

test('a rule may choose status and message, close the connection, or drop the request without a word', async () => {
  const policy = `
  - { id: gone, operation: { path: /gone }, then: { deny: { status: 451, message: "not here" } } }
  - { id: ends, operation: { path: /ends }, then: close }
  - { id: drops, operation: { path: /drops }, then: drop }`;
  await withSite({ policy }, async ({ client, server, gateway }) => {
    const gone = client().send(get('/gone'));
    await gone.until((text) => text.includes('not here'));
    assert.match(gone.received, /^HTTP\/1\.1 451 /);
    const ends = client().send(get('/ends'));
    assert.match(await ends.untilEnd(), /^HTTP\/1\.1 403 .*Connection: close\r\n/s);
    const drops = client().send(get('/drops') + get('/behind'));
    assert.equal(await drops.untilEnd(), '');
    await eventually('reset', () => drops.closed);
    assert.ok(drops.reset);
    const record = await gateway.record(({ path }) => path === '/drops');
    assert.deepEqual([record.outcome, record.rule, record.status ?? 0], ['denied', 'drops', 0]);
    assert.equal(server.connections.length, 0);
  });
});

test('requests above a rate are answered with 429, Retry-After and RateLimit, and the connection stays', async () => {
  await withSite({ limits: '  slow: { key: address, requests: 2/1m, operation: { path: /counted } }' }, async ({ client, server, gateway }) => {
    const peer = client().send(get('/counted') + get('/counted'));
    await peer.until((text) => statusesIn(text).length === 2);
    peer.send(get('/counted'));
    await peer.until((text) => statusesIn(text).length === 3);
    assert.deepEqual(statusesIn(peer.received), ['200', '200', '429']);
    const refusal = peer.received.slice(peer.received.indexOf('HTTP/1.1 429'));
    const retryAfter = Number(/Retry-After: (\d+)\r\n/.exec(refusal)![1]);
    assert.ok(retryAfter >= 25 && retryAfter <= 30, `${retryAfter}`);
    assert.match(refusal, /RateLimit-Policy: "slow";q=2;w=60\r\n/);
    assert.match(refusal, /RateLimit: "slow";r=0;t=\d+\r\n/);
    peer.send(get('/free'));
    await peer.until((text) => statusesIn(text).length === 4 && text.endsWith('world'));
    const record = await gateway.record(({ status }) => status === 429);
    assert.deepEqual([record.outcome, record.rule], ['limited', 'slow']);
    assert.equal(server.received.join('').split('/counted').length - 1, 2);
  });
});

test('a limit may drop, or answer as it is told', async () => {
  const limits = `
  dropped: { key: none, requests: 1/1h, operation: { path: /dropped }, action: drop }
  told: { key: none, requests: 1/1h, operation: { path: /told }, status: 503, message: "come back later" }`;
  await withSite({ limits }, async ({ client, gateway }) => {
    const first = client().send(get('/dropped') + get('/told'));
    await first.until((text) => statusesIn(text).length === 2);
    const dropped = client().send(get('/dropped'));
    assert.equal(await dropped.untilEnd(), '');
    const told = client().send(get('/told'));
    await told.until((text) => text.includes('come back later'));
    assert.match(told.received, /^HTTP\/1\.1 503 .*Retry-After: \d+\r\n/s);
    assert.equal((await gateway.record(({ path, outcome }) => path === '/dropped' && outcome === 'limited')).rule, 'dropped');
  });
});

test('concurrent: a place is held from the decision to the end of the response, whatever the end is', async () => {
  const waiting: (() => void)[] = [];
  await withSite({
    service: '    retries: { attempts: 1 }',
    limits: '  one: { key: address, concurrent: 1, operation: { path: /one/** } }',
    serve: ({ target, reply, socket }) => {
      waiting.push(() => { if (target === '/one/dies') socket.resetAndDestroy(); else reply(ok(`for ${target}`)); });
    },
  }, async ({ client }) => {
    const endings = ['/one/good', '/one/dies', '/one/leaves', '/one/last'];
    for (const [index, path] of endings.entries()) {
      const peer = client().send(get(path));
      await eventually(`${path} is under way`, () => waiting.length === index + 1);
      const refused = client().send(get('/one/more'));
      await refused.until((text) => text.includes('HTTP/1.1 429'));
      if (path === '/one/leaves') peer.abort();
      waiting[index]!();
      if (path !== '/one/leaves') await peer.until((text) => statusesIn(text).length === 1);
      else await eventually('gone', () => peer.closed);
    }
  });
});

test('connections: those above the limit are closed at once and recorded, and a place is free again when one goes', async () => {
  await withSite({ limits: '  few: { key: address, connections: 2 }' }, async ({ client, gateway }) => {
    const kept = [client(), client()];
    for (const peer of kept) await peer.send(get('/here')).until((text) => text.endsWith('local'));
    const third = client();
    assert.equal(await third.untilEnd(), '');
    const record = await gateway.record(({ outcome }) => outcome === 'limited');
    assert.deepEqual([record.kind, record.rule], ['session', 'few']);
    kept[0]!.socket.destroy();
    await eventually('one has gone', () => gateway.status().sessions === 1);
    const again = client().send(get('/here'));
    await again.until((text) => text.endsWith('local'));
  });
});

test('behind a trusted proxy each of its clients is counted and judged by itself', async () => {
  await withSite({
    service: '    forwarded: { trustedProxies: ["127.0.0.0/8"] }',
    policy: '  - { id: not-them, from: 203.0.113.0/24, then: deny }',
    limits: '  each: { key: address, requests: 1/1h, operation: { path: /counted } }',
  }, async ({ client, gateway }) => {
    const peer = client();
    const ask = async (address: string): Promise<string> => {
      peer.received = '';
      peer.send(get('/counted', `X-Forwarded-For: ${address}`));
      await peer.until((text) => statusesIn(text).length === 1 && (text.endsWith('world') || text.includes('incident')));
      return statusesIn(peer.received)[0]!;
    };
    const seen = [await ask('198.51.100.1'), await ask('198.51.100.1'), await ask('198.51.100.2'), await ask('203.0.113.9')];
    assert.deepEqual(seen, ['200', '429', '200', '403']);
    assert.equal((await gateway.record(({ rule }) => rule === 'not-them')).client, '203.0.113.9');
  });
});

test('a client from another address is another client', async () => {
  await withSite({ policy: '  - { id: only-one, from: 127.0.0.2/32, then: deny }' }, async ({ client, gateway }) => {
    const allowed = client().send(get('/here'));
    await allowed.until((text) => text.endsWith('local'));
    const denied = new RawClient(gateway.port(), '127.0.0.1', '127.0.0.2').send(get('/here'));
    await denied.until((text) => text.includes('HTTP/1.1 403'));
    denied.abort();
  });
});
