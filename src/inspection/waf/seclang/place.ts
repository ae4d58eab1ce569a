// Where in the rule files something stands, and what is wrong there. Loading collects all faults; it does not stop at the first.

export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in bytes. */
  readonly column: number;
}

export interface Fault {
  readonly place: Place;
  readonly message: string;
}

export interface Faults {
  /** Any error: the rule set is not usable. */
  readonly errors: Fault[];
  /** Accepted without effect, or doubtful. */
  readonly warnings: Fault[];
}

export function formatFault(fault: Fault): string {
  return `${fault.place.file}:${fault.place.line}:${fault.place.column}: ${fault.message}`;
}
