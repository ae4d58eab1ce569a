// The time limits of one FTP session as named alarms over the single `wakeAtMs` of its port. No clock of its own.

export const alarmNames = ['login', 'idle', 'serverReply', 'dataConnect', 'dataStall', 'transferEnd', 'cutAnswer', 'heldReply', 'delay'] as const;
export type AlarmName = typeof alarmNames[number];

export class Alarms {
  readonly #at = new Map<AlarmName, number>();
  readonly #changed: (nextMs: number) => void;

  /** `changed` is told the time of the next alarm, Infinity for none. */
  constructor(changed: (nextMs: number) => void) {
    this.#changed = changed;
  }

  set(name: AlarmName, atMs: number): void {
    this.#at.set(name, atMs);
    this.#changed(this.next());
  }

  clear(name: AlarmName): void {
    if (this.#at.delete(name)) this.#changed(this.next());
  }

  clearAll(): void {
    this.#at.clear();
    this.#changed(Infinity);
  }

  has(name: AlarmName): boolean { return this.#at.has(name); }

  next(): number {
    let next = Infinity;
    for (const at of this.#at.values()) if (at < next) next = at;
    return next;
  }

  /** Takes one alarm that is due, or undefined. */
  takeDue(nowMs: number): AlarmName | undefined {
    for (const [name, at] of this.#at) {
      if (at > nowMs) continue;
      this.#at.delete(name);
      this.#changed(this.next());
      return name;
    }
    return undefined;
  }
}
