// Timers that run when the test says so, in order of their time; between them, promises get their turn.
// Does not replace the global timers.

interface VirtualTimer { atMs: number; order: number; run: () => void }

export class VirtualTimers {
  nowMs = 0;
  #order = 0;
  #timers: VirtualTimer[] = [];

  get pending(): number { return this.#timers.length; }

  start(afterMs: number, run: () => void): unknown {
    const timer = { atMs: this.nowMs + Math.max(0, afterMs), order: this.#order++, run };
    this.#timers.push(timer);
    return timer;
  }

  stop(timer: unknown): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }

  /** Runs everything that falls due up to that time, also what is started on the way. */
  runUntil(untilMs: number): void {
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.stop(next);
      this.nowMs = next.atMs;
      next.run();
    }
    this.nowMs = untilMs;
  }

  /** The same where what runs goes on in promises. */
  async runUntilSettled(untilMs: number): Promise<void> {
    await settled();
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.stop(next);
      this.nowMs = next.atMs;
      next.run();
      await settled();
    }
    this.nowMs = untilMs;
  }

  #next(untilMs: number): VirtualTimer | undefined {
    let best: VirtualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs > untilMs) continue;
      if (best === undefined || timer.atMs < best.atMs || (timer.atMs === best.atMs && timer.order < best.order)) best = timer;
    }
    return best;
  }
}

/** All promises that can go on have gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve); });
}
