// Configurations that change under load, in two worker processes: not one request fails, a configuration that cannot be run
// leaves everything at the one before, and what was removed drains.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { RawClient } from '../../harness/raw.ts';
import { answer, assertNoBugs, freePort, Load, startCluster } from '../../harness/cluster.ts';
import { eventually, get, startScriptedServer, statusesIn } from '../../harness/site.ts';

const configuration = (listen: number, server: number, version: number, more = ''): string => `
listeners: { plain: { bind: "127.0.0.1:${listen}", service: site }${more} }
services:
  site:
    protocol: http
    routes:
      - { id: version-${version}, match: { path: /version }, respond: { status: 200, body: "version ${version}, end of answer" } }
      - { id: all, match: {}, pool: web, rewrite: { response: { headers: { set: { X-Version: "${version}" } } } } }
pools:
  web: { servers: ["127.0.0.1:${server}"], maxConnections: ${100 + version % 7} }
${version % 2 === 0 ? `  other: { servers: ["127.0.0.1:${server}"] }` : ''}
policy:
${version % 3 === 0 ? '  - { id: sometimes, operation: { path: /never }, then: deny }' : ''}
  - { id: open, then: allow }
limits: { wide: { key: address, requests: ${1_000_000 + version}/1s, concurrent: 100000 } }
`;

test('a hundred reloads under load, with kept and with new connections: not one failed request', { timeout: 120_000 }, async (context) => {
  const server = await startScriptedServer(({ reply }) => { reply(answer); });
  const listen = await freePort();
  const cluster = await startCluster(configuration(listen, server.port, 0));
  const kept = new Load(listen, 6, 1_000_000);
  const fresh = new Load(listen, 3, 1);
  const local = new Load(listen, 2, 7, '/version');
  const loads = [kept, fresh, local];
  for (let version = 1; version <= 100; version++) {
    const result = await cluster.reload(configuration(listen, server.port, version));
    assert.ok(result.ok, JSON.stringify(result));
  }
  const check = new RawClient(listen).send(get('/version'));
  await check.until((text) => text.includes('version 100, end of answer'));
  check.destroy();
  await kept.more(100);
  for (const load of loads) await load.stop();
  const requests = loads.reduce((sum, load) => sum + load.requests, 0);
  context.diagnostic(`${requests} requests on ${loads.reduce((sum, load) => sum + load.connections, 0)} connections during 100 reloads`);
  assert.deepEqual(loads.flatMap(({ failures }) => failures), []);
  assert.equal(kept.connections, 6, 'no kept connection was closed');
  assert.equal(fresh.connections > 100, true);
  const workers = await cluster.plane.workers();
  assert.equal(new Set(workers.map(({ version }) => version)).size, 1);
  assertNoBugs(cluster);
  await cluster.stop();
  await server.close();
});

test('a configuration that cannot be run changes nothing, and the next one can', { timeout: 60_000 }, async () => {
  const server = await startScriptedServer(({ reply }) => { reply(answer); });
  const taken = net.createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const takenPort = (taken.address() as net.AddressInfo).port;
  const [listen, extra] = [await freePort(), await freePort()];
  const cluster = await startCluster(configuration(listen, server.port, 1));
  const before = (await cluster.plane.workers()).map(({ version }) => version);
  const load = new Load(listen, 4, 20);
  await load.more(50);
  const result = await cluster.reload(configuration(listen, server.port, 2, `, more: { bind: ["127.0.0.1:${extra}", "127.0.0.1:${takenPort}"], service: site }`));
  assert.ok(!result.ok);
  assert.match(JSON.stringify(result), /EADDRINUSE/);
  assert.deepEqual((await cluster.plane.workers()).map(({ version }) => version), before);
  const probe = new RawClient(extra);
  await assert.rejects(probe.until(() => false), 'the other bind of it is not open either');
  const wrong = await cluster.reload('listeners: { plain: { bind: nonsense } }');
  assert.ok(!wrong.ok && wrong.reason === 'invalid');
  const better = await cluster.reload(configuration(listen, server.port, 3, `, more: { bind: "127.0.0.1:${extra}", service: site }`));
  assert.ok(better.ok, JSON.stringify(better));
  const client = new RawClient(extra).send(get('/version'));
  await client.until((text) => text.includes('version 3, end of answer'));
  client.destroy();
  await load.more(50);
  await load.stop();
  assert.deepEqual(load.failures, []);
  await cluster.stop();
  await server.close();
  taken.close();
});

test('a port that another gateway of the same user listens on is not shared by accident', { timeout: 60_000 }, async () => {
  const server = await startScriptedServer(({ reply }) => { reply(answer); });
  const listen = await freePort();
  const cluster = await startCluster(configuration(listen, server.port, 1));
  await assert.rejects(startCluster(configuration(listen, server.port, 2)), /EADDRINUSE/);
  const load = new Load(listen, 3, 3, '/version');
  await load.more(20);
  await load.stop();
  assert.deepEqual(load.failures, []);
  await cluster.stop();
  await server.close();
});

test('a removed listener drains in both workers, and a request under way there finishes', { timeout: 60_000 }, async () => {
  const held: (() => void)[] = [];
  const server = await startScriptedServer(({ target, reply }) => { if (target === '/held') held.push(() => { reply(answer); }); else reply(answer); });
  const [listen, extra] = [await freePort(), await freePort()];
  const cluster = await startCluster(configuration(listen, server.port, 1, `, more: { bind: "127.0.0.1:${extra}", service: site }`));
  const busy = Array.from({ length: 6 }, () => new RawClient(extra).send(get('/held')));
  const idle = Array.from({ length: 6 }, () => new RawClient(extra).send(get('/load')));
  for (const client of idle) await client.until((text) => text.endsWith('end of answer'));
  await eventually('all are under way', () => held.length === busy.length);
  assert.ok((await cluster.reload(configuration(listen, server.port, 2))).ok);
  for (const client of idle) {
    await client.untilEnd();
    assert.ok(!client.reset, 'idle connections get a FIN');
    client.end();
  }
  await assert.rejects(new RawClient(extra).until(() => false), 'nobody listens');
  for (const release of held) release();
  for (const client of busy) {
    const text = await client.untilEnd();
    assert.ok(text.endsWith('end of answer'));
    client.end();
  }
  await eventually('all sessions have ended', async () => (await cluster.plane.sessions()).length === 0);
  await cluster.stop();
  await server.close();
});

test('a worker that dies while a configuration is brought to all does not leave the others apart', { timeout: 60_000 }, async () => {
  const server = await startScriptedServer(({ reply }) => { reply(answer); });
  const listen = await freePort();
  const cluster = await startCluster(configuration(listen, server.port, 1));
  for (let version = 2; version <= 5; version++) {
    process.kill(await cluster.pidOf(version % 2), 'SIGKILL');
    const result = await cluster.reload(configuration(listen, server.port, version));
    // Either the new one is in force everywhere, or the old one is.
    await eventually('both workers agree', async () => {
      const workers = await cluster.plane.workers();
      return workers.length === 2 && new Set(workers.map((worker) => worker.version)).size === 1 && workers[0]!.version === cluster.plane.supervisor.version;
    });
    const client = new RawClient(listen).send(get('/version'));
    await client.until((text) => statusesIn(text).length === 1 && text.includes('end of answer'));
    if (result.ok) assert.ok(client.received.includes(`version ${version},`), client.received);
    client.destroy();
  }
  await cluster.stop();
  await server.close();
});
