// What changes while connections stand: new configurations, removed services, orders to drain a server, health, and the
// end of the gateway itself. In one process; test/scenarios/processes does the same with workers.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { AdministrativeState } from '#upstream/messages.ts';
import { eventually, get, ok, post, startScriptedServer, statusesIn, withSite, type Site } from '../../harness/site.ts';
import { RawClient } from '../../harness/raw.ts';

async function ask(peer: RawClient, request: string, end: string): Promise<string> {
  peer.received = '';
  peer.send(request);
  return peer.until((text) => text.endsWith(end));
}

function order({ gateway }: Site, server: string, state: AdministrativeState): void {
  gateway.worker.receive({ type: 'administrative', report: { pool: 'web', server, state } });
}

test('a connection goes by the newest configuration from each request to the next', async () => {
  await withSite({}, async ({ client, configure, gateway }) => {
    const peer = client();
    await ask(peer, get('/a'), 'world');
    await configure({ policy: '  - { id: closed, operation: { path: /a }, then: deny }', service: '    requestId: X-Other-Id' });
    for (let count = 0; count < 3; count++) {
      assert.match(await ask(peer, get('/b'), 'world'), /X-Other-Id: /);
      peer.received = '';
      peer.send(get('/a', 'Accept: application/json'));
      await peer.until((text) => text.endsWith('}\n'));
      assert.deepEqual(statusesIn(peer.received), ['403']);
    }
    const versions = new Set((await Promise.all([gateway.record(({ path }) => path === '/b'), gateway.record(({ status }) => status === 200)])).map(({ config }) => config));
    assert.equal(versions.size, 2);
  });
});

test('limits on messages are those of the newest configuration from the second request on', async () => {
  await withSite({ service: '    limits: { maxHeaderCount: 3 }' }, async ({ client, configure }) => {
    const peer = client();
    await ask(peer, get('/here'), 'local');
    await configure({ service: '    limits: { maxHeaderCount: 6 }' });
    await ask(peer, get('/here'), 'local');
    await ask(peer, get('/here', 'A: 1', 'B: 2', 'C: 3', 'D: 4'), 'local');
    await configure({ service: '    limits: { maxHeaderCount: 3 }' });
    await ask(peer, get('/here'), 'local');
    peer.received = '';
    peer.send(get('/here', 'A: 1', 'B: 2', 'C: 3', 'D: 4'));
    assert.deepEqual(statusesIn(await peer.untilEnd()), ['431']);
  });
});

test('a pool that was removed finishes what it has; a request under way is not cut', async () => {
  let answer: (() => void) | undefined;
  const other = await startScriptedServer(({ reply }) => { reply(ok('other')); });
  await withSite({ serve: ({ reply }) => { answer = () => { reply(ok('late')); }; } }, async ({ client, configure, gateway, server }) => {
    const peer = client().send(get('/slow') + get('/next'));
    await eventually('under way', () => answer !== undefined);
    await configure({ servers: [`127.0.0.1:${other.port}`] });
    answer!();
    await peer.until((text) => text.endsWith('other'));
    assert.ok(peer.received.includes('late'));
    await eventually('the connection of the removed server is closed', () => server.connections[0]!.destroyed);
    assert.deepEqual(gateway.status().pools[0]!.servers.map(({ name }) => name), [`127.0.0.1:${other.port}`]);
  });
  await other.close();
});

const twoListeners = (server: number, second: boolean): string => `
listeners:
  plain: { bind: "127.0.0.1:0", service: site }
${second ? '  extra: { bind: "127.0.0.1:0", service: other }' : ''}
services:
  site: { protocol: http, pool: web }
${second ? '  other: { protocol: http, pool: web }' : ''}
pools: { web: { servers: ["127.0.0.1:${server}"] } }
policy: [{ id: open, then: allow }]
`;

test('a removed listener drains: idle connections are closed in good order, what is under way finishes', async () => {
  let answer: (() => void) | undefined;
  await withSite({ serve: ({ target, reply }) => { if (target === '/slow') answer = () => { reply(ok('late')); }; else reply(ok('quick')); } }, async ({ gateway, server }) => {
    await gateway.configure(twoListeners(server.port, true));
    const port = gateway.port('extra');
    const [idle, busy, partial] = [new RawClient(port), new RawClient(port), new RawClient(port)];
    await ask(idle, get('/a'), 'quick');
    busy.send(get('/slow'));
    partial.send('GET /a HTTP/1.1\r\nHost:');
    await eventually('under way', () => answer !== undefined);
    await gateway.configure(twoListeners(server.port, false));
    await idle.untilEnd();
    await eventually('a FIN, no reset', () => idle.ended);
    assert.ok(!idle.reset);
    answer!();
    const text = await busy.untilEnd();
    assert.ok(text.endsWith('late'));
    assert.match(text, /Connection: close\r\n/);
    partial.send(' x\r\n\r\n');
    assert.deepEqual(statusesIn(await partial.untilEnd()), ['503'], 'what had begun gets an answer');
    await assert.rejects(new RawClient(port).until(() => false), 'nobody listens');
    for (const peer of [idle, busy, partial]) peer.end();
  });
});

