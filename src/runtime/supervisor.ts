// Starts and replaces workers, brings every worker to the same configuration or none, carries health, limits and audit
// between them, and answers for all of them. Touches no byte of a client.
// Does not load configuration and serves no API: layer control does.
import { performance } from 'node:perf_hooks';
import type { AuditBlock } from '#audit/batch.ts';
import type { GatewayManifest } from '#contract/gateway.ts';
import { LimitLedger, type LimitDelta } from '#policy/limits/deltas.ts';
import type { WebInspectorReport } from '#contract/web-inspection.ts';
import type { RunConfiguration } from '#session/configuration.ts';
import type { AdministrativeReport, AdministrativeState, HealthReport } from '#upstream/messages.ts';
import { requireFreePorts } from './free-ports.ts';
import type { Explanation, FromWorker, LeaseReport, ListenerReport, SessionReport, ToWorker, WorkerAnswer, WorkerQuery, WorkerStatus } from './messages.ts';
import { ProbeRunner } from './probes/runner.ts';
import { TlsProfiles } from './tls/profiles.ts';
import type { TlsProfile } from './tls/settings.ts';
import { Resolver } from './resolver.ts';
import { embedWorker, forkWorker, type WorkerHandle } from './worker-handle.ts';

/** A worker that dies sooner than this after its start is started again with growing delay. */
const healthyAfterMs = 5_000;
const maxRestartDelayMs = 5_000;
const answerTimeoutMs = 2_000;
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
}

export interface SupervisorEvent {
  readonly kind: 'worker' | 'bug' | 'health';
  readonly severity: 'info' | 'warning' | 'error';
  readonly message: string;
}

interface Member {
  readonly number: number;
  handle: WorkerHandle;
  startedMs: number;
  restarts: number;
  configured: boolean;
  /** Has not been told yet what the others hold. */
  fresh: boolean;
  /** Sessions when last asked, to say what went with a worker that died. */
  sessions: number;
  gone: boolean;
}

