// The number of workers changes while the gateway runs: more are started and take their part, those that are too many
// finish what they have and go, limits and shares of servers follow, and nothing under way fails.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { alive, answer, assertNoBugs, freePort, Load, startCluster, type Cluster } from '../../harness/cluster.ts';
import { eventually, get, startScriptedServer, statusesIn } from '../../harness/site.ts';
import { RawClient } from '../../harness/raw.ts';

const configuration = (listen: number, server: number, workers: number | string, more = ''): string => `
runtime: { workers: ${workers}, drainTimeout: 20s }
listeners: { plain: { bind: "127.0.0.1:${listen}", service: site } }
services: { site: { protocol: http, pool: web } }
pools: { web: { servers: ["127.0.0.1:${server}"], maxConnections: 12, queue: { max: 0 } } }
policy: [{ id: open, then: allow }]
${more}
`;

const numbersOf = async (cluster: Cluster): Promise<number[]> => (await cluster.plane.workers()).map(({ worker }) => worker).sort((a, b) => a - b);

test('from one worker to three and back under load: not one failed request, a request under way finishes', { timeout: 60_000 }, async () => {
  let reply: ((text: string) => void) | undefined;
  const server = await startScriptedServer((request) => { if (request.target === '/slow') reply = request.reply; else request.reply(answer); });
  const listen = await freePort();
  const cluster = await startCluster(configuration(listen, server.port, 1), 'as configured');
  try {
    const load = new Load(cluster.port(), 4, 25);
    await load.more(100);
    const [before] = await cluster.plane.workers();
    assert.ok((await cluster.reload(configuration(listen, server.port, 3))).ok);
    assert.deepEqual(await numbersOf(cluster), [0, 1, 2]);
    assert.ok((await cluster.plane.workers()).every(({ version }) => version === cluster.plane.supervisor.version));
    assert.equal((await cluster.plane.workers())[0]!.pid, before!.pid, 'the first is still there');
    await load.more(300);
    await load.stop();
    assert.deepEqual(load.failures, []);
    // A session at each of the two that will go.
    const held = new Map<number, RawClient>();
    await eventually('sessions at all workers', async () => {
      const client = new RawClient(cluster.port()).send(get('/here'));
      await client.until((text) => text.endsWith('end of answer'));
      const session = (await cluster.plane.sessions()).find((one) => one.client.endsWith(`:${client.socket.localPort}`))!;
      if (held.has(session.worker)) client.end();
      else held.set(session.worker, client);
      return held.size === 3;
    });
    const slow = held.get(2)!.send(get('/slow'));
    await eventually('under way', () => reply !== undefined);
    const pids = new Map((await cluster.plane.workers()).map(({ worker, pid }) => [worker, pid]));
    assert.ok((await cluster.reload(configuration(listen, server.port, 1))).ok);
    await held.get(1)!.untilEnd();
    await eventually('the idle one is gone', () => !alive(pids.get(1)!));
    assert.ok(alive(pids.get(2)!), 'the one with a request under way is not');
    assert.ok((await cluster.plane.sessions()).some(({ worker }) => worker === 2), 'and its session is still shown');
    reply!(answer);
    assert.ok((await slow.untilEnd()).endsWith('end of answer'));
    await eventually('it goes as well', () => !alive(pids.get(2)!));
    await eventually('nobody else is counted', async () => (await numbersOf(cluster)).join() === '0');
    const after = new Load(cluster.port(), 4, 5);
    await after.more(100);
    await after.stop();
    assert.deepEqual(after.failures, []);
    await cluster.plane.trail.flush();
    assert.equal(cluster.records.filter(({ path }) => path === '/slow').length, 1, 'what it did is in the audit log');
    assert.equal((await cluster.plane.status()).workerRestarts, 0, 'nobody died');
    assertNoBugs(cluster);
  } finally {
    await cluster.stop();
    await server.close();
  }
});

test('limits and shares of servers follow the number of workers', { timeout: 60_000 }, async () => {
  const server = await startScriptedServer(() => { /* never answers */ });
  const listen = await freePort();
  const limits = 'limits: { two: { key: none, concurrent: 2, operation: { path: /limited } } }';
  const cluster = await startCluster(configuration(listen, server.port, 1, limits), 'as configured');
  const clients: RawClient[] = [];
  const ask = (path: string): RawClient => {
    const client = new RawClient(listen).send(get(path));
    clients.push(client);
    return client;
  };
  const active = async (): Promise<number> => (await cluster.plane.backends())[0]!.servers[0]!.activeRequests;
  try {
    ask('/limited');
    ask('/limited');
    await eventually('two are held', async () => await active() === 2);
    assert.ok((await cluster.reload(configuration(listen, server.port, 4, limits))).ok);
    // What the first worker held before there were others counts for all of them.
    await eventually('each of twenty is refused, wherever it arrives', async () => {
      const asked = Array.from({ length: 20 }, () => ask('/limited'));
      return (await Promise.all(asked.map(async (client) => {
        const late = setTimeout(() => { client.abort(); }, 2_000);
        const refused = await client.until((text) => statusesIn(text)[0] === '429').then(() => true, () => false);
        clearTimeout(late);
        return refused;
      }))).every(Boolean);
    });
    const others = Array.from({ length: 60 }, () => ask('/other'));
    await eventually('all are answered or held', async () => await active() + others.filter(({ received }) => received !== '').length === 62);
    // Twelve connections for four workers are three for each; the two of the first worker count there.
    assert.equal(await active(), 12);
  } finally {
    for (const client of clients) client.abort();
    await cluster.stop();
    await server.close();
  }
});

