// Starts and replaces workers, brings every worker to the same configuration or none, carries health, limits and audit
// between them, and answers for all of them. Touches no byte of a client.
// Does not load configuration and serves no API: layer control does.
import { performance } from 'node:perf_hooks';
import type { AuditBlock } from '#audit/batch.ts';
import type { GatewayManifest } from '#contract/gateway.ts';
import { LimitLedger, type LimitDelta } from '#policy/limits/deltas.ts';
import type { WebInspectorReport } from '#contract/web-inspection.ts';
import type { RunConfiguration } from '#session/configuration.ts';
import type { AdministrativeState, HealthReport } from '#upstream/messages.ts';
import { requireFreePorts } from './free-ports.ts';
import type {
  Explanation, FromWorker, LeaseReport, ListenerReport, SessionReport, SessionStart, ToWorker, WorkerQuery, WorkerShare, WorkerStatus,
} from './messages.ts';
import { ProbeRunner } from './probes/runner.ts';
import { TlsProfiles } from './tls/profiles.ts';
import type { TlsProfile } from './tls/settings.ts';
import { Resolver } from './resolver.ts';
import { hasServer, ServerFindings } from './server-findings.ts';
import { embedWorker, forkWorker, type WorkerHandle } from './worker-handle.ts';
import { WorkerQuestions } from './worker-questions.ts';

/** A worker that dies sooner than this after its start is started again with growing delay. */
const healthyAfterMs = 5_000;
const maxRestartDelayMs = 5_000;
const configureTimeoutMs = 30_000;

export interface SupervisorOptions {
  /** 0: one worker inside this process. */
  readonly workers: number;
  /** File that runs a worker in a process of its own. */
  readonly workerEntry: string;
  readonly user: string | undefined;
  readonly manifests: readonly GatewayManifest[];
  readonly product: string;
  /** Keeps a block; `done` when it is kept or given up. */
  audit(block: AuditBlock, done: () => void): void;
  /** Something that an operator should know: a worker died, a bug was caught, a server changed its health. */
  event(event: SupervisorEvent): void;
  /** A worker has died, and these sessions with it. Their records are for somebody else to write. */
  sessionsLost(sessions: readonly SessionStart[], how: string): void;
}

export interface SupervisorEvent {
  readonly kind: 'worker' | 'bug' | 'health';
  readonly severity: 'info' | 'warning' | 'error';
  readonly message: string;
}

interface Member {
  readonly number: number;
  /** In this process. */
  readonly embedded: boolean;
  /** Sessions whose records are still to come. */
  readonly open: Map<string, SessionStart>;
  handle: WorkerHandle;
  startedMs: number;
  restarts: number;
  configured: boolean;
  /** Has not been told yet what the others hold. */
  fresh: boolean;
  gone: boolean;
  /** How it ended. */
  how: string;
  share: WorkerShare;
  /** There are to be fewer workers: it finishes what it has and is not replaced. */
  retiring: boolean;
}

/** How a configuration is to be run. */
export interface Staffing {
  /** Worker processes from now on, 0 for one inside this process; those there are when left out. */
  readonly workers?: number | undefined;
  /** How long those that are too many may take to finish. */
  readonly drainTimeoutMs: number;
}

/** Of one worker: more than these are carried all the same, but not written down when it dies. */
const maxKnownSessions = 100_000;
/** A worker that has not ended this long after its sessions had to is killed. */
const retireGraceMs = 5_000;

