// The pool: who is eligible and why, ejection and return, queue bounds, retries, shares of workers, reconfiguration.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OperationalFailure } from '#core/failure.ts';
import type { PassiveReport } from './messages.ts';
import { mergePoolReports } from './messages.ts';
import { Pool } from './pool.ts';
import type { PoolOptions } from './pool.ts';
import type { ServerState } from './server-state.ts';
import { poolSettings } from './settings.ts';
import type { PoolSettingsInput } from './settings.ts';
import type { Waiter } from './wait-queue.ts';

class Heard {
  readonly ejected: PassiveReport[] = [];
  readonly closedIdle: string[] = [];
  readonly freed: string[] = [];
}

function makePool(settings: PoolSettingsInput, options: Partial<PoolOptions> = {}): { pool: Pool; heard: Heard } {
  const pool = new Pool('web', poolSettings.parse(settings), { workers: 1, random: () => 0.5, ...options });
  const heard = new Heard();
  pool.events = {
    ejected: (report) => { heard.ejected.push(report); },
    closeIdle: (server) => { heard.closedIdle.push(server.name); },
    freed: (server) => { heard.freed.push(server.name); },
  };
  return { pool, heard };
}

class Waiting implements Waiter {
  readonly affinity: string;
  readonly excluded: readonly string[];
  readonly #pool: Pool;
  server: ServerState | undefined = undefined;
  enqueuedAtMs = 0;
  deadlineMs = 0;
  got: ServerState | undefined = undefined;
  failure: OperationalFailure | undefined = undefined;

  constructor(pool: Pool, affinity = '', excluded: readonly string[] = []) {
    this.#pool = pool;
    this.affinity = affinity;
    this.excluded = excluded;
  }

  serverFree(server: ServerState): void {
    this.got = server;
    this.#pool.requestStarted(server);
  }

  waitFailed(failure: OperationalFailure): void { this.failure = failure; }
}

/** The names that sixty requests in a row go to, in the order of the alphabet. */
function reachable(pool: Pool, nowMs: number, excluded: readonly string[] = []): string {
  const names = new Set<string>();
  for (let index = 0; index < 60; index++) {
    const server = pool.pick(`key ${index}`, excluded, nowMs);
    if (server === undefined) continue;
    names.add(server.name);
    pool.requestStarted(server);
    pool.requestFinished(server, 'neutral', -1, nowMs);
  }
  return [...names].toSorted().join(' ');
}

function fail(pool: Pool, name: string, times: number, nowMs: number): void {
  const server = pool.server(name)!;
  for (let index = 0; index < times; index++) {
    pool.requestStarted(server);
    pool.requestFinished(server, 'failure', -1, nowMs);
  }
}

function health(pool: Pool, server: string, state: 'up' | 'down', nowMs: number): void {
  pool.applyHealth({ server, health: state, reason: state === 'up' ? 'HTTP 200 in 3 ms' : 'HTTP 503, wanted 200-299', forMs: 0 }, nowMs);
}

test('drain and maintenance take a server out, ready brings it back', () => {
  const { pool, heard } = makePool({ servers: ['a:1', 'b:1'] });
  assert.equal(reachable(pool, 0), 'a:1 b:1');
  for (const state of ['drain', 'maintenance'] as const) {
    pool.setAdministrativeState('a:1', state, 0);
    assert.equal(reachable(pool, 0), 'b:1');
    assert.match(pool.report(0).servers[0]!.explanation, state === 'drain' ? /^draining$/ : /^in maintenance$/);
    pool.setAdministrativeState('a:1', 'ready', 0);
    assert.equal(reachable(pool, 0), 'a:1 b:1');
  }
  assert.deepEqual(heard.closedIdle, ['a:1', 'a:1']);
  assert.equal(pool.setAdministrativeState('nobody:1', 'drain', 0), false);
});

