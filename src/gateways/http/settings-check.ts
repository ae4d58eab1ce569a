// What is wrong with the settings of an HTTP service beyond what its schema can see: routes without a destination, bad
// patterns, unknown variables, headers that rewrites must leave alone. Gives every problem with its place and a hint.
import type { SettingsProblem } from '#contract/gateway.ts';
import { hostPatternProblem, pathPatternProblem } from '#core/match/index.ts';
import { compileTemplate, Template } from './variables.ts';
import type { TemplateOptions } from './variables.ts';
import { compilePattern } from './settings-rewrite.ts';
import type { HeaderRewriteSettings, RewriteSettings } from './settings-rewrite.ts';
import type { HttpSettings, MatchSettings, RouteSettings } from './settings.ts';
import { checkWaf, resolveWaf } from './waf-settings.ts';
import type { WebInspectionSettings } from '#contract/web-inspection.ts';

type Place = readonly (string | number)[];

class Problems {
  readonly list: SettingsProblem[] = [];

  add(path: Place, message: string, hint: string): void { this.list.push({ path, message, hint }); }

  template(path: Place, text: string | undefined, options: TemplateOptions = {}): void {
    if (text === undefined) return;
    const template = compileTemplate(text, options);
    if (!(template instanceof Template)) this.add(path, template.message, template.hint);
  }
}

/** Headers that the gateway makes itself from what it understood: a rewrite of these could split or confuse messages. */
export const ownHeaders: Readonly<Record<string, string>> = {
  'host': 'use rewrite.request.host',
  'content-length': 'the gateway writes it from the body that it forwards',
  'transfer-encoding': 'the gateway writes it from the body that it forwards',
  'connection': 'it is about one connection, and the gateway writes its own',
  'keep-alive': 'it is about one connection',
  'proxy-connection': 'it is about one connection',
  'upgrade': 'list the protocols in `upgrades`',
  'te': 'it is about one connection',
  'trailer': 'it announces what the body really brings',
  'http2-settings': 'it is about one connection',
  'expect': 'the gateway handles 100-continue',
};

/** Headers that are written anew in any case, so that a pattern over what the client sent would never show. */
const regenerated = new Set(['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded']);

export function checkHttpSettings(settings: HttpSettings): SettingsProblem[] {
  const problems = new Problems();
  if (settings.pool === undefined && settings.routes.length === 0) {
    problems.add([], 'the service leads nowhere: it has neither `pool` nor `routes`', 'give `pool: NAME` to forward everything there, or a list of `routes`');
  }
  const ids = new Map<string, number>();
  settings.routes.forEach((route, index) => {
    const id = routeId(route, index);
    const earlier = ids.get(id);
    if (earlier !== undefined) {
      problems.add(['routes', index, 'id'], `the id "${id}" belongs to route ${earlier + 1} of the list already`, 'ids of the routes of one service differ');
    }
    ids.set(id, index);
    checkRoute(route, ['routes', index], problems);
  });
  if (ids.has(defaultRouteId) && settings.pool !== undefined) {
    problems.add(['routes', ids.get(defaultRouteId) as number, 'id'], `"${defaultRouteId}" names the route that \`pool\` makes`, 'choose another id');
  }
  if (settings.rewrite !== undefined) checkRewrite(settings.rewrite, ['rewrite'], problems);
  if (settings.server !== 'pass' && settings.server !== 'remove') problems.template(['server'], settings.server, { without: ['server'] });
  if (settings.requestId !== 'off' && ownHeaders[settings.requestId.toLowerCase()] !== undefined) {
    problems.add(['requestId'], `${settings.requestId} has a meaning of its own`, 'the usual name is X-Request-ID');
  }
  settings.forwarded.spoofable.forEach((name, index) => {
    if (ownHeaders[name.toLowerCase()] !== undefined) problems.add(['forwarded', 'spoofable', index], `${name} cannot be removed`, 'the gateway handles it by itself');
  });
  return [...problems.list, ...checkWaf(settings.waf, settings.routes.map((route) => route.waf))];
}

/** Id of the route that the service's `pool` makes. */
export const defaultRouteId = 'default';

/** The id of a route: its own, or by its place in the list, counted from one. */
export function routeId(route: RouteSettings, index: number): string {
  return route.id ?? `route-${index + 1}`;
}

function checkRoute(route: RouteSettings, path: Place, problems: Problems): void {
  const given = (['pool', 'redirect', 'respond'] as const).filter((key) => route[key] !== undefined);
  if (given.length === 0) problems.add(path, 'the route leads nowhere', 'give it one of pool, redirect and respond');
  if (given.length > 1) problems.add([...path, given[1] as string], `the route leads to ${given.join(' and ')}`, 'a route has exactly one of pool, redirect and respond');
  checkMatch(route.match, [...path, 'match'], problems);
  if (route.redirect !== undefined) {
    problems.template([...path, 'redirect', 'host'], route.redirect.host, { without: ['server'] });
    problems.template([...path, 'redirect', 'path'], route.redirect.path, { without: ['server'] });
  }
  if (route.respond !== undefined) {
    problems.template([...path, 'respond', 'contentType'], route.respond.contentType, { without: ['server'] });
    for (const [name, text] of Object.entries(route.respond.headers ?? {})) {
      checkName(name, [...path, 'respond', 'headers', name], problems);
      problems.template([...path, 'respond', 'headers', name], text, { without: ['server'] });
    }
    if ((route.respond.status === 204 || route.respond.status === 304) && route.respond.body !== '') {
      problems.add([...path, 'respond', 'body'], `a response with status ${route.respond.status} has no body (RFC 9110 section 15)`, 'leave `body` out, or use 200');
    }
  }
  if (route.rewrite !== undefined) checkRewrite(route.rewrite, [...path, 'rewrite'], problems);
}

