// A pool of servers in one process: who may have how many connections, who waits, who is out of service. Which server gets a
// request: selection.ts. Pure: time and randomness are arguments; sockets are the connector's, probes the supervisor's.
// When no server can take requests it says so (`no-server`): a pool never sends to servers that it knows to be down.
import type { Trace } from '#contract/decision.ts';
import type { OperationalFailure } from '#core/failure.ts';
import { operational } from '#core/failure.ts';
import { hashText } from './balance/string-hash.ts';
import { eject, ejectFor, endTrial, pardon, shouldEject } from './ejection.ts';
import { explainNone, reportServer } from './explanation.ts';
import type { AdministrativeState, HealthReport, PassiveReport, PoolReport } from './messages.ts';
import { RetryBudget } from './retry-budget.ts';
import { Selection } from './selection.ts';
import { ServerState } from './server-state.ts';
import type { AffinitySource, PoolSettings } from './settings.ts';
import type { Waiter } from './wait-queue.ts';
import { leaveQueue, nextWaiter, queueFull, waitedTooLong } from './wait-queue.ts';

/** What a pool tells its owner, at the moment that it happens, possibly during a call to the pool. */
export interface PoolEvents {
  /** Requests failed and the server is out of service for a while: to be told to the other workers. */
  ejected(report: PassiveReport): void;
  /** The server gets no new requests for now (down, drain, maintenance, leaving), or its name has left an address: close its
   *  idle connections, but for those to the addresses that stay. */
  closeIdle(server: ServerState, staying: readonly string[]): void;
  /** A server that left the configuration has finished its last request and connection. */
  freed(server: ServerState): void;
}

export interface PoolOptions {
  /** Maxima are divided among this many workers. */
  workers: number;
  /** Which of them this is, from 0. Without it the first: then the sum of all may be above a maximum by workers - 1. */
  worker?: number;
  /** In [0, 1). */
  random: () => number;
  nowMs?: number;
}

const none: readonly string[] = [];
const nobody: PoolEvents = { ejected() { /* unheard */ }, closeIdle() { /* unheard */ }, freed() { /* unheard */ } };

export type RequestOutcome = 'success' | 'failure' | 'neutral';

const latencyShare = 0.1;

export class Pool {
  readonly name: string;
  settings: PoolSettings;
  events: PoolEvents = nobody;
  /** Servers of the configuration, in its order. */
  servers: ServerState[] = [];
  /** Servers that left the configuration and still have requests or connections. */
  leaving: ServerState[] = [];
  /** Requests waiting in all queues. */
  waiting = 0;
  queueRefusals = 0;
  queueTimeouts = 0;
  #worker: number;
  #workers: number;
  readonly #retries: RetryBudget;
  readonly #selection: Selection;
  readonly #resting = (server: ServerState): void => { this.events.closeIdle(server, none); };
  #closed = false;

  constructor(name: string, settings: PoolSettings, options: PoolOptions) {
    this.name = name;
    this.settings = settings;
    this.#worker = options.worker ?? 0;
    this.#workers = options.workers;
    const { percent, minimumPerSecond } = settings.retryBudget;
    this.#retries = new RetryBudget(percent, minimumPerSecond / options.workers);
    this.#selection = new Selection(settings.balance, options.random);
    this.#adopt(options.nowMs ?? 0);
  }

  /** What the key for `pick` is made of; undefined when the pool needs none. See `affinityOf`. */
  get affinity(): AffinitySource | undefined { return this.settings.balance.affinity; }

