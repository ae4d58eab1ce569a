// The session machine of a connection whose protocol is not known yet: reads the first bytes, or asks a server what it
// speaks, and gives the session to the service of that protocol. Sends nothing to the client, and nothing of the client to
// anybody, before the verdict. What fits no service is closed and recorded.
import type { Outcome } from '#contract/audit-record.ts';
import { AuditRecord } from '#contract/audit-record.ts';
import type { OperationalFailure } from '#core/failure.ts';
import type { ChosenServer, Gateway, PendingServer, ServerLinkOwner, SessionPort } from '#contract/gateway.ts';
import type { Link, LinkHandler } from '#contract/link.ts';
import { Identifier, maxIdentifyBytes, type Identification } from '#codecs/identify/index.ts';
import { IdentifyOperation } from './operations.ts';
import type { AutoService } from './service.ts';

const record = new AuditRecord();

export class AutoGateway implements Gateway, LinkHandler, ServerLinkOwner {
  readonly #port: SessionPort;
  readonly #service: AutoService;
  readonly #identifier: Identifier;
  readonly #startedMs: number;
  /** Everything that the client has said, for the service that takes over. */
  #held: Buffer = Buffer.alloc(0);
  #ended = false;
  #state: 'waiting' | 'asking' | 'done' = 'waiting';
  #pending: PendingServer | undefined = undefined;
  #asked: Link | undefined = undefined;

  constructor(port: SessionPort, service: AutoService) {
    this.#port = port;
    this.#service = service;
    this.#identifier = new Identifier(port.facts.local.port);
    this.#startedMs = port.nowMs();
  }

  started(): void {
    this.#port.client.handler = this;
    this.#port.wakeAtMs = this.#startedMs + this.#service.settings.wait;
  }

  // Events of the client.

