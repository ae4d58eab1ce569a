// Addresses and networks as numbers: canonical text, membership in sets of networks. IPv4-mapped IPv6 (RFC 4291 section
// 2.5.5.2) counts as the IPv4 address that it carries, everywhere. Parses strictly (as node:net isIP does: no octal,
// no short IPv4 forms); a scope (`%eth0`) is accepted on addresses and ignored. Does not resolve names.

/** The result of `parseAddress`: IPv4 in the first word, IPv6 in four, most significant first. Reused by each call. */
const words = new Uint32Array(4);

/** Parses into `words`. 0: not an address. */
function parseAddress(text: string): 0 | 4 | 6 {
  const length = text.length;
  if (length < 2 || length > 64) return 0;
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 58 /* : */) return parse6(text);
    if (code === 46 /* . */) {
      const value = parse4(text, 0, length);
      if (value < 0) return 0;
      words[0] = value;
      return 4;
    }
  }
  return 0;
}

/** Four decimal numbers without leading zeros. -1: not that. */
function parse4(text: string, start: number, end: number): number {
  let value = 0;
  let part = -1;
  let parts = 0;
  let digits = 0;
  for (let index = start; index <= end; index += 1) {
    const code = index === end ? 46 : text.charCodeAt(index);
    if (code === 46) {
      if (digits === 0 || part > 255) return -1;
      value = value * 256 + part;
      parts += 1;
      part = -1;
      digits = 0;
    } else if (code >= 48 && code <= 57 && digits < 3) {
      if (part === 0) return -1;
      part = (part < 0 ? 0 : part * 10) + code - 48;
      digits += 1;
    } else {
      return -1;
    }
  }
  return parts === 4 ? value : -1;
}

function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

const groups = new Uint16Array(8);

function parse6(text: string): 0 | 4 | 6 {
  const percent = text.indexOf('%');
  if (percent >= 0 && !/^[0-9a-z._~-]+$/i.test(text.slice(percent + 1))) return 0;
  const end = percent < 0 ? text.length : percent;
  let count = 0;
  let gap = -1;
  let at = 0;
  if (text.charCodeAt(0) === 58) {
    if (text.charCodeAt(1) !== 58) return 0;
    gap = 0;
    at = 2;
  }
  while (at < end) {
    if (count === 8) return 0;
    const start = at;
    let group = 0;
    while (at < end && at - start <= 4) {
      const digit = hexValue(text.charCodeAt(at));
      if (digit < 0) break;
      group = group * 16 + digit;
      at += 1;
    }
    if (at < end && text.charCodeAt(at) === 46) {
      const value = parse4(text, start, end);
      if (value < 0 || count > 6) return 0;
      groups[count++] = value >>> 16;
      groups[count++] = value & 0xFFFF;
      break;
    }
    if (at === start || at - start > 4) return 0;
    groups[count++] = group;
    if (at === end) break;
    if (text.charCodeAt(at) !== 58) return 0;
    at += 1;
    if (at === end) return 0;
    if (text.charCodeAt(at) === 58) {
      if (gap >= 0) return 0;
      gap = count;
      at += 1;
    }
  }
  if (gap < 0 ? count !== 8 : count === 8) return 0;
  if (gap >= 0) {
    const tail = count - gap;
    groups.copyWithin(8 - tail, gap, count);
    groups.fill(0, gap, 8 - tail);
  }
  for (let index = 0; index < 4; index += 1) words[index] = groups[index * 2]! * 65_536 + groups[index * 2 + 1]!;
  if (words[0] === 0 && words[1] === 0 && words[2] === 0xFFFF) {
    words[0] = words[3]!;
    return 4;
  }
  return 6;
}

