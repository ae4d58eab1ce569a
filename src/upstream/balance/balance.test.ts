// Every way of balancing: shares by weight, servers left out, keys that stay where they are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pool } from '../pool.ts';
import { poolSettings } from '../settings.ts';
import { buildMaglev, tableSize } from './maglev.ts';
import { hashText } from './string-hash.ts';

/** Mulberry32: the same sequence in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value = (value + Math.imul(value ^ (value >>> 7), value | 61)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

function makePool(servers: unknown, balance: unknown, more: Record<string, unknown> = {}): Pool {
  return new Pool('test', poolSettings.parse({ servers, balance, ...more }), { workers: 1, random: seeded(7) });
}

/** Shares of each server over sequential requests, in the order of the configuration. */
function shares(pool: Pool, requests: number, keyOf: (index: number) => string = String, excluded: string[] = []): number[] {
  const counts = new Map<string, number>();
  for (let index = 0; index < requests; index++) {
    const server = pool.pick(keyOf(index), excluded, index)!;
    pool.requestStarted(server);
    pool.requestFinished(server, 'success', 1, index);
    counts.set(server.name, (counts.get(server.name) ?? 0) + 1);
  }
  return pool.servers.map((server) => (counts.get(server.name) ?? 0) / requests);
}

function assertNear(actual: number[], wanted: number[], tolerance: number): void {
  actual.forEach((share, index) => {
    assert.ok(Math.abs(share - wanted[index]!) <= tolerance, `share ${index} is ${share}, wanted ${wanted[index]} within ${tolerance}`);
  });
}

const weighted = [{ address: 'a:1', weight: 1 }, { address: 'b:1', weight: 2 }, { address: 'c:1', weight: 5 }];
const everyBalance: [unknown, number][] = [
  ['round-robin', 0.001], ['least-requests', 0.001], ['random-two', 0.015], ['hash', 0.015], [{ hash: 'address', boundedLoad: 10 }, 0.015],
];

for (const [balance, tolerance] of everyBalance) {
  const title = JSON.stringify(balance);
  test(`${title} gives each server its share by weight`, () => {
    assertNear(shares(makePool(weighted, balance), 20_000), [1 / 8, 2 / 8, 5 / 8], tolerance);
  });

  test(`${title} shares what an excluded server would have had by weight`, () => {
    assertNear(shares(makePool(weighted, balance), 20_000, String, ['c:1']), [1 / 3, 2 / 3, 0], tolerance + 0.005);
  });

  test(`${title} answers nothing when every server is excluded`, () => {
    assert.equal(makePool(weighted, balance).pick('k', ['a:1', 'b:1', 'c:1'], 0), undefined);
  });

  test(`${title} leaves out a server without room while others have some`, () => {
    const pool = makePool(['a:1', 'b:1'], balance === 'hash' ? { hash: 'address', boundedLoad: 10 } : balance, { maxConnections: 2 });
    const [first] = pool.servers;
    pool.requestStarted(first!);
    pool.requestStarted(first!);
    for (let index = 0; index < 100; index++) assert.equal(pool.pick(`key${index}`, [], 0)?.name, 'b:1');
  });

  test(`${title} spreads requests without a key over all`, () => {
    assert.ok(shares(makePool(weighted, balance), 2000, () => '').every((share) => share > 0.08));
  });
}

test('round-robin mixes the turns instead of bunching them', () => {
  const pool = makePool(weighted, 'round-robin');
  const turns = Array.from({ length: 80 }, () => pool.pick('', [], 0)!.name);
  let longestRun = 0;
  for (let index = 0, run = 0; index < turns.length; index++) {
    run = turns[index] === turns[index - 1] ? run + 1 : 1;
    longestRun = Math.max(longestRun, run);
  }
  assert.ok(longestRun <= 3, `the heaviest server came ${longestRun} times in a row`);
});

test('least-requests follows the load, by weight', () => {
  const pool = makePool(weighted, 'least-requests');
  for (let index = 0; index < 80; index++) pool.requestStarted(pool.pick('', [], 0)!);
  assert.deepEqual(pool.servers.map((server) => server.activeRequests), [10, 20, 50]);
  pool.requestFinished(pool.servers[0]!, 'success', 1, 0);
  assert.equal(pool.pick('', [], 0)?.name, 'a:1');
});