test('a configuration that cannot be run starts nobody, and one that goes back does so with the workers too', { timeout: 60_000 }, async () => {
  const server = await startScriptedServer(({ reply }) => { reply(answer); });
  const listen = await freePort();
  const cluster = await startCluster(configuration(listen, server.port, 1), 'as configured');
  try {
    const blocked = await freePort();
    const foreign = await startScriptedServer(() => { /* has the port */ });
    const failed = await cluster.reload(configuration(listen, server.port, 3).replace('listeners: {', `listeners: { more: { bind: "127.0.0.1:${foreign.port}", service: site },`));
    assert.ok(!failed.ok && failed.reason === 'failed');
    assert.deepEqual(await numbersOf(cluster), [0]);
    assert.ok((await cluster.reload(configuration(listen, server.port, 2).replace('listeners: {', `listeners: { more: { bind: "127.0.0.1:${blocked}", service: site },`))).ok);
    assert.deepEqual(await numbersOf(cluster), [0, 1]);
    const [first] = cluster.plane.history.list(10).slice(-1);
    assert.ok((await cluster.plane.transactions.rollback(first!.number, { author: 'test', reason: 'back' })).ok);
    await eventually('one is left', async () => (await numbersOf(cluster)).join() === '0');
    // Killed while another number is wanted: what is there in the end is what was asked for.
    assert.ok((await cluster.reload(configuration(listen, server.port, 2))).ok);
    process.kill(await cluster.pidOf(1), 'SIGKILL');
    await eventually('replaced', async () => {
      const workers = await cluster.plane.workers();
      return workers.filter(({ version }) => version !== '').length === 2 && cluster.plane.supervisor.restarts === 1;
    });
    assert.deepEqual(await numbersOf(cluster), [0, 1]);
    await foreign.close();
    assertNoBugs(cluster);
  } finally {
    await cluster.stop();
    await server.close();
  }
});

test('from a worker inside the process to processes and back: sessions are drained, and all is served in between', { timeout: 60_000 }, async () => {
  let reply: ((text: string) => void) | undefined;
  const server = await startScriptedServer((request) => { if (request.target === '/slow') reply = request.reply; else request.reply(answer); });
  const listen = await freePort();
  const cluster = await startCluster(configuration(listen, server.port, 0), 'as configured');
  const inside = async (): Promise<boolean[]> => (await cluster.plane.workers()).map(({ pid }) => pid === process.pid);
  try {
    assert.deepEqual(await inside(), [true]);
    // Not in the moment of the change: a connection that is being made to a worker that goes may be reset.
    const served = async (): Promise<void> => {
      const load = new Load(cluster.port(), 4, 25);
      await load.more(100);
      await load.stop();
      assert.deepEqual(load.failures, []);
    };
    await served();
    const slow = new RawClient(cluster.port()).send(get('/slow'));
    await eventually('under way', () => reply !== undefined);
    assert.ok((await cluster.reload(configuration(listen, server.port, 2))).ok);
    // The one inside still has a request under way: nobody else can take its place until it has gone.
    assert.deepEqual((await inside()).sort(), [false, false, true]);
    const early = await cluster.reload(configuration(listen, server.port, 0));
    assert.match(early.ok ? '' : early.message, /still drains/);
    await served();
    reply!(answer);
    assert.ok((await slow.untilEnd()).endsWith('end of answer'));
    await eventually('it has gone', async () => (await inside()).join() === 'false,false');
    await served();
    const pids = (await cluster.plane.workers()).map(({ pid }) => pid);
    assert.ok((await cluster.reload(configuration(listen, server.port, 0))).ok);
    await served();
    await eventually('the processes have gone', () => !pids.some(alive));
    await eventually('nobody else is counted', async () => (await inside()).join() === 'true');
    await cluster.plane.trail.flush();
    assert.equal(cluster.records.filter(({ path }) => path === '/slow').length, 1, 'what the first did is in the audit log');
    assert.equal((await cluster.plane.status()).workerRestarts, 0, 'nobody died');
    assertNoBugs(cluster);
  } finally {
    await cluster.stop();
    await server.close();
  }
});

test('a configuration that processes cannot run leaves the worker inside at what it had', { timeout: 60_000 }, async () => {
  const server = await startScriptedServer(({ reply }) => { reply(answer); });
  const listen = await freePort();
  const cluster = await startCluster(configuration(listen, server.port, 0), 'as configured');
  try {
    const refused = await cluster.reload(configuration(listen, server.port, 2, 'recordings: { enabled: true, directory: /dev/null/nowhere }'));
    assert.match(refused.ok ? '' : refused.message, /recordings\.directory/);
    await eventually('the new ones are gone', async () => (await numbersOf(cluster)).length === 1);
    const client = new RawClient(cluster.port()).send(get('/here'));
    assert.ok((await client.until((text) => text.endsWith('end of answer'))).startsWith('HTTP/1.1 200'));
    client.abort();
    assertNoBugs(cluster);
  } finally {
    await cluster.stop();
    await server.close();
  }
});

test('workers that run as another user do not become one that runs as this one', { skip: process.getuid?.() === 0 ? false : 'needs root' }, async () => {
  const server = await startScriptedServer(({ reply }) => { reply(answer); });
  const listen = await freePort();
  const text = (workers: number): string => configuration(listen, server.port, workers).replace('runtime: {', 'runtime: { user: root,');
  const cluster = await startCluster(text(1), 'as configured');
  try {
    const refused = await cluster.reload(text(0));
    assert.match(refused.ok ? '' : refused.message, /runtime\.workers cannot become 0 where workers run as runtime\.user/);
    assert.deepEqual(await numbersOf(cluster), [0]);
  } finally {
    await cluster.stop();
    await server.close();
  }
});
