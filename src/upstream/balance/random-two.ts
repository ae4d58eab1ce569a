// Draws two servers by weight and takes the less busy: nearly as even as least-requests, and workers that do not know
// of one another's requests do not all run to the same server. O(log n).
import type { ServerState } from '../server-state.ts';
import { acceptable } from './balancer.ts';
import type { Balancer } from './balancer.ts';

/** Draws before looking at every server: only needed while many have no room or are excluded. */
const draws = 8;

export class RandomTwo implements Balancer {
  readonly rule = 'random-two: the less busy of two drawn by weight';
  readonly keepsKeys = false;
  readonly #random: () => number;
  #servers: readonly ServerState[] = [];
  /** Running sums of the weights. */
  #upTo: number[] = [];
  #sum = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  change(eligible: readonly ServerState[]): void {
    this.#servers = eligible;
    this.#upTo = [];
    this.#sum = 0;
    for (const server of eligible) {
      this.#sum += server.effectiveWeight;
      this.#upTo.push(this.#sum);
    }
  }

  choose(_affinity: string, excluded: readonly string[]): ServerState | undefined {
    if (this.#servers.length === 0) return undefined;
    let first: ServerState | undefined;
    for (let draw = 0; draw < draws; draw++) {
      const server = this.#draw();
      if (!acceptable(server, excluded)) continue;
      if (first === undefined) {
        first = server;
        continue;
      }
      return server.activeRequests * first.effectiveWeight < first.activeRequests * server.effectiveWeight ? server : first;
    }
    return first ?? this.#anyWithRoom(excluded);
  }

  #draw(): ServerState {
    const point = this.#random() * this.#sum;
    let low = 0;
    let high = this.#upTo.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#upTo[middle]! > point) high = middle;
      else low = middle + 1;
    }
    return this.#servers[low]!;
  }

  #anyWithRoom(excluded: readonly string[]): ServerState | undefined {
    const servers = this.#servers;
    const start = Math.floor(this.#random() * servers.length);
    for (let step = 0; step < servers.length; step++) {
      const server = servers[(start + step) % servers.length]!;
      if (acceptable(server, excluded)) return server;
    }
    return undefined;
  }
}
