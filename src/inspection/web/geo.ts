// A geographic database in MaxMind's format (mmdb 2.0) as the engine's `@geoLookup` wants it: the members of GEO as ModSecurity's
// reference manual names them. Takes bytes, reads no files. What the format does not hold stays empty: COUNTRY_CODE3, AREA_CODE.
import { Reader, type Response } from 'mmdb-lib';
import { canonicalAddress } from '#core/network.ts';
import type { GeoSource } from '../waf/operators/contract.ts';

/** Answers that are remembered: clients ask again and again. */
const maxRemembered = 4096;

type Entry = Readonly<Record<string, unknown>>;

function member(value: unknown, ...path: (string | number)[]): unknown {
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

/** Values of the engine are bytes. */
function bytesOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? Buffer.from(value, 'utf8').toString('latin1') : '';
}

function recordOf(entry: Entry): Readonly<Record<string, string>> {
  const country = member(entry, 'country') ?? member(entry, 'registered_country');
  const found: [string, unknown][] = [
    ['COUNTRY_CODE', member(country, 'iso_code')], ['COUNTRY_NAME', member(country, 'names', 'en')], ['COUNTRY_CONTINENT', member(entry, 'continent', 'code')],
    ['REGION', member(entry, 'subdivisions', 0, 'iso_code')], ['CITY', member(entry, 'city', 'names', 'en')], ['POSTAL_CODE', member(entry, 'postal', 'code')],
    ['LATITUDE', member(entry, 'location', 'latitude')], ['LONGITUDE', member(entry, 'location', 'longitude')], ['DMA_CODE', member(entry, 'location', 'metro_code')],
  ];
  return Object.fromEntries(found.map(([name, value]) => [name, bytesOf(value)]).filter(([, text]) => text !== ''));
}

class Database implements GeoSource {
  readonly #reader: Reader<Response>;
  readonly #known = new Map<string, Readonly<Record<string, string>> | null>();

  constructor(reader: Reader<Response>) { this.#reader = reader; }

  lookup(address: string): Readonly<Record<string, string>> | null {
    const before = this.#known.get(address);
    if (before !== undefined) return before;
    const canonical = canonicalAddress(address);
    if (canonical === undefined || (canonical.includes(':') && this.#reader.metadata.ipVersion === 4)) return null;
    const entry = this.#reader.get(canonical) as Entry | null;
    const found = entry === null ? null : recordOf(entry);
    if (this.#known.size >= maxRemembered) this.#known.clear();
    this.#known.set(address, found);
    return found;
  }
}

const opened = new WeakMap<Uint8Array, GeoSource>();

/** The same bytes give the same database. @throws Error when they are none. */
export function openGeoDatabase(bytes: Uint8Array): GeoSource {
  let source = opened.get(bytes);
  if (source === undefined) {
    try {
      const reader = new Reader<Response>(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      const { searchTreeSize, recordSize } = reader.metadata;
      if (![24, 28, 32].includes(recordSize) || !(searchTreeSize > 0) || searchTreeSize + 16 > bytes.length) throw new Error('it is cut off');
      // Whatever lies behind it must be readable too: an address at either end of the tree.
      for (const address of ['0.0.0.0', '255.255.255.255']) reader.get(address);
      source = new Database(reader);
    } catch (error) { throw new Error(`no database in the format mmdb: ${(error as Error).message}`, { cause: error }); }
    opened.set(bytes, source);
  }
  return source;
}
