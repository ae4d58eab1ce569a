// Why a server gets requests or does not, in words: for `sallyport explain`, `sallyport backends` and error messages.
import type { ServerReport } from './messages.ts';
import type { ServerState } from './server-state.ts';
import { weightScale } from './server-state.ts';

function span(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

function healthText(server: ServerState, nowMs: number): string {
  const since = `for ${span(Math.max(0, nowMs - server.healthSinceMs))}`;
  if (server.health === 'unknown') return `health unknown (${server.healthReason})`;
  return `${server.health} ${since} (${server.healthReason})`;
}

/** What keeps the server from getting requests, or undefined. */
export function obstacle(server: ServerState, nowMs: number): string | undefined {
  if (server.removed) return 'removed from the configuration, finishing what it has';
  if (server.administrative === 'maintenance') return 'in maintenance';
  if (server.administrative === 'drain') return 'draining';
  if (server.health === 'down') return healthText(server, nowMs);
  if (server.ejectedUntilMs > nowMs && !server.eligible) return `ejected for another ${span(server.ejectedUntilMs - nowMs)}: ${server.ejectionReason}`;
  return undefined;
}

/** One line on one server. `here`: with what is under way in this worker, which is not what all of them have. */
export function explainServer(server: ServerState, nowMs: number, here = true): string {
  const against = obstacle(server, nowMs);
  if (against !== undefined) return against;
  const parts = [healthText(server, nowMs)];
  if (here) parts.push(`${server.activeRequests} of ${server.limit} requests under way`);
  if (server.ejectedUntilMs > nowMs) parts.push('ejection ignored, because no other server is left');
  if (server.trialUntilMs !== 0) parts.push('on trial after an ejection');
  if (server.effectiveWeight < server.weight * weightScale) {
    parts.push(`slow start at ${Math.round(100 * server.effectiveWeight / (server.weight * weightScale))} % of its weight`);
  }
  if (here && server.waiting.length > 0) parts.push(`${server.waiting.length} waiting`);
  if (!server.eligible) parts.push(server.backup ? 'backup, not needed' : 'not eligible');
  return parts.join(', ');
}

/** Why nobody can take a request: every server with its obstacle, cut when there are many. */
export function explainNone(pool: string, servers: readonly ServerState[], excluded: readonly string[], nowMs: number): string {
  const most = 5;
  const reasons = servers.slice(0, most).map((server) => {
    const against = obstacle(server, nowMs) ?? (excluded.includes(server.name) ? 'tried already' : 'has no room');
    return `${server.name} ${against}`;
  });
  if (servers.length > most) reasons.push(`and ${servers.length - most} more`);
  return `no server of pool ${pool} can take the request: ${reasons.join('; ') || 'it has none'}`;
}

export function reportServer(server: ServerState, nowMs: number): ServerReport {
  return {
    name: server.name,
    addresses: [...server.addresses],
    weight: server.weight,
    backup: server.backup,
    administrative: server.administrative,
    health: server.health,
    healthReason: server.healthReason,
    healthForMs: Math.max(0, nowMs - server.healthSinceMs),
    ejectedForMs: Math.max(0, server.ejectedUntilMs - nowMs),
    eligible: server.eligible,
    removed: server.removed,
    explanation: explainServer(server, nowMs, false),
    activeRequests: server.activeRequests,
    connections: server.connections,
    maxConnections: server.maxConnections,
    waiting: server.waiting.length,
    requests: server.requests,
    failures: server.failures,
    lastFailure: server.lastFailure,
    lastFailureAgoMs: server.failures === 0 ? 0 : Math.max(0, nowMs - server.lastFailureMs),
    ejections: server.ejections,
    latencyMs: server.latencyMs,
  };
}

