// The counts of one limit: a bounded table from key to bucket, in typed arrays. Buckets follow the generic cell rate
// algorithm (a token bucket kept as one number, the time at which it will be full again).
// Bounded and safe to forget: only a key that is idle (bucket full, nothing held, nothing unsent) gives up its place, so
// forgetting never gives anybody more than the limit. When no place is idle, further keys share one count (`overflow`):
// a flood of keys makes strangers share, and never pushes out a client that is being limited.

/** The place that keys share when the table is full. */
export const overflowSlot = 0;
export const overflowKey = '\u0000';
const firstCapacity = 64;
/** Up to here the table grows without looking for idle places: taking places away and making them costs more. */
const freeGrowth = 16_384;
/** How many places are looked at for an idle one, per new key. */
const probes = 16;

/** Keys are often slices of a message, which would keep the whole message: copies the letters, exactly. */
function ownCopy(key: string): string {
  const copy = Buffer.from(key, 'latin1').toString('latin1');
  return copy === key ? copy : Buffer.from(key, 'utf16le').toString('utf16le');
}

export class KeyTable {
  /** Names the table in the exchange between workers. */
  readonly id: string;
  /** Keys at most, without the overflow. */
  maximum: number;
  /** Times that a key had to share the overflow. */
  overflowed = 0;
  readonly #slots = new Map<string, number>([[overflowKey, overflowSlot]]);
  #keys: string[] = [overflowKey];
  /** When the bucket will be full again; in the past: it is full. */
  fullAtMs = new Float64Array(firstCapacity);
  /** Held by this process, and by all others as far as they told. */
  held = new Int32Array(firstCapacity);
  remote = new Int32Array(firstCapacity);
  /** Not told to the others yet. */
  #unsentAdmitted = new Int32Array(firstCapacity);
  #unsentHeld = new Int32Array(firstCapacity);
  #dirty = new Uint8Array(firstCapacity);
  #dirtySlots: number[] = [];
  #hand = 1;
  #shared = false;

  constructor(id: string, maximum: number) {
    this.id = id;
    this.maximum = maximum;
    this.fullAtMs[overflowSlot] = Number.NEGATIVE_INFINITY;
  }

