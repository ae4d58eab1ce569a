// Which route a request takes: by priority, then by how specific the route is, then by its place in the list. Compiled into
// an index, so that 1,000 routes cost what 10 do; a trace walks the same entries one by one and says why each did not fit.
// docs/protocols/http.md explains the order to users.
import type { Trace } from '#contract/decision.ts';
import type { WebInspectionSettings, WebInspector } from '#contract/web-inspection.ts';
import { CandidateIndex, HostPattern, PathPattern } from '#core/match/index.ts';
import type { CandidateTest } from '#core/match/index.ts';
import { Redirect } from './redirects.ts';
import type { RequestView } from './request-view.ts';
import { RequestRewriter } from './rewriting-request.ts';
import { ResponseRewriter } from './rewriting-response.ts';
import { compileConditions } from './route-conditions.ts';
import type { Condition } from './route-conditions.ts';
import { Affinity, RetryPlan, compileBodyLimits, compileTimeouts, usualPlan } from './route-plan.ts';
import type { BodyLimits, HttpTimeouts, UsualPlan } from './route-plan.ts';
import { defaultRouteId, routeId } from './settings-check.ts';
import type { HttpSettings, RouteSettings } from './settings.ts';
import { StaticResponse } from './static-responses.ts';
import type { LocalReply } from './static-responses.ts';
import type { RequestContext } from './variables.ts';
import { refusalOf, resolveWaf, type Refusal } from './waf-settings.ts';

/** Gives the compiled rule set of some settings. */
export type Inspectors = (settings: WebInspectionSettings) => WebInspector;

function noInspectors(): never { throw new Error('nobody compiles firewall rules here'); }

/** A compiled route: everything that handling its requests needs. */
export class Route {
  readonly id: string;
  /** Place in the configured list; its length for the route that the service's `pool` makes. */
  readonly place: number;
  readonly priority: number;
  /** Name of the pool, or '' when the route answers by itself. */
  readonly pool: string;
  readonly timeouts: HttpTimeouts;
  readonly limits: BodyLimits;
  readonly retries: RetryPlan;
  /** Upgrade tokens that may be passed on, in lower case. */
  readonly upgrades: readonly string[];
  /** Undefined: the pool has its own. */
  readonly affinity: Affinity | undefined;
  readonly request: RequestRewriter;
  readonly response: ResponseRewriter;
  /** The firewall, or undefined. */
  readonly inspector: WebInspector | undefined;
  readonly refusal: Refusal;
  readonly #answer: Redirect | StaticResponse | undefined;

  constructor(settings: HttpSettings, route: RouteSettings | undefined, place: number, usual: UsualPlan, request: RequestRewriter, response: ResponseRewriter,
    inspectors: Inspectors) {
    this.id = route === undefined ? defaultRouteId : routeId(route, place);
    this.place = place;
    this.priority = route?.priority ?? -Infinity;
    this.pool = (route === undefined ? settings.pool : route.pool) ?? '';
    this.timeouts = route?.timeouts === undefined ? usual.timeouts : compileTimeouts(settings.timeouts, route.timeouts);
    this.limits = route?.limits === undefined ? usual.limits : compileBodyLimits(settings.limits, route.limits);
    this.retries = route?.retries === undefined ? usual.retries : new RetryPlan(settings.retries, route.retries);
    this.upgrades = route?.upgrades ?? settings.upgrades;
    this.affinity = route?.affinity === undefined ? usual.affinity : new Affinity(route.affinity);
    this.request = request;
    this.response = response;
    const waf = resolveWaf(settings.waf, route?.waf);
    this.inspector = waf === undefined ? undefined : inspectors(waf);
    this.refusal = refusalOf(settings.waf, route?.waf);
    this.#answer = route?.redirect !== undefined ? new Redirect(route.redirect)
      : route?.respond !== undefined ? new StaticResponse(route.respond) : undefined;
  }

  /** The redirect or fixed response of a route without a pool; undefined when the request is to be forwarded. */
  reply(context: RequestContext): LocalReply | undefined {
    return this.#answer?.reply(context);
  }

  /** Why an upgrade of these tokens is not passed on. */
  upgradeLeftOut(tokens: string): string {
    return `upgrade to ${tokens.slice(0, 100)} not passed on: route ${this.id} permits ${this.upgrades.length === 0 ? 'none' : this.upgrades.join(', ')} (upgrades)`;
  }

  /** The first of the client's upgrade tokens (lower case, separated by commas) that the route permits, or ''. */
  acceptedUpgrade(tokens: string): string {
    if (this.upgrades.length === 0) return '';
    for (const token of tokens.split(',')) if (this.upgrades.includes(token.trim())) return token.trim();
    return '';
  }
}

/** One host and one path of a route: what is sorted and searched. */
interface Entry {
  readonly route: Route;
  readonly host: HostPattern | undefined;
  readonly path: PathPattern | undefined;
  readonly methods: readonly string[];
  readonly zones: readonly string[];
  readonly conditions: readonly Condition[];
  readonly conditionCount: number;
  /** For explanations: the id, with host and path when the route has several. */
  readonly label: string;
}

const noStrings: readonly string[] = [];

export class RouteTable implements CandidateTest {
  /** In the order of the list; the one that the service's `pool` makes comes last. */
  readonly routes: readonly Route[];
  readonly #entries: readonly Entry[];
  readonly #index: CandidateIndex;
  /** Conditions by entry, beside the entries: the hot path reads this alone. */
  readonly #conditions: readonly (readonly Condition[])[];
  #view: RequestView | undefined = undefined;