  /** True when nothing is left of a closed pool. */
  get freed(): boolean { return this.#closed && this.leaving.length === 0; }

  /**
   * The server for a request, or undefined when none can take it (`explainNoServer` says why). A server without room comes
   * back only when none has any: then the request should wait (`enqueue`). With `trace` nothing is remembered, so that
   * explaining a request does not change where the next one goes.
   */
  pick(affinity: string, excluded: readonly string[], nowMs: number, trace?: Trace): ServerState | undefined {
    const selection = this.#selection;
    if (nowMs >= selection.nextChangeMs) this.#refresh(nowMs);
    const chosen = selection.choose(affinity, excluded, trace === undefined);
    if (trace !== undefined) selection.explain(this.name, this.servers, chosen, excluded, nowMs, trace);
    return chosen;
  }

  /** Why nobody can take a request, in words. */
  explainNoServer(nowMs: number, excluded: readonly string[] = []): string {
    return explainNone(this.name, this.servers, excluded, nowMs);
  }

  noServer(nowMs: number, excluded: readonly string[] = []): OperationalFailure {
    return operational('no-server', 'gateway', 'pick', true, this.explainNoServer(nowMs, excluded));
  }

  /** A request goes to the server: from now on it counts. Hot. */
  requestStarted(server: ServerState): void {
    server.activeRequests++;
    server.requests++;
    this.#retries.earn();
  }

  /** How it went: `neutral` says nothing about the server (the client went away). Negative latency: not measured.
   *  `reason`: of a failure, for people. Hot. */
  requestFinished(server: ServerState, outcome: RequestOutcome, latencyMs: number, nowMs: number, reason = ''): void {
    server.activeRequests--;
    if (latencyMs >= 0) server.latencyMs += (latencyMs - server.latencyMs) * (server.latencyMs === 0 ? 1 : latencyShare);
    if (outcome === 'success') {
      server.window.add(false, nowMs);
      if (server.trialUntilMs !== 0) endTrial(server);
    } else if (outcome === 'failure') {
      server.lastFailure = reason;
      server.lastFailureMs = nowMs;
      this.#countFailure(server, nowMs);
    }
    if (server.removed) this.#freeIfDone(server);
  }

  /** The connection for a request that was started could not be opened: its address rests, the reason is kept for people,
   *  and the request is finished as a failure. */
  connectFailed(server: ServerState, address: string, reason: string, nowMs: number): void {
    server.restAddress(address, nowMs, this.settings.passive.ejectFor);
    this.requestFinished(server, 'failure', -1, nowMs, reason);
  }

  /** A connection to the server is being opened, or stands. */
  connectionOpened(server: ServerState): void {
    server.connections++;
  }

  connectionClosed(server: ServerState): void {
    server.connections--;
    if (server.removed) this.#freeIfDone(server);
  }

  /** True when another connection may be opened to the server. */
  canConnect(server: ServerState): boolean {
    return server.connections < server.maxConnections;
  }

  /** True when an idle connection may wait for the next request. `idle`: how many wait already. */
  mayKeepIdle(server: ServerState, idle: number): boolean {
    return server.eligible && idle < server.maxIdle;
  }

  /** Waits for the server to have room. A failure: the queue is full, or the pool has none. */
  enqueue(waiter: Waiter, server: ServerState, nowMs: number): OperationalFailure | undefined {
    if (server.waiting.length >= server.maxQueue) {
      this.queueRefusals++;
      return queueFull(this.name, server);
    }
    waiter.server = server;
    waiter.enqueuedAtMs = nowMs;
    waiter.deadlineMs = nowMs + this.settings.queue.timeout;
    server.waiting.push(waiter);
    this.waiting++;
    return undefined;
  }

  /** The client of a waiting request went away. */
  cancel(waiter: Waiter): void {
    if (leaveQueue(waiter)) this.waiting--;
  }

  /** The next waiting request for a server that has room again; the caller starts it. Call it after each request that
   *  finished while `waiting` is above zero. */
  dequeue(server: ServerState): Waiter | undefined {
    if (this.waiting === 0 || !server.eligible || !server.hasRoom) return undefined;
    const waiter = nextWaiter(server, this.leaving.length === 0 ? this.servers : [...this.servers, ...this.leaving], this.#selection.keepsKeys);
    if (waiter !== undefined) this.cancel(waiter);
    return waiter;
  }

  /** To be called about every 100 ms: ends ejections, gives waiting requests to servers with room, fails those that
   *  have waited too long and, when no server can take them, all. */
  sweep(nowMs: number): void {
    if (nowMs >= this.#selection.nextChangeMs) this.#refresh(nowMs);
    if (this.waiting > 0) {
      this.#dispatch();
      this.expireWaiters(nowMs);
    }
    this.#freeLeaving();
  }

  expireWaiters(nowMs: number): void {
    if (this.waiting === 0) return;
    const hopeless = this.#selection.eligible.length === 0;
    for (const server of [...this.servers, ...this.leaving]) {
      if (server.waiting.length === 0) continue;
      const over = server.waiting.filter((waiter) => hopeless || waiter.deadlineMs <= nowMs);
      for (const waiter of over) {
        this.cancel(waiter);
        if (!hopeless) this.queueTimeouts++;
        waiter.waitFailed(hopeless ? this.noServer(nowMs) : waitedTooLong(this.name, server.name, nowMs - waiter.enqueuedAtMs));
      }
    }
  }

  /** Takes one retry from the budget, when there is one. */
  mayRetry(nowMs: number): boolean {
    return this.#retries.take(nowMs);
  }

  server(name: string): ServerState | undefined {
    return this.servers.find((server) => server.name === name);
  }

  /** An operator's order. False: no such server. */
  setAdministrativeState(name: string, state: AdministrativeState, nowMs: number): boolean {
    const server = this.server(name);
    if (server === undefined) return false;
    if (server.administrative === state) return true;
    if (state === 'ready') {
      pardon(server);
      server.backSinceMs = nowMs;
    }
    server.administrative = state;
    this.#changed(nowMs);
    return true;
  }

  /** What active checks found. False: no such server. */
  applyHealth(report: Pick<HealthReport, 'server' | 'health' | 'reason' | 'forMs'>, nowMs: number): boolean {
    const server = this.server(report.server);
    if (server === undefined) return false;
    const before = server.health;
    server.health = report.health;
    server.healthReason = report.reason;
    server.healthSinceMs = nowMs - report.forMs;
    if (before === report.health) return true;
    if (before === 'down') {
      pardon(server);
      server.backSinceMs = nowMs;
    }
    this.#changed(nowMs);
    return true;
  }

  /** Another worker has ejected the server. False: no such server, or it is the last one here. */
  applyPassive(report: PassiveReport, nowMs: number): boolean {
    const server = this.server(report.server);
    if (server === undefined || server.ejectedUntilMs >= nowMs + report.forMs || !this.#mayEject(server, nowMs)) return false;
    server.ejectionReason = `${report.reason} (in another worker)`;
    ejectFor(server, report.forMs, nowMs);
    this.#changed(nowMs);
    return true;
  }

  /** The server's name resolves to these addresses now. */
  applyAddresses(name: string, addresses: readonly string[]): boolean {
    const server = this.server(name);
    if (server === undefined) return false;
    // Who moved the name wants the traffic to move, also that of connections which stand.
    if (server.setAddresses(addresses)) this.events.closeIdle(server, addresses);
    return true;
  }

  /** Another number of workers divides the maxima from now on. True when that is a change, which `reconcile` brings about. */
  takeShare(worker: number, workers: number): boolean {
    if (worker === this.#worker && workers === this.#workers) return false;
    this.#worker = worker;
    this.#workers = workers;
    return true;
  }

  /** New settings: servers that stay keep their state, those that leave finish what they have, new ones join. */
  reconcile(settings: PoolSettings, nowMs: number): void {
    this.#selection.configure(settings.balance);
    this.settings = settings;
    this.#retries.configure(settings.retryBudget.percent, settings.retryBudget.minimumPerSecond / this.#workers);
    this.#adopt(nowMs);
    this.#dispatch();
  }

  /** The pool was removed: nothing new, `freed` when the last request and connection has ended. */
  close(nowMs: number): void {
    this.#closed = true;
    for (const server of this.servers) this.#leave(server);
    this.servers = [];
    this.#changed(nowMs);
    this.expireWaiters(nowMs);
    this.#freeLeaving();
  }

  report(nowMs: number): PoolReport {
    if (nowMs >= this.#selection.nextChangeMs) this.#refresh(nowMs);
    return {
      pool: this.name,
      balance: this.settings.balance.kind,
      waiting: this.waiting,
      queueRefusals: this.queueRefusals,
      queueTimeouts: this.queueTimeouts,
      retries: this.#retries.granted,
      retriesRefused: this.#retries.refused,
      servers: [...this.servers, ...this.leaving].map((server) => reportServer(server, nowMs)),
    };
  }

  #adopt(nowMs: number): void {
    const before = new Map(this.servers.map((server) => [server.name, server]));
    this.servers = this.settings.servers.map((settings) => {
      const known = before.get(settings.name);
      const stays = known !== undefined && known.host === settings.host && known.port === settings.port;
      const server = stays ? known : new ServerState(this.name, settings, hashText(settings.name), this.settings.passive.window, nowMs);
      if (stays) before.delete(settings.name);
      server.configure(settings, this.settings, this.#worker, this.#workers);
      return server;
    });
    for (const server of before.values()) this.#leave(server);
    this.#changed(nowMs);
  }

  #leave(server: ServerState): void {
    server.removed = true;
    server.eligible = false;
    this.leaving.push(server);
    this.events.closeIdle(server, none);
    this.#freeIfDone(server);
  }

  /** For those whose last tie was a waiting request. */
  #freeLeaving(): void {
    for (let index = this.leaving.length - 1; index >= 0; index--) this.#freeIfDone(this.leaving[index]!);
  }

  #freeIfDone(server: ServerState): void {
    if (server.activeRequests > 0 || server.connections > 0) return;
    const index = this.leaving.indexOf(server);
    if (index < 0 || server.waiting.length > 0) return;
    this.leaving.splice(index, 1);
    this.events.freed(server);
  }

  #changed(nowMs: number): void {
    this.#refresh(nowMs);
    this.#dispatch();
  }

  /** Works out anew who may get requests. */
  #refresh(nowMs: number): void {
    this.#selection.refresh(this.servers, this.settings, nowMs, this.#resting);
  }

  #mayEject(server: ServerState, nowMs: number): boolean {
    if (this.settings.passive.ejectLast) return true;
    return this.servers.some((other) => other !== server && other.administrative === 'ready' && other.health !== 'down' && other.ejectedUntilMs <= nowMs);
  }

  #countFailure(server: ServerState, nowMs: number): void {
    const { passive } = this.settings;
    server.failures++;
    server.window.add(true, nowMs);
    if (server.removed || server.administrative === 'maintenance') return;
    if (!shouldEject(server, passive, nowMs) || !this.#mayEject(server, nowMs)) return;
    const forMs = eject(server, passive, nowMs);
    this.#changed(nowMs);
    this.events.ejected({ pool: this.name, server: server.name, forMs, reason: server.ejectionReason });
  }

  /** Gives waiting requests to servers with room. */
  #dispatch(): void {
    if (this.waiting === 0) return;
    for (const server of this.#selection.eligible) {
      // Bounded by the queue: each turn takes one out.
      for (let waiter = this.dequeue(server); waiter !== undefined; waiter = this.dequeue(server)) waiter.serverFree(server);
    }
  }
}
