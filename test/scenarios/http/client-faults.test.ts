// Clients that vanish, by reset or by FIN, in each phase of a request: the server's side is given up where it is of no use
// any more, the record says so, and nothing is left behind (`withSite` asserts that).
import { suite, test } from 'node:test';
import assert from 'node:assert/strict';
import type { RawClient } from '../../harness/raw.ts';
import { eventually, get, ok, startSite, withSite, type Serve, type Site } from '../../harness/site.ts';

interface Phase {
  readonly name: string;
  readonly serve?: Serve;
  readonly pool?: string;
  readonly request: string;
  /** True when the phase is reached. */
  reached(site: Site, peer: RawClient): boolean;
  /** Outcome of the request's record; undefined where there is no request yet. */
  readonly outcome: string | undefined;
  /** With FIN a client may still want its answer: these end by themselves. */
  readonly finOutcome?: string;
  readonly receiving?: boolean;
}

const never: Serve = () => { /* no answer */ };
const busy = (site: Site): boolean => site.gateway.status().pools[0]!.servers[0]!.activeRequests > 0;
const upgradeRequest = 'GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const endlessChunks: Serve = ({ reply, socket }) => {
  reply('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  const timer = setInterval(() => { reply('4\r\ndata\r\n'); }, 10);
  socket.on('close', () => { clearInterval(timer); });
};

const phases: readonly Phase[] = [
  { name: 'before anything', request: '', reached: ({ gateway }) => gateway.status().sessions === 1, outcome: undefined },
  { name: 'in the head', request: 'GET /x HTTP/1.1\r\nHos', reached: ({ gateway }) => gateway.status().sessions === 1, outcome: undefined },
  { name: 'in the body', serve: never, request: 'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nsome', reached: busy, outcome: 'aborted', finOutcome: 'aborted' },
  {
    name: 'in a chunked body', serve: never, request: 'POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nso',
    reached: busy, outcome: 'aborted', finOutcome: 'aborted',
  },
  { name: 'while waiting for a response', serve: never, request: get('/x'), reached: busy, outcome: 'aborted', finOutcome: 'failed' },
  {
    name: 'while downloading',
    serve: ({ socket }) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${64 * 1024 * 1024}\r\n\r\n`);
      socket.write(Buffer.alloc(64 * 1024 * 1024));
    },
    request: get('/x'), reached: (_, peer) => peer.received.length > 100_000, outcome: 'aborted', receiving: true,
  },
  { name: 'while streaming', serve: endlessChunks, request: get('/x'), reached: (_, peer) => peer.received.includes('data'), outcome: 'aborted', receiving: true },
  {
    name: 'in a tunnel', serve: ({ reply }) => { reply('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'); },
    request: upgradeRequest, reached: (_, peer) => peer.received.includes('101'), outcome: 'aborted', finOutcome: 'allowed',
  },
];

async function run(phase: Phase, how: 'reset' | 'fin' | 'vanish'): Promise<void> {
  await withSite({
    ...(phase.serve === undefined ? {} : { serve: phase.serve }), service: '    upgrades: [websocket]\n    timeouts: { serverFirstByte: 400ms }',
  }, async (site) => {
    const peer = site.client();
    if (phase.request !== '') peer.send(phase.request);
    await eventually(phase.name, () => phase.reached(site, peer));
    if (how === 'reset') peer.abort();
    else if (how === 'fin') peer.end();
    else peer.socket.destroy();
    const outcome = how === 'reset' ? phase.outcome : phase.finOutcome ?? phase.outcome;
    if (outcome === undefined) {
      await site.gateway.record(({ kind }) => kind === 'session');
      assert.equal(site.server.connections.length, 0);
      return;
    }
    const record = await site.gateway.record(({ path }) => path === '/x');
    assert.equal(record.outcome, outcome, record.reason ?? '');
    await eventually('the server is let go', () => site.server.connections.every(({ destroyed }) => destroyed));
  });
}

suite('a client that vanishes', { concurrency: 4 }, () => {
  for (const phase of phases) {
    for (const how of ['reset', 'fin', 'vanish'] as const) {
      // One that says it has finished sending while it receives is no fault.
      if (how === 'fin' && phase.receiving === true) continue;
      test(`${phase.name}, by ${how}`, async () => { await run(phase, how); });
    }
  }
});

test('a client that vanishes while its request waits for a connection that is being opened', async () => {
  // Nobody answers there, or the network says at once that nobody can: both leave nothing behind.
  await withSite({ servers: ['192.0.2.1:81'], pool: 'connectTimeout: 600ms' }, async ({ client, gateway }) => {
    const peer = client().send(get('/x'));
    await eventually('it has arrived', () => gateway.status().sessions === 1);
    peer.abort();
    await gateway.record(({ path }) => path === '/x');
  });
});

test('two hundred clients that vanish at odd moments under load leave nothing behind', async () => {
  const site = await startSite({
    service: '    timeouts: { serverFirstByte: 2s }',
    serve: ({ target, reply }) => {
      const size = Number(target.slice(1)) || 1;
      setTimeout(() => { reply(ok('x'.repeat(size))); }, size % 7);
    },
  });
  let state = 12345;
  const random = (below: number): number => { state = (state * 1103515245 + 12345) & 0x7fffffff; return state % below; };
  const one = async (): Promise<void> => {
    const peer = site.client();
    const parts = [get(`/${1 + random(300_000)}`), `POST /${1 + random(1000)} HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n`, 'b'.repeat(5000), get('/here')];
    for (const part of parts.slice(0, 1 + random(4))) peer.send(part);
    await new Promise((resolve) => { setTimeout(resolve, random(25)); });
    if (random(2) === 0) peer.abort();
    else peer.socket.destroy();
  };
  for (let round = 0; round < 10; round++) await Promise.all(Array.from({ length: 20 }, one));
  const peer = site.client().send(get('/here'));
  await peer.until((text) => text.endsWith('local'));
  await site.close();
});
