// Runs wrk and reads what it counted. One thread: it has a core of its own, which it shares with the origin.
import { fileURLToPath } from 'node:url';
import { outputOf, type Processes } from '../processes.ts';

const script = fileURLToPath(new URL('requests.lua', import.meta.url));

export interface LoadShape {
  readonly target: '1k' | '100k' | '10m' | 'post';
  readonly connections: number;
  readonly bodyBytes?: number;
  readonly newConnections?: boolean;
}

export interface LoadResult {
  readonly requests: number;
  readonly bytes: number;
  readonly micros: number;
  /** Failed connections, reads, writes and time-outs; answers that are not 2xx or 3xx. */
  readonly connect: number;
  readonly read: number;
  readonly write: number;
  readonly status: number;
  readonly timeout: number;
  /** Microseconds. */
  readonly p50: number;
  readonly p99: number;
}

export async function runLoad(processes: Processes, core: number, port: number, shape: LoadShape, routes: number, seconds: number): Promise<LoadResult> {
  const child = processes.start('wrk', [
    '-t1', `-c${shape.connections}`, `-d${seconds}s`, '-s', script, `http://127.0.0.1:${port}`, '--',
    `target=${shape.target}`, `routes=${routes}`, `body=${shape.bodyBytes ?? 0}`, `close=${shape.newConnections === true ? 1 : 0}`,
  ], { core, stdout: 'pipe' });
  const text = await outputOf(child);
  const line = text.split('\n').find((one) => one.startsWith('{'));
  if (line === undefined) throw new Error(`wrk said nothing that can be read: ${text}`);
  return JSON.parse(line) as LoadResult;
}

/** What went wrong in a run, or ''. */
export function faultsOf(result: LoadResult): string {
  const { connect, read, write, status, timeout, requests } = result;
  const faults = Object.entries({ connect, read, write, status, timeout }).filter(([, count]) => count > 0);
  if (requests === 0) return 'no request was answered';
  return faults.map(([name, count]) => `${count} ${name} errors`).join(', ');
}
