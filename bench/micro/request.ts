// What the worker's own code costs a request of 1 KiB: session, parser, limits, policy, route, both links, outbox and record,
// on connections of memory instead of sockets. No kernel, no Node between, so that it moves by a few per cent where
// whole runs move by twenty; what `npm run bench` says counts. Growth with routes and rules can be seen here as well.
//   node bench/micro/request.ts [--routes 50] [--rules 100] [--rounds 160] [--body 1024]
import net from 'node:net';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { loadConfiguration } from '#control/configuration/index.ts';
import { runConfigurationOf } from '#control/run-configuration.ts';
import type { FromWorker } from '#runtime/messages.ts';
import { streamHandles } from '#runtime/node-handles.ts';
import { flushOutbox } from '#runtime/outbox.ts';
import { Worker } from '#runtime/worker.ts';
import { gateways, productName } from '../../src/standard.ts';
import { siteOf } from '../peers/sallyport.ts';

const { values } = parseArgs({
  options: {
    routes: { type: 'string', default: '50' }, rules: { type: 'string', default: '100' }, rounds: { type: 'string', default: '160' }, body: { type: 'string', default: '1024' },
  },
});
const shape = { routes: Number(values.routes), rules: Number(values.rules) };
const connections = 64;
const turnsPerRound = 100;

if (streamHandles === undefined) throw new Error('this Node has no handles that links could work on');
const { state, readCount } = streamHandles;

/** The end of a connection that is ours: what is written into it is counted, what is to be read from it is put there by `deliver`. */
class MemoryHandle {
  reading = false;
  onread: (() => void) | undefined = undefined;
  readonly writeQueueSize = 0;
  written = 0;
  bytes = 0;
  readonly #port: number;
  #buffer: Uint8Array = new Uint8Array(0);

  constructor(port: number) { this.#port = port; }
  readStart(): number { return 0; }
  readStop(): number { return 0; }
  useUserBuffer(buffer: Uint8Array): void { this.#buffer = buffer; }
  writeBuffer(_request: null, bytes: Uint8Array): number { return this.#wrote(bytes.length); }
  writev(_request: null, pieces: readonly Uint8Array[]): number { return this.#wrote(pieces.reduce((sum, { length }) => sum + length, 0)); }
  writeLatin1String(_request: null, text: string): number { return this.#wrote(text.length); }
  #wrote(bytes: number): number {
    this.written++;
    this.bytes += bytes;
    return 0;
  }
  shutdown(): number { return 0; }
  close(): void { /* nothing is open */ }
  reset(): number { return 0; }
  setNoDelay(): number { return 0; }
  getpeername(into: { address?: string; port?: number }): number { return named(into, this.#port); }
  getsockname(into: { address?: string; port?: number }): number { return named(into, 80); }

  deliver(bytes: Uint8Array): void {
    this.#buffer.set(bytes);
    state[readCount] = bytes.length;
    this.onread!();
  }
}

function named(into: { address?: string; port?: number }, port: number): number {
  into.address = '127.0.0.1';
  into.port = port;
  return 0;
}

interface Accepting { onconnection(status: number, handle: MemoryHandle): void }

const clients = Array.from({ length: connections }, (_, at) => new MemoryHandle(40_000 + at));
const servers: MemoryHandle[] = [];
let listening: net.Server | undefined;
const { createServer } = net;
Object.assign(net, {
  createServer: (options: net.ServerOpts) => listening = createServer(options),
  connect: () => {
    const socket = new net.Socket();
    const handle = new MemoryHandle(80);
    servers.push(handle);
    (socket as unknown as { _handle: MemoryHandle })._handle = handle;
    process.nextTick(() => { socket.emit('connect'); });
    return socket;
  },
});

const worker = new Worker({
  worker: 0, workers: 1, manifests: gateways, product: productName,
  send: (message: FromWorker) => {
    if (message.type === 'audit') worker.receive({ type: 'audit-kept', blocks: 1 });
    else if (message.type === 'refused') throw new Error(message.reason);
    else if (message.type === 'bug') throw new Error(message.message);
    else if (message.type === 'configured') ready();
  },
});
const { promise: configured, resolve: ready } = Promise.withResolvers<void>();
const places = { baseDirectory: tmpdir(), stateDirectory: tmpdir() };
const settings = siteOf(0, 9, shape) as { services: { site: object } };
settings.services.site = { ...settings.services.site, limits: { maxRequestsPerConnection: 1_000_000 } };
const load = loadConfiguration({ texts: [{ file: 'request.yaml', text: JSON.stringify(settings) }] }, gateways, places);
if (load.configuration === undefined) throw new Error(load.problems.map(({ message }) => message).join('; '));
worker.receive({ type: 'configure', configuration: runConfigurationOf(load.configuration, places, gateways), version: load.version });
await configured;
const accepting = (listening as unknown as { _handle: Accepting })._handle;
for (const client of clients) accepting.onconnection(0, client);

const requests = Array.from({ length: shape.routes }, (_, route) => Buffer.from(
  `GET /r${route * 7 % shape.routes}/1k HTTP/1.1\r\nHost: bench.example\r\nAccept: text/html,application/xhtml+xml,*/*;q=0.8\r\nAccept-Language: en\r\n`
  + 'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\r\n'));
const answer = Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Thu, 26 Nov 2026 14:00:00 GMT\r\nContent-Type: application/octet-stream\r\n'
  + `Content-Length: ${values.body}\r\nLast-Modified: Thu, 26 Nov 2026 13:00:00 GMT\r\nConnection: keep-alive\r\nETag: "6b0f-400"\r\nAccept-Ranges: bytes\r\n\r\n`),
Buffer.alloc(Number(values.body), 'x')]);

let sent = 0;
/** One turn: every client asks, every server that was asked answers. */
function turn(): void {
  for (const client of clients) client.deliver(requests[sent++ % requests.length]!);
  flushOutbox();
  for (const server of servers) {
    if (server.written === 0) continue;
    server.written = 0;
    server.deliver(answer);
  }
  flushOutbox();
}

turn();
await new Promise((resolve) => { setTimeout(resolve, 50); });
for (const server of servers) server.deliver(answer);
flushOutbox();
if (clients.some(({ written }) => written !== 1)) throw new Error('not every client has its answer');
const round = (): number => {
  const before = performance.now();
  for (let i = 0; i < turnsPerRound; i++) turn();
  return (performance.now() - before) * 1e6 / (turnsPerRound * connections);
};
const rounds: number[] = [];
for (let i = 0; i < Number(values.rounds); i++) {
  rounds.push(round());
  await new Promise((resolve) => { setImmediate(resolve); });
}
const sorted = rounds.slice(40).sort((a, b) => a - b);
const answered = clients.reduce((sum, { written }) => sum + written, 0);
if (answered !== sent) throw new Error(`${sent} requests and ${answered} answers`);
process.stdout.write(`${shape.routes} routes, ${shape.rules} rules: ${sorted[0]!.toFixed(0)} ns a request at best, ${sorted[sorted.length >> 1]!.toFixed(0)} in the middle\n`);
worker.stop();
process.exit(0);