  /** False: nobody collects, and nothing is noted down. */
  get shared(): boolean { return this.#shared; }

  /** From now on others hear what happens here, and first what is held already. */
  share(): void {
    if (this.#shared) return;
    this.#shared = true;
    for (let slot = 0; slot < this.#keys.length; slot += 1) {
      if (this.held[slot] === 0) continue;
      this.#unsentHeld[slot] = this.held[slot]!;
      this.#markDirty(slot);
    }
  }

  get size(): number { return this.#keys.length - 1; }

  /** -1: not there. Changes nothing. */
  find(key: string): number {
    const slot = this.#slots.get(key);
    return slot === undefined ? -1 : slot;
  }

  /** The place of the key, made when there is none. Its numbers may stay only when something is admitted at once. */
  slotFor(key: string, nowMs: number): number {
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    let slot = this.#keys.length;
    if (slot >= this.fullAtMs.length || slot > this.maximum) {
      const idle = slot < freeGrowth && slot <= this.maximum ? -1 : this.#idleSlot(nowMs);
      if (idle >= 0) {
        this.#slots.delete(this.#keys[idle]!);
        slot = idle;
      } else if (slot > this.maximum) {
        this.overflowed += 1;
        return overflowSlot;
      } else {
        this.#grow();
      }
    }
    const own = ownCopy(key);
    this.#keys[slot] = own;
    this.#slots.set(own, slot);
    this.fullAtMs[slot] = Number.NEGATIVE_INFINITY;
    this.remote[slot] = 0;
    return slot;
  }

  #idleSlot(nowMs: number): number {
    const count = this.#keys.length;
    for (let probe = 0; probe < probes && probe < count - 1; probe += 1) {
      this.#hand += 1;
      if (this.#hand >= count) this.#hand = 1;
      if (this.#isIdle(this.#hand, nowMs)) return this.#hand;
    }
    return -1;
  }

  #isIdle(slot: number, nowMs: number): boolean {
    return this.fullAtMs[slot]! <= nowMs && this.held[slot] === 0 && this.remote[slot]! <= 0 && this.#dirty[slot] === 0;
  }

  #grow(): void {
    const capacity = this.fullAtMs.length * 2;
    const longer = <Numbers extends Float64Array | Int32Array | Uint8Array>(made: Numbers, old: Numbers): Numbers => {
      made.set(old);
      return made;
    };
    this.fullAtMs = longer(new Float64Array(capacity), this.fullAtMs);
    this.held = longer(new Int32Array(capacity), this.held);
    this.remote = longer(new Int32Array(capacity), this.remote);
    this.#unsentAdmitted = longer(new Int32Array(capacity), this.#unsentAdmitted);
    this.#unsentHeld = longer(new Int32Array(capacity), this.#unsentHeld);
    this.#dirty = longer(new Uint8Array(capacity), this.#dirty);
  }

  /** Takes one out of the bucket. */
  take(slot: number, nowMs: number, intervalMs: number): void {
    const fullAtMs = this.fullAtMs[slot]!;
    this.fullAtMs[slot] = (fullAtMs > nowMs ? fullAtMs : nowMs) + intervalMs;
    if (this.#shared) {
      this.#unsentAdmitted[slot]! += 1;
      this.#markDirty(slot);
    }
  }

  /** Holds one (+1) or lets one go (-1). */
  hold(slot: number, change: 1 | -1): void {
    this.held[slot]! += change;
    if (this.#shared) {
      this.#unsentHeld[slot]! += change;
      this.#markDirty(slot);
    }
  }

  /** How many are held everywhere. */
  heldAt(slot: number): number {
    const remote = this.remote[slot]!;
    return this.held[slot]! + (remote > 0 ? remote : 0);
  }

  #markDirty(slot: number): void {
    if (this.#dirty[slot] !== 0) return;
    this.#dirty[slot] = 1;
    this.#dirtySlots.push(slot);
  }

  /** What has changed here since the last call, in columns. Undefined: nothing. */
  collect(): { keys: string[]; admitted: number[]; held: number[] } | undefined {
    if (this.#dirtySlots.length === 0) return undefined;
    const keys: string[] = [];
    const admitted: number[] = [];
    const held: number[] = [];
    for (const slot of this.#dirtySlots) {
      this.#dirty[slot] = 0;
      // Taken and let go between two exchanges: the others need not hear of it.
      if (this.#unsentAdmitted[slot] !== 0 || this.#unsentHeld[slot] !== 0) {
        keys.push(this.#keys[slot]!);
        admitted.push(this.#unsentAdmitted[slot]!);
        held.push(this.#unsentHeld[slot]!);
      }
      this.#unsentAdmitted[slot] = 0;
      this.#unsentHeld[slot] = 0;
    }
    this.#dirtySlots = [];
    return keys.length === 0 ? undefined : { keys, admitted, held };
  }

  /** What happened elsewhere. `intervalMs` 0: no rate. */
  apply(key: string, admitted: number, held: number, nowMs: number, intervalMs: number): void {
    const noted = this.find(key);
    // Somebody lets go of what was not noted here (the table was full then): nothing to correct.
    if (noted < 0 && admitted <= 0 && held <= 0) return;
    const slot = noted >= 0 ? noted : this.slotFor(key, nowMs);
    if (admitted > 0 && intervalMs > 0) {
      const fullAtMs = this.fullAtMs[slot]!;
      this.fullAtMs[slot] = (fullAtMs > nowMs ? fullAtMs : nowMs) + admitted * intervalMs;
    }
    // In the overflow nobody could tell later what to take back: only its own key counts there.
    if (slot !== overflowSlot || key === overflowKey) this.remote[slot] = Math.max(0, this.remote[slot]! + held);
  }
}
