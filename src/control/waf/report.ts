// `sallyport waf report`: what the firewall found lately, by rule and by place, and which of it looks like false alarms. Records
// in, figures out; reads nothing itself.
import type { StoredRecord } from '#audit/record.ts';
import { inspectionOf, sumsUp } from './facts.ts';

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

export interface PlaceFigures {
  readonly service: string;
  readonly path: string;
  readonly variable: string;
  readonly requests: number;
  readonly blocked: number;
  readonly clients: number;
  /** Of what was matched. */
  readonly sample: string;
  /** A record to look at, and to make an exclusion from. */
  readonly record: string;
}

export interface FalseAlarm extends PlaceFigures {
  readonly rule: number;
  readonly message: string;
  readonly reasons: readonly string[];
}

export interface WafReport {
  readonly requests: number;
  readonly blocked: number;
  readonly errors: number;
  readonly rules: readonly RuleFigures[];
  readonly candidates: readonly FalseAlarm[];
}

/** Clients of one place that are kept apart; beyond it they only count as many. */
const maxClients = 1000;
/** Places of one rule that are kept apart: a scanner asks for a path a request. */
const maxPlaces = 5000;
const manyClients = 5;

class Place {
  requests = 0;
  blocked = 0;
  /** Requests in which no more than two rules found anything. */
  few = 0;
  withUser = 0;
  readonly clients = new Set<string>();
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
    const { service, path, variable, requests, blocked, clients, sample, record } = this;
    return { service, path, variable, requests, blocked, clients: clients.size, sample, record };
  }
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

export class ReportBuilder {
  #requests = 0;
  #blocked = 0;
  #errors = 0;
  readonly #rules = new Map<number, Rule>();

  add(record: StoredRecord): void {
    const inspection = inspectionOf(record);
    if (inspection === undefined) return;
    this.#requests++;
    if (inspection.blocked) this.#blocked++;
    if (inspection.error !== '') this.#errors++;
    const found = inspection.rules.filter(({ id }) => !sumsUp(id));
    for (const { id, msg, values, logOnly } of found) {
      let rule = this.#rules.get(id);
      if (rule === undefined) this.#rules.set(id, rule = new Rule(msg));
      rule.requests++;
      rule.logOnly ||= logOnly;
      if (inspection.blocked) rule.blocked++;
      if (rule.clients.size < maxClients) rule.clients.add(record.client ?? '');
      for (const [variable, sample] of Object.entries(values)) {
        const key = `${record.service ?? ''}\0${record.path ?? ''}\0${variable}`;
        let place = rule.places.get(key);
        if (place === undefined) {
          if (rule.places.size >= maxPlaces) continue;
          rule.places.set(key, place = new Place(record.service ?? '', record.path ?? '', variable));
        }
        place.requests++;
        if (inspection.blocked) place.blocked++;
        if (found.length + inspection.more <= 2) place.few++;
        if (record.user !== undefined || loggedIn(inspection.request?.headers)) place.withUser++;
        if (place.clients.size < maxClients) place.clients.add(record.client ?? '');
        place.sample = sample;
        place.record = record.id ?? '';
      }
    }
  }

  report(limit: number): WafReport {
    const rules = [...this.#rules].map(([rule, { message, requests, blocked, clients, logOnly, places }]): RuleFigures => ({
      rule, message, requests, blocked, clients: clients.size, logOnly,
      places: [...places.values()].sort((a, b) => b.requests - a.requests).slice(0, 5).map((place) => place.figures()),
    })).sort((a, b) => b.requests - a.requests);
    return { requests: this.#requests, blocked: this.#blocked, errors: this.#errors, rules: rules.slice(0, limit), candidates: this.#candidates().slice(0, limit) };
  }

  /** An attack comes from few clients and trips many rules; a false alarm meets everybody at one place, one rule at a time. */
  #candidates(): FalseAlarm[] {
    const found: { candidate: FalseAlarm; weight: number }[] = [];
    for (const [rule, { message, places }] of this.#rules) {
      for (const place of places.values()) {
        const reasons: string[] = [];
        if (place.clients.size >= manyClients) reasons.push(`${place.clients.size}${place.clients.size >= maxClients ? ' or more' : ''} clients`);
        if (place.few * 2 > place.requests) reasons.push('one or two rules at a time');
        if (place.withUser * 2 > place.requests) reasons.push('after login');
        if (place.clients.size < 2 || reasons.length < 2) continue;
        found.push({ candidate: { rule, message, reasons, ...place.figures() }, weight: place.clients.size * reasons.length });
      }
    }
    return found.sort((a, b) => b.weight - a.weight).map(({ candidate }) => candidate);
  }
}

/** Credentials were sent: their values are masked, that they were there is not. */
function loggedIn(headers: Readonly<Record<string, unknown>> | undefined): boolean {
  return headers !== undefined && Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
}
