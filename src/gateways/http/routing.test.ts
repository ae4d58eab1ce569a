// Routing: the documented order, every condition, explanations, and that the index finds what walking the list finds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Trace } from '#contract/decision.ts';
import { contextOf, requestHead, settingsOf } from '#test/http/messages.ts';
import { compileRoutes } from './routing.ts';
import type { RouteTable } from './routing.ts';

class Steps implements Trace {
  readonly steps: string[] = [];
  step(stage: string, subject: string, outcome: string, detail: string): void { this.steps.push(`${stage} ${subject}: ${outcome}: ${detail}`); }
}

const plain = settingsOf({ pool: 'web' });

function tableOf(routes: object[], pool?: string): RouteTable {
  return compileRoutes(settingsOf({ routes: routes.map((route) => ({ pool: 'web', ...route })), ...(pool === undefined ? {} : { pool }) }));
}

function found(table: RouteTable, line: string, headers: string[] = [], zones: string[] = []): string | undefined {
  const view = contextOf(requestHead(`${line} HTTP/1.1`, headers), plain).view;
  const route = table.find(view, zones)?.id;
  assert.equal(table.findByWalking(view, zones)?.id, route);
  table.find(view, zones, new Steps());
  return route;
}

test('higher priority first, then more specific, then place in the list', () => {
  const table = tableOf([
    { id: 'any', match: {} },
    { id: 'wildcard', match: { host: '*.example' } },
    { id: 'narrower-wildcard', match: { host: '*.shop.example' } },
    { id: 'exact-host', match: { host: 'shop.example' } },
    { id: 'short-prefix', match: { host: 'shop.example', path: '/api/**' } },
    { id: 'long-prefix', match: { host: 'shop.example', path: '/api/orders/**' } },
    { id: 'glob', match: { host: 'shop.example', path: '/api/*/detail' } },
    { id: 'exact-path', match: { host: 'shop.example', path: '/api/orders/detail' } },
    { id: 'exact-path-post', match: { host: 'shop.example', path: '/api/orders/detail', methods: ['POST'] } },
    { id: 'same-again', match: { host: 'shop.example', path: '/api/orders/detail' } },
    { id: 'first-of-all', priority: 10, match: { path: '/api/health' } },
    { id: 'last-of-all', priority: -10, match: { host: 'other.example', path: '/exact' } },
  ]);
  assert.equal(found(table, 'GET /', ['Host: elsewhere.test']), 'any');
  assert.equal(found(table, 'GET /', ['Host: a.example']), 'wildcard');
  assert.equal(found(table, 'GET /', ['Host: a.shop.example']), 'narrower-wildcard');
  assert.equal(found(table, 'GET /'), 'exact-host');
  assert.equal(found(table, 'GET /api'), 'short-prefix');
  assert.equal(found(table, 'GET /apis'), 'exact-host');
  assert.equal(found(table, 'GET /api/orders/9'), 'long-prefix');
  assert.equal(found(table, 'GET /api/orders/detail'), 'exact-path');
  assert.equal(found(table, 'POST /api/orders/detail'), 'exact-path-post');
  assert.equal(found(table, 'GET /api/health'), 'first-of-all');
  assert.equal(found(table, 'GET /exact', ['Host: other.example']), 'wildcard');
});

test('a route with several hosts and paths stands once for each', () => {
  const table = tableOf([
    { id: 'many', match: { host: ['a.example', '*.example'], path: ['/x/**', '/y'] } },
    { id: 'between', match: { host: 'b.example' } },
  ]);
  assert.equal(found(table, 'GET /y', ['Host: a.example']), 'many');
  assert.equal(found(table, 'GET /y', ['Host: b.example']), 'between');
  assert.equal(found(table, 'GET /x/1', ['Host: c.example']), 'many');
  assert.equal(found(table, 'GET /z', ['Host: c.example']), undefined);
});

test('the pool of the service takes what no route fits, even a route of the lowest priority comes first', () => {
  const table = tableOf([{ id: 'low', priority: -1000, match: { path: '/a' } }], 'rest');
  assert.equal(found(table, 'GET /a'), 'low');
  assert.equal(found(table, 'GET /b'), 'default');
  assert.equal(table.routes.at(-1)?.pool, 'rest');
});

