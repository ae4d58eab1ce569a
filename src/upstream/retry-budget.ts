// How many retries a pool may still make: every request earns a fraction of one, and time earns a small minimum.
// A server that fails thus adds at most `percent` to the traffic of the others, instead of multiplying it.

/** Seconds of the minimum that can be saved up. */
const savedSeconds = 10;

export class RetryBudget {
  #perRequest: number;
  #perMs: number;
  #most: number;
  #saved: number;
  /** -1 until the first retry is asked for: the pool learns the time from its calls. */
  #earnedAtMs = -1;
  granted = 0;
  refused = 0;

  constructor(percent: number, minimumPerSecond: number) {
    this.#perRequest = percent / 100;
    this.#perMs = minimumPerSecond / 1000;
    this.#most = percent === 0 && minimumPerSecond === 0 ? 0 : Math.max(savedSeconds, minimumPerSecond * savedSeconds);
    // One second of the minimum at the start: a worker that was just replaced must not begin with a burst.
    this.#saved = Math.min(this.#most, minimumPerSecond);
  }

  /** Changes the settings and keeps what was saved, up to the new bound. */
  configure(percent: number, minimumPerSecond: number): void {
    this.#perRequest = percent / 100;
    this.#perMs = minimumPerSecond / 1000;
    this.#most = percent === 0 && minimumPerSecond === 0 ? 0 : Math.max(savedSeconds, minimumPerSecond * savedSeconds);
    this.#saved = Math.min(this.#most, this.#saved);
  }

  /** Hot: once per request that starts. */
  earn(): void {
    const saved = this.#saved + this.#perRequest;
    this.#saved = saved > this.#most ? this.#most : saved;
  }

  /** Takes one retry when there is one. */
  take(nowMs: number): boolean {
    if (this.#earnedAtMs >= 0) this.#saved = Math.min(this.#most, this.#saved + Math.max(0, nowMs - this.#earnedAtMs) * this.#perMs);
    this.#earnedAtMs = nowMs;
    if (this.#saved < 1 - 1e-9) {
      this.refused++;
      return false;
    }
    this.#saved -= 1;
    this.granted++;
    return true;
  }
}
