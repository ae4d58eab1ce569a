// Ten thousand malformed connections from a seeded generator against a whole gateway: it never crashes, never hangs, never
// lets a byte of a refused message through, and keeps nothing. What the server saw and what the audit log says are matched
// by the request id. The codec alone is fuzzed in test/fuzz.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import net from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startGateway, type GatewayUnderTest } from '../../harness/gateway.ts';
import { assertNothingLeft } from '../../harness/site.ts';
import { Random, generate, mutate } from '../../fuzz/http1/generate.ts';

const connections = 10_000;
const atOnce = 40;
/** Of processor time, which does not depend on who else uses the machine. */
const maximumMs = 20_000;
/** Longest that one connection may take: the header time limit is far above it, so that only an answer or a close counts. */
const hangMs = 5_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** What arrived at the server, by request id. */
interface Arrivals { readonly complete: Set<string>; readonly cut: Set<string>; readonly refused: string[] }

async function startOrigin(arrivals: Arrivals): Promise<{ server: Server; port: number }> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const id = String(request.headers['x-request-id']);
    request.resume();
    request.on('end', () => {
      arrivals.complete.add(id);
      response.end('ok');
    });
    request.on('close', () => { if (!request.complete) arrivals.cut.add(id); });
  });
  server.on('checkExpectation', (request, response) => { server.emit('request', request, response); });
  // Node's parser judges: what it cannot read ought not to have been sent. A connection that is cut is no such message.
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code !== 'ECONNRESET' && error.code !== 'HPE_INVALID_EOF_STATE') arrivals.refused.push(`${error.code}: ${error.message}`);
    socket.destroy();
  });
  server.maxRequestsPerSocket = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as net.AddressInfo).port };
}

/** Sends the bytes in the given pieces, then FIN, and waits until the gateway has closed. */
async function converse(port: number, bytes: Buffer, cut: number): Promise<string> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let answer = '';
  socket.on('data', (chunk: Buffer) => { answer += chunk.toString('latin1'); });
  socket.on('error', () => { /* resets are answers too */ });
  const closed = new Promise<void>((resolve) => { socket.on('close', () => { resolve(); }); });
  socket.on('end', () => { socket.end(); });
  socket.write(bytes.subarray(0, cut));
  socket.end(bytes.subarray(cut));
  const timer = setTimeout(() => { answer += '\nHUNG'; socket.destroy(); }, hangMs);
  await closed;
  clearTimeout(timer);
  return answer;
}

async function run(gateway: GatewayUnderTest, random: Random, count: number, hung: string[]): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      let text = mutate(random, generate(random));
      if (random.below(3) !== 0) text = mutate(random, text);
      const bytes = Buffer.from(text, 'latin1');
      const answer = await converse(gateway.port(), bytes, random.below(bytes.length + 1));
      if (answer.endsWith('HUNG')) hung.push(JSON.stringify(text));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

test('10,000 malformed connections: no crash, no hang, nothing of a refused message at the server, memory flat', { timeout: 120_000 }, async (context) => {
  const arrivals: Arrivals = { complete: new Set(), cut: new Set(), refused: [] };
  const origin = await startOrigin(arrivals);
  const gateway = await startGateway(`
listeners: { plain: { bind: "127.0.0.1:0", service: site } }
services: { site: { protocol: http, routes: [{ match: {}, pool: web }], timeouts: { clientHeader: 60s, clientBody: 60s } } }
pools: { web: { servers: ["127.0.0.1:${origin.port}"], passive: { failures: 0 } } }
# Those that the judge behind knows.
policy: [{ id: open, operation: { methods: [GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH] }, then: allow }]
`);
  const random = new Random(20_261_123);
  const hung: string[] = [];
  const tally = new Map<string, number>();
  /** Records match arrivals; then both are forgotten, so that what stays is the gateway's own. */
  const check = async (): Promise<void> => {
    await assertNothingLeft(gateway);
    await gateway.flushed();
    for (const { kind, id = '', outcome, status, server } of gateway.records) {
      if (kind === 'session') continue;
      tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
      if (outcome === 'refused' || outcome === 'limited' || outcome === 'denied') {
        assert.ok(!arrivals.complete.has(id), `request ${id} was ${outcome} with ${status} and is complete at the server`);
      }
      // Refused by its head: not a byte.
      if (server === undefined) assert.ok(!arrivals.cut.has(id) && !arrivals.complete.has(id), `request ${id} was ${outcome} and reached the server`);
      arrivals.complete.delete(id);
      arrivals.cut.delete(id);
    }
    assert.deepEqual([...arrivals.complete], [], 'requests at the server that no record knows');
    arrivals.cut.clear();
    gateway.records.length = 0;
  };
  const started = process.cpuUsage();
  await run(gateway, random, 2_000, hung);
  await check();
  const before = heapUsed();
  for (let round = 0; round < 4; round++) {
    await run(gateway, random, (connections - 2_000) / 4, hung);
    await check();
  }
  const grown = heapUsed() - before;
  const { user, system } = process.cpuUsage(started);
  const took = (user + system) / 1000;
  const outcomes = [...tally].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
  context.diagnostic(`${connections} connections in ${Math.round(took)} ms of processor time; ${outcomes}; heap grew by ${Math.round(grown / 1024)} KiB`);
  assert.deepEqual(hung, []);
  assert.deepEqual(arrivals.refused, [], 'what the server could not read');
  assert.ok((tally.get('refused') ?? 0) > 3_000, 'the generator makes mostly malformed requests');
  assert.ok((tally.get('allowed') ?? 0) > 500, 'and some good ones');
  assert.ok(grown < 4 * 1024 * 1024, `heap grew by ${grown} bytes`);
  assert.ok(took < maximumMs, `${took} ms of processor time`);
  await gateway.stop();
  origin.server.closeAllConnections();
  origin.server.close();
});
