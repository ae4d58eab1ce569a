// Everything that supervisor and workers say to each other, as one typed list. Plain data: it crosses process borders
// (structured clone). No absolute monotonic times: the clocks of two processes have different zero points.
import type { AuditBlock } from '#audit/batch.ts';
import type { AwaitedApproval, ExplainRequest } from '#contract/gateway.ts';
import type { WebInspectorReport } from '#contract/web-inspection.ts';
import type { LimitDelta } from '#policy/limits/deltas.ts';
import type { LimitSummary } from '#policy/limits/limiter.ts';
import type { RuleSummary } from '#policy/policy.ts';
import type { RunConfiguration } from '#session/configuration.ts';
import type { AddressReport, AdministrativeReport, HealthReport, PassiveReport, PoolReport } from '#upstream/messages.ts';

/** Which of how many workers one is, in the division of what servers may be given. Not its number: that stays when others go. */
export interface WorkerShare { readonly worker: number; readonly workers: number }

/** What the supervisor knows of a session from its start, to write its end if the worker cannot. */
export interface SessionStart {
  readonly id: string;
  /** Wall clock. */
  readonly timeMs: number;
  readonly protocol: string;
  readonly listener: string;
  readonly service: string;
  readonly client: string;
  readonly clientPort: number;
  readonly zone: string;
  readonly configuration: string;
}

export type ToWorker =
  | { readonly type: 'configure'; readonly configuration: RunConfiguration; readonly version: string; readonly share?: WorkerShare | undefined }
  | { readonly type: 'health'; readonly reports: readonly HealthReport[] }
  | { readonly type: 'passive'; readonly report: PassiveReport }
  | { readonly type: 'administrative'; readonly report: AdministrativeReport }
  | { readonly type: 'addresses'; readonly reports: readonly AddressReport[] }
  | { readonly type: 'limits'; readonly deltas: readonly LimitDelta[] }
  | { readonly type: 'audit-kept'; readonly blocks: number }
  | { readonly type: 'audit-refusing'; readonly refusing: boolean }
  | { readonly type: 'query'; readonly id: number; readonly query: WorkerQuery }
  | { readonly type: 'kill'; readonly session: string; readonly reason: string }
  | { readonly type: 'revoke'; readonly lease: string; readonly reason: string }
  | { readonly type: 'drain'; readonly deadlineMs: number };

export type FromWorker =
  | { readonly type: 'started' }
  | { readonly type: 'configured'; readonly version: string; readonly listeners: readonly ListenerReport[] }
  | { readonly type: 'refused'; readonly version: string; readonly reason: string }
  | { readonly type: 'audit'; readonly block: AuditBlock }
  /** Sessions that have lasted from one hand-over of records to the next, and those of them that have ended. */
  | { readonly type: 'sessions'; readonly begun: readonly SessionStart[]; readonly ended: readonly string[] }
  | { readonly type: 'passive'; readonly report: PassiveReport }
  | { readonly type: 'limits'; readonly deltas: readonly LimitDelta[] }
  | { readonly type: 'answer'; readonly id: number; readonly answer: WorkerAnswer }
  | { readonly type: 'bug'; readonly message: string }
  | { readonly type: 'drained' };

export type WorkerQuery =
  | { readonly what: 'status' }
  | { readonly what: 'sessions' }
  | { readonly what: 'leases' }
  | { readonly what: 'waf' }
  | { readonly what: 'control'; readonly session: string; readonly command: string; readonly argument: string }
  | { readonly what: 'explain'; readonly listener: string; readonly client: { readonly address: string; readonly port: number }; readonly request: ExplainRequest };

export type WorkerAnswer =
  | { readonly what: 'status'; readonly status: WorkerStatus }
  | { readonly what: 'sessions'; readonly sessions: readonly SessionReport[] }
  | { readonly what: 'waf'; readonly reports: readonly WebInspectorReport[] }
  | { readonly what: 'leases'; readonly leases: readonly LeaseReport[] }
  | { readonly what: 'control'; readonly answer: string | undefined }
  | { readonly what: 'explain'; readonly explanation: Explanation };

export interface ListenerReport {
  readonly name: string;
  readonly service: string;
  readonly protocol: string;
  readonly binds: readonly { readonly host: string; readonly port: number }[];
}

/** One line of `sallyport sessions`. */
export interface SessionReport {
  readonly id: string;
  readonly worker: number;
  readonly protocol: string;
  readonly listener: string;
  readonly service: string;
  readonly client: string;
  readonly zone: string;
  readonly user: string;
  readonly ageMs: number;
  readonly operations: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly servers: readonly string[];
  readonly doing: string;
  /** What it holds for a second person. */
  readonly awaits?: AwaitedApproval | undefined;
  readonly configuration: string;
}

/** One line of `sallyport leases`. */
export interface LeaseReport {
  readonly id: string;
  readonly session: string;
  readonly service: string;
  readonly purpose: string;
  readonly side: 'client' | 'server';
  readonly address: string;
  readonly port: number;
  readonly peer: string;
  readonly cause: string;
  readonly ageMs: number;
  readonly leftMs: number;
  readonly strangers: number;
}

export interface WorkerStatus {
  readonly worker: number;
  readonly pid: number;
  readonly version: string;
  readonly sessions: number;
  readonly sessionsTotal: number;
  readonly operations: number;
  readonly idleServerLinks: number;
  readonly bugs: number;
  readonly auditLost: number;
  readonly auditPending: number;
  readonly refusedConnections: number;
  readonly acceptFailures: number;
  readonly cpuMs: number;
  readonly residentBytes: number;
  readonly uptimeMs: number;
  readonly pools: readonly PoolReport[];
  readonly rules: readonly RuleSummary[];
  readonly limits: readonly LimitSummary[];
}

export interface ExplainStep { readonly stage: string; readonly subject: string; readonly outcome: string; readonly detail: string }

export interface Explanation {
  readonly version: string;
  readonly steps: readonly ExplainStep[];
  readonly tookMs: number;
}
