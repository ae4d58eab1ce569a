// Memory of idle connections: a fresh proxy is warmed up, then so many clients connect, make one request and stay. What
// the process's resident memory grew by, at once and after the proxies have tidied up, divided by the connections.
import { fileURLToPath } from 'node:url';
import type { ChildProcess } from 'node:child_process';
import { runLoad } from './load/wrk.ts';
import type { Bench, Figure } from './measure.ts';
import type { Peer } from './peers/peer.ts';
import { cpuMicros, pause, residentBytes } from './processes.ts';

const clientsFile = fileURLToPath(new URL('load/idle-clients.ts', import.meta.url));
/** Longer than Sallyport waits before a connection counts as idle. */
const tidyMs = 3500;
const watchedMs = 2000;
const holdLimitMs = 60_000;
/** Sessions that come and go before those that are counted. */
const heldBefore = 500;

export interface IdleSample {
  /** KiB a connection. */
  readonly atOnce: number;
  readonly later: number;
  /** With three times as many connections: what the collector leaves lying counts less. */
  readonly many: number;
  /** MiB of the whole worker, with `count` connections. */
  readonly resident: number;
  /** CPU microseconds a second and connection. */
  readonly cpu: number;
}

export async function measureIdle(bench: Bench, peer: Peer, count: number, warmUpSeconds: number): Promise<IdleSample> {
  // What a first request, a first burst and the compiler take is not what a connection takes.
  await runLoad(bench.processes, bench.loadCore, peer.port, { target: '1k', connections: 64 }, peer.shape.routes, warmUpSeconds);
  await release(bench, await holdIdle(bench, peer, 500));
  await pause(tidyMs);
  const before = residentBytes(peer.worker);
  const clients = await holdIdle(bench, peer, count);
  const atOnce = residentBytes(peer.worker) - before;
  await pause(tidyMs);
  const later = residentBytes(peer.worker) - before;
  const cpuBefore = cpuMicros(peer.worker);
  await pause(watchedMs);
  const cpu = (cpuMicros(peer.worker) - cpuBefore) / (watchedMs / 1000) / count;
  const more = await holdIdle(bench, peer, count * 2);
  await pause(tidyMs);
  const many = residentBytes(peer.worker) - before;
  await release(bench, clients);
  await release(bench, more);
  return { atOnce: atOnce / 1024 / count, later: later / 1024 / count, many: many / 1024 / (count * 3), resident: (before + later) / 1024 ** 2, cpu };
}

/** KiB of the worker for each session. */
export interface HeldFigures { readonly peer: string; readonly kib: Figure }

async function holdIdle(bench: Bench, peer: Peer, count: number): Promise<ChildProcess> {
  return await holdClients(bench, peer.name, [clientsFile, String(peer.port), String(count), String(peer.shape.routes)], count);
}

/** Starts a program of load/ that opens `count` connections, says `ready N` and stays. */
async function holdClients(bench: Bench, what: string, program: readonly string[], count: number): Promise<ChildProcess> {
  const child = bench.processes.start(process.execPath, program, { core: bench.loadCore, stdout: 'pipe' });
  const answered = await new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => { reject(new Error(`${what}: ${count} idle connections did not come about`)); }, holdLimitMs);
    child.stdout!.once('data', (bytes: Buffer) => {
      clearTimeout(timer);
      resolve(Number(bytes.toString('latin1').split(' ')[1]));
    });
    child.once('exit', () => { reject(new Error('the idle clients ended')); });
  });
  if (answered !== count) bench.fault(`${what}, idle: ${answered} of ${count} connections were answered`);
  return child;
}

/** KiB of the worker for each of `count` sessions of another protocol, 3.5 s after they came. `program` holds them open. */
export async function measureHeld(bench: Bench, what: string, worker: number, program: (count: number) => readonly string[], count: number): Promise<number> {
  await release(bench, await holdClients(bench, what, program(heldBefore), heldBefore));
  await pause(tidyMs);
  const before = residentBytes(worker);
  const clients = await holdClients(bench, what, program(count), count);
  await pause(tidyMs);
  const kibEach = (residentBytes(worker) - before) / 1024 / count;
  await release(bench, clients);
  return kibEach;
}

async function release(bench: Bench, clients: ChildProcess): Promise<void> {
  await bench.processes.stop(clients);
  await pause(300);
}
