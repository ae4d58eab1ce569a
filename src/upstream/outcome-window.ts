// Counts requests and failures over a sliding window, in ten slots: exact to a tenth of the window, constant memory.
// Does not decide anything.

const slots = 10;

export class OutcomeWindow {
  readonly windowMs: number;
  readonly #slotMs: number;
  readonly #requests = new Uint32Array(slots);
  readonly #failures = new Uint32Array(slots);
  #current = 0;

  constructor(windowMs: number) {
    this.windowMs = windowMs;
    this.#slotMs = windowMs / slots;
  }

  /** Hot: once per finished request. */
  add(failed: boolean, nowMs: number): void {
    const slot = Math.floor(nowMs / this.#slotMs);
    if (slot !== this.#current) this.#advance(slot);
    const index = slot % slots;
    this.#requests[index]!++;
    if (failed) this.#failures[index]!++;
  }

  failures(nowMs: number): number { return this.#sum(this.#failures, nowMs); }
  requests(nowMs: number): number { return this.#sum(this.#requests, nowMs); }

  clear(): void {
    this.#requests.fill(0);
    this.#failures.fill(0);
  }

  #sum(counts: Uint32Array, nowMs: number): number {
    const slot = Math.floor(nowMs / this.#slotMs);
    if (slot !== this.#current) this.#advance(slot);
    let sum = 0;
    for (let index = 0; index < slots; index++) sum += counts[index]!;
    return sum;
  }

  #advance(slot: number): void {
    if (slot < this.#current || slot - this.#current >= slots) this.clear();
    else {
      for (let passed = this.#current + 1; passed <= slot; passed++) {
        this.#requests[passed % slots] = 0;
        this.#failures[passed % slots] = 0;
      }
    }
    this.#current = slot;
  }
}
