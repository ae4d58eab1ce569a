// Counters of worker processes added up so that the sum never falls back by itself: a worker that died, was replaced or has
// not answered takes nothing away, and one that begins again at nought adds from there. Without this a sum over workers would
// look to Prometheus like a counter that was reset, and its rate like a burst. Counts what is new at each look; asks nobody.

export class CounterTotals {
  readonly #totals = new Map<string, number>();
  /** By process, what each counter had when last looked. */
  readonly #last = new Map<number, Map<string, { readonly value: number; readonly instance: string }>>();
  #seen = new Set<string>();
  #kept: string[] = [];

  /** `add` everything between `begin` and `end`. */
  begin(): void {
    this.#seen = new Set();
    this.#kept = [];
  }

  /** `instance`: who counts in that process; another one has begun at nought, whatever it has by now. */
  add(pid: number, counter: string, value: number, instance = ''): void {
    this.#seen.add(counter);
    let last = this.#last.get(pid);
    if (last === undefined) this.#last.set(pid, last = new Map());
    const known = last.get(counter);
    const before = known?.instance === instance ? known.value : 0;
    last.set(counter, { value, instance });
    this.#totals.set(counter, (this.#totals.get(counter) ?? 0) + (value >= before ? value - before : value));
  }

  /** Those under a prefix stay, though none of the processes that are alive may have counted any. */
  keep(prefix: string): void { this.#kept.push(prefix); }

  /** What there is under a prefix: the rest of the name, and the sum. */
  *under(prefix: string): Generator<readonly [string, number]> {
    for (const [counter, total] of this.#totals) if (counter.startsWith(prefix)) yield [counter.slice(prefix.length), total];
  }

  /** Processes that are not alive any more are forgotten, and so are counters that nobody has any more: what they counted was removed. */
  end(alive: readonly number[]): void {
    for (const pid of this.#last.keys()) if (!alive.includes(pid)) this.#last.delete(pid);
    if (this.#seen.size === 0) return;
    for (const counter of this.#totals.keys()) {
      if (this.#seen.has(counter) || this.#kept.some((prefix) => counter.startsWith(prefix))) continue;
      this.#totals.delete(counter);
      for (const last of this.#last.values()) last.delete(counter);
    }
  }

  total(counter: string): number { return this.#totals.get(counter) ?? 0; }
}