test('drain: no new requests for the server; maintenance too; ready brings it back', async () => {
  const other = await startScriptedServer(({ reply }) => { reply(ok('other')); });
  let held: (() => void) | undefined;
  await withSite({ serve: ({ target, reply }) => { if (target === '/held') held = () => { reply(ok('held')); }; else reply(ok('first')); } }, async (site) => {
    const first = `127.0.0.1:${site.server.port}`;
    await site.configure({ servers: [first, `127.0.0.1:${other.port}`] });
    const long = site.client();
    const peer = site.client();
    // In turn: of two requests one goes to each.
    for (let count = 0; count < 2; count++) {
      long.received = '';
      long.send(get('/held'));
      await eventually('answered or held', () => held !== undefined || long.received.endsWith('other'));
    }
    order(site, first, 'drain');
    for (let count = 0; count < 6; count++) await ask(peer, get('/a'), 'other');
    held!();
    await long.until((text) => text.endsWith('held'));
    await eventually('its connections are closed', () => site.server.connections.every(({ destroyed }) => destroyed));
    order(site, first, 'maintenance');
    for (let count = 0; count < 4; count++) await ask(peer, get('/a'), 'other');
    order(site, first, 'ready');
    const seen = new Set<string>();
    await eventually('both again', async () => {
      peer.received = '';
      peer.send(get('/a'));
      await peer.until((text) => /(first|other)$/.test(text));
      seen.add(peer.received.slice(-5));
      return seen.has('first') && seen.has('other');
    });
  });
  await other.close();
});

test('health: a server that is down gets nothing; with none left it is 503 with the reason in the record', async () => {
  await withSite({ pool: 'health: { tcp: true, interval: 1h }' }, async (site) => {
    const server = `127.0.0.1:${site.server.port}`;
    const report = { pool: 'web', server, reason: 'HTTP 500, wanted 200-299', forMs: 0, changed: true };
    site.gateway.worker.receive({ type: 'health', reports: [{ ...report, health: 'down' }] });
    const peer = site.client().send(get('/down'));
    await peer.until((text) => text.includes('HTTP/1.1 503'));
    assert.match(peer.received, /Retry-After: /);
    const record = await site.gateway.record(({ path }) => path === '/down');
    assert.equal(record.rule, 'pick.no-server');
    assert.match(record.reason!, /HTTP 500, wanted 200-299/);
    assert.equal(site.server.connections.length, 0);
    site.gateway.worker.receive({ type: 'health', reports: [{ ...report, health: 'up', reason: 'HTTP 200 in 1 ms' }] });
    await ask(peer, get('/up'), 'world');
  });
});

test('the end of the gateway: what is under way finishes, idle connections get a FIN, new ones nothing', async () => {
  let answer: (() => void) | undefined;
  await withSite({ serve: ({ reply }) => { answer = () => { reply(ok('late')); }; } }, async ({ client, gateway }) => {
    const idle = client();
    await ask(idle, get('/here'), 'local');
    const busy = client().send(post('/slow', 'body'));
    await eventually('under way', () => answer !== undefined);
    gateway.worker.receive({ type: 'drain', deadlineMs: 5_000 });
    await idle.untilEnd();
    await eventually('a FIN, no reset', () => idle.ended);
    answer!();
    const text = await busy.untilEnd();
    assert.ok(text.endsWith('late'));
    assert.match(text, /Connection: close\r\n/);
    idle.end();
    busy.end();
  });
});

test('the end of the gateway with a deadline: what does not finish is cut off', async () => {
  await withSite({ serve: () => { /* never */ } }, async ({ client, gateway }) => {
    const busy = client().send(get('/never'));
    await eventually('under way', () => gateway.status().pools[0]!.servers[0]!.activeRequests === 1);
    gateway.worker.receive({ type: 'drain', deadlineMs: 200 });
    assert.equal(await busy.untilEnd(), '');
    assert.match((await gateway.record(({ kind }) => kind === 'session')).reason!, /drain time/);
    assert.equal((await gateway.record(({ path }) => path === '/never')).outcome, 'aborted');
  });
});

test('a session can be ended from outside, with its request', async () => {
  await withSite({ serve: () => { /* never */ } }, async ({ client, gateway, server }) => {
    const peer = client().send(get('/watched'));
    await eventually('under way', () => server.connections.length === 1);
    const id = (await gateway.sessions())[0]!.id;
    gateway.worker.receive({ type: 'kill', session: id, reason: 'ended by a test' });
    assert.equal(await peer.untilEnd(), '');
    assert.equal((await gateway.record(({ kind }) => kind === 'session')).reason, 'ended by a test');
    await eventually('cut at the server', () => server.connections[0]!.destroyed);
  });
});

test('configurations are taken in the order in which they come, also when one has to wait for its listeners', async () => {
  await withSite({}, async ({ gateway, server }) => {
    const [slow, quick] = await Promise.allSettled([gateway.configure(twoListeners(server.port, true)), gateway.configure(twoListeners(server.port, false))]);
    assert.deepEqual([slow.status, quick.status], ['fulfilled', 'fulfilled']);
    await eventually('the last one is in force', () => !gateway.worker.plan.listeners.has('extra'));
    // Nothing of the one before comes afterwards.
    await gateway.flushed();
    assert.deepEqual([...gateway.worker.plan.services.keys()], ['site']);
  });
});
