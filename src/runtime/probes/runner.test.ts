// The runner of health checks on virtual timers: intervals, spread, bounds, reconfiguration, maintenance, several addresses.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { HealthReport } from '#upstream/messages.ts';
import { Pool } from '#upstream/pool.ts';
import { poolSettings } from '#upstream/settings.ts';
import type { PoolSettings, PoolSettingsInput } from '#upstream/settings.ts';
import { VirtualTimers } from '#test/simulation/upstream/virtual-timers.ts';
import type { probe } from './probe.ts';
import { ProbeRunner } from './runner.ts';
import type { ProbeRunnerOptions } from './runner.ts';

/** Checks of made-up servers: `down` refuse, the others answer after 5 ms. */
class Bench {
  readonly timers = new VirtualTimers();
  readonly reports: HealthReport[] = [];
  readonly down = new Set<string>();
  readonly started: { atMs: number; address: string; port: number }[] = [];
  under = 0;
  mostUnder = 0;
  answerMs = 5;
  readonly runner: ProbeRunner;

  constructor(options: Partial<ProbeRunnerOptions> = {}) {
    this.runner = new ProbeRunner({
      report: (report) => { this.reports.push(report); },
      nowMs: () => this.timers.nowMs, random: () => 0.5, timers: this.timers, probe: this.#probe, ...options,
    });
  }

  readonly #probe: typeof probe = (target, _settings, timers, _nowMs, done) => {
    this.started.push({ atMs: this.timers.nowMs, address: target.address, port: target.port });
    this.mostUnder = Math.max(this.mostUnder, ++this.under);
    const timer = timers.start(this.answerMs, () => {
      this.under--;
      done(this.down.has(target.address) ? { healthy: false, reason: 'connection refused' } : { healthy: true, reason: 'connected' });
    });
    return () => {
      this.under--;
      timers.stop(timer);
    };
  };

  lines(): string[] { return this.reports.map(({ pool, server, health, reason }) => `${pool} ${server} ${health}: ${reason}`); }
}

function pools(settings: PoolSettingsInput): Record<string, PoolSettings> {
  return { web: poolSettings.parse(settings) };
}

const health = { tcp: true, interval: '1s', rise: 2, fall: 3 } as const;

test('checks each server at its interval and reports changes only', () => {
  const bench = new Bench();
  bench.runner.start(pools({ servers: ['a:1', 'b:2'], health }));
  bench.timers.runUntil(10_000);
  assert.deepEqual(bench.lines(), ['web a:1 up: connected', 'web b:2 up: connected']);
  const ofA = bench.started.filter(({ address }) => address === 'a').map(({ atMs }) => atMs);
  assert.deepEqual(ofA.slice(0, 3), [100, 1100, 2100]);
  assert.equal(ofA.length, 10);
  bench.runner.stop();
  assert.deepEqual([bench.timers.pending, bench.runner.running], [0, 0]);
});

test('a server that dies is down after fall checks and up after rise checks', () => {
  const bench = new Bench();
  bench.runner.start(pools({ servers: ['a:1'], health }));
  bench.timers.runUntil(500);
  bench.down.add('a');
  bench.timers.runUntil(3500);
  bench.down.clear();
  bench.timers.runUntil(6000);
  assert.deepEqual(bench.lines(), [
    'web a:1 up: connected',
    'web a:1 up: 1 of 3 failures that change it: connection refused',
    'web a:1 up: 2 of 3 failures that change it: connection refused',
    'web a:1 down: connection refused',
    'web a:1 down: 1 of 2 successes that change it: connected',
    'web a:1 up: connected',
  ]);
  assert.deepEqual(bench.reports.map(({ changed }) => changed), [true, false, false, true, false, true]);
});

test('checks are moved apart by up to a tenth of the interval', () => {
  let draw = 0;
  const bench = new Bench({ random: () => (draw++ % 10) / 10 });
  bench.runner.start(pools({ servers: ['a:1'], health }));
  bench.timers.runUntil(60_000);
  const gaps = bench.started.slice(1).map(({ atMs }, index) => atMs - bench.started[index]!.atMs);
  assert.ok(gaps.every((gap) => gap >= 899 && gap <= 1101), gaps.join());
  assert.ok(new Set(gaps.map(Math.round)).size > 3);
});

test('no more checks are under way than allowed, and all get their turn', () => {
  const bench = new Bench({ maxConcurrent: 4 });
  const servers = Array.from({ length: 30 }, (_, index) => `s${index}:1`);
  bench.runner.start(pools({ servers, health }));
  bench.timers.runUntil(900);
  assert.equal(bench.mostUnder, 4);
  assert.equal(bench.reports.length, 30);
  bench.timers.runUntil(5000);
  assert.equal(bench.mostUnder, 4);
});

test('a slow check is never doubled', () => {
  const bench = new Bench();
  bench.answerMs = 2500;
  bench.runner.start(pools({ servers: ['a:1'], health }));
  bench.timers.runUntil(20_000);
  assert.equal(bench.mostUnder, 1);
  assert.ok(bench.started.length >= 7);
});

