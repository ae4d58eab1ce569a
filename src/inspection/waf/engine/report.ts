// What the engine reports: interruptions, matches, the summary. Values are latin1 strings, one character a byte.

/** What a rule wants done with the transaction. */
export interface Interruption {
  readonly action: 'deny' | 'drop' | 'redirect' | 'proxy';
  /** Status to answer with; for redirect the redirect's status. */
  readonly status: number;
  /** Address for redirect and proxy. */
  readonly location: string;
  /** The rule that decided; 0 for a body limit. */
  readonly ruleId: number;
  readonly phase: number;
  readonly message: string;
}

/** One value that a rule matched. */
export interface MatchedValue {
  /** As ModSecurity names it: ARGS:q, REQUEST_HEADERS:User-Agent. */
  readonly variable: string;
  /** What the operator saw, after all transformations. */
  readonly value: string;
  /** The part that the operator found in it, when it says. */
  readonly part: string;
}

export interface RuleMatch {
  readonly ruleId: number;
  readonly phase: number;
  readonly message: string;
  readonly logData: string;
  readonly severity: number | null;
  readonly tags: readonly string[];
  readonly rev: string;
  readonly ver: string;
  readonly file: string;
  readonly line: number;
  /** True when the rule is to appear in the log (not `nolog`). */
  readonly logged: boolean;
  readonly auditLogged: boolean;
  /** True when this match interrupted, or would have in DetectionOnly. */
  readonly disruptive: boolean;
  readonly values: readonly MatchedValue[];
}

export interface Summary {
  readonly interruption: Interruption | null;
  readonly matches: readonly RuleMatch[];
  /** Anomaly scores and the like: every transaction variable whose name holds "score". */
  readonly scores: Readonly<Record<string, number>>;
  readonly mode: 'On' | 'Off' | 'DetectionOnly';
  /** What a ctl:auditEngine asked for, or empty. */
  readonly auditEngine: string;
  /** True when a match wants the transaction in the audit log. */
  readonly auditWanted: boolean;
  readonly bodyError: string;
  /** Arguments and header fields that reports must mask (sanitiseArg and its kind). */
  readonly masks: readonly { readonly kind: string; readonly name: string }[];
}
