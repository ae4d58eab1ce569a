// The schema of a service: defaults, what is refused with which place and hint, and that it can be exported.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { defaultHttp1Limits, defaultHttp1Settings } from '#codecs/http1/index.ts';
import { settingsOf } from '#test/http/messages.ts';
import { compileRoutes } from './routing.ts';
import { unlimitedBytes } from './settings-limits.ts';
import { checkHttpSettings, httpSettings, poolReferences } from './settings.ts';

function problems(input: object): string[] {
  return checkHttpSettings(settingsOf(input)).map((problem) => {
    assert.notEqual(problem.hint, '');
    return `${problem.path.join('.')}: ${problem.message}`;
  });
}

test('every limit is on by default, the codec sections have the codec defaults', () => {
  const settings = settingsOf({ pool: 'web' });
  assert.deepEqual(settings.normalization, { ...defaultHttp1Settings });
  assert.deepEqual(Object.fromEntries(Object.keys(defaultHttp1Limits).map((name) => [name, settings.limits[name as keyof typeof defaultHttp1Limits]])), { ...defaultHttp1Limits });
  assert.equal(settings.limits.maxBodyBytes, 10 * 1024 ** 2);
  assert.deepEqual(settings.timeouts, {
    clientHeader: 10_000, clientIdle: 60_000, clientBody: 20_000, clientSend: 60_000, serverFirstByte: 60_000, serverIdle: 60_000, total: 0,
      upgradeIdle: 3_600_000,
  });
  assert.deepEqual(settings.upgrades, []);
  assert.equal(settingsOf({ pool: 'web', limits: { maxBodyBytes: 'unlimited', maxHeadBytes: '64KiB' } }).limits.maxBodyBytes, unlimitedBytes);
  assert.deepEqual(problems({ pool: 'web' }), []);
});

test('the schema can be exported, and everything in it is described', () => {
  const schema = z.toJSONSchema(httpSettings, { io: 'input' });
  const undescribed: string[] = [];
  const walk = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return;
    const { properties } = node as { properties?: Record<string, { description?: string }> };
    for (const [name, property] of Object.entries(properties ?? {})) if (property.description === undefined) undescribed.push(`${path}.${name}`);
    for (const [key, child] of Object.entries(node)) walk(child, `${path}.${key}`);
  };
  walk(schema, '');
  assert.deepEqual(undescribed, []);
  assert.equal((schema as { required?: string[] }).required, undefined);
});

test('unknown keys and wrong values are refused by the schema', () => {
  for (const input of [
    { pools: 'web' }, { pool: 'web', routes: [{ match: { hosts: 'a' }, pool: 'web' }] }, { pool: 'web', timeouts: { clientHeader: 10 } },
    { pool: 'web', routes: [{ redirect: { status: 305 } }] }, { pool: 'web', routes: [{ match: { methods: ['get'] }, pool: 'web' }] },
    { pool: 'web', routes: [{ match: { pathRegex: '(' }, pool: 'web' }] }, { pool: 'web', rewrite: { request: { headers: { set: { 'X Y': '1' } } } } },
    { pool: 'web', rewrite: { request: { headers: { set: { 'X-Y': 'a\nb' } } } } }, { pool: 'web', retries: { methods: ['POST'] } },
    { pool: 'web', normalization: { bareLf: 'accept' } }, { pool: 'web', affinity: 'ip' }, { pool: 'web', forwarded: { trustedProxies: ['10.0.0.0/99'] } },
  ]) assert.equal(httpSettings.safeParse(input).success, false, JSON.stringify(input));
});

test('a service and each route have to lead somewhere', () => {
  assert.match(problems({})[0] ?? '', /^: the service leads nowhere/);
  assert.match(problems({ routes: [{ match: {} }] })[0] ?? '', /^routes.0: the route leads nowhere/);
  assert.match(problems({ routes: [{ pool: 'a', respond: { status: 200 } }] })[0] ?? '', /^routes.0.respond: the route leads to pool and respond/);
});

