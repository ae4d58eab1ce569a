// Routes that no request can take, because another one always comes first; and the zones that routes speak of. Says only
// what is certain. Does not route (routing.ts).
import type { SettingsProblem } from '#contract/gateway.ts';
import { routeId } from './settings-check.ts';
import type { HttpSettings, RouteSettings } from './settings.ts';

/** Every zone that routes name, with its place. */
export function zoneReferences(settings: HttpSettings): { path: readonly (string | number)[]; zone: string }[] {
  return settings.routes.flatMap((route, index) =>
    (route.match.from ?? []).map((zone, place) => ({ path: ['routes', index, 'match', 'from', place], zone })));
}

function fitsAll(route: RouteSettings): boolean {
  return Object.values(route.match).every((condition) => condition === undefined);
}

/** Warnings, at the route that is never taken. */
export function unreachableRoutes(settings: HttpSettings): SettingsProblem[] {
  const problems: SettingsProblem[] = [];
  const warn = (path: (string | number)[], earlier: number, why: string): void => {
    const id = routeId(settings.routes[earlier]!, earlier);
    problems.push({ path, message: `no request takes this route: route "${id}" ${why}`, hint: 'remove one of the two, or change what they match', severity: 'warning' });
  };
  const catchAlls = settings.routes.flatMap((route, index) => fitsAll(route) ? [{ index, priority: route.priority }] : []);
  const highest = catchAlls.reduce<typeof catchAlls[number] | undefined>((best, one) => best === undefined || one.priority > best.priority ? one : best, undefined);
  const known = new Map<string, number>();
  settings.routes.forEach((route, index) => {
    const conditions = JSON.stringify([route.priority, route.match], (_, value: unknown) => value instanceof RegExp ? String(value) : value);
    const same = known.get(conditions);
    if (same !== undefined) warn(['routes', index], same, 'matches the same, and comes first');
    else if (highest !== undefined && route.priority < highest.priority) warn(['routes', index], highest.index, 'fits every request, and has a higher priority');
    known.set(conditions, same ?? index);
  });
  if (settings.pool !== undefined && highest !== undefined) warn(['pool'], highest.index, 'fits every request, so that none is left for this pool');
  return problems;
}
