// Maglev lookup table (Eisenbud et al., NSDI 2016, section 3.4) with weights: slot -> server index. Even to about one
// per cent; when a server joins or leaves, little more than its own share of the keys moves.
import { mix } from './string-hash.ts';

/** Prime, so that every step visits every slot. Over 65 slots for each of a thousand servers. One size for all pools:
 *  another size would move every key. */
export const tableSize = 65_521;

export interface MaglevEntry { readonly nameHash: number; readonly weight: number }

/** Entries must come in an order that does not depend on the configuration file (sorted by name). */
export function buildMaglev(entries: readonly MaglevEntry[]): Uint16Array {
  const table = new Uint16Array(tableSize);
  if (entries.length < 2) return table;
  const taken = new Uint8Array(tableSize);
  const next = new Uint32Array(entries.length);
  const step = new Uint32Array(entries.length);
  const credit = new Float64Array(entries.length);
  let heaviest = 1;
  for (const [index, entry] of entries.entries()) {
    next[index] = mix(entry.nameHash ^ 0x9e37_79b9) % tableSize;
    step[index] = mix(entry.nameHash ^ 0x7f4a_7c15) % (tableSize - 1) + 1;
    if (entry.weight > heaviest) heaviest = entry.weight;
  }
  let filled = 0;
  while (filled < tableSize) {
    for (let index = 0; index < entries.length && filled < tableSize; index++) {
      credit[index]! += entries[index]!.weight / heaviest;
      if (credit[index]! < 1) continue;
      credit[index]! -= 1;
      let slot = next[index]!;
      while (taken[slot] === 1) slot = (slot + step[index]!) % tableSize;
      taken[slot] = 1;
      table[slot] = index;
      next[index] = (slot + step[index]!) % tableSize;
      filled++;
    }
  }
  return table;
}