test('a server that is down gets nothing; one that was never checked does', () => {
  const { pool } = makePool({ servers: ['a:1', 'b:1'], health: { tcp: true } });
  assert.equal(reachable(pool, 0), 'a:1 b:1');
  health(pool, 'a:1', 'down', 1000);
  assert.equal(reachable(pool, 1000), 'b:1');
  assert.equal(pool.report(13_000).servers[0]!.explanation, 'down for 12 s (HTTP 503, wanted 200-299)');
  health(pool, 'a:1', 'up', 14_000);
  assert.equal(reachable(pool, 14_000), 'a:1 b:1');
});

test('with all servers down there is none, and the failure says why each', () => {
  const { pool } = makePool({ servers: ['a:1', 'b:1', 'c:1'], health: { tcp: true } });
  health(pool, 'a:1', 'down', 0);
  health(pool, 'b:1', 'down', 0);
  pool.setAdministrativeState('c:1', 'maintenance', 0);
  assert.equal(pool.pick('', [], 2000), undefined);
  assert.deepEqual(pool.noServer(2000), {
    kind: 'operational', code: 'no-server', side: 'gateway', phase: 'pick', retryable: true,
    message: 'no server of pool web can take the request: a:1 down for 2 s (HTTP 503, wanted 200-299); b:1 down for 2 s (HTTP 503, wanted 200-299); c:1 in maintenance',
  });
});

test('backups serve only while no other server can, and as a last resort for a retry', () => {
  const { pool } = makePool({ servers: ['a:1', { address: 'spare:1', backup: true }], health: { tcp: true } });
  assert.equal(reachable(pool, 0), 'a:1');
  assert.equal(pool.pick('', ['a:1'], 0)?.name, 'spare:1');
  health(pool, 'a:1', 'down', 0);
  assert.equal(reachable(pool, 0), 'spare:1');
  health(pool, 'a:1', 'up', 0);
  assert.equal(reachable(pool, 0), 'a:1');
});

const passive = { failures: 5, percent: 20, window: '10s', ejectFor: '10s', maxEjectFor: '30s' };

test('ejects at the configured number of failures and not one earlier', () => {
  const { pool, heard } = makePool({ servers: ['a:1', 'b:1'], passive });
  fail(pool, 'a:1', 4, 0);
  assert.equal(reachable(pool, 0), 'a:1 b:1');
  fail(pool, 'a:1', 1, 0);
  assert.equal(reachable(pool, 0), 'b:1');
  assert.deepEqual(heard.ejected, [{ pool: 'web', server: 'a:1', forMs: 10_000, reason: '5 of 5 requests failed within 10 s' }]);
  assert.equal(pool.report(3000).servers[0]!.explanation, 'ejected for another 7 s: 5 of 5 requests failed within 10 s');
});

test('failures that slid out of the window do not count, nor do few among many', () => {
  const { pool } = makePool({ servers: ['a:1', 'b:1'], passive });
  fail(pool, 'a:1', 4, 0);
  fail(pool, 'a:1', 4, 11_000);
  assert.equal(reachable(pool, 11_000), 'a:1 b:1');
  const server = pool.server('b:1')!;
  for (let index = 0; index < 96; index++) {
    pool.requestStarted(server);
    pool.requestFinished(server, 'success', 1, 11_000);
  }
  fail(pool, 'b:1', 23, 11_000);
  assert.equal(reachable(pool, 11_000), 'a:1 b:1');
  fail(pool, 'b:1', 1, 11_000);
  assert.equal(reachable(pool, 11_000), 'a:1');
});

test('a connection that cannot be opened counts as a failure', () => {
  const { pool, heard } = makePool({ servers: ['a:1', 'b:1'], passive });
  for (let index = 0; index < 5; index++) {
    pool.requestStarted(pool.server('a:1')!);
    pool.connectFailed(pool.server('a:1')!, 'a', 'connection refused', 0);
  }
  assert.equal(reachable(pool, 0), 'b:1');
  assert.equal(heard.ejected[0]?.reason, '5 of 5 requests failed within 10 s, last: connection refused');
  assert.equal(pool.server('a:1')!.activeRequests, 0);
});

