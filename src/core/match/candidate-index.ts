// Finds the first of many entries (policy rules, limits, routes) that holds for a host, path, verb, zones, service and
// listener, at a cost that does not grow with their number. Per dimension a table from value to the set of entries that
// allow it; the sets are two-level bit sets, so that intersecting six of them visits only the words in which all six
// have something. Conditions that the index does not know are left to the caller's `test`, asked in order of entries.
// Why this shape, and what it costs: docs/decisions/0003-candidate-index.md.
import { hostForMatching } from './host-pattern.ts';
import type { HostPattern } from './host-pattern.ts';
import { partHash, PartTable, type Part } from './part-table.ts';
import type { PathPattern } from './path-pattern.ts';

/** What an entry wants. An absent or empty list wants nothing: any value will do. */
export interface IndexEntry {
  readonly hosts?: readonly HostPattern[];
  readonly paths?: readonly PathPattern[];
  readonly verbs?: readonly string[];
  /** Holds when the client is in at least one of them. */
  readonly zones?: readonly string[];
  readonly services?: readonly string[];
  readonly listeners?: readonly string[];
}

/** Conditions beyond the index. Asked for candidates only, lowest index first; true ends the search. */
export interface CandidateTest {
  test(index: number): boolean;
}

const noZones: readonly string[] = [];

/** Sets of entries side by side in one array: a set is an offset. First the summary words (bit i: word i is not zero),
 *  then the words themselves. */
class SetPool {
  readonly summaryCount: number;
  words: Uint32Array;
  readonly #size: number;
  #used = 0;