test('conditions on headers', () => {
  const table = tableOf([
    { id: 'both', match: { headers: { 'X-A': true, 'x-b': false } } },
    { id: 'text', match: { headers: { 'X-A': '2*' } } },
    { id: 'list', match: { headers: { 'User-Agent': ['curl/*', 'wget/*'] } } },
    { id: 'regex', match: { headers: { 'X-C': { regex: '^v[0-9]+$' } } } },
  ]);
  assert.equal(found(table, 'GET /', ['x-a: 1']), 'both');
  assert.equal(found(table, 'GET /', ['X-A: 24', 'X-B: 1']), 'text');
  assert.equal(found(table, 'GET /', ['X-A: 1', 'X-A: 2', 'X-B: 1']), 'text');
  assert.equal(found(table, 'GET /', ['user-agent: curl/8']), 'list');
  assert.equal(found(table, 'GET /', ['X-C: v12']), 'regex');
  assert.equal(found(table, 'GET /', ['X-C: xv12']), undefined);
});

test('conditions on query, cookies and path by regular expression', () => {
  const table = tableOf([
    { id: 'query', match: { query: { version: '2', debug: false } } },
    { id: 'cookie', match: { cookies: { beta: 'yes' } } },
    { id: 'regex', match: { pathRegex: '^/u/\\d+$' } },
  ]);
  assert.equal(found(table, 'GET /?version=%32'), 'query');
  assert.equal(found(table, 'GET /?version=1&version=2'), 'query');
  assert.equal(found(table, 'GET /?version=2&debug'), undefined);
  assert.equal(found(table, 'GET /', ['Cookie: a=1; beta=yes']), 'cookie');
  assert.equal(found(table, 'GET /', ['Cookie: beta=no']), undefined);
  assert.equal(found(table, 'GET /u/12'), 'regex');
  assert.equal(found(table, 'GET /u/12/x'), undefined);
});

test('zones of the client', () => {
  const table = tableOf([{ id: 'office', match: { from: ['office', 'vpn'] } }, { id: 'rest', match: {} }]);
  assert.equal(found(table, 'GET /', [], ['vpn', 'internal']), 'office');
  assert.equal(found(table, 'GET /', [], ['internal']), 'rest');
  assert.equal(found(table, 'GET /'), 'rest');
});

test('paths are matched in their normalised spelling', () => {
  const table = tableOf([{ id: 'admin', match: { path: '/admin/**' } }, { id: 'rest', match: {} }]);
  assert.equal(found(table, 'GET //admin/x'), 'admin');
  assert.equal(found(table, 'GET /%61dmin/x'), 'admin');
  assert.equal(found(table, 'GET /Admin/x'), 'rest');
});

test('a trace names every route in order, with the reason', () => {
  const table = tableOf([
    { id: 'host', match: { host: 'a.example' } },
    { id: 'method', match: { host: 'shop.example', path: '/a', methods: ['PUT', 'POST'] } },
    { id: 'header', match: { host: 'shop.example', headers: { 'X-A': '1', Authorization: 'Basic x' } } },
    { id: 'secret', match: { host: 'shop.example', headers: { Authorization: 'Basic x' } } },
    { id: 'zone', match: { path: ['/a', '/b'], from: 'office' } },
    { id: 'chosen', match: {} },
    { id: 'later', priority: -1, match: {} },
  ]);
  const steps = new Steps();
  const view = contextOf(requestHead('GET /a HTTP/1.1', ['X-A: 2', 'Authorization: Bearer secret-token']), plain).view;
  assert.equal(table.find(view, ['internal'], steps)?.id, 'chosen');
  assert.deepEqual(steps.steps, [
    'route method: no-match: method GET is not PUT or POST',
    'route header: no-match: header X-A is "2", not "1"',
    'route secret: no-match: header Authorization is "(masked)", not "Basic x"',
    'route host: no-match: host shop.example is not a.example',
    'route zone (path /a): no-match: client is in internal, not in office',
    'route zone (path /b): no-match: path /a is not /b',
    'route chosen: chosen: to pool web',
    'route 1 more: skipped: come after the route that was chosen',
  ]);
  const none = new Steps();
  assert.equal(tableOf([{ id: 'a', match: { path: '/x' } }]).find(view, [], none), undefined);
  assert.deepEqual(none.steps, ['route a: no-match: path /a is not /x', 'route : no-match: no route fits the request']);
});

