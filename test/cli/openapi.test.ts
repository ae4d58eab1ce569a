// The description that the admin API serves of itself is true: every operation in it is called, with what it asks for, and
// every answer, good or bad, is held against the schema that it gives. Roles are as described, too. What each operation
// does is tested elsewhere.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { loadConfiguration } from '#control/configuration/index.ts';
import { ControlPlane } from '#control/control-plane.ts';
import { AdminApi } from '#control/api/server.ts';
import { gateways } from '../../src/standard.ts';
import { temporaryDirectory } from './command.ts';

interface Content { readonly schema?: Record<string, unknown> }
interface Operation {
  readonly description: string;
  readonly tags: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly { in: string; name: string; required?: boolean }[];
  readonly requestBody?: { content: Record<string, Content> };
  readonly responses: Record<string, { content?: Record<string, Content> }>;
}
interface Description {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, Record<string, unknown>> };
  readonly tags: readonly { name: string }[];
}
interface Reply { readonly status: number; readonly type: string; readonly text: string }

/** How each operation is called so that it has something to answer. `refused`: only as an error, for want of such a session. */
interface Call { readonly path?: string; readonly body?: unknown; readonly refused?: number; readonly stream?: boolean }

const tokens = { viewer: 'see-only-0815', operator: 'turn-the-knobs-0816', admin: 'everything-0817' };
const document = {
  listeners: { main: { bind: '127.0.0.1:0', service: 'site' } },
  services: { site: { protocol: 'http', routes: [{ match: {}, respond: { status: 200, body: 'fixed' } }], waf: { ruleset: 'baseline', mode: 'block' } } },
  pools: { web: { servers: ['127.0.0.1:9'] } },
  policy: [{ id: 'all', then: 'allow' }],
  limits: { held: { key: 'address', concurrent: 100 } },
  admin: {
    http: {
      bind: '127.0.0.1:0',
      tokens: Object.entries(tokens).map(([role, token]) => ({ name: role, role, tokenSha256: createHash('sha256').update(token).digest('hex') })),
    },
  },
};

