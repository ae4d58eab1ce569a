// Adds up what the workers report of rules and limits. Asks nobody.
import type { WorkerStatus } from '#runtime/messages.ts';

export type RuleTotal = WorkerStatus['rules'][number];
export type LimitTotal = WorkerStatus['limits'][number];

/** In the order of the configuration. */
export function ruleTotals(workers: readonly WorkerStatus[]): RuleTotal[] {
  const totals = new Map<string, { -readonly [Key in keyof RuleTotal]: RuleTotal[Key] }>();
  for (const worker of workers) {
    for (const rule of worker.rules) {
      const total = totals.get(rule.id);
      if (total === undefined) totals.set(rule.id, { ...rule });
      else total.hits += rule.hits;
    }
  }
  return [...totals.values()];
}

/** Keys are mostly the same in every worker: the largest table counts. */
export function limitTotals(workers: readonly WorkerStatus[]): LimitTotal[] {
  const totals = new Map<string, { -readonly [Key in keyof LimitTotal]: LimitTotal[Key] }>();
  for (const worker of workers) {
    for (const limit of worker.limits) {
      // One limit may count operations and connections, each by itself.
      const name = `${limit.limit} ${limit.measure}`;
      const total = totals.get(name);
      if (total === undefined) { totals.set(name, { ...limit }); continue; }
      total.keys = Math.max(total.keys, limit.keys);
      total.admitted += limit.admitted;
      total.refused += limit.refused;
      total.overflowed += limit.overflowed;
    }
  }
  return [...totals.values()];
}
