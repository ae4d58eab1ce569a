// What an operator is. Two kinds: comparisons, which take their argument at each evaluation (it may hold macros), and
// prepared operators, which compile their argument once. Values and arguments are latin1 strings.
import type { Gate } from '../regex/literals.ts';

/** Facts about the transaction that a few operators need beside the value. */
export interface OperatorFacts {
  /** Answers of `@rbl` zones for the client, resolved by the caller before the transaction; null when not configured. */
  readonly reputation: ReadonlyMap<string, string> | null;
  /** Whom they are about. */
  readonly clientAddress: string;
  /** Receives the record of `@geoLookup`. */
  setGeo(record: Readonly<Record<string, string>>): void;
}

export interface PreparedOperator {
  /** True when the value matches. Pure unless `needsFacts`. */
  test(value: string, facts: OperatorFacts | null): boolean;
  /** The groups of the match (0 is the whole of it) or null; operators without groups have none. */
  exec: ((value: string) => string[] | null) | null;
  /** Sets of literals of which a matching value holds at least one; all sets must hold. */
  gates(): readonly Gate[];
  readonly needsFacts: boolean;
  /** Character classes (transformations/contract.ts) of which a matching value holds at least one; absent: any value may match. */
  readonly classes?: number;
}

/** What preparing an operator may draw on. Files are resolved by the loader, relative to the rule file. */
export interface OperatorSources {
  /** The text (latin1) of a file that the argument names, or null when it cannot be read. */
  readFile(path: string): string | null;
  readonly geo: GeoSource | null;
  /** Told of each zone that `@rbl` asks about. */
  readonly zone?: (name: string) => void;
}

/** A geographic database; the gateway brings one (mmdb), the engine knows only this. */
export interface GeoSource {
  /** Keys as ModSecurity names them: COUNTRY_CODE, COUNTRY_NAME, ...; null when unknown. */
  lookup(address: string): Readonly<Record<string, string>> | null;
}

export type OperatorDefinition =
  | { readonly kind: 'comparison'; readonly name: string; readonly compare: (value: string, argument: string) => boolean;
      /** Literals that a match with this argument needs, for the gate. */
      readonly literal: ((argument: string) => string | null) | null }
  | { readonly kind: 'prepared'; readonly name: string; readonly prepare: (argument: string, sources: OperatorSources) => PreparedOperator }
  | { readonly kind: 'refused'; readonly name: string; readonly why: string };

/** Thrown by `prepare` for an argument that makes no sense; `offset` is inside the argument. */
export class ArgumentError extends Error {
  readonly offset: number;
  constructor(message: string, offset = 0) {
    super(message);
    this.name = 'ArgumentError';
    this.offset = offset;
  }
}

export function noGates(): readonly Gate[] {
  return [];
}

export function prepared(test: (value: string) => boolean, gates: () => readonly Gate[] = noGates, classes?: number): PreparedOperator {
  return { test, exec: null, gates, needsFacts: false, ...(classes === undefined ? {} : { classes }) };
}
