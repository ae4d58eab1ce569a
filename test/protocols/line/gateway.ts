// The session machine of the line protocol: one line at a time, each judged, sent to the server and answered by one line. Also
// its manifest, settings and replies, which a real gateway has in files of their own (CONTRIBUTING.md).
import { z } from 'zod';
import { AuditRecord, type Outcome } from '#contract/audit-record.ts';
import type { Trace } from '#contract/decision.ts';
import type { ChosenServer, ExplainRequest, Gateway, GatewayManifest, PendingServer, ServerLinkOwner, ServicePlan, SessionPort } from '#contract/gateway.ts';
import type { Link, LinkHandler } from '#contract/link.ts';
import type { Failure, OperationalFailure } from '#core/failure.ts';
import { duration, resourceName } from '#core/settings/primitives.ts';
import { defaultLineLimits, FAULT, LineParser, NEED_MORE } from './codec.ts';
import { LineOperation } from './operations.ts';

const lineSettings = z.strictObject({
  pool: resourceName().describe('Pool of servers to forward to.'),
  limits: z.strictObject({
    maxLineBytes: z.number().int().min(1).max(4096).prefault(defaultLineLimits.maxLineBytes).describe('Longest line. `ERR syntax`, then closed.').meta({ limit: true }),
  }).prefault({}).describe('Limits.'),
  timeouts: z.strictObject({
    idle: duration().prefault('60s').describe('Longest wait for a line. Closed.').meta({ limit: true }),
    reply: duration().prefault('30s').describe('Longest wait for the server\'s answer. `ERR unavailable`, then closed.').meta({ limit: true }),
  }).prefault({}).describe('Time limits.'),
});
type LineSettings = z.output<typeof lineSettings>;

const record = new AuditRecord();

class LineGateway implements Gateway, LinkHandler, ServerLinkOwner {
  readonly #port: SessionPort;
  readonly #settings: LineSettings;
  readonly #fromClient: LineParser;
  readonly #fromServer: LineParser;
  readonly #serverHandler: LinkHandler;
  #held: Buffer = Buffer.alloc(0);
  #operation: LineOperation | undefined = undefined;
  #id = '';
  #rule = '';
  /** False: a rule leaves what it allows out of the log. */
  #audited = true;
  #startedMs = 0;
  #pending: PendingServer | undefined = undefined;
  #server: Link | undefined = undefined;
  #serverName = '';
  #draining = false;
  #ended = false;

