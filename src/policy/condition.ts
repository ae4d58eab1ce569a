// When a rule or limit applies, compiled: its terms, its exceptions, and what of them the candidate index can answer.
// `holdsBeyondIndex` is the live path for a candidate of the index; `explain` goes over everything and says why not.
import type { Operation } from '#contract/operation.ts';
import { HostPattern, PathPattern } from '#core/match/index.ts';
import type { IndexEntry } from '#core/match/index.ts';
import { NetworkSet, parseNetwork } from '#core/network.ts';
import { commonOperationKeys, listOf } from './settings.ts';
import type { ConditionSettings, ExceptionSettings, OneOrMany, OperationSettings } from './settings.ts';
import { AttributeTerm, FieldTerm, FromTerm, GroupTerm, HostTerm, PathRegexTerm, PathTerm, UserTerm, WhenTerm } from './terms.ts';
import type { PlainField, Term } from './terms.ts';
import { TextPattern } from './text-pattern.ts';
import type { PatternSettings } from './text-pattern.ts';
import { TimeWindow } from './time-window.ts';
import { attributeKey, protocolsWithAttribute } from './vocabulary.ts';
import type { ObservedAttribute, Vocabulary } from './vocabulary.ts';

/** Why a condition does not apply: `excepted` when only an exception stands against it. */
export interface Mismatch { readonly outcome: 'no-match' | 'excepted'; readonly detail: string }

export class Condition {
  readonly entry: IndexEntry;
  /** All of them, in the order of explanation. */
  readonly #terms: readonly Term[];
  /** Those that the index does not answer. */
  readonly #beyond: readonly Term[];
  /** Each holds when all its terms do. */
  readonly #exceptions: readonly (readonly Term[])[];
  readonly observed: readonly ObservedAttribute[];
  readonly usesTime: boolean;