test('more query parameters than allowed are told, once somebody looks', () => {
  const settings = settingsOf({ routes: [{ match: { query: { a: true } }, pool: 'web' }], limits: { maxQueryParameters: 2 } });
  const table = compileRoutes(settings);
  const within = contextOf(requestHead('GET /?b=1&c=2 HTTP/1.1'), settings).view;
  const beyond = contextOf(requestHead('GET /?b=1&c=2&a=3 HTTP/1.1'), settings).view;
  assert.equal(beyond.limitReached, '');
  table.find(within, []);
  table.find(beyond, []);
  assert.equal(within.limitReached, '');
  assert.equal(beyond.limitReached, 'maxQueryParameters');
});

test('what a route means: times, limits, retries, affinity, upgrades are merged with the service', () => {
  const settings = settingsOf({
    timeouts: { serverFirstByte: '5s' }, limits: { maxBodyBytes: '1MiB' }, retries: { attempts: 3, methods: 'idempotent' }, upgrades: ['websocket'],
    routes: [{ match: {}, pool: 'web', timeouts: { total: '30s' }, limits: { maxBodyBytes: 'unlimited' }, retries: { on: ['connect'] }, affinity: 'cookie:session' }],
    pool: 'rest',
  });
  const [route, rest] = compileRoutes(settings).routes;
  assert.ok(route !== undefined && rest !== undefined);
  assert.deepEqual([route.timeouts.serverFirstByteMs, route.timeouts.totalMs, rest.timeouts.totalMs], [5000, 30_000, 0]);
  assert.deepEqual([route.limits.maxBodyBytes, rest.limits.maxBodyBytes], [Number.MAX_SAFE_INTEGER, 1024 ** 2]);
  assert.equal(route.retries.permits('GET', 2, false), true);
  assert.equal(route.retries.permits('GET', 3, false), false);
  assert.equal(route.retries.permits('GET', 1, true), false);
  assert.equal(rest.retries.permits('PUT', 1, true), true);
  assert.equal(rest.retries.permits('POST', 1, true), false);
  assert.equal(rest.retries.permits('POST', 1, false), true);
  assert.equal(route.acceptedUpgrade('h2c, websocket'), 'websocket');
  assert.equal(route.acceptedUpgrade('h2c'), '');
  assert.equal(route.affinity!.of(contextOf(requestHead('GET / HTTP/1.1', ['Cookie: session=7']), settings)), '7');
  assert.equal(route.affinity!.of(contextOf(requestHead('GET / HTTP/1.1'), settings)), '203.0.113.9');
});

const hosts = ['a.example', 'b.example', '*.example', '*.b.example', '*'];
const paths = ['/a', '/a/b', '/a/**', '/a/b/**', '/a/*', '/*/b', '/a/**/c', '**', '/'];
const someOf = (values: string[]) => fc.option(fc.subarray(values, { minLength: 1, maxLength: 2 }), { nil: undefined });

test('the index finds what walking the list finds', () => {
  const route = fc.record({
    priority: fc.integer({ min: -1, max: 1 }),
    match: fc.record({
      host: someOf(hosts), path: someOf(paths), methods: someOf(['GET', 'POST']), from: someOf(['x', 'y']),
      headers: fc.option(fc.constant({ 'X-A': '1' }), { nil: undefined }), query: fc.option(fc.constant({ q: true }), { nil: undefined }),
    }),
  });
  const request = fc.record({
    host: fc.constantFrom('a.example', 'b.example', 'c.b.example', 'c.test'),
    target: fc.constantFrom('/', '/a', '/a/b', '/a/b/c', '/b/b', '/a/x/c?q=1', '/a?q'),
    method: fc.constantFrom('GET', 'POST', 'PUT'),
    header: fc.boolean(),
    zones: fc.subarray(['x', 'y', 'z']),
  });
  fc.assert(fc.property(fc.array(route, { minLength: 1, maxLength: 70 }), fc.array(request, { minLength: 1, maxLength: 6 }), (routes, requests) => {
    const table = tableOf(routes);
    for (const { host, target, method, header, zones } of requests) found(table, `${method} ${target}`, [`Host: ${host}`, ...(header ? ['X-A: 1'] : [])], zones);
  }), { numRuns: 150 });
});
