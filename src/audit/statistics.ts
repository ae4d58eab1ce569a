// Counts operations for metrics, from their records and beside them: per service and kind of outcome, per status class, and how long they took. Reads encoded
// blocks without parsing them; costs the supervisor about a tenth of what the store costs. Pure: no clock, no I/O.
import { eachPiece } from './lines.ts';
import { LineScanner, type LineUser } from './scan.ts';
import type { UnrecordedCounts } from './unrecorded.ts';

/** Upper bounds of the latency buckets in milliseconds; one more bucket holds what is slower. */
export const latencyBoundsMs: readonly number[] = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

const maximumServices = 1000;

export interface ServiceCounts {
  readonly service: string;
  operations: number;
  /** By outcome name. */
  readonly outcomes: Record<string, number>;
  /** By first digit of the status; [0] without a status. */
  readonly statusClasses: number[];
  /** One count for each of `latencyBoundsMs`, and one for slower ones. Not cumulative. */
  readonly latency: number[];
  latencySumMs: number;
}

const knownOutcomes = new Set(['allowed', 'denied', 'refused', 'limited', 'failed', 'aborted', 'error']);

export class AuditStatistics implements LineUser {
  readonly #services = new Map<string, ServiceCounts>();
  readonly #scanner = new LineScanner();
  #current: ServiceCounts = newCounts('');
  /** Records of all kinds, and records by kind. */
  records = 0;
  readonly kinds: Record<string, number> = {};
  lost = 0;

  /** Adds every line of a block. Only operations and violations are counted per service. `also` hears of each line as well. */
  addLines(lines: Uint8Array, also?: LineUser): void {
    eachPiece(lines, (text) => {
      if (also === undefined) this.#scanner.scanLines(text, this);
      else this.#scanner.scanLines(text, this, also);
    });
  }

  /** The same of text. */
  addText(text: string): void {
    this.#scanner.scanLines(text, this);
  }

  add(scanner: LineScanner): void {
    this.records++;
    const kind = /^[a-z]{1,20}$/.test(scanner.kind) ? scanner.kind : 'unknown';
    this.kinds[kind] = (this.kinds[kind] ?? 0) + 1;
    if (kind !== 'operation' && kind !== 'violation') return;
    const counts = scanner.service === this.#current.service ? this.#current : this.#countsOf(scanner.service);
    counts.operations++;
    const outcome = knownOutcomes.has(scanner.outcome) ? scanner.outcome : 'unknown';
    counts.outcomes[outcome] = (counts.outcomes[outcome] ?? 0) + 1;
    const statusClass = Math.floor(scanner.status / 100);
    counts.statusClasses[statusClass < 10 ? statusClass : 0]!++;
    counts.latency[bucketOf(scanner.durationMs)]!++;
    counts.latencySumMs += scanner.durationMs;
  }

  /** Operations that were allowed and left no record. */
  addUnrecorded({ service, operations, statusClasses, latency, latencySumMs }: UnrecordedCounts): void {
    const counts = service === this.#current.service ? this.#current : this.#countsOf(service);
    counts.operations += operations;
    counts.outcomes['allowed'] = (counts.outcomes['allowed'] ?? 0) + operations;
    for (const [at, count] of statusClasses.entries()) counts.statusClasses[at]! += count;
    for (const [at, count] of latency.entries()) counts.latency[at]! += count;
    counts.latencySumMs += latencySumMs;
  }

  #countsOf(service: string): ServiceCounts {
    let counts = this.#services.get(service);
    if (counts === undefined) {
      // Names come from workers, which may be taken over: bounded.
      if (this.#services.size >= maximumServices) service = '(other)';
      counts = this.#services.get(service) ?? newCounts(service);
      this.#services.set(service, counts);
    }
    this.#current = counts;
    return counts;
  }

  services(): ServiceCounts[] {
    return [...this.#services.values()];
  }
}

export function newCounts(service: string): ServiceCounts {
  return {
    service, operations: 0, outcomes: {}, statusClasses: Array.from({ length: 10 }, () => 0),
    latency: Array.from({ length: latencyBoundsMs.length + 1 }, () => 0), latencySumMs: 0,
  };
}

export function bucketOf(ms: number): number {
  for (let at = 0; at < latencyBoundsMs.length; at++) if (ms <= latencyBoundsMs[at]!) return at;
  return latencyBoundsMs.length;
}
