// What a worker does: listens, begins a session for each connection, runs the alarms, and talks to the supervisor. Works
// the same in a process of its own (cli/worker-process.ts) and inside the supervisor's process (runtime.workers: 0).
// Holds no configuration files and no store: those are the supervisor's.
import { performance } from 'node:perf_hooks';
import { AuditBatch } from '#audit/batch.ts';
import { makeIdSource, type IdSource } from '#audit/ids.ts';
import type { Clock } from '#core/clock.ts';
import type { AuditRecord } from '#contract/audit-record.ts';
import type {
  DialOwner, DialRequest, ExplainRequest, GatewayManifest, Lease, LeaseOwner, LeaseRequest, PendingServer, Recording, ServerLinkOwner, ServerRequest,
} from '#contract/gateway.ts';
import type { Inspector } from '#contract/inspection.ts';
import type { Link } from '#contract/link.ts';
import type { BlockLists } from '#contract/web-inspection.ts';
import { BlockListLookup } from './block-lists.ts';
import { Channels } from './channels.ts';
import { Recordings } from './recordings.ts';
import { TlsProfiles } from './tls/profiles.ts';
import type { TlsProfile } from './tls/settings.ts';
import { Users, type UserSettings } from './users.ts';
import { adoptPools, compilePlan, type Plan } from '#session/plan.ts';
import type { RunConfiguration } from '#session/configuration.ts';
import { explainOperation } from '#session/explanation.ts';
import { Session, type SessionHost } from '#session/session.ts';
import type { Pool, RequestOutcome } from '#upstream/pool.ts';
import { ClosingLinks } from './closing.ts';
import { Connector, ServerLink } from './connector.ts';
import { readTime, recentTime } from './event-time.ts';
import type { SocketLink } from './link.ts';
import { Listeners, type OpenListener } from './listeners.ts';
import { LostPeers } from './lost-peers.ts';
import { refusalRecord, reportOf, startOf, strangerRecord } from './session-reports.ts';
import type { FromWorker, ToWorker, WorkerAnswer, WorkerQuery, WorkerShare, WorkerStatus } from './messages.ts';

/** How often alarms, queues and idle connections are looked at. */
export const sweepMs = 100;
/** How often limits are exchanged with the other workers: the bound of decision 0004 depends on it. */
const limitExchangeMs = 25;
/** What a worker that is killed takes along at most. */
const auditFlushMs = 25;

export interface WorkerOptions {
  /** From 0. */
  readonly worker: number;
  readonly workers: number;
  readonly manifests: readonly GatewayManifest[];
  readonly product: string;
  /** The machine's own clock unless a test brings one. Alarms are looked at in real time all the same. */
  readonly clock?: Clock;
  /** Content inspectors that are not configured but built in: asked behind the others. */
  readonly inspectors?: readonly Inspector[];
  send(message: FromWorker): void;
}

const pendingConfiguration: RunConfiguration = {
  zones: {}, listeners: {}, services: {}, pools: {}, policy: [], limits: {}, audit: { mask: undefined, onOverflow: 'drop' },
};

const machineClock: Clock = { nowMs: () => performance.now(), wallMs: () => Date.now() };

