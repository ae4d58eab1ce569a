// One attempt to log in at the gateway: whether limits permit it, whether name and password are right, the pause before a wrong
// one is answered, and its record, also when the client leaves before the answer. Does not ask, and does not count attempts.
import type { Outcome } from '#contract/audit-record.ts';
import type { SessionPort } from '#contract/gateway.ts';
import { TelnetOperation } from './operations.ts';
import { recordEvent } from './records.ts';
import type { TelnetService } from './service.ts';

export interface LoginOwner {
  readonly port: SessionPort;
  readonly service: TelnetService;
  /** Not called for an attempt that was given up. When it was right, the session's subject is another by now. */
  loginAnswered(right: boolean): void;
  /** `answerAtMs` has changed. */
  schedule(): void;
}

export class LoginAttempt {
  /** When a wrong password is answered; Infinity when none waits for that. */
  answerAtMs = Infinity;
  readonly #owner: LoginOwner;
  readonly #operation: TelnetOperation;
  readonly #startedMs: number;
  readonly #name: string;
  #open = true;

  constructor(owner: LoginOwner, name: string) {
    const { port } = owner;
    this.#owner = owner;
    this.#operation = new TelnetOperation(port.facts, port.subject, 'LOGIN', '/login', {});
    this.#startedMs = port.nowMs();
    this.#name = name.slice(0, 64);
  }

  check(user: string, password: string): void {
    const { port } = this.#owner;
    const refusal = port.admit(this.#operation);
    if (refusal !== undefined) {
      this.#refused('limited', refusal.reason, refusal.limit);
      return;
    }
    port.authenticate(user, password, (subject) => {
      if (!this.#open) return;
      if (subject === undefined) {
        this.#refused('denied', 'wrong name or password', '');
        return;
      }
      port.subject = subject;
      this.#end('allowed', '', '');
      this.#owner.loginAnswered(true);
    });
  }

  #refused(outcome: Outcome, reason: string, rule: string): void {
    this.#end(outcome, reason, rule);
    this.answerAtMs = this.#owner.port.nowMs() + this.#owner.service.settings.login!.failureDelay;
    this.#owner.schedule();
  }

  woken(nowMs: number): void {
    if (nowMs < this.answerAtMs) return;
    this.answerAtMs = Infinity;
    this.#owner.loginAnswered(false);
  }

  /** The session ends: an attempt without an answer is one nevertheless, and gives its place back. */
  giveUp(): void {
    if (this.#open) this.#end('aborted', 'the session ended before the answer', '');
  }

  #end(outcome: Outcome, reason: string, rule: string): void {
    this.#open = false;
    this.#owner.port.release(this.#operation);
    recordEvent(this.#owner.port, { verb: 'LOGIN', path: '/login', startedMs: this.#startedMs, outcome, rule, reason, attributes: { name: this.#name } });
  }
}
