// What workers tell one another of their counts, and the supervisor's ledger of who holds what, so that a worker that
// dies takes its holdings along and a new one learns of those of the others. Plain data, fit for any message channel.

/** Changes of one table, in columns: `keys[i]` admitted `admitted[i]` and holds `held[i]` more (or fewer). */
export interface LimitDelta {
  readonly table: string;
  readonly keys: readonly string[];
  readonly admitted: readonly number[];
  readonly held: readonly number[];
}

type Holdings = Map<string, Map<string, number>>;

function toDeltas(holdings: Holdings, sign: 1 | -1): LimitDelta[] | undefined {
  const deltas: LimitDelta[] = [];
  for (const [table, keys] of holdings) {
    if (keys.size > 0) deltas.push({ table, keys: [...keys.keys()], admitted: Array.from(keys, () => 0), held: Array.from(keys.values(), (held) => sign * held) });
  }
  return deltas.length === 0 ? undefined : deltas;
}

/** Kept by the supervisor, which passes deltas on: every worker's deltas to all other workers. */
export class LimitLedger {
  readonly #workers = new Map<number, Holdings>();

  /** Notes what a worker told. */
  note(worker: number, deltas: readonly LimitDelta[]): void {
    let holdings = this.#workers.get(worker);
    if (holdings === undefined) this.#workers.set(worker, holdings = new Map());
    for (const delta of deltas) {
      let keys = holdings.get(delta.table);
      if (keys === undefined) holdings.set(delta.table, keys = new Map());
      for (let i = 0; i < delta.keys.length; i += 1) {
        const change = delta.held[i] ?? 0;
        if (change === 0) continue;
        const held = (keys.get(delta.keys[i]!) ?? 0) + change;
        if (held === 0) keys.delete(delta.keys[i]!);
        else keys.set(delta.keys[i]!, held);
      }
    }
  }

  /** A worker is gone: what the others must be told, so that they stop counting what it held. */
  forget(worker: number): LimitDelta[] | undefined {
    const holdings = this.#workers.get(worker);
    this.#workers.delete(worker);
    return holdings === undefined ? undefined : toDeltas(holdings, -1);
  }

  /** What all other workers hold, for a worker that has just started. */
  holdingsFor(worker: number): LimitDelta[] {
    return [...this.#workers].flatMap(([other, holdings]) => other === worker ? [] : toDeltas(holdings, 1) ?? []);
  }
}
