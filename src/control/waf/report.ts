// `sallyport waf report`: what the firewall found lately, by rule and by place, and which of it looks like false alarms. Records
// in, figures out; reads nothing itself.
import type { StoredRecord } from '#audit/record.ts';
import { inspectionOf, sumsUp, type RecordedInspection } from './facts.ts';

export interface PlaceFigures {
  readonly service: string;
  /** '' when it is met on so many paths that none says anything. */
  readonly path: string;
  readonly paths: number;
  readonly variable: string;
  readonly requests: number;
  readonly blocked: number;
  readonly clients: number;
  /** Of what was matched. */
  readonly sample: string;
  /** A record to look at, and to make an exclusion from. */
  readonly record: string;
}

export interface RuleFigures {
  readonly rule: number;
  readonly message: string;
  readonly requests: number;
  readonly blocked: number;
  readonly clients: number;
  readonly logOnly: boolean;
  /** Where it matches most, most first. */
  readonly places: readonly PlaceFigures[];
}

export interface RulesAtPlace extends PlaceFigures {
  readonly rules: readonly number[];
  readonly messages: readonly string[];
}

export interface FalseAlarm extends RulesAtPlace { readonly reasons: readonly string[] }

export interface WafReport {
  readonly requests: number;
  readonly blocked: number;
  readonly errors: number;
  readonly clients: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly rules: readonly RuleFigures[];
  readonly places: readonly RulesAtPlace[];
  readonly candidates: readonly FalseAlarm[];
}

/** What is kept apart; beyond it things only count as many. A scanner asks for a path a request. */
const most = { clientsOfPlace: 1000, clients: 50_000, places: 20_000, placesOfClient: 8 };
const manyClients = 5;
/** A variable that matches on more paths is told of once. */
const manyPaths = 3;
/** A client with matches at no more places is no scanner. */
const fewPlaces = 3;

class Place {
  requests = 0;
  blocked = 0;
  /** Requests in which no more than two rules found anything. */
  few = 0;
  withUser = 0;
  withCookies = 0;
  paths = 1;
  readonly clients = new Set<string>();
  readonly rules = new Map<number, number>();
  readonly service: string;
  readonly path: string;
  readonly variable: string;
  sample = '';
  record = '';
  constructor(service: string, path: string, variable: string) {
    this.service = service;
    this.path = path;
    this.variable = variable;
  }

  figures(): PlaceFigures {
    const { service, path, paths, variable, requests, blocked, clients, sample, record } = this;
    return { service, path, paths, variable, requests, blocked, clients: clients.size, sample, record };
  }

  addClient(client: string): void { if (this.clients.size < most.clientsOfPlace) this.clients.add(client); }
}

class Rule {
  requests = 0;
  blocked = 0;
  logOnly = false;
  readonly clients = new Set<string>();
  readonly places = new Map<string, Place>();
  readonly message: string;
  constructor(message: string) { this.message = message; }
}

/** Places whose variable is met on many paths are put together. */
function together(places: Iterable<Place>): Place[] {
  const byVariable = new Map<string, Place[]>();
  for (const place of places) {
    const key = `${place.service}\0${place.variable}`;
    const list = byVariable.get(key);
    if (list === undefined) byVariable.set(key, [place]);
    else list.push(place);
  }
  return [...byVariable.values()].flatMap((list) => {
    if (list.length <= manyPaths) return list;
    const all = new Place(list[0]!.service, '', list[0]!.variable);
    all.paths = list.length;
    for (const one of list) {
      all.requests += one.requests;
      all.blocked += one.blocked;
      for (const client of one.clients) all.addClient(client);
      for (const [rule, count] of one.rules) all.rules.set(rule, (all.rules.get(rule) ?? 0) + count);
      all.sample = one.sample;
      all.record = one.record;
    }
    return [all];
  }).sort((a, b) => b.requests - a.requests);
}

export class ReportBuilder {
  #requests = 0;
  #blocked = 0;
  #errors = 0;
  #firstMs = Infinity;
  #lastMs = 0;
  readonly #rules = new Map<number, Rule>();
  readonly #places = new Map<string, Place>();
  /** Where each client was noticed, by `rule place`. */
  readonly #clients = new Map<string, Set<string>>();