  constructor(port: SessionPort, settings: LineSettings) {
    this.#port = port;
    this.#settings = settings;
    this.#fromClient = new LineParser(settings.limits, 'client');
    this.#fromServer = new LineParser(defaultLineLimits, 'server');
    this.#serverHandler = {
      received: (_, bytes, start, end) => { this.#answered(bytes, start, end); },
      ended: () => { this.#serverGone('closed'); },
      closed: (_, failure) => { this.#serverGone(failure?.message ?? 'closed'); },
      drained() { /* lines are short */ }, relayed() { /* nothing is relayed */ },
    };
  }

  started(): void {
    this.#port.client.handler = this;
    this.#idle();
  }

  #idle(): void { this.#port.wakeAtMs = this.#port.nowMs() + this.#settings.timeouts.idle; }

  received(_link: Link, bytes: Buffer, start: number, end: number): void {
    if (this.#ended) return;
    this.#held = Buffer.concat([this.#held, bytes.subarray(start, end)]);
    // One read is kept at most: what waits behind the line under way is not read on.
    if (this.#operation !== undefined) this.#port.client.pause();
    else this.#pump();
  }

  #pump(): void {
    while (!this.#ended && this.#operation === undefined && this.#held.length > 0) {
      const bytes = this.#held;
      const next = this.#fromClient.push(bytes, 0, bytes.length);
      this.#held = next > 0 ? bytes.subarray(next) : Buffer.alloc(0);
      if (next === FAULT) this.#violated(this.#fromClient.fault!);
      else if (next !== NEED_MORE) this.#begin(this.#fromClient.line);
    }
    if (this.#ended || this.#operation !== undefined) return;
    if (this.#draining) this.#end('allowed', 'drained');
    else this.#port.client.resume();
  }

  #begin(line: string): void {
    const port = this.#port;
    const operation = new LineOperation(port.facts, port.subject, line);
    this.#operation = operation;
    this.#id = port.operationId();
    this.#startedMs = port.nowMs();
    const decision = port.decide(operation);
    this.#rule = decision.rule;
    this.#audited = decision.audit;
    if (decision.effect !== 'allow') return this.#finish('denied', decision.reason, 'ERR denied');
    const refusal = port.admit(operation);
    if (refusal !== undefined) {
      this.#rule = refusal.limit;
      return this.#finish('limited', refusal.reason, 'ERR busy');
    }
    port.wakeAtMs = port.nowMs() + this.#settings.timeouts.reply;
    if (this.#server !== undefined) this.#ask();
    else this.#pending = port.openServer({ pool: this.#settings.pool, affinity: '', operation, excluded: [], fresh: true }, this);
  }

  serverReady(link: Link, server: ChosenServer): void {
    this.#pending = undefined;
    if (this.#ended) {
      link.reset();
      this.#port.releaseLink(link, false, 'neutral', -1);
      return;
    }
    this.#server = link;
    this.#serverName = server.name;
    link.handler = this.#serverHandler;
    this.#ask();
  }

  serverFailed(failure: OperationalFailure): void {
    this.#pending = undefined;
    this.#serverGone(failure.message);
  }

  /** What is sent is written anew. */
  #ask(): void {
    const { verb, path } = this.#operation!;
    this.#server!.sendText(path === '/' ? `${verb}\r\n` : `${verb} ${path.slice(1)}\r\n`);
  }

  #answered(bytes: Buffer, start: number, end: number): void {
    if (this.#ended) return;
    const next = this.#fromServer.push(bytes, start, end);
    if (next === NEED_MORE && this.#operation !== undefined) return;
    // More than one line, or one that nobody asked for, is not an answer.
    if (next !== end || this.#operation === undefined) this.#serverGone(next === FAULT ? this.#fromServer.fault!.message : 'an answer to nothing');
    else this.#finish('allowed', '', this.#fromServer.line);
  }

  #serverGone(reason: string): void {
    if (this.#ended) return;
    if (this.#operation !== undefined) this.#finish('failed', reason, 'ERR unavailable');
    this.#end('failed', reason);
  }

  #finish(outcome: Outcome, reason: string, reply: string): void {
    const port = this.#port;
    const operation = this.#operation!;
    this.#operation = undefined;
    port.release(operation);
    if (this.#audited || outcome !== 'allowed') this.#record(operation, outcome, reason);
    else port.unrecorded(0, port.nowMs() - this.#startedMs);
    if (reply !== '') port.client.sendText(`${reply}\r\n`);
    this.#idle();
  }

  #record(operation: LineOperation, outcome: Outcome, reason: string): void {
    const port = this.#port;
    record.id = this.#id;
    record.timeMs = port.wallMs();
    record.durationMs = port.nowMs() - this.#startedMs;
    record.verb = operation.verb.slice(0, 64);
    // What a peer has to keep secret never gets into a record: masking by name (audit.mask) does not know this protocol.
    record.path = operation.verb === 'TOKEN' ? '/***' : operation.path;
    record.outcome = outcome;
    record.rule = this.#rule;
    record.reason = reason;
    record.server = this.#serverName;
    port.record(record);
    if (outcome !== 'failed' && outcome !== 'aborted') this.#pump();
  }

  #violated(fault: Failure): void {
    record.kind = 'violation';
    record.id = this.#port.operationId();
    record.timeMs = this.#port.wallMs();
    record.outcome = fault.kind === 'limit' ? 'limited' : 'refused';
    record.rule = fault.code;
    record.reason = fault.message;
    this.#port.record(record);
    this.#port.client.sendText('ERR syntax\r\n');
    this.#end(fault.kind === 'limit' ? 'limited' : 'refused', fault.message);
  }

  ended(): void { this.#end(this.#operation === undefined ? 'allowed' : 'aborted', 'client closed'); }
  closed(_link: Link, failure: OperationalFailure | undefined): void { this.#end('aborted', failure?.message ?? 'client closed'); }
  drained(): void { /* lines are short */ }
  relayed(): void { /* nothing is relayed */ }

  #end(outcome: Outcome, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#pending?.cancel();
    if (this.#operation !== undefined) this.#finish('aborted', reason, '');
    if (this.#server !== undefined) {
      this.#server.reset();
      this.#port.releaseLink(this.#server, false, outcome === 'failed' ? 'failure' : 'neutral', -1);
    }
    this.#port.client.close();
    this.#port.finished(outcome, reason);
  }

  woken(): void {
    if (this.#operation !== undefined) this.#serverGone('no answer in time');
    else this.#end('limited', 'idle');
  }

  drain(): void {
    this.#draining = true;
    this.#pump();
  }

  describe(): string { return this.#operation === undefined ? 'idle' : `${this.#operation.verb} ${this.#operation.path}`; }
}

/** The same questions as live, in the same order. */
function explain(port: SessionPort, request: ExplainRequest, trace: Trace): void {
  const operation = new LineOperation(port.facts, port.subject, `${request.verb} ${request.url}`);
  trace.step('protocol', `${operation.verb} ${operation.path}`, 'understood', 'one line');
  const decision = port.decide(operation, trace);
  if (decision.effect === 'allow') port.admit(operation, trace);
  trace.step('decision', decision.rule, decision.effect, decision.reason);
}

export const lineManifest: GatewayManifest<LineSettings> = {
  protocol: 'line',
  title: 'Lines, for tests',
  maturity: 'experimental',
  faces: ['hostile-clients', 'hostile-servers'],
  transport: 'tcp',
  defaultPort: 7007,
  verbsKey: 'verbs',
  attributes: [{ kind: 'length', description: 'Length of the object, under the key `object`.', caseInsensitiveKey: true }],
  settings: lineSettings,
  check: () => [],
  poolReferences: ({ pool }) => [{ path: ['pool'], pool }],
  compile: (name, settings): ServicePlan => ({ name, protocol: 'line', alpn: [], pools: [settings.pool], accept: (port) => new LineGateway(port, settings), explain }),
};
