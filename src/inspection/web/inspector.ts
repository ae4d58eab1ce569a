// A compiled rule set with its settings, as the gateways' contract wants it: begins inspections and counts what they found.
// Loading reads through a source and does no I/O of its own.
import type { BlockLists, WebClientFacts, WebInspection, WebInspectionSettings, WebInspector, WebInspectorReport } from '#contract/web-inspection.ts';
import { webInspectionKey } from '#contract/web-inspection.ts';
import { loadRuleSet, type RuleInfo, type RulePart, type RuleSet } from '../waf/engine/rule-set.ts';
import { MemoryStore } from '../waf/engine/store.ts';
import type { Fault } from '../waf/seclang/place.ts';
import { EngineInspection } from './inspection.ts';
import { LogOnly } from './log-only.ts';
import type { GeoSource } from '../waf/operators/contract.ts';
import { openGeoDatabase } from './geo.ts';
import type { InspectionPlan, InspectionSource } from './rule-files.ts';
import { plannedSource } from './rule-files.ts';

/** Counts of one rule. */
export class RuleCount { hits = 0; blocked = 0; }

export class EngineInspector implements WebInspector {
  readonly key: string;
  readonly settings: WebInspectionSettings;
  readonly ruleSet: RuleSet;
  readonly logOnly: LogOnly;
  readonly blockLists: BlockLists | undefined;
  readonly loadMs: number;
  readonly counts = new Map<number, RuleCount>();
  requests = 0;
  blocked = 0;
  errors = 0;
  passedOnError = 0;
  /** For the process's own log. */
  onError: (error: unknown) => void = () => { /* nobody listens */ };

  constructor(settings: WebInspectionSettings, ruleSet: RuleSet, loadMs: number) {
    this.key = webInspectionKey(settings);
    this.settings = settings;
    this.ruleSet = ruleSet.withStore(new MemoryStore());
    this.logOnly = new LogOnly(settings.logOnlyRules, settings.logOnlyTags);
    this.loadMs = loadMs;
    // The one list that wants a key is not asked without.
    const zones = ruleSet.zones.filter((zone) => !zone.endsWith('dnsbl.httpbl.org'));
    this.blockLists = settings.askBlockLists && zones.length > 0 ? { zones, servers: settings.blockListServers, timeoutMs: settings.blockListTimeoutMs } : undefined;
  }

  begin(client: WebClientFacts): WebInspection {
    this.requests++;
    return new EngineInspection(this, client);
  }

  count(rule: number, blocked: boolean): void {
    let count = this.counts.get(rule);
    if (count === undefined) this.counts.set(rule, count = new RuleCount());
    count.hits++;
    if (blocked) count.blocked++;
  }

  rules(): RuleInfo[] { return this.ruleSet.rules(); }

  report(): WebInspectorReport {
    const { key, settings, requests, blocked, errors, passedOnError, loadMs } = this;
    return {
      key, ruleset: settings.ruleset.join(', '), mode: settings.mode, onEngineError: settings.onEngineError, rules: this.ruleSet.stats.rulesKept, loadMs,
      requests, blocked, errors, passedOnError, hits: [...this.counts].map(([rule, count]) => ({ rule, hits: count.hits, blocked: count.blocked })),
    };
  }
}

export type CompiledInspector =
  | { readonly ok: true; readonly inspector: EngineInspector; readonly warnings: readonly Fault[] }
  | { readonly ok: false; readonly errors: readonly Fault[] };

function openGeo(source: InspectionSource, path: string): GeoSource | string {
  const bytes = source.bytes(path);
  if (bytes === null) return `${path} cannot be read`;
  try { return openGeoDatabase(bytes); } catch (error) { return `${path}: ${(error as Error).message}`; }
}

/** `geo`: path of the database that the configuration names, or ''. */
export function compileInspector(settings: WebInspectionSettings, parts: readonly RulePart[], geo: string, source: InspectionSource, nowMs: () => number): CompiledInspector {
  const startedMs = nowMs();
  const database = geo === '' ? null : openGeo(source, geo);
  if (typeof database === 'string') return { ok: false, errors: [{ place: { file: 'waf.geo.database', line: 1, column: 1 }, message: database }] };
  const { logOnlyRules: rules, logOnlyTags: tags } = settings;
  const result = loadRuleSet({
    parts, source, geo: database, openGeo: (path) => openGeo(source, path), mode: settings.mode === 'block' ? 'On' : 'DetectionOnly',
    ...(rules.length + tags.length > 0 ? { logOnly: { rules, tags } } : {}),
  });
  if (!result.ok) return { ok: false, errors: result.errors };
  return { ok: true, inspector: new EngineInspector(settings, result.ruleSet, nowMs() - startedMs), warnings: result.warnings };
}

/** The inspectors of a plan by key; those that the previous one has already are kept with their counts and collections. */
export class Inspectors {
  readonly byHash = new Map<string, EngineInspector>();
  readonly #byKey = new Map<string, EngineInspector>();

  /** @throws Error with the faults: the caller keeps what it has. */
  static compile(plan: InspectionPlan | undefined, previous: Inspectors | undefined, nowMs: () => number): Inspectors {
    const inspectors = new Inspectors();
    for (const [key, { settings, parts, geo, hash }] of Object.entries(plan?.sets ?? {})) {
      let inspector = previous?.byHash.get(hash);
      if (inspector === undefined) {
        const compiled = compileInspector(settings, parts, geo, plannedSource(plan!.files), nowMs);
        if (!compiled.ok) throw new Error(compiled.errors.slice(0, 20).map(({ place, message }) => `${place.file}:${place.line}:${place.column}: ${message}`).join('\n'));
        inspector = compiled.inspector;
      }
      inspectors.byHash.set(hash, inspector);
      inspectors.#byKey.set(key, inspector);
    }
    return inspectors;
  }

  get(settings: WebInspectionSettings): EngineInspector {
    const inspector = this.#byKey.get(webInspectionKey(settings));
    if (inspector === undefined) throw new Error('the firewall rules of a service were not prepared');
    return inspector;
  }

  all(): EngineInspector[] { return [...this.#byKey.values()]; }
}