  add(record: StoredRecord): void {
    const inspection = inspectionOf(record);
    if (inspection === undefined) return;
    this.#requests++;
    if (inspection.blocked) this.#blocked++;
    if (inspection.error !== '') this.#errors++;
    this.#firstMs = Math.min(this.#firstMs, record.time);
    this.#lastMs = Math.max(this.#lastMs, record.time);
    const found = inspection.rules.filter(({ id }) => !sumsUp(id));
    const few = found.length + inspection.more <= 2;
    const seen = new Set<Place>();
    for (const { id, msg, values, logOnly } of found) {
      let rule = this.#rules.get(id);
      if (rule === undefined) this.#rules.set(id, rule = new Rule(msg));
      rule.requests++;
      rule.logOnly ||= logOnly;
      if (inspection.blocked) rule.blocked++;
      if (rule.clients.size < most.clientsOfPlace) rule.clients.add(record.client ?? '');
      for (const [variable, sample] of Object.entries(values)) {
        const key = `${record.service ?? ''}\0${record.path ?? ''}\0${variable}`;
        for (const places of [rule.places, this.#places]) {
          const place = placeIn(places, key, record, variable);
          if (place === undefined) continue;
          place.rules.set(id, (place.rules.get(id) ?? 0) + 1);
          if (seen.has(place)) continue;
          seen.add(place);
          count(place, record, inspection, few, sample);
        }
        this.#noticed(record.client ?? '', `${id}\0${key}`);
      }
    }
    if (found.length === 0) this.#noticed(record.client ?? '', '');
  }

  #noticed(client: string, where: string): void {
    let places = this.#clients.get(client);
    if (places === undefined) {
      if (this.#clients.size >= most.clients) return;
      this.#clients.set(client, places = new Set());
    }
    if (where !== '' && places.size < most.placesOfClient * 8) places.add(where);
  }

  report(limit: number): WafReport {
    const rules = [...this.#rules].map(([rule, { message, requests, blocked, clients, logOnly, places }]): RuleFigures => ({
      rule, message, requests, blocked, clients: clients.size, logOnly, places: together(places.values()).slice(0, 5).map((place) => place.figures()),
    })).sort((a, b) => b.requests - a.requests || a.rule - b.rule);
    const places = together(this.#places.values()).slice(0, limit).map((place) => this.#withRules(place, [...place.rules.keys()]));
    return {
      requests: this.#requests, blocked: this.#blocked, errors: this.#errors, clients: this.#clients.size, firstMs: this.#requests === 0 ? 0 : this.#firstMs, lastMs: this.#lastMs,
      rules: rules.slice(0, limit), places, candidates: this.#candidates().slice(0, limit),
    };
  }

  #withRules(place: Place, ids: readonly number[]): RulesAtPlace {
    const rules = [...ids].sort((a, b) => (place.rules.get(b) ?? 0) - (place.rules.get(a) ?? 0) || a - b);
    return { ...place.figures(), rules, messages: rules.map((id) => this.#rules.get(id)?.message ?? '') };
  }

  /**
   * An attack comes from few clients, who are noticed at many places; a false alarm meets everybody at one place, and nothing else
   * is found of them. A rule that meets most clients wherever they go says nothing of any of them.
   */
  #candidates(): FalseAlarm[] {
    const found: { candidate: FalseAlarm; weight: number }[] = [];
    const everywhere = new Map<number, Place>();
    for (const [id, { clients, places }] of this.#rules) {
      const [all] = together(places.values());
      if (all !== undefined && all.paths > manyPaths && clients.size >= manyClients && clients.size * 2 > this.#clients.size) everywhere.set(id, all);
    }
    for (const [id, all] of everywhere) {
      const reasons = [`${all.clients.size} of ${this.#clients.size} clients`, `on ${all.paths} paths`];
      found.push({ candidate: { ...this.#withRules(all, [id]), reasons }, weight: all.clients.size * 2 });
    }
    for (const place of this.#places.values()) {
      const rules = [...place.rules.keys()].filter((id) => !everywhere.has(id));
      if (rules.length === 0 || place.clients.size < 2) continue;
      const reasons: string[] = [];
      if (place.clients.size >= manyClients) reasons.push(`${place.clients.size}${place.clients.size >= most.clientsOfPlace ? ' or more' : ''} clients`);
      const quiet = [...place.clients].filter((client) => this.#quiet(client, everywhere)).length * 5 >= place.clients.size * 4;
      if (quiet) reasons.push('nothing else found of them');
      if (place.few * 2 > place.requests) reasons.push('one or two rules at a time');
      const login = place.withUser * 2 > place.requests;
      if (login) reasons.push('after login');
      else if (place.withCookies * 2 > place.requests) reasons.push('with cookies');
      if (reasons.length < 2 || !(quiet || login)) continue;
      found.push({ candidate: { ...this.#withRules(place, rules), reasons }, weight: place.clients.size * reasons.length });
    }
    return found.sort((a, b) => b.weight - a.weight).map(({ candidate }) => candidate);
  }

  #quiet(client: string, everywhere: ReadonlyMap<number, unknown>): boolean {
    const places = new Set<string>();
    for (const where of this.#clients.get(client) ?? []) {
      const end = where.indexOf('\0');
      if (!everywhere.has(Number(where.slice(0, end)))) places.add(where.slice(end));
    }
    return places.size <= fewPlaces;
  }
}

function placeIn(places: Map<string, Place>, key: string, record: StoredRecord, variable: string): Place | undefined {
  let place = places.get(key);
  if (place === undefined) {
    if (places.size >= most.places) return undefined;
    places.set(key, place = new Place(record.service ?? '', record.path ?? '', variable));
  }
  return place;
}

function count(place: Place, record: StoredRecord, inspection: RecordedInspection, few: boolean, sample: string): void {
  const headers = inspection.request?.headers;
  place.requests++;
  if (inspection.blocked) place.blocked++;
  if (few) place.few++;
  // Values of credentials are masked, that they were there is not.
  if (record.user !== undefined || has(headers, 'authorization')) place.withUser++;
  if (has(headers, 'cookie')) place.withCookies++;
  place.addClient(record.client ?? '');
  place.sample = sample;
  place.record = record.id ?? '';
}

function has(headers: Readonly<Record<string, unknown>> | undefined, field: string): boolean {
  return headers !== undefined && Object.keys(headers).some((name) => name.toLowerCase() === field);
}