test('never ejects the last server that can take requests', () => {
  const { pool, heard } = makePool({ servers: ['a:1', 'b:1', 'c:1'], passive, health: { tcp: true } });
  health(pool, 'c:1', 'down', 0);
  fail(pool, 'a:1', 5, 0);
  fail(pool, 'b:1', 50, 0);
  assert.equal(reachable(pool, 0), 'b:1');
  assert.equal(heard.ejected.length, 1);
});

test('ejects the last server when told to', () => {
  const { pool } = makePool({ servers: ['a:1'], passive: { ...passive, ejectLast: true } });
  fail(pool, 'a:1', 5, 0);
  assert.equal(pool.pick('', [], 9999), undefined);
  assert.equal(pool.pick('', [], 10_000)?.name, 'a:1');
});

test('an ejection is ignored once no other server is left', () => {
  const { pool } = makePool({ servers: ['a:1', 'b:1'], passive, health: { tcp: true } });
  fail(pool, 'a:1', 5, 0);
  health(pool, 'b:1', 'down', 0);
  assert.equal(reachable(pool, 0), 'a:1');
  assert.match(pool.report(0).servers[0]!.explanation, /ejection ignored, because no other server is left/);
});

test('a server returns on trial: one request at a time until one succeeds', () => {
  const { pool } = makePool({ servers: ['a:1', 'b:1'], passive });
  const server = pool.server('a:1')!;
  fail(pool, 'a:1', 5, 0);
  assert.equal(reachable(pool, 9999), 'b:1');
  assert.equal(reachable(pool, 10_000), 'a:1 b:1');
  assert.equal(server.limit, 1);
  pool.requestStarted(server);
  assert.equal(reachable(pool, 10_001), 'b:1');
  pool.requestFinished(server, 'success', 1, 10_002);
  assert.equal(server.limit, 512);
  assert.equal(reachable(pool, 10_002), 'a:1 b:1');
});

test('a trial that lasts ends by itself: one long download must not hold a server back', () => {
  const { pool } = makePool({ servers: ['a:1', 'b:1'], passive });
  fail(pool, 'a:1', 5, 0);
  reachable(pool, 10_000);
  pool.requestStarted(pool.server('a:1')!);
  assert.equal(reachable(pool, 19_999), 'b:1');
  assert.equal(reachable(pool, 20_000), 'a:1 b:1');
});

test('failing the trial ejects at once and for longer, up to the maximum; a good time starts anew', () => {
  const { pool, heard } = makePool({ servers: ['a:1', 'b:1'], passive });
  fail(pool, 'a:1', 5, 0);
  reachable(pool, 10_000);
  fail(pool, 'a:1', 1, 10_000);
  reachable(pool, 30_000);
  fail(pool, 'a:1', 1, 30_000);
  reachable(pool, 60_000);
  fail(pool, 'a:1', 1, 60_000);
  assert.deepEqual(heard.ejected.map(({ forMs }) => forMs), [10_000, 20_000, 30_000, 30_000]);
  reachable(pool, 90_000);
  pool.requestStarted(pool.server('a:1')!);
  pool.requestFinished(pool.server('a:1')!, 'success', 1, 90_000);
  fail(pool, 'a:1', 5, 200_000);
  assert.equal(heard.ejected.at(-1)?.forMs, 10_000);
});

test('an ejection by another worker is followed, but not for the last server', () => {
  const { pool, heard } = makePool({ servers: ['a:1', 'b:1'], passive });
  assert.equal(pool.applyPassive({ pool: 'web', server: 'a:1', forMs: 5000, reason: 'six failed' }, 0), true);
  assert.equal(reachable(pool, 0), 'b:1');
  assert.equal(pool.report(0).servers[0]!.explanation, 'ejected for another 5 s: six failed (in another worker)');
  assert.equal(pool.applyPassive({ pool: 'web', server: 'b:1', forMs: 5000, reason: 'six failed' }, 0), false);
  assert.equal(reachable(pool, 0), 'b:1');
  assert.deepEqual(heard.ejected, []);
});