function checkMatch(match: MatchSettings, path: Place, problems: Problems): void {
  match.host?.forEach((text, index) => {
    const message = hostPatternProblem(text);
    if (message !== undefined) problems.add([...path, 'host', index], `"${text}": ${message}`, 'for example shop.example, *.shop.example or 10.0.0.1');
  });
  match.path?.forEach((text, index) => {
    const place = [...path, 'path', index];
    const message = pathPatternProblem(text);
    if (message !== undefined) problems.add(place, `"${text}": ${message}`, 'for example /login, /api/** or /users/*/photo');
    else if (!text.startsWith('/') && text !== '**' && text !== '*') problems.add(place, `"${text}" does not begin with a slash`, `write /${text}`);
    else if (/[?#]/.test(text)) problems.add(place, `"${text}" has a query`, 'conditions on the query are written as `query: { name: value }`');
    // oxlint-disable-next-line no-control-regex -- ASCII and everything else
    else if (/[^\u0021-\u007e]/.test(text)) problems.add(place, `"${text}" has characters that stand percent-encoded in a path`, `write ${encodeURI(text)}`);
  });
}

function checkName(name: string, path: Place, problems: Problems): void {
  const why = ownHeaders[name.toLowerCase()];
  if (why !== undefined) problems.add(path, `${name} cannot be rewritten`, why);
}

function checkHeaders(headers: HeaderRewriteSettings, path: Place, problems: Problems): void {
  for (const kind of ['set', 'add'] as const) {
    for (const [name, text] of Object.entries(headers[kind] ?? {})) {
      checkName(name, [...path, kind, name], problems);
      problems.template([...path, kind, name], text);
    }
  }
  headers.remove?.forEach((name, index) => { checkName(name, [...path, 'remove', index], problems); });
  headers.replace?.forEach((entry, index) => {
    const place = [...path, 'replace', index];
    checkName(entry.name, [...place, 'name'], problems);
    if (regenerated.has(entry.name.toLowerCase())) problems.add([...place, 'name'], `${entry.name} is written anew by the gateway`, 'use `set` to send something else');
    problems.template([...place, 'with'], entry.with, { pattern: compilePattern(entry.pattern, '') });
  });
}

function checkRewrite(rewrite: RewriteSettings, path: Place, problems: Problems): void {
  const { request, response } = rewrite;
  if (request?.headers !== undefined) checkHeaders(request.headers, [...path, 'request', 'headers'], problems);
  if (request !== undefined) problems.template([...path, 'request', 'host'], request.host);
  if (request?.path !== undefined) {
    const place = [...path, 'request', 'path'];
    if ('to' in request.path) {
      problems.template([...place, 'to'], request.path.to, { pattern: compilePattern(request.path.from, '') });
      if (/[\s#]/.test(request.path.to)) problems.add([...place, 'to'], 'a path has neither spaces nor #', 'write them percent-encoded: %20, %23');
    }
    else if (request.path.stripPrefix === undefined && request.path.addPrefix === undefined) {
      problems.add(place, 'nothing to change', 'give `from` and `to`, or `stripPrefix`, or `addPrefix`');
    }
  }
  for (const [name, text] of Object.entries(request?.query?.set ?? {})) problems.template([...path, 'request', 'query', 'set', name], text);
  if (response?.headers !== undefined) checkHeaders(response.headers, [...path, 'response', 'headers'], problems);
  if (typeof response?.location === 'object') {
    problems.template([...path, 'response', 'location', 'to'], response.location.to, { pattern: compilePattern(response.location.from, '') });
  }
}

/** Every pool that the settings name, with its place. */
export function poolReferences(settings: HttpSettings): { path: Place; pool: string }[] {
  const references: { path: Place; pool: string }[] = [];
  if (settings.pool !== undefined) references.push({ path: ['pool'], pool: settings.pool });
  settings.routes.forEach((route, index) => {
    if (route.pool !== undefined) references.push({ path: ['routes', index, 'pool'], pool: route.pool });
  });
  return references;
}

/** Every distinct set of firewall settings that the routes come to, with a place where it is written. */
export function webInspections(settings: HttpSettings): { path: Place; settings: WebInspectionSettings }[] {
  const found: { path: Place; settings: WebInspectionSettings }[] = [];
  const own = resolveWaf(settings.waf, undefined);
  const inherits = settings.pool !== undefined || settings.routes.some((route) => route.waf === undefined);
  if (own !== undefined && inherits) found.push({ path: ['waf'], settings: own });
  settings.routes.forEach((route, index) => {
    const waf = route.waf === undefined ? undefined : resolveWaf(settings.waf, route.waf);
    if (waf !== undefined) found.push({ path: ['routes', index, 'waf'], settings: waf });
  });
  return found;
}
