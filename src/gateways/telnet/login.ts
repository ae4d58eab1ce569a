// One attempt to log in at the gateway: whether limits permit it, whether name and password are right, and its record, also
// when the client leaves before the answer. Does not ask for name and password, and does not count attempts.
import type { Outcome } from '#contract/audit-record.ts';
import type { SessionPort } from '#contract/gateway.ts';
import type { Subject } from '#contract/operation.ts';
import { TelnetOperation } from './operations.ts';
import { recordEvent } from './records.ts';

export class LoginAttempt {
  readonly #port: SessionPort;
  readonly #operation: TelnetOperation;
  readonly #startedMs: number;
  readonly #name: string;
  #open = true;

  constructor(port: SessionPort, name: string) {
    this.#port = port;
    this.#operation = new TelnetOperation(port.facts, port.subject, 'LOGIN', '/login', {});
    this.#startedMs = port.nowMs();
    this.#name = name.slice(0, 64);
  }

  /** `checked` gets the subject, undefined when it is refused; it is not called for an attempt that was given up. */
  check(user: string, password: string, checked: (subject: Subject | undefined) => void): void {
    const refusal = this.#port.admit(this.#operation);
    if (refusal !== undefined) {
      this.#end('limited', refusal.reason, refusal.limit);
      checked(undefined);
      return;
    }
    this.#port.authenticate(user, password, (subject) => {
      if (!this.#open) return;
      if (subject !== undefined) this.#port.subject = subject;
      this.#end(subject === undefined ? 'denied' : 'allowed', subject === undefined ? 'wrong name or password' : '');
      checked(subject);
    });
  }

  /** The session ends: an attempt without an answer is one nevertheless, and gives its place back. */
  giveUp(): void {
    if (this.#open) this.#end('aborted', 'the session ended before the answer');
  }

  #end(outcome: Outcome, reason: string, rule = ''): void {
    this.#open = false;
    this.#port.release(this.#operation);
    recordEvent(this.#port, { verb: 'LOGIN', path: '/login', startedMs: this.#startedMs, outcome, rule, reason, attributes: { name: this.#name } });
  }
}
