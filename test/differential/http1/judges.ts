// Judges of the HTTP/1 codec: Node's own parser, alone and behind nginx or HAProxy, on loopback. A judge is given bytes
// and tells which requests it saw. Starts and ends only processes of its own. Not a judge of speed.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#test/harness/free-port.ts';
import { pathOf } from '#test/peers/peer.ts';

export interface SeenRequest { method: string; target: string; body: string }

/** What a judge made of one connection's bytes. */
export interface Judgement {
  seen: SeenRequest[];
  /** Status codes of the final responses, in order. */
  statuses: number[];
  /** The judge neither answered everything nor closed: it waits for bytes that will not come. */
  hung: boolean;
}

const caseField = 'x-case';
const hangMs = 4000;

/** The origin: records each request under its X-Case field, or under its connection when it has none. */
export class Origin {
  readonly byCase = new Map<string, SeenRequest[]>();
  readonly #server: Server;
  readonly #bySocket = new WeakMap<Socket, string>();
  #sockets = 0;

  constructor() {
    // Small limits and checks stay as Node has them; insecureHTTPParser is spelled out because it is the point.
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.#record(request, Buffer.concat(chunks).toString('latin1'));
        response.end('ok');
      });
    };
    this.#server = createServer({ insecureHTTPParser: false, requestTimeout: 0, keepAliveTimeout: 60_000 }, answer);
    // Without this, Node answers an unknown Expect by itself and says nothing of the request.
    this.#server.on('checkExpectation', answer);
    this.#server.maxRequestsPerSocket = 0;
  }

  #record(request: IncomingMessage, body: string): void {
    const named = request.headers[caseField];
    const key = typeof named === 'string' ? named : this.#socketName(request.socket);
    const list = this.byCase.get(key) ?? [];
    list.push({ method: request.method ?? '', target: request.url ?? '', body });
    this.byCase.set(key, list);
  }

  #socketName(socket: Socket): string {
    const known = this.#bySocket.get(socket);
    if (known !== undefined) return known;
    const name = `port ${socket.remotePort ?? `gone ${this.#sockets++}`}`;
    this.#bySocket.set(socket, name);
    return name;
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Writes the bytes on one connection and reads until the judge closes it (the last request asks for that). */
export async function converse(port: number, bytes: string): Promise<{ localPort: number; answer: string; hung: boolean }> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  let hung = false;
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => { answer += text; });
  socket.on('error', () => { /* a reset after an error answer: what was read counts */ });
  socket.setTimeout(hangMs, () => { hung = true; socket.destroy(); });
  await new Promise<void>((resolve) => { socket.once('connect', resolve); socket.once('close', () => { resolve(); }); });
  const localPort = socket.localPort ?? 0;
  const closed = socket.destroyed ? Promise.resolve() : once(socket, 'close');
  socket.write(bytes, 'latin1');
  await closed;
  return { localPort, answer, hung };
}

/** Final status codes in a stream of responses whose bodies are `ok`, empty, or an error page at the end. */
export function statusesIn(answer: string): number[] {
  return [...answer.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map((match) => Number(match[1])).filter((status) => status >= 200);
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch { return false; } finally { socket.destroy(); }
}

export interface Front { port: number; stop(): Promise<void> }

async function start(program: string, makeArguments: (folder: string, port: number) => string[]): Promise<Front> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-judge-'));
  const port = await freePort();
  const child: ChildProcess = spawn(program, makeArguments(folder, port), { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr?.on('data', (text: Buffer) => { complaints += text.toString(); });
  const ended = once(child, 'exit');
  for (let attempt = 0; !(await answers(port)); attempt++) {
    if (attempt > 1_200 || child.exitCode !== null) throw new Error(`${program} does not listen: ${complaints}`);
    await new Promise((resolve) => { setTimeout(resolve, 25); });
  }
  return {
    port,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** An nginx with these directives in its `http` part and these in its one server. */
export function nginx(http: string, server: string): Promise<Front> {
  return start(pathOf('nginx'), (folder, port) => {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n');
    writeFileSync(join(folder, 'nginx.conf'), `
      daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log crit;
      events { worker_connections 512; }
      http {
        access_log off; ${temporary}
        ${http}
        server { listen 127.0.0.1:${port}; ${server} }
      }`);
    return ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')];
  });
}

export function startNginx(originPort: number): Promise<Front> {
  return nginx('underscores_in_headers on; keepalive_requests 1000000; client_max_body_size 0; merge_slashes off;',
    `location / { proxy_pass http://127.0.0.1:${originPort}; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; }`);
}

/** A HAProxy before this origin; `defaults` are further lines of that section. */
export function haproxy(originPort: number, ...defaults: string[]): Promise<Front> {
  return start(pathOf('haproxy'), (folder, port) => {
    writeFileSync(join(folder, 'haproxy.cfg'), `
global
  maxconn 512
defaults
  mode http
${defaults.map((line) => `  ${line}\n`).join('')}  timeout connect 2s
  timeout client 10s
  timeout server 10s
listen judge
  bind 127.0.0.1:${port}
  server origin 127.0.0.1:${originPort}
`);
    return ['-db', '-f', join(folder, 'haproxy.cfg')];
  });
}

export function startHaproxy(originPort: number): Promise<Front> { return haproxy(originPort); }
