// Reads and compiles the firewall rules of a configuration once, in the supervisor: every fault comes out before a worker hears
// of it, and workers get the texts and never touch the files (they may have given up the right to). What is unchanged on disk
// is not read again.
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { GatewayManifest } from '#contract/gateway.ts';
import { webInspectionKey, type WebInspectionSettings } from '#contract/web-inspection.ts';
import { compileInspector, type EngineInspector } from '#inspection/web/inspector.ts';
import { RecordingSource, rulePartsOf, type InspectionPlan, type RuleSetPlan } from '#inspection/web/rule-files.ts';
import { formatFault } from '#inspection/waf/index.ts';
import type { RulePart } from '#inspection/waf/index.ts';
import { diskSource, findRules, geoPath, type RulePlaces } from '#runtime/rule-files.ts';
import type { Configuration } from '../configuration/schema.ts';

export interface WafFinding {
  readonly path: readonly (string | number)[];
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

/** A rule set that was read and compiled here. */
export interface PreparedRules {
  readonly plan: RuleSetPlan;
  readonly source: RecordingSource;
  readonly inspector: EngineInspector;
  readonly warnings: readonly string[];
}

/** One more text behind everything, for drafts. */
export interface Draft { readonly name: string; readonly text: string }

interface Known { readonly prepared: PreparedRules; readonly stamps: ReadonlyMap<string, string> }

const maxKnown = 32;
const known = new Map<string, Known>();
const maxFaults = 20;

export class RuleFaults extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(`firewall rules: ${faults.slice(0, maxFaults).join('\n')}`);
    this.faults = faults;
  }
}

function stampOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch { return ''; }
}

function isFresh({ prepared, stamps }: Known): boolean {
  for (const [path, stamp] of stamps) if (stampOf(path) !== stamp) return false;
  for (const [pattern, found] of Object.entries(prepared.source.globs)) if (diskSource.glob(pattern).join('\n') !== found.join('\n')) return false;
  return true;
}

/** @throws RuleFaults, or Error when a rule set is not there. */
export function prepareRules(settings: WebInspectionSettings, places: RulePlaces, draft?: Draft): PreparedRules {
  const found = findRules(settings, places);
  const parts: RulePart[] = [...rulePartsOf(settings, found), ...(draft === undefined ? [] : [draft])];
  const geo = geoPath(settings, places);
  const key = JSON.stringify([settings, parts, geo]);
  const before = known.get(key);
  if (before !== undefined && isFresh(before)) return before.prepared;
  const source = new RecordingSource(diskSource);
  // Patterns that match nothing (no plugins) are no fault here; a file that is named is.
  const expanded = parts.flatMap((part) => 'file' in part && /[*?[]/.test(part.file) ? source.glob(part.file).map((file): RulePart => ({ file })) : [part]);
  const compiled = compileInspector(settings, expanded, geo, source, () => performance.now());
  if (!compiled.ok) throw new RuleFaults(compiled.errors.map(formatFault));
  const hash = createHash('sha256').update(JSON.stringify([settings, expanded]));
  for (const path of Object.keys(source.texts).sort()) hash.update(`\0${path}\0`).update(source.texts[path]!, 'latin1');
  for (const path of Object.keys(source.databases).sort()) hash.update(`\0${path}\0`).update(source.databases[path]!);
  const prepared: PreparedRules = {
    plan: { settings, parts: expanded, geo, hash: hash.digest('hex') }, source, inspector: compiled.inspector, warnings: compiled.warnings.map(formatFault),
  };
  if (known.size >= maxKnown) known.delete(known.keys().next().value!);
  known.set(key, { prepared, stamps: new Map([...Object.keys(source.texts), ...Object.keys(source.databases)].map((path) => [path, stampOf(path)])) });
  return prepared;
}

/** Every set of firewall settings of a configuration with the place of the first service or route that has it. */
export function inspectionsOf(configuration: Pick<Configuration, 'services'>, manifests: readonly GatewayManifest[]) {
  const found = new Map<string, { path: readonly (string | number)[]; settings: WebInspectionSettings }>();
  for (const [name, service] of Object.entries(configuration.services)) {
    const manifest = manifests.find(({ protocol }) => protocol === service.protocol);
    for (const { path, settings } of manifest?.webInspections?.(service.settings) ?? []) {
      const key = webInspectionKey(settings);
      if (!found.has(key)) found.set(key, { path: ['services', name, ...path], settings });
    }
  }
  return found;
}

/** What is wrong with the rules, each with the place in the configuration that asked for them. */
export function wafFindings(configuration: Pick<Configuration, 'services'>, places: RulePlaces, manifests: readonly GatewayManifest[]): WafFinding[] {
  const findings: WafFinding[] = [];
  for (const { path, settings } of inspectionsOf(configuration, manifests).values()) {
    // The schema has said already that no rules are named.
    if (settings.ruleset.length === 0) continue;
    try {
      for (const message of new Set(prepareRules(settings, places).warnings)) findings.push({ path, severity: 'warning', message });
    } catch (error) {
      const faults = error instanceof RuleFaults ? error.faults : [(error as Error).message];
      for (const message of faults.slice(0, maxFaults)) findings.push({ path, severity: 'error', message });
      if (faults.length > maxFaults) findings.push({ path, severity: 'error', message: `${faults.length - maxFaults} more faults in the rules` });
    }
  }
  return findings;
}

/** What workers need. @throws Error with every fault: nothing is applied. */
export function inspectionPlanOf(configuration: Pick<Configuration, 'services'>, places: RulePlaces, manifests: readonly GatewayManifest[]): InspectionPlan | undefined {
  const inspections = inspectionsOf(configuration, manifests);
  if (inspections.size === 0) return undefined;
  const texts: Record<string, string> = {};
  const globs: Record<string, readonly string[]> = {};
  const databases: Record<string, Uint8Array> = {};
  const sets: Record<string, RuleSetPlan> = {};
  for (const [key, { settings }] of inspections) {
    const { plan, source } = prepareRules(settings, places);
    sets[key] = plan;
    Object.assign(texts, source.texts);
    Object.assign(globs, source.globs);
    Object.assign(databases, source.databases);
  }
  return { files: { texts, globs, databases }, sets };
}
