// Two worker processes and their supervisor: a killed worker takes its own sessions along and nothing else, limits hold for
// both together, and orders reach those that are started later.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { StoredRecord } from '#audit/record.ts';
import { RawClient } from '../../harness/raw.ts';
import { alive, answer, assertNoBugs, freePort, Load, startCluster, type Cluster } from '../../harness/cluster.ts';
import { eventually, get, startScriptedServer, statusesIn } from '../../harness/site.ts';

const configuration = (listen: number, server: number, more = ''): string => `
listeners: { plain: { bind: "127.0.0.1:${listen}", service: site } }
services: { site: { protocol: http, pool: web } }
pools: { web: { servers: ["127.0.0.1:${server}"] } }
policy: [{ id: open, then: allow }]
${more}
`;

/** Connections until each worker has `perWorker` of them; answered once each, so that they are known. */
async function clientsByWorker(cluster: Cluster, perWorker: number): Promise<Map<number, RawClient[]>> {
  const clients: RawClient[] = [];
  const byWorker = new Map<number, RawClient[]>();
  await eventually('clients at both workers', async () => {
    for (let count = 0; count < perWorker; count++) {
      const client = new RawClient(cluster.port()).send(get('/here'));
      await client.until((text) => text.endsWith('end of answer'));
      clients.push(client);
    }
    byWorker.clear();
    const sessions = await cluster.plane.sessions();
    for (const client of clients) {
      const { worker } = sessions.find((session) => session.client.endsWith(`:${client.socket.localPort}`))!;
      byWorker.set(worker, [...byWorker.get(worker) ?? [], client]);
    }
    return [0, 1].every((worker) => (byWorker.get(worker)?.length ?? 0) >= perWorker);
  });
  return byWorker;
}

test('a worker killed under load: only its sessions end, none hang, it is replaced, the audit log says so', { timeout: 60_000 }, async () => {
  const server = await startScriptedServer(({ target, reply }) => { if (target !== '/held') reply(answer); });
  const cluster = await startCluster(configuration(await freePort(), server.port));
  const byWorker = await clientsByWorker(cluster, 3);
  const pid = await cluster.pidOf(0);
  for (const client of [...byWorker.get(0)!, ...byWorker.get(1)!]) {
    client.received = '';
    client.send(get('/held'));
  }
  const load = new Load(cluster.port(), 12, 50);
  await load.more(500);
  // Not those of the load: one that began in the last 25 ms is not known to the supervisor yet (docs/audit.md).
  const ports = new Set(byWorker.get(0)!.map(({ socket }) => `:${socket.localPort}`));
  const carried = (await cluster.plane.sessions()).filter(({ client }) => ports.has(client.slice(client.lastIndexOf(':')))).map(({ id }) => id);
  assert.equal(carried.length, byWorker.get(0)!.length);
  process.kill(pid, 'SIGKILL');
  for (const client of byWorker.get(0)!) assert.equal(await client.untilEnd(), '', 'its sessions end');
  await eventually('replaced', async () => (await cluster.plane.workers()).filter(({ version }) => version !== '').length === 2 && !alive(pid));
  const failuresOfTheDead = load.failures.length;
  await load.more(1_000);
  assert.equal(load.failures.length, failuresOfTheDead, 'nothing fails any more');
  assert.ok(load.failures.every((failure) => /connection ended|no answer/.test(failure) && !failure.includes('no answer within')), load.failures.join('\n'));
  // Of each client at most one request was with the worker that died, and one more on a connection that the kernel had put
  // into its queue while it was being killed.
  assert.ok(failuresOfTheDead <= 24, `${failuresOfTheDead} requests failed`);
  await load.stop();
  for (const client of byWorker.get(1)!) assert.ok(!client.ended && !client.closed, 'the sessions of the other stand');
  assert.ok(cluster.notices.some(({ message }) => message.includes(`worker 0 (pid ${pid}) ended by signal SIGKILL`)));
  assert.ok(cluster.records.some(({ kind, reason }) => kind === 'system' && reason?.includes(`pid ${pid}`) === true));
  const endsNow = (): StoredRecord[] => cluster.records.filter(({ kind }) => kind === 'session');
  await eventually('their ends are recorded', () => carried.every((id) => endsNow().some((record) => record.id === id)));
  const ends = endsNow();
  assert.equal(new Set(ends.map(({ id }) => id)).size, ends.length, 'no session ends twice');
  for (const id of carried) {
    const end = ends.find((record) => record.id === id)!;
    assert.deepEqual([end.outcome, end.rule, end.reason, end.service, end.client], ['aborted', 'worker', 'worker 0 ended by signal SIGKILL', 'site', '127.0.0.1']);
  }
  const status = await cluster.plane.status();
  assert.deepEqual([status.workers.length, status.workerRestarts], [2, 1]);
  for (const clients of byWorker.values()) for (const client of clients) client.abort();
  assertNoBugs(cluster);
  await cluster.stop();
  await server.close();
});

