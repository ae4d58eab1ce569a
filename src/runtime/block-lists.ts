// Asks block lists about addresses: DNS zones whose names are reversed addresses, answers within 127.0.0.0/8 (RFC 5782). What is
// known is remembered, equal questions under way are one, a wait has a limit, and what is not known then counts as not listed.
// Addresses of the machine and of private networks are never asked about. Decides nothing: the firewall's rules do.
import { Resolver } from 'node:dns';
import { canonicalAddress, NetworkSet } from '#core/network.ts';
import type { BlockLists } from '#contract/web-inspection.ts';

type Listed = ReadonlyMap<string, string>;

/** Addresses that are remembered, and questions that may be under way: whoever comes beyond that is not asked about. */
export const blockListLimits = { maxRemembered: 20_000, maxUnderWay: 1000 };

/** For how long an answer holds: what is listed by its own time to live within bounds, what is not, and what nobody answered. */
const listedMs = { least: 60_000, most: 3_600_000 };
const cleanMs = 300_000;
const unknownMs = 10_000;

const nobody: Listed = new Map();
const neverAsked = new NetworkSet([
  '127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10', '0.0.0.0/8', '::/127', 'fe80::/10', 'fc00::/7',
]);

interface Known { readonly listed: Listed; readonly untilMs: number }

class Question {
  readonly listed = new Map<string, string>();
  readonly waiting: ((listed: Listed) => void)[] = [];
  open: number;
  forMs = cleanMs;
  over = false;
  timer: NodeJS.Timeout | undefined = undefined;
  constructor(open: number) { this.open = open; }
}

/** `7.2.0.192` for 192.0.2.7, nibbles for IPv6 (RFC 5782 section 2.1 and 2.4). */
export function reversedAddress(canonical: string): string {
  if (!canonical.includes(':')) return canonical.split('.').reverse().join('.');
  const [head = '', tail = ''] = canonical.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const first = groups(head);
  const last = groups(tail);
  const all = canonical.includes('::') ? [...first, ...Array.from({ length: 8 - first.length - last.length }, () => '0'), ...last] : first;
  return [...all.map((group) => group.padStart(4, '0')).join('')].reverse().join('.');
}

/** A list says "you may not ask" by addresses at the upper end. */
function isListing(address: string): boolean { return address.startsWith('127.') && !address.startsWith('127.255.255.'); }

export class BlockListLookup {
  readonly #known = new Map<string, Known>();
  readonly #underWay = new Map<string, Question>();
  readonly #resolvers = new Map<string, Resolver>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) { this.#nowMs = nowMs; }

  /** At once when it is known; else undefined, and `done` is called within the time limit. */
  listed(address: string, lists: BlockLists, done: (listed: Listed) => void): Listed | undefined {
    const canonical = canonicalAddress(address);
    if (canonical === undefined || neverAsked.has(canonical)) return nobody;
    const key = `${canonical} ${lists.zones.join(' ')}`;
    const known = this.#known.get(key);
    if (known !== undefined && known.untilMs > this.#nowMs()) return known.listed;
    let question = this.#underWay.get(key);
    if (question === undefined) {
      if (this.#underWay.size >= blockListLimits.maxUnderWay) return nobody;
      question = this.#ask(key, canonical, lists);
      if (question === undefined) return nobody;
    }
    question.waiting.push(done);
    return undefined;
  }

  #ask(key: string, canonical: string, lists: BlockLists): Question | undefined {
    const resolver = this.#resolver(lists);
    if (resolver === undefined) return undefined;
    const question = new Question(lists.zones.length);
    this.#underWay.set(key, question);
    question.timer = setTimeout(() => {
      question.forMs = Math.min(question.forMs, unknownMs);
      this.#finish(key, question);
    }, lists.timeoutMs);
    const reversed = reversedAddress(canonical);
    for (const zone of lists.zones) {
      resolver.resolve4(`${reversed}.${zone}`, { ttl: true }, (error, answers) => {
        const found = error === null ? answers.find((answer) => isListing(answer.address)) : undefined;
        if (found !== undefined) {
          question.listed.set(zone, found.address);
          question.forMs = Math.min(Math.max(found.ttl * 1000, listedMs.least), listedMs.most);
        } else if (error === null || (error.code !== 'ENOTFOUND' && error.code !== 'ENODATA')) question.forMs = Math.min(question.forMs, unknownMs);
        if (--question.open === 0) this.#finish(key, question);
      });
    }
    return question;
  }

  #finish(key: string, question: Question): void {
    if (question.over) return;
    question.over = true;
    clearTimeout(question.timer);
    this.#underWay.delete(key);
    // A late answer changes nothing any more: those who have waited must all have had the same.
    const listed = new Map(question.listed);
    if (this.#known.size >= blockListLimits.maxRemembered) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, { listed, untilMs: this.#nowMs() + question.forMs });
    for (const done of question.waiting) done(listed);
  }

  /** Undefined: the addresses of the servers cannot be used. */
  #resolver({ servers, timeoutMs }: BlockLists): Resolver | undefined {
    const key = `${servers.join(' ')} ${timeoutMs}`;
    let resolver = this.#resolvers.get(key);
    if (resolver === undefined) {
      resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
      try { if (servers.length > 0) resolver.setServers(servers); } catch { return undefined; }
      this.#resolvers.set(key, resolver);
    }
    return resolver;
  }

  stop(): void {
    for (const question of this.#underWay.values()) {
      question.over = true;
      clearTimeout(question.timer);
    }
    this.#underWay.clear();
    for (const resolver of this.#resolvers.values()) resolver.cancel();
  }
}
