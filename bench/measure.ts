// One measurement: load on one proxy for a while, CPU time of its processes before and after, and whether all was well.
import { faultsOf, runLoad, type LoadShape } from './load/wrk.ts';
import { answerBytes, type Peer } from './peers/peer.ts';
import { cpuMicros, pause, type Processes } from './processes.ts';

/** After a run: until what is still to be written is written. */
const settleMs = 100;
/** Sallyport's worker and store hold records back for so long. */
const supervisorSettleMs = 1500;

export interface Sample {
  /** CPU microseconds of the worker per request. */
  readonly cpu: number;
  /** CPU microseconds of the supervisor per request. */
  readonly supervisor: number;
  readonly perSecond: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** Answers that arrived whole. */
  readonly answered: number;
}

export interface Bench {
  readonly processes: Processes;
  readonly proxyCore: number;
  readonly loadCore: number;
  progress(text: string): void;
  fault(text: string): void;
}

export async function measure(bench: Bench, peer: Peer, load: LoadShape, seconds: number): Promise<Sample> {
  const before = cpuMicros(peer.worker);
  const supervisorBefore = peer.supervisor === undefined ? 0 : cpuMicros(peer.supervisor);
  const result = await runLoad(bench.processes, bench.loadCore, peer.port, load, peer.shape.routes, seconds);
  await pause(settleMs);
  const used = cpuMicros(peer.worker) - before;
  let supervisor = 0;
  if (peer.supervisor !== undefined) {
    await pause(supervisorSettleMs);
    supervisor = cpuMicros(peer.supervisor) - supervisorBefore;
  }
  const faults = faultsOf(result);
  if (faults !== '') bench.fault(`${peer.name}, ${load.target}: ${faults}`);
  // Large bodies that are under way at the end count by their bytes, as the proxy has worked for these.
  const size = answerBytes[load.target];
  const requests = size >= 100_000 ? result.bytes / size : result.requests;
  if (result.bytes < result.requests * size) bench.fault(`${peer.name}, ${load.target}: ${result.bytes} bytes for ${result.requests} answers of ${size}`);
  const perSecond = requests / (result.micros / 1e6);
  return { cpu: used / requests, supervisor: supervisor / requests, perSecond, p50Micros: result.p50, p99Micros: result.p99, answered: result.requests };
}

export interface Figure { readonly median: number; readonly low: number; readonly high: number }

export function figureOf(values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
  return { median, low: sorted[0]!, high: sorted.at(-1)! };
}
