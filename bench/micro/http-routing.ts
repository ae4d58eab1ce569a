// Nanoseconds of finding a route among 10, 100 and 1,000, and of building the heads that go out. One process, one core; the
// best of several rounds. Not a benchmark of the gateway (bench/run.ts). Run: node bench/micro/http-routing.ts
import { performance } from 'node:perf_hooks';
import { compileRoutes } from '#gateways/http/routing.ts';
import type { RouteTable } from '#gateways/http/routing.ts';
import { contextOf, requestHead, responseHead, settingsOf } from '#test/http/messages.ts';

const browserLines = [
  'Host: shop5.example', 'Connection: keep-alive', 'sec-ch-ua: "Chromium";v="126", "Not.A/Brand";v="24"', 'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"', 'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8', 'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document', 'Referer: https://shop.example/catalogue', 'Accept-Encoding: gzip, deflate, br',
  'Accept-Language: en-GB,en;q=0.9', 'Cookie: session=8f14e45fceea167a5a36dedd4bea2543; cart=3',
];
const answerLines = [
  'Server: nginx/1.22.1', 'Date: Mon, 01 Jan 2024 00:00:00 GMT', 'Content-Type: text/html; charset=utf-8', 'Content-Length: 1024',
  'Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT', 'Connection: keep-alive', 'ETag: "65920080-400"', 'Accept-Ranges: bytes',
];

const rounds = 7;
const iterations = 200_000;

/** Best of the rounds, in nanoseconds each. */
function best(run: () => number): number {
  let least = Infinity;
  for (let round = 0; round < rounds; round++) {
    const before = performance.now();
    let sum = 0;
    for (let i = 0; i < iterations; i++) sum += run();
    const each = (performance.now() - before) * 1e6 / iterations;
    if (sum === -Infinity) throw new Error('unreachable');
    if (each < least) least = each;
  }
  return least;
}

/** Ten hosts share the routes; each host has paths, some with methods and header conditions. */
function routesOf(count: number): RouteTable {
  return compileRoutes(settingsOf({
    pool: 'rest',
    routes: Array.from({ length: count }, (_, i) => ({
      match: {
        host: i % 7 === 3 ? `*.shop${i % 10}.example` : `shop${i % 10}.example`,
        path: i % 3 === 0 ? `/part${i}/**` : i % 3 === 1 ? `/part${i}/items/*` : `/part${i}/login`,
        ...(i % 5 === 0 ? { methods: ['GET', 'POST'] } : {}),
        ...(i % 11 === 0 ? { headers: { 'X-Version': '2*' } } : {}),
      },
      pool: `pool${i % 20}`,
    })),
  }));
}

function benchRouting(): void {
  for (const count of [10, 100, 1000]) {
    const table = routesOf(count);
    const last = count - 5;
    const hit = requestHead(`GET /part${last - last % 3}/items/7?page=2 HTTP/1.1`, ['Host: shop5.example', ...browserLines.slice(1)]);
    const miss = requestHead('GET /catalogue/shoes/running?page=2 HTTP/1.1', browserLines);
    const settings = settingsOf({ pool: 'web' });
    const hitView = contextOf(hit, settings).view;
    const missView = contextOf(miss, settings).view;
    const zones = ['office', 'internal'];
    const hitNs = best(() => table.find(hitView, zones)?.place ?? 0);
    const missNs = best(() => table.find(missView, zones)?.place ?? 0);
    console.log(`find a route among ${String(count).padStart(5)}: deep ${hitNs.toFixed(0).padStart(5)} ns   default ${missNs.toFixed(0).padStart(5)} ns`);
  }
}

/** Flattens the text as a socket write would; a rope that nobody reads costs nothing. */
const out = Buffer.allocUnsafe(16_384);
function written(text: string): number {
  return out.write(text, 0, 'latin1');
}

function benchHeads(): void {
  const cases: [string, unknown][] = [
    ['no rewrites', { pool: 'web' }],
    ['no rewrites, Forwarded too', { pool: 'web', forwarded: { headers: 'both' } }],
    ['set 2, remove 1, strip prefix', { pool: 'web', rewrite: {
      request: { headers: { set: { 'X-Tenant': '{host}', 'X-Edge': 'a' }, remove: ['X-Debug'] }, path: { stripPrefix: '/catalogue' } },
      response: { headers: { set: { 'X-Frame-Options': 'DENY' } } },
    } }],
  ];
  const request = requestHead('GET /catalogue/shoes/running?page=2&sort=price&colour=blue HTTP/1.1', browserLines);
  const response = responseHead('HTTP/1.1 200 OK', answerLines);
  for (const [name, input] of cases) {
    const settings = settingsOf(input);
    const route = compileRoutes(settings).routes[0];
    if (route === undefined) throw new Error('no route');
    const context = contextOf(request, settings);
    const requestNs = best(() => route.request.build(context).length);
    const requestFlatNs = best(() => written(route.request.build(context)));
    const responseNs = best(() => route.response.build(response, context, 'length', 1024).length);
    const responseFlatNs = best(() => written(route.response.build(response, context, 'length', 1024)));
    console.log(`${name.padEnd(30)} request ${requestNs.toFixed(0).padStart(5)} ns, with write ${requestFlatNs.toFixed(0).padStart(5)} ns   `
      + `response ${responseNs.toFixed(0).padStart(5)} ns, with write ${responseFlatNs.toFixed(0).padStart(5)} ns`);
  }
}

benchRouting();
benchHeads();
