// Binds one session machine to policy, limits, servers and audit, and is the one place where a bug in any of them is
// caught: that session ends, closed and recorded, and nothing else. Every session ends in exactly one outcome.
// Does no I/O: the host (layer runtime) gives links, time and ids.
import type { Clock } from '#core/clock.ts';
import { AuditRecord, type Outcome } from '#contract/audit-record.ts';
import { auditUnavailableRule, type Decision, type LimitRefusal, type Trace } from '#contract/decision.ts';
import type {
  AwaitedApproval, DialOwner, DialRequest, Gateway, Lease, LeaseOwner, LeaseRequest, PendingServer, Recording, ServerLinkOwner, ServerRequest, ServicePlan,
  SessionFacts, SessionPort,
} from '#contract/gateway.ts';
import type { ContentFacts, ContentInspection } from '#contract/inspection.ts';
import type { BlockLists } from '#contract/web-inspection.ts';
import type { Link } from '#contract/link.ts';
import type { Operation, Subject } from '#contract/operation.ts';
import { affinityOf } from '#upstream/affinity.ts';
import type { Pool } from '#upstream/pool.ts';
import type { ConnectionFacts } from '#policy/limits/limiter.ts';
import type { ListenerPlan, Plan } from './plan.ts';

/** What the session layer needs of the process it runs in. */
export interface SessionHost extends Clock {
  readonly plan: Plan;
  /** `nowMs` as it was read last while this event is handled: where a few microseconds do not matter. */
  recentMs(): number;
  /** Nothing can be audited and the configuration says to refuse then. */
  readonly refusing: boolean;
  nextId(): string;
  record(record: AuditRecord): void;
  unrecorded(service: string, status: number, durationMs: number): void;
  /** Hands out links to the servers of a pool. */
  openServer(pool: Pool, affinity: string, request: ServerRequest, owner: ServerLinkOwner, session: Session): PendingServer | undefined;
  releaseLink(link: Link, reusable: boolean, outcome: 'success' | 'failure' | 'neutral', latencyMs: number, reason: string): void;
  dial(request: DialRequest, owner: DialOwner, session: Session): PendingServer;
  lease(request: LeaseRequest, owner: LeaseOwner, opened: (lease: Lease) => void, session: Session): void;
  authenticate(user: string, password: string, done: (groups: readonly string[] | undefined) => void): void;
  listed(address: string, lists: BlockLists, done: (listed: ReadonlyMap<string, string>) => void): ReadonlyMap<string, string> | undefined;
  recording(session: Session, header: Readonly<Record<string, unknown>>): Recording | undefined;
  sessionEnded(session: Session): void;
  /** A bug: for the process's own log and counters. */
  bug(error: unknown): void;
}

/** What a policy that threw is answered with. */
const failedClosed: Decision = Object.freeze({
  effect: 'deny', rule: 'internal-error', reason: 'policy could not be evaluated: failing closed', status: 0, message: '', delayMs: 0, audit: true,
});

/** Nothing may happen unrecorded (audit.onOverflow, audit.onStoreFailure: refuse). */
const unauditable: Decision = Object.freeze({
  effect: 'deny', rule: auditUnavailableRule, reason: 'the audit log cannot be kept: refusing, as configured', status: 0, message: '', delayMs: 0, audit: true,
});

const noGroups: readonly string[] = Object.freeze([]);
const sessionRecord = new AuditRecord();

class Facts implements SessionFacts {
  readonly id: string;
  protocol: string;
  readonly listener: string;
  service: string;
  configuration: string;
  readonly #link: Link;

  constructor(id: string, service: ServicePlan, listener: string, link: Link, configuration: string) {
    this.id = id;
    this.protocol = service.protocol;
    this.listener = listener;
    this.service = service.name;
    this.#link = link;
    this.configuration = configuration;
  }