test('update: new servers are checked, removed ones are not, the rest keep what they know', () => {
  const bench = new Bench();
  bench.runner.start(pools({ servers: ['a:1', 'b:1'], health }));
  bench.timers.runUntil(500);
  bench.runner.update(pools({ servers: ['b:1', 'c:1'], health }));
  bench.timers.runUntil(1500);
  assert.deepEqual(bench.lines().slice(2), ['web c:1 up: connected']);
  assert.ok(!bench.started.some(({ address, atMs }) => address === 'a' && atMs > 500));
  assert.deepEqual(bench.runner.current().map(({ server, health }) => `${server} ${health}`), ['b:1 up', 'c:1 up']);
});

test('update: a shorter interval and another port take effect at once', () => {
  const bench = new Bench();
  bench.runner.start(pools({ servers: ['a:1'], health: { ...health, interval: '1h' } }));
  bench.timers.runUntil(500);
  bench.runner.update(pools({ servers: ['a:1'], health: { ...health, port: 99 } }));
  bench.timers.runUntil(5000);
  assert.deepEqual(bench.started.slice(0, 3), [{ atMs: 100, address: 'a', port: 1 }, { atMs: 600, address: 'a', port: 99 }, { atMs: 1600, address: 'a', port: 99 }]);
});

test('update: without checks a server that was down is unknown again, so that it gets requests', () => {
  const bench = new Bench();
  bench.down.add('a');
  const settings = pools({ servers: ['a:1'], health });
  const pool = new Pool('web', settings['web']!, { workers: 1, random: () => 0 });
  bench.runner.start(settings);
  bench.timers.runUntil(500);
  for (const report of bench.reports) pool.applyHealth(report, bench.timers.nowMs);
  assert.equal(pool.pick('', [], 500), undefined);
  bench.runner.update(pools({ servers: ['a:1'] }));
  pool.applyHealth(bench.reports.at(-1)!, 500);
  assert.equal(pool.pick('', [], 500)?.name, 'a:1');
  bench.timers.runUntil(5000);
  assert.equal(bench.started.length, 1);
});

test('pause: no checks during maintenance; afterwards the first result decides', () => {
  const bench = new Bench();
  bench.runner.start(pools({ servers: ['a:1'], health }));
  bench.timers.runUntil(102);
  bench.runner.pause('web', 'a:1', true);
  assert.equal(bench.runner.running, 0);
  bench.timers.runUntil(10_000);
  assert.equal(bench.started.length, 1);
  bench.down.add('a');
  bench.runner.pause('web', 'a:1', false);
  bench.timers.runUntil(10_100);
  assert.deepEqual(bench.lines(), ['web a:1 down: connection refused']);
});

test('pause: a server that was up is unknown afterwards, and one failure takes it down', () => {
  const bench = new Bench();
  bench.runner.start(pools({ servers: ['a:1'], health }));
  bench.timers.runUntil(500);
  bench.runner.pause('web', 'a:1', true);
  bench.runner.update(pools({ servers: ['a:1'], health: { ...health, fall: 9 } }));
  bench.down.add('a');
  bench.timers.runUntil(5000);
  assert.equal(bench.started.length, 1);
  bench.runner.pause('web', 'a:1', false);
  bench.timers.runUntil(5100);
  assert.deepEqual(bench.lines(), ['web a:1 up: connected', 'web a:1 down: connection refused']);
});

test('a name with several addresses is up while one of them answers', () => {
  const bench = new Bench({ addressesOf: () => ['10.0.0.1', '10.0.0.2'] });
  bench.down.add('10.0.0.1');
  bench.runner.start(pools({ servers: ['a:1'], health }));
  bench.timers.runUntil(500);
  assert.deepEqual(bench.started.map(({ address }) => address), ['10.0.0.1', '10.0.0.2']);
  bench.down.add('10.0.0.2');
  bench.timers.runUntil(3500);
  assert.deepEqual(bench.lines().filter((line) => line.startsWith('web a:1 down')), ['web a:1 down: connection refused']);
});

test('with real sockets and timers: a server that turns sick and well again', async (t) => {
  let status = 200;
  const server = http.createServer((_request, response) => { response.writeHead(status).end('body'); });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const wanted = ['up', 'down', 'up'];
  const seen: string[] = [];
  let finished = (): void => { /* set below */ };
  const done = new Promise<void>((resolve) => { finished = resolve; });
  const runner = new ProbeRunner({
    nowMs: () => performance.now(), random: Math.random,
    report: (report) => {
      if (!report.changed) return;
      seen.push(report.health);
      status = report.health === 'up' ? 500 : 200;
      if (seen.length === wanted.length) finished();
    },
  });
  t.after(() => {
    runner.stop();
    server.close();
  });
  runner.start(pools({ servers: [`127.0.0.1:${port}`], health: { http: { path: '/healthz' }, interval: '100ms', rise: 2, fall: 2 } }));
  await done;
  assert.deepEqual(seen, wanted);
});