test('limits on things at the same time: a dead worker gives its places back, a new one knows those of the others', { timeout: 60_000 }, async () => {
  const server = await startScriptedServer(({ target, reply }) => { if (target !== '/held') reply(answer); });
  const cluster = await startCluster(configuration(await freePort(), server.port, 'limits: { two: { key: none, concurrent: 2, operation: { path: /held } } }'));
  const byWorker = await clientsByWorker(cluster, 3);
  const [first, second] = [byWorker.get(0)!, byWorker.get(1)!];
  const waiting = async (): Promise<number> => {
    const backends = await cluster.plane.backends();
    return backends[0]!.servers[0]!.activeRequests;
  };
  first[0]!.send(get('/held'));
  second[0]!.send(get('/held'));
  await eventually('both are under way', async () => await waiting() === 2);
  /** New connections, spread over both workers, until ten in a row are refused: those that are not let go again. */
  const fullForAll = async (): Promise<void> => {
    let refused = 0;
    await eventually('the limit is full for both', async () => {
      const client = new RawClient(cluster.port()).send(get('/held'));
      const late = setTimeout(() => { client.abort(); }, 300);
      await client.until((text) => statusesIn(text)[0] === '429').then(() => { refused++; }, () => { refused = 0; });
      clearTimeout(late);
      client.abort();
      return refused === 10;
    }, 20_000);
  };
  await fullForAll();
  process.kill(await cluster.pidOf(0), 'SIGKILL');
  await first[0]!.untilEnd();
  await eventually('replaced', async () => (await cluster.plane.workers()).filter(({ version }) => version !== '').length === 2);
  // One place is free again: for the worker that lived on, and then for nobody, the new one included.
  second[1]!.received = '';
  second[1]!.send(get('/held'));
  await eventually('it has the place', async () => await waiting() === 2);
  assert.equal(second[1]!.received, '');
  await fullForAll();
  for (const clients of byWorker.values()) for (const client of clients) client.abort();
  assertNoBugs(cluster);
  await cluster.stop();
  await server.close();
});

test('a rate holds for both workers within the documented bound, and what was too much is paid back', { timeout: 60_000 }, async (context) => {
  const server = await startScriptedServer(({ reply }) => { reply(answer); });
  const burst = 40;
  const cluster = await startCluster(configuration(await freePort(), server.port, `limits: { shared: { key: none, requests: ${burst}/1h, operation: { path: /load } } }`));
  const load = new Load(cluster.port(), 10, 3);
  await eventually('far more than the limit were asked for', () => load.requests > 400);
  await load.stop();
  const admitted = load.requests - load.failures.length;
  context.diagnostic(`${admitted} of ${load.requests} requests admitted; the limit is ${burst} in all, the bound with two workers ${2 * burst}`);
  assert.ok(admitted >= burst && admitted <= 2 * burst, `${admitted} admitted`);
  assert.ok(load.failures.every((failure) => failure.startsWith('HTTP/1.1 429')), load.failures[0] ?? '');
  await cluster.stop();
  await server.close();
});

test('a worker that is started later knows what was drained and what is down', { timeout: 60_000 }, async () => {
  const first = await startScriptedServer(({ reply }) => { reply(answer); });
  const second = await startScriptedServer(({ reply }) => { reply(answer); });
  const listen = await freePort();
  const cluster = await startCluster(configuration(listen, first.port).replace(`"127.0.0.1:${first.port}"`, `"127.0.0.1:${first.port}", "127.0.0.1:${second.port}"`));
  assert.ok(cluster.plane.setServerState('web', `127.0.0.1:${first.port}`, 'drain', 'test', ''));
  const pids = [await cluster.pidOf(0), await cluster.pidOf(1)];
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await eventually('both replaced', async () => {
    const workers = await cluster.plane.workers();
    return workers.length === 2 && workers.every(({ pid, version }) => version !== '' && !pids.includes(pid));
  });
  const load = new Load(cluster.port(), 4, 5);
  await load.more(100);
  await load.stop();
  assert.deepEqual(load.failures, []);
  assert.equal(first.connections.length, 0, 'nothing for the server that was drained');
  await cluster.stop();
  await Promise.all([first.close(), second.close()]);
});

test('a stop lets what is under way finish, and leaves no process', { timeout: 60_000 }, async () => {
  let reply: ((text: string) => void) | undefined;
  const server = await startScriptedServer((request) => { reply = request.reply; });
  const cluster = await startCluster(configuration(await freePort(), server.port));
  const client = new RawClient(cluster.port()).send(get('/slow'));
  await eventually('under way', () => reply !== undefined);
  const stopped = cluster.plane.stop(10_000);
  await eventually('nobody listens any more', async () => {
    const probe = new RawClient(cluster.port());
    await probe.untilEnd();
    const refused = !probe.ended;
    probe.destroy();
    return refused;
  });
  reply!(answer);
  const text = await client.untilEnd();
  assert.ok(text.endsWith('end of answer'));
  client.end();
  await stopped;
  assert.ok(cluster.records.some(({ kind, path }) => kind === 'operation' && path === '/slow'), 'its record was kept');
  await cluster.stop();
  await server.close();
});
