// Which of a pool's servers may get requests now, and which of those the next one gets: by the balancer, else the one with the
// shortest queue, else a backup. Pure: time and randomness are arguments.
// Does not count requests and lets nobody wait (pool.ts).
import type { Trace } from '#contract/decision.ts';
import type { Balancer } from './balance/balancer.ts';
import { acceptable } from './balance/balancer.ts';
import { makeBalancer } from './balance/make-balancer.ts';
import { settle } from './ejection.ts';
import { explainNone, explainServer } from './explanation.ts';
import type { ServerState } from './server-state.ts';
import type { PoolSettings } from './settings.ts';

export class Selection {
  /** Those that the balancer chooses from: servers, or the backups when no server is eligible. */
  eligible: ServerState[] = [];
  /** When an ejection, a trial or a step of a slow start ends. */
  nextChangeMs = 0;
  readonly #random: () => number;
  #settings: PoolSettings['balance'];
  #balancer: Balancer;
  /** Eligible backups that are not needed now. */
  #spare: ServerState[] = [];

  constructor(settings: PoolSettings['balance'], random: () => number) {
    this.#random = random;
    this.#settings = settings;
    this.#balancer = makeBalancer(settings, random);
  }

  get keepsKeys(): boolean { return this.#balancer.keepsKeys; }

  configure(settings: PoolSettings['balance']): void {
    const { kind, boundedLoad } = this.#settings;
    this.#settings = settings;
    if (settings.kind !== kind || settings.boundedLoad !== boundedLoad) this.#balancer = makeBalancer(settings, this.#random);
  }

  /** Works out anew who may get requests. `resting` hears of each server that gets none from now on. */
  refresh(servers: readonly ServerState[], settings: PoolSettings, nowMs: number, resting: (server: ServerState) => void): void {
    let next = Number.POSITIVE_INFINITY;
    const usable: ServerState[] = [];
    for (const server of servers) {
      next = Math.min(next, settle(server, settings, nowMs));
      if (server.administrative === 'ready' && server.health !== 'down') usable.push(server);
    }
    let eligible = usable.filter((server) => server.ejectedUntilMs <= nowMs);
    // Ejections are a guess; with nobody else left, a server that may fail is better than an error that is certain.
    if (eligible.length === 0 && !settings.passive.ejectLast) eligible = usable;
    const main = eligible.filter((server) => !server.backup);
    this.eligible = main.length > 0 ? main : eligible;
    this.#spare = main.length > 0 ? eligible.filter((server) => server.backup) : [];
    const nowEligible = new Set(this.eligible);
    for (const server of servers) {
      const now = nowEligible.has(server);
      if (server.eligible && !now) resting(server);
      server.eligible = now;
    }
    const backups = this.eligible[0]?.backup ?? false;
    this.#balancer.change(this.eligible, servers.filter((server) => server.backup === backups));
    this.nextChangeMs = next;
  }

  /** Hot. See `Pool.pick`. */
  choose(affinity: string, excluded: readonly string[], commit: boolean): ServerState | undefined {
    return this.#balancer.choose(affinity, excluded, commit) ?? this.#shortestQueue(excluded) ?? this.#spareServer(excluded);
  }

  #shortestQueue(excluded: readonly string[]): ServerState | undefined {
    let best: ServerState | undefined;
    for (let index = 0; index < this.eligible.length; index++) {
      const server = this.eligible[index]!;
      if (excluded.includes(server.name)) continue;
      if (best === undefined || server.waiting.length * best.maxConnections < best.waiting.length * server.maxConnections) best = server;
    }
    return best;
  }

  /** All servers were tried: a backup that is not needed otherwise. */
  #spareServer(excluded: readonly string[]): ServerState | undefined {
    for (let index = 0; index < this.#spare.length; index++) if (acceptable(this.#spare[index]!, excluded)) return this.#spare[index];
    return undefined;
  }

  explain(pool: string, servers: readonly ServerState[], chosen: ServerState | undefined, excluded: readonly string[], nowMs: number, trace: Trace): void {
    for (const server of servers) {
      if (server === chosen) continue;
      trace.step('upstream', server.name, 'skipped', excluded.includes(server.name) ? 'tried already' : explainServer(server, nowMs));
    }
    if (chosen === undefined) trace.step('upstream', pool, 'no-match', explainNone(pool, servers, excluded, nowMs));
    else trace.step('upstream', chosen.name, 'chosen', `${this.#balancer.rule}; ${explainServer(chosen, nowMs)}${chosen.hasRoom ? '' : '; it has no room, the request waits'}`);
  }
}
