// Transaction variables (TX). Names that the rules spell out have slots, fixed at load; names made at run time live in a
// map. Slots 0 to 9 are the groups of the last capture. Names are compared without case.
import { Pairs } from '../bodies/contract.ts';
import type { TxLayout } from '../compile/program.ts';

export class TxVariables {
  private readonly layout: TxLayout;
  private readonly slots: (string | undefined)[];
  private extra: Map<string, { name: string; value: string }> | null = null;

  constructor(layout: TxLayout) {
    this.layout = layout;
    this.slots = layout.initial.slice();
  }

  getSlot(slot: number): string | undefined {
    return this.slots[slot];
  }

  setSlot(slot: number, value: string | undefined): void {
    this.slots[slot] = value;
  }

  get(name: string): string | undefined {
    const lower = name.toLowerCase();
    const slot = this.layout.slots.get(lower);
    return slot === undefined ? this.extra?.get(lower)?.value : this.slots[slot];
  }

  set(name: string, value: string | undefined): void {
    const lower = name.toLowerCase();
    const slot = this.layout.slots.get(lower);
    if (slot !== undefined) this.slots[slot] = value;
    else if (value === undefined) this.extra?.delete(lower);
    else {
      this.extra ??= new Map();
      const known = this.extra.get(lower);
      if (known) known.value = value;
      else this.extra.set(lower, { name, value });
    }
  }

  capture(groups: readonly string[]): void {
    for (let i = 0; i < 10; i++) this.slots[i] = groups[i];
  }

  /** All that are set, as a collection. */
  pairs(): Pairs {
    const pairs = new Pairs();
    const { names } = this.layout;
    for (let slot = 0; slot < this.slots.length; slot++) {
      const value = this.slots[slot];
      if (value !== undefined) pairs.add(names[slot]!, value);
    }
    if (this.extra) for (const { name, value } of this.extra.values()) pairs.add(name, value);
    return pairs;
  }

  /** Those whose name a pattern finds. */
  matching(pattern: RegExp): Pairs {
    const pairs = new Pairs();
    const { names } = this.layout;
    for (const slot of this.layout.matching(pattern)) {
      const value = this.slots[slot];
      if (value !== undefined) pairs.add(names[slot]!, value);
    }
    if (this.extra) for (const { name, value } of this.extra.values()) if (pattern.test(name)) pairs.add(name, value);
    return pairs;
  }
}