interface Round {
  readonly configuration: RunConfiguration;
  readonly version: string;
  readonly waiting: Set<number>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #members: Member[] = [];
  /** What each worker holds of the limits: told to a new one, taken back from a dead one. */
  readonly #ledger = new LimitLedger();
  readonly #questions = new WorkerQuestions(() => this.#members);
  readonly #probes: ProbeRunner;
  readonly #resolver: Resolver;
  readonly #findings = new ServerFindings();
  #configuration: RunConfiguration | undefined = undefined;
  #version = '';
  #round: Round | undefined = undefined;
  #listeners: readonly ListenerReport[] = [];
  #stopping = false;
  #restarts = 0;
  #embedded: boolean;
  #refusing = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#embedded = options.workers === 0;
    const nowMs = (): number => performance.now();
    this.#resolver = new Resolver({
      changed: (report) => { this.#broadcast({ type: 'addresses', reports: [report] }); },
      failed: (host, reason, known) => {
        const rest = known.length === 0 ? 'there is no address for it yet' : `${known.join(', ')} stays in use`;
        options.event({ kind: 'health', severity: 'warning', message: `the name ${host} cannot be resolved: ${reason}; ${rest}` });
      },
      random: Math.random,
    });
    this.#probes = new ProbeRunner({
      report: (report) => { this.#healthChanged(report); }, nowMs, random: Math.random,
      probes: options.manifests.flatMap(({ health }) => health ?? []),
      addressesOf: (pool, server) => this.#resolver.addressesOf(pool, server),
    });
  }

  get version(): string { return this.#version; }
  get configuration(): RunConfiguration | undefined { return this.#configuration; }
  get listeners(): readonly ListenerReport[] { return this.#listeners; }
  get restarts(): number { return this.#restarts; }
  /** Whether its one worker is inside this process. */
  get embedded(): boolean { return this.#embedded; }
  get pids(): number[] { return this.#members.filter((member) => !member.gone).map((member) => member.handle.pid); }

  /** @throws Error with the first worker's reason when the configuration cannot be run; nothing listens then. */
  async start(configuration: RunConfiguration, version: string): Promise<void> {
    const count = Math.max(1, this.#options.workers);
    this.#hire(count, this.#embedded);
    await this.configure(configuration, version);
  }

  #startMember(number: number, share: WorkerShare, embedded: boolean, restarts = 0): Member {
    const { workerEntry, user, manifests, product } = this.#options;
    const member: Member = {
      number, embedded, open: new Map(), handle: undefined as never, startedMs: performance.now(), restarts, configured: false, fresh: true, gone: false, how: '', share,
      retiring: false,
    };
    const events = {
      message: (message: FromWorker) => { this.#received(member, message); },
      gone: (how: string) => { this.#gone(member, how); member.how = how; },
      silent: () => { this.#closeSessions(member); },
    };
    member.handle = embedded
      ? embedWorker({ worker: number, workers: share.workers, manifests, product }, events)
      : forkWorker({ entry: workerEntry, worker: number, workers: share.workers, user }, events);
    return member;
  }

  /** Those that are not on their way out, in this process or not: the longest serving first. */
  #staff(embedded: boolean): Member[] { return this.#members.filter((member) => !member.retiring && member.embedded === embedded); }

  /** Starts workers until there are so many, each under a number that nobody has, not even one that still drains. */
  #hire(count: number, embedded: boolean): Member[] {
    const hired: Member[] = [];
    for (let number = 0; this.#staff(embedded).length < count; number++) {
      if (this.#members.some((member) => member.number === number)) continue;
      const member = this.#startMember(number, { worker: this.#staff(embedded).length, workers: count }, embedded);
      this.#members.push(member);
      hired.push(member);
    }
    return hired;
  }

  #retire(member: Member, drainTimeoutMs: number): void {
    member.retiring = true;
    member.handle.send({ type: 'drain', deadlineMs: drainTimeoutMs });
    setTimeout(() => { if (!member.gone) member.handle.kill(); }, drainTimeoutMs + retireGraceMs).unref();
  }

  /** Brings all workers to the configuration, or leaves all at the previous one: also those that are started or retired with it. */
  async configure(configuration: RunConfiguration, version: string, staffing?: Staffing): Promise<void> {
    if (this.#round !== undefined) throw new Error('another configuration is being applied');
    const previous = this.#configuration;
    const previousVersion = this.#version;
    await requireFreePorts(configuration, previous);
    if (this.#round !== undefined) throw new Error('another configuration is being applied');
    const before = this.#staff(this.#embedded);
    const embedded = staffing?.workers === undefined ? this.#embedded : staffing.workers === 0;
    const count = staffing?.workers === undefined ? before.length : Math.max(1, staffing.workers);
    // Two in one process could not be told apart by their process id.
    if (embedded && !this.#embedded && this.#members.some((member) => member.embedded)) {
      throw new Error('the worker inside this process that is to go still drains: try again when it has');
    }
    const hired = this.#hire(count, embedded);
    try {
      await this.#runRound(configuration, version, this.#staff(embedded).slice(0, count));
    } catch (error) {
      for (const member of hired) this.#dismiss(member);
      // It ran before; a worker that cannot go back is replaced.
      if (previous !== undefined) await this.#runRound(previous, previousVersion, this.#staff(this.#embedded)).catch(() => { /* as above */ });
      throw error;
    }
    this.#embedded = embedded;
    for (const member of [...this.#staff(!embedded), ...this.#staff(embedded).slice(count)]) this.#retire(member, staffing?.drainTimeoutMs ?? 0);
    this.#configuration = configuration;
    this.#version = version;
    this.#findings.keepOnly(configuration.pools);
    this.#resolver.update(configuration.pools);
    this.#probes.update(configuration.pools, new TlsProfiles((configuration.tls ?? {}) as Record<string, TlsProfile>));
  }

  /** A worker of a configuration that did not come to be. */
  #dismiss(member: Member): void {
    member.retiring = true;
    member.handle.kill();
  }

  async #runRound(configuration: RunConfiguration, version: string, members: readonly Member[]): Promise<void> {
    members.forEach((member, worker) => { member.share = { worker, workers: members.length }; });
    const timeout = new AbortController();
    const timer = setTimeout(() => { timeout.abort(); }, configureTimeoutMs);
    try {
      await new Promise<void>((resolve, reject) => {
        timeout.signal.addEventListener('abort', () => { reject(new Error('a worker did not answer in time')); });
        this.#round = { configuration, version, waiting: new Set(members.map(({ number }) => number)), resolve, reject };
        for (const member of members) if (!member.gone) member.handle.send({ type: 'configure', configuration, version, share: member.share });
      });
      for (const member of members) this.#tellState(member);
    } finally {
      clearTimeout(timer);
      this.#round = undefined;
    }
  }

  /** What a worker must know besides the configuration. */
  #tellState(member: Member): void {
    for (const message of this.#findings.messages()) member.handle.send(message);
    const holdings = this.#ledger.holdingsFor(member.number);
    if (holdings.length > 0 && member.fresh) member.handle.send({ type: 'limits', deltas: holdings });
    member.fresh = false;
    if (this.#refusing) member.handle.send({ type: 'audit-refusing', refusing: true });
    const addresses = this.#resolver.current();
    if (addresses.length > 0) member.handle.send({ type: 'addresses', reports: addresses });
  }

  #broadcast(message: ToWorker, except?: Member): void {
    for (const member of this.#members) if (member !== except && !member.gone) member.handle.send(message);
  }

  /** A worker that has not been told yet what the others hold will hear of this then. */
  #shareLimits(deltas: readonly LimitDelta[], from: Member): void {
    for (const member of this.#members) if (member !== from && !member.gone && !member.fresh) member.handle.send({ type: 'limits', deltas });
  }

  #received(member: Member, message: FromWorker): void {
    switch (message.type) {
      case 'started': break;
      case 'configured': this.#configured(member, message.version, message.listeners); break;
      case 'refused': this.#refused(member, message.version, message.reason); break;
      case 'audit': this.#options.audit(message.block, () => { member.handle.send({ type: 'audit-kept', blocks: 1 }); }); break;
      case 'sessions':
        for (const session of message.begun) if (member.open.size < maxKnownSessions) member.open.set(session.id, session);
        for (const id of message.ended) member.open.delete(id);
        break;
      case 'limits':
        this.#ledger.note(member.number, message.deltas);
        this.#shareLimits(message.deltas, member);
        break;
      case 'passive':
        this.#options.event({ kind: 'health', severity: 'warning', message: `${message.report.pool}/${message.report.server} ejected: ${message.report.reason}` });
        this.#broadcast({ type: 'passive', report: message.report }, member);
        break;
      case 'answer': this.#questions.answered(message.id, message.answer); break;
      case 'bug': this.#options.event({ kind: 'bug', severity: 'error', message: `worker ${member.number}: ${message.message}` }); break;
      case 'drained': if (member.embedded) this.#gone(member, 'drained'); break;
    }
  }

  #configured(member: Member, version: string, listeners: readonly ListenerReport[]): void {
    this.#listeners = listeners;
    if (!member.configured) {
      member.configured = true;
      // Only now has it pools and limits that this could be said of.
      this.#tellState(member);
    }
    const round = this.#round;
    if (round?.version !== version) return;
    round.waiting.delete(member.number);
    if (round.waiting.size === 0) round.resolve();
  }

  #refused(member: Member, version: string, reason: string): void {
    if (this.#round?.version === version) {
      this.#round.reject(new Error(reason));
      return;
    }
    this.#options.event({ kind: 'worker', severity: 'error', message: `worker ${member.number} could not take the configuration: ${reason}` });
    // Without one it serves nobody: another is started, after a while.
    if (!member.configured) member.handle.kill();
  }

  #gone(member: Member, how: string): void {
    if (member.gone) return;
    member.gone = true;
    if (this.#stopping) return;
    const held = this.#ledger.forget(member.number);
    if (held !== undefined) this.#shareLimits(held, member);
    if (member.retiring) {
      this.#members.splice(this.#members.indexOf(member), 1);
      this.#options.event({ kind: 'worker', severity: 'info', message: `worker ${member.number} (pid ${member.handle.pid}) has retired (${how})` });
      return;
    }
    this.#restarts++;
    const ended = member.open.size === 0 ? 'no session was open' : `sessions that ended with it: ${member.open.size}`;
    this.#options.event({ kind: 'worker', severity: 'error', message: `worker ${member.number} (pid ${member.handle.pid}) ended by ${how}: ${ended}; it is being replaced` });
    if (this.#round?.waiting.has(member.number) === true) this.#round.reject(new Error(`worker ${member.number} ended by ${how} while it took the configuration`));
    const quick = performance.now() - member.startedMs < healthyAfterMs;
    const restarts = quick ? member.restarts + 1 : 0;
    setTimeout(() => { this.#replace(member, restarts); }, quick ? Math.min(maxRestartDelayMs, 50 * 2 ** restarts) : 0);
  }

  #closeSessions(member: Member): void {
    if (member.open.size === 0) return;
    this.#options.sessionsLost([...member.open.values()], `worker ${member.number} ended by ${member.how}`);
    member.open.clear();
  }

  #replace(member: Member, restarts: number): void {
    if (this.#stopping) return;
    if (member.retiring) {
      this.#members.splice(this.#members.indexOf(member), 1);
      return;
    }
    const fresh = this.#startMember(member.number, member.share, member.embedded, restarts);
    this.#members[this.#members.indexOf(member)] = fresh;
    // While a configuration is being brought to all, it waits for this one too.
    const configuration = this.#round?.configuration ?? this.#configuration;
    if (configuration === undefined) return;
    fresh.handle.send({ type: 'configure', configuration, version: this.#round?.version ?? this.#version, share: fresh.share });
  }

  #healthChanged(report: HealthReport): void {
    if (this.#findings.found(report)) {
      const severity = report.health === 'down' ? 'warning' : 'info';
      this.#options.event({ kind: 'health', severity, message: `${report.pool}/${report.server} is ${report.health}: ${report.reason}` });
    }
    this.#broadcast({ type: 'health', reports: [report] });
  }

  // Questions to workers (worker-questions.ts).

  async workers(): Promise<WorkerStatus[]> { return await this.#questions.workers(); }
  async sessions(): Promise<SessionReport[]> { return await this.#questions.sessions(); }
  async inspectors(): Promise<(WebInspectorReport & { readonly pid: number })[]> { return await this.#questions.inspectors(); }
  async leases(): Promise<LeaseReport[]> { return await this.#questions.leases(); }
  async explain(query: Extract<WorkerQuery, { what: 'explain' }>): Promise<Explanation | undefined> { return await this.#questions.explain(query); }
  /** Passes an administrator's word to the session machine. Undefined: no such session, or it understood none of it. */
  async controlSession(session: string, command: string, argument: string): Promise<string | undefined> {
    return await this.#questions.controlSession(session, command, argument);
  }

  revokeLease(id: string, reason: string): void {
    this.#broadcast({ type: 'revoke', lease: id, reason });
  }

  /** Ends one session. False when no worker has it. */
  async killSession(id: string, reason: string): Promise<boolean> {
    const sessions = await this.sessions();
    const found = sessions.find((session) => session.id === id);
    if (found === undefined) return false;
    this.#members.find(({ number }) => number === found.worker)?.handle.send({ type: 'kill', session: id, reason });
    return true;
  }

  /** False: no such server in the configuration. */
  setAdministrativeState(pool: string, server: string, state: AdministrativeState): boolean {
    if (this.#configuration === undefined || !hasServer(this.#configuration.pools, pool, server)) return false;
    const report = { pool, server, state };
    this.#findings.ordered(report);
    this.#probes.pause(pool, server, state === 'maintenance');
    this.#broadcast({ type: 'administrative', report });
    return true;
  }

  /** The audit store fails, and the configuration says to refuse operations meanwhile. */
  setRefusing(refusing: boolean): void {
    this.#refusing = refusing;
    this.#broadcast({ type: 'audit-refusing', refusing });
  }

  /** Finishes what is under way within the time, then ends the workers. */
  async stop(drainTimeoutMs: number): Promise<void> {
    this.#stopping = true;
    this.#probes.stop();
    this.#resolver.stop();
    this.#broadcast({ type: 'drain', deadlineMs: drainTimeoutMs });
    const deadline = performance.now() + drainTimeoutMs + 1000;
    while (this.#members.some(({ gone }) => !gone) && performance.now() < deadline) await new Promise((resolve) => { setTimeout(resolve, 20); });
    for (const member of this.#members) if (!member.gone) member.handle.kill();
  }
}
