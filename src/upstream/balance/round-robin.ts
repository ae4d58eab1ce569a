// Smooth weighted round robin: each server gets its share in a steady mix (a b a c a, not a a a b c). Each pick adds
// every server's weight to its current weight, takes the largest and subtracts the sum of all. O(n).
import type { ServerState } from '../server-state.ts';
import { acceptable } from './balancer.ts';
import type { Balancer } from './balancer.ts';

export class RoundRobin implements Balancer {
  readonly rule = 'round-robin: next in turn by weight';
  readonly keepsKeys = false;
  readonly #random: () => number;
  #servers: readonly ServerState[] = [];

  constructor(random: () => number) {
    this.#random = random;
  }

  change(eligible: readonly ServerState[]): void {
    const before = new Set(this.#servers);
    const joined = eligible.filter((server) => !before.has(server));
    this.#servers = eligible;
    // Workers start at different places, or all of them would send their first request to the first server.
    for (const server of joined) server.currentWeight = Math.floor(this.#random() * server.effectiveWeight);
  }

  choose(_affinity: string, excluded: readonly string[], commit: boolean): ServerState | undefined {
    const servers = this.#servers;
    let best: ServerState | undefined;
    let bestWeight = 0;
    let sum = 0;
    for (let index = 0; index < servers.length; index++) {
      const server = servers[index]!;
      if (!acceptable(server, excluded)) continue;
      const current = server.currentWeight + server.effectiveWeight;
      if (commit) server.currentWeight = current;
      sum += server.effectiveWeight;
      if (best === undefined || current > bestWeight) {
        best = server;
        bestWeight = current;
      }
    }
    if (best !== undefined && commit) best.currentWeight = bestWeight - sum;
    return best;
  }
}
