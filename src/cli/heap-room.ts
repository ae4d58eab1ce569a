// How much the supervisor's heap may grow before the engine marks all of it again. Left to itself V8 takes few MiB when much
// passes through: the records of a busy worker are some 40 MiB a second of buffers that die young, and marking a heap of
// 30 MiB for each 10 of them was half of the supervisor's CPU time, on the core of a worker.
// Does not concern worker processes, whose flags stand in runtime/worker-handle.ts.
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** Over what it holds when it has started. */
const roomBytes = 64 * 1024 * 1024;
/** Of what it holds: a supervisor with large rule sets has a heap that gives room enough. */
const leastPercent = 30;
const mostPercent = 200;

/** Growth in per cent for a heap that holds so much. */
export function growthFor(usedBytes: number): number {
  return Math.round(Math.min(mostPercent, Math.max(leastPercent, roomBytes / usedBytes * 100)));
}

/** Called when everything that stays has been loaded. */
export function giveHeapRoom(): void {
  // Read by the engine each time that it sets the next limit.
  setFlagsFromString(`--heap-growing-percent=${growthFor(getHeapStatistics().used_heap_size)}`);
}
