// Ids of operations and sessions: 18 characters of base 32 (0-9, a-v), which sort as text in the order of time.
// time in ms (9) | counter within the ms (3) | worker (2) | salt drawn at start (4). Unique across workers and restarts:
// two sources meet only with the same worker number, the same millisecond and the same salt of 20 bits.
// Does not promise that ids are secret: they are shown to users as incident ids.
import { randomInt } from 'node:crypto';

const digits = '0123456789abcdefghijklmnopqrstuv';
const countersPerMs = 32_768;
export const idLength = 18;

/** All two-digit numbers, so that ten bits cost one look-up. */
const pairs: string[] = [];
for (const high of digits) for (const low of digits) pairs.push(high + low);

export interface IdSource {
  next(): string;
}

class TimedIdSource implements IdSource {
  readonly #wallMs: () => number;
  readonly #tail: string;
  #lastMs = -1;
  #counter = 0;
  /** Time in units of 2^20 ms (17 minutes) that `#high` spells. */
  #span = -1;
  #high = '';
  #prefix = '';

  constructor(worker: number, wallMs: () => number, salt: number) {
    this.#wallMs = wallMs;
    this.#tail = pairs[worker & 1023]! + pairs[(salt >>> 10) & 1023]! + pairs[salt & 1023]!;
  }

  next(): string {
    const now = this.#wallMs();
    if (now >= this.#lastMs + 1) this.#begin(Math.floor(now));
    else if (this.#counter >= countersPerMs) this.#begin(this.#lastMs + 1);
    const counter = this.#counter++;
    return this.#prefix + digits[counter >> 10]! + pairs[counter & 1023]! + this.#tail;
  }

  /** A clock that was set back never reaches here: ids go on from the latest time that was seen. */
  #begin(ms: number): void {
    this.#lastMs = ms;
    this.#counter = 0;
    const span = Math.floor(ms / 1_048_576);
    const rest = ms - span * 1_048_576;
    if (span !== this.#span) {
      this.#span = span;
      this.#high = pairs[(span >>> 15) & 1023]! + pairs[(span >>> 5) & 1023]! + digits[span & 31]!;
    }
    this.#prefix = this.#high + pairs[rest >> 10]! + pairs[rest & 1023]!;
  }
}

/** `worker`: 0 to 1023, the supervisor is 0 by custom. `salt` is for tests. */
export function makeIdSource(worker: number, wallMs: () => number = Date.now, salt = randomInt(1 << 20)): IdSource {
  return new TimedIdSource(worker, wallMs, salt);
}

export function isId(text: string): boolean {
  return /^[0-9a-v]{18}$/.test(text);
}

/** Wall clock milliseconds at which the id was made. NaN when it is not an id. */
export function idTimeMs(id: string): number {
  return isId(id) ? Number.parseInt(id.slice(0, 9), 32) : Number.NaN;
}