function format4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** RFC 5952: lower-case, no leading zeros, the longest run of zero groups (two or more, the first of equals) as `::`. */
function format6(address: Uint32Array): string {
  const parts: number[] = [];
  for (const word of address) parts.push(word >>> 16, word & 0xFFFF);
  let best = -1;
  let bestLength = 1;
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (start + length < 8 && parts[start + length] === 0) length += 1;
    if (length > bestLength) { best = start; bestLength = length; }
  }
  const hex = parts.map((part) => part.toString(16));
  if (best < 0) return hex.join(':');
  return `${hex.slice(0, best).join(':')}::${hex.slice(best + bestLength).join(':')}`;
}

/** The one way in which this product writes an address (RFC 5952; IPv4-mapped as IPv4; no scope). Undefined: not one. */
export function canonicalAddress(text: string): string | undefined {
  const family = parseAddress(text);
  if (family === 0) return undefined;
  return family === 4 ? format4(words[0]!) : format6(words);
}

/** 4, 6, or 0 for text that is not an address. IPv4-mapped IPv6 is 4. */
export function addressFamily(text: string): 0 | 4 | 6 { return parseAddress(text); }

/** The network of an address as text (`10.1.2.0/24`, `fd00:1::/64`): a key for limits and affinity. A network of one
 *  address is written as the address. Text that is not an address is returned as it is. */
export function networkOf(address: string, bits4: number, bits6: number): string {
  const family = parseAddress(address);
  if (family === 0) return address;
  if (family === 4) {
    if (bits4 >= 32) return format4(words[0]!);
    return `${format4(bits4 === 0 ? 0 : words[0]! & (-1 << (32 - bits4)))}/${bits4}`;
  }
  if (bits6 >= 128) return format6(words);
  for (let index = 0; index < 4; index += 1) {
    const keep = Math.min(32, Math.max(0, bits6 - index * 32));
    words[index] = keep === 0 ? 0 : words[index]! & (-1 << (32 - keep));
  }
  return `${format6(words)}/${bits6}`;
}

/** A network with both ends. IPv4 ends are below 2^32. */
export interface Network { readonly family: 4 | 6; readonly prefix: number; readonly first: bigint; readonly last: bigint }

/** Parses `10.0.0.0/8`, `fd00::/8` or a single address. Host bits are ignored (`10.1.2.3/8` is `10.0.0.0/8`).
 *  `::/0` is all of IPv6 and nothing of IPv4. Undefined: not a network. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const addressText = slash < 0 ? text : text.slice(0, slash);
  if (addressText.includes('%')) return undefined;
  const written6 = addressText.includes(':');
  const family = parseAddress(addressText);
  if (family === 0) return undefined;
  const width = written6 ? 128 : 32;
  let prefix = width;
  if (slash >= 0) {
    const digits = text.slice(slash + 1);
    if (!/^(0|[1-9]\d{0,2})$/.test(digits) || Number(digits) > width) return undefined;
    prefix = Number(digits);
  }
  if (family === 4 && written6) {
    // A mapped network wider than the mapped range would be both families at once: nobody means that.
    if (prefix < 96) return undefined;
    prefix -= 96;
  }
  const value = family === 4 ? BigInt(words[0]!) : words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n);
  const hostBits = BigInt((family === 4 ? 32 : 128) - prefix);
  const first = (value >> hostBits) << hostBits;
  return { family, prefix, first, last: first | ((1n << hostBits) - 1n) };
}

/** A network and whom it belongs to: any small number that the caller chooses. */
export interface OwnedNetwork { readonly network: Network; readonly owner: number }

interface Ranges { starts: bigint[]; lists: number[] }

/**
 * Address space cut at the ends of all networks: each piece knows the owners whose networks contain it. One binary
 * search answers an address, whatever the number of networks.
 */
export class NetworkTable {
  readonly #starts4: Uint32Array;
  readonly #lists4: Uint32Array;
  /** Four words each. */
  readonly #starts6: Uint32Array;
  readonly #lists6: Uint32Array;
  /** Owners from the innermost network to the outermost, as often as they contain the piece. List 0 is empty. */
  readonly lists: readonly (readonly number[])[];

