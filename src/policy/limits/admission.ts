// What the limiter holds for one operation or connection between `admit` and `release`: places in tables of limits on
// things at the same time. Recorded on the owner itself; where no such limit applies, nothing is made. Knows its tables,
// so that letting go is right even after a new configuration has taken the limiter's place.
import type { KeyTable } from './key-table.ts';

interface Owner { admission?: unknown }

const spare: Admission[] = [];
const maximumSpare = 1024;

export class Admission {
  readonly #tables: KeyTable[] = [];
  readonly #slots: number[] = [];

  /** Holds one place for the owner. */
  static hold(owner: Owner, table: KeyTable, slot: number): void {
    let admission = owner.admission as Admission | undefined;
    if (admission === undefined) {
      admission = spare.pop() ?? new Admission();
      owner.admission = admission;
    }
    admission.#tables.push(table);
    admission.#slots.push(slot);
    table.hold(slot, 1);
  }

  /** Lets go of everything that the owner holds. A second call finds nothing. */
  static release(owner: Owner): void {
    const admission = owner.admission as Admission | undefined;
    if (admission === undefined) return;
    owner.admission = undefined;
    const tables = admission.#tables;
    for (let i = 0; i < tables.length; i += 1) tables[i]!.hold(admission.#slots[i]!, -1);
    tables.length = 0;
    admission.#slots.length = 0;
    if (spare.length < maximumSpare) spare.push(admission);
  }
}
