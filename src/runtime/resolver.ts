// Keeps the addresses of servers with names up to date: asks DNS again when the answer expires, keeps what it has when
// that fails, and falls back to the system's lookup for names of the hosts file. Runs in the supervisor, or wherever
// pools are; knows no pool beyond its settings.
import dns from 'node:dns';
import { isIP } from 'node:net';
import type { AddressReport } from '#upstream/messages.ts';
import type { PoolSettings } from '#upstream/settings.ts';
import { systemTimers } from './probes/probe.ts';
import type { Timers } from './probes/probe.ts';

export interface DnsAnswer { address: string; ttl: number }

/** The three questions that are asked of DNS; replaced in tests. */
export interface DnsPort {
  resolve4(host: string): Promise<DnsAnswer[]>;
  resolve6(host: string): Promise<DnsAnswer[]>;
  /** The system's way, hosts file included; no time to live. */
  lookup(host: string): Promise<string[]>;
}

export interface ResolverOptions {
  /** The addresses of a server have changed. */
  changed(report: AddressReport): void;
  /** A name could not be resolved; the addresses known before stay in use. */
  failed?(host: string, reason: string, known: readonly string[]): void;
  /** In [0, 1). */
  random(): number;
  dns?: DnsPort;
  timers?: Timers;
}

/** Of one name at most so many addresses are used. */
const maxAddresses = 64;
/** After a failure: first this, then twice as long each time, up to maxTtl. */
const retryMs = 1000;

export function systemDns(): DnsPort {
  const resolver = new dns.promises.Resolver({ timeout: 2000, tries: 2 });
  return {
    resolve4: (host) => resolver.resolve4(host, { ttl: true }),
    resolve6: (host) => resolver.resolve6(host, { ttl: true }),
    lookup: async (host) => (await dns.promises.lookup(host, { all: true })).map(({ address }) => address),
  };
}

type Family = PoolSettings['resolve']['family'];
interface FamilyAnswer { addresses: string[]; ttlMs: number; failed: boolean; reason: string }

class Name {
  readonly host: string;
  readonly minTtl: number;
  readonly maxTtl: number;
  readonly family: Family;
  /** `pool`, `server` pairs that use it. */
  users: { pool: string; server: string }[] = [];
  addresses: string[] = [];
  known4: string[] = [];
  known6: string[] = [];
  failures = 0;
  timer: unknown = undefined;
  stopped = false;

  constructor(host: string, { minTtl, maxTtl, family }: PoolSettings['resolve']) {
    this.host = host;
    this.minTtl = minTtl;
    this.maxTtl = maxTtl;
    this.family = family;
  }
}

export class Resolver {
  readonly #options: ResolverOptions;
  readonly #dns: DnsPort;
  readonly #timers: Timers;
  readonly #names = new Map<string, Name>();
  readonly #byServer = new Map<string, Name>();

  constructor(options: ResolverOptions) {
    this.#options = options;
    this.#dns = options.dns ?? systemDns();
    this.#timers = options.timers ?? systemTimers;
  }