describe('the description of the admin API', { timeout: 60_000 }, () => {
  const directory = temporaryDirectory();
  let plane: ControlPlane;
  let api: AdminApi;
  let description: Description;
  let incident = '';

  before(async () => {
    const load = loadConfiguration({ document }, gateways);
    assert.ok(load.configuration, JSON.stringify(load.problems));
    plane = await ControlPlane.start({
      load: { ...load, configuration: load.configuration }, paths: [], manifests: gateways, product: 'sallyport', version: '0', workerEntry: '', workers: 0, processors: 1,
      stateDirectory: join(directory.path, 'state'), notice: () => { /* not looked at */ },
    });
    api = await AdminApi.start(plane);
    const refused = await fetch(`http://127.0.0.1:${plane.supervisor.listeners[0]!.binds[0]!.port}/?q=1'%20or%20'1'%3d'1`, { headers: { connection: 'close' } });
    assert.equal(refused.status, 403);
    incident = refused.headers.get('x-request-id')!;
    await plane.trail.flush();
    description = JSON.parse((await send('admin', 'GET', '/v1/openapi.json')).text) as Description;
  });
  after(async () => {
    await plane.stop(0);
    await api.close();
    directory[Symbol.dispose]();
  });

  async function send(role: keyof typeof tokens, method: string, path: string, call: Call = {}): Promise<Reply> {
    const [host, port] = api.httpAddress.split(':') as [string, string];
    const payload = call.body === undefined ? undefined : JSON.stringify(call.body);
    const headers = { Authorization: `Bearer ${tokens[role]}`, 'If-Match': '*', ...(payload === undefined ? {} : { 'Content-Type': 'application/json' }) };
    const sent = request({ host, port, method, path, agent: false, headers });
    sent.end(payload);
    const [response] = await once(sent, 'response') as [IncomingMessage];
    let text = '';
    for await (const chunk of response) {
      text += String(chunk);
      if (call.stream === true) break;
    }
    return { status: response.statusCode!, type: (response.headers['content-type'] ?? '').split(';')[0]!, text };
  }

  /** By `METHOD path` as the description has them; in this order, so that changes come last. */
  const calls = (): Record<string, Call> => ({
    'GET /healthz': {}, 'GET /v1/status': {}, 'GET /v1/workers': {}, 'GET /v1/metrics': {}, 'GET /v1/sessions': {}, 'GET /v1/backends': {}, 'GET /v1/rules': {},
    'GET /v1/limits': {}, 'GET /v1/leases': {}, 'GET /v1/approvals': {}, 'GET /v1/recordings': {}, 'GET /v1/records': {},
    'GET /v1/records/follow': { stream: true }, 'GET /v1/records/{id}': { path: `/v1/records/${incident}` },
    'DELETE /v1/sessions/{id}': { path: '/v1/sessions/none', refused: 404 }, 'DELETE /v1/leases/{id}': { path: '/v1/leases/none', refused: 404 },
    'POST /v1/sessions/{id}/control': { path: '/v1/sessions/none/control', body: { command: 'message' }, refused: 404 },
    'GET /v1/sessions/{id}/watch': { path: '/v1/sessions/none/watch', refused: 404 },
    'POST /v1/approvals/{id}': { path: '/v1/approvals/none', body: { approve: true }, refused: 404 },
    'GET /v1/recordings/{session}': { path: '/v1/recordings/none', refused: 404 },
    'PUT /v1/backends/{pool}/{server}/state': { path: '/v1/backends/web/127.0.0.1:9/state', body: { state: 'drain', reason: 'new kernel' } },
    'POST /v1/explain': { body: { id: incident } },
    'GET /v1/waf/rules': {}, 'GET /v1/waf/report': {}, 'GET /v1/waf/learned': {}, 'GET /v1/waf/exclusions': {},
    'POST /v1/waf/test': { body: { requests: [{ method: 'GET', url: '/?q=<script>' }] } }, 'POST /v1/waf/exclude': { body: { id: incident } },
    'POST /v1/waf/exclusions/remove': { body: { id: incident }, refused: 404 },
    'GET /v1/configuration': {}, 'GET /v1/configuration/history': {}, 'GET /v1/configuration/history/{number}': { path: '/v1/configuration/history/1' },
    'GET /v1/configuration/{section}': { path: '/v1/configuration/pools' }, 'GET /v1/configuration/{section}/{name}': { path: '/v1/configuration/pools/web' },
    'POST /v1/configuration/check': { body: { document: { ...document, zones: { x: {} } } } }, 'POST /v1/configuration/plan': { body: { patches: [{ resource: 'pools/web' }] } },
    'PUT /v1/configuration/{section}/{name}': { path: '/v1/configuration/zones/lab', body: { networks: ['203.0.113.0/24'] } },
    'DELETE /v1/configuration/{section}/{name}': { path: '/v1/configuration/zones/lab' },
    'PUT /v1/configuration/{section}': { path: '/v1/configuration/audit', body: { mask: ['token'] } }, 'DELETE /v1/configuration/{section}': { path: '/v1/configuration/audit' },
    'POST /v1/configuration/apply': { body: { patches: [{ resource: 'zones/a', value: { networks: ['203.0.113.0/24'] } }], confirmWithin: '60s' } },
    'POST /v1/configuration/confirm': { body: {} }, 'POST /v1/configuration/revert': { body: {}, refused: 404 },
    'POST /v1/configuration/rollback': { body: { number: 1 } }, 'POST /v1/configuration/reload': { body: {}, refused: 503 },
  });

  /** The answer against what the description says of its status. */
  function held(name: string, operation: Operation, { status, type, text }: Reply): void {
    const response = operation.responses[String(status)] ?? operation.responses[`${Math.floor(status / 100)}XX`];
    assert.ok(response, `${name}: ${status} is not described`);
    const content = response.content?.[type];
    assert.ok(content, `${name}: ${status} came as ${type}, which is not described`);
    if (!type.endsWith('json') || type === 'application/x-ndjson') return;
    const { $ref, ...own } = content.schema as { $ref?: string };
    const schema = $ref === undefined ? own : description.components.schemas[$ref.split('/').at(-1)!]!;
    const checked = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(JSON.parse(text));
    assert.ok(checked.success, `${name}, ${status}: ${checked.error?.message ?? ''}\n${text.slice(0, 1000)}`);
  }

  const operations = (): { name: string; operation: Operation }[] => Object.entries(description.paths)
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })));

  test('names every operation that is called here, and no other', () => {
    assert.deepEqual(operations().map(({ name }) => name).sort(), Object.keys(calls()).sort());
  });

  test('every operation answers as described, and refuses as described what lacks a body or a role', async () => {
    const all = new Map(operations().map(({ name, operation }) => [name, operation]));
    for (const [name, call] of Object.entries(calls())) {
      const operation = all.get(name)!;
      const [method, path] = name.split(' ') as [string, string];
      const target = call.path ?? path;
      const role = /Role: (\w+)\./.exec(operation.description)?.[1];
      assert.equal(role === undefined, operation.security?.length === 0, `${name} says who may`);
      for (const lesser of ['viewer', 'operator'] as const) {
        if (role === undefined || role === lesser || role === 'viewer') break;
        const reply = await send(lesser, method, target, call);
        assert.equal(reply.status, 403, `${name} as ${lesser}`);
        held(name, operation, reply);
      }
      if (operation.requestBody !== undefined && method === 'POST') {
        const reply = await send('admin', method, target, { body: { unheardOf: 1 } });
        assert.ok([400, 404].includes(reply.status), `${name}: ${reply.text}`);
        held(name, operation, reply);
      }
      const reply = await send((role ?? 'viewer') as keyof typeof tokens, method, target, call);
      assert.equal(reply.status, call.refused ?? 200, `${name}: ${reply.text}`);
      held(name, operation, reply);
    }
  });

  test('says where a version is needed, and each tag', () => {
    for (const { name, operation } of operations()) {
      const header = operation.parameters?.find((parameter) => parameter.in === 'header' && parameter.name === 'If-Match');
      assert.equal(header?.required === true, /^(PUT|DELETE) \/v1\/configuration\//.test(name), name);
      for (const tag of operation.tags) assert.ok(description.tags.some((one) => one.name === tag), `tag ${tag}`);
    }
  });
});
