// Zones: which named sets of networks an address is in, the innermost first. Compiled into one table, so that one
// binary search answers, and addresses in the same zones share one frozen list.
import { NetworkTable, parseNetwork } from '#core/network.ts';
import type { OwnedNetwork } from '#core/network.ts';
import { anyZone } from './settings.ts';
import type { ZonesSettings } from './settings.ts';

export interface ZoneSummary { readonly name: string; readonly networks: readonly string[]; readonly description: string }

export class Zones {
  readonly zones: readonly ZoneSummary[];
  readonly #table: NetworkTable;
  readonly #known: ReadonlySet<string>;
  /** By list of the table. */
  readonly #names: readonly (readonly string[])[];

  private constructor(zones: readonly ZoneSummary[], networks: readonly OwnedNetwork[]) {
    this.zones = zones;
    this.#known = new Set(zones.map(({ name }) => name));
    this.#table = new NetworkTable(networks);
    this.#names = this.#table.lists.map((owners) => {
      // A zone stands where its widest network stands: `owners` goes outwards, so the last of each counts.
      const names = owners.filter((owner, index) => owners.lastIndexOf(owner) === index).map((owner) => zones[owner]!.name);
      return Object.freeze([...names, anyZone]);
    });
  }

  /** Settings that the schema has accepted: a circle or an unknown zone in `includes` is a bug here. */
  static compile(settings: ZonesSettings): Zones {
    const names = Object.keys(settings);
    const heights = new Map<string, number>();
    const members = new Map<string, string[]>();
    const visit = (name: string, depth: number): void => {
      const zone = settings[name];
      if (zone === undefined) throw new Error(`there is no zone "${name}"`);
      if (depth > names.length) throw new Error(`zone "${name}" includes itself`);
      if (members.has(name)) return;
      const networks = [...zone.networks];
      let height = 0;
      for (const included of zone.includes ?? []) {
        visit(included, depth + 1);
        networks.push(...members.get(included)!);
        height = Math.max(height, heights.get(included)! + 1);
      }
      members.set(name, [...new Set(networks)]);
      heights.set(name, height);
    };
    for (const name of names) visit(name, 0);
    const zones = names.map((name) => ({ name, networks: members.get(name)!, description: settings[name]!.description ?? '' }));
    const owned = zones.flatMap((zone, owner) => zone.networks.map((text) => {
      const network = parseNetwork(text);
      if (network === undefined) throw new Error(`zone "${zone.name}": not a network: ${text}`);
      return { network, owner };
    }));
    // Of equal networks the table takes the first as the inner one: zones that include others lie outside of them.
    owned.sort((a, b) => heights.get(names[a.owner]!)! - heights.get(names[b.owner]!)! || a.owner - b.owner);
    return new Zones(zones, owned);
  }

  /**
   * Names of every zone that contains the address, innermost first, `any` last: never empty. Frozen and shared; ask once
   * per connection and keep it.
   */
  zonesOf(address: string): readonly string[] { return this.#names[this.#table.find(address)]!; }

  has(name: string): boolean { return name === anyZone || this.#known.has(name); }
}

export function compileZones(settings: ZonesSettings): Zones { return Zones.compile(settings); }
