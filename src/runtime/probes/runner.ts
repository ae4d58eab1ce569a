// Runs the active health checks of all pools: each server at its interval, spread so that checks do not march in step,
// with a bound on how many are under way. Runs in the supervisor; reports go to the workers.
import { HealthMonitor } from '#upstream/health.ts';
import type { HealthReport } from '#upstream/messages.ts';
import type { HealthSettings, PoolSettings, ServerSettings } from '#upstream/settings.ts';
import { probe, systemTimers } from './probe.ts';
import type { ProbeSecurity, ProbeTarget, Timers } from './probe.ts';
import type { HealthProbe } from '#contract/health-probe.ts';

export interface ProbeRunnerOptions {
  /** Called for every change of health or reason. */
  report(report: HealthReport): void;
  nowMs(): number;
  /** In [0, 1). */
  random(): number;
  /** Addresses of a server's host; without it the system resolves the name at each check. */
  addressesOf?(pool: string, server: string): readonly string[];
  /** Probes that the gateways declare. */
  probes?: readonly HealthProbe[];
  timers?: Timers;
  /** How one address is checked; replaced in tests. */
  probe?: typeof probe;
  /** Checks under way at one time. */
  maxConcurrent?: number;
}

/** Checks start within this time of the start, so that a fleet of servers is known soon but not hit at once. */
const firstWithinMs = 200;
/** Part of the interval by which checks are moved apart. */
const jitter = 0.1;
/** Addresses of one name that are tried in one check. */
const maxAddresses = 8;

class Check {
  readonly pool: string;
  readonly server: ServerSettings;
  tls: string | undefined;
  readonly monitor: HealthMonitor;
  settings: HealthSettings;
  timer: unknown = undefined;
  cancel: (() => void) | undefined = undefined;
  due = false;
  paused = false;
  stopped = false;
  startedMs = 0;

  constructor(pool: string, server: ServerSettings, settings: HealthSettings, tls: string | undefined, nowMs: number) {
    this.pool = pool;
    this.server = server;
    this.tls = tls;
    this.settings = settings;
    this.monitor = new HealthMonitor(pool, server.name, settings.rise, settings.fall, nowMs);
  }
}

export class ProbeRunner {
  readonly #options: ProbeRunnerOptions;
  readonly #timers: Timers;
  readonly #probe: typeof probe;
  readonly #maxConcurrent: number;
  readonly #checks = new Map<string, Check>();
  /** Checks whose time has come and for which there was no place yet. */
  readonly #due: Check[] = [];
  #running = 0;
  #security: ProbeSecurity | undefined = undefined;

  constructor(options: ProbeRunnerOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#probe = options.probe ?? probe;
    this.#maxConcurrent = options.maxConcurrent ?? 64;
  }

  /** Checks under way, for tests and status. */
  get running(): number { return this.#running; }

  start(pools: Readonly<Record<string, PoolSettings>>): void {
    this.update(pools);
  }

  /** Follows a new configuration: checks that stay keep what they know. */
  update(pools: Readonly<Record<string, PoolSettings>>, security?: ProbeSecurity): void {
    this.#security = security;
    const nowMs = this.#options.nowMs();
    const wanted = new Set<string>();
    for (const [pool, { health, servers, tls }] of Object.entries(pools)) {
      if (health === undefined) continue;
      for (const server of servers) {
        const key = `${pool} ${server.name} ${server.host} ${server.port}`;
        wanted.add(key);
        const known = this.#checks.get(key);
        if (known !== undefined) {
          this.#reconfigure(known, health, tls);
          continue;
        }
        const check = new Check(pool, server, health, tls, nowMs);
        this.#checks.set(key, check);
        this.#schedule(check, this.#options.random() * firstWithinMs);
      }
    }
    for (const [key, check] of this.#checks) {
      if (wanted.has(key)) continue;
      this.#checks.delete(key);
      this.#halt(check);
      check.stopped = true;
      const stays = pools[check.pool]?.servers.some((server) => server.name === check.server.name) ?? false;
      // A server that was down and is no longer checked would stay down for ever.
      if (stays) this.#options.report({ pool: check.pool, server: check.server.name, health: 'unknown', reason: 'not checked', forMs: 0, changed: true });
    }
  }

  #reconfigure(check: Check, health: HealthSettings, tls: string | undefined): void {
    if (check.tls === tls && JSON.stringify(check.settings) === JSON.stringify(health)) return;
    check.settings = health;
    check.tls = tls;
    check.monitor.configure(health.rise, health.fall);
    if (check.paused) return;
    this.#halt(check);
    this.#schedule(check, this.#options.random() * firstWithinMs);
  }

