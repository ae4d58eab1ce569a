// Operations that are counted and not recorded (`audit: false` of a rule): collected in a worker between two blocks, checked
// and added up in the supervisor. All of them were allowed: whatever else happens is recorded.
import { bucketOf, newCounts, type ServiceCounts } from './statistics.ts';

const maximumServices = 1000;

/** Of one service. Plain data: it crosses process borders. */
export type UnrecordedCounts = Pick<ServiceCounts, 'service' | 'operations' | 'statusClasses' | 'latency' | 'latencySumMs'>;

export class UnrecordedOperations {
  #counts = new Map<string, ServiceCounts>();
  #current: ServiceCounts | undefined = undefined;

  get size(): number { return this.#counts.size; }

  /** Hot. `status` 0: the protocol has none. */
  count(service: string, status: number, durationMs: number): void {
    let counts = this.#current;
    if (counts?.service !== service) counts = this.#of(service);
    counts.operations++;
    counts.statusClasses[status < 1000 ? Math.floor(status / 100) : 0]!++;
    counts.latency[bucketOf(durationMs)]!++;
    counts.latencySumMs += durationMs;
  }

  #of(service: string): ServiceCounts {
    let counts = this.#counts.get(service);
    if (counts === undefined) {
      counts = newCounts(service);
      this.#counts.set(service, counts);
    }
    this.#current = counts;
    return counts;
  }

  /** What was counted since the last time. */
  take(): readonly UnrecordedCounts[] {
    const taken = [...this.#counts.values()];
    this.#counts = new Map();
    this.#current = undefined;
    return taken;
  }
}

function isCount(value: unknown): value is number { return typeof value === 'number' && value >= 0 && Number.isFinite(value); }

/** What of a worker's word can be added up: it may have been taken over. */
export function soundCounts(counts: unknown): UnrecordedCounts[] {
  if (!Array.isArray(counts) || counts.length > maximumServices) return [];
  const { statusClasses, latency } = newCounts('');
  return (counts as Partial<UnrecordedCounts>[]).filter((each): each is UnrecordedCounts => typeof each?.service === 'string' && isCount(each.operations)
    && isCount(each.latencySumMs) && hasCounts(each.statusClasses, statusClasses.length) && hasCounts(each.latency, latency.length));
}

function hasCounts(list: unknown, length: number): boolean { return Array.isArray(list) && list.length === length && list.every(isCount); }
