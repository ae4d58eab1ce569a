// The FTP part of the benchmark: a gibibyte each way, whole sessions, idle sessions; HAProxy in TCP mode and Sallyport in turn
// (peers.ts says what the two can be compared in). Needs vsftpd and curl.
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureHeld, type HeldFigures } from '../idle.ts';
import { figureOf, type Bench, type Figure } from '../measure.ts';
import { startTcpHaproxy } from '../peers/haproxy-tcp.ts';
import { operationsKept } from '../peers/sallyport.ts';
import { accepting, cpuMicros, freePort, outputOf, pause } from '../processes.ts';
import { BulkTransfers, type BulkPeer, type BulkSample, type Direction } from './bulk.ts';
import { bulkDirectory, startFtpSallyport, startVsftpd, type FtpSallyport, type FtpServer } from './peers.ts';

const sessionsFile = fileURLToPath(new URL('../load/ftp-sessions.ts', import.meta.url));
const serverFile = fileURLToPath(new URL('../load/ftp-server.ts', import.meta.url));
const sessionsAtOnce = 16;
export const idleFtpSessions = 1000;
/** Records are held back for so long. */
const settleMs = 1500;

export interface BulkFigures {
  readonly peer: string;
  readonly direction: Direction;
  /** CPU seconds of the worker a GiB. */
  readonly cpu: Figure;
  readonly seconds: Figure;
  /** MiB by which the worker's resident memory rose at most. */
  readonly peak: Figure;
}

export interface SessionFigures {
  readonly peer: string;
  /** CPU microseconds a session: the worker, and the supervisor for the audit store. */
  readonly cpu: Figure;
  readonly supervisor: Figure;
  readonly perSecond: Figure;
  readonly p99Micros: Figure;
}

export interface FtpResults {
  readonly bulk: readonly BulkFigures[];
  /** CPU seconds of the SHA-256 of the GiB by itself. */
  readonly hash: Figure;
  readonly sessions: readonly SessionFigures[];
  readonly idle: readonly HeldFigures[];
}

export interface FtpOptions { readonly rounds: number; readonly seconds: number; readonly warmUpSeconds: number; readonly idleRounds: number }

interface Loaded { readonly name: string; readonly address: string; readonly port: number; readonly worker: number; readonly supervisor: number | undefined }

export async function benchFtp(bench: Bench, options: FtpOptions): Promise<FtpResults> {
  const { processes, proxyCore, loadCore } = bench;
  bench.progress('ftp: starting vsftpd and the proxies');
  const directory = bulkDirectory(processes);
  const server = await startVsftpd(processes, loadCore, directory);
  writeFileSync(join(server.root, '1k'), Buffer.alloc(1024, 'x'));
  chmodSync(join(server.root, '1k'), 0o644);
  const haproxy = await startTcpHaproxy(processes, proxyCore, server.port, { first: server.firstPassive, last: server.lastPassive });
  const own = await startFtpSallyport(processes, proxyCore, server.port);
  const plain = { name: 'sallyport', address: '127.0.0.1', port: own.plainPort, worker: own.worker, supervisor: own.supervisor };
  const hashed = { ...plain, name: 'sallyport, SHA-256', port: own.hashedPort };
  const peers: Loaded[] = [{ name: 'haproxy', ...haproxy, supervisor: undefined }, plain, hashed];
  const { bulk, hash } = await bulkFigures(bench, options, server, directory, peers);
  const sessions = await sessionFigures(bench, options, peers, own);
  for (const one of [haproxy, own, server]) await one.stop();
  return { bulk, hash, sessions, idle: await idleFigures(bench, options) };
}

async function bulkFigures(bench: Bench, options: FtpOptions, server: FtpServer, directory: string, peers: readonly BulkPeer[]): Promise<Pick<FtpResults, 'bulk' | 'hash'>> {
  bench.progress('ftp: writing a file of 1 GiB');
  const transfers = new BulkTransfers(bench.processes, bench.loadCore, server.root, directory);
  for (const peer of peers) {
    bench.progress(`ftp: 1 GiB each way through ${peer.name}, compared byte by byte`);
    await transfers.verify(peer);
  }
  const directions: readonly Direction[] = ['down', 'up'];
  const samples = new Map<string, BulkSample[]>();
  const hashes: number[] = [];
  for (let round = 0; round < options.rounds; round++) {
    bench.progress(`ftp: round ${round + 1} of ${options.rounds}, the hash by itself`);
    hashes.push(await transfers.hashSeconds(bench.proxyCore));
    for (const direction of directions) {
      for (const peer of peers) {
        bench.progress(`ftp: round ${round + 1} of ${options.rounds}, 1 GiB ${direction} through ${peer.name}`);
        const key = `${direction} ${peer.name}`;
        samples.set(key, [...samples.get(key) ?? [], await transfers.measure(peer, direction)]);
      }
    }
  }
  const bulk = directions.flatMap((direction) => peers.map(({ name }) => {
    const all = samples.get(`${direction} ${name}`)!;
    return { peer: name, direction, cpu: figureOf(all.map(({ cpuSeconds }) => cpuSeconds)), seconds: figureOf(all.map(({ seconds }) => seconds)),
      peak: figureOf(all.map(({ peakMiB }) => peakMiB)) };
  }));
  return { bulk, hash: figureOf(hashes) };
}

