// Passive health as functions on one server: ejecting it after failures, the trial on its return, slow start.
// Whether an ejection may happen at all (never the last server) is the pool's decision.
import type { PoolSettings } from './settings.ts';
import type { ServerState } from './server-state.ts';
import { weightScale } from './server-state.ts';

/** Least part of the weight during a slow start. */
const slowStartFloor = 0.1;
/** Steps in which a slow start raises the weight. */
const slowStartSteps = 20;

/** True when the failure that was just counted is one too many. */
export function shouldEject(server: ServerState, passive: PoolSettings['passive'], nowMs: number): boolean {
  if (passive.failures === 0 || server.ejectedUntilMs > nowMs) return false;
  if (server.trialUntilMs !== 0) return true;
  const failures = server.window.failures(nowMs);
  return failures >= passive.failures && failures * 100 >= passive.percent * server.window.requests(nowMs);
}

/** Takes the server out of service and returns for how long. */
export function eject(server: ServerState, passive: PoolSettings['passive'], nowMs: number): number {
  // Failing again within twice the last ejection (at least the window) means that it never recovered.
  const relapse = nowMs - server.ejectedUntilMs <= Math.max(passive.window, 2 * server.ejectedForMs);
  server.ejectionStreak = relapse && server.ejectedUntilMs > 0 ? server.ejectionStreak + 1 : 1;
  const forMs = Math.min(passive.maxEjectFor, passive.ejectFor * 2 ** Math.min(30, server.ejectionStreak - 1));
  server.ejectionReason = server.trialUntilMs !== 0
    ? 'its first request after an ejection failed'
    : `${server.window.failures(nowMs)} of ${server.window.requests(nowMs)} requests failed within ${passive.window / 1000} s`;
  if (server.lastFailure !== '') server.ejectionReason += `, last: ${server.lastFailure}`;
  ejectFor(server, forMs, nowMs);
  return forMs;
}

export function ejectFor(server: ServerState, forMs: number, nowMs: number): void {
  server.ejectedUntilMs = nowMs + forMs;
  server.ejectedForMs = forMs;
  server.ejections++;
  server.window.clear();
  endTrial(server);
}

export function endTrial(server: ServerState): void {
  server.trialUntilMs = 0;
  server.limit = server.maxConnections;
}

/** Forgets all passive findings: an operator or an active check has said that the server is well. */
export function pardon(server: ServerState): void {
  server.ejectedUntilMs = 0;
  server.ejectedForMs = 0;
  server.ejectionStreak = 0;
  server.window.clear();
  endTrial(server);
}

/** Brings what depends on time up to date. Returns when it will change next, Infinity for never. */
export function settle(server: ServerState, settings: PoolSettings, nowMs: number): number {
  let next = Number.POSITIVE_INFINITY;
  if (server.ejectedUntilMs > nowMs) next = server.ejectedUntilMs;
  else if (server.ejectedForMs > 0 && server.ejectedUntilMs > 0 && server.trialUntilMs === 0 && server.backSinceMs < server.ejectedUntilMs) {
    // Bounded in time: one request that lasts (a download, a WebSocket) must not keep the server on trial.
    server.trialUntilMs = nowMs + server.ejectedForMs;
    server.limit = 1;
    server.backSinceMs = nowMs;
  }
  if (server.trialUntilMs !== 0) {
    if (server.trialUntilMs <= nowMs) endTrial(server);
    else next = Math.min(next, server.trialUntilMs);
  }
  return Math.min(next, warm(server, settings.slowStart ?? 0, nowMs));
}

function warm(server: ServerState, slowStartMs: number, nowMs: number): number {
  const warmFor = nowMs - server.backSinceMs;
  if (slowStartMs === 0 || warmFor >= slowStartMs) {
    server.effectiveWeight = server.weight * weightScale;
    return Number.POSITIVE_INFINITY;
  }
  server.effectiveWeight = Math.max(1, Math.round(server.weight * weightScale * Math.max(slowStartFloor, warmFor / slowStartMs)));
  return nowMs + slowStartMs / slowStartSteps;
}
