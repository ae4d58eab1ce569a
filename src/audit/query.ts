// What can be asked of audit records, and the filter made of it: for whole blocks, for undecoded lines and for records.
// One filter serves the store, the live tail and the command line. Does not read the store.
import type { Outcome, RecordKind } from '#contract/audit-record.ts';
import { addressFamily, canonicalAddress, NetworkSet, parseNetwork } from '#core/network.ts';
import { jsonText } from './json-text.ts';
import { kindBit, outcomeBit } from './record.ts';
import type { StoredRecord } from './record.ts';

/** Every field narrows; lists hold alternatives. */
export interface AuditFilter {
  /** Start time of the record, ms since the epoch: from inclusive, to exclusive. */
  fromMs?: number;
  toMs?: number;
  kinds?: readonly RecordKind[];
  services?: readonly string[];
  outcomes?: readonly Outcome[];
  rules?: readonly string[];
  /** Addresses and networks (`203.0.113.9`, `10.0.0.0/8`). */
  clients?: readonly string[];
  session?: string;
  user?: string;
  verbs?: readonly string[];
  /** Exact, or `*.example.org` for everything below it. */
  host?: string;
  /** Part of the path. */
  path?: string;
  /** Status from and to, both inclusive. */
  statusFrom?: number;
  statusTo?: number;
  /** Text that occurs anywhere in the record, upper and lower case alike. */
  text?: string;
}

export interface AuditQuery extends AuditFilter {
  /** By when records were kept (the end of the operation). Default: newest. */
  order?: 'newest' | 'oldest';
  /** Default 100. */
  limit?: number;
  /** Goes on behind the page that gave this cursor. */
  cursor?: string;
}

export interface AuditPage {
  records: StoredRecord[];
  /** For the next page; undefined when there is no more. */
  cursor: string | undefined;
  /** Records that were looked at. */
  scanned: number;
}

/** What is known of a block without reading it. */
export interface BlockSummary {
  firstMs: number;
  lastMs: number;
  services: readonly string[];
  outcomes: number;
  /** `kindBit` of every kind in it. */
  kinds: number;
}

export class FilterError extends Error {}

export class CompiledFilter {
  readonly #filter: AuditFilter;
  readonly #clients: ((address: string) => boolean) | undefined;
  readonly #hostSuffix: string | undefined;
  readonly #text: string | undefined;
  readonly #outcomeMask: number;
  readonly #kindMask: number;
  /** Strings of which each must occur in the text of a line as it stands. */
  readonly needles: readonly string[];

  constructor(filter: AuditFilter) {
    this.#filter = filter;
    this.#clients = filter.clients && filter.clients.length > 0 ? clientMatcher(filter.clients) : undefined;
    this.#hostSuffix = filter.host?.startsWith('*.') ? filter.host.slice(1).toLowerCase() : undefined;
    this.#text = filter.text === undefined || filter.text === '' ? undefined : jsonText(filter.text).toLowerCase();
    this.#outcomeMask = (filter.outcomes ?? []).reduce((mask, outcome) => mask | outcomeBit(outcome), 0);
    this.#kindMask = (filter.kinds ?? []).reduce((mask, kind) => mask | kindBit(kind), 0);
    this.needles = needlesOf(filter);
  }

