// A whole small site for one scenario: scripted server, gateway in front of it, raw clients. When the scenario is over it
// must have left nothing behind: no session, no request under way, no place of a limit held, no bug reported.
// Does not know what a scenario is about.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { startGateway, type GatewayUnderTest } from './gateway.ts';
import { RawClient, startRawServer, type RawServer } from './raw.ts';

/** One request as the scripted server sees it, at the moment that its head is complete. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly head: string;
  readonly socket: Socket;
  /** Which connection, from 0, and which request on it, from 0. */
  readonly connection: number;
  readonly index: number;
  reply(text: string): void;
}

export type Serve = (request: SeenRequest) => void;

/** What `reply` is usually given. */
export function ok(body: string, ...lines: string[]): string {
  return `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}Content-Length: ${Buffer.byteLength(body, 'latin1')}\r\n\r\n${body}`;
}

/** A server that calls `serve` for each request head and reads over bodies, of a length or chunked. */
export async function startScriptedServer(serve: Serve): Promise<RawServer> {
  return startRawServer((socket, connection, received) => {
    let at = 0;
    let index = 0;
    let inChunks = false;
    socket.on('data', () => {
      const text = received();
      for (;;) {
        // Bodies of scenarios hold no empty line: the next one ends a head, or the trailers of a chunked body.
        const end = text.indexOf('\r\n\r\n', at);
        if (end < 0) return;
        const head = text.slice(at, end + 4);
        at = end + 4;
        if (inChunks) {
          inChunks = false;
          continue;
        }
        const [method = '', target = ''] = head.split(' ');
        const length = /^content-length: (\d+)\r$/im.exec(head);
        if (length !== null) at += Number(length[1]);
        inChunks = /^transfer-encoding: chunked\r$/im.test(head);
        serve({ method, target, head, socket, connection, index: index++, reply: (answer) => { socket.write(Buffer.from(answer, 'latin1')); } });
      }
    });
    socket.on('end', () => { socket.end(); });
  });
}

export interface SiteOptions {
  readonly serve?: Serve;
  /** Lines of the service, of its one route and of its one pool, in YAML flow style. */
  readonly service?: string;
  readonly route?: string;
  readonly pool?: string;
  /** Further sections or rules. */
  readonly policy?: string;
  readonly limits?: string;
  readonly more?: string;
  /** Instead of the scripted server. */
  readonly servers?: readonly string[];
}

function configurationOf(options: SiteOptions, servers: readonly string[]): string {
  return `
listeners: { plain: { bind: "127.0.0.1:0", service: site } }
services:
  site:
    protocol: http
    routes:
      - { id: here, match: { path: /here }, respond: { status: 200, body: "local" } }
      - { id: web, match: {}, pool: web${options.route === undefined ? '' : `, ${options.route}`} }
${options.service ?? ''}
pools: { web: { servers: [${servers.map((server) => `"${server}"`).join(', ')}]${options.pool === undefined ? '' : `, ${options.pool}`} } }
policy:
${options.policy ?? ''}
  - { id: no-admin, operation: { path: /admin/** }, then: deny }
  - { id: open, then: allow }
limits:
  held: { key: none, concurrent: 1000000 }
  open: { key: none, connections: 1000000 }
${options.limits ?? ''}
${options.more ?? ''}
`;
}

export interface Site {
  readonly gateway: GatewayUnderTest;
  readonly server: RawServer;
  /** A further client; all are gone after `close`. */
  client(): RawClient;
  /** Applies other options at run time. */
  configure(options: SiteOptions): Promise<void>;
  /** Ends it and asserts that nothing is left behind. */
  close(): Promise<void>;
}

export async function startSite(options: SiteOptions = {}): Promise<Site> {
  const server = await startScriptedServer(options.serve ?? ((request) => { request.reply(ok('world')); }));
  const servers = options.servers ?? [`127.0.0.1:${server.port}`];
  const gateway = await startGateway(configurationOf(options, servers));
  const clients: RawClient[] = [];
  return {
    gateway, server,
    client: () => {
      const client = new RawClient(gateway.port());
      clients.push(client);
      return client;
    },
    configure: async (next) => gateway.configure(configurationOf({ ...options, ...next }, next.servers ?? servers)),
    close: async () => {
      // A reset, because a FIN would be a client that still waits for its answer.
      for (const client of clients) client.abort();
      await assertNothingLeft(gateway);
      await gateway.stop();
      await server.close();
    },
  };
}

/** Waits for a condition that the gateway brings about by itself; fails after a while that no healthy run needs, on a slow machine either. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!await holds()) {
    if (performance.now() > deadline) assert.fail(`never came to be: ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}

/** What a limit with the key `none` counts at present: its table has one place beside the overflow's. */
function heldBy(gateway: GatewayUnderTest, table: string): number {
  return gateway.worker.plan.limiter.tableOf(table)?.held[1] ?? 0;
}

/** Nothing of past sessions may live on: asked again and again until the last events of closing sockets have come. */
export async function assertNothingLeft(gateway: GatewayUnderTest, expectedBugs = 0): Promise<void> {
  const left = (): Record<string, number> => {
    const status = gateway.status();
    const servers = status.pools.flatMap((pool) => pool.servers);
    const counts: Record<string, number> = {
      sessions: status.sessions, waiting: status.pools.reduce((sum, pool) => sum + pool.waiting, 0),
      activeRequests: servers.reduce((sum, server) => sum + server.activeRequests, 0),
      connectionsInUse: servers.reduce((sum, server) => sum + server.connections, 0) - status.idleServerLinks,
      operationsHeld: heldBy(gateway, 'operations held none'), connectionsHeld: heldBy(gateway, 'connections open none'),
    };
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
  };
  await eventually('nothing left behind', () => Object.keys(left()).length === 0).catch(() => { assert.deepEqual(left(), {}, 'left behind'); });
  assert.equal(gateway.status().bugs, expectedBugs, `bugs: ${gateway.bugs.join('\n')}`);
}

/** Runs a scenario on a site of its own. */
export async function withSite(options: SiteOptions, scenario: (site: Site) => Promise<void>): Promise<void> {
  const site = await startSite(options);
  try {
    await scenario(site);
  } catch (error) {
    await site.gateway.stop();
    await site.server.close();
    throw error;
  }
  await site.close();
}

/** The status of each response in what a client received. */
export function statusesIn(text: string): string[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d\d\d)/g)].map(([, status]) => status!);
}

/** The body of the only response. */
export function bodyOf(text: string): string {
  return text.slice(text.indexOf('\r\n\r\n') + 4);
}

export function get(path: string, ...lines: string[]): string {
  return `GET ${path} HTTP/1.1\r\nHost: site.example\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
}

export function post(path: string, body: string, ...lines: string[]): string {
  return `POST ${path} HTTP/1.1\r\nHost: site.example\r\nContent-Length: ${Buffer.byteLength(body, 'latin1')}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${body}`;
}

export async function socketClosed(socket: Socket): Promise<void> {
  if (!socket.destroyed) await once(socket, 'close');
}
