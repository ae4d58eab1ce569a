// The Telnet part of the benchmark: what a proxy adds to a keystroke, there and back through an echoing host, and the memory
// of idle sessions. HAProxy in TCP mode is the plain relay. Sallyport once as it comes, once with recordings and rules on
// commands. The host is a few lines, so that the time is the proxy's.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTcpHaproxy } from '../peers/haproxy-tcp.ts';
import { measureHeld, type HeldFigures } from '../idle.ts';
import { figureOf, type Bench, type Figure } from '../measure.ts';
import { runSallyport } from '../peers/sallyport.ts';
import { accepting, cpuMicros, freePort, outputOf } from '../processes.ts';

const loadFile = fileURLToPath(new URL('../load/telnet.ts', import.meta.url));
export const idleTelnetSessions = 2000;
const keysLimitMs = 120_000;

export interface KeyFigures {
  readonly peer: string;
  /** Microseconds from a key to its echo. */
  readonly p50: Figure;
  readonly p99: Figure;
  /** CPU microseconds of the worker a key. */
  readonly cpu: Figure | undefined;
}

export interface TelnetResults { readonly keys: readonly KeyFigures[]; readonly idle: readonly HeldFigures[] }

export interface TelnetOptions { readonly rounds: number; readonly keys: number; readonly idleRounds: number }

interface Way { readonly name: string; readonly address: string; readonly port: number; readonly worker: number | undefined; stop(): Promise<void> }

export async function benchTelnet(bench: Bench, options: TelnetOptions): Promise<TelnetResults> {
  const { processes, loadCore } = bench;
  const host = await freePort();
  const child = processes.start(process.execPath, [loadFile, 'host', String(host)], { core: loadCore });
  await accepting(child, host);
  const keys = await keyFigures(bench, options, host);
  const idle = await idleFigures(bench, options, host);
  await processes.stop(child);
  return { keys, idle };
}

async function startWays(bench: Bench, host: number): Promise<Way[]> {
  const relay = await startTcpHaproxy(bench.processes, bench.proxyCore, host);
  return [{ name: 'haproxy', ...relay }, await startOwn(bench, host, 'sallyport', false), await startOwn(bench, host, 'sallyport, recording and rules', true)];
}

async function startOwn(bench: Bench, host: number, name: string, records: boolean): Promise<Way> {
  const port = await freePort();
  const rules = [{ id: 'no', commands: ['erase', 'rel[oad]', 'rm -rf *'], then: 'block' }];
  const running = await runSallyport(bench.processes, bench.proxyCore, port, {
    listeners: { telnet: { bind: `127.0.0.1:${port}`, service: 'terminal', backlog: 4096 } },
    services: { terminal: { protocol: 'telnet', pool: 'hosts', ...records ? { commands: { rules } } : {} } },
    pools: { hosts: { servers: [`127.0.0.1:${host}`], maxConnections: 10_000 } },
    ...records ? { recordings: { enabled: true, directory: join(bench.processes.directory, `recordings-${port}`) } } : {},
    policy: [{ id: 'open', then: 'allow' }],
  });
  return { name, address: '127.0.0.1', port, worker: running.worker, stop: running.stop };
}

async function typeKeys(bench: Bench, way: Way, count: number): Promise<{ p50: number; p99: number; keys: number }> {
  const child = bench.processes.start(process.execPath, [loadFile, 'keys', way.address, String(way.port), String(count)], { core: bench.loadCore, stdout: 'pipe' });
  return JSON.parse(await outputOf(child, keysLimitMs)) as { p50: number; p99: number; keys: number };
}

async function keyFigures(bench: Bench, options: TelnetOptions, host: number): Promise<KeyFigures[]> {
  const ways: Way[] = [{ name: 'direct', address: '127.0.0.1', port: host, worker: undefined, stop: async () => { /* the host itself */ } }, ...await startWays(bench, host)];
  const samples = ways.map((): { p50: number; p99: number; cpu: number }[] => []);
  // Before the rounds: what the compiler of Node does with a path, it does early.
  for (const way of ways) {
    bench.progress(`telnet: warm-up through ${way.name}`);
    await typeKeys(bench, way, options.keys);
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const [at, way] of ways.entries()) {
      bench.progress(`telnet: round ${round + 1} of ${options.rounds}, keys through ${way.name}`);
      const before = way.worker === undefined ? 0 : cpuMicros(way.worker);
      const { p50, p99, keys } = await typeKeys(bench, way, options.keys);
      samples[at]!.push({ p50, p99, cpu: way.worker === undefined ? 0 : (cpuMicros(way.worker) - before) / keys });
    }
  }
  for (const way of ways) await way.stop();
  return ways.map(({ name, worker }, at) => ({
    peer: name, p50: figureOf(samples[at]!.map(({ p50 }) => p50)), p99: figureOf(samples[at]!.map(({ p99 }) => p99)),
    cpu: worker === undefined ? undefined : figureOf(samples[at]!.map(({ cpu }) => cpu)),
  }));
}

async function idleFigures(bench: Bench, options: TelnetOptions, host: number): Promise<HeldFigures[]> {
  const kib = new Map<string, number[]>();
  for (let round = 0; round < options.idleRounds; round++) {
    for (const way of await startWays(bench, host)) {
      bench.progress(`telnet: round ${round + 1} of ${options.idleRounds}, ${idleTelnetSessions} idle sessions through ${way.name}`);
      const program = (count: number): string[] => [loadFile, 'hold', way.address, String(way.port), String(count)];
      kib.set(way.name, [...kib.get(way.name) ?? [], await measureHeld(bench, `${way.name}, Telnet`, way.worker!, program, idleTelnetSessions)]);
      await way.stop();
    }
  }
  return [...kib].map(([peer, all]) => ({ peer, kib: figureOf(all) }));
}
