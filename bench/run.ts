// npm run bench: Sallyport beside nginx and HAProxy on this machine. What is compared with what, and what may be concluded,
// is in README.md. Options: --quick, --only NAME (may be repeated), --rounds N, --seconds N, --json, --no-write.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { caseNames, cases, growthLoad, growthPeers, growthShapes, idleConnections, idlePeers, partsOf, type Case } from './cases.ts';
import { benchFtp } from './ftp/run.ts';
import { measureIdle, type IdleSample } from './idle.ts';
import type { LoadShape } from './load/wrk.ts';
import { describeMachine, providePackages, shapeOf } from './machine.ts';
import { figureOf, measure, type Bench, type Sample } from './measure.ts';
import { startHaproxy } from './peers/haproxy.ts';
import { startNginx } from './peers/nginx.ts';
import { startOrigin, type Origin } from './peers/origin.ts';
import { usualShape, type Peer, type PeerName, type Shape } from './peers/peer.ts';
import { startRaw } from './peers/raw.ts';
import { startSallyport } from './peers/sallyport.ts';
import { Processes } from './processes.ts';
import { markdownText, terminalText } from './report.ts';
import type { IdleFigures, PeerFigures, Results } from './results.ts';
import { benchTelnet } from './telnet/run.ts';
import { verify } from './verify.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false }, only: { type: 'string', multiple: true, default: [] }, rounds: { type: 'string' }, seconds: { type: 'string' },
    json: { type: 'boolean', default: false }, 'no-write': { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds ?? (options.quick ? 2 : 5));
const seconds = Number(options.seconds ?? (options.quick ? 1 : 4));
/** The compiler of Node needs some 200,000 requests until it has nothing more to improve; the peers need none. */
const warmUpSeconds = options.quick ? 4 : 12;
const peerWarmUpSeconds = 1;
/** Enough before memory is looked at. */
const idleWarmUpSeconds = 2;
const proxyCore = 0;
const loadCore = availableParallelism() > 1 ? 1 : 0;

const usage = `npm run bench -- [--quick] [--only ${caseNames.join('|')}] [--rounds N] [--seconds N] [--json] [--no-write]\n`;

let progressLength = 0;
let progressHead = '';
/** Each step tells of itself within minutes; a benchmark that does not is stuck. */
const stuckMs = 5 * 60_000;
let watch: NodeJS.Timeout | undefined;
let lastStep = '';
let stuck: ((step: string) => void) | undefined;