  constructor(entryCount: number) {
    const wordCount = Math.max(1, Math.ceil(entryCount / 32));
    this.summaryCount = Math.ceil(wordCount / 32);
    this.#size = this.summaryCount + wordCount;
    this.words = new Uint32Array(this.#size * 16);
  }

  empty(): number {
    const set = this.#used;
    this.#used += this.#size;
    if (this.#used > this.words.length) {
      const grown = new Uint32Array(this.words.length * 2);
      grown.set(this.words);
      this.words = grown;
    }
    return set;
  }

  /** A new set with the members of another and some more. */
  extended(base: number, members: readonly number[]): number {
    const set = this.empty();
    this.words.copyWithin(set, base, base + this.#size);
    for (const member of members) this.add(set, member);
    return set;
  }

  add(set: number, member: number): void {
    const word = member >>> 5;
    this.words[set + this.summaryCount + word]! |= 1 << (member & 31);
    this.words[set + (word >>> 5)]! |= 1 << (word & 31);
  }

  seal(): Uint32Array { return this.words.slice(0, this.#used); }
}

function noteMember(members: Map<string, number[]>, name: string, index: number): void {
  const list = members.get(name);
  if (list === undefined) members.set(name, [index]);
  else list.push(index);
}

/** One dimension with plain values: verb, service, listener, zone. */
class ValueTable {
  readonly used: boolean;
  readonly sets = new Map<string, number>();
  /** For values that no entry names: the entries that want nothing here. */
  readonly other: number;

  constructor(pool: SetPool, entries: readonly IndexEntry[], valuesOf: (entry: IndexEntry) => readonly string[] | undefined) {
    const named = new Map<string, number[]>();
    this.other = pool.empty();
    entries.forEach((entry, index) => {
      const values = valuesOf(entry);
      if (values === undefined || values.length === 0) pool.add(this.other, index);
      else for (const value of values) noteMember(named, value, index);
    });
    this.used = named.size > 0;
    for (const [value, members] of named) this.sets.set(value, pool.extended(this.other, members));
  }

  find(value: string): number {
    const set = this.sets.get(value);
    return set === undefined ? this.other : set;
  }
}

/** Hosts: a table of whole names and one of suffixes, asked from the longest. Exact: needs no checking afterwards. */
class HostTable {
  readonly used: boolean;
  readonly #exact = new Map<string, number>();
  readonly #suffixes = new Map<string, number>();
  readonly #other: number;

  constructor(pool: SetPool, entries: readonly IndexEntry[]) {
    const exact = new Map<string, number[]>();
    const suffixes = new Map<string, number[]>();
    this.#other = pool.empty();
    entries.forEach((entry, index) => {
      const hosts = entry.hosts ?? [];
      if (hosts.length === 0 || hosts.some((host) => host.kind === 'any')) pool.add(this.#other, index);
      else for (const host of hosts) noteMember(host.kind === 'exact' ? exact : suffixes, host.name, index);
    });
    this.used = exact.size + suffixes.size > 0;
    // Short suffixes first: a longer name also has everything that wants a shorter suffix of it.
    const byLength = [...suffixes].sort(([one], [other]) => one.length - other.length);
    for (const [name, members] of byLength) this.#suffixes.set(name, pool.extended(this.#findSuffix(name), members));
    for (const [name, members] of exact) this.#exact.set(name, pool.extended(this.#findSuffix(name), members));
  }

  find(host: string): number {
    const name = hostForMatching(host);
    const exact = this.#exact.get(name);
    if (exact !== undefined) return exact;
    return this.#suffixes.size === 0 ? this.#other : this.#findSuffix(name);
  }

  #findSuffix(name: string): number {
    for (let dot = name.indexOf('.', 1); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const set = this.#suffixes.get(name.slice(dot));
      if (set !== undefined) return set;
    }
    return this.#other;
  }
}

/** What a search reads stands in front, in one line of the processor's cache. */
class PathNode implements Part {
  readonly hash: number;
  readonly part: string;
  /** Sets of the entries that may hold for paths that go on below this node, and for those that end here. */
  below = 0;
  here = 0;
  children: PartTable<PathNode> | undefined = undefined;
  belowMembers: number[] = [];
  exactMembers: number[] = [];

  constructor(part: string) {
    this.hash = partHash(part);
    this.part = part;
  }
}

/** Paths: a trie over the literal segments before the first wildcard. Each node's sets include those of its ancestors,
 *  so that the deepest node that a path reaches has the answer. */
class PathTable {
  readonly used: boolean;
  readonly #root = new PathNode('');

  constructor(pool: SetPool, entries: readonly IndexEntry[]) {
    let used = false;
    entries.forEach((entry, index) => {
      const paths = entry.paths ?? [];
      if (paths.length === 0) { this.#root.belowMembers.push(index); return; }
      used = true;
      for (const path of paths) {
        const node = this.#nodeFor(path);
        (path.kind === 'exact' ? node.exactMembers : node.belowMembers).push(index);
      }
    });
    this.used = used;
    // Without recursion: the depth is what configuration says.
    const open: { node: PathNode; inherited: number }[] = [{ node: this.#root, inherited: pool.empty() }];
    for (let one = open.pop(); one !== undefined; one = open.pop()) {
      const { node, inherited } = one;
      node.below = node.belowMembers.length === 0 ? inherited : pool.extended(inherited, node.belowMembers);
      node.here = node.exactMembers.length === 0 ? node.below : pool.extended(node.below, node.exactMembers);
      node.belowMembers = [];
      node.exactMembers = [];
      for (const child of node.children?.entries ?? []) open.push({ node: child, inherited: node.below });
    }
  }

  #nodeFor(path: PathPattern): PathNode {
    let node = this.#root;
    for (const segment of path.literalSegments) {
      node.children ??= new PartTable();
      let child = node.children.find(segment, 0, segment.length);
      if (child === undefined) node.children.add(child = new PathNode(segment));
      node = child;
    }
    return node;
  }

  find(path: string): number {
    let node = this.#root;
    let start = 0;
    for (let { children } = node; children !== undefined; { children } = node) {
      const slash = path.indexOf('/', start);
      const end = slash < 0 ? path.length : slash;
      const child = children.find(path, start, end);
      if (child === undefined) return node.below;
      node = child;
      start = end + 1;
      if (start > path.length) return node.here;
    }
    return node.below;
  }
}

export class CandidateIndex {
  readonly size: number;
  readonly #hosts: HostTable;
  readonly #paths: PathTable;
  readonly #verbs: ValueTable;
  readonly #zones: ValueTable;
  readonly #services: ValueTable;
  readonly #listeners: ValueTable;
  readonly #all: number;
  readonly #words: Uint32Array;
  readonly #summaryCount: number;
  /** Entries whose paths the trie does not decide alone, else undefined. */
  readonly #pathChecks: readonly (readonly PathPattern[] | undefined)[];
  /** Sets of the client's zones during one search. */
  #zoneSets = new Int32Array(16);
  #zoneCount = 0;

  constructor(entries: readonly IndexEntry[]) {
    this.size = entries.length;
    const pool = new SetPool(entries.length);
    this.#all = pool.extended(pool.empty(), [...entries.keys()]);
    this.#hosts = new HostTable(pool, entries);
    this.#paths = new PathTable(pool, entries);
    this.#verbs = new ValueTable(pool, entries, (entry) => entry.verbs);
    this.#zones = new ValueTable(pool, entries, (entry) => entry.zones);
    this.#services = new ValueTable(pool, entries, (entry) => entry.services);
    this.#listeners = new ValueTable(pool, entries, (entry) => entry.listeners);
    this.#words = pool.seal();
    this.#summaryCount = pool.summaryCount;
    this.#pathChecks = entries.map((entry) => {
      const paths = entry.paths ?? [];
      return paths.some((path) => path.kind === 'general' || path.literal === '') ? paths : undefined;
    });
  }

  /**
   * The lowest index whose entry holds for all of these and for which `test` says true, or -1.
   * `host` lower-case without port; `zones` every zone of the client. A `test` that always says false visits every
   * entry that holds.
   */
  first(host: string, path: string, verb: string, zones: readonly string[], test: CandidateTest, service = '', listener = ''): number {
    const all = this.#all;
    const hosts = this.#hosts.used ? this.#hosts.find(host) : all;
    const paths = this.#paths.used ? this.#paths.find(path) : all;
    const verbs = this.#verbs.used ? this.#verbs.find(verb) : all;
    const services = this.#services.used ? this.#services.find(service) : all;
    const listeners = this.#listeners.used ? this.#listeners.find(listener) : all;
    this.#findZones(this.#zones.used ? zones : noZones);
    const words = this.#words;
    const summaryCount = this.#summaryCount;
    for (let s = 0; s < summaryCount; s += 1) {
      let live = words[hosts + s]! & words[paths + s]! & words[verbs + s]! & words[services + s]! & words[listeners + s]!;
      if (live !== 0) live &= this.#zoneWord(s);
      while (live !== 0) {
        const low = live & -live;
        live ^= low;
        const word = summaryCount + (s << 5) + 31 - Math.clz32(low);
        let bits = words[hosts + word]! & words[paths + word]! & words[verbs + word]! & words[services + word]! & words[listeners + word]!;
        if (bits !== 0) bits &= this.#zoneWord(word);
        while (bits !== 0) {
          const bit = bits & -bits;
          bits ^= bit;
          const index = ((word - summaryCount) << 5) + 31 - Math.clz32(bit);
          if (this.#pathHolds(index, path) && test.test(index)) return index;
        }
      }
    }
    return -1;
  }

  #pathHolds(index: number, path: string): boolean {
    const patterns = this.#pathChecks[index];
    if (patterns === undefined) return true;
    for (let i = 0; i < patterns.length; i += 1) if (patterns[i]!.matches(path)) return true;
    return false;
  }

  #findZones(zones: readonly string[]): void {
    let count = 0;
    if (!this.#zones.used) {
      this.#zoneSets[0] = this.#all;
      this.#zoneCount = 1;
      return;
    }
    if (zones.length > this.#zoneSets.length) this.#zoneSets = new Int32Array(zones.length * 2);
    for (let i = 0; i < zones.length; i += 1) {
      const set = this.#zones.sets.get(zones[i]!);
      if (set !== undefined) this.#zoneSets[count++] = set;
    }
    if (count === 0) this.#zoneSets[count++] = this.#zones.other;
    this.#zoneCount = count;
  }

  /** A client is in several zones: their sets are united on the way. */
  #zoneWord(word: number): number {
    const words = this.#words;
    const sets = this.#zoneSets;
    let bits = words[sets[0]! + word]!;
    for (let i = 1; i < this.#zoneCount; i += 1) bits |= words[sets[i]! + word]!;
    return bits;
  }
}