interface Question { readonly resolve: (answer: WorkerAnswer | undefined) => void; readonly timer: NodeJS.Timeout }

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
  readonly #questions = new Map<number, Question>();
  readonly #probes: ProbeRunner;
  readonly #resolver: Resolver;
  readonly #health = new Map<string, HealthReport>();
  readonly #administrative = new Map<string, AdministrativeReport>();
  #nextQuestion = 1;
  #configuration: RunConfiguration | undefined = undefined;
  #version = '';
  #round: Round | undefined = undefined;
  #listeners: readonly ListenerReport[] = [];
  #stopping = false;
  #restarts = 0;
  #refusing = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const nowMs = (): number => performance.now();
    this.#resolver = new Resolver({
      changed: (report) => { this.#broadcast({ type: 'addresses', reports: [report] }); },
      failed: (host, reason) => { options.event({ kind: 'health', severity: 'warning', message: `name ${host}: ${reason}` }); },
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
  get pids(): number[] { return this.#members.filter((member) => !member.gone).map((member) => member.handle.pid); }

  /** @throws Error with the first worker's reason when the configuration cannot be run; nothing listens then. */
  async start(configuration: RunConfiguration, version: string): Promise<void> {
    const count = Math.max(1, this.#options.workers);
    for (let number = 0; number < count; number++) this.#members.push(this.#startMember(number));
    await this.configure(configuration, version);
  }

  #startMember(number: number, restarts = 0): Member {
    const { workers, workerEntry, user, manifests, product } = this.#options;
    const member: Member = { number, handle: undefined as never, startedMs: performance.now(), restarts, configured: false, fresh: true, sessions: 0, gone: false };
    const events = {
      message: (message: FromWorker) => { this.#received(member, message); },
      gone: (how: string) => { this.#gone(member, how); },
    };
    member.handle = workers === 0
      ? embedWorker({ worker: 0, workers: 1, manifests, product }, events)
      : forkWorker({ entry: workerEntry, worker: number, workers, user }, events);
    return member;
  }

  /** Brings all workers to the configuration, or leaves all at the previous one. */
  async configure(configuration: RunConfiguration, version: string): Promise<void> {
    if (this.#round !== undefined) throw new Error('another configuration is being applied');
    const previous = this.#configuration;
    const previousVersion = this.#version;
    await requireFreePorts(configuration, previous);
    if (this.#round !== undefined) throw new Error('another configuration is being applied');
    try {
      await this.#runRound(configuration, version);
    } catch (error) {
      if (previous !== undefined) await this.#runRound(previous, previousVersion).catch(() => { /* it ran before; a worker that cannot go back is replaced */ });
      throw error;
    }
    this.#configuration = configuration;
    this.#version = version;
    for (const [key, { pool, server }] of this.#administrative) {
      if (!configuration.pools[pool]?.servers.some(({ name }) => name === server)) this.#administrative.delete(key);
    }
    for (const [key, { pool, server }] of this.#health) {
      if (!configuration.pools[pool]?.servers.some(({ name }) => name === server)) this.#health.delete(key);
    }
    this.#resolver.update(configuration.pools);
    this.#probes.update(configuration.pools, new TlsProfiles((configuration.tls ?? {}) as Record<string, TlsProfile>));
  }

  async #runRound(configuration: RunConfiguration, version: string): Promise<void> {
    const timeout = new AbortController();
    const timer = setTimeout(() => { timeout.abort(); }, configureTimeoutMs);
    try {
      await new Promise<void>((resolve, reject) => {
        timeout.signal.addEventListener('abort', () => { reject(new Error('a worker did not answer in time')); });
        this.#round = { configuration, version, waiting: new Set(this.#members.map(({ number }) => number)), resolve, reject };
        this.#broadcast({ type: 'configure', configuration, version });
      });
      for (const member of this.#members) this.#tellState(member);
    } finally {
      clearTimeout(timer);
      this.#round = undefined;
    }
  }

  /** What a worker must know besides the configuration. */
  #tellState(member: Member): void {
    if (this.#health.size > 0) member.handle.send({ type: 'health', reports: [...this.#health.values()] });
    for (const report of this.#administrative.values()) member.handle.send({ type: 'administrative', report });
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
      case 'limits':
        this.#ledger.note(member.number, message.deltas);
        this.#shareLimits(message.deltas, member);
        break;
      case 'passive':
        this.#options.event({ kind: 'health', severity: 'warning', message: `${message.report.pool}/${message.report.server} ejected: ${message.report.reason}` });
        this.#broadcast({ type: 'passive', report: message.report }, member);
        break;
      case 'answer': this.#answered(message.id, message.answer); break;
      case 'bug': this.#options.event({ kind: 'bug', severity: 'error', message: `worker ${member.number}: ${message.message}` }); break;
      case 'drained': if (this.#options.workers === 0) this.#gone(member, 'drained'); break;
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
    this.#restarts++;
    const held = this.#ledger.forget(member.number);
    if (held !== undefined) this.#shareLimits(held, member);
    const ended = member.sessions === 0 ? 'no session was open when last asked' : `${member.sessions} sessions ended with it`;
    this.#options.event({ kind: 'worker', severity: 'error', message: `worker ${member.number} (pid ${member.handle.pid}) ended by ${how}: ${ended}; it is being replaced` });
    if (this.#round?.waiting.has(member.number) === true) this.#round.reject(new Error(`worker ${member.number} ended by ${how} while it took the configuration`));
    const quick = performance.now() - member.startedMs < healthyAfterMs;
    const restarts = quick ? member.restarts + 1 : 0;
    setTimeout(() => { this.#replace(member, restarts); }, quick ? Math.min(maxRestartDelayMs, 50 * 2 ** restarts) : 0);
  }

  #replace(member: Member, restarts: number): void {
    if (this.#stopping) return;
    const fresh = this.#startMember(member.number, restarts);
    this.#members[this.#members.indexOf(member)] = fresh;
    // While a configuration is being brought to all, it waits for this one too.
    const configuration = this.#round?.configuration ?? this.#configuration;
    if (configuration === undefined) return;
    fresh.handle.send({ type: 'configure', configuration, version: this.#round?.version ?? this.#version });
  }

  #healthChanged(report: HealthReport): void {
    const key = `${report.pool} ${report.server}`;
    const before = this.#health.get(key);
    this.#health.set(key, report);
    if (before?.health !== report.health) {
      const severity = report.health === 'down' ? 'warning' : 'info';
      this.#options.event({ kind: 'health', severity, message: `${report.pool}/${report.server} is ${report.health}: ${report.reason}` });
    }
    this.#broadcast({ type: 'health', reports: [report] });
  }

  // Questions to workers.

  async #ask(member: Member, query: WorkerQuery): Promise<WorkerAnswer | undefined> {
    const id = this.#nextQuestion++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => { this.#answered(id, undefined); }, answerTimeoutMs);
      this.#questions.set(id, { resolve, timer });
      member.handle.send({ type: 'query', id, query });
    });
  }

  #answered(id: number, answer: WorkerAnswer | undefined): void {
    const question = this.#questions.get(id);
    if (question === undefined) return;
    this.#questions.delete(id);
    clearTimeout(question.timer);
    question.resolve(answer);
  }

  /** One entry a worker; a worker that does not answer is left out. */
  async workers(): Promise<WorkerStatus[]> {
    const answers = await Promise.all(this.#members.filter(({ gone }) => !gone).map(async (member) => {
      const answer = await this.#ask(member, { what: 'status' });
      if (answer?.what !== 'status') return [];
      member.sessions = answer.status.sessions;
      return [answer.status];
    }));
    return answers.flat();
  }

  async sessions(): Promise<SessionReport[]> {
    const answers = await Promise.all(this.#members.filter(({ gone }) => !gone).map(async (member) => {
      const answer = await this.#ask(member, { what: 'sessions' });
      return answer?.what === 'sessions' ? [...answer.sessions] : [];
    }));
    return answers.flat().sort((a, b) => b.ageMs - a.ageMs);
  }

  /** What the firewall rule sets of all workers have counted. */
  async inspectors(): Promise<WebInspectorReport[]> {
    const answers = await Promise.all(this.#members.filter(({ gone }) => !gone).map(async (member) => {
      const answer = await this.#ask(member, { what: 'waf' });
      return answer?.what === 'waf' ? [...answer.reports] : [];
    }));
    return answers.flat();
  }

  async leases(): Promise<LeaseReport[]> {
    const answers = await Promise.all(this.#members.filter(({ gone }) => !gone).map(async (member) => {
      const answer = await this.#ask(member, { what: 'leases' });
      return answer?.what === 'leases' ? [...answer.leases] : [];
    }));
    return answers.flat();
  }

  revokeLease(id: string, reason: string): void {
    this.#broadcast({ type: 'revoke', lease: id, reason });
  }

  /** Passes an administrator's word to the session machine. Undefined: no such session, or it understood none of it. */
  async controlSession(session: string, command: string, argument: string): Promise<string | undefined> {
    for (const member of this.#members) {
      if (member.gone) continue;
      const answer = await this.#ask(member, { what: 'control', session, command, argument });
      if (answer?.what === 'control' && answer.answer !== undefined) return answer.answer;
    }
    return undefined;
  }

  /** By the engine of a live worker: the first that answers. */
  async explain(query: Extract<WorkerQuery, { what: 'explain' }>): Promise<Explanation | undefined> {
    for (const member of this.#members) {
      if (member.gone) continue;
      const answer = await this.#ask(member, query);
      if (answer?.what === 'explain') return answer.explanation;
    }
    return undefined;
  }

  /** Ends one session. False when no worker has it. */
  async killSession(id: string, reason: string): Promise<boolean> {
    const sessions = await this.sessions();
    const found = sessions.find((session) => session.id === id);
    if (found === undefined) return false;
    this.#members[found.worker]?.handle.send({ type: 'kill', session: id, reason });
    return true;
  }

  /** False: no such server in the configuration. */
  setAdministrativeState(pool: string, server: string, state: AdministrativeState): boolean {
    if (!this.#configuration?.pools[pool]?.servers.some(({ name }) => name === server)) return false;
    const report = { pool, server, state };
    if (state === 'ready') this.#administrative.delete(`${pool} ${server}`);
    else this.#administrative.set(`${pool} ${server}`, report);
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