interface SessionsRun { readonly sessions: number; readonly failed: number; readonly micros: number; readonly p50: number; readonly p99: number }

async function runSessions(bench: Bench, peer: Loaded, seconds: number): Promise<SessionsRun> {
  const child = bench.processes.start(process.execPath, [sessionsFile, 'run', peer.address, String(peer.port), String(seconds), String(sessionsAtOnce)],
    { core: bench.loadCore, stdout: 'pipe' });
  const result = JSON.parse(await outputOf(child, seconds * 1000 + 60_000)) as SessionsRun;
  if (result.failed > 0 || result.sessions === 0) bench.fault(`${peer.name}, FTP sessions: ${result.failed} failed, ${result.sessions} did not`);
  return result;
}

async function sessionFigures(bench: Bench, options: FtpOptions, peers: readonly Loaded[], own: FtpSallyport): Promise<SessionFigures[]> {
  for (const peer of peers) {
    bench.progress(`ftp: warm-up of sessions through ${peer.name}`);
    await runSessions(bench, peer, peer.supervisor === undefined ? 1 : options.warmUpSeconds);
  }
  const samples = peers.map((): { cpu: number; supervisor: number; perSecond: number; p99: number }[] => []);
  const keptBefore = await operationsKept(own.admin, 'plain');
  let sessions = 0;
  for (let round = 0; round < options.rounds; round++) {
    for (const [at, peer] of peers.entries()) {
      bench.progress(`ftp: round ${round + 1} of ${options.rounds}, sessions through ${peer.name}`);
      const before = cpuMicros(peer.worker);
      const supervisorBefore = peer.supervisor === undefined ? 0 : cpuMicros(peer.supervisor);
      const run = await runSessions(bench, peer, options.seconds);
      const cpu = cpuMicros(peer.worker) - before;
      if (peer.supervisor !== undefined) await pause(settleMs);
      const supervisor = peer.supervisor === undefined ? 0 : cpuMicros(peer.supervisor) - supervisorBefore;
      if (peer.name === 'sallyport') sessions += run.sessions;
      samples[at]!.push({ cpu: cpu / run.sessions, supervisor: supervisor / run.sessions, perSecond: run.sessions / (run.micros / 1e6), p99: run.p99 });
    }
  }
  // USER, PASS, PASV, RETR, QUIT: a record each.
  const kept = await operationsKept(own.admin, 'plain') - keptBefore;
  if (kept < sessions * 5) bench.fault(`FTP sessions: ${kept} operations were recorded of ${sessions} sessions`);
  return peers.map(({ name }, at) => {
    const figure = (pick: (sample: (typeof samples)[number][number]) => number): Figure => figureOf(samples[at]!.map(pick));
    return { peer: name, cpu: figure(({ cpu }) => cpu), supervisor: figure(({ supervisor }) => supervisor), perSecond: figure(({ perSecond }) => perSecond),
      p99Micros: figure(({ p99 }) => p99) };
  });
}

/** Fresh proxies, in front of a server that has no process for each session. */
async function idleFigures(bench: Bench, options: FtpOptions): Promise<HeldFigures[]> {
  const { processes, proxyCore, loadCore } = bench;
  const target = await freePort();
  const server = processes.start(process.execPath, [serverFile, String(target)], { core: loadCore });
  await accepting(server, target);
  const kib = { haproxy: [] as number[], sallyport: [] as number[] };
  for (let round = 0; round < options.idleRounds; round++) {
    const haproxy = await startTcpHaproxy(processes, proxyCore, target);
    const own = await startFtpSallyport(processes, proxyCore, target);
    for (const [name, address, port, worker] of [['haproxy', haproxy.address, haproxy.port, haproxy.worker], ['sallyport', '127.0.0.1', own.hashedPort, own.worker]] as const) {
      bench.progress(`ftp: round ${round + 1} of ${options.idleRounds}, ${idleFtpSessions} idle sessions through ${name}`);
      const program = (count: number): string[] => [sessionsFile, 'hold', address, String(port), String(count)];
      kib[name].push(await measureHeld(bench, `${name}, FTP`, worker, program, idleFtpSessions));
    }
    await haproxy.stop();
    await own.stop();
  }
  await processes.stop(server);
  return [{ peer: 'haproxy', kib: figureOf(kib.haproxy) }, { peer: 'sallyport', kib: figureOf(kib.sallyport) }];
}
