// Time as an argument: the interface through which every layer learns what time it is, and a virtual clock for
// tests and simulation. Does not start timers; the runtime does.

export interface Clock {
  /** Monotonic milliseconds with a fraction; the zero point is arbitrary. */
  nowMs(): number;
  /** Milliseconds since the Unix epoch, for records that people read. */
  wallMs(): number;
}

/** A clock that moves only when told to. */
export class VirtualClock implements Clock {
  #nowMs: number;
  readonly #wallStartMs: number;

  constructor(startMs = 0, wallStartMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
    this.#wallStartMs = wallStartMs;
  }

  nowMs(): number { return this.#nowMs; }
  wallMs(): number { return this.#wallStartMs + this.#nowMs; }
  advance(ms: number): void { this.#nowMs += ms; }
}