  received(_link: Link, bytes: Buffer, start: number, end: number): void {
    if (this.#state === 'done') return;
    this.#held = this.#held.length === 0 ? Buffer.from(bytes.subarray(start, end)) : Buffer.concat([this.#held, bytes.subarray(start, end)]);
    const found = this.#identifier.client(bytes, start, end);
    // A client that speaks while a server is asked has answered the question itself.
    if (found.open && this.#held.length < maxIdentifyBytes) this.#port.wakeAtMs = this.#startedMs + this.#service.settings.timeout;
    else this.#decide(found);
  }

  ended(): void {
    this.#ended = true;
    if (this.#state !== 'done') this.#decide(this.#identifier.final());
  }

  drained(): void { /* nothing is sent */ }
  relayed(): void { /* nothing is relayed */ }

  closed(_link: Link, failure: OperationalFailure | undefined): void {
    if (this.#state !== 'done') this.#finish('aborted', failure?.message ?? 'client closed');
  }

  // A server that is asked what it speaks.

  #ask(pool: string): void {
    this.#state = 'asking';
    const operation = new IdentifyOperation(this.#port.facts, this.#port.subject, this.#identifier.verdict());
    this.#port.wakeAtMs = this.#startedMs + this.#service.settings.timeout;
    this.#pending = this.#port.openServer({ pool, affinity: '', operation, excluded: [], fresh: true }, this);
  }

  serverReady(link: Link, _server: ChosenServer): void {
    this.#pending = undefined;
    if (this.#state !== 'asking') {
      link.reset();
      this.#port.releaseLink(link, false, 'neutral', -1);
      return;
    }
    this.#asked = link;
    const heard = (found: Identification): void => { if (this.#state === 'asking' && !found.open) this.#decide(found); };
    link.handler = {
      received: (_, bytes, start, end) => { heard(this.#identifier.server(bytes, start, end)); },
      ended: () => { heard(this.#identifier.final()); },
      closed: () => {
        if (this.#asked === link) this.#dropAsked();
        heard(this.#identifier.final());
      },
      drained() { /* nothing is sent */ }, relayed() { /* nothing is relayed */ },
    };
  }

  serverFailed(failure: OperationalFailure): void {
    this.#pending = undefined;
    if (this.#state === 'asking') this.#mismatch(this.#identifier.verdict(), 'failed', `the server to ask: ${failure.message}`);
  }

  #dropAsked(): void {
    const link = this.#asked;
    this.#asked = undefined;
    this.#pending?.cancel();
    this.#pending = undefined;
    if (link === undefined) return;
    if (!link.closed) link.reset();
    this.#port.releaseLink(link, false, 'success', -1);
  }

  // The verdict.

  #decide(found: Identification): void {
    const { services, minConfidence } = this.#service.settings;
    const target = found.protocol === '' || found.confidence < minConfidence ? undefined : services[found.protocol];
    if (target === undefined) {
      const what = found.protocol === '' ? 'nothing that is known' : found.confidence < minConfidence ? `perhaps ${found.protocol}` : `${found.protocol}, which leads nowhere here`;
      this.#mismatch(found, 'refused', `the client speaks ${what} (${found.evidence})`);
      return;
    }
    this.#handOver(target, found);
  }

  #handOver(target: string, found: Identification): void {
    const { facts, subject, client } = this.#port;
    const decision = this.#port.decide(new IdentifyOperation(facts, subject, found));
    if (decision.effect !== 'allow') {
      this.#mismatch(found, 'denied', decision.reason, decision.rule);
      return;
    }
    this.#dropAsked();
    this.#state = 'done';
    if (decision.audit) this.#record(found, 'allowed', decision.rule, `to service ${target}`);
    else this.#port.unrecorded(0, this.#port.nowMs() - this.#startedMs);
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    if (this.#port.handOver(target) === undefined) {
      this.#finish('failed', `there is no service ${target}`);
      return;
    }
    if (held.length > 0) client.handler.received(client, held, 0, held.length);
    if (this.#ended && !client.closed) client.handler.ended(client);
  }

  #mismatch(found: Identification, outcome: Outcome, reason: string, rule = 'auto.mismatch'): void {
    this.#record(found, outcome, rule, reason);
    this.#finish(outcome, reason);
  }

  #finish(outcome: Outcome, reason: string): void {
    this.#state = 'done';
    this.#dropAsked();
    if (!this.#port.client.closed) this.#port.client.reset();
    this.#port.finished(outcome, reason);
  }

  #record(found: Identification, outcome: Outcome, rule: string, reason: string): void {
    const { client } = this.#port;
    record.kind = outcome === 'refused' ? 'violation' : 'operation';
    record.id = this.#port.operationId();
    record.durationMs = this.#port.nowMs() - this.#startedMs;
    record.timeMs = this.#port.wallMs() - record.durationMs;
    record.verb = 'IDENTIFY';
    record.path = `/${found.protocol === '' ? 'unknown' : found.protocol}`;
    record.outcome = outcome;
    record.rule = rule;
    record.reason = reason;
    record.bytesIn = client.bytesIn;
    record.attributes = JSON.stringify({ confidence: found.confidence, evidence: found.evidence }).slice(1, -1);
    this.#port.record(record);
  }

  woken(nowMs: number): void {
    if (this.#state === 'done') return;
    const { silent, ask, timeout, wait } = this.#service.settings;
    if (this.#held.length === 0 && this.#state === 'waiting' && nowMs >= this.#startedMs + wait && nowMs < this.#startedMs + timeout) {
      if (silent !== undefined) this.#handOver(silent, { ...this.#identifier.verdict(), evidence: 'the client says nothing' });
      else if (ask !== undefined) this.#ask(ask);
      else this.#port.wakeAtMs = this.#startedMs + timeout;
    } else if (nowMs >= this.#startedMs + timeout) this.#decide(this.#identifier.final());
    else this.#port.wakeAtMs = this.#startedMs + timeout;
  }

  drain(): void { if (this.#state !== 'done') this.#finish('allowed', 'drained'); }
  describe(): string { return this.#state === 'asking' ? 'asking a server what it speaks' : 'waiting for the first bytes'; }
}
