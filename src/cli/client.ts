// The command line's side of the admin API: finds the socket of the running gateway and speaks HTTP over it. Does not know
// what commands do with the answers.
import { existsSync, statSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { CommandFailure, exitCodes } from './exit-codes.ts';

export interface Finding {
  /** --socket. */
  readonly socket?: string | undefined;
  /** Configuration files that the gateway was started with. */
  readonly files?: readonly string[] | undefined;
}

const usualFiles = ['sallyport.yaml', 'sallyport.yml'];

/** Where a gateway may listen, the most telling first. */
export async function candidateSockets(finding: Finding, environment: NodeJS.ProcessEnv = process.env): Promise<string[]> {
  if (finding.socket !== undefined) return [resolve(finding.socket)];
  const fromEnvironment = environment.SALLYPORT_SOCKET ?? '';
  if (fromEnvironment !== '') return [resolve(fromEnvironment)];
  const candidates: string[] = [];
  const given = finding.files ?? [];
  const files = given.length > 0 ? given : usualFiles.filter((file) => existsSync(file)).slice(0, 1);
  if (files.length > 0) {
    const { socketOfConfiguration } = await import('./socket-of-configuration.ts');
    const configured = socketOfConfiguration(files);
    if (configured !== undefined) candidates.push(configured);
  }
  candidates.push(resolve('.sallyport/admin.sock'), resolve('.sallyport/quickstart/admin.sock'), '/run/sallyport/admin.sock');
  return [...new Set(candidates)];
}

export interface Answer { readonly status: number; readonly headers: IncomingMessage['headers']; readonly body: unknown }

export class AdminClient {
  readonly socketPath: string;

  constructor(socketPath: string) { this.socketPath = socketPath; }

  /** The first socket that somebody answers on. @throws CommandFailure with what to do next. */
  static async find(finding: Finding): Promise<AdminClient> {
    const candidates = await candidateSockets(finding);
    const refused: string[] = [];
    for (const path of candidates) {
      const hidden = unseen(path);
      if (hidden === 'permission') refused.push(`${path}: no permission to look there: run the command as the user of the gateway, or with sudo`);
      if (hidden !== undefined) continue;
      const client = new AdminClient(path);
      try {
        await client.get('/healthz');
        return client;
      } catch (error) {
        if (!(error instanceof CommandFailure)) throw error;
        refused.push(`${path}: ${error.message}`);
      }
    }
    throw notRunning(candidates, refused);
  }

  async get<Value>(path: string): Promise<Value> { return (await this.call('GET', path)).body as Value; }

  /** @throws CommandFailure for problems. */
  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await this.#send(method, path, body, headers);
    const text = await textOf(response);
    const status = response.statusCode ?? 0;
    const value: unknown = /json/.test(response.headers['content-type'] ?? '') ? JSON.parse(text) : text;
    if (status >= 400) throw failureOf(status, value);
    return { status, headers: response.headers, body: value };
  }

  /** A body as it is. @throws CommandFailure for problems. */
  async bytes(path: string): Promise<Buffer> {
    const response = await this.#send('GET', path, undefined, {});
    if ((response.statusCode ?? 0) >= 400) throw failureOf(response.statusCode ?? 0, JSON.parse(await textOf(response)));
    return await bytesOf(response);
  }

  /** Lines of a stream, parsed, until it ends or the signal says so. */
  async *lines(path: string, signal: AbortSignal): AsyncGenerator<Record<string, unknown>, void, undefined> {
    const response = await this.#send('GET', path, undefined, {});
    if ((response.statusCode ?? 0) >= 400) throw failureOf(response.statusCode ?? 0, JSON.parse(await textOf(response)));
    const stop = (): void => { response.destroy(); };
    signal.addEventListener('abort', stop);
    response.setEncoding('utf8');
    let rest = '';
    try {
      for await (const chunk of response as AsyncIterable<string>) {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line !== '') yield JSON.parse(line) as Record<string, unknown>;
      }
    } catch (error) {
      if (!signal.aborted) throw new CommandFailure(`the gateway closed the stream: ${(error as Error).message}`, '', exitCodes.notRunning);
    } finally { signal.removeEventListener('abort', stop); }
  }

  #send(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<IncomingMessage> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((answered, failed) => {
      const request = httpRequest({
        socketPath: this.socketPath, method, path, agent: false,
        headers: {
          Host: 'localhost', 'Sallyport-Author': encodeURIComponent(author()), ...headers,
          ...(payload === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(payload) }),
        },
      }, answered);
      request.on('error', (error: NodeJS.ErrnoException) => { failed(unreachable(this.socketPath, error)); });
      request.end(payload);
    });
  }
}

/** Why there is no socket to be seen, if so. The state directory of a gateway is for its user alone. */
function unseen(path: string): 'nothing' | 'permission' | undefined {
  try {
    statSync(path);
    return undefined;
  } catch (error) { return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'permission' : 'nothing'; }
}

/** Who is written in history and audit log: the user of the system. */
function author(): string {
  const login = process.env.SUDO_USER ?? '';
  if (login !== '') return login;
  try { return userInfo().username; } catch { return `uid ${process.getuid?.() ?? '?'}`; }
}

async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function textOf(response: IncomingMessage): Promise<string> { return (await bytesOf(response)).toString('utf8'); }

function unreachable(path: string, error: NodeJS.ErrnoException): CommandFailure {
  if (error.code === 'EACCES') return new CommandFailure(`no permission to open ${path}`, 'run the command as the user of the gateway, or with sudo', exitCodes.notRunning);
  if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') {
    return new CommandFailure('nobody answers there', 'the gateway ended without removing the file', exitCodes.notRunning);
  }
  return new CommandFailure(`the gateway did not answer: ${error.message}`, '', exitCodes.notRunning);
}

function failureOf(status: number, value: unknown): CommandFailure {
  const problem = (typeof value === 'object' && value !== null ? value : {}) as { detail?: string; hint?: string };
  return new CommandFailure(problem.detail ?? `the gateway answered with status ${status}`, problem.hint ?? '', exitCodes.failed, problem as Record<string, unknown>);
}

function notRunning(candidates: readonly string[], refused: readonly string[]): CommandFailure {
  const looked = refused.length > 0 ? refused.join('\n  ') : candidates.join('\n  ');
  return new CommandFailure(
    `no running gateway was found; looked at:\n  ${looked}`,
    'start one with "sallyport run FILE" or "sallyport quickstart", or say where it is with --socket PATH, --config FILE or SALLYPORT_SOCKET',
    exitCodes.notRunning,
  );
}
