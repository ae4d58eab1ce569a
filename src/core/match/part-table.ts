// A table that is asked for a part of a longer text, which need not be cut out for it: a Map would want a string of its own
// for each look-up, and looks for it in the engine's table of all strings first, which is large and rarely in the processor's
// cache. Here a look-up reads three places of memory: the slot, the entry, its text. Filled once, then only asked.

/** What is found by its text. */
export interface Part {
  readonly part: string;
  /** `partHash` of it. */
  readonly hash: number;
}

const smallest = 4;

export function partHash(text: string, start = 0, end = text.length): number {
  let hash = end - start;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  // A small integer of the engine.
  return (hash ^ (hash >>> 15)) & 0x3fffffff;
}

/** Whether text[start, end) is `part`. */
function isPart(part: string, text: string, start: number, end: number): boolean {
  if (part.length !== end - start) return false;
  for (let at = 0; at < part.length; at++) if (text.charCodeAt(start + at) !== part.charCodeAt(at)) return false;
  return true;
}

export class PartTable<Entry extends Part> {
  readonly entries: Entry[] = [];
  /** Open addressing, at most half full. */
  #slots: (Entry | undefined)[] = Array.from({ length: smallest });
  #mask = smallest - 1;

  /** Its text must not be there yet. */
  add(entry: Entry): void {
    this.entries.push(entry);
    if (this.entries.length * 2 <= this.#mask) {
      this.#put(entry);
      return;
    }
    this.#mask = this.#mask * 2 + 1;
    this.#slots = Array.from({ length: this.#mask + 1 });
    for (const each of this.entries) this.#put(each);
  }

  #put(entry: Entry): void {
    let at = entry.hash & this.#mask;
    while (this.#slots[at] !== undefined) at = (at + 1) & this.#mask;
    this.#slots[at] = entry;
  }

  /** The entry whose text is text[start, end). */
  find(text: string, start: number, end: number): Entry | undefined {
    const hash = partHash(text, start, end);
    const slots = this.#slots;
    const mask = this.#mask;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const entry = slots[at];
      if (entry === undefined || (entry.hash === hash && isPart(entry.part, text, start, end))) return entry;
    }
  }
}
