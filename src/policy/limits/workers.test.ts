// Simulation of several workers with one limit, on a virtual clock: by how much may all of them together exceed it?
// The bounds asserted here are those of docs/decisions/0004-limits-across-workers.md.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '#core/clock.ts';
import { operation, vocabularies } from '../fixtures.ts';
import { zonesSettings } from '../settings.ts';
import { compileZones } from '../zones.ts';
import { LimitLedger } from './deltas.ts';
import type { LimitDelta } from './deltas.ts';
import { compileLimits } from './limiter.ts';
import type { Limiter } from './limiter.ts';
import { buildLimitSettings } from './settings.ts';

const zones = compileZones(zonesSettings().parse({}));

function limiterOf(limits: unknown): Limiter { return compileLimits(buildLimitSettings(vocabularies).parse(limits), zones, vocabularies); }

/** A small generator with a seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6D2B79F5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Workers that tell each other through a supervisor: collected every `everyMs`, there after `delayMs`. */
class Cluster {
  readonly workers: Limiter[];
  readonly ledger = new LimitLedger();
  readonly #under: { atMs: number; from: number; deltas: LimitDelta[] }[] = [];
  #nextMs = 0;
  readonly #everyMs: number;
  readonly #delayMs: number;
  messages = 0;

  constructor(count: number, limits: unknown, everyMs: number, delayMs: number) {
    this.workers = Array.from({ length: count }, () => limiterOf(limits));
    this.#everyMs = everyMs;
    this.#delayMs = delayMs;
    for (const worker of this.workers) worker.collectDeltas();
  }

  tick(nowMs: number): void {
    while (this.#under.length > 0 && this.#under[0]!.atMs <= nowMs) {
      const { from, deltas } = this.#under.shift()!;
      this.workers.forEach((worker, index) => { if (index !== from) worker.applyDeltas(deltas, nowMs); });
    }
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + this.#everyMs;
    this.workers.forEach((worker, from) => {
      const deltas = worker.collectDeltas();
      if (deltas === undefined) return;
      this.messages += 1;
      this.ledger.note(from, deltas);
      this.#under.push({ atMs: nowMs + this.#delayMs, from, deltas });
    });
  }
}

/** The most that was admitted beyond `burst + rate * length`, over all stretches of time. */
function worstExcess(times: readonly number[], intervalMs: number, burst: number): number {
  // For each arrival k and an earlier one j: (k - j + 1) - burst - (t_k - t_j) / interval. The best j is kept on the way.
  let best = Number.NEGATIVE_INFINITY;
  let worst = Number.NEGATIVE_INFINITY;
  times.forEach((timeMs, index) => {
    best = Math.max(best, timeMs / intervalMs - index);
    worst = Math.max(worst, index + 1 - timeMs / intervalMs + best - burst);
  });
  return worst;
}

interface RateRun { excess: number; longRun: number; offered: number; admitted: number }

function runRate(seed: number, workers: number, everyMs: number, delayMs: number, load: number, spread: 'even' | 'one'): RateRun {
  const random = randomFrom(seed);
  const clock = new VirtualClock();
  const cluster = new Cluster(workers, { a: { requests: '100/s', burst: 100 } }, everyMs, delayMs);
  const times: number[] = [];
  const stepMs = 0.25;
  let offered = 0;
  for (let step = 0; step < 10_000 / stepMs; step += 1) {
    cluster.tick(clock.nowMs());
    // Quiet for the fourth and seventh second, so that buckets fill up and bursts come again.
    const quiet = [3, 6].includes(Math.floor(clock.nowMs() / 1000));
    if (!quiet && random() < load * 0.1 * stepMs) {
      offered += 1;
      const worker = cluster.workers[spread === 'one' ? 0 : Math.floor(random() * workers)]!;
      if (worker.admit(operation(), clock.nowMs()) === undefined) times.push(clock.nowMs());
    }
    clock.advance(stepMs);
  }
  return { excess: worstExcess(times, 10, 100), longRun: times.length, offered, admitted: times.length };
}

test('one worker alone is exact', () => {
  for (const seed of [1, 2, 3]) {
    assert.ok(runRate(seed, 1, 20, 2, 20, 'even').excess <= 1e-6);
    assert.ok(runRate(seed, 4, 20, 2, 20, 'one').excess <= 1e-6, 'and so are four when one has all of the traffic');
  }
});

