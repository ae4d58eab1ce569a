// The same server for the same key: a Maglev table over all configured servers. While a key's server may not get
// requests (down, excluded, over its bound), the key goes by weighted rendezvous hashing to one of the others, so keys
// of healthy servers never move. A request without a key goes anywhere, by weight.
import type { ServerState } from '../server-state.ts';
import type { Balancer } from './balancer.ts';
import { buildMaglev, tableSize } from './maglev.ts';
import { hashText, mix } from './string-hash.ts';

export class ConsistentHash implements Balancer {
  readonly rule: string;
  readonly keepsKeys: boolean;
  readonly #random: () => number;
  readonly #boundedLoad: number;
  #eligible: readonly ServerState[] = [];
  #configured: readonly ServerState[] = [];
  #signature = '';
  #table: Uint16Array = new Uint16Array(tableSize);
  #weightSum = 0;

  constructor(boundedLoad: number, random: () => number) {
    this.#boundedLoad = boundedLoad;
    this.#random = random;
    this.keepsKeys = boundedLoad === 0;
    this.rule = boundedLoad === 0 ? 'hash: the server of this key' : `hash: the server of this key unless over ${boundedLoad} times its share`;
  }

  change(eligible: readonly ServerState[], configured: readonly ServerState[]): void {
    this.#eligible = eligible;
    this.#weightSum = eligible.reduce((sum, server) => sum + server.weight, 0);
    const sorted = [...configured].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#configured = sorted;
    const signature = sorted.map((server) => `${server.name} ${server.weight}`).join('\n');
    if (signature === this.#signature) return;
    this.#signature = signature;
    this.#table = buildMaglev(sorted);
  }

  choose(affinity: string, excluded: readonly string[]): ServerState | undefined {
    if (this.#eligible.length === 0) return undefined;
    const hash = affinity === '' ? Math.floor(this.#random() * 0x1_0000_0000) : hashText(affinity);
    const bound = this.#boundedLoad === 0 ? 0 : this.#bound();
    const home = this.#configured[this.#table[hash % tableSize]!]!;
    if (home.eligible && this.#takes(home, excluded, bound)) return home;
    return this.#rendezvous(hash, excluded, bound) ?? (bound === 0 ? undefined : this.#rendezvous(hash, excluded, Number.POSITIVE_INFINITY));
  }

  /** Requests under way per unit of weight that a server may reach. */
  #bound(): number {
    let active = 1;
    for (let index = 0; index < this.#eligible.length; index++) active += this.#eligible[index]!.activeRequests;
    return this.#boundedLoad * active / this.#weightSum;
  }

  #takes(server: ServerState, excluded: readonly string[], bound: number): boolean {
    if (excluded.length > 0 && excluded.includes(server.name)) return false;
    // On trial after an ejection: one request at a time, and keys do not queue up behind it.
    if (server.trialUntilMs !== 0 && server.activeRequests >= server.limit) return false;
    return bound === 0 || (server.activeRequests < server.limit && server.activeRequests < Math.ceil(bound * server.weight));
  }

  #rendezvous(hash: number, excluded: readonly string[], bound: number): ServerState | undefined {
    let best: ServerState | undefined;
    let bestScore = 0;
    for (let index = 0; index < this.#eligible.length; index++) {
      const server = this.#eligible[index]!;
      if (!this.#takes(server, excluded, bound)) continue;
      const fraction = (mix(server.nameHash ^ hash) + 0.5) / 0x1_0000_0000;
      const score = -server.weight / Math.log(fraction);
      if (score > bestScore) {
        best = server;
        bestScore = score;
      }
    }
    return best;
  }
}
