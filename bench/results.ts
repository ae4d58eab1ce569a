// What a run of the benchmark found, as data: what --json prints and what is kept in bench/results.
import type { FtpResults } from './ftp/run.ts';
import type { Figure } from './measure.ts';
import type { Machine } from './machine.ts';
import type { PeerName, Shape } from './peers/peer.ts';
import type { TelnetResults } from './telnet/run.ts';

export interface PeerFigures {
  readonly peer: PeerName;
  readonly shape: Shape;
  /** CPU microseconds a request: the worker, and the supervisor for the audit store. */
  readonly cpu: Figure;
  readonly supervisor: Figure;
  readonly perSecond: Figure;
  readonly p99Micros: Figure;
  /** Requests that were answered, and records that were logged of them. Undefined: not counted. */
  readonly requests: number;
  readonly logged: number | undefined;
}

export interface Target {
  readonly peer: PeerName;
  readonly ratio: number;
}

export interface CaseResult {
  readonly name: string;
  readonly title: string;
  readonly peers: readonly PeerFigures[];
  readonly atMost: Target | undefined;
  readonly aim: Target | undefined;
}

export interface IdleFigures {
  readonly peer: PeerName;
  /** KiB a connection. */
  readonly atOnce: Figure;
  readonly later: Figure;
  /** The same with three times as many. */
  readonly many: Figure;
  /** MiB of the worker with the first number of connections. */
  readonly resident: Figure;
  /** CPU microseconds a second and connection. */
  readonly cpu: Figure;
}

export interface Results {
  readonly date: string;
  readonly machine: Machine;
  readonly options: { readonly seconds: number; readonly rounds: number; readonly quick: boolean };
  readonly cases: CaseResult[];
  readonly growth: PeerFigures[];
  readonly idle: IdleFigures[];
  ftp: FtpResults | undefined;
  telnet: TelnetResults | undefined;
  readonly faults: string[];
}

/** Sallyport's CPU time as a ratio of the peer's, medians of one run. */
export function ratioTo(result: CaseResult, peer: PeerName): number | undefined {
  const own = result.peers.find((figures) => figures.peer === 'sallyport');
  const other = result.peers.find((figures) => figures.peer === peer);
  return own === undefined || other === undefined ? undefined : own.cpu.median / other.cpu.median;
}

export type Grade = 'aim' | 'target' | 'missed' | 'none';

export function gradeOf(result: CaseResult): Grade {
  const meets = (target: Target | undefined): boolean | undefined => {
    const ratio = target === undefined ? undefined : ratioTo(result, target.peer);
    return ratio === undefined ? undefined : ratio <= target!.ratio;
  };
  const [target, aim] = [meets(result.atMost), meets(result.aim)];
  if (target === undefined) return 'none';
  return target ? (aim === true ? 'aim' : 'target') : 'missed';
}
