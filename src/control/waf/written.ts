// Exclusions as they are written in a configuration document: where each stands, adding some, taking some away, and which of
// them a recorded request has to do with. Pure: documents in, documents and places out.
import type { StoredRecord } from '#audit/record.ts';
import { inspectionOf, sumsUp } from './facts.ts';

type Plain = Record<string, unknown>;

export interface WrittenExclusion {
  /** Position in the list of all exclusions, from 1. */
  readonly number: number;
  readonly service: string;
  /** Id of the route when it is the route's own; '' for the service's. */
  readonly route: string;
  /** The map that has the list: `services`, name, `waf`, or with `routes`, index. */
  readonly path: readonly (string | number)[];
  /** Position in its list, from 0. */
  readonly index: number;
  readonly exclusion: Plain;
}

export const listKey = 'exclusions';

function isPlain(value: unknown): value is Plain { return typeof value === 'object' && value !== null && !Array.isArray(value); }
function listOf(value: unknown): unknown[] { return Array.isArray(value) ? value as unknown[] : []; }
function routeId(route: unknown, index: number): unknown { return isPlain(route) ? route['id'] ?? `route-${index + 1}` : undefined; }

/** The map of firewall settings that holds for a route: its own, or that of its service. Undefined: neither is written out. */
export function wafPlace(service: unknown, route: string): readonly (string | number)[] | undefined {
  if (!isPlain(service)) return undefined;
  const routes = listOf(service['routes']);
  const at = routes.findIndex((one, index) => routeId(one, index) === route);
  const own = routes[at];
  if (isPlain(own) && isPlain(own['waf'])) return ['routes', at, 'waf'];
  return isPlain(service['waf']) ? ['waf'] : undefined;
}

/** A copy of the service with another list of exclusions in one of its maps. */
function withList(service: Plain, place: readonly (string | number)[], change: (list: unknown[]) => unknown[]): Plain {
  const changed = (waf: unknown): Plain => ({ ...waf as Plain, [listKey]: change(listOf((waf as Plain)[listKey])) });
  if (place.length === 1) return { ...service, waf: changed(service['waf']) };
  const at = Number(place[1]);
  const routes = listOf(service['routes']);
  const route = routes[at] as Plain;
  return { ...service, routes: routes.with(at, { ...route, waf: changed(route['waf']) }) };
}

export function withEntries(service: unknown, place: readonly (string | number)[], entries: readonly object[]): Plain {
  return withList(service as Plain, place, (list) => [...list, ...entries]);
}

export function writtenExclusions(document: Plain): WrittenExclusion[] {
  const found: WrittenExclusion[] = [];
  const add = (waf: unknown, service: string, route: string, path: (string | number)[]): void => {
    if (!isPlain(waf)) return;
    listOf(waf[listKey]).forEach((exclusion, index) => {
      if (isPlain(exclusion)) found.push({ number: found.length + 1, service, route, path, index, exclusion });
    });
  };
  for (const [name, service] of Object.entries(isPlain(document['services']) ? document['services'] : {})) {
    if (!isPlain(service)) continue;
    add(service['waf'], name, '', ['services', name, 'waf']);
    listOf(service['routes']).forEach((route, index) => {
      if (isPlain(route)) add(route['waf'], name, String(routeId(route, index)), ['services', name, 'routes', index, 'waf']);
    });
  }
  return found;
}

/** All of them must be of the same map. */
export function withoutEntries(service: unknown, written: readonly WrittenExclusion[]): Plain {
  const [first] = written;
  const gone = new Set(written.map(({ index }) => index));
  return withList(service as Plain, first!.path.slice(2), (list) => list.filter((_, index) => !gone.has(index)));
}

function namesRule(written: unknown, id: number): boolean {
  return (Array.isArray(written) ? written : [written]).some((one) => {
    const [from = 0, to = from] = String(one).split('-').map(Number);
    return id >= from && id <= to;
  });
}

/** Those that were made for what a record shows: the same path, one of its rules, one of the variables that it matched. */
export function exclusionsFor(record: StoredRecord, all: readonly WrittenExclusion[]): WrittenExclusion[] {
  const rules = inspectionOf(record)?.rules.filter(({ id }) => !sumsUp(id)) ?? [];
  const fitting = all.filter(({ service, route, exclusion: { rule, target, path } }) => service === record.service && (route === '' || route === record.route)
    && path === record.path && rules.some(({ id, values }) => namesRule(rule, id)
      && (target === undefined || Object.keys(values).some((variable) => (Array.isArray(target) ? target : [target]).includes(variable)))));
  const [first] = fitting;
  // One map at a time: what a route has of its own goes first.
  const place = (fitting.find(({ route }) => route !== '') ?? first)?.path.join('.');
  return fitting.filter(({ path }) => path.join('.') === place);
}
