// Who watches which session: a beginning is recorded with the name of whoever watches, also of one who asks for a position
// right away, such as that of somebody else. Keeps names only as long as they go on asking.

/** A watcher who has not asked for so long begins anew. */
const keptForMs = 30_000;
/** Beyond, those who have stopped asking are forgotten. */
const sweptAbove = 100;

export class Watchers {
  readonly #askedMs = new Map<string, number>();

  /** True when this is a beginning. `from`: the position that is asked for, '' for none. */
  begins(session: string, author: string, from: string, nowMs: number): boolean {
    const key = `${session} ${author}`;
    const beforeMs = this.#askedMs.get(key);
    if (this.#askedMs.size > sweptAbove) this.#sweep(nowMs);
    this.#askedMs.set(key, nowMs);
    return from === '' || beforeMs === undefined || nowMs - beforeMs > keptForMs;
  }

  #sweep(nowMs: number): void {
    for (const [key, askedMs] of this.#askedMs) if (nowMs - askedMs > keptForMs) this.#askedMs.delete(key);
  }
}
