// What is known of servers beyond the configuration: what active checks found and what operators ordered. Every worker has to
// know it, also one that is started later. Finds nothing itself (probes/).
import type { RunConfiguration } from '#session/configuration.ts';
import type { AdministrativeReport, HealthReport } from '#upstream/messages.ts';
import type { ToWorker } from './messages.ts';

type Pools = RunConfiguration['pools'];

export function hasServer(pools: Pools, pool: string, server: string): boolean {
  return pools[pool]?.servers.some(({ name }) => name === server) ?? false;
}

const keyOf = ({ pool, server }: { readonly pool: string; readonly server: string }): string => `${pool} ${server}`;

export class ServerFindings {
  readonly #health = new Map<string, HealthReport>();
  /** Other than `ready`. */
  readonly #orders = new Map<string, AdministrativeReport>();

  /** True when that is a change. */
  found(report: HealthReport): boolean {
    const key = keyOf(report);
    const before = this.#health.get(key);
    this.#health.set(key, report);
    return before?.health !== report.health;
  }

  ordered(report: AdministrativeReport): void {
    if (report.state === 'ready') this.#orders.delete(keyOf(report));
    else this.#orders.set(keyOf(report), report);
  }

  /** Forgets servers that are not configured any more. */
  keepOnly(pools: Pools): void {
    for (const known of [this.#health, this.#orders]) {
      for (const [key, { pool, server }] of known) if (!hasServer(pools, pool, server)) known.delete(key);
    }
  }

  /** For a worker that knows none of it. */
  messages(): ToWorker[] {
    const health: ToWorker[] = this.#health.size === 0 ? [] : [{ type: 'health', reports: [...this.#health.values()] }];
    return [...health, ...Array.from(this.#orders.values(), (report): ToWorker => ({ type: 'administrative', report }))];
  }
}