test('a server that active checks bring up again is forgiven its ejection', () => {
  const { pool } = makePool({ servers: ['a:1', 'b:1'], passive, health: { tcp: true } });
  health(pool, 'a:1', 'up', 0);
  fail(pool, 'a:1', 5, 0);
  health(pool, 'a:1', 'up', 100);
  assert.equal(reachable(pool, 100), 'b:1');
  health(pool, 'a:1', 'down', 200);
  health(pool, 'a:1', 'up', 300);
  assert.equal(reachable(pool, 300), 'a:1 b:1');
  assert.equal(pool.server('a:1')!.limit, 512);
});

test('maintenance counts no failures; ready forgives', () => {
  const { pool } = makePool({ servers: ['a:1', 'b:1'], passive });
  fail(pool, 'a:1', 5, 0);
  pool.setAdministrativeState('a:1', 'maintenance', 0);
  pool.setAdministrativeState('a:1', 'ready', 100);
  assert.equal(reachable(pool, 100), 'a:1 b:1');
  pool.setAdministrativeState('a:1', 'maintenance', 100);
  fail(pool, 'a:1', 50, 100);
  pool.setAdministrativeState('a:1', 'ready', 200);
  assert.equal(reachable(pool, 200), 'a:1 b:1');
});

test('slow start gives a server that returns a tenth of its weight, growing to all of it', () => {
  const { pool } = makePool({ servers: ['a:1', 'b:1'], slowStart: '20s', health: { tcp: true } });
  const shareAt = (nowMs: number): number => {
    let count = 0;
    for (let index = 0; index < 1000; index++) if (pool.pick('', [], nowMs)!.name === 'a:1') count++;
    return count / 1000;
  };
  assert.ok(Math.abs(shareAt(0) - 0.5) < 0.01);
  health(pool, 'a:1', 'down', 0);
  health(pool, 'a:1', 'up', 1000);
  assert.ok(Math.abs(shareAt(1000) - 0.1 / 1.1) < 0.01);
  assert.ok(Math.abs(shareAt(11_000) - 0.5 / 1.5) < 0.01);
  assert.match(pool.report(11_000).servers[0]!.explanation, /slow start at 50 % of its weight/);
  assert.ok(Math.abs(shareAt(21_000) - 0.5) < 0.01);
});

test('the queue takes its maximum and refuses the next', () => {
  const { pool } = makePool({ servers: ['a:1'], maxConnections: 2, queue: { max: 3, timeout: '5s' } });
  const server = pool.pick('', [], 0)!;
  pool.requestStarted(server);
  assert.equal(server.hasRoom, true);
  pool.requestStarted(server);
  assert.equal(server.hasRoom, false);
  assert.equal(pool.pick('', [], 0), server);
  for (let index = 0; index < 3; index++) assert.equal(pool.enqueue(new Waiting(pool), server, 0), undefined);
  const refusal = pool.enqueue(new Waiting(pool), server, 0);
  assert.equal(refusal?.code, 'queue-full');
  assert.equal(refusal?.message, 'server a:1 of pool web has all of this worker\'s 2 connections in use and 3 requests waiting');
  assert.deepEqual([pool.waiting, pool.queueRefusals], [3, 1]);
  assert.equal(makePool({ servers: ['a:1'], queue: { max: 0 } }).pool.enqueue(new Waiting(pool), server, 0)?.code, 'queue-full');
});

test('waiting requests are served in the order in which they came, cancelled ones are left out', () => {
  const { pool } = makePool({ servers: ['a:1', 'b:1'], maxConnections: 1 });
  const [a, b] = pool.servers as [ServerState, ServerState];
  pool.requestStarted(a);
  pool.requestStarted(b);
  const waiters = [0, 1, 2, 3].map((nowMs) => {
    const waiter = new Waiting(pool);
    pool.enqueue(waiter, nowMs % 2 === 0 ? a : b, nowMs);
    return waiter;
  });
  pool.cancel(waiters[1]!);
  pool.cancel(waiters[1]!);
  assert.equal(pool.waiting, 3);
  assert.equal(pool.dequeue(b), undefined);
  pool.requestFinished(b, 'success', 1, 10);
  assert.equal(pool.dequeue(b), waiters[0]);
  assert.equal(pool.dequeue(b), waiters[2]);
  assert.equal(pool.dequeue(b), waiters[3]);
  assert.equal(pool.dequeue(b), undefined);
  assert.equal(pool.waiting, 0);
});