test('four workers exceed a rate by no more than what arrives elsewhere within one exchange', (context) => {
  for (const [everyMs, delayMs] of [[20, 2], [50, 5]] as const) {
    for (const load of [2, 10, 38]) {
      let excess = Number.NEGATIVE_INFINITY;
      let admitted = 0;
      for (const seed of [11, 12, 13]) {
        const run = runRate(seed, 4, everyMs, delayMs, load, 'even');
        excess = Math.max(excess, run.excess);
        admitted = Math.max(admitted, run.admitted);
      }
      const perExchange = load * 0.1 * (everyMs + delayMs) * 3 / 4;
      // Random arrival: four standard deviations above the mean, never more than a full burst at each of the others.
      const bound = Math.min(3 * 100 + 3, perExchange + 4 * Math.sqrt(perExchange) + 3);
      context.diagnostic(`rate 100/s burst 100, load ${load}x, every ${everyMs} ms: at most ${excess.toFixed(1)} beyond (bound ${bound.toFixed(0)}), ${admitted} in 10 s`);
      assert.ok(excess <= bound, `${excess} beyond, bound ${bound}`);
      // What was too much is paid back: in the long run only the bursts after quiet seconds come on top.
      assert.ok(admitted <= 100 + 1000 + 3 + bound, `${admitted} in ten seconds`);
    }
  }
});

test('the worst case: a full burst at every worker at the same moment, paid back afterwards', (context) => {
  const cluster = new Cluster(4, { a: { requests: '100/s', burst: 100 } }, 20, 2);
  let admitted = 0;
  for (const worker of cluster.workers) for (let count = 0; count < 200; count += 1) if (worker.admit(operation(), 0) === undefined) admitted += 1;
  assert.equal(admitted, 400, 'burst times workers');
  cluster.tick(20);
  cluster.tick(42);
  const passing = (nowMs: number): number => cluster.workers.filter((worker) => worker.admit(operation(), nowMs) === undefined).length;
  for (let nowMs = 43; nowMs < 3000; nowMs += 50) assert.equal(passing(nowMs), 0, `nothing passes at ${nowMs}: three bursts are owed`);
  assert.ok(passing(3100) > 0);
  context.diagnostic(`400 of 100 at once, then none for three seconds`);
});

test('four workers and a limit on concurrent operations', (context) => {
  for (const [everyMs, delayMs] of [[20, 2], [50, 5]] as const) {
    const random = randomFrom(5);
    const cluster = new Cluster(4, { a: { concurrent: 50 } }, everyMs, delayMs);
    const held: { worker: Limiter; one: ReturnType<typeof operation>; endMs: number }[] = [];
    let worst = 0;
    for (let nowMs = 0; nowMs < 10_000; nowMs += 0.5) {
      cluster.tick(nowMs);
      for (let index = held.length - 1; index >= 0; index -= 1) {
        const { worker, one, endMs } = held[index]!;
        if (endMs > nowMs) continue;
        worker.release(one);
        held.splice(index, 1);
      }
      if (random() < 0.5) {
        const worker = cluster.workers[Math.floor(random() * 4)]!;
        const one = operation();
        if (worker.admit(one, nowMs) === undefined) held.push({ worker, one, endMs: nowMs + 20 + random() * 180 });
      }
      worst = Math.max(worst, held.length);
    }
    // One arrival a millisecond, three quarters of them elsewhere, for one exchange.
    const perExchange = (everyMs + delayMs) * 3 / 4;
    context.diagnostic(`concurrent 50, 1,000 arrivals/s of 110 ms, every ${everyMs} ms: at most ${worst} at once, ${cluster.messages} messages in 10 s`);
    assert.ok(worst <= 50 + perExchange + 4 * Math.sqrt(perExchange), `${worst} at once`);
    assert.ok(worst >= 50);
    for (const { worker, one } of held) worker.release(one);
    cluster.tick(11_000);
    cluster.tick(11_100);
    let free = 0;
    while (free < 100 && cluster.workers[3]!.admit(operation(), 11_100) === undefined) free += 1;
    assert.equal(free, 50, 'after everything has ended all places are free');
  }
});

test('a worker that dies takes what it held along, and a new one learns what the others hold', () => {
  const limits = { a: { concurrent: 4 } };
  const cluster = new Cluster(3, limits, 20, 0);
  const [first, second, third] = cluster.workers;
  for (let count = 0; count < 2; count += 1) {
    assert.equal(first!.admit(operation(), 0), undefined);
    assert.equal(second!.admit(operation(), 0), undefined);
  }
  cluster.tick(0);
  cluster.tick(20);
  assert.notEqual(third!.admit(operation(), 20), undefined);
  const fresh = limiterOf(limits);
  fresh.applyDeltas(cluster.ledger.holdingsFor(9), 20);
  assert.notEqual(fresh.admit(operation(), 20), undefined);
  const gone = cluster.ledger.forget(0)!;
  third!.applyDeltas(gone, 20);
  assert.equal(third!.admit(operation(), 20), undefined);
  assert.equal(third!.admit(operation(), 20), undefined);
  assert.notEqual(third!.admit(operation(), 20), undefined);
  assert.equal(cluster.ledger.forget(0), undefined, 'only once');
  assert.deepEqual(cluster.ledger.holdingsFor(1), []);
});

test('deltas of tables that are not there are passed over', () => {
  const limiter = limiterOf({ a: { concurrent: 1 } });
  limiter.applyDeltas([{ table: 'operations a host', keys: ['x'], admitted: [1], held: [1] }, { table: '', keys: [], admitted: [], held: [] }], 0);
  assert.equal(limiter.admit(operation(), 0), undefined);
});
