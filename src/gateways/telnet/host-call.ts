// One call to a host: what the client chose, whether limits and policy permit it, the connection that is made, and its audit
// record. Says nothing to the client and speaks no Telnet: what a refusal or a failure means is the session machine's.
import type { Outcome } from '#contract/audit-record.ts';
import type { PendingServer, ServerLinkOwner, SessionPort } from '#contract/gateway.ts';
import type { Target } from './dialogue.ts';
import { TelnetOperation } from './operations.ts';
import { recordEvent } from './records.ts';
import { addressOnlyTyped } from './target-address.ts';

export interface CallRefusal {
  readonly outcome: 'denied' | 'limited';
  readonly reason: string;
  /** For the client; '' lets the gateway choose. */
  readonly message: string;
  /** The session ends without a word. */
  readonly abruptly: boolean;
}

export class HostCall {
  readonly id: string;
  /** What decided about it, or about the end of the session. */
  rule = '';
  /** The host's name as configured or typed, once there is one. */
  serverName = '';
  /** From asking to the connection; -1 as long as there is none. */
  connectMs = -1;
  readonly #port: SessionPort;
  readonly #target: Target;
  readonly #operation: TelnetOperation;
  readonly #startedMs: number;
  #admitted = false;
  /** A rule may leave what it allows out of the log. */
  #audited = true;
  #pending: PendingServer | undefined = undefined;

  constructor(port: SessionPort, target: Target) {
    this.#port = port;
    this.#target = target;
    this.id = port.operationId();
    this.#startedMs = port.nowMs();
    this.#operation = new TelnetOperation(port.facts, port.subject, 'CONNECT', `/${target.entry || target.pool}`,
      target.port === 0 ? {} : { port: String(target.port) }, target.host);
  }

  get connected(): boolean { return this.connectMs >= 0; }

  /** Asks limits and policy. Undefined: it may be made, and holds its place until `release`. */
  refused(): CallRefusal | undefined {
    const refusal = this.#port.admit(this.#operation);
    if (refusal !== undefined) {
      this.rule = refusal.limit;
      return { outcome: 'limited', reason: refusal.reason, message: refusal.message || 'too many sessions', abruptly: refusal.action === 'drop' };
    }
    this.#admitted = true;
    const { effect, rule, reason, message, audit } = this.#port.decide(this.#operation);
    this.rule = rule;
    this.#audited = audit;
    if (effect === 'allow') return undefined;
    this.release();
    return { outcome: 'denied', reason, message, abruptly: effect === 'drop' || effect === 'close' };
  }

  open(owner: ServerLinkOwner, timeoutMs: number): void {
    const { pool, host, port } = this.#target;
    if (pool !== '') {
      this.#pending = this.#port.openServer({ pool, affinity: '', operation: this.#operation, excluded: [], fresh: true }, owner);
      return;
    }
    const chosen = { pool: '', name: `${host}:${port}`, host, port };
    this.#pending = this.#port.dial({ host, port, localAddress: '', timeoutMs }, {
      dialed: (link) => {
        if (addressOnlyTyped(link.peer.address) && link.peer.address !== host) {
          // A name must not lead back to this machine or its own link.
          link.reset();
          owner.serverFailed({
            kind: 'operational', code: 'unreachable', side: 'server', phase: 'connect', retryable: false, message: `${chosen.name} leads to ${link.peer.address}`,
          }, undefined);
        } else owner.serverReady(link, chosen, false);
      },
      dialFailed: (failure) => { owner.serverFailed(failure, undefined); },
    });
  }

  /** Not connected; to the host of this name, if it came so far. */
  failed(serverName: string): void {
    this.#pending = undefined;
    this.serverName = serverName;
  }

  /** Connected to the host of this name. */
  reached(serverName: string): void {
    this.#pending = undefined;
    this.serverName = serverName;
    this.connectMs = this.#port.nowMs() - this.#startedMs;
  }

  /** The owner of `open` is not called any more. */
  cancel(): void { this.#pending?.cancel(); }

  /** Gives its place back. */
  release(): void {
    if (this.#admitted) this.#port.release(this.#operation);
    this.#admitted = false;
  }

  record(outcome: Outcome, reason: string, attributes: Readonly<Record<string, unknown>>): void {
    if (!this.#audited && outcome === 'allowed') {
      this.#port.unrecorded(0, this.#port.nowMs() - this.#startedMs);
      return;
    }
    const { host, entry, pool } = this.#target;
    const { bytesIn, bytesOut } = this.#port.client;
    recordEvent(this.#port, {
      id: this.id, verb: 'CONNECT', host, path: `/${entry || pool}`, outcome, rule: this.rule, reason, startedMs: this.#startedMs, pool,
      server: this.serverName, connectMs: Math.max(this.connectMs, 0), bytesIn, bytesOut, attributes,
    });
  }
}