  get client(): Link['peer'] { return this.#link.peer; }
  get local(): Link['local'] { return this.#link.local; }
  get tls(): Link['tls'] { return this.#link.tls; }
}

export class Session implements SessionPort {
  readonly facts: SessionFacts;
  readonly id: string;
  readonly client: Link;
  readonly startedWallMs: number;
  readonly startedMs: number;
  /** The plan that the session began with; operations of stand-alone protocols move on to newer ones. */
  plan: Plan;
  subject: Subject;
  wakeAtMs = Infinity;
  gateway: Gateway | undefined = undefined;
  operations = 0;
  ended = false;
  /** What connection limits count. */
  readonly connection: ConnectionFacts;
  readonly #host: SessionHost;
  readonly #listener: ListenerPlan;
  #service: ServicePlan;
  /** Name of the service that the listener leads to, once another has taken over. */
  #handedOverBy: string | undefined = undefined;
  /** Server links in this session's hands: closed with it whatever happens. */
  readonly #serverLinks: Link[] = [];
  /** Operations that hold a place of some limit: let go with the session whatever happens. */
  readonly #holding: Operation[] = [];

  constructor(host: SessionHost, listener: ListenerPlan, service: ServicePlan, client: Link) {
    this.#host = host;
    this.#listener = listener;
    this.#service = service;
    this.plan = host.plan;
    this.client = client;
    this.id = host.nextId();
    this.facts = new Facts(this.id, service, listener.name, client, this.plan.shortVersion);
    this.startedWallMs = host.wallMs();
    this.startedMs = host.nowMs();
    this.subject = this.subjectFor(client.peer.address, client.peer.port);
    this.connection = { listener: listener.name, service: service.name, address: client.peer.address, zones: this.subject.zones, admission: undefined };
  }

  get protocol(): string { return this.#service.protocol; }
  get listener(): string { return this.#listener.name; }
  get service(): string { return this.#service.name; }
  get configuration(): string { return this.plan.shortVersion; }
  get serverLinks(): readonly Link[] { return this.#serverLinks; }

  start(): void {
    try {
      this.gateway = this.#service.accept(this);
      this.gateway.started();
    } catch (error) { this.bug(error); }
  }

  subjectFor(address: string, port: number, user?: string): Subject {
    return { address, port, zones: this.plan.zones.zonesOf(address), user, groups: noGroups };
  }

  nowMs(): number { return this.#host.nowMs(); }
  wallMs(): number { return this.#host.wallMs(); }
  operationId(): string { return this.#host.nextId(); }

  decide(operation: Operation, trace?: Trace): Decision {
    if (this.#host.refusing) return unauditable;
    try {
      return this.plan.policy.decide(operation, trace);
    } catch (error) {
      this.#host.bug(error);
      return failedClosed;
    }
  }

  admit(operation: Operation, trace?: Trace): LimitRefusal | undefined {
    const refusal = this.plan.limiter.admit(operation, this.#host.recentMs(), trace);
    if (operation.admission !== undefined) this.#holding.push(operation);
    return refusal;
  }

  release(operation: Operation): void {
    if (operation.admission === undefined) return;
    this.plan.limiter.release(operation);
    const at = this.#holding.indexOf(operation);
    if (at >= 0) this.#holding.splice(at, 1);
  }

  openServer(request: ServerRequest, owner: ServerLinkOwner): PendingServer | undefined {
    const pool = this.plan.pools.get(request.pool);
    if (pool === undefined) throw new Error(`service ${this.service} asks for pool ${request.pool}, which the plan does not have`);
    const affinity = request.affinity !== '' || pool.affinity === undefined ? request.affinity : affinityOf(request.operation, pool.affinity);
    return this.#host.openServer(pool, affinity, request, owner, this);
  }

  /** Host only: a server link is in this session's hands from now on. */
  took(link: Link): void {
    this.#serverLinks.push(link);
  }

  releaseLink(link: Link, reusable: boolean, outcome: 'success' | 'failure' | 'neutral', latencyMs: number, reason = ''): void {
    const at = this.#serverLinks.indexOf(link);
    if (at < 0) return;
    const last = this.#serverLinks.pop()!;
    if (last !== link) this.#serverLinks[at] = last;
    this.#host.releaseLink(link, reusable, outcome, latencyMs, reason);
  }

  dial(request: DialRequest, owner: DialOwner): PendingServer {
    return this.#host.dial(request, owner, this);
  }

  lease(request: LeaseRequest, owner: LeaseOwner, opened: (lease: Lease) => void): void {
    this.#host.lease(request, owner, opened, this);
  }

  authenticate(user: string, password: string, done: (subject: Subject | undefined) => void): void {
    const { address, port, zones } = this.subject;
    this.#host.authenticate(user, password, (groups) => {
      if (this.ended) return;
      try { done(groups === undefined ? undefined : { address, port, zones, user, groups }); } catch (error) { this.bug(error); }
    });
  }

  listed(address: string, lists: BlockLists, done: (listed: ReadonlyMap<string, string>) => void): ReadonlyMap<string, string> | undefined {
    return this.#host.listed(address, lists, (found) => {
      if (this.ended) return;
      try { done(found); } catch (error) { this.bug(error); }
    });
  }

  inspect(operation: Operation, content: ContentFacts): ContentInspection | undefined {
    return this.plan.inspectors.open(operation, content, this.#host.wallMs());
  }

  recording(header: Readonly<Record<string, unknown>>): Recording | undefined {
    return this.#host.recording(this, header);
  }

  mayRetry(pool: string): boolean {
    return this.plan.pools.get(pool)?.mayRetry(this.#host.nowMs()) ?? false;
  }

  record(record: AuditRecord, subject = this.subject): void {
    this.operations++;
    this.#fillFacts(record, subject);
    this.#host.record(record);
    record.blank();
  }

  unrecorded(status: number, durationMs: number): void {
    this.operations++;
    this.#host.unrecorded(this.#service.name, status, durationMs);
  }

  /** What every record of a session has in common. */
  #fillFacts(record: AuditRecord, subject: Subject): void {
    record.session = this.id;
    record.protocol = this.#service.protocol;
    record.listener = this.#listener.name;
    record.service = this.#service.name;
    record.client = subject.address;
    record.clientPort = subject.port;
    record.zone = subject.zones[0] ?? '';
    record.user = subject.user ?? '';
    record.configuration = this.plan.shortVersion;
  }

  currentService(): ServicePlan | undefined {
    const current = this.#host.plan;
    if (current === this.plan) return this.#service;
    const service = this.servedBy(current) ? current.services.get(this.#service.name) : undefined;
    if (service === undefined || service.protocol !== this.#service.protocol) return undefined;
    // Concurrency counts are held by limiter objects that successive plans share by name, so a plan may change between operations.
    this.plan = current;
    this.#service = service;
    (this.facts as Facts).configuration = current.shortVersion;
    return service;
  }

  /** Whether a plan still leads from the session's listener to its service. */
  servedBy(plan: Plan): boolean {
    const listener = plan.listeners.get(this.#listener.name);
    return listener?.service === (this.#handedOverBy ?? this.#service.name) && plan.services.has(this.#service.name);
  }

  handOver(name: string): Gateway | undefined {
    const service = this.plan.services.get(name);
    if (service === undefined || this.#handedOverBy !== undefined || this.ended) return undefined;
    this.#handedOverBy = this.#service.name;
    this.#service = service;
    const facts = this.facts as Facts;
    facts.service = service.name;
    facts.protocol = service.protocol;
    this.wakeAtMs = Infinity;
    this.gateway = service.accept(this);
    this.gateway.started();
    return this.gateway;
  }

  wake(nowMs: number): void {
    try { this.gateway?.woken(nowMs); } catch (error) { this.bug(error); }
  }

  drain(): void {
    try { this.gateway?.drain(); } catch (error) { this.bug(error); }
  }

  /** What the machine does now, for the session table. A bug in saying it costs the session, not the table. */
  describe(): string {
    try { return this.gateway?.describe() ?? 'starting'; } catch (error) {
      this.bug(error);
      return 'ended by a bug';
    }
  }

  /** What it holds for a second person, if anything. */
  awaits(): AwaitedApproval | undefined {
    try { return this.gateway?.awaits?.(); } catch (error) {
      this.bug(error);
      return undefined;
    }
  }

  /** An administrator's word to the session machine; undefined when it understands none. */
  control(command: string, argument: string): string | undefined {
    try { return this.gateway?.control?.(command, argument); } catch (error) {
      this.bug(error);
      return undefined;
    }
  }

  /** Ends the session from outside: an administrator, or the end of the drain time. */
  kill(reason: string): void {
    if (this.ended) return;
    try { this.gateway?.killed?.(reason); } catch (error) { this.bug(error); }
    // A client that takes nothing must not keep its connection behind the session's end.
    if (!this.client.closed && (!this.ended || this.client.unsentBytes > 0)) this.client.reset();
    if (this.ended) return;
    this.#dropServerLinks();
    this.finished('aborted', reason);
  }

  bug(error: unknown): void {
    this.#host.bug(error);
    if (this.ended) return;
    this.client.reset();
    this.#dropServerLinks();
    this.finished('error', `internal error: ${error instanceof Error ? error.message : String(error)}`);
  }

  #dropServerLinks(): void {
    for (let link = this.#serverLinks.at(-1); link !== undefined; link = this.#serverLinks.at(-1)) {
      link.reset();
      this.releaseLink(link, false, 'neutral', -1);
    }
  }

  finished(outcome: Outcome, reason: string): void {
    if (this.ended) return;
    this.ended = true;
    this.wakeAtMs = Infinity;
    if (this.#serverLinks.length > 0) this.#dropServerLinks();
    for (const operation of this.#holding) this.plan.limiter.release(operation);
    this.#recordEnd(outcome, reason);
    this.#host.sessionEnded(this);
  }

  #recordEnd(outcome: Outcome, reason: string): void {
    const record = sessionRecord;
    this.#fillFacts(record, this.subject);
    record.kind = 'session';
    record.id = this.id;
    record.timeMs = this.startedWallMs;
    record.durationMs = this.#host.nowMs() - this.startedMs;
    record.outcome = outcome;
    record.reason = reason;
    record.bytesIn = this.client.bytesIn;
    record.bytesOut = this.client.bytesOut;
    record.attributes = `"operations":${this.operations}`;
    this.#host.record(record);
  }
}
