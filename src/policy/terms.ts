// The single conditions that rules and limits are made of. Each can say whether it holds and, in words for `explain`,
// why it holds or does not: one object for both, so that the explanation cannot tell another story than the decision.
import type { Operation } from '#contract/operation.ts';
import { isUnder } from '#core/match/index.ts';
import type { HostPattern, PathPattern } from '#core/match/index.ts';
import type { NetworkSet } from '#core/network.ts';
import { anyZone } from './settings.ts';
import type { TextPattern } from './text-pattern.ts';
import type { TimeWindow } from './time-window.ts';

export interface Term {
  /** True when the candidate index can answer it exactly, so that live traffic need not ask again. */
  readonly indexed: boolean;
  holds(operation: Operation, wallMs: number): boolean;
  /** The fact in words, for an operation for which it holds. */
  hit(operation: Operation): string;
  /** The same, for one for which it does not. */
  miss(operation: Operation): string;
}

/** A value from the client, short enough for one line. */
function shown(text: string): string {
  if (text === '') return '(none)';
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

function anyOf(values: readonly string[]): string {
  return values.length === 1 ? values[0]! : `one of ${values.join(', ')}`;
}

export type PlainField = 'service' | 'listener' | 'protocol' | 'verb' | 'verbClass';
const fieldWords: Record<PlainField, string> = { service: 'service', listener: 'listener', protocol: 'protocol', verb: 'verb', verbClass: 'class' };

/** A plain field of the operation is one of some values. */
export class FieldTerm implements Term {
  readonly indexed: boolean;
  readonly field: PlainField;
  readonly values: readonly string[];
  readonly #set: ReadonlySet<string>;

  constructor(field: PlainField, values: readonly string[]) {
    this.indexed = field === 'service' || field === 'listener' || field === 'verb';
    this.field = field;
    this.values = values;
    this.#set = new Set(values);
  }

  holds(operation: Operation): boolean { return this.#set.has(operation[this.field]); }
  hit(operation: Operation): string { return `${fieldWords[this.field]} is ${shown(operation[this.field])}`; }
  miss(operation: Operation): string { return `${fieldWords[this.field]} ${shown(operation[this.field])} is not ${anyOf(this.values)}`; }
}

export class HostTerm implements Term {
  readonly indexed = true;
  readonly patterns: readonly HostPattern[];

  constructor(patterns: readonly HostPattern[]) { this.patterns = patterns; }

  holds(operation: Operation): boolean { return this.patterns.some((pattern) => pattern.matches(operation.host)); }
  hit(operation: Operation): string { return `host is ${shown(operation.host)}`; }
  miss(operation: Operation): string { return `host ${shown(operation.host)} is not ${anyOf(this.patterns.map((pattern) => pattern.text))}`; }
}

export class PathTerm implements Term {
  readonly indexed = true;
  readonly patterns: readonly PathPattern[];

  constructor(patterns: readonly PathPattern[]) { this.patterns = patterns; }

  holds(operation: Operation): boolean { return this.patterns.some((pattern) => pattern.matches(operation.path)); }

  hit(operation: Operation): string {
    const pattern = this.patterns.find((one) => one.matches(operation.path))!;
    return `path ${shown(operation.path)} ${pattern.kind === 'prefix' && isUnder(operation.path, pattern.literal) ? 'is under' : 'matches'} ${pattern.text}`;
  }

  miss(operation: Operation): string {
    const all = (kind: string): boolean => this.patterns.every((pattern) => pattern.kind === kind);
    const word = all('prefix') ? 'is not under' : all('exact') ? 'is not' : 'does not match';
    return `path ${shown(operation.path)} ${word} ${anyOf(this.patterns.map((pattern) => pattern.text))}`;
  }
}

export class PathRegexTerm implements Term {
  readonly indexed = false;
  readonly #regex: RegExp;

  constructor(source: string) { this.#regex = new RegExp(source); }

  holds(operation: Operation): boolean { return this.#regex.test(operation.path); }
  hit(operation: Operation): string { return `path ${shown(operation.path)} matches /${this.#regex.source}/`; }
  miss(operation: Operation): string { return `path ${shown(operation.path)} does not match /${this.#regex.source}/`; }
}

/** Where the client is: in one of the zones, or in one of the networks. */
export class FromTerm implements Term {
  readonly indexed: boolean;
  readonly zones: readonly string[];
  readonly #networks: NetworkSet | undefined;
  /** Everybody is in `any`, also a subject whose list of zones somebody forgot to fill. */
  readonly #everybody: boolean;

  constructor(zones: readonly string[], networks: NetworkSet | undefined) {
    this.zones = zones;
    this.#networks = networks;
    this.#everybody = zones.includes(anyZone);
    // Networks written into a rule are not in the index; zones are.
    this.indexed = networks === undefined && !this.#everybody;
  }

  holds(operation: Operation): boolean {
    if (this.#everybody) return true;
    const zones = operation.subject.zones;
    for (let i = 0; i < this.zones.length; i += 1) if (zones.includes(this.zones[i]!)) return true;
    return this.#networks !== undefined && this.#networks.has(operation.subject.address);
  }

  hit(operation: Operation): string {
    const zone = this.#everybody ? anyZone : this.zones.find((one) => operation.subject.zones.includes(one));
    return `client ${operation.subject.address} is in ${zone === undefined ? anyOf(this.#networks?.texts ?? []) : `zone ${zone}`}`;
  }

  miss(operation: Operation): string {
    const wanted = [...this.zones.map((zone) => `zone ${zone}`), ...this.#networks?.texts ?? []];
    return `client ${operation.subject.address} is not in ${wanted.length === 1 ? wanted[0]! : `any of ${wanted.join(', ')}`}`;
  }
}

export class UserTerm implements Term {
  readonly indexed = false;
  readonly #pattern: TextPattern;

  constructor(pattern: TextPattern) { this.#pattern = pattern; }

  holds(operation: Operation): boolean { return this.#pattern.matches(operation.subject.user); }
  hit(operation: Operation): string { return operation.subject.user === undefined ? 'nobody has logged in' : `user is ${shown(operation.subject.user)}`; }
  miss(operation: Operation): string {
    return operation.subject.user === undefined ? `nobody has logged in, wanted user ${this.#pattern.text}` : `user ${shown(operation.subject.user)} is not ${this.#pattern.text}`;
  }
}

export class GroupTerm implements Term {
  readonly indexed = false;
  readonly #pattern: TextPattern;

  constructor(pattern: TextPattern) { this.#pattern = pattern; }

  holds(operation: Operation): boolean {
    const groups = operation.subject.groups;
    if (groups.length === 0) return this.#pattern.matches(undefined);
    for (let i = 0; i < groups.length; i += 1) if (this.#pattern.matches(groups[i])) return true;
    return false;
  }

  hit(operation: Operation): string { return `groups are ${shown(operation.subject.groups.join(', '))}`; }
  miss(operation: Operation): string { return `no group of ${shown(operation.subject.groups.join(', '))} is ${this.#pattern.text}`; }
}

/** An attribute of the operation. Values are not put into words: they may be secrets. */
export class AttributeTerm implements Term {
  readonly indexed = false;
  readonly kind: string;
  readonly key: string;
  readonly #pattern: TextPattern;

  constructor(kind: string, key: string, pattern: TextPattern) {
    this.kind = kind;
    this.key = key;
    this.#pattern = pattern;
  }

  holds(operation: Operation): boolean { return this.#pattern.matches(operation.attribute(this.kind, this.key)); }
  hit(): string { return `${this.kind} ${this.key} matches ${this.#pattern.text}`; }
  miss(operation: Operation): string {
    return operation.attribute(this.kind, this.key) === undefined
      ? `${this.kind} ${this.key} is absent, wanted ${this.#pattern.text}` : `${this.kind} ${this.key} is present but does not match ${this.#pattern.text}`;
  }
}

export class WhenTerm implements Term {
  readonly indexed = false;
  readonly #window: TimeWindow;

  constructor(window: TimeWindow) { this.#window = window; }

  holds(_operation: Operation, wallMs: number): boolean { return this.#window.holds(wallMs); }
  hit(): string { return `the time is within ${this.#window.text}`; }
  miss(): string { return `the time is not within ${this.#window.text}`; }
}
