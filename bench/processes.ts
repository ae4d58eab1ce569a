// Processes of a benchmark: started pinned to a processor, looked at through /proc, ended by their own ids whatever happens.
// Does not know what they do. Linux only: proc(5).
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Clock ticks of /proc/PID/stat: 100 a second on every Linux that Node runs on. */
const microsPerTick = 10_000;
const startLimitMs = 15_000;

export interface StartOptions {
  readonly core: number | undefined;
  readonly environment?: NodeJS.ProcessEnv;
  readonly stdout?: 'ignore' | 'pipe';
}

export class Processes {
  readonly directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  readonly #running = new Set<ChildProcess>();
  readonly #pinned: boolean;
  readonly #atEnd: (() => void)[] = [];
  #stopping = false;

  /** `pinned`: taskset is there and the machine has two cores. */
  constructor(pinned: boolean) {
    this.#pinned = pinned;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => { void this.stopAll().then(() => { process.exit(signal === 'SIGINT' ? 130 : 143); }); });
    }
    process.on('exit', () => {
      for (const child of this.#running) child.kill('SIGKILL');
      for (const act of this.#atEnd) act();
      rmSync(this.directory, { recursive: true, force: true });
    });
  }

  /** Done when the benchmark's process ends, whatever happens. */
  atEnd(act: () => void): void { this.#atEnd.push(act); }

  start(command: string, args: readonly string[], options: StartOptions): ChildProcess {
    if (this.#stopping) throw new Error('the benchmark is being stopped');
    const pinned = this.#pinned && options.core !== undefined;
    // taskset replaces itself by the command: the process id is the command's.
    const child = spawn(pinned ? 'taskset' : command, pinned ? ['-c', String(options.core), command, ...args] : [...args], {
      stdio: ['pipe', options.stdout ?? 'ignore', 'pipe'], env: { ...process.env, ...options.environment },
    });
    this.#running.add(child);
    child.on('exit', () => { this.#running.delete(child); });
    child.on('error', () => { this.#running.delete(child); });
    return child;
  }

  /** Asks it to end; after a while it is ended. */
  async stop(child: ChildProcess): Promise<void> {
    if (!this.#running.has(child)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => { child.kill('SIGKILL'); }, 5000);
      child.on('exit', () => {
        clearTimeout(timer);
        resolve();
      });
      child.kill('SIGTERM');
    });
  }

  async stopAll(): Promise<void> {
    this.#stopping = true;
    await this.stopRunning();
  }

  /** Further ones may be started. */
  async stopRunning(): Promise<void> {
    await Promise.all([...this.#running].map((child) => this.stop(child)));
  }
}

/** What a child says until it ends; rejects when it fails or takes longer than `limitMs`, after which it is ended. */
export async function outputOf(child: ChildProcess, limitMs = 300_000): Promise<string> {
  const timer = setTimeout(() => { child.kill('SIGKILL'); }, limitMs);
  let text = '';
  let errors = '';
  child.stdout?.on('data', (bytes: Buffer) => { text += bytes.toString('latin1'); });
  child.stderr?.on('data', (bytes: Buffer) => { errors += bytes.toString('latin1'); });
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      if (code === 0) resolve(text);
      else reject(new Error(`${child.spawnfile} ended with ${code ?? 'a signal'}: ${errors.trim() || text.trim()}`));
    });
  });
}

/** Waits until somebody accepts connections there; throws with what the process said if it ends before. */
export async function accepting(child: ChildProcess, port: number, address = '127.0.0.1'): Promise<void> {
  let errors = '';
  child.stderr?.on('data', (bytes: Buffer) => { errors = (errors + bytes.toString('latin1')).slice(-4000); });
  const endMs = Date.now() + startLimitMs;
  while (Date.now() < endMs) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended with ${child.exitCode}: ${errors.trim()}`);
    if (await connects(port, address)) return;
    await pause(50);
  }
  throw new Error(`${child.spawnargs.join(' ')} does not accept connections on port ${port}: ${errors.trim()}`);
}

function connects(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, address);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => { resolve(false); });
  });
}

export async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => { resolve(port); });
    });
  });
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}

/** utime + stime of all threads of a process. The kernel scales them to the exact run time; the unit is 10 ms. */
export function cpuMicros(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // Fields 14 and 15; counted from behind the name, which may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * microsPerTick;
}

export function residentBytes(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(found?.[1] ?? 0) * 1024;
}

export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').map(Number).filter((child) => child > 0);
}
