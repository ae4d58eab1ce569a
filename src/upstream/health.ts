// Active health as a state machine: results of probes in, health with its reason out. Sends no probe and knows no time
// of its own. One per server, in the supervisor.
import type { Health, HealthReport } from './messages.ts';

export interface ProbeResult {
  readonly healthy: boolean;
  /** For people: `HTTP 503, wanted 200-299`, `connection refused`, `HTTP 200 in 3 ms`. */
  readonly reason: string;
}

export class HealthMonitor {
  readonly pool: string;
  readonly server: string;
  #rise: number;
  #fall: number;
  #health: Health = 'unknown';
  #sinceMs: number;
  #reason = 'not checked yet';
  /** Results in a row that speak against the present health. */
  #against = 0;

  constructor(pool: string, server: string, rise: number, fall: number, nowMs: number) {
    this.pool = pool;
    this.server = server;
    this.#rise = rise;
    this.#fall = fall;
    this.#sinceMs = nowMs;
  }

  get health(): Health { return this.#health; }

  configure(rise: number, fall: number): void {
    this.#rise = rise;
    this.#fall = fall;
  }

  /** The next result decides alone, as the first one did: what was known is too old. */
  forget(): void {
    this.#health = 'unknown';
    this.#against = 0;
    this.#reason = 'not checked yet';
  }

  /** Takes a result. Returns a report when there is news: another health, a first contrary result, another failure. */
  observe(result: ProbeResult, nowMs: number): HealthReport | undefined {
    const wanted: Health = result.healthy ? 'up' : 'down';
    if (this.#health === 'unknown') return this.#turn(wanted, result.reason, nowMs);
    if (wanted === this.#health) {
      const news = this.#against > 0 || (wanted === 'down' && result.reason !== this.#reason);
      this.#against = 0;
      this.#reason = result.reason;
      return news ? this.#report(nowMs, false) : undefined;
    }
    this.#against++;
    const needed = result.healthy ? this.#rise : this.#fall;
    if (this.#against >= needed) return this.#turn(wanted, result.reason, nowMs);
    this.#reason = `${this.#against} of ${needed} ${result.healthy ? 'successes' : 'failures'} that change it: ${result.reason}`;
    return this.#report(nowMs, false);
  }

  report(nowMs: number): HealthReport { return this.#report(nowMs, false); }

  #turn(health: Health, reason: string, nowMs: number): HealthReport {
    this.#health = health;
    this.#sinceMs = nowMs;
    this.#reason = reason;
    this.#against = 0;
    return this.#report(nowMs, true);
  }

  #report(nowMs: number, changed: boolean): HealthReport {
    return { pool: this.pool, server: this.server, health: this.#health, reason: this.#reason, forMs: Math.max(0, nowMs - this.#sinceMs), changed };
  }
}
