// Policy's answer to an operation, and the trace that explains it. Values only: nothing here decides.

export type Effect = 'allow' | 'deny' | 'drop' | 'close' | 'authenticate' | 'delay';

/** One frozen object per rule, made when the configuration is compiled: deciding allocates nothing. */
export interface Decision {
  readonly effect: Effect;
  /** Id of the rule that decided, or `default` when none matched. */
  readonly rule: string;
  readonly reason: string;
  /** Protocol-specific reply for `deny` (HTTP status, FTP reply code); 0 lets the gateway choose. */
  readonly status: number;
  /** Text for the client in a denial, or ''. */
  readonly message: string;
  /** For `delay`. */
  readonly delayMs: number;
  /** False: the operation is not audited on its own (health checks of others and the like). Denials always are. */
  readonly audit: boolean;
}

/** Rule of the denial while nothing can be audited and the configuration says to refuse then. */
export const auditUnavailableRule = 'audit-unavailable';

/** A refusal by a rate or concurrency limit. */
export interface LimitRefusal {
  readonly limit: string;
  /** When the same operation would pass again, in milliseconds from now. */
  readonly retryAfterMs: number;
  readonly maximum: number;
  readonly remaining: number;
  /** Length of the limit's window in milliseconds, for RateLimit headers. */
  readonly windowMs: number;
  readonly reason: string;
  /** `deny`, also when left out: a reply of the protocol (HTTP 429). `drop`: no reply. */
  readonly action?: 'deny' | 'drop';
  /** Reply code, or 0 to let the gateway choose. */
  readonly status?: number;
  /** Text for the client, or ''. */
  readonly message?: string;
}

/** How much of a rate limit is left after an operation that was within it. */
export interface LimitFacts {
  /** Name of the limit that is nearest to its end; '' when no rate limit applies. */
  readonly limit: string;
  readonly maximum: number;
  readonly remaining: number;
  /** Until all of it is available again. */
  readonly resetMs: number;
  readonly windowMs: number;
}

/** Collects why; undefined in live traffic. The same functions decide with and without it. */
export interface Trace {
  /** `stage`: listener, zone, route, rule, limit, rewrite, upstream, codec, timing. `outcome`: matched, no-match, skipped, chosen ... */
  step(stage: string, subject: string, outcome: string, detail: string): void;
}
