// The admin API itself, in this process: roles and tokens over TCP, versions, bodies, the stream of records, the socket
// file, and its own description.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, lstatSync, statSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadConfiguration } from '#control/configuration/index.ts';
import { ControlPlane } from '#control/control-plane.ts';
import { failureLimits, isLoopbackHost } from '#control/api/access.ts';
import { AdminApi } from '#control/api/server.ts';
import { routes } from '#control/api/routes/index.ts';
import { gateways } from '../../src/standard.ts';
import { eventually } from '../harness/site.ts';
import { freePort, temporaryDirectory } from './command.ts';

interface Reply { status: number; headers: IncomingHttpHeaders; text: string; body: Record<string, unknown> }

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('admin API', { timeout: 60_000 }, () => {
  const directory = temporaryDirectory();
  let plane: ControlPlane;
  let api: AdminApi;
  let httpPort = 0;
  let site = '';
  const tokens = { viewer: 'see-only-4711', operator: 'turn-the-knobs-4712', admin: 'everything-4713', file: 'from-a-file-4714' };

  const document = (): Record<string, unknown> => ({
    listeners: { main: { bind: '127.0.0.1:0', service: 'site' } },
    services: { site: { protocol: 'http', routes: [{ match: { path: '/fixed' }, respond: { status: 200, body: 'fixed' } }], pool: 'web' } },
    pools: { web: { servers: ['127.0.0.1:9'] } },
    policy: [
      { id: 'no', operation: { path: '/no' }, then: 'deny' }, { id: 'quiet', operation: { query: { quiet: { present: true } } }, then: 'allow', audit: false },
      { id: 'all', then: 'allow' },
    ],
    admin: {
      http: {
        bind: `127.0.0.1:${httpPort}`,
        tokens: [
          { name: 'vera', role: 'viewer', tokenSha256: sha256(tokens.viewer) }, { name: 'otto', role: 'operator', tokenSha256: sha256(tokens.operator) },
          { name: 'anna', role: 'admin', tokenSha256: sha256(tokens.admin) }, { name: 'file', role: 'viewer', tokenFile: join(directory.path, 'token') },
        ],
      },
    },
  });

  before(async () => {
    httpPort = await freePort();
    writeFileSync(join(directory.path, 'token'), `${tokens.file}\n`);
    const load = loadConfiguration({ document: document() }, gateways);
    assert.ok(load.configuration, JSON.stringify(load.problems));
    plane = await ControlPlane.start({
      load: { ...load, configuration: load.configuration }, paths: [], manifests: gateways, product: 'sallyport', version: '0', workerEntry: '', workers: 0, processors: 1,
      stateDirectory: join(directory.path, 'state'), notice: () => { /* not looked at */ },
    });
    api = await AdminApi.start(plane);
    site = `http://127.0.0.1:${plane.supervisor.listeners[0]!.binds[0]!.port}`;
  });
  after(async () => {
    await plane.stop(0);
    await api.close();
    directory[Symbol.dispose]();
  });

  async function send(where: object, method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Reply> {
    const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const call = request({ ...where, method, path, agent: false, headers: { ...(payload === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers } });
    call.end(payload);
    const [response] = await once(call, 'response') as [IncomingMessage];
    let text = '';
    for await (const chunk of response) text += String(chunk);
    const json = /json/.test(response.headers['content-type'] ?? '');
    return { status: response.statusCode ?? 0, headers: response.headers, text, body: json ? JSON.parse(text) as Record<string, unknown> : {} };
  }
  const socket = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> =>
    await send({ socketPath: api.socketPath }, method, path, body, headers);
  const http = async (token: string | undefined, method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> =>
    await send({ host: '127.0.0.1', port: httpPort }, method, path, body, { ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }), ...headers });
  const version = (): string => plane.transactions.active!.version;

  test('every read resource answers what its schema says', async () => {
    await fetch(`${site}/fixed`, { headers: { connection: 'close' } });
    await fetch(`${site}/no`, { headers: { connection: 'close' } });
    for (const one of routes.filter(({ method, url, answerType }) => method === 'GET' && !url.includes(':') && answerType === undefined)) {
      const reply = await socket('GET', one.url);
      assert.equal(reply.status, 200, `${one.url}: ${reply.text}`);
      const checked = one.answer.safeParse(reply.body);
      assert.ok(checked.success, `${one.url}: ${checked.error?.message ?? ''}`);
    }
  });

  test('over TCP every request needs a token, and roles bound what it may do', async () => {
    const none = await http(undefined, 'GET', '/v1/status');
    assert.equal(none.status, 401);
    assert.match(String(none.headers['content-type']), /application\/problem\+json/);
    assert.match(String(none.headers['www-authenticate']), /Bearer/);
    assert.equal(none.body['code'], 'unauthenticated');
    assert.equal((await http(undefined, 'GET', '/healthz')).status, 200);
    assert.equal((await http('wrong', 'GET', '/v1/status')).status, 401);
    assert.equal((await http(tokens.file, 'GET', '/v1/status')).status, 200);
    const state = { state: 'drain' };
    const path = '/v1/backends/web/127.0.0.1:9/state';
    assert.equal((await http(tokens.viewer, 'GET', '/v1/backends')).status, 200);
    assert.equal((await http(tokens.viewer, 'PUT', path, state)).status, 403);
    assert.equal((await http(tokens.operator, 'PUT', path, state)).status, 200);
    assert.equal((await http(tokens.operator, 'PUT', path, { state: 'ready' })).status, 200);
    assert.equal((await http(tokens.operator, 'POST', '/v1/configuration/rollback', { number: 1 })).status, 403);
    assert.equal((await http(tokens.admin, 'POST', '/v1/configuration/rollback', { number: 99 })).status, 404);
  });

  test('what sessions show and recordings are not for viewers', async () => {
    const acts: [string, string, unknown?][] = [
      ['DELETE', '/v1/leases/x'], ['POST', '/v1/sessions/x/control', { command: 'message' }], ['GET', '/v1/sessions/x/watch'], ['POST', '/v1/approvals/x', { approve: true }],
      ['GET', '/v1/recordings/x'],
    ];
    for (const [method, path, body] of acts) {
      assert.equal((await http(tokens.viewer, method, path, body)).status, 403, path);
      const reply = await http(tokens.operator, method, path, body);
      assert.equal(reply.status, 404, `${path}: ${reply.text}`);
    }
    assert.equal((await http(tokens.operator, 'GET', '/v1/recordings/..%2Fstate')).status, 404);
    assert.equal((await http(tokens.operator, 'POST', '/v1/sessions/x/control', { command: 'approve', argument: '1 anna' })).status, 400);
  });

  test('only loopback names reach it, and nothing is allowed to other origins', async () => {
    assert.equal((await http(tokens.viewer, 'GET', '/v1/status', undefined, { Host: 'evil.example' })).status, 421);
    const foreign = await http(tokens.viewer, 'GET', '/v1/status', undefined, { Host: `localhost:${httpPort}`, Origin: 'http://evil.example' });
    assert.equal(foreign.status, 200);
    assert.equal(foreign.headers['access-control-allow-origin'], undefined);
    for (const host of ['localhost', '127.0.0.1:80', '[::1]:9', 'LOCALHOST:1']) assert.equal(isLoopbackHost(host), true, host);
    assert.equal(isLoopbackHost(undefined), false);
    for (const host of ['', 'localhost.evil.example', '127.0.0.1.nip.io', '128.0.0.1', 'localhost:80@evil', '[::2]']) assert.equal(isLoopbackHost(host), false, host);
  });

  test('hashes of tokens are shown to admins only', async () => {
    assert.match((await http(tokens.admin, 'GET', '/v1/configuration')).text, new RegExp(sha256(tokens.viewer)));
    for (const path of ['/v1/configuration', '/v1/configuration/admin', '/v1/configuration/history/1']) {
      const reply = await http(tokens.operator, 'GET', path);
      assert.equal(reply.status, 200);
      assert.doesNotMatch(reply.text, new RegExp(sha256(tokens.viewer)), path);
    }
    const plan = await http(tokens.viewer, 'POST', '/v1/configuration/plan', { document: { ...document(), admin: {} } });
    assert.equal(plan.status, 200);
    assert.doesNotMatch(plan.text, new RegExp(sha256(tokens.viewer)));
  });

  test('refused attempts and changes are in the audit log, with who made them', async () => {
    const records: { user?: string; outcome: string; path?: string }[] = [];
    const stop = plane.trail.subscribe({ kinds: ['control'] }, (record) => { records.push(record); });
    await http(tokens.viewer, 'DELETE', '/v1/sessions/x');
    await http('wrong', 'GET', '/v1/status');
    await http(tokens.operator, 'DELETE', '/v1/sessions/x');
    stop();
    assert.deepEqual(records.map(({ user, outcome, path }) => [user, outcome, path]), [
      ['vera', 'denied', '/v1/sessions/x'], ['unknown', 'denied', '/v1/status'], ['otto', 'failed', 'x'],
    ]);
  });

  test('resources are changed one at a time, guarded by the version', async () => {
    const read = await socket('GET', '/v1/configuration/pools/web');
    assert.deepEqual(read.body['value'], { servers: ['127.0.0.1:9'] });
    assert.equal(read.headers.etag, `"${version()}"`);
    const before = { 'If-Match': read.headers.etag! };
    const pool = { servers: ['127.0.0.1:9', '127.0.0.1:10'] };
    assert.equal((await socket('PUT', '/v1/configuration/pools/web', pool)).status, 428);
    const put = await socket('PUT', '/v1/configuration/pools/web?reason=more', pool, before);
    assert.equal(put.status, 200, put.text);
    assert.equal(put.headers.etag, `"${version()}"`);
    const late = await socket('PUT', '/v1/configuration/pools/web', { servers: ['127.0.0.1:11'] }, before);
    assert.equal(late.status, 412);
    assert.equal(late.body['current'], version());
    const now = (): Record<string, string> => ({ 'If-Match': `"${version()}"` });
    const faulty = await socket('PUT', '/v1/configuration/pools/web', { servers: [] }, now());
    assert.equal(faulty.status, 422);
    assert.equal((faulty.body['problems'] as { path: string }[])[0]!.path, 'pools.web.servers');
    const used = await socket('DELETE', '/v1/configuration/pools/web', undefined, now());
    assert.equal(used.status, 422);
    assert.equal((await socket('PUT', '/v1/configuration/pools/extra?mode=create', pool, now())).status, 200);
    assert.equal((await socket('PUT', '/v1/configuration/pools/extra?mode=create', pool, now())).status, 409);
    assert.equal((await socket('DELETE', '/v1/configuration/pools/extra', undefined, now())).status, 200);
    assert.equal((await socket('DELETE', '/v1/configuration/pools/extra', undefined, now())).status, 404);
    assert.equal((await socket('GET', '/v1/configuration/nonsense')).status, 404);
    assert.equal((await socket('GET', '/v1/configuration/pools/__proto__')).status, 404);
    const rule = await socket('PUT', '/v1/configuration/policy/first?before=no', { then: 'deny', operation: { path: '/first' } }, { 'If-Match': '*' });
    assert.equal(rule.status, 200, rule.text);
    assert.deepEqual(((await socket('GET', '/v1/rules')).body['rules'] as { id: string }[]).map(({ id }) => id), ['first', 'no', 'quiet', 'all', 'default']);
    const { policy } = document();
    assert.equal((await socket('PUT', '/v1/configuration/policy', policy, now())).status, 200);
    assert.equal((await socket('PUT', '/v1/configuration/policy', policy, { 'If-Match': 'abc' })).status, 400);
  });

  test('documents, texts and patches can be checked, planned and applied', async () => {
    const check = await socket('POST', '/v1/configuration/check', { texts: [{ file: 'x.yaml', text: 'listeners:\n  main: { bond: 1 }\n' }] });
    assert.equal(check.body['ok'], false);
    assert.deepEqual((check.body['problems'] as { file: string; line: number }[]).map(({ file, line }) => `${file}:${line}`).at(-1), 'x.yaml:2');
    const patches = [{ resource: 'zones/lab', value: { networks: ['203.0.113.0/24'] } }];
    const plan = await socket('POST', '/v1/configuration/plan', { patches });
    assert.equal(plan.body['ok'], true);
    assert.equal((await socket('GET', '/v1/configuration/zones/lab')).status, 404);
    const apply = await socket('POST', '/v1/configuration/apply', { patches, author: 'me', reason: 'lab', confirmWithin: '60s', expectedVersion: version().slice(0, 12) });
    assert.equal(apply.status, 200, apply.text);
    assert.equal((await socket('POST', '/v1/configuration/apply', { document: document() })).status, 409);
    assert.equal((await socket('POST', '/v1/configuration/revert')).status, 200);
    const [, applied] = (await socket('GET', '/v1/configuration/history')).body['versions'] as { author: string; state: string }[];
    assert.deepEqual([applied!.author, applied!.state], ['me', 'reverted']);
    assert.equal((await socket('POST', '/v1/configuration/confirm')).status, 404);
    assert.equal((await socket('POST', '/v1/configuration/reload')).status, 503);
  });

  test('bad bodies and parameters are refused in one shape', async () => {
    const cases: [string, string, unknown, number][] = [
      ['POST', '/v1/explain', '{', 400], ['POST', '/v1/explain', {}, 400], ['POST', '/v1/explain', { verb: 'GET', url: '/', from: 'nobody' }, 400],
      ['POST', '/v1/configuration/apply', { document: {}, patches: [] }, 400], ['POST', '/v1/configuration/apply', { unknown: 1 }, 400],
      ['POST', '/v1/configuration/apply', '{"document": {"__proto__": {"x": 1}}}', 400],
      ['PUT', '/v1/backends/web/127.0.0.1:9/state', { state: 'gone' }, 400], ['GET', '/v1/records?client=nowhere', undefined, 400],
      ['GET', '/v1/records?limit=100000', undefined, 400], ['GET', '/v1/records/follow?outcome=odd', undefined, 400], ['GET', '/v1/configuration/history/x', undefined, 400],
      ['POST', '/v1/explain', { verb: 'GET', url: `/${'x'.repeat(70_000)}` }, 413], ['GET', '/v1/nothing', undefined, 404], ['DELETE', '/v1/status', undefined, 404],
    ];
    for (const [method, path, body, status] of cases) {
      const reply = await socket(method, path, body);
      assert.equal(reply.status, status, `${method} ${path}: ${reply.text}`);
      assert.equal(reply.body['status'], status);
      assert.equal(typeof reply.body['detail'], 'string');
      assert.equal(reply.body['type'], `urn:sallyport:problem:${String(reply.body['code'])}`);
    }
    const text = await socket('POST', '/v1/explain', 'verb=GET', { 'Content-Type': 'application/x-www-form-urlencoded' });
    assert.equal(text.status, 415);
  });

  test('records are searched page by page, and followed as they happen', async () => {
    const call = request({ socketPath: api.socketPath, path: '/v1/records/follow?path=/live' });
    call.end();
    const [stream] = await once(call, 'response') as [IncomingMessage];
    assert.match(String(stream.headers['content-type']), /ndjson/);
    const lines: Record<string, unknown>[] = [];
    stream.setEncoding('utf8');
    await once(stream, 'data').then(([text]) => { lines.push(JSON.parse(String(text)) as Record<string, unknown>); });
    assert.equal(lines[0]!['event'], 'heartbeat');
    const next = once(stream, 'data');
    await fetch(`${site}/live?token=geheim`, { headers: { connection: 'close' } });
    const [text] = await next as [string];
    const record = JSON.parse(text.split('\n')[0]!) as { id: string; path: string; params: string };
    assert.deepEqual([record.path, record.params], ['/live', 'token=***']);
    assert.equal(plane.trail.status().followers, 1);
    call.destroy();
    while (plane.trail.status().followers > 0) await new Promise((resolve) => { setImmediate(resolve); });

    await plane.trail.flush();
    assert.equal((await socket('GET', `/v1/records/${record.id}`)).body['path'], '/live');
    const first = await socket('GET', '/v1/records?limit=1&kind=operation,session&order=oldest');
    const second = await socket('GET', `/v1/records?limit=1&kind=operation&kind=session&order=oldest&cursor=${String(first.body['cursor'])}`);
    assert.notDeepEqual(first.body['records'], second.body['records']);
    assert.equal((await socket('GET', '/v1/records/nothing')).status, 404);
  });

  test('metrics are Prometheus text with a type for every family', async () => {
    const { text, headers } = await http(tokens.viewer, 'GET', '/v1/metrics');
    assert.match(String(headers['content-type']), /text\/plain; version=0\.0\.4/);
    const families = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name!));
    for (const line of text.trim().split('\n').filter((one) => !one.startsWith('#'))) {
      const match = /^([a-z_]+)(\{[a-zA-Z_]+="(?:[^"\\]|\\.)*"(?:,[a-zA-Z_]+="(?:[^"\\]|\\.)*")*\})? -?[0-9.e+-]+$/.exec(line);
      assert.ok(match, line);
      assert.ok(families.has(match[1]!) || families.has(match[1]!.replace(/_(bucket|sum|count)$/, '')), line);
    }
    assert.match(text, /sallyport_operations_total\{service="site",outcome="denied"\} [1-9]/);
    assert.match(text, /sallyport_operation_duration_seconds_bucket\{service="site",le="\+Inf"\} [1-9]/);
  });

  test('operations that leave no record are counted like all others', async () => {
    const counted = async (): Promise<number[]> => {
      const { text } = await http(tokens.viewer, 'GET', '/v1/metrics');
      return [/^sallyport_operations_total\{service="site",outcome="allowed"\} (\d+)/m, /^sallyport_responses_total\{service="site",class="2xx"\} (\d+)/m,
        /^sallyport_operation_duration_seconds_count\{service="site"\} (\d+)/m].map((pattern) => Number(pattern.exec(text)?.[1] ?? 0));
    };
    const status = async (): Promise<number> => Number((await socket('GET', '/v1/status')).body['operations']);
    const before = await counted();
    const operations = await status();
    for (let number = 0; number < 3; number++) assert.equal((await fetch(`${site}/fixed?quiet=${number}`)).status, 200);
    for (let wait = 0; wait < 200 && (await counted())[0]! < before[0]! + 3; wait++) await new Promise((resolve) => { setTimeout(resolve, 10); });
    assert.deepEqual(await counted(), before.map((count) => count + 3));
    assert.equal(await status(), operations + 3);
    const { records } = (await socket('GET', '/v1/records?path=/fixed')).body as { records: { rule: string }[] };
    assert.deepEqual(records.filter(({ rule }) => rule === 'quiet'), []);
  });

  test('it describes itself', async () => {
    const description = (await socket('GET', '/v1/openapi.json')).body as { openapi: string; paths: Record<string, Record<string, { responses: object }>> };
    assert.equal(description.openapi, '3.1.0');
    for (const { method, url } of routes) {
      const operation = description.paths[url.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
      assert.ok(operation, `${method} ${url}`);
      assert.ok('200' in operation.responses);
    }
    // No reference that leads nowhere.
    for (const [, name] of JSON.stringify(description).matchAll(/"\$ref":"([^"]+)"/g)) assert.equal(name, '#/components/schemas/Problem');
  });

  test('guessing tokens is slowed down, and the socket stays open meanwhile', async () => {
    const statuses: number[] = [];
    for (let attempt = 0; attempt < failureLimits.burst + 5; attempt++) statuses.push((await http(`guess-${attempt}`, 'GET', '/v1/status')).status);
    const last = await http(tokens.admin, 'GET', '/v1/status');
    assert.ok(statuses.includes(429));
    assert.equal(last.status, 429);
    assert.ok(Number(last.headers['retry-after']) >= 1);
    assert.equal((await socket('GET', '/v1/status')).status, 200);
  });

  test('the API follows its configuration: another port, other tokens, none', async () => {
    const before = httpPort;
    httpPort = await freePort();
    const moved = document();
    const changed = new Promise<void>((resolve) => { plane.onChange(resolve); });
    assert.equal((await socket('POST', '/v1/configuration/apply', { document: moved })).status, 200);
    await changed;
    await eventually('it listens on the other port', () => api.httpAddress === `127.0.0.1:${httpPort}`);
    assert.equal((await http(undefined, 'GET', '/healthz')).status, 200);
    await assert.rejects(send({ host: '127.0.0.1', port: before }, 'GET', '/healthz', undefined, {}), { code: 'ECONNREFUSED' });
    const moving = api.httpAddress;
    const admin = { ...(document()['admin'] as { http: object }).http, bind: '127.0.0.1:0' };
    assert.equal((await socket('PUT', '/v1/configuration/admin', { http: admin }, { 'If-Match': '*' })).status, 200);
    await eventually('the system has chosen a port', () => api.httpAddress !== moving && api.httpAddress !== '');
    // What is said is where it is, not the 0 that was configured.
    httpPort = Number(/^127\.0\.0\.1:([1-9]\d*)$/.exec(api.httpAddress)?.[1]);
    assert.equal((await http(undefined, 'GET', '/healthz')).status, 200);
    assert.equal((await socket('DELETE', '/v1/configuration/admin', undefined, { 'If-Match': '*' })).status, 200);
    await eventually('it is closed', () => api.httpAddress === '');
    await assert.rejects(http(undefined, 'GET', '/healthz'), { code: 'ECONNREFUSED' });
  });

  test('the socket is private, a stale one is replaced, one that answers is not', async () => {
    assert.equal(statSync(api.socketPath).mode & 0o777, 0o600);
    await assert.rejects(AdminApi.start(plane), /runs already/);
    assert.equal((await socket('GET', '/healthz')).status, 200);
    const { listenOnSocket, removeSocket } = await import('#control/api/socket-file.ts');
    const path = join(directory.path, 'x.sock');
    const first = createServer();
    await listenOnSocket(first, path);
    // As after a kill: the file stays and nobody listens.
    first.close();
    await once(first, 'close');
    assert.ok(lstatSync(path).isSocket());
    const second = createServer();
    await listenOnSocket(second, path);
    second.close();
    await once(second, 'close');
    removeSocket(path);
    assert.equal(existsSync(path), false);
    writeFileSync(path, 'not a socket');
    await assert.rejects(listenOnSocket(createServer(), path), /in the way/);
    await assert.rejects(listenOnSocket(createServer(), join(directory.path, 'y'.repeat(110))), /too long/);
  });
});
