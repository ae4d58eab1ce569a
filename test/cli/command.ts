// Runs the real command in a process of its own, as a user would: one-shot commands and gateways that stay. Temporary
// directories, loopback, ports chosen by the system.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../harness/free-port.ts';

export const entry = fileURLToPath(new URL('../../bin/sallyport.js', import.meta.url));
/** Nothing that a test starts outlives this, whatever goes wrong. */
const timeoutMs = 150_000;

export interface Ended { readonly code: number | null; readonly stdout: string; readonly stderr: string }

export interface CommandOptions { readonly cwd: string; readonly environment?: NodeJS.ProcessEnv; readonly input?: string }

function start(args: readonly string[], options: CommandOptions): ChildProcess {
  const environment: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1', ...options.environment };
  if (options.environment?.SALLYPORT_SOCKET === undefined) delete environment.SALLYPORT_SOCKET;
  delete environment.NODE_TEST_CONTEXT;
  return spawn(process.execPath, [entry, ...args], { cwd: options.cwd, env: environment, stdio: ['pipe', 'pipe', 'pipe'], timeout: timeoutMs, killSignal: 'SIGKILL' });
}

/** Runs a command to its end. */
export async function sallyport(args: readonly string[], options: CommandOptions): Promise<Ended> {
  const child = start(args, options);
  child.stdin!.end(options.input ?? '');
  let stdout = '';
  let stderr = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => { stdout += text; });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
  const [code] = await once(child, 'close') as [number | null];
  return { code, stdout, stderr };
}

/** A command that stays. What it prints can be waited for. */
export class Staying {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | null>;
  readonly #waiting = new Set<() => void>();
  #over = false;

  constructor(args: readonly string[], options: CommandOptions) {
    this.child = start(args, options);
    const more = (): void => { for (const look of this.#waiting) look(); };
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      more();
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      more();
    });
    this.ended = once(this.child, 'close').then(([code]) => {
      this.#over = true;
      more();
      return code as number | null;
    });
  }

  get pid(): number { return this.child.pid!; }

  /** Text of one of the outputs once it matches. */
  async prints(pattern: RegExp, where: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    return await new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(this[where]);
        if (match === null && !this.#over) return;
        this.#waiting.delete(look);
        if (match === null) reject(new Error(`ended without printing ${String(pattern)}\nstdout: ${this.stdout}\nstderr: ${this.stderr}`));
        else resolve(match);
      };
      this.#waiting.add(look);
      look();
    });
  }

  signal(signal: NodeJS.Signals): void { this.child.kill(signal); }

  /** Ends it, whatever it does. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (!this.#over) this.signal(signal);
    return await this.ended;
  }
}

export interface Directory extends Disposable { readonly path: string }

export function temporaryDirectory(): Directory {
  const path = mkdtempSync(join(tmpdir(), 'sp-'));
  return { path, [Symbol.dispose]: () => { rmSync(path, { recursive: true, force: true }); } };
}

export { freePort };

export interface Started {
  readonly event: string;
  readonly pid: number;
  readonly workers: number[];
  readonly version: string;
  readonly number: number;
  readonly socket: string;
  readonly http: string;
}

/** `sallyport run --json FILES`, up and listening. */
export async function runGateway(args: readonly string[], options: CommandOptions): Promise<{ gateway: Staying; started: Started }> {
  const gateway = new Staying(['run', '--json', ...args], options);
  const [line] = await gateway.prints(/^\{.*\}$/m);
  return { gateway, started: JSON.parse(line) as Started };
}