export class Worker implements SessionHost {
  plan: Plan;
  readonly #options: WorkerOptions;
  readonly #clock: Clock;
  readonly #ids: IdSource;
  readonly #connector: Connector;
  readonly #blockLists = new BlockListLookup(() => performance.now());
  readonly #channels: Channels;
  #security = new TlsProfiles({});
  #users = new Users({});
  readonly #recordings = new Recordings();
  readonly #sessions = new Map<string, Session>();
  /** Not told to the supervisor yet. */
  readonly #begun = new Set<Session>();
  #ended: string[] = [];
  readonly #listeners: Listeners;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #closing = new ClosingLinks();
  readonly #lostPeers = new LostPeers(sweepMs);
  #configuring = Promise.resolve();
  #share: WorkerShare;
  #sharing = false;
  #batch: AuditBatch;
  #configuration = pendingConfiguration;
  #draining = false;
  #storeRefuses = false;
  #drainDeadlineMs = Infinity;
  #stopped = false;
  readonly #startedMs: number;
  #sessionsTotal = 0;
  #operations = 0;
  #bugs = 0;
  #refusedConnections = 0;
  #acceptFailures = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? machineClock;
    this.#startedMs = this.#clock.nowMs();
    this.#share = { worker: options.worker, workers: options.workers };
    // Worker 0 of the ids is the supervisor.
    this.#ids = makeIdSource(options.worker + 1);
    this.#connector = new Connector(() => this.recentMs(), () => this.#security);
    this.#channels = new Channels({
      nowMs: () => this.nowMs(), nextId: () => this.nextId(), security: () => this.#security,
      stranger: (lease, address) => { this.#batch.add(strangerRecord(lease, address, this.nextId(), this.wallMs(), this.plan.shortVersion)); },
    });
    this.#listeners = new Listeners({
      accepted: (listener, link) => { this.#accepted(listener, link); },
      failed: () => { this.#acceptFailures++; },
    });
    this.#batch = this.#makeBatch(pendingConfiguration);
    this.plan = compilePlan(pendingConfiguration, '', this.#environment());
  }

  nowMs(): number { return readTime(this.#clock); }
  recentMs(): number { return recentTime(this.#clock); }
  wallMs(): number { return this.#clock.wallMs(); }
  nextId(): string { return this.#ids.next(); }

  #environment() {
    const { manifests, product, inspectors } = this.#options;
    return {
      manifests, product, inspectors, ...this.#share, random: Math.random, nowMs: this.nowMs(), measureMs: () => performance.now(),
      inspectionFailed: (error: unknown) => { this.bug(error); },
    };
  }

  #makeBatch(configuration: RunConfiguration): AuditBatch {
    const { mask, onOverflow } = configuration.audit;
    return new AuditBatch({ deliver: (block) => { this.#options.send({ type: 'audit', block }); this.#tellSessions(); }, ...(mask === undefined ? {} : { mask }), onOverflow });
  }

  start(): void {
    this.#timers.push(setInterval(() => { setImmediate(() => { if (!this.#stopped) this.sweep(); }); }, sweepMs));
    this.#timers.push(setInterval(() => { this.flushAudit(); }, auditFlushMs));
    this.#shareLimits();
    this.#options.send({ type: 'started' });
  }

  /** From the time when there is another worker. It goes on when there is none any more: one that drains may still hold something. */
  #shareLimits(): void {
    if (this.#share.workers <= 1 || this.#sharing || this.#stopped) return;
    this.#sharing = true;
    this.#timers.push(setInterval(() => { this.#exchangeLimits(); }, limitExchangeMs));
  }

  /** Ends everything at once. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#listeners.close();
    for (const session of this.#sessions.values()) session.kill('the gateway stopped');
    this.#channels.stop();
    this.#blockLists.stop();
    this.#connector.closeAllIdle();
    this.#recordings.flush();
    this.#closing.resetAll();
    this.#batch.flush();
    this.#tellSessions();
  }

  /** Right behind the records of the same time: a session is open for the supervisor until its record has been handed over. */
  #tellSessions(): void {
    if (this.#begun.size === 0 && this.#ended.length === 0) return;
    this.#options.send({ type: 'sessions', begun: Array.from(this.#begun, startOf), ended: this.#ended });
    this.#begun.clear();
    this.#ended = [];
  }

  receive(message: ToWorker): void {
    switch (message.type) {
      // One after the other: a return to the previous configuration must not overtake the one that failed.
      case 'configure': this.#configuring = this.#configuring.then(() => this.#configure(message.configuration, message.version, message.share)); break;
      case 'health': for (const report of message.reports) this.plan.pools.get(report.pool)?.applyHealth(report, this.nowMs()); break;
      case 'passive': this.plan.pools.get(message.report.pool)?.applyPassive(message.report, this.nowMs()); break;
      case 'administrative': {
        const { pool, server, state } = message.report;
        this.plan.pools.get(pool)?.setAdministrativeState(server, state, this.nowMs());
        break;
      }
      case 'addresses': for (const { pool, server, addresses } of message.reports) this.plan.pools.get(pool)?.applyAddresses(server, addresses); break;
      case 'limits': this.plan.limiter.applyDeltas(message.deltas, this.nowMs()); break;
      case 'audit-refusing': this.#storeRefuses = message.refusing; break;
      case 'audit-kept': this.#batch.acknowledge(message.blocks); break;
      case 'query': this.#options.send({ type: 'answer', id: message.id, answer: this.#answer(message.query) }); break;
      case 'kill': this.#sessions.get(message.session)?.kill(message.reason); break;
      case 'revoke': this.#channels.revoke(message.lease, message.reason); break;
      // What has been connected to already is accepted first: closing the port would reset it.
      case 'drain': setImmediate(() => { this.#drain(message.deadlineMs); }); break;
    }
  }

  // Configuration: compile all, open what is new, then switch at once, then close what is gone.

  async #configure(configuration: RunConfiguration, version: string, share = this.#share): Promise<void> {
    const opened: OpenListener[] = [];
    const before = this.#share;
    try {
      const previous = this.plan;
      this.#share = share;
      const plan = compilePlan(configuration, version, this.#environment(), previous);
      const security = new TlsProfiles((configuration.tls ?? {}) as Record<string, TlsProfile>);
      await this.#listeners.openMissing(plan.listeners.values(), opened);
      this.#security = security;
      this.#users = new Users((configuration.users ?? {}) as Record<string, UserSettings>);
      this.#recordings.configure(configuration.recordings);
      this.#adopt(plan, previous, configuration, opened);
      this.#options.send({ type: 'configured', version, listeners: this.#listeners.reports(this.plan) });
    } catch (error) {
      this.#share = before;
      for (const { acceptor } of opened) acceptor.close();
      this.#options.send({ type: 'refused', version, reason: error instanceof Error ? error.message : String(error) });
    }
  }

  #adopt(plan: Plan, previous: Plan, configuration: RunConfiguration, opened: readonly OpenListener[]): void {
    const nowMs = this.nowMs();
    this.#listeners.adopt(opened);
    for (const pool of plan.pools.values()) {
      pool.events = {
        ejected: (report) => { this.#options.send({ type: 'passive', report }); },
        closeIdle: (server, staying) => { this.#connector.closeIdle(server, staying); },
        freed: (server) => { this.#connector.freed(server); },
      };
    }
    adoptPools(plan, configuration, this.#share, nowMs);
    this.#shareLimits();
    if (configuration.audit !== this.#configuration.audit) {
      this.#batch.flush();
      const { pending, unrecorded } = this.#batch;
      this.#batch = this.#makeBatch(configuration);
      this.#batch.pending = pending;
      this.#batch.unrecorded = unrecorded;
    }
    this.#configuration = configuration;
    this.plan = plan;
    this.#listeners.closeRemoved(plan);
    for (const [name, pool] of previous.pools) if (!plan.pools.has(name)) pool.close(nowMs);
    // Sessions whose listener or service is gone finish what they are doing; the others move on at their next operation.
    for (const session of this.#sessions.values()) {
      if (!session.servedBy(plan)) session.drain();
    }
  }

  // Connections and sessions.

  #accepted(name: string | undefined, link: SocketLink): void {
    const listener = name === undefined ? undefined : this.plan.listeners.get(name);
    const service = listener === undefined ? undefined : this.plan.services.get(listener.service);
    if (listener === undefined || service === undefined || this.#draining) {
      link.reset();
      return;
    }
    const session = new Session(this, listener, service, link);
    const refusal = this.plan.limiter.admitConnection(session.connection, this.nowMs());
    if (refusal !== undefined || this.refusing) {
      if (refusal === undefined) this.plan.limiter.releaseConnection(session.connection);
      this.#refuseConnection(session, refusal?.limit ?? 'audit.onOverflow', refusal?.reason ?? 'the audit store cannot keep up');
      return;
    }
    link.guard = session;
    link.security = this.#security;
    this.#sessions.set(session.id, session);
    this.#begun.add(session);
    this.#sessionsTotal++;
    if (listener.tls === '') session.start();
    else this.#startSecured(session, link, listener.tls, service.alpn);
  }

  /** TLS from the start: the session machine begins when the handshake is done. */
  #startSecured(session: Session, link: SocketLink, profile: string, alpn: readonly string[]): void {
    link.handler = {
      received(early) { early.reset(); }, ended(early) { early.close(); }, drained() { /* nothing was sent */ }, relayed() { /* no relay */ },
      secured: () => { session.start(); },
      closed: (_, failure) => { session.finished('refused', failure?.message ?? 'closed during the TLS handshake'); },
    };
    link.secure({ end: 'tls-server', profile, serverName: '', alpn, continues: undefined, ownTickets: alpn.includes('ftp') });
  }

  #refuseConnection(session: Session, rule: string, reason: string): void {
    this.#refusedConnections++;
    session.client.reset();
    this.#batch.add(refusalRecord(session, rule, reason, this.plan.shortVersion));
  }

  openServer(pool: Pool, affinity: string, request: ServerRequest, owner: ServerLinkOwner, session: Session): PendingServer | undefined {
    return this.#connector.open(pool, affinity, request, owner, session);
  }

  releaseLink(link: Link, reusable: boolean, outcome: RequestOutcome, latencyMs: number, reason: string): void {
    if (link instanceof ServerLink) this.#connector.release(link, reusable, outcome, latencyMs, reason);
    else this.#channels.release(link);
  }

  dial(request: DialRequest, owner: DialOwner, session: Session): PendingServer { return this.#channels.dial(request, owner, session); }

  lease(request: LeaseRequest, owner: LeaseOwner, opened: (lease: Lease) => void, session: Session): void {
    this.#channels.lease(request, owner, opened, session);
  }

  authenticate(user: string, password: string, done: (groups: readonly string[] | undefined) => void): void {
    this.#users.authenticate(user, password, done);
  }

  listed(address: string, lists: BlockLists, done: (listed: ReadonlyMap<string, string>) => void): ReadonlyMap<string, string> | undefined {
    return this.#blockLists.listed(address, lists, done);
  }

  recording(session: Session, header: Readonly<Record<string, unknown>>): Recording | undefined {
    return this.#recordings.begin(session.id, header);
  }

  record(record: AuditRecord): void {
    if (record.kind !== 'session') this.#operations++;
    this.#batch.add(record);
  }

  unrecorded(service: string, status: number, durationMs: number): void {
    this.#operations++;
    this.#batch.unrecorded.count(service, status, durationMs);
  }

  /** The audit log cannot keep up, or its store fails, and the configuration says to refuse then. */
  get refusing(): boolean { return this.#batch.refusing || this.#storeRefuses; }

  sessionEnded(session: Session): void {
    session.plan.limiter.releaseConnection(session.connection);
    this.#channels.sessionEnded(session);
    // One that was refused was never among them.
    if (this.#sessions.delete(session.id) && !this.#begun.delete(session)) this.#ended.push(session.id);
    this.#closing.watch(session.client as SocketLink, this.nowMs());
  }

  bug(error: unknown): void {
    this.#bugs++;
    this.#options.send({ type: 'bug', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }

  /** Rings the alarms that are due and looks at what has waited too long. Behind what has come in the meantime: no peer is late because we stalled. */
  sweep(): void {
    const nowMs = this.nowMs();
    for (const session of this.#sessions.values()) if (session.wakeAtMs <= nowMs) session.wake(nowMs);
    this.#connector.sweep(nowMs);
    this.#channels.sweep(nowMs);
    this.#recordings.flush();
    this.#closing.sweep(nowMs);
    this.#lostPeers.sweep(nowMs, this.#sessions.values());
    for (const pool of this.plan.pools.values()) pool.sweep(nowMs);
    if (!this.#draining) return;
    if (this.#sessions.size === 0 && !this.#stopped) {
      this.stop();
      this.#options.send({ type: 'drained' });
    } else if (nowMs >= this.#drainDeadlineMs) {
      // The next sweep stops: what their closing links have to say until then is still recorded.
      for (const session of this.#sessions.values()) session.kill('the drain time is over');
    }
  }

  /** Hands over the records that were collected so far. A timer calls it. */
  flushAudit(): void {
    this.#batch.flush();
    this.#tellSessions();
  }

  #exchangeLimits(): void {
    const deltas = this.plan.limiter.collectDeltas();
    if (deltas !== undefined) this.#options.send({ type: 'limits', deltas });
  }

  #drain(deadlineMs: number): void {
    this.#draining = true;
    this.#drainDeadlineMs = this.nowMs() + deadlineMs;
    this.#listeners.close();
    for (const session of this.#sessions.values()) session.drain();
  }

  // Questions of the supervisor.

  #answer(query: WorkerQuery): WorkerAnswer {
    switch (query.what) {
      case 'status': return { what: 'status', status: this.status() };
      case 'sessions': return { what: 'sessions', sessions: [...this.#sessions.values()].map((session) => reportOf(session, this.#options.worker, this.nowMs())) };
      case 'waf': return { what: 'waf', reports: this.plan.webInspectors.all().map((inspector) => inspector.report()) };
      case 'leases': return { what: 'leases', leases: this.#channels.reports() };
      case 'control': return { what: 'control', answer: this.#sessions.get(query.session)?.control(query.command, query.argument) };
      case 'explain': return { what: 'explain', explanation: this.#explain(query.listener, query.client, query.request) };
    }
  }

  #explain(listener: string, client: { address: string; port: number }, request: ExplainRequest) {
    return explainOperation(this.plan, listener, client, request, this);
  }

  status(): WorkerStatus {
    const { user, system } = process.cpuUsage();
    const nowMs = this.nowMs();
    return {
      worker: this.#options.worker, pid: process.pid, version: this.plan.version, sessions: this.#sessions.size, sessionsTotal: this.#sessionsTotal,
      operations: this.#operations, idleServerLinks: this.#connector.idleCount(), bugs: this.#bugs, auditLost: this.#batch.lost, auditPending: this.#batch.pending,
      refusedConnections: this.#refusedConnections, acceptFailures: this.#acceptFailures, cpuMs: (user + system) / 1000,
      residentBytes: process.memoryUsage.rss(), uptimeMs: nowMs - this.#startedMs,
      pools: [...this.plan.pools.values()].map((pool) => pool.report(nowMs)), rules: this.plan.policy.rules, limits: this.plan.limiter.limits,
    };
  }
}

