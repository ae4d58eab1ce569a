// The server with the fewest requests under way for its weight. Equals are taken in turn by weight (stride scheduling:
// each pick moves a server 1/weight further), so that light traffic is spread as round robin would. O(n).
import type { ServerState } from '../server-state.ts';
import { weightScale } from '../server-state.ts';
import { acceptable } from './balancer.ts';
import type { Balancer } from './balancer.ts';

export class LeastRequests implements Balancer {
  readonly rule = 'least-requests: fewest under way for its weight';
  readonly keepsKeys = false;
  readonly #random: () => number;
  #servers: readonly ServerState[] = [];

  constructor(random: () => number) {
    this.#random = random;
  }

  change(eligible: readonly ServerState[]): void {
    const before = new Set(this.#servers);
    this.#servers = eligible;
    // One that joins starts where the others are now: with its old place it would win every tie until it caught up.
    let least = Number.POSITIVE_INFINITY;
    for (const server of eligible) if (before.has(server) && server.pass < least) least = server.pass;
    if (least === Number.POSITIVE_INFINITY) least = 0;
    for (const server of eligible) {
      if (before.has(server)) server.pass -= least;
      else server.pass = this.#random() * weightScale / server.effectiveWeight;
    }
  }

  choose(_affinity: string, excluded: readonly string[], commit: boolean): ServerState | undefined {
    const servers = this.#servers;
    let best: ServerState | undefined;
    let bestActive = 0;
    let bestWeight = 1;
    let bestPass = 0;
    for (let index = 0; index < servers.length; index++) {
      const server = servers[index]!;
      if (!acceptable(server, excluded)) continue;
      const active = server.activeRequests;
      const weight = server.effectiveWeight;
      // active/weight < bestActive/bestWeight without dividing.
      const order = active * bestWeight - bestActive * weight;
      if (best !== undefined && (order > 0 || (order === 0 && server.pass >= bestPass))) continue;
      best = server;
      bestActive = active;
      bestWeight = weight;
      bestPass = server.pass;
    }
    if (best !== undefined && commit) best.pass += weightScale / best.effectiveWeight;
    return best;
  }
}