/** A line that changes; where it would be kept (not a terminal), a line for each case only. */
function progress(text: string): void {
  clearTimeout(watch);
  lastStep = text;
  if (text !== '') watch = setTimeout(() => { stuck?.(lastStep); }, stuckMs);
  if (process.stderr.isTTY) {
    process.stderr.write(`\r${text.padEnd(progressLength)}`);
    progressLength = text.length;
    return;
  }
  const head = text.split(':')[0]!;
  if (head === progressHead || text === '') return;
  progressHead = head;
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${head} ...\n`);
}

class Run {
  readonly bench: Bench;
  readonly results: Results;
  readonly #processes: Processes;
  #origin!: Origin;
  readonly #peers = new Map<string, Peer>();

  constructor(processes: Processes) {
    this.#processes = processes;
    this.results = {
      date: new Date().toISOString(), machine: describeMachine(loadavg()[0]!), options: { seconds, rounds, quick: options.quick }, cases: [], growth: [], idle: [],
      ftp: undefined, telnet: undefined, faults: [],
    };
    this.bench = { processes, proxyCore, loadCore, progress, fault: (text) => { this.results.faults.push(text); } };
  }

  async all(names: readonly string[]): Promise<void> {
    const idleRounds = options.quick ? 1 : Math.min(3, rounds);
    const parts = partsOf(names);
    if (parts.includes('http')) await this.#part('http', () => this.#http(names));
    if (parts.includes('ftp')) await this.#part('ftp', async () => { this.results.ftp = await benchFtp(this.bench, { rounds, seconds, warmUpSeconds, idleRounds }); });
    if (parts.includes('telnet')) {
      await this.#part('telnet', async () => { this.results.telnet = await benchTelnet(this.bench, { rounds, keys: options.quick ? 2000 : 10_000, idleRounds }); });
    }
  }

  /** A part that fails is a fault of the run; what others found is not lost with it. */
  async #part(name: string, measured: () => Promise<void>): Promise<void> {
    try { await measured(); } catch (error) {
      this.bench.fault(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      await this.#processes.stopRunning();
      this.#peers.clear();
    }
  }

  async #http(names: readonly string[]): Promise<void> {
    this.#origin = await startOrigin(this.#processes, loadCore);
    for (const one of cases) if (names.includes(one.name)) await this.#case(one);
    await this.#stopPeers();
    if (names.includes('growth')) await this.#growth();
    await this.#stopPeers();
    if (names.includes('idle')) await this.#idle();
  }

  async #start(name: PeerName, shape: Shape): Promise<Peer> {
    switch (name) {
      case 'nginx': return await startNginx(this.#processes, proxyCore, this.#origin, shape, false);
      case 'nginx-buffered': return await startNginx(this.#processes, proxyCore, this.#origin, shape, true);
      case 'haproxy': return await startHaproxy(this.#processes, proxyCore, loadCore, this.#origin, shape);
      case 'raw': return await startRaw(this.#processes, proxyCore, this.#origin, shape);
      case 'sallyport': return await startSallyport(this.#processes, proxyCore, this.#origin, shape);
    }
  }

  /** A proxy that runs already, or a new one that was seen to answer right. */
  async #peer(name: PeerName, shape: Shape): Promise<Peer> {
    const key = `${name} ${shape.routes} ${shape.rules}`;
    let peer = this.#peers.get(key);
    if (peer === undefined) {
      progress(`starting ${name}`);
      peer = await this.#start(name, shape);
      await verify(peer);
      this.#peers.set(key, peer);
    }
    return peer;
  }

  async #stopPeers(): Promise<void> {
    for (const peer of this.#peers.values()) await peer.stop();
    this.#peers.clear();
  }

  async #case(one: Case): Promise<void> {
    const peers = [];
    for (const name of one.peers) peers.push(await this.#peer(name, one.shape));
    const figures = await this.#rounds(one.name, peers, one.load);
    this.results.cases.push({ name: one.name, title: one.title, peers: figures, atMost: one.atMost, aim: one.aim });
  }

  async #growth(): Promise<void> {
    const peers = [];
    for (const name of growthPeers) for (const shape of growthShapes) peers.push(await this.#peer(name, shape));
    this.results.growth.push(...await this.#rounds('growth', peers, growthLoad));
  }

  /** Warm-up, then every proxy in turn, round after round: what disturbs the machine disturbs all of them. */
  async #rounds(title: string, peers: readonly Peer[], load: LoadShape): Promise<PeerFigures[]> {
    const samples = peers.map((): Sample[] => []);
    for (const [at, peer] of peers.entries()) {
      progress(`${title}: warm-up of ${peer.name} (${at + 1} of ${peers.length})`);
      await measure(this.bench, peer, load, peer.name === 'sallyport' ? warmUpSeconds : peerWarmUpSeconds);
    }
    const loggedBefore = await Promise.all(peers.map((peer) => peer.logged()));
    for (let round = 0; round < rounds; round++) {
      for (const [at, peer] of peers.entries()) {
        progress(`${title}: round ${round + 1} of ${rounds}, ${peer.name} ${peer.shape.routes === usualShape.routes ? '' : `with ${peer.shape.routes} routes`}`);
        samples[at]!.push(await measure(this.bench, peer, load, seconds));
      }
    }
    const loggedAfter = await Promise.all(peers.map((peer) => peer.logged()));
    return peers.map((peer, at) => this.#figures(title, peer, samples[at]!, load, loggedBefore[at], loggedAfter[at]));
  }

  #figures(title: string, peer: Peer, samples: readonly Sample[], load: LoadShape, before: number | undefined, after: number | undefined): PeerFigures {
    const requests = samples.reduce((sum, sample) => sum + sample.answered, 0);
    const logged = before === undefined || after === undefined ? undefined : after - before;
    // wrk leaves with requests under way, which it does not count and which may have been logged.
    const most = requests + samples.length * load.connections;
    // Datagrams may be lost on the way to HAProxy's collector: no fault of the measurement.
    if (logged !== undefined && peer.name !== 'haproxy' && (logged < requests || logged > most))
      this.bench.fault(`${title}: ${peer.name} logged ${logged} of ${requests} requests`);
    return {
      peer: peer.name, shape: peer.shape, cpu: figureOf(samples.map(({ cpu }) => cpu)), supervisor: figureOf(samples.map(({ supervisor }) => supervisor)),
      perSecond: figureOf(samples.map(({ perSecond }) => perSecond)), p99Micros: figureOf(samples.map(({ p99Micros }) => p99Micros)), requests, logged,
    };
  }

  async #idle(): Promise<void> {
    const samples = new Map<PeerName, IdleSample[]>(idlePeers.map((name) => [name, []]));
    for (let round = 0; round < (options.quick ? 1 : Math.min(3, rounds)); round++) {
      for (const name of idlePeers) {
        progress(`idle: round ${round + 1}, ${name}`);
        const peer = await this.#peer(name, usualShape);
        samples.get(name)!.push(await measureIdle(this.bench, peer, idleConnections, idleWarmUpSeconds));
        await this.#stopPeers();
      }
    }
    for (const [peer, all] of samples) {
      const figures: IdleFigures = {
        peer, atOnce: figureOf(all.map((one) => one.atOnce)), later: figureOf(all.map((one) => one.later)),
        many: figureOf(all.map((one) => one.many)), resident: figureOf(all.map((one) => one.resident)), cpu: figureOf(all.map((one) => one.cpu)),
      };
      this.results.idle.push(figures);
    }
  }
}

function write(results: Results): void {
  const directory = join(import.meta.dirname, 'results');
  mkdirSync(directory, { recursive: true });
  const name = join(directory, `${results.date.slice(0, 10)}-${shapeOf(results.machine)}`);
  writeFileSync(`${name}.md`, markdownText(results));
  writeFileSync(`${name}.json`, `${JSON.stringify(results, undefined, 1)}\n`);
}

async function main(): Promise<number> {
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const unknown = options.only.filter((name) => !caseNames.includes(name));
  if (unknown.length > 0) {
    process.stderr.write(`there is no case ${unknown.join(', ')}\n${usage}`);
    return 2;
  }
  const names = options.only.length > 0 ? options.only : caseNames;
  const missing = providePackages(partsOf(names), (text) => process.stderr.write(text));
  if (missing.length > 0) {
    process.stderr.write(`what this is measured against is missing. On Debian and Ubuntu:\n  apt-get install --no-install-recommends ${missing.join(' ')}\n`);
    return 1;
  }
  const processes = new Processes(availableParallelism() > 1);
  const run = new Run(processes);
  stuck = (step) => {
    process.stderr.write(`\nnothing has happened for ${stuckMs / 60_000} minutes: ${step}\n`);
    void processes.stopAll().then(() => process.exit(1));
  };
  try {
    await run.all(names);
  } finally {
    progress('');
    if (process.stderr.isTTY) process.stderr.write('\r');
    await processes.stopAll();
  }
  process.stdout.write(options.json ? `${JSON.stringify(run.results)}\n` : terminalText(run.results, process.stdout.isTTY));
  // Only a full run is worth keeping.
  if (!options.quick && options.only.length === 0 && !options['no-write']) write(run.results);
  return run.results.faults.length === 0 ? 0 : 1;
}

process.exitCode = await main();