  blockMayMatch(block: BlockSummary): boolean {
    const { fromMs, toMs, services } = this.#filter;
    if (fromMs !== undefined && block.lastMs < fromMs) return false;
    if (toMs !== undefined && block.firstMs >= toMs) return false;
    if (this.#outcomeMask !== 0 && (block.outcomes & this.#outcomeMask) === 0) return false;
    if (this.#kindMask !== 0 && (block.kinds & this.#kindMask) === 0) return false;
    if (services && services.length > 0 && !block.services.some((service) => services.includes(service))) return false;
    return true;
  }

  /** A look at undecoded text, a line or a whole block: false is certain. */
  textMayMatch(text: string): boolean {
    for (const needle of this.needles) if (!text.includes(needle)) return false;
    return this.#text === undefined || text.toLowerCase().includes(this.#text);
  }

  matches(record: StoredRecord): boolean {
    const filter = this.#filter;
    if (filter.fromMs !== undefined && record.time < filter.fromMs) return false;
    if (filter.toMs !== undefined && record.time >= filter.toMs) return false;
    if (!oneOf(filter.kinds, record.kind) || !oneOf(filter.services, record.service)) return false;
    if (!oneOf(filter.outcomes, record.outcome) || !oneOf(filter.rules, record.rule) || !oneOf(filter.verbs, record.verb)) return false;
    if (filter.session !== undefined && record.session !== filter.session) return false;
    if (filter.user !== undefined && record.user !== filter.user) return false;
    if (filter.path !== undefined && !(record.path ?? '').includes(filter.path)) return false;
    if (filter.statusFrom !== undefined && (record.status ?? 0) < filter.statusFrom) return false;
    if (filter.statusTo !== undefined && (record.status ?? 0) > filter.statusTo) return false;
    return this.#hostMatches(record.host) && (this.#clients === undefined || this.#clients(record.client ?? ''));
  }

  /** Parsed by `parse` only when the text does not rule it out. */
  matchLine(line: string, parse: (line: string) => StoredRecord | undefined): StoredRecord | undefined {
    if (!this.textMayMatch(line)) return undefined;
    const record = parse(line);
    return record !== undefined && this.matches(record) ? record : undefined;
  }

  #hostMatches(host: string | undefined): boolean {
    const wanted = this.#filter.host;
    if (wanted === undefined) return true;
    if (host === undefined) return false;
    return this.#hostSuffix === undefined ? host === wanted.toLowerCase() : host.endsWith(this.#hostSuffix);
  }
}

function oneOf(wanted: readonly string[] | undefined, value: string | undefined): boolean {
  return wanted === undefined || wanted.length === 0 || (value !== undefined && wanted.includes(value));
}

function needlesOf(filter: AuditFilter): string[] {
  const needles: string[] = [];
  const member = (name: string, value: string | undefined): void => {
    if (value !== undefined) needles.push(`"${name}":"${jsonText(value)}"`);
  };
  const single = (name: string, values: readonly string[] | undefined): void => {
    if (values?.length === 1) member(name, values[0]);
  };
  member('session', filter.session);
  member('user', filter.user);
  member('client', singleAddress(filter.clients));
  single('rule', filter.rules);
  single('outcome', filter.outcomes);
  single('kind', filter.kinds);
  single('service', filter.services);
  single('verb', filter.verbs);
  if (filter.host !== undefined && !filter.host.startsWith('*.')) member('host', filter.host.toLowerCase());
  if (filter.path) needles.push(jsonText(filter.path));
  const status = statusNeedle(filter.statusFrom, filter.statusTo);
  if (status !== undefined) needles.push(status);
  return needles;
}

/** The whole number, or its first digit when all statuses of three digits that are wanted share it. */
function statusNeedle(from: number | undefined, to: number | undefined): string | undefined {
  if (from === undefined || to === undefined || from < 1) return undefined;
  if (from === to) return `"status":${from},`;
  return from >= 100 && to <= 999 && Math.floor(from / 100) === Math.floor(to / 100) ? `"status":${Math.floor(from / 100)}` : undefined;
}

/** The address when the filter names exactly one client. */
export function singleAddress(clients: readonly string[] | undefined): string | undefined {
  const only = clients?.length === 1 ? clients[0]! : '';
  return addressFamily(only) === 0 ? undefined : canonicalAddress(only);
}

function clientMatcher(clients: readonly string[]): (address: string) => boolean {
  for (const client of clients) {
    if (parseNetwork(client) === undefined) throw new FilterError(`"${client}" is neither an address nor a network`);
  }
  const networks = new NetworkSet(clients);
  // The same clients come again and again; the set is asked once for each.
  const known = new Map<string, boolean>();
  return (address) => {
    let answer = known.get(address);
    if (answer === undefined) {
      answer = networks.has(address);
      if (known.size > 10_000) known.clear();
      known.set(address, answer);
    }
    return answer;
  };
}
