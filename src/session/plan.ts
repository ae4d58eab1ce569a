// A configuration made ready to run: one compiled, immutable plan that sessions begin with. Compiling is all or nothing.
// Does not load or check configuration (control/configuration) and opens nothing.
import { isDeepStrictEqual } from 'node:util';
import type { GatewayEnvironment, GatewayManifest, ServicePlan } from '#contract/gateway.ts';
import type { Inspector } from '#contract/inspection.ts';
import type { WebInspectionSettings, WebInspector } from '#contract/web-inspection.ts';
import { Inspectors } from '#inspection/web/inspector.ts';
import { compilePolicy, type Policy } from '#policy/policy.ts';
import { compileLimits, type Limiter } from '#policy/limits/limiter.ts';
import { compileZones, type Zones } from '#policy/zones.ts';
import { Pool } from '#upstream/pool.ts';
import { ContentInspectors } from './inspectors.ts';
import type { RunConfiguration } from './configuration.ts';

export interface ListenerPlan {
  readonly name: string;
  readonly service: string;
  readonly binds: readonly { readonly host: string; readonly port: number }[];
  readonly backlog: number;
  /** TLS profile of the listener, or '' for none. */
  readonly tls: string;
}

export interface Plan {
  /** Full hash of the configuration, and its first 12 characters for records. */
  readonly version: string;
  readonly shortVersion: string;
  readonly zones: Zones;
  readonly policy: Policy;
  readonly limiter: Limiter;
  readonly services: ReadonlyMap<string, ServicePlan>;
  readonly listeners: ReadonlyMap<string, ListenerPlan>;
  readonly pools: ReadonlyMap<string, Pool>;
  /** Asked about the content of transfers. */
  readonly inspectors: ContentInspectors;
  /** Firewall rule sets of the services. */
  readonly webInspectors: Inspectors;
  /** What it was compiled from. */
  readonly configuration: RunConfiguration;
  readonly observed: GatewayEnvironment['observed'];
}

export interface PlanEnvironment {
  readonly manifests: readonly GatewayManifest[];
  readonly product: string;
  /** Which worker this is, of how many: they share each server's connection limit. */
  readonly worker: number;
  readonly workers: number;
  readonly nowMs: number;
  /** Content inspectors that are asked behind the configured ones, about everything. */
  readonly inspectors?: readonly Inspector[] | undefined;
  /** A bug of the firewall engine, which the session goes on without. */
  inspectionFailed?(error: unknown): void;
  /** Monotonic, for how long loading takes. */
  measureMs?(): number;
  random(): number;
}

/**
 * Compiles a checked configuration. Pools that the previous plan has under the same name are kept with all that they know
 * and reconciled by `adopt` once the whole plan stands; services that are as they were are kept whole, so that the change of
 * one among a thousand costs a worker little.
 * @throws Error when a section cannot be compiled: the caller keeps the previous plan.
 */
export function compilePlan(configuration: RunConfiguration, version: string, environment: PlanEnvironment, previous?: Plan): Plan {
  const shortVersion = version.slice(0, 12);
  const vocabularies = environment.manifests.map(({ protocol, verbsKey, attributes }) => ({ protocol, verbsKey, attributes }));
  const zones = compileZones(configuration.zones);
  const policy = compilePolicy(configuration.policy, zones, vocabularies);
  const limiter = compileLimits(configuration.limits, zones, vocabularies, previous?.limiter);
  const inspectors = new ContentInspectors(configuration.inspectors ?? {}, vocabularies, environment.inspectors ?? []);
  const observed = [...policy.observed, ...limiter.observed, ...inspectors.observed];
  const webInspectors = Inspectors.compile(configuration.inspection, previous?.webInspectors, environment.measureMs ?? (() => environment.nowMs));
  for (const inspector of webInspectors.all()) inspector.onError = (error) => { environment.inspectionFailed?.(error); };
  const webInspector = (settings: WebInspectionSettings): WebInspector => webInspectors.get(settings);
  const services = new Map<string, ServicePlan>();
  const keeps = isDeepStrictEqual(observed, previous?.observed);
  for (const [name, settings] of Object.entries(configuration.services)) {
    const manifest = environment.manifests.find((candidate) => candidate.protocol === settings.protocol);
    if (manifest === undefined) throw new Error(`service ${name}: no gateway for protocol ${settings.protocol}`);
    const kept = keeps ? unchanged(previous, name, settings, manifest) : undefined;
    services.set(name, kept ?? manifest.compile(name, settings.settings, { product: environment.product, observed, webInspector }));
  }
  const pools = new Map<string, Pool>();
  for (const [name, settings] of Object.entries(configuration.pools)) {
    pools.set(name, previous?.pools.get(name) ?? new Pool(name, settings, environment));
  }
  const listeners = new Map<string, ListenerPlan>();
  for (const [name, settings] of Object.entries(configuration.listeners)) {
    listeners.set(name, { name, service: settings.service, binds: settings.bind, backlog: settings.backlog, tls: settings.tls ?? '' });
  }
  return { version, shortVersion, zones, policy, limiter, services, listeners, pools, inspectors, webInspectors, configuration, observed };
}

/** The service of the previous plan when it would be compiled to the same. Firewall rules may have changed though the settings have not. */
function unchanged(previous: Plan | undefined, name: string, settings: RunConfiguration['services'][string], manifest: GatewayManifest): ServicePlan | undefined {
  if (!isDeepStrictEqual(previous?.configuration.services[name], settings)) return undefined;
  return (manifest.webInspections?.(settings.settings) ?? []).length > 0 ? undefined : previous?.services.get(name);
}

/** Makes the plan's pools follow its configuration and this worker's share. Called when nothing can fail any more. */
export function adoptPools(plan: Plan, configuration: RunConfiguration, share: { readonly worker: number; readonly workers: number }, nowMs: number): void {
  for (const [name, settings] of Object.entries(configuration.pools)) {
    const pool = plan.pools.get(name);
    if (pool !== undefined && (pool.takeShare(share.worker, share.workers) || pool.settings !== settings)) pool.reconcile(settings, nowMs);
  }
}