test('least-requests does not flood a server that comes back', () => {
  const pool = makePool(['a:1', 'b:1'], 'least-requests');
  pool.setAdministrativeState('b:1', 'drain', 0);
  shares(pool, 1000);
  pool.setAdministrativeState('b:1', 'ready', 0);
  assertNear(shares(pool, 100), [0.5, 0.5], 0.02);
});

test('random-two keeps away from the busy server', () => {
  const pool = makePool(['a:1', 'b:1', 'c:1'], 'random-two');
  for (let index = 0; index < 50; index++) pool.requestStarted(pool.servers[0]!);
  // The busy one is taken only when both draws hit it: a ninth, when a second distinct draw is not found.
  assert.ok(shares(pool, 3000)[0]! < 0.13);
});

test('hash gives the same key the same server, in every process and order of the configuration', () => {
  const one = makePool(['a:1', 'b:1', 'c:1'], 'hash');
  const other = makePool(['c:1', 'a:1', 'b:1'], 'hash');
  for (let index = 0; index < 500; index++) assert.equal(one.pick(`k${index}`, [], 0)!.name, other.pick(`k${index}`, [], 5)!.name);
});

const keys = Array.from({ length: 20_000 }, (_, index) => `203.0.113.${index}`);
const ten = Array.from({ length: 10 }, (_, index) => `s${index}:1`);

test('hash moves little more than the keys of a server that leaves the configuration', () => {
  const pool = makePool(ten, 'hash');
  const before = keys.map((key) => pool.pick(key, [], 0)!.name);
  pool.reconcile(poolSettings.parse({ servers: ten.slice(0, 9), balance: 'hash' }), 0);
  let moved = 0;
  keys.forEach((key, index) => {
    if (pool.pick(key, [], 0)!.name !== before[index]) moved++;
  });
  assert.ok(moved >= 0.08 * keys.length && moved <= 0.15 * keys.length, `${moved} of ${keys.length} keys moved, wanted about a tenth`);
});

test('hash moves only the keys of a server that is down, evenly, and moves them back', () => {
  const pool = makePool(ten, 'hash');
  const before = keys.map((key) => pool.pick(key, [], 0)!.name);
  pool.applyHealth({ server: 's3:1', health: 'down', reason: 'refused', forMs: 0 }, 0);
  const heirs = new Map<string, number>();
  keys.forEach((key, index) => {
    const now = pool.pick(key, [], 0)!.name;
    assert.notEqual(now, 's3:1');
    if (before[index] === 's3:1') heirs.set(now, (heirs.get(now) ?? 0) + 1);
    else assert.equal(now, before[index]);
  });
  assert.equal(heirs.size, 9);
  for (const [name, count] of heirs) assert.ok(count > 150 && count < 300, `${name} inherited ${count} of about 2000`);
  pool.applyHealth({ server: 's3:1', health: 'up', reason: 'connected', forMs: 0 }, 1);
  keys.forEach((key, index) => { assert.equal(pool.pick(key, [], 2)!.name, before[index]); });
});

test('hash keeps a key on its server when that has no room: the request waits there', () => {
  const pool = makePool(['a:1', 'b:1'], 'hash', { maxConnections: 1 });
  const home = pool.pick('key', [], 0)!;
  pool.requestStarted(home);
  const again = pool.pick('key', [], 0)!;
  assert.equal(again, home);
  assert.equal(again.hasRoom, false);
});

test('hash with a bound lets a hot key overflow, and only as far as the bound', () => {
  const pool = makePool(ten, { hash: 'uri', boundedLoad: 1.25 });
  for (let index = 0; index < 1000; index++) pool.requestStarted(pool.pick('/hot', [], 0)!);
  const most = Math.max(...pool.servers.map((server) => server.activeRequests));
  assert.ok(most <= 126, `one server has ${most} of 1000 requests, the bound is 125`);
  assert.ok(most >= 120);
});

test('the table is even to about one per cent, also with weights', () => {
  const entries = [1, 2, 5, 1, 1].map((weight, index) => ({ nameHash: hashText(`server${index}:80`), weight }));
  const counts = [0, 0, 0, 0, 0];
  for (const index of buildMaglev(entries)) counts[index]!++;
  assertNear(counts.map((count) => count / tableSize), [0.1, 0.2, 0.5, 0.1, 0.1], 0.001);
});
