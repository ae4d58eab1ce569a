// Two workers, five servers that die, hang, recover and are taken into maintenance, health checks and ejections between
// them: hours of virtual time under seeded chance. Checks what must hold at every pick, and how soon failures are seen
// and recoveries used. A failing run is repeated by its seed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProbeRunner } from '#runtime/probes/runner.ts';
import type { OperationalFailure } from '#core/failure.ts';
import { Pool } from '#upstream/pool.ts';
import type { ServerState } from '#upstream/server-state.ts';
import { poolSettings } from '#upstream/settings.ts';
import type { PoolSettingsInput } from '#upstream/settings.ts';
import type { Waiter } from '#upstream/wait-queue.ts';
import { VirtualTimers } from './virtual-timers.ts';

const names = ['s0:1', 's1:1', 's2:1', 's3:1', 's4:1'];
const intervalMs = 1000;
const probeTimeoutMs = 500;
const requestTimeoutMs = 1500;
const maxEjectMs = 4000;
/** Three checks in a row, a tenth late each, the last one timing out: then everybody knows. */
const seenDownMs = 3 * 1.1 * intervalMs + probeTimeoutMs + 100;
/** Two checks, a check under way, and the longest ejection or trial. */
const usedAgainMs = 3 * 1.1 * intervalMs + probeTimeoutMs + 2 * maxEjectMs + 200;
const virtualMinutes = 10;
const requestsPerSecond = 40;

type Condition = 'well' | 'dead' | 'hanging';

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value = (value + Math.imul(value ^ (value >>> 7), value | 61)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

class Machine {
  condition: Condition = 'well';
  sinceMs = 0;
  maintenance = false;
  maintenanceSinceMs = 0;
}

class Request implements Waiter {
  readonly affinity: string;
  readonly excluded: string[] = [];
  readonly #world: World;
  readonly pool: Pool;
  server: ServerState | undefined = undefined;
  enqueuedAtMs = 0;
  deadlineMs = 0;
  ended = 0;

  constructor(world: World, pool: Pool, affinity: string) {
    this.#world = world;
    this.pool = pool;
    this.affinity = affinity;
  }

  serverFree(server: ServerState): void { this.#world.send(this, server); }

  waitFailed(failure: OperationalFailure): void { this.#world.end(this, failure.code); }
}

class World {
  readonly timers = new VirtualTimers();
  readonly random: () => number;
  readonly machines = new Map(names.map((name) => [name, new Machine()]));
  readonly pools: Pool[];
  readonly runner: ProbeRunner;
  readonly outcomes: Record<string, number> = {};
  started = 0;
  ejections = 0;

  constructor(settings: PoolSettingsInput, seed: number) {
    this.random = seeded(seed);
    const parsed = poolSettings.parse(settings);
    this.pools = [0, 1].map((worker) => new Pool('web', parsed, { workers: 2, worker, random: this.random }));
    for (const pool of this.pools) {
      pool.events = {
        ejected: (report) => {
          this.ejections++;
          for (const other of this.pools) if (other !== pool) other.applyPassive(report, this.timers.nowMs);
        },
        closeIdle() { /* no connections here */ },
        freed() { /* nobody leaves */ },
      };
    }
    this.runner = new ProbeRunner({
      nowMs: () => this.timers.nowMs, random: this.random, timers: this.timers,
      report: (report) => { for (const pool of this.pools) pool.applyHealth(report, this.timers.nowMs); },
      probe: (target, _settings, timers, _nowMs, done) => {
        const { condition } = this.machines.get(`${target.address}:1`)!;
        const afterMs = condition === 'well' ? 3 : condition === 'dead' ? 1 : probeTimeoutMs;
        const timer = timers.start(afterMs, () => { done({ healthy: condition === 'well', reason: condition }); });
        return () => { timers.stop(timer); };
      },
    });
    this.runner.start({ web: parsed });
    this.#every(100, () => { for (const pool of this.pools) pool.sweep(this.timers.nowMs); });
    this.#every(50, () => { this.#checkRecovery(); });
    this.#turnLater();
    this.#arriveLater();
  }

  #every(ms: number, run: () => void): void {
    this.timers.start(ms, () => {
      run();
      if (this.timers.nowMs < virtualMinutes * 60_000) this.#every(ms, run);
    });
  }

  /** Something happens to a machine. */
  #turnLater(): void {
    this.timers.start(-Math.log(1 - this.random()) * 3000, () => {
      if (this.timers.nowMs >= virtualMinutes * 60_000) return;
      const name = names[Math.floor(this.random() * names.length)]!;
      const machine = this.machines.get(name)!;
      const draw = this.random();
      if (machine.maintenance || draw < 0.05) this.#maintain(name, machine);
      else if (machine.condition !== 'well') this.#turn(machine, 'well');
      else if (draw < 0.5) this.#turn(machine, draw < 0.35 ? 'dead' : 'hanging');
      this.#turnLater();
    });
  }

  #turn(machine: Machine, condition: Condition): void {
    machine.condition = condition;
    machine.sinceMs = this.timers.nowMs;
  }

  #maintain(name: string, machine: Machine): void {
    machine.maintenance = !machine.maintenance;
    machine.maintenanceSinceMs = this.timers.nowMs;
    for (const pool of this.pools) pool.setAdministrativeState(name, machine.maintenance ? 'maintenance' : 'ready', this.timers.nowMs);
    this.runner.pause('web', name, machine.maintenance);
  }

  #arriveLater(): void {
    this.timers.start(-Math.log(1 - this.random()) * 1000 / requestsPerSecond, () => {
      if (this.timers.nowMs >= virtualMinutes * 60_000) return;
      this.started++;
      const pool = this.pools[Math.floor(this.random() * this.pools.length)]!;
      this.attempt(new Request(this, pool, `client ${Math.floor(this.random() * 500)}`));
      this.#arriveLater();
    });
  }

  attempt(request: Request): void {
    const { pool } = request;
    const { nowMs } = this.timers;
    const server = pool.pick(request.affinity, request.excluded, nowMs);
    if (server === undefined) {
      const able = pool.servers.filter((other) => other.administrative === 'ready' && other.health !== 'down' && !request.excluded.includes(other.name));
      assert.deepEqual(able.filter((other) => other.ejectedUntilMs <= nowMs).map(({ name }) => name), [], 'a request was refused though a server could take it');
      this.end(request, 'no-server');
      return;
    }
    assert.ok(!request.excluded.includes(server.name), `${server.name} was tried already`);
    if (server.hasRoom) this.send(request, server);
    else {
      const refusal = pool.enqueue(request, server, nowMs);
      assert.ok(server.waiting.length <= server.maxQueue);
      if (refusal !== undefined) this.end(request, refusal.code);
    }
  }

  send(request: Request, server: ServerState): void {
    const { pool } = request;
    const { nowMs } = this.timers;
    this.#checkPick(pool, server);
    pool.requestStarted(server);
    assert.ok(server.activeRequests <= server.maxConnections, 'more requests than connections');
    const { condition } = this.machines.get(server.name)!;
    const tookMs = condition === 'well' ? 5 - Math.log(1 - this.random()) * 40 : condition === 'dead' ? 1 : requestTimeoutMs;
    this.timers.start(tookMs, () => {
      pool.requestFinished(server, condition === 'well' ? 'success' : 'failure', tookMs, this.timers.nowMs);
      for (let next = pool.dequeue(server); next !== undefined; next = pool.dequeue(server)) next.serverFree(server);
      if (condition === 'well') this.end(request, 'success');
      else if (request.excluded.length < 2 && pool.mayRetry(nowMs + tookMs)) {
        request.excluded.push(server.name);
        this.attempt(request);
      } else this.end(request, 'failure');
    });
  }

  end(request: Request, outcome: string): void {
    request.ended++;
    assert.equal(request.ended, 1, 'a request ended twice');
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
  }

  /** No request goes where it is known, or must be known by now, that it will fail. */
  #checkPick(pool: Pool, server: ServerState): void {
    const { nowMs } = this.timers;
    assert.notEqual(server.health, 'down', `${server.name} is known to be down`);
    assert.equal(server.administrative, 'ready');
    if (server.ejectedUntilMs > nowMs) {
      const better = pool.servers.filter((other) => other.administrative === 'ready' && other.health !== 'down' && other.ejectedUntilMs <= nowMs);
      assert.deepEqual(better.map(({ name }) => name), [], `${server.name} is ejected`);
    }
    const machine = this.machines.get(server.name)!;
    const sickForMs = nowMs - Math.max(machine.sinceMs, machine.maintenanceSinceMs);
    assert.ok(machine.condition === 'well' || sickForMs <= seenDownMs, `${server.name} has been ${machine.condition} for ${sickForMs} ms and still gets requests`);
  }

  #checkRecovery(): void {
    const { nowMs } = this.timers;
    for (const [name, machine] of this.machines) {
      if (machine.condition !== 'well' || machine.maintenance || nowMs - Math.max(machine.sinceMs, machine.maintenanceSinceMs) <= usedAgainMs) continue;
      for (const pool of this.pools) {
        const server = pool.server(name)!;
        assert.ok(server.eligible && server.limit === server.maxConnections, `${name} has been well for long and is not used: ${JSON.stringify(pool.report(nowMs).servers)}`);
      }
    }
  }
}

