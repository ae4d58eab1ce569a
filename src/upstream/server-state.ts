// One server of a pool as this process sees it: what was configured, what operators and health say, what is under way.
// Holds state only; pool.ts changes it, nobody else does. Usable as the contract's ChosenServer without copying.
import type { ChosenServer } from '#contract/gateway.ts';
import type { AdministrativeState, Health } from './messages.ts';
import { OutcomeWindow } from './outcome-window.ts';
import type { PoolSettings, ServerSettings } from './settings.ts';
import type { Waiter } from './wait-queue.ts';

/** This worker's part of a maximum that holds for all: exact in sum when there is enough for one each, else one each. */
export function shareOf(maximum: number, worker: number, workers: number): number {
  if (maximum === 0) return 0;
  return Math.max(1, Math.floor(maximum / workers) + (worker < maximum % workers ? 1 : 0));
}

/** Weights are kept a hundredfold, so that slow start can use integer fractions of them. */
export const weightScale = 100;

export class ServerState implements ChosenServer {
  readonly pool: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  weight = 1;
  backup = false;
  /** Connections that this process may have. */
  maxConnections = 1;
  /** Requests that may wait for this server in this process. */
  maxQueue = 0;
  /** Idle connections that this process may keep. */
  maxIdle = 0;

  /** Requests under way, from `requestStarted` to `requestFinished`. */
  activeRequests = 0;
  /** Requests that it may have under way now: maxConnections, or 1 while on trial after an ejection. */
  limit = 1;
  /** Connections that stand or are being opened, idle ones included. */
  connections = 0;
  /** May get new requests now. Kept by the pool; true also when it has no room. */
  eligible = false;
  /** Weight times `weightScale`, less during a slow start. */
  effectiveWeight = weightScale;
  /** Place in the smooth weighted round robin. */
  currentWeight = 0;
  /** Place in the order of equally loaded servers: grows by 1/weight with each pick. */
  pass = 0;
  readonly nameHash: number;

  administrative: AdministrativeState = 'ready';
  health: Health = 'unknown';
  healthReason = 'not checked';
  healthSinceMs: number;
  ejectedUntilMs = 0;
  ejectedForMs = 0;
  ejectionReason = '';
  ejectionStreak = 0;
  /** Back from an ejection and not proven yet: until then one request at a time. 0 when not on trial. */
  trialUntilMs = 0;
  /** When it came back to full service, for slow start; -Infinity when it was never away. */
  backSinceMs = Number.NEGATIVE_INFINITY;
  /** Removed from the configuration: finishes what it has and is then freed. */
  removed = false;

  requests = 0;
  failures = 0;
  ejections = 0;
  /** Moving average over about the last ten requests that were timed; 0 before the first. */
  latencyMs = 0;
  /** Why the last request that failed did, or '' when nobody said. */
  lastFailure = '';
  lastFailureMs = 0;
  window: OutcomeWindow;
  readonly waiting: Waiter[] = [];

  #addresses: readonly string[];
  #nextAddress = 0;
  /** Addresses that could not be connected to, with the time until which they rest. Empty in good times. */
  readonly #resting = new Map<string, number>();

  constructor(pool: string, settings: ServerSettings, nameHash: number, windowMs: number, nowMs: number) {
    this.pool = pool;
    this.name = settings.name;
    this.host = settings.host;
    this.port = settings.port;
    this.nameHash = nameHash;
    this.healthSinceMs = nowMs;
    this.window = new OutcomeWindow(windowMs);
    this.#addresses = [settings.host];
  }

  configure(settings: ServerSettings, pool: PoolSettings, worker: number, workers: number): void {
    this.weight = settings.weight;
    this.backup = settings.backup;
    this.maxConnections = shareOf(settings.maxConnections ?? pool.maxConnections, worker, workers);
    this.maxQueue = shareOf(settings.maxQueue ?? pool.queue.max, worker, workers);
    this.maxIdle = Math.min(this.maxConnections, shareOf(pool.keepAlive.maxIdle, worker, workers));
    if (this.window.windowMs !== pool.passive.window) this.window = new OutcomeWindow(pool.passive.window);
    this.limit = this.trialUntilMs === 0 ? this.maxConnections : 1;
  }

  /** True when another request may start now. */
  get hasRoom(): boolean { return this.activeRequests < this.limit; }

  get addresses(): readonly string[] { return this.#addresses; }

  /** Replaces what the name resolves to. An empty list changes nothing: old addresses are better than none. True when an
   *  address is gone. */
  setAddresses(addresses: readonly string[]): boolean {
    if (addresses.length === 0) return false;
    const gone = this.#addresses.some((address) => !addresses.includes(address));
    this.#addresses = addresses;
    this.#nextAddress %= addresses.length;
    for (const address of this.#resting.keys()) if (!addresses.includes(address)) this.#resting.delete(address);
    return gone;
  }

  /** The address for the next connection: all in turn, those that failed lately left out while others are there.
   *  The configured host name when nothing has been resolved yet. */
  nextAddress(nowMs: number): string {
    const count = this.#addresses.length;
    for (let tried = 0; tried < count; tried++) {
      const address = this.#addresses[this.#nextAddress % count]!;
      this.#nextAddress = (this.#nextAddress + 1) % count;
      if (this.#resting.size === 0) return address;
      const until = this.#resting.get(address);
      if (until === undefined) return address;
      if (until <= nowMs) {
        this.#resting.delete(address);
        return address;
      }
    }
    return this.#addresses[this.#nextAddress]!;
  }

  /** A connection to the address failed: leave it alone for a while when there are others. */
  restAddress(address: string, nowMs: number, forMs: number): void {
    if (this.#addresses.length > 1) this.#resting.set(address, nowMs + forMs);
  }
}
