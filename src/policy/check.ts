// References that rules and limits make to other sections of the configuration: zones, services, listeners, protocols.
// Run after the schemas have accepted each section; answers with all problems at once. Paths are relative to the section.
import type { SettingsProblem } from '#contract/gateway.ts';
import { parseNetwork } from '#core/network.ts';
import { anyZone, listOf } from './settings.ts';
import type { ConditionSettings, ExceptionSettings, OneOrMany, RuleSettings } from './settings.ts';
import type { LimitsSettings } from './limits/settings.ts';

/** Names that exist. */
export interface KnownNames {
  readonly zones: readonly string[];
  readonly services: readonly string[];
  readonly listeners: readonly string[];
  readonly protocols: readonly string[];
}

type Path = readonly (string | number)[];

/** Every source in `from` with its place. */
function sourcesOf(settings: ConditionSettings): { path: Path; source: string }[] {
  const listed = (value: OneOrMany<string> | undefined, path: Path): { path: Path; source: string }[] =>
    listOf<string>(value).map((source, index) => ({ path: Array.isArray(value) ? [...path, index] : path, source }));
  const exceptions = listOf<ExceptionSettings>(settings.unless);
  return [
    ...listed(settings.from, ['from']),
    ...exceptions.flatMap((exception, index) => listed(exception.from, Array.isArray(settings.unless) ? ['unless', index, 'from'] : ['unless', 'from'])),
  ];
}

/** Zones that a rule or limit names and that are not among those known. */
export function unknownZones(settings: ConditionSettings, zones: { has(name: string): boolean }): string[] {
  return sourcesOf(settings).map((one) => one.source).filter((source) => parseNetwork(source) === undefined && !zones.has(source));
}

function nearest(name: string, known: readonly string[]): string {
  const start = name.slice(0, 3).toLowerCase();
  const near = known.find((one) => one.toLowerCase() === name.toLowerCase()) ?? known.find((one) => one.toLowerCase().startsWith(start));
  if (near !== undefined) return `did you mean "${near}"?`;
  return known.length === 0 ? 'none is declared' : `declared: ${known.slice(0, 8).join(', ')}${known.length > 8 ? ', ...' : ''}`;
}

function problemsIn(settings: ConditionSettings, base: Path, known: KnownNames): SettingsProblem[] {
  const problems: SettingsProblem[] = [];
  const demand = (value: OneOrMany<string> | undefined, field: string, names: readonly string[]): void => {
    listOf<string>(value).forEach((name, index) => {
      if (names.includes(name)) return;
      problems.push({ path: [...base, field, ...Array.isArray(value) ? [index] : []], message: `there is no ${field} "${name}"`, hint: nearest(name, names) });
    });
  };
  demand(settings.service, 'service', known.services);
  demand(settings.listener, 'listener', known.listeners);
  demand(settings.protocol, 'protocol', known.protocols);
  const zones = [...known.zones, anyZone];
  for (const { path, source } of sourcesOf(settings)) {
    if (parseNetwork(source) !== undefined || zones.includes(source)) continue;
    problems.push({ path: [...base, ...path], message: `there is no zone "${source}"`, hint: nearest(source, zones) });
  }
  return problems;
}

export function checkRules(rules: readonly RuleSettings[], known: KnownNames): SettingsProblem[] {
  return rules.flatMap((rule, index) => problemsIn(rule, [index], known));
}

export function checkLimits(limits: LimitsSettings, known: KnownNames): SettingsProblem[] {
  return Object.entries(limits).flatMap(([name, limit]) => problemsIn(limit, [name], known));
}