  /** Servers in maintenance are left alone. */
  pause(pool: string, server: string, paused: boolean): void {
    for (const check of this.#checks.values()) {
      if (check.pool !== pool || check.server.name !== server || check.paused === paused) continue;
      check.paused = paused;
      if (paused) this.#halt(check);
      else {
        check.monitor.forget();
        this.#schedule(check, 0);
      }
    }
  }

  /** What is known now: for a worker that was just started. */
  current(): HealthReport[] {
    const nowMs = this.#options.nowMs();
    return [...this.#checks.values()].map((check) => check.monitor.report(nowMs));
  }

  stop(): void {
    for (const check of this.#checks.values()) {
      this.#halt(check);
      check.stopped = true;
    }
    this.#checks.clear();
  }

  #schedule(check: Check, afterMs: number): void {
    check.timer = this.#timers.start(afterMs, () => {
      check.timer = undefined;
      check.due = true;
      this.#due.push(check);
      this.#runDue();
    });
  }

  /** Stops the check's timer and probe. */
  #halt(check: Check): void {
    if (check.timer !== undefined) this.#timers.stop(check.timer);
    check.timer = undefined;
    if (check.due) this.#due.splice(this.#due.indexOf(check), 1);
    check.due = false;
    if (check.cancel === undefined) return;
    check.cancel();
    check.cancel = undefined;
    this.#running--;
    this.#runDue();
  }

  #runDue(): void {
    while (this.#running < this.#maxConcurrent && this.#due.length > 0) {
      const check = this.#due.shift()!;
      check.due = false;
      check.startedMs = this.#options.nowMs();
      this.#running++;
      const known = this.#options.addressesOf?.(check.pool, check.server.name) ?? [];
      this.#probeFrom(check, known.length > 0 ? known.slice(0, maxAddresses) : [check.server.host], 0);
    }
  }

  /** A name with several addresses is healthy when one of them is: connections go to those that answer. */
  #probeFrom(check: Check, addresses: readonly string[], index: number): void {
    const { server, settings } = check;
    const literal = server.host.includes(':') ? `[${server.host}]` : server.host;
    const target: ProbeTarget = {
      address: addresses[index]!, port: settings.port ?? server.port, hostHeader: `${literal}:${server.port}`, host: server.host, tls: check.tls,
      ...(this.#security === undefined ? {} : { security: this.#security }), ...(this.#options.probes === undefined ? {} : { probes: this.#options.probes }),
    };
    check.cancel = this.#probe(target, settings, this.#timers, this.#options.nowMs, (result) => {
      if (!result.healthy && index + 1 < addresses.length) {
        this.#probeFrom(check, addresses, index + 1);
        return;
      }
      check.cancel = undefined;
      this.#running--;
      this.#next(check);
      const report = check.monitor.observe(result, this.#options.nowMs());
      if (report !== undefined) this.#options.report(report);
      this.#runDue();
    });
  }

  #next(check: Check): void {
    if (check.stopped || check.paused) return;
    const { interval } = check.settings;
    const elapsed = this.#options.nowMs() - check.startedMs;
    const wanted = interval * (1 - jitter + 2 * jitter * this.#options.random());
    this.#schedule(check, Math.max(interval / 10, wanted - elapsed));
  }
}