test('a waiting request does not go to a server that it was tried on', () => {
  const { pool } = makePool({ servers: ['a:1', 'b:1'], maxConnections: 1 });
  const [a, b] = pool.servers as [ServerState, ServerState];
  pool.requestStarted(a);
  const waiter = new Waiting(pool, '', ['b:1']);
  pool.enqueue(waiter, a, 0);
  assert.equal(pool.dequeue(b), undefined);
  pool.requestFinished(a, 'success', 1, 0);
  assert.equal(pool.dequeue(a), waiter);
});

test('with hash a request waits for its own server, unless that can take nothing', () => {
  const { pool } = makePool({ servers: ['a:1', 'b:1'], maxConnections: 1, balance: 'hash', health: { tcp: true } });
  const [a, b] = pool.servers as [ServerState, ServerState];
  pool.requestStarted(a);
  const waiter = new Waiting(pool, 'key');
  pool.enqueue(waiter, a, 0);
  assert.equal(pool.dequeue(b), undefined);
  health(pool, 'a:1', 'down', 1);
  assert.equal(waiter.got, b);
  assert.equal(pool.waiting, 0);
});

test('waiting ends with a timeout, exactly at its time', () => {
  const { pool } = makePool({ servers: ['a:1'], maxConnections: 1, queue: { max: 5, timeout: '5s' } });
  const server = pool.servers[0]!;
  pool.requestStarted(server);
  const waiter = new Waiting(pool);
  pool.enqueue(waiter, server, 1000);
  pool.sweep(5999);
  assert.equal(pool.waiting, 1);
  pool.sweep(6000);
  assert.deepEqual([waiter.failure?.code, waiter.failure?.phase, waiter.failure?.message], ['timeout', 'queue', 'waited 5000 ms for server a:1 of pool web to have room']);
  assert.deepEqual([pool.waiting, pool.queueTimeouts], [0, 1]);
});

test('when the last server goes, nobody waits for nothing', () => {
  const { pool } = makePool({ servers: ['a:1'], maxConnections: 1, health: { tcp: true } });
  const server = pool.servers[0]!;
  pool.requestStarted(server);
  const waiter = new Waiting(pool);
  pool.enqueue(waiter, server, 0);
  health(pool, 'a:1', 'down', 10);
  pool.sweep(100);
  assert.equal(waiter.failure?.code, 'no-server');
});

test('a server that comes back takes waiting requests at once', () => {
  const { pool } = makePool({ servers: ['a:1', 'b:1'], maxConnections: 1, health: { tcp: true } });
  health(pool, 'b:1', 'down', 0);
  const server = pool.server('a:1')!;
  pool.requestStarted(server);
  const waiters = [new Waiting(pool), new Waiting(pool)];
  for (const waiter of waiters) pool.enqueue(waiter, server, 0);
  health(pool, 'b:1', 'up', 10);
  assert.deepEqual(waiters.map((waiter) => waiter.got?.name), ['b:1', undefined]);
});

test('connections are bounded, and divided among the workers exactly', () => {
  const { pool } = makePool({ servers: ['a:1'], maxConnections: 2 });
  const server = pool.servers[0]!;
  pool.connectionOpened(server);
  assert.equal(pool.canConnect(server), true);
  pool.connectionOpened(server);
  assert.equal(pool.canConnect(server), false);
  pool.connectionClosed(server);
  assert.equal(pool.canConnect(server), true);
  const sharesOf = (maxConnections: number, workers: number): number[] => Array.from({ length: workers }, (_, worker) =>
    makePool({ servers: ['a:1'], maxConnections }, { workers, worker }).pool.servers[0]!.maxConnections);
  assert.deepEqual(sharesOf(10, 4), [3, 3, 2, 2]);
  assert.deepEqual(sharesOf(2, 4), [1, 1, 1, 1]);
});

