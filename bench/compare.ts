// Two or more checkouts of Sallyport beside one another: the cost of a change, on a machine that is not quiet.
//   node bench/compare.ts --only 1k --rounds 8 --seconds 2 before=/path/to/a/checkout now=.
// A checkout needs its node_modules. `NAME=PATH|VARIABLE=VALUE` runs it with an environment variable (NODE_OPTIONS=--cpu-prof);
// the names nginx, haproxy and raw stand for these (raw: micro/raw-relay.ts, what Node itself costs at least).
// Writes nothing; figures are for those who made the change. What `npm run bench` says counts.
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cases } from './cases.ts';
import { figureOf, measure, type Bench, type Sample } from './measure.ts';
import { startHaproxy } from './peers/haproxy.ts';
import { startNginx } from './peers/nginx.ts';
import { startOrigin, type Origin } from './peers/origin.ts';
import { usualShape, type Peer } from './peers/peer.ts';
import { startRaw } from './peers/raw.ts';
import { startSallyport } from './peers/sallyport.ts';
import { Processes } from './processes.ts';
import { verify } from './verify.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true, default: ['1k'] }, rounds: { type: 'string', default: '6' }, seconds: { type: 'string', default: '2' },
    'warm-up': { type: 'string', default: '8' },
  },
});

const proxyCore = 0;
const loadCore = availableParallelism() > 1 ? 1 : 0;
const faults: string[] = [];

async function start(processes: Processes, origin: Origin, variant: string): Promise<{ name: string; peer: Peer }> {
  if (variant === 'nginx') return { name: variant, peer: await startNginx(processes, proxyCore, origin, usualShape, false) };
  if (variant === 'haproxy') return { name: variant, peer: await startHaproxy(processes, proxyCore, loadCore, origin, usualShape) };
  if (variant === 'raw') return { name: variant, peer: await startRaw(processes, proxyCore, origin, usualShape) };
  const [name = '', rest = '.'] = variant.split(/=(.*)/s);
  const [path = '.', ...settings] = rest.split('|');
  const environment = Object.fromEntries(settings.map((setting) => setting.split(/=(.*)/s).slice(0, 2) as [string, string]));
  const command = join(resolve(path), 'bin', 'sallyport.js');
  return { name, peer: await startSallyport(processes, proxyCore, origin, usualShape, { command, environment }) };
}

/** What others do on the machine only ever adds: the better rounds say more than the middle one. */
function lowerQuarter(samples: readonly Sample[]): number {
  return samples.map(({ cpu }) => cpu).sort((a, b) => a - b)[samples.length >> 2]!;
}

function line(cells: readonly string[]): string {
  return `${cells.map((cell, at) => at === 0 ? cell.padEnd(16) : cell.padStart(at === 1 ? 24 : 16)).join(' ')}\n`;
}

async function run(processes: Processes): Promise<void> {
  const bench: Bench = { processes, proxyCore, loadCore, progress: () => { /* nobody watches */ }, fault: (text) => { faults.push(text); } };
  const origin = await startOrigin(processes, loadCore);
  const peers = [];
  for (const variant of positionals.length === 0 ? ['now=.'] : positionals) {
    const started = await start(processes, origin, variant);
    if (variant !== 'raw') await verify(started.peer);
    peers.push(started);
  }
  for (const { name: title, load } of cases.filter(({ name }) => options.only.includes(name))) {
    const samples = peers.map((): Sample[] => []);
    for (const { peer } of peers) await measure(bench, peer, load, peer.name === 'sallyport' ? Number(options['warm-up']) : 1);
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const [at, { peer }] of peers.entries()) samples[at]!.push(await measure(bench, peer, load, Number(options.seconds)));
    }
    process.stdout.write(line([title, 'worker us (low-high)', 'lower quarter', 'supervisor us', 'requests/s', 'p50 us', 'p99 us', 'to the first']));
    const first = lowerQuarter(samples[0]!);
    for (const [at, { name }] of peers.entries()) {
      const of = (pick: (sample: Sample) => number) => figureOf(samples[at]!.map(pick));
      const cpu = of((sample) => sample.cpu);
      process.stdout.write(line([
        name, `${cpu.median.toFixed(2)} (${cpu.low.toFixed(1)}-${cpu.high.toFixed(1)})`, lowerQuarter(samples[at]!).toFixed(2), of((sample) => sample.supervisor).median.toFixed(2),
        of((sample) => sample.perSecond).median.toFixed(0), of((sample) => sample.p50Micros).median.toFixed(0), of((sample) => sample.p99Micros).median.toFixed(0),
        (lowerQuarter(samples[at]!) / first).toFixed(3),
      ]));
    }
  }
}

const processes = new Processes(availableParallelism() > 1);
try { await run(processes); } finally { await processes.stopAll(); }
for (const fault of faults) process.stderr.write(`fault: ${fault}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
