// What a way of balancing is: told of every change of the eligible servers, asked for one per request.
// Health, queues and limits are not its business beyond leaving out servers that have no room.
import type { ServerState } from '../server-state.ts';

export interface Balancer {
  /** For traces: why it chooses as it does. */
  readonly rule: string;
  /** True when it keeps a key on its server even while that has no room. */
  readonly keepsKeys: boolean;
  /** The servers that may get requests, or their weights, have changed. `configured`: all of the same tier, also those that may not. */
  change(eligible: readonly ServerState[], configured: readonly ServerState[]): void;
  /** One of the eligible servers, not excluded. Undefined when there is none (with room, unless it keeps keys).
   *  Without `commit` nothing is remembered, so that explaining does not change what happens next. */
  choose(affinity: string, excluded: readonly string[], commit: boolean): ServerState | undefined;
}

/** May this server get a request that must avoid the excluded names? */
export function acceptable(server: ServerState, excluded: readonly string[]): boolean {
  return server.activeRequests < server.limit && (excluded.length === 0 || !excluded.includes(server.name));
}