const settings: PoolSettingsInput = {
  servers: [{ address: 's0:1', weight: 2 }, ...names.slice(1)],
  maxConnections: 12,
  queue: { max: 6, timeout: '400ms' },
  health: { tcp: true, interval: `${intervalMs}ms`, timeout: `${probeTimeoutMs}ms`, rise: 2, fall: 3 },
  passive: { failures: 3, percent: 20, window: '5s', ejectFor: '1s', maxEjectFor: `${maxEjectMs}ms` },
  retryBudget: { percent: 50, minimumPerSecond: 10 },
};

for (const balance of ['round-robin', 'least-requests', 'random-two', 'hash', { hash: 'address', boundedLoad: 1.5 }] as const) {
  for (const seed of [1, 2, 3]) {
    test(`five servers failing and recovering, ${JSON.stringify(balance)}, seed ${seed}`, () => {
      const world = new World({ ...settings, balance }, seed);
      world.timers.runUntil(virtualMinutes * 60_000 + 10_000);
      for (const pool of world.pools) pool.sweep(world.timers.nowMs);
      world.runner.stop();
      const ended = Object.values(world.outcomes).reduce((sum, count) => sum + count, 0);
      assert.equal(ended, world.started, 'every request ends exactly once');
      for (const pool of world.pools) {
        assert.equal(pool.waiting, 0);
        for (const server of pool.servers) assert.deepEqual([server.activeRequests, server.waiting.length], [0, 0], server.name);
      }
      // The world must have been bad enough to mean something, and the pool good enough to be of use.
      assert.ok(world.ejections > 20, `only ${world.ejections} ejections`);
      assert.ok(world.started > 20_000);
      const success = (world.outcomes['success'] ?? 0) / world.started;
      assert.ok(success > 0.8, `only ${(100 * success).toFixed(1)} % succeeded: ${JSON.stringify(world.outcomes)}`);
    });
  }
}
