// Requests that wait because their server has all the connections that it may have. One bounded queue per server; a
// server with room takes the longest waiting request of the pool unless the pool balances by hash.
import type { OperationalFailure } from '#core/failure.ts';
import { operational } from '#core/failure.ts';
import type { ServerState } from './server-state.ts';

/** A request that waits. Implemented by the connector; one object may be used again once it is out of the queue. */
export interface Waiter {
  readonly affinity: string;
  readonly excluded: readonly string[];
  /** Set by the pool: where it waits, undefined when it does not. */
  server: ServerState | undefined;
  enqueuedAtMs: number;
  deadlineMs: number;
  /** The wait is over: start the request at this server now (`requestStarted`) or call `dequeue` for the next one. */
  serverFree(server: ServerState): void;
  /** The wait was in vain. */
  waitFailed(failure: OperationalFailure): void;
}

/** Takes the waiter out of its queue, wherever it is. */
export function leaveQueue(waiter: Waiter): boolean {
  const queue = waiter.server?.waiting;
  waiter.server = undefined;
  const index = queue === undefined ? -1 : queue.indexOf(waiter);
  if (index < 0) return false;
  queue!.splice(index, 1);
  return true;
}

/** The waiter that `server` should serve next, still in its queue. `stuck` are servers that take nothing now: their
 *  waiters may go anywhere even when the pool keeps keys on their servers. */
export function nextWaiter(server: ServerState, servers: readonly ServerState[], keepKeys: boolean): Waiter | undefined {
  let best: Waiter | undefined;
  for (const other of servers) {
    if (other !== server && keepKeys && other.eligible) continue;
    for (const waiter of other.waiting) {
      if (best !== undefined && waiter.enqueuedAtMs >= best.enqueuedAtMs) break;
      if (other !== server && waiter.excluded.includes(server.name)) continue;
      best = waiter;
      break;
    }
  }
  return best;
}

function counted(count: number, what: string): string { return `${count} ${what}${count === 1 ? '' : 's'}`; }

export function queueFull(pool: string, server: ServerState): OperationalFailure {
  // Of this worker: what is configured is divided among the workers.
  const waiting = server.maxQueue === 0 ? 'the pool has no queue' : `${counted(server.waiting.length, 'request')} waiting`;
  const message = `server ${server.name} of pool ${pool} has all of this worker's ${counted(server.limit, 'connection')} in use and ${waiting}`;
  return operational('queue-full', 'gateway', 'queue', true, message);
}

export function waitedTooLong(pool: string, server: string, waitedMs: number): OperationalFailure {
  return operational('timeout', 'gateway', 'queue', true, `waited ${Math.round(waitedMs)} ms for server ${server} of pool ${pool} to have room`);
}