test('idle connections: up to the maximum, none for a server that gets no requests', () => {
  const { pool } = makePool({ servers: ['a:1', 'b:1'], keepAlive: { maxIdle: 2 } });
  const server = pool.servers[0]!;
  assert.deepEqual([pool.mayKeepIdle(server, 1), pool.mayKeepIdle(server, 2)], [true, false]);
  pool.setAdministrativeState('a:1', 'drain', 0);
  assert.equal(pool.mayKeepIdle(server, 0), false);
});

test('reconcile keeps what stays, drains what leaves, adds what is new', () => {
  const { pool, heard } = makePool({ servers: ['a:1', 'b:1'], health: { tcp: true } });
  const [a, b] = pool.servers as [ServerState, ServerState];
  health(pool, 'a:1', 'down', 0);
  pool.setAdministrativeState('b:1', 'drain', 0);
  pool.requestStarted(b);
  pool.connectionOpened(b);
  pool.reconcile(poolSettings.parse({ servers: [{ address: 'a:1', weight: 7 }, 'c:1'], health: { tcp: true }, maxConnections: 9 }), 100);
  assert.equal(pool.servers[0], a);
  assert.deepEqual([a.health, a.weight, a.maxConnections], ['down', 7, 9]);
  assert.equal(reachable(pool, 100), 'c:1');
  assert.deepEqual([b.removed, pool.leaving.length, heard.freed], [true, 1, []]);
  assert.equal(pool.report(100).servers[2]?.explanation, 'removed from the configuration, finishing what it has');
  pool.requestFinished(b, 'failure', 1, 100);
  assert.deepEqual(heard.freed, []);
  pool.connectionClosed(b);
  assert.deepEqual(heard.freed, ['b:1']);
  assert.equal(pool.leaving.length, 0);
});

test('a server whose address changed under the same name is another server', () => {
  const { pool } = makePool({ servers: [{ address: 'a:1', name: 'one' }] });
  const before = pool.servers[0]!;
  pool.requestStarted(before);
  pool.reconcile(poolSettings.parse({ servers: [{ address: 'b:1', name: 'one' }] }), 0);
  assert.notEqual(pool.servers[0], before);
  assert.equal(pool.servers[0]?.host, 'b');
  assert.equal(before.removed, true);
});

test('requests that waited for a server that left go to others', () => {
  const { pool } = makePool({ servers: ['a:1'], maxConnections: 1 });
  const server = pool.servers[0]!;
  pool.requestStarted(server);
  const waiter = new Waiting(pool);
  pool.enqueue(waiter, server, 0);
  pool.reconcile(poolSettings.parse({ servers: ['b:1'], maxConnections: 1 }), 0);
  assert.equal(waiter.got?.name, 'b:1');
});

test('another way of balancing takes effect at once', () => {
  const { pool } = makePool({ servers: ['a:1', 'b:1'] });
  pool.reconcile(poolSettings.parse({ servers: ['a:1', 'b:1'], balance: 'hash' }), 0);
  assert.deepEqual(pool.affinity, { kind: 'address', name: '' });
  assert.equal(new Set(Array.from({ length: 20 }, () => pool.pick('same key', [], 0)!.name)).size, 1);
});

test('a closed pool is freed when its last request has ended', () => {
  const { pool, heard } = makePool({ servers: ['a:1', 'b:1'], maxConnections: 1 });
  const server = pool.pick('', [], 0)!;
  pool.requestStarted(server);
  const waiter = new Waiting(pool);
  pool.enqueue(waiter, server, 0);
  pool.close(0);
  assert.equal(waiter.failure?.code, 'no-server');
  assert.equal(pool.pick('', [], 0), undefined);
  assert.equal(pool.freed, false);
  pool.requestFinished(server, 'success', 1, 10);
  assert.equal(pool.freed, true);
  assert.deepEqual(heard.freed.toSorted(), ['a:1', 'b:1']);
});

