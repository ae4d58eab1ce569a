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
}

/** Collects why; undefined in live traffic. The same functions decide with and without it. */
export interface Trace {
  /** `stage`: listener, zone, route, rule, limit, rewrite, upstream, codec, timing. `outcome`: matched, no-match, skipped, chosen ... */
  step(stage: string, subject: string, outcome: string, detail: string): void;
}