  constructor(networks: readonly OwnedNetwork[]) {
    const lists: number[][] = [[]];
    const known = new Map<string, number>([['', 0]]);
    const listOf = (owners: readonly number[]): number => {
      const key = owners.join(',');
      let list = known.get(key);
      if (list === undefined) {
        list = lists.length;
        lists.push([...owners]);
        known.set(key, list);
      }
      return list;
    };
    const four = cut(networks.filter((one) => one.network.family === 4), listOf);
    const six = cut(networks.filter((one) => one.network.family === 6), listOf);
    this.#starts4 = Uint32Array.from(four.starts, Number);
    this.#lists4 = Uint32Array.from(four.lists);
    this.#starts6 = Uint32Array.from(six.starts.flatMap((start) => [96n, 64n, 32n, 0n].map((shift) => Number((start >> shift) & 0xFFFF_FFFFn))));
    this.#lists6 = Uint32Array.from(six.lists);
    this.lists = lists;
  }

  /** Index into `lists`; 0 for an address in none of the networks and for text that is not an address. */
  find(address: string): number {
    const family = parseAddress(address);
    if (family === 4) return this.#find4(words[0]!);
    return family === 6 ? this.#find6() : 0;
  }

  #find4(value: number): number {
    const starts = this.#starts4;
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : this.#lists4[low - 1]!;
  }

  #find6(): number {
    let low = 0;
    let high = this.#lists6.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#startsAtOrBefore(middle * 4)) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : this.#lists6[low - 1]!;
  }

  #startsAtOrBefore(offset: number): boolean {
    const starts = this.#starts6;
    for (let index = 0; index < 4; index += 1) {
      const difference = starts[offset + index]! - words[index]!;
      if (difference !== 0) return difference < 0;
    }
    return true;
  }
}

/** Networks are nested or apart, never overlapping by half: one pass with a stack of the open ones finds every piece. */
function cut(networks: readonly OwnedNetwork[], listOf: (owners: readonly number[]) => number): Ranges {
  const sorted = networks.map((one, order) => ({ ...one, order })).sort((a, b) => {
    if (a.network.first !== b.network.first) return a.network.first < b.network.first ? -1 : 1;
    // The outer first; of equal networks the one given first lies inside.
    return a.network.prefix - b.network.prefix || b.order - a.order;
  });
  const ranges: Ranges = { starts: [], lists: [] };
  const open: OwnedNetwork[] = [];
  const mark = (start: bigint): void => {
    const list = listOf(open.map((one) => one.owner).reverse());
    if (ranges.starts.at(-1) === start) {
      ranges.starts.pop();
      ranges.lists.pop();
    }
    if (ranges.lists.at(-1) === list) return;
    ranges.starts.push(start);
    ranges.lists.push(list);
  };
  const end = 1n << (sorted[0]?.network.family === 4 ? 32n : 128n);
  const closeBefore = (first: bigint): void => {
    for (let top = open.at(-1); top !== undefined && top.network.last < first; top = open.at(-1)) {
      open.pop();
      if (top.network.last + 1n < end) mark(top.network.last + 1n);
    }
  };
  for (const one of sorted) {
    closeBefore(one.network.first);
    open.push(one);
    mark(one.network.first);
  }
  closeBefore(end);
  return ranges;
}

/** A set of networks: is an address in one of them? */
export class NetworkSet {
  /** As given. */
  readonly texts: readonly string[];
  readonly #table: NetworkTable;

  /** Throws on text that is not a network: settings are checked before they are compiled. */
  constructor(texts: readonly string[]) {
    this.texts = texts;
    this.#table = new NetworkTable(texts.map((text) => {
      const network = parseNetwork(text);
      if (network === undefined) throw new Error(`not a network: ${text}`);
      return { network, owner: 0 };
    }));
  }

  /** False for text that is not an address. */
  has(address: string): boolean { return this.#table.find(address) !== 0; }
}