test('explaining a choice does not change the next one', () => {
  const { pool } = makePool({ servers: ['a:1', 'b:1', 'c:1'] });
  const plain = makePool({ servers: ['a:1', 'b:1', 'c:1'] }).pool;
  const steps: string[] = [];
  for (let index = 0; index < 20; index++) {
    const trace = { step: (...parts: string[]) => { steps.push(parts.join(' | ')); } };
    const explained = pool.pick('', [], 0, trace)!;
    assert.equal(pool.pick('', [], 0), explained);
    assert.equal(plain.pick('', [], 0)!.name, explained.name);
  }
  const chosen = steps.find((step) => step.includes('chosen'))!;
  assert.match(chosen, /^upstream \| \w:1 \| chosen \| round-robin: next in turn by weight; health unknown \(not checked\), 0 of 512 requests under way$/);
});

test('addresses: all in turn, those that failed rest, old ones stay when none are known', () => {
  const { pool } = makePool({ servers: ['web.internal:80'], passive: { ejectFor: '10s' } });
  const server = pool.servers[0]!;
  assert.equal(server.nextAddress(0), 'web.internal');
  pool.applyAddresses('web.internal:80', ['10.0.0.1', '10.0.0.2']);
  assert.deepEqual([0, 0, 0].map(() => server.nextAddress(0)), ['10.0.0.1', '10.0.0.2', '10.0.0.1']);
  pool.requestStarted(server);
  pool.connectFailed(server, '10.0.0.2', 'refused', 0);
  assert.deepEqual([1, 1, 1].map((nowMs) => server.nextAddress(nowMs)), ['10.0.0.1', '10.0.0.1', '10.0.0.1']);
  assert.deepEqual([0, 1].map(() => server.nextAddress(10_000)).toSorted(), ['10.0.0.1', '10.0.0.2']);
  pool.applyAddresses('web.internal:80', []);
  assert.deepEqual(server.addresses, ['10.0.0.1', '10.0.0.2']);
  assert.equal(pool.applyAddresses('nobody:1', []), false);
});

test('snapshots of workers add up', () => {
  const pools = [0, 1].map((worker) => makePool({ servers: ['a:1', 'b:1'], maxConnections: 5 }, { workers: 2, worker }).pool);
  pools.forEach((pool, index) => {
    const server = pool.server('a:1')!;
    for (let times = 0; times <= index; times++) {
      pool.requestStarted(server);
      pool.requestFinished(server, 'success', 10 * (index + 1), 0);
    }
    pool.connectionOpened(server);
  });
  pools[1]!.applyPassive({ pool: 'web', server: 'b:1', forMs: 5000, reason: 'x' }, 0);
  const sum = mergePoolReports(pools.map((pool) => pool.report(0)))!;
  const [a, b] = sum.servers;
  assert.deepEqual([a?.requests, a?.connections, a?.maxConnections], [3, 2, 5]);
  assert.equal(Math.round(a!.latencyMs), 17);
  assert.deepEqual([b?.eligible, b?.ejectedForMs, b?.explanation], [false, 5000, 'ejected for another 5 s: x (in another worker)']);
  assert.equal(mergePoolReports([]), undefined);
});

test('reports say how requests failed last, of the worker where that was latest, and nothing of one worker alone', () => {
  const pools = [0, 1, 2].map(() => makePool({ servers: ['a:1'], passive: { failures: 0 } }).pool);
  const [first, second, third] = pools.map((pool) => pool.servers[0]!);
  const fail = (index: number, reason: string, nowMs: number): void => {
    const server = [first, second, third][index]!;
    pools[index]!.requestStarted(server);
    pools[index]!.connectFailed(server, 'a', reason, nowMs);
  };
  assert.deepEqual(pools[0]!.report(5000).servers.map(({ lastFailure, lastFailureAgoMs }) => [lastFailure, lastFailureAgoMs]), [['', 0]]);
  fail(1, 'connection refused', 1000);
  fail(2, 'no route', 3000);
  pools[0]!.requestStarted(first!);
  const [server] = mergePoolReports(pools.map((pool) => pool.report(5000)))!.servers;
  assert.deepEqual([server!.lastFailure, server!.lastFailureAgoMs, server!.failures, server!.activeRequests], ['no route', 2000, 2, 1]);
  assert.equal(server!.explanation, 'health unknown (not checked)');
});
