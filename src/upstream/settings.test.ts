// The pool schema: what people write, what the machine gets, and what is refused with which words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { poolSettings } from './settings.ts';

const servers = ['10.0.0.1:80'];

function faults(input: unknown): string[] {
  const result = poolSettings.safeParse(input);
  return result.success ? [] : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

test('a server is an address, or an object with an address', () => {
  const settings = poolSettings.parse({ servers: ['web.internal:80', { address: '[fd00::1]:8080', name: 'six', weight: 3, maxConnections: 7, maxQueue: 0, backup: true }] });
  assert.deepEqual(settings.servers, [
    { name: 'web.internal:80', host: 'web.internal', port: 80, weight: 1, maxConnections: undefined, maxQueue: undefined, backup: false },
    { name: 'six', host: 'fd00::1', port: 8080, weight: 3, maxConnections: 7, maxQueue: 0, backup: true },
  ]);
});

test('defaults are those of the documentation', () => {
  const settings = poolSettings.parse({ servers });
  assert.deepEqual({ ...settings, servers: undefined }, {
    servers: undefined,
    balance: { kind: 'round-robin', affinity: undefined, boundedLoad: 0 },
    maxConnections: 512,
    queue: { max: 128, timeout: 5000 },
    passive: { failures: 5, percent: 20, window: 10_000, ejectFor: 10_000, maxEjectFor: 300_000, ejectLast: false },
    retryBudget: { percent: 20, minimumPerSecond: 10 },
    keepAlive: { maxIdle: 64, idleTimeout: 55_000, maxRequests: Infinity, maxAge: Infinity },
    connectTimeout: 3000,
    resolve: { minTtl: 1000, maxTtl: 300_000, family: 'prefer-ipv4' },
  });
});

test('balance by hash names its key', () => {
  const balanceOf = (balance: unknown): unknown => poolSettings.parse({ servers, balance }).balance;
  assert.deepEqual(balanceOf('hash'), { kind: 'hash', affinity: { kind: 'address', name: '' }, boundedLoad: 0 });
  assert.deepEqual(balanceOf({ hash: 'header:X-User' }), { kind: 'hash', affinity: { kind: 'header', name: 'x-user' }, boundedLoad: 0 });
  assert.deepEqual(balanceOf({ hash: 'cookie:SID', boundedLoad: 1.5 }), { kind: 'hash', affinity: { kind: 'cookie', name: 'SID' }, boundedLoad: 1.5 });
  assert.deepEqual(balanceOf({ hash: 'uri' }), { kind: 'hash', affinity: { kind: 'uri', name: '' }, boundedLoad: 0 });
  for (const wrong of ['random', { hash: 'header:' }, { hash: 'query:a' }, { hash: 'address', boundedLoad: 0.5 }]) {
    assert.notDeepEqual(faults({ servers, balance: wrong }), [], JSON.stringify(wrong));
  }
});

test('health takes exactly one kind of check', () => {
  const parsed = poolSettings.parse({ servers, health: { http: { path: '/healthz', expect: [200, '301-302'] } } }).health;
  assert.deepEqual(parsed?.http?.expect, [{ from: 200, to: 200 }, { from: 301, to: 302 }]);
  assert.deepEqual([parsed?.interval, parsed?.timeout, parsed?.rise, parsed?.fall], [5000, 2000, 2, 3]);
  assert.deepEqual(poolSettings.parse({ servers, health: { http: {} } }).health?.http?.expect, [{ from: 200, to: 299 }]);
  assert.deepEqual(faults({ servers, health: { interval: '1s' } }), ['health: wanted exactly one of http and tcp']);
  assert.deepEqual(faults({ servers, health: { http: {}, tcp: true } }), ['health: wanted exactly one of http and tcp']);
  assert.deepEqual(faults({ servers, health: { tcp: true, interval: '10ms' } }), ['health.interval: an interval under 100ms is an attack on the server']);
  assert.notDeepEqual(faults({ servers, health: { http: { expect: ['299-200'] } } }), []);
  assert.notDeepEqual(faults({ servers, health: { http: { path: '/a b' } } }), []);
  assert.notDeepEqual(faults({ servers, health: { http: { headers: { 'X-A': 'a\r\nb: c' } } } }), []);
});

test('what cannot work is refused', () => {
  const hint = 'servers.0: wanted host:port, for example 10.1.0.10:8080, web.internal:80 or [fd00::1]:80';
  assert.deepEqual(faults({ servers: [] }), ['servers: a pool needs at least one server']);
  for (const wrong of ['web', 'web:0', 'web:70000', 'fd00::1:80', '', 'http://web:80']) assert.deepEqual(faults({ servers: [wrong] }), [hint], wrong);
  assert.deepEqual(faults({ servers: ['a:1', 'a:1'] }), ['servers.1: server "a:1" is listed twice; give one of them another name']);
  assert.deepEqual(faults({ servers: [{ address: 'a:1', backup: true }] }), ['servers: every server is a backup; at least one must not be']);
  assert.deepEqual(faults({ servers, passive: { ejectFor: '10m' } }), ['passive.ejectFor: ejectFor is longer than maxEjectFor']);
  assert.deepEqual(faults({ servers, resolve: { minTtl: '10m' } }), ['resolve.minTtl: minTtl is longer than maxTtl']);
  assert.deepEqual(faults({ servers, colour: 1 }), [': Unrecognized key: "colour"']);
});

test('every setting is described, and exported with its default', () => {
  const schema = z.toJSONSchema(poolSettings, { io: 'input' }) as { properties: Record<string, { description?: string; default?: unknown }> };
  const undescribed = Object.entries(schema.properties).filter(([, property]) => (property.description ?? '') === '').map(([key]) => key);
  assert.deepEqual(undescribed, []);
  assert.equal(schema.properties['connectTimeout']?.default, '3s');
  assert.equal(schema.properties['maxConnections']?.default, 512);
});
