// Limits of HTTP that need a server which answers by hand, a client that does not read, or several requests: each at its edge,
// set for the service and set for a route.
import assert from 'node:assert/strict';
import type { LimitTest } from '../driver.ts';
import { soon, turn, type Scene, type SceneOptions, type Visit } from '../scene.ts';
import { get, post } from '../../harness/site.ts';

const ms = 7000;
/** Progress is looked at four times within a time limit. */
const atLatestMs = ms * 1.25 + 100;

interface Extra { readonly rules?: string; readonly more?: string }

/** The limit in the settings of the service, and the same in those of its route. `section`: of the settings, in YAML flow style. */
function either(path: string, section: string, run: (scene: Scene) => Promise<void>, { rules, more }: Extra = {}): Record<string, LimitTest> {
  const rest = rules === undefined ? {} : { rules };
  const sections = more === undefined ? [section] : [section, more];
  return {
    [path]: { own: { options: { ...rest, service: sections.map((each) => `    ${each}`).join('\n') }, run } },
    [`routes[].${path}`]: { own: { options: { ...rest, serviceInstead: `    routes: [{ id: all, match: {}, pool: servers, ${sections.join(', ')} }]` }, run } },
  };
}

/** A request of which the server has heard: the answer comes by hand. */
async function asked({ visit, server }: Scene, request = get('/held')): Promise<{ client: Visit; answer(text: string): void }> {
  const before = server.received().length;
  const client = visit().send(request);
  await soon('the server is asked', () => server.received().includes('\r\n\r\n', before));
  return { client, answer: (text) => { server.sockets().at(-1)!.write(Buffer.from(text, 'latin1')); } };
}

function here({ client }: Visit): boolean { return !client.ended && !client.closed; }

/** Passes time until it has happened, no longer than such a limit may take. */
async function struck({ pass }: Scene, what: string, happened: () => boolean): Promise<void> {
  for (let late = ms; late < atLatestMs && !happened(); late += 100) await pass(100);
  assert.ok(happened(), `never came to be: ${what}`);
}

/** A pause in a response is as long as it may be, and longer. */
async function serverIdle(scene: Scene): Promise<void> {
  const { client, answer } = await asked(scene);
  answer('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome');
  await client.expect(/some$/);
  await scene.toEdge(ms);
  assert.ok(here(client), 'not yet');
  await struck(scene, 'a cut', () => !here(client));
  assert.equal((await scene.record(({ path }) => path === '/held')).rule, 'receive.timeout');
  await scene.untilEmpty();
}

/** A client takes nothing of a response for as long as it may, and longer. */
async function clientSend(scene: Scene): Promise<void> {
  const { client, answer } = await asked(scene);
  client.client.socket.pause();
  answer('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n');
  const socket = scene.server.sockets().at(-1)!;
  const piece = Buffer.alloc(1024 * 1024, 'x');
  for (let still = 0, before = -1; still < 50;) {
    if (socket.writableLength === 0) socket.write(piece);
    await turn();
    still = socket.writableLength > 0 && socket.bytesWritten - socket.writableLength === before ? still + 1 : 0;
    before = socket.bytesWritten - socket.writableLength;
  }
  await scene.toEdge(ms);
  assert.equal(scene.gateway.status().sessions, 1, 'not yet');
  await struck(scene, 'a cut', () => scene.gateway.status().sessions === 0);
  assert.equal((await scene.record(({ path }) => path === '/held')).rule, 'http.clientSend');
}

