// The kinds of things that go wrong, as values: violations of a protocol, limits reached, operational failures.
// Bugs are not here: an assertion throws, and the session layer catches it once and closes that session.

/** Which end of the session caused it; `gateway` is ourselves. */
export type Side = 'client' | 'server' | 'gateway';

/** A peer broke its protocol. `code` is stable and documented in docs/violations. */
export interface Violation {
  readonly kind: 'violation';
  readonly code: string;
  readonly side: Side;
  /** Byte offset in the message where it was seen, or -1. */
  readonly offset: number;
  /** For example `RFC 9112 section 6.3`. */
  readonly spec: string;
  readonly message: string;
}

/** A named limit was reached. Counted apart from violations. */
export interface LimitReached {
  readonly kind: 'limit';
  readonly code: string;
  readonly side: Side;
  readonly maximum: number;
  readonly seen: number;
  readonly message: string;
}

export type OperationalPhase = 'resolve' | 'connect' | 'tls' | 'send' | 'receive' | 'queue' | 'pick';

/** The network or a peer let us down: reset, refused, timed out, name not found. */
export interface OperationalFailure {
  readonly kind: 'operational';
  /** `refused`, `reset`, `timeout`, `closed`, `unreachable`, `not-found`, `queue-full`, `no-server`, `tls`. */
  readonly code: string;
  readonly side: Side;
  readonly phase: OperationalPhase;
  /** True when not one byte of the operation reached the server, so that another attempt changes nothing twice. */
  readonly retryable: boolean;
  readonly message: string;
}

export type Failure = Violation | LimitReached | OperationalFailure;

export function operational(code: string, side: Side, phase: OperationalPhase, retryable: boolean, message: string): OperationalFailure {
  return { kind: 'operational', code, side, phase, retryable, message };
}