  /** Follows a configuration. New names are asked for at once; servers that join a known name hear its addresses. */
  update(pools: Readonly<Record<string, PoolSettings>>): void {
    const before = new Map([...this.#names.values()].map((name) => [name, name.users]));
    for (const name of this.#names.values()) name.users = [];
    this.#byServer.clear();
    for (const [pool, { servers, resolve }] of Object.entries(pools)) {
      for (const { name: server, host } of servers) if (isIP(host) === 0) this.#use(host, resolve, pool, server);
    }
    for (const [key, name] of this.#names) {
      if (name.users.length === 0) this.#forget(key, name);
      const old = before.get(name);
      if (old === undefined) {
        void this.#ask(name);
        continue;
      }
      const joined = name.users.filter((user) => !old.some((other) => other.pool === user.pool && other.server === user.server));
      if (name.addresses.length > 0) for (const user of joined) this.#options.changed({ ...user, addresses: [...name.addresses] });
    }
  }

  /** The addresses of a server with a name; empty while unknown, and for servers given by address. */
  addressesOf(pool: string, server: string): readonly string[] {
    return this.#byServer.get(`${pool} ${server}`)?.addresses ?? [];
  }

  /** What is known now: for a worker that was just started. */
  current(): AddressReport[] {
    const known = [...this.#names.values()].filter((name) => name.addresses.length > 0);
    return known.flatMap((name) => name.users.map((user) => ({ ...user, addresses: [...name.addresses] })));
  }

  stop(): void {
    for (const [key, name] of this.#names) this.#forget(key, name);
    this.#byServer.clear();
  }

  #use(host: string, resolve: PoolSettings['resolve'], pool: string, server: string): void {
    const key = `${host.toLowerCase()} ${resolve.minTtl} ${resolve.maxTtl} ${resolve.family}`;
    let name = this.#names.get(key);
    if (name === undefined) this.#names.set(key, name = new Name(host, resolve));
    name.users.push({ pool, server });
    this.#byServer.set(`${pool} ${server}`, name);
  }

  #forget(key: string, name: Name): void {
    name.stopped = true;
    this.#timers.stop(name.timer);
    this.#names.delete(key);
  }

  async #ask(name: Name): Promise<void> {
    const [four, six] = await Promise.all([ask(this.#dns.resolve4(name.host), name.known4), ask(this.#dns.resolve6(name.host), name.known6)]);
    let ttlMs = Math.min(four.ttlMs, six.ttlMs);
    let all = [...four.addresses, ...six.addresses];
    let reason = four.failed || six.failed ? `${four.reason} ${six.reason}`.trim() : '';
    let answered = !four.failed || !six.failed;
    if (all.length === 0 || !answered) {
      try {
        const found = await this.#dns.lookup(name.host);
        if (found.length > 0) {
          all = found;
          answered = true;
          ttlMs = name.maxTtl;
          reason = '';
        } else answered = false;
      } catch (error) {
        answered = false;
        reason = (error as Error).message;
      }
    }
    if (name.stopped) return;
    if (answered && all.length > 0) this.#learn(name, all);
    const complete = answered && all.length > 0 && reason === '';
    if (!complete) this.#options.failed?.(name.host, reason === '' ? 'no addresses' : reason, name.addresses);
    name.failures = complete ? 0 : name.failures + 1;
    this.#askAgain(name, complete ? ttlMs : retryMs * 2 ** Math.min(20, name.failures - 1));
  }

  #learn(name: Name, all: readonly string[]): void {
    name.known4 = all.filter((address) => isIP(address) === 4);
    name.known6 = all.filter((address) => isIP(address) === 6);
    // Sorted: DNS servers rotate their answers, which is no change.
    const addresses = choose(name).toSorted().slice(0, maxAddresses);
    if (addresses.length === 0 || addresses.join() === name.addresses.join()) return;
    name.addresses = addresses;
    for (const user of name.users) this.#options.changed({ ...user, addresses: [...addresses] });
  }

  #askAgain(name: Name, wantedMs: number): void {
    const bounded = Math.min(name.maxTtl, Math.max(name.minTtl, wantedMs, 100));
    // A little later than the answer expires, spread: names of one zone expire together.
    const afterMs = bounded * (1 + 0.05 * this.#options.random());
    name.timer = this.#timers.start(afterMs, () => { void this.#ask(name); });
  }
}

function choose({ family, known4, known6 }: Name): string[] {
  if (family === 'both') return [...known4, ...known6];
  const [first, second] = family === 'prefer-ipv4' ? [known4, known6] : [known6, known4];
  return first.length > 0 ? first : second;
}

/** Answers that say "there is none", as against "I cannot say". */
const noneCodes = new Set(['ENODATA', 'ENOTFOUND']);

async function ask(question: Promise<DnsAnswer[]>, known: readonly string[]): Promise<FamilyAnswer> {
  try {
    const answers = await question;
    const ttlMs = answers.reduce((least, { ttl }) => Math.min(least, ttl * 1000), Number.POSITIVE_INFINITY);
    return { addresses: answers.map(({ address }) => address), ttlMs, failed: false, reason: '' };
  } catch (error) {
    const { code = '', message } = error as Error & { code?: string };
    const none = noneCodes.has(code);
    return { addresses: none ? [] : [...known], ttlMs: Number.POSITIVE_INFINITY, failed: !none, reason: none ? '' : message };
  }
}
