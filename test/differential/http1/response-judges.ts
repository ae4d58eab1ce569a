// Judges of responses: Node's client reads the same bytes of an origin directly, through nginx, through HAProxy and through
// the gateway. An origin answers each request for a case with the bytes of that case, whatever they are, and then waits a
// moment on the same connection for what is asked next. Starts and ends only processes of its own. Not a judge of speed.
import { Agent, request, type IncomingMessage } from 'node:http';
import { startRawServer, type RawServer } from '../../harness/raw.ts';
import { haproxy, nginx, type Front } from './judges.ts';

export interface ResponseCase {
  readonly name: string;
  readonly method: 'GET' | 'HEAD';
  readonly bytes: string;
  /** The origin sends FIN behind the bytes at once. */
  readonly close: boolean;
}

/** What one reader made of a response and of the one behind it on the same client connection. */
export interface ReadResponse {
  readonly status: number;
  readonly body: string;
  /** Read to an end that the framing gave; otherwise it was cut off or refused. */
  readonly complete: boolean;
  readonly next: 'own' | 'none' | 'foreign';
  /** What came instead, for the report. */
  readonly instead: string;
  readonly hung: boolean;
}

/** How long the origin keeps a connection on which nothing further is asked. */
const keepMs = 60;
const hangMs = 4_000;
const marker = (name: string): string => `own answer of ${name}`;

export async function startOrigin(cases: ReadonlyMap<string, ResponseCase>): Promise<RawServer> {
  return await startRawServer((socket, _index, received) => {
    let at = 0;
    let timer: NodeJS.Timeout | undefined;
    socket.on('data', () => {
      for (let end = received().indexOf('\r\n\r\n', at); end >= 0; end = received().indexOf('\r\n\r\n', at)) {
        const target = received().slice(at, end).split(' ')[1] ?? '';
        at = end + 4;
        clearTimeout(timer);
        const [, kind = '', name = ''] = target.split('/');
        const one = cases.get(name);
        if (kind === 'next' || one === undefined) {
          const body = marker(name);
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
          continue;
        }
        socket.write(Buffer.from(one.bytes, 'latin1'));
        if (one.close) socket.end();
        else timer = setTimeout(() => { socket.end(); }, keepMs);
      }
    });
    socket.on('end', () => { socket.end(); });
    socket.on('close', () => { clearTimeout(timer); });
  });
}

interface OneRead { status: number; body: string; complete: boolean; hung: boolean }

async function ask(port: number, agent: Agent, method: string, path: string): Promise<OneRead> {
  return await new Promise((resolve) => {
    let response: IncomingMessage | undefined;
    let body = '';
    const done = (complete: boolean, hung = false): void => { resolve({ status: response?.statusCode ?? 0, body, complete, hung }); };
    const sent = request({ host: '127.0.0.1', port, agent, method, path, timeout: hangMs }, (given) => {
      response = given;
      given.setEncoding('latin1');
      given.on('data', (text: string) => { body += text; });
      given.on('end', () => { done(given.complete); });
      given.on('error', () => { done(false); });
    });
    sent.on('upgrade', (given, socket) => { response = given; socket.destroy(); done(false); });
    sent.on('timeout', () => { sent.destroy(); done(false, true); });
    sent.on('error', () => { done(false); });
    sent.end();
  });
}

/** The case, then a request of its own on the same connection, if that still stands. */
export async function readCase(port: number, one: ResponseCase): Promise<ReadResponse> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const first = await ask(port, agent, one.method, `/case/${one.name}`);
    const second = await ask(port, agent, 'GET', `/next/${one.name}`);
    const own = second.status === 200 && second.body === marker(one.name);
    return {
      ...first, hung: first.hung || second.hung, next: own ? 'own' : !second.complete || refusedByProxy(second.status, second.body) ? 'none' : 'foreign',
      instead: own ? '' : `${second.status} ${second.body.slice(0, 200)}`,
    };
  } finally {
    agent.destroy();
  }
}

/** An answer that a proxy gives itself when it cannot use what the server said. */
export function refusedByProxy(status: number, body: string): boolean {
  return status >= 500 && status <= 504 && /incident |<center>nginx|<h1>50\d |^$/.test(body);
}

export function startNginxBefore(originPort: number): Promise<Front> {
  return nginx(`upstream origin { server 127.0.0.1:${originPort} max_fails=0; keepalive 64; }`,
    'location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_next_upstream off; proxy_intercept_errors off; }');
}

export function startHaproxyBefore(originPort: number): Promise<Front> { return haproxy(originPort, 'http-reuse always', 'retries 0'); }
