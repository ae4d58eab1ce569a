// Plain data that travels between the supervisor and the workers, and to status tables. No absolute monotonic times:
// the clocks of two processes have different zero points, so only durations cross.
import type { BalanceKind } from './settings.ts';

export type AdministrativeState = 'ready' | 'drain' | 'maintenance';
export type Health = 'unknown' | 'up' | 'down';

/** Supervisor to workers: what active checks found. Sent on every change of health or reason, and whole to a new worker. */
export interface HealthReport {
  pool: string;
  server: string;
  health: Health;
  /** `HTTP 503, wanted 200-299`, `HTTP 200 in 3 ms`. */
  reason: string;
  /** How long the health has been what it is. */
  forMs: number;
  /** True when the health itself changed, not only the reason: worth an audit record. */
  changed: boolean;
}

/** Worker to supervisor and on to the other workers: requests failed, the server is out of service for a while. */
export interface PassiveReport {
  pool: string;
  server: string;
  forMs: number;
  reason: string;
}

/** Operator's order, kept by the supervisor and sent to every worker. */
export interface AdministrativeReport {
  pool: string;
  server: string;
  state: AdministrativeState;
}

/** What a server's name resolves to now. */
export interface AddressReport {
  pool: string;
  server: string;
  addresses: string[];
}

/** One line of `sallyport backends`. */
export interface ServerReport {
  name: string;
  addresses: string[];
  weight: number;
  backup: boolean;
  administrative: AdministrativeState;
  health: Health;
  healthReason: string;
  healthForMs: number;
  /** Left, or 0. */
  ejectedForMs: number;
  eligible: boolean;
  /** Removed from the configuration, finishing what it has. */
  removed: boolean;
  /** Eligibility in words. */
  explanation: string;
  activeRequests: number;
  connections: number;
  maxConnections: number;
  waiting: number;
  requests: number;
  failures: number;
  /** Why the last request that failed did, or '' when nobody said, and how long ago it was; 0 when none has. */
  lastFailure: string;
  lastFailureAgoMs: number;
  ejections: number;
  latencyMs: number;
}

/** Snapshot of a pool in one worker, or of all workers together. */
export interface PoolReport {
  pool: string;
  balance: BalanceKind;
  waiting: number;
  queueRefusals: number;
  queueTimeouts: number;
  retries: number;
  retriesRefused: number;
  servers: ServerReport[];
}

function addServer(sum: ServerReport, other: ServerReport): void {
  const requests = sum.requests + other.requests;
  sum.latencyMs = requests === 0 ? 0 : (sum.latencyMs * sum.requests + other.latencyMs * other.requests) / requests;
  sum.requests = requests;
  if (other.failures > 0 && (sum.failures === 0 || other.lastFailureAgoMs < sum.lastFailureAgoMs)) {
    sum.lastFailure = other.lastFailure;
    sum.lastFailureAgoMs = other.lastFailureAgoMs;
  }
  sum.failures += other.failures;
  sum.ejections = Math.max(sum.ejections, other.ejections);
  sum.activeRequests += other.activeRequests;
  sum.connections += other.connections;
  sum.maxConnections += other.maxConnections;
  sum.waiting += other.waiting;
  sum.removed &&= other.removed;
  if (other.ejectedForMs > sum.ejectedForMs) {
    sum.ejectedForMs = other.ejectedForMs;
    sum.explanation = other.explanation;
  }
  sum.eligible &&= other.eligible;
}

/** The snapshots of several workers as one: counts are added, states are those of the first that knows the server. */
export function mergePoolReports(reports: readonly PoolReport[]): PoolReport | undefined {
  const [first, ...others] = reports;
  if (first === undefined) return undefined;
  const sum: PoolReport = { ...first, servers: first.servers.map((server) => ({ ...server })) };
  for (const other of others) {
    sum.waiting += other.waiting;
    sum.queueRefusals += other.queueRefusals;
    sum.queueTimeouts += other.queueTimeouts;
    sum.retries += other.retries;
    sum.retriesRefused += other.retriesRefused;
    for (const server of other.servers) {
      const known = sum.servers.find((entry) => entry.name === server.name && entry.removed === server.removed);
      if (known === undefined) sum.servers.push({ ...server });
      else addServer(known, server);
    }
  }
  return sum;
}
