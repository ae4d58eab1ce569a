// The live line of `quickstart`: requests a second, sessions, denials and latency, redrawn in place on a terminal; without
// one, a line a minute when there was traffic.
import { latencyBoundsMs, type AuditStatistics } from '#audit/statistics.ts';
import type { ControlPlane } from '#control/control-plane.ts';
import { count, formatNumber, type Output } from '../output.ts';

const redrawMs = 1000;
const quietMs = 60_000;

interface Counts { operations: number; refused: number; latency: number[] }

export function countsOf(statistics: AuditStatistics): Counts {
  const sum: Counts = { operations: 0, refused: 0, latency: Array.from({ length: latencyBoundsMs.length + 1 }, () => 0) };
  for (const service of statistics.services()) {
    sum.operations += service.operations;
    for (const outcome of ['denied', 'refused', 'limited']) sum.refused += service.outcomes[outcome] ?? 0;
    service.latency.forEach((times, at) => { sum.latency[at]! += times; });
  }
  return sum;
}

/** The bucket bound below which this part of the operations stayed, as text. */
export function quantile(latency: readonly number[], part: number): string {
  const total = latency.reduce((sum, count) => sum + count, 0);
  if (total === 0) return '-';
  let below = 0;
  for (let at = 0; at < latencyBoundsMs.length; at++) {
    below += latency[at] ?? 0;
    if (below >= part * total) return `<${latencyBoundsMs[at]}ms`;
  }
  return `>${latencyBoundsMs.at(-1)}ms`;
}

/** Returns how to stop; the line is removed then. */
export function startTicker(plane: ControlPlane, out: Output): () => void {
  let before = countsOf(plane.trail.statistics);
  let beforeMs = performance.now();
  let busy = false;
  let stopped = false;
  const line = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    const now = countsOf(plane.trail.statistics);
    const nowMs = performance.now();
    const sessions = (await plane.workers()).reduce((sum, worker) => sum + worker.sessions, 0);
    busy = false;
    if (stopped) return;
    const rate = (now.operations - before.operations) / ((nowMs - beforeMs) / 1000);
    const recent = now.latency.map((times, at) => times - (before.latency[at] ?? 0));
    const shown = now.operations === before.operations ? now.latency : recent;
    const quiet = now.operations === before.operations;
    before = now;
    beforeMs = nowMs;
    const text = `${count(sessions, 'session')}  ${count(now.operations, 'operation')} so far (${formatNumber(Math.round(rate))}/s), ${formatNumber(now.refused)} refused  `
      + `p50 ${quantile(shown, 0.5)}  p99 ${quantile(shown, 0.99)}`;
    if (out.terminal) out.write(`\r\u001b[2K${out.paint(out.columns > 0 ? text.slice(0, out.columns - 1) : text, 'dim')}`);
    else if (!quiet) out.write(`${text}\n`);
  };
  const timer = setInterval(() => { void line(); }, out.terminal ? redrawMs : quietMs);
  if (out.terminal) void line();
  return () => {
    stopped = true;
    clearInterval(timer);
    if (out.terminal) out.write('\r\u001b[2K');
  };
}