test('ids of routes differ', () => {
  assert.match(problems({ routes: [{ id: 'a', pool: 'x' }, { id: 'a', pool: 'x' }] })[0] ?? '', /^routes.1.id: the id "a"/);
  assert.match(problems({ routes: [{ id: 'route-2', pool: 'x' }, { pool: 'x' }] })[0] ?? '', /^routes.1.id/);
  assert.match(problems({ pool: 'x', routes: [{ id: 'default', pool: 'x' }] })[0] ?? '', /^routes.0.id: "default"/);
});

test('patterns of hosts and paths', () => {
  const match = { host: ['ok.example', 'a*.example', 'x:80'], path: ['/ok/**', 'api', '/a?b=1', '/a/**b', '/é'] };
  assert.deepEqual(problems({ routes: [{ match, pool: 'x' }] }).map((problem) => problem.split(':')[0]), [
    'routes.0.match.host.1', 'routes.0.match.host.2', 'routes.0.match.path.1', 'routes.0.match.path.2', 'routes.0.match.path.3', 'routes.0.match.path.4',
  ]);
});

test('variables and groups in every text', () => {
  const bad = '{nonsense}';
  const rewrite = {
    request: { headers: { set: { A: bad }, add: { B: bad }, replace: [{ name: 'C', pattern: 'x', with: '$1' }] }, host: bad, path: { from: 'x', to: '$<n>' },
      query: { set: { q: bad } } },
    response: { headers: { set: { D: bad } }, location: { from: 'x', to: bad } },
  };
  assert.deepEqual(problems({ pool: 'x', rewrite, routes: [{ redirect: { host: bad, path: '{server}' } }] }).map((problem) => problem.split(':')[0]), [
    'routes.0.redirect.host', 'routes.0.redirect.path', 'rewrite.request.headers.set.A', 'rewrite.request.headers.add.B', 'rewrite.request.headers.replace.0.with',
    'rewrite.request.host', 'rewrite.request.path.to', 'rewrite.request.query.set.q', 'rewrite.response.headers.set.D', 'rewrite.response.location.to',
  ]);
});

test('headers that the gateway writes itself cannot be rewritten', () => {
  for (const name of ['Host', 'content-length', 'Transfer-Encoding', 'Connection', 'Upgrade', 'TE', 'Trailer', 'Expect', 'Keep-Alive']) {
    assert.equal(problems({ pool: 'x', rewrite: { request: { headers: { set: { [name]: '1' } } } } }).length, 1, name);
    assert.equal(problems({ pool: 'x', rewrite: { response: { headers: { remove: [name] } } } }).length, 1, name);
  }
  assert.equal(problems({ pool: 'x', rewrite: { request: { headers: { replace: [{ name: 'X-Forwarded-For', pattern: 'x', with: 'y' }] } } } }).length, 1);
  assert.equal(problems({ pool: 'x', rewrite: { request: { headers: { set: { 'X-Forwarded-For': '{client.address}' } } } } }).length, 0);
});

test('pools that are referred to, with their places', () => {
  assert.deepEqual(poolReferences(settingsOf({ pool: 'a', routes: [{ respond: { status: 200 } }, { pool: 'b' }] })), [
    { path: ['pool'], pool: 'a' }, { path: ['routes', 1, 'pool'], pool: 'b' },
  ]);
});

test('the examples of the guide are good configurations', () => {
  const guide = readFileSync(new URL('../../../docs/protocols/http.md', import.meta.url), 'utf8');
  const examples = [...guide.matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => match[1] as string);
  assert.ok(examples.length >= 7);
  for (const example of examples) {
    for (const { protocol, ...service } of Object.values(parse(example) as Record<string, { protocol: string }>)) {
      assert.equal(protocol, 'http');
      assert.deepEqual(problems(service), []);
      compileRoutes(settingsOf(service));
    }
  }
});