  constructor(settings: ConditionSettings, vocabularies: readonly Vocabulary[]) {
    this.#terms = [...placeTerms(settings), ...whoTerms(settings, vocabularies), ...settings.when === undefined ? [] : [new WhenTerm(new TimeWindow(settings.when))]];
    const { entry, answered } = entryOf(this.#terms);
    this.entry = entry;
    this.#beyond = this.#terms.filter((term) => !answered.includes(term));
    this.#exceptions = listOf<ExceptionSettings>(settings.unless).map((exception) => whoTerms(exception, vocabularies));
    this.usesTime = settings.when !== undefined;
    this.observed = [this.#terms, ...this.#exceptions].flat().flatMap((term) => term instanceof AttributeTerm ? [{ kind: term.kind, key: term.key }] : []);
  }

  /** For an operation for which the index entry holds: does all the rest hold too? */
  holdsBeyondIndex(operation: Operation, wallMs: number): boolean {
    const terms = this.#beyond;
    for (let i = 0; i < terms.length; i += 1) if (!terms[i]!.holds(operation, wallMs)) return false;
    return this.#exceptions.length === 0 || !this.#excepted(operation, wallMs);
  }

  #excepted(operation: Operation, wallMs: number): boolean {
    for (let i = 0; i < this.#exceptions.length; i += 1) if (allHold(this.#exceptions[i]!, operation, wallMs)) return true;
    return false;
  }

  /** Undefined when the condition applies. Uses no index. */
  mismatch(operation: Operation, wallMs: number): Mismatch | undefined {
    const misses = this.#terms.filter((term) => !term.holds(operation, wallMs)).map((term) => term.miss(operation));
    if (misses.length > 0) return { outcome: 'no-match', detail: misses.join('; ') };
    const exception = this.#exceptions.find((terms) => allHold(terms, operation, wallMs));
    if (exception === undefined) return undefined;
    return { outcome: 'excepted', detail: exception.map((term) => term.hit(operation)).join(' and ') };
  }

  /** In words, for an operation to which it applies. */
  reasons(operation: Operation): string {
    return this.#terms.length === 0 ? 'it has no conditions' : this.#terms.map((term) => term.hit(operation)).join(', ');
  }
}

function allHold(terms: readonly Term[], operation: Operation, wallMs: number): boolean {
  for (let i = 0; i < terms.length; i += 1) if (!terms[i]!.holds(operation, wallMs)) return false;
  return true;
}

function placeTerms(settings: ConditionSettings): Term[] {
  const terms: Term[] = [];
  if (settings.service !== undefined) terms.push(new FieldTerm('service', listOf(settings.service)));
  if (settings.listener !== undefined) terms.push(new FieldTerm('listener', listOf(settings.listener)));
  if (settings.protocol !== undefined) terms.push(new FieldTerm('protocol', listOf(settings.protocol)));
  return terms;
}

function whoTerms(settings: ExceptionSettings, vocabularies: readonly Vocabulary[]): Term[] {
  const terms: Term[] = [];
  if (settings.operation !== undefined) terms.push(...operationTerms(settings.operation, vocabularies));
  const from = fromTerm(listOf(settings.from));
  if (from !== undefined) terms.push(from);
  if (settings.user !== undefined) terms.push(new UserTerm(new TextPattern(settings.user)));
  if (settings.group !== undefined) terms.push(new GroupTerm(new TextPattern(settings.group)));
  return terms;
}

/** Undefined for no sources at all. */
export function fromTerm(sources: readonly string[]): FromTerm | undefined {
  if (sources.length === 0) return undefined;
  const networks = sources.filter((source) => parseNetwork(source) !== undefined);
  const zones = sources.filter((source) => !networks.includes(source));
  return new FromTerm(zones, networks.length === 0 ? undefined : new NetworkSet(networks));
}

function operationTerms(settings: OperationSettings, vocabularies: readonly Vocabulary[]): Term[] {
  const terms: Term[] = [];
  const restrict = (protocols: readonly string[]): void => {
    // Other protocols have no such verbs or attributes: the condition cannot hold for them, not even `absent`.
    if (protocols.length < vocabularies.length) terms.push(new FieldTerm('protocol', protocols));
  };
  const verbs = settings.verbs;
  if (verbs !== undefined) terms.push(new FieldTerm('verb', listOf(verbs)));
  if (settings.class !== undefined) terms.push(new FieldTerm('verbClass', listOf(settings.class)));
  if (settings.host !== undefined) terms.push(new HostTerm(listOf(settings.host).map((text) => new HostPattern(text))));
  if (settings.path !== undefined) terms.push(new PathTerm(listOf(settings.path).map((text) => new PathPattern(text))));
  if (settings.pathRegex !== undefined) terms.push(new PathRegexTerm(settings.pathRegex));
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined || (commonOperationKeys as readonly string[]).includes(name)) continue;
    const withVerbs = vocabularies.filter((vocabulary) => vocabulary.verbsKey === name).map((vocabulary) => vocabulary.protocol);
    if (withVerbs.length > 0) {
      restrict(withVerbs);
      terms.push(new FieldTerm('verb', listOf(value as OneOrMany<string>)));
      continue;
    }
    const withAttribute = protocolsWithAttribute(vocabularies, name);
    if (withAttribute.length === 0) throw new Error(`no protocol has an attribute or verbs called "${name}"`);
    restrict(withAttribute);
    for (const [key, pattern] of Object.entries(value as Record<string, PatternSettings>)) {
      terms.push(new AttributeTerm(name, attributeKey(vocabularies, name, key), new TextPattern(pattern)));
    }
  }
  return terms;
}

/** What the index can answer. It has one place per dimension: of two terms for the same, the second is asked live. */
function entryOf(terms: readonly Term[]): { entry: IndexEntry; answered: readonly (Term | undefined)[] } {
  const able = terms.filter((term) => term.indexed);
  const field = (name: PlainField) => able.find((term): term is FieldTerm => term instanceof FieldTerm && term.field === name);
  const hosts = able.find((term) => term instanceof HostTerm);
  const paths = able.find((term) => term instanceof PathTerm);
  const from = able.find((term) => term instanceof FromTerm);
  const verbs = field('verb');
  const services = field('service');
  const listeners = field('listener');
  return {
    entry: {
      hosts: hosts?.patterns, paths: paths?.patterns, verbs: verbs?.values, zones: from?.zones, services: services?.values, listeners: listeners?.values,
    },
    answered: [hosts, paths, from, verbs, services, listeners],
  };
}
