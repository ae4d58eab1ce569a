// `explain` never guesses: for random requests its final word is what the live gateway does with the same request, status
// and all; and asking changes nothing.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { explainOperation, type ExplainedStep } from '#session/explanation.ts';
import { RawClient } from '../../harness/raw.ts';
import { startGateway } from '../../harness/gateway.ts';
import { assertNothingLeft, ok, startScriptedServer, statusesIn } from '../../harness/site.ts';
import { Random } from '../../fuzz/http1/generate.ts';

const rounds = 1_500;

const configuration = (port: number): string => `
zones:
  office: { networks: ["198.51.100.0/24"] }
listeners: { plain: { bind: "127.0.0.1:0", service: site } }
services:
  site:
    protocol: http
    forwarded: { trustedProxies: ["127.0.0.0/8"] }
    limits: { maxBodyBytes: 100, maxQueryParameters: 3, maxCookies: 3, maxHeaderCount: 8 }
    upgrades: [websocket]
    routes:
      - { id: api, match: { host: api.example, path: /v1/**, methods: [GET, POST] }, pool: web, limits: { maxBodyBytes: 10 } }
      - { id: fixed, match: { path: /fixed }, respond: { status: 203, body: "fixed" } }
      - { id: moved, match: { path: /moved/** }, redirect: { host: new.example, status: 308 } }
      - { id: canary, match: { headers: { X-Canary: true } }, pool: web, rewrite: { request: { path: { from: "^/(.*)", to: "/canary/$1" } } } }
      - { id: asked, match: { query: { q: "*" } }, pool: web }
      - { id: away, match: { path: /away }, pool: gone }
      - { id: shop, match: { host: ["shop.example", "*.shop.example"] }, pool: web }
pools:
  web: { servers: ["127.0.0.1:${port}"] }
  gone: { servers: ["127.0.0.1:1"] }
policy:
  - { id: no-delete, operation: { methods: [DELETE] }, then: { deny: { status: 405 } } }
  - { id: office-admin, operation: { path: /admin/** }, unless: { from: office }, then: deny }
  - { id: no-robots, operation: { header: { user-agent: "*robot*" } }, then: close }
  - { id: cookie-gate, operation: { cookie: { role: banned } }, then: { deny: { status: 451 } } }
  - { id: secret, operation: { query: { debug: "*" } }, then: deny }
  - { id: open, then: allow }
limits:
  each: { key: "header:x-key", requests: 4/1h, operation: { path: /v1/** } }
`;

const methods = ['GET', 'GET', 'GET', 'POST', 'HEAD', 'DELETE', 'OPTIONS', 'CONNECT'];
const hosts = ['api.example', 'shop.example', 'a.shop.example', 'SHOP.example', 'other.example', 'bad_host..x', ''];
const paths = [
  '/', '/v1/items', '/v1', '/v2', '/fixed', '/moved/a', '/admin/users', '//admin//users', '/%61dmin/x',
  '/away', '/a/../b', '/%2e%2e/x', '/x%2fy', '/p?q=1', '/p?a=1&b=2&c=3&d=4', '/p?debug=1', '/v1/x?q=%zz',
];
const fields: readonly (readonly [string, string])[] = [
  ['User-Agent', 'curl/8'], ['User-Agent', 'a robot'], ['X-Canary', '1'], ['Cookie', 'a=1'], ['Cookie', 'role=banned'],
  ['Cookie', 'a=1; b=2; c=3; d=4'], ['X-Key', 'one'], ['X-Key', 'two'],
  ['X-Forwarded-For', '198.51.100.7'], ['X-Forwarded-For', '203.0.113.9'], ['Content-Length', '5'], ['Content-Length', '50'], ['Content-Length', '500'], ['Content-Length', '+5'],
  ['Transfer-Encoding', 'gzip'], ['Expect', 'miracles'], ['X_Under', '1'], ['Connection', 'close'], ['Upgrade', 'h2c'], ['Range', 'bytes=0-1'],
];

interface Asked { verb: string; url: string; headers: (readonly [string, string])[] }

function randomRequest(random: Random): Asked {
  const host = random.pick(hosts);
  const headers: (readonly [string, string])[] = [];
  for (let count = random.below(5); count > 0; count--) headers.push(random.pick(fields));
  const path = random.pick(paths);
  return { verb: random.pick(methods), url: host === '' ? path : `http://${host}${path}`, headers };
}

/** The same bytes that explain reads, with the body that they announce. */
function bytesOf({ verb, url, headers }: Asked): string {
  const [, host, target] = /^(?:http:\/\/([^/]*))?(.*)$/.exec(url)!;
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const length = headers.find(([name]) => name === 'Content-Length')?.[1] ?? '0';
  return `${verb} ${target} HTTP/1.1\r\n${host === undefined ? '' : `Host: ${host}\r\n`}${lines}\r\n${'b'.repeat(Number(length) || 0)}`;
}

/** The status that the last step promises; 200 for what is forwarded. */
function promised(steps: readonly ExplainedStep[]): string {
  const last = steps.at(-1)!;
  const found = /answered(?: by the gateway)? with (\d{3})|^(\d{3})\b/.exec(last.detail);
  return found === null ? (last.detail.startsWith('forwarded') ? '200' : `? ${last.stage} ${last.outcome} ${last.detail}`) : (found[1] ?? found[2])!;
}

test('explain says what the live gateway then does', { timeout: 60_000 }, async (context) => {
  const server = await startScriptedServer(({ method, reply }) => { reply(method === 'HEAD' ? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n' : ok('ok')); });
  const gateway = await startGateway(configuration(server.port));
  const random = new Random(42);
  const tally = new Map<string, number>();
  const counts = (): string => JSON.stringify([gateway.worker.plan.limiter.limits, gateway.status().pools.map((pool) => pool.servers.map(({ requests }) => requests))]);
  for (let round = 0; round < rounds; round++) {
    const asked = randomRequest(random);
    const client = { address: '127.0.0.1', port: 40_000 };
    const before = counts();
    const { steps } = explainOperation(gateway.worker.plan, 'plain', client, asked, gateway.worker);
    assert.equal(counts(), before, 'asking counts nothing');
    const peer = new RawClient(gateway.port()).send(bytesOf(asked));
    await peer.until((text) => statusesIn(text).length > 0);
    const live = statusesIn(peer.received)[0]!;
    peer.abort();
    // A server that cannot be reached is no decision: explain tells where it would have gone.
    const said = promised(steps);
    if (!(live === '502' && said === '200' && asked.url.includes('/away'))) {
      assert.equal(said, live, `${JSON.stringify(bytesOf(asked))}\n${steps.map((step) => Object.values(step).join(' | ')).join('\n')}`);
    }
    tally.set(live, (tally.get(live) ?? 0) + 1);
  }
  context.diagnostic(`${rounds} requests: ${[...tally].sort().map(([status, count]) => `${count} x ${status}`).join(', ')}`);
  for (const status of ['200', '203', '308', '400', '403', '404', '405', '413', '417', '429', '451']) assert.ok(tally.has(status), `no request led to ${status}`);
  await assertNothingLeft(gateway);
  await gateway.stop();
  await server.close();
});