/** Nothing moves in a tunnel for as long as that may be, and longer. A byte in either direction begins it anew. */
async function upgradeIdle(scene: Scene): Promise<void> {
  const { client, answer } = await asked(scene, get('/held', 'Connection: Upgrade', 'Upgrade: websocket'));
  answer('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  await client.expect(/^HTTP\/1\.1 101 /);
  await scene.toEdge(ms);
  answer('ping');
  await client.expect(/ping$/);
  await scene.toEdge(ms);
  assert.ok(here(client), 'not yet');
  await struck(scene, 'the end', () => !here(client));
  assert.match((await scene.record(({ path }) => path === '/held')).reason ?? '', /upgradeIdle/);
}

const uploadHead = 'POST /slow HTTP/1.1\r\nHost: site.example\r\nContent-Length: 100000\r\n\r\n';

/** 100 bytes a second, looked at each second from behind the grace of 10 s: what had to come by then is enough, and one byte less is not. */
async function bodyRate(scene: Scene): Promise<void> {
  for (const [bytes, enough] of [[1100, true], [1099, false]] as const) {
    const { client } = await asked(scene, uploadHead);
    client.client.send('x'.repeat(bytes));
    await soon('it is passed on', () => scene.server.received().endsWith('x'.repeat(bytes)));
    await scene.toEdge(11_000);
    assert.equal(client.fresh, '', 'not yet');
    await scene.pass(1);
    if (enough) {
      assert.equal(client.fresh, '');
      client.gone();
      await scene.untilEmpty();
    } else {
      assert.match(await client.over(), /^HTTP\/1\.1 408 /);
      assert.equal((await scene.record(({ status }) => status === 408)).rule, 'http.minBodyBytesPerSecond');
    }
  }
}

/** A body may be slower until the grace is over, and not at the next look behind that. */
async function bodyGrace(scene: Scene): Promise<void> {
  const { client } = await asked(scene, uploadHead);
  await scene.toEdge(8000);
  await scene.pass(1);
  assert.equal(client.fresh, '', 'still within the grace');
  await scene.toEdge(1000);
  assert.equal(client.fresh, '', 'not looked at again yet');
  await scene.pass(1);
  assert.match(await client.over(), /^HTTP\/1\.1 408 /);
}

/** By its length: refused. Found out on the way: cut. */
async function largeResponse(scene: Scene): Promise<void> {
  for (const [body, reply] of [['0123456789', /0123456789$/], ['0123456789#', /^HTTP\/1\.1 502 /]] as const) {
    const { client, answer } = await asked(scene);
    answer(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    assert.doesNotMatch(await client.expect(reply), /#/);
    client.gone();
  }
  for (const [chunks, whole] of [['5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n', true], ['5\r\n01234\r\n6\r\n56789#\r\n0\r\n\r\n', false]] as const) {
    const { client, answer } = await asked(scene);
    answer(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`);
    if (whole) await client.expect(/\r\n0\r\n\r\n$/);
    else assert.doesNotMatch(await client.over(), /#|\r\n0\r\n\r\n$/);
    client.gone();
  }
  assert.equal((await scene.record(({ status }) => status === 502)).rule, 'http.maxResponseBodyBytes');
}

/** A body that nobody wants is read over up to the limit; then the connection goes on. One byte more ends it. */
async function discarded({ visit, server, untilEmpty }: Scene): Promise<void> {
  const client = visit().send(post('/admin/x', 'x'.repeat(20)) + get('/after'));
  await client.expect(/^HTTP\/1\.1 403 [^]*answer to \/after;$/);
  const other = visit().send(post('/admin/x', 'x'.repeat(21)) + get('/BEYOND'));
  assert.match(await other.over(), /^HTTP\/1\.1 403 (?![^]*HTTP\/1\.1)/);
  client.gone();
  other.gone();
  await untilEmpty();
  assert.ok(!server.received().includes('BEYOND'));
}

/** With one attempt there is no second; with two there is. */
function attempts(options: (attempts: number) => SceneOptions): LimitTest {
  const run = async ({ visit, server, record, configure }: Scene): Promise<void> => {
    for (const [permitted, reply] of [[1, /^HTTP\/1\.1 502 /], [2, /answer to \/again;$/]] as const) {
      await configure(options(permitted));
      const client = visit().send(get('/first'));
      await client.expect(/answer to \/first;$/);
      const before = server.received().length;
      await client.send(get('/again')).expect(reply);
      assert.equal(server.received().slice(before).split('GET /again ').length - 1, permitted);
      assert.equal((await record(({ path, attempts: made }) => path === '/again' && made === permitted)).status, permitted === 1 ? 502 : 200);
      client.gone();
    }
  };
  return { own: { options: options(1), run } };
}

const form = 'Content-Type: application/x-www-form-urlencoded';
/** A form with a file, of so many bytes. */
function withFile(bytes: number): string {
  const body = (content: string): string => `--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\nContent-Type: text/plain\r\n\r\n${content}\r\n--b--\r\n`;
  return post('/file', body('x'.repeat(bytes - body('').length)), 'Content-Type: multipart/form-data; boundary=b');
}

const inspected = (within: string, beyond: string) => async ({ visit, server, record }: Scene): Promise<void> => {
  await visit().send(within).expect(/^HTTP\/1\.1 200 /);
  const before = server.received().length;
  await visit().send(beyond).expect(/^HTTP\/1\.1 413 /);
  assert.equal((await record(({ status }) => status === 413)).rule, 'waf.request-body-limit');
  assert.equal(server.received().length, before);
};

/** So much of a response is held back, and no more. */
async function heldResponse(scene: Scene): Promise<void> {
  const { client, answer } = await asked(scene);
  answer(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n\r\n${'x'.repeat(9)}`);
  for (let count = 0; count < 20; count++) await turn();
  assert.equal(client.fresh, '', 'it is held');
  answer('x');
  await client.expect(/x{10}$/);
  answer('x'.repeat(10));
  await client.expect(/x{20}$/);
}

const waf = (settings: string): string => `waf: { ruleset: baseline, ${settings} }`;
const websocket = { more: 'upgrades: [websocket]' };

/** By the path of the limit. */
export const httpEdges: Readonly<Record<string, LimitTest>> = {
  ...either('timeouts.serverIdle', `timeouts: { serverIdle: ${ms}ms }`, serverIdle),
  ...either('timeouts.clientSend', `timeouts: { clientSend: ${ms}ms }`, clientSend),
  ...either('timeouts.upgradeIdle', `timeouts: { upgradeIdle: ${ms}ms }`, upgradeIdle, websocket),
  ...either('limits.minBodyBytesPerSecond', 'limits: { minBodyBytesPerSecond: 100 }', bodyRate),
  'limits.minBodyRateGrace': { own: { options: { service: '    limits: { minBodyBytesPerSecond: 100, minBodyRateGrace: 8s }' }, run: bodyGrace } },
  ...either('limits.maxResponseBodyBytes', 'limits: { maxResponseBodyBytes: 10 }', largeResponse),
  'limits.maxDiscardedBytes': {
    own: {
      options: { service: '    limits: { maxDiscardedBytes: 20 }', rules: '  - { id: no, operation: { path: /admin/** }, then: deny }\n  - { id: open, then: allow }\n' },
      run: discarded,
    },
  },
  'retries.attempts': attempts((count) => ({ service: `    retries: { attempts: ${count} }` })),
  'routes[].retries.attempts': attempts((count) => ({ serviceInstead: `    routes: [{ id: all, match: {}, pool: servers, retries: { attempts: ${count} } }]` })),
  ...either('waf.requestBody.noFilesLimit', waf('requestBody: { limit: 1000, noFilesLimit: 20 }'), inspected(post('/form', `a=${'x'.repeat(18)}`, form),
    post('/form', `a=${'x'.repeat(19)}`, form))),
  ...either('waf.requestBody.limit', waf('requestBody: { limit: 200, noFilesLimit: 200 }'), inspected(withFile(200), withFile(201))),
  ...either('waf.responseBody.limit', waf('responseBody: { inspect: true, limit: 10 }'), heldResponse),
};