  constructor(routes: readonly Route[], entries: readonly Entry[]) {
    this.routes = routes;
    this.#entries = entries;
    this.#conditions = entries.map((entry) => entry.conditions);
    this.#index = new CandidateIndex(entries.map((entry) => ({
      hosts: entry.host === undefined ? [] : [entry.host],
      paths: entry.path === undefined ? [] : [entry.path],
      verbs: entry.methods,
      zones: entry.zones,
    })));
  }

  /** The route of a request, or undefined. `zones`: every zone of the client. With a trace, says of each route why or why not. */
  find(view: RequestView, zones: readonly string[], trace?: Trace): Route | undefined {
    this.#view = view;
    const index = this.#index.first(view.head.host, view.head.path, view.head.method, zones, this);
    if (trace !== undefined) this.#explain(view, zones, index, trace);
    return index < 0 ? undefined : (this.#entries[index] as Entry).route;
  }

  /** For the index: the conditions that it does not know. */
  test(index: number): boolean {
    const conditions = this.#conditions[index] as readonly Condition[];
    for (let i = 0; i < conditions.length; i++) {
      if (!(conditions[i] as Condition).test(this.#view as RequestView)) return false;
    }
    return true;
  }

  /** The same search without the index, one entry after the other. For tests and explanations. */
  findByWalking(view: RequestView, zones: readonly string[]): Route | undefined {
    return this.#entries.find((entry) => reasonAgainst(entry, view, zones) === undefined)?.route;
  }

  #explain(view: RequestView, zones: readonly string[], chosen: number, trace: Trace): void {
    for (let i = 0; i < this.#entries.length; i++) {
      const entry = this.#entries[i] as Entry;
      const reason = reasonAgainst(entry, view, zones);
      if (reason === undefined) {
        if (i !== chosen) throw new Error(`route index and route list differ on ${entry.label}`);
        trace.step('route', entry.label, 'chosen', destination(entry.route));
        const left = this.#entries.length - i - 1;
        if (left > 0) trace.step('route', `${left} more`, 'skipped', 'come after the route that was chosen');
        return;
      }
      trace.step('route', entry.label, 'no-match', reason);
    }
    if (chosen >= 0) throw new Error('route index and route list differ');
    trace.step('route', '', 'no-match', 'no route fits the request');
  }
}

/** Why an entry does not fit, or undefined when it does. */
function reasonAgainst(entry: Entry, view: RequestView, zones: readonly string[]): string | undefined {
  if (entry.host !== undefined && !entry.host.matches(view.host)) return `host ${view.host || '(none)'} is not ${entry.host.text}`;
  if (entry.path !== undefined && !entry.path.matches(view.path)) return `path ${view.path} is not ${entry.path.text}`;
  if (entry.methods.length > 0 && !entry.methods.includes(view.method)) return `method ${view.method} is not ${entry.methods.join(' or ')}`;
  if (entry.zones.length > 0 && !entry.zones.some((zone) => zones.includes(zone))) {
    return `client is in ${zones.length === 0 ? 'no zone' : zones.join(', ')}, not in ${entry.zones.join(' or ')}`;
  }
  return entry.conditions.find((condition) => !condition.test(view))?.explain(view);
}

function destination(route: Route): string {
  return route.pool === '' ? 'answered by the gateway' : `to pool ${route.pool}`;
}

function entriesOf(route: Route, settings: RouteSettings | undefined): Entry[] {
  const match = settings?.match ?? {};
  const hosts = match.host?.map((text) => new HostPattern(text)) ?? [undefined];
  const paths = match.path?.map((text) => new PathPattern(text)) ?? [undefined];
  const methods = match.methods ?? noStrings;
  const zones = match.from ?? noStrings;
  const conditions = compileConditions(match);
  const conditionCount = conditions.length + (methods.length > 0 ? 1 : 0) + (zones.length > 0 ? 1 : 0);
  const several = hosts.length * paths.length > 1;
  return hosts.flatMap((host) => paths.map((path): Entry => {
    const what = [host === undefined ? '' : `host ${host.text}`, path === undefined ? '' : `path ${path.text}`].filter((text) => text !== '').join(', ');
    return { route, host, path, methods, zones, conditions, conditionCount, label: several ? `${route.id} (${what})` : route.id };
  }));
}

/** Before zero: `a` is tried first. */
function compareEntries(a: Entry, b: Entry): number {
  if (a.route.priority !== b.route.priority) return b.route.priority - a.route.priority;
  return (b.host?.specificity ?? 0) - (a.host?.specificity ?? 0)
    || (b.path?.specificity ?? 0) - (a.path?.specificity ?? 0)
    || b.conditionCount - a.conditionCount
    || a.route.place - b.route.place;
}

/** Settings must have passed checkHttpSettings. `product` stands in messages only. */
export function compileRoutes(settings: HttpSettings, inspectors: Inspectors = noInspectors): RouteTable {
  // Routes without rewrites of their own share one program.
  const request = new RequestRewriter(settings, settings.rewrite?.request);
  const response = new ResponseRewriter(settings, settings.rewrite);
  const usual = usualPlan(settings);
  const routes: Route[] = [];
  const entries: Entry[] = [];
  const place = settings.routes.length;
  for (const [index, one] of settings.routes.entries()) {
    const own = one.rewrite !== undefined;
    const route = new Route(settings, one, index, usual, own ? new RequestRewriter(settings, one.rewrite?.request) : request,
      own ? new ResponseRewriter(settings, one.rewrite) : response, inspectors);
    routes.push(route);
    entries.push(...entriesOf(route, one));
  }
  if (settings.pool !== undefined) {
    const route = new Route(settings, undefined, place, usual, request, response, inspectors);
    routes.push(route);
    entries.push(...entriesOf(route, undefined));
  }
  return new RouteTable(routes, entries.sort(compareEntries));
}
