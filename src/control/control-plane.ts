// The supervisor process as a whole: configuration in force, workers, audit trail and history joined together. What the
// admin API offers is what is here. Does not speak HTTP (control/api) and prints nothing.
import { isAbsolute, join, resolve } from 'node:path';
import { AuditTrail, type TrailStatus } from '#audit/trail.ts';
import { AuditRecord, type Outcome } from '#contract/audit-record.ts';
import type { GatewayManifest } from '#contract/gateway.ts';
import type { WebInspectorReport } from '#contract/web-inspection.ts';
import type { RunConfiguration } from '#session/configuration.ts';
import type { Explanation, LeaseReport, ListenerReport, SessionReport, SessionStart, WorkerQuery, WorkerStatus } from '#runtime/messages.ts';
import { Supervisor, type SupervisorEvent } from '#runtime/supervisor.ts';
import { mergePoolReports, type AdministrativeState, type PoolReport } from '#upstream/messages.ts';
import { chosenApproval, waitingApprovals, type ApprovalAnswer, type Approver, type WaitingApproval } from './approvals.ts';
import { CounterTotals } from './counter-totals.ts';
import { FileHistory, MemoryHistory, type ConfigurationHistory } from './configuration/history.ts';
import type { Configuration, LoadResult } from './configuration/index.ts';
import type { Finding } from './configuration/problem.ts';
import { ConfigurationTransactions, type ApplyResult, type PendingConfirmation } from './configuration/transaction.ts';
import { listRecordings, recordingOf, RecordingSweeper, type RecordingReport } from './recordings.ts';
import { ThreadPreparer } from './preparation-thread.ts';
import { StateDirectory } from './state-directory.ts';
import { inspectionsOf } from './waf/prepare.ts';
import { runConfigurationOf, type FilePlaces } from './run-configuration.ts';
import { Watchers } from './watchers.ts';

export interface ControlPlaneOptions {
  readonly load: LoadResult & { configuration: Configuration };
  /** Files or directories that `reload` reads again; empty for an embedded configuration. */
  readonly paths: readonly string[];
  readonly manifests: readonly GatewayManifest[];
  readonly product: string;
  readonly version: string;
  readonly workerEntry: string;
  /** File that reads and checks configurations in a thread; without one that is done here. */
  readonly preparationEntry?: string | undefined;
  /** Instead of runtime.workers. */
  readonly workers?: number | undefined;
  /** Instead of runtime.stateDirectory. */
  readonly stateDirectory?: string | undefined;
  /** How many processors `auto` is. */
  readonly processors: number;
  /** Keep nothing on disk: history in memory, no audit store. */
  readonly ephemeral?: boolean | undefined;
  notice(notice: Notice): void;
}

export interface Notice { readonly severity: 'info' | 'warning' | 'error'; readonly message: string }

export interface GatewayStatus {
  readonly product: string;
  readonly productVersion: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly uptimeMs: number;
  readonly configuration: { number: number; version: string; pending: PendingConfirmation | undefined };
  readonly listeners: readonly ListenerReport[];
  readonly workers: readonly Omit<WorkerStatus, 'pools' | 'rules' | 'limits'>[];
  readonly workerRestarts: number;
  readonly sessions: number;
  readonly operations: number;
  readonly audit: TrailStatus;
  /** Firewalls that let requests pass when their engine fails, as configured, and those that had faults. */
  readonly firewalls: readonly { place: string; onEngineError: string; errors: number; passedOnError: number }[];
}

export interface FirewallCounts {
  readonly place: string;
  readonly onEngineError: string;
  readonly errors: number;
  readonly passedOnError: number;
  /** What each worker that has answered counted since it loaded the rules. */
  readonly workers: readonly (Pick<WebInspectorReport, 'key' | 'loadMs' | 'requests' | 'blocked' | 'errors' | 'passedOnError' | 'hits'> & { readonly pid: number })[];
}

const maxRecentNotices = 100;

export class ControlPlane {
  readonly trail: AuditTrail;
  readonly transactions: ConfigurationTransactions;
  readonly history: ConfigurationHistory;
  readonly supervisor: Supervisor;
  readonly stateDirectory: string;
  /** Latest first. */
  readonly notices: (Notice & { timeMs: number })[] = [];
  readonly options: ControlPlaneOptions;
  /** Of all workers, also those that were replaced: for metrics. */
  readonly counters = new CounterTotals();
  readonly #startedAtMs = Date.now();
  readonly #held: StateDirectory | undefined;
  readonly #changeListeners = new Set<() => void>();
  readonly #preparer: ThreadPreparer | undefined;
  readonly #watchers = new Watchers();
  #sweeper: RecordingSweeper | undefined = undefined;
  #stopped = false;

  private constructor(options: ControlPlaneOptions) {
    this.options = options;
    const { configuration, baseDirectory } = options.load;
    const directory = options.stateDirectory ?? configuration.runtime.stateDirectory;
    this.stateDirectory = isAbsolute(directory) ? directory : join(baseDirectory, directory);
    const ephemeral = options.ephemeral === true;
    this.#held = ephemeral ? undefined : StateDirectory.take(this.stateDirectory);
    this.history = this.#held === undefined ? new MemoryHistory() : this.#held.open('history.db', (path) => new FileHistory(path, Date.now()));
    this.trail = new AuditTrail({
      settings: this.#auditSettings(configuration), stateDirectory: this.stateDirectory, output: process.stdout,
      report: ({ code, message }) => { this.notice({ severity: code.endsWith('-recovered') ? 'info' : 'error', message }); },
      refusingChanged: (refusing) => { this.supervisor.setRefusing(refusing); },
    });
    this.supervisor = new Supervisor({
      workers: this.#workersOf(configuration.runtime.workers), workerEntry: options.workerEntry, user: configuration.runtime.user,
      manifests: options.manifests, product: options.product,
      audit: (block, done) => { this.trail.accept(block, done); },
      event: (event) => { this.#supervisorSaid(event); },
      sessionsLost: (sessions, how) => { this.#recordLost(sessions, how); },
    });
    this.#preparer = options.preparationEntry === undefined ? undefined : new ThreadPreparer(options.preparationEntry, this.places);
    this.transactions = new ConfigurationTransactions(options.manifests, this.history, {
      places: this.places, preparer: this.#preparer,
      objection: ({ runtime }) => this.#keepsRoot(runtime.workers),
      activate: async (load, { run, runFailure }) => {
        if (runFailure !== undefined) throw new Error(runFailure);
        const { runtime } = load.configuration;
        await this.supervisor.configure(run ?? this.#runConfiguration(load.configuration), load.version, {
          workers: this.#workersOf(runtime.workers), drainTimeoutMs: runtime.drainTimeout,
        });
        await this.trail.reconfigure(this.#auditSettings(load.configuration));
      },
      changed: (active, { author, reason, source, diff, pending }) => {
        const until = pending === undefined ? '' : ' until it is confirmed or its time is over';
        this.notice({ severity: 'info', message: `configuration ${active.number} is in force${until}: ${reason || source} (${author})` });
        const resources = diff.resources.map(({ section, name }) => (name === '' ? section : `${section}/${name}`)).join(', ');
        this.recordControl('configure', author, `version ${active.number}`, `${reason || source}${resources === '' ? '' : `: ${resources}`}`, 'allowed');
        for (const listener of this.#changeListeners) listener();
        void this.#sweeper?.sweep();
      },
      alarm: (message) => { this.notice({ severity: 'error', message }); },
      wallMs: Date.now,
      setTimer: (afterMs, task) => setTimeout(task, afterMs),
      clearTimer: (timer) => { clearTimeout(timer as NodeJS.Timeout); },
    });
  }

  /** @throws StateDirectoryError; Error when the workers cannot run the configuration (a port in use, no permission). */
  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    const plane = new ControlPlane(options);
    const { load } = options;
    try {
      await plane.supervisor.start(plane.#runConfiguration(load.configuration), load.version);
    } catch (error) {
      await plane.stop(0);
      throw error;
    }
    plane.transactions.adopt(load, { author: 'sallyport', reason: 'started', source: options.paths.join(', ') || 'embedded' });
    plane.recordControl('start', 'sallyport', options.paths.join(', '), `version ${load.version.slice(0, 12)}`, 'allowed');
    plane.#keepRecordingsShort();
    return plane;
  }

  /** `recordings.maxAge`, also of recordings that were made before recording was switched off. */
  #keepRecordingsShort(): void {
    if (this.options.ephemeral === true) return;
    this.#sweeper = new RecordingSweeper({
      settings: () => ({ directory: this.recordingsDirectory, maxAgeMs: this.#recordingSettings.maxAge }),
      openSessions: async () => new Set((await this.sessions()).map(({ id }) => id)),
      removed: (count) => { this.recordControl('expire', 'sallyport', this.recordingsDirectory, `recordings past recordings.maxAge were removed: ${count}`, 'allowed'); },
      failed: (message) => { this.notice({ severity: 'error', message }); },
    });
    void this.#sweeper.sweep();
  }

  get #recordingSettings(): Configuration['recordings'] { return (this.transactions.active?.configuration ?? this.options.load.configuration).recordings; }

  get recordingsDirectory(): string { return resolve(this.stateDirectory, this.#recordingSettings.directory); }

  async recordings(): Promise<RecordingReport[]> { return await listRecordings(this.recordingsDirectory); }

  async recording(session: string): Promise<RecordingReport | undefined> { return await recordingOf(this.recordingsDirectory, session); }

  #auditSettings({ audit }: Configuration): Configuration['audit'] {
    return this.options.ephemeral === true ? { ...audit, store: { ...audit.store, enabled: false } } : audit;
  }

  /** Where relative paths of the configuration start. */
  get places(): FilePlaces { return { baseDirectory: this.options.load.baseDirectory, stateDirectory: this.stateDirectory }; }

  /** 0: inside this process. What the command line says goes before the configuration. */
  #workersOf(configured: number | 'auto'): number {
    const wanted = this.options.workers ?? configured;
    return wanted === 'auto' ? this.options.processors : wanted;
  }

  /** Workers that have given up root cannot become one that has it: this process does not give it up. */
  #keepsRoot(configured: number | 'auto'): Finding | undefined {
    if (this.#workersOf(configured) > 0 || this.supervisor.embedded || this.options.load.configuration.runtime.user === undefined) return undefined;
    return {
      code: 'runtime.workers-user', path: ['runtime', 'workers'], message: 'runtime.workers cannot become 0 where workers run as runtime.user', found: String(configured),
      hint: 'keep at least one worker, or restart the gateway with this configuration',
    };
  }

  #runConfiguration(configuration: Configuration): RunConfiguration {
    return runConfigurationOf(configuration, this.places, this.options.manifests);
  }

  notice(notice: Notice): void {
    this.notices.unshift({ ...notice, timeMs: Date.now() });
    if (this.notices.length > maxRecentNotices) this.notices.pop();
    this.options.notice(notice);
  }

  #supervisorSaid(event: SupervisorEvent): void {
    this.notice(event);
    const record = new AuditRecord();
    record.kind = event.kind === 'health' ? 'health' : 'system';
    record.outcome = event.severity === 'info' ? 'allowed' : event.kind === 'bug' ? 'error' : 'failed';
    record.rule = event.kind;
    record.reason = event.message;
    this.trail.record(record);
  }

  /** The end of sessions whose worker cannot write it any more. */
  #recordLost(sessions: readonly SessionStart[], how: string): void {
    for (const session of sessions) {
      // What a worker says of itself may be anything: it faces the network.
      const record = new AuditRecord();
      record.kind = 'session';
      record.id = String(session.id);
      record.session = record.id;
      record.timeMs = Number(session.timeMs);
      record.protocol = String(session.protocol);
      record.listener = String(session.listener);
      record.service = String(session.service);
      record.client = String(session.client);
      record.clientPort = Number(session.clientPort);
      record.zone = String(session.zone);
      record.configuration = String(session.configuration);
      record.outcome = 'aborted';
      record.rule = 'worker';
      record.reason = how;
      record.durationMs = Date.now() - record.timeMs;
      this.trail.record(record);
    }
  }

  /** Every act of an administrator is in the audit log. */
  recordControl(verb: string, author: string, object: string, reason: string, outcome: Outcome): void {
    const record = new AuditRecord();
    record.kind = 'control';
    record.verb = verb;
    record.user = author;
    record.path = object;
    record.reason = reason;
    record.outcome = outcome;
    record.configuration = this.supervisor.version.slice(0, 12);
    this.trail.record(record);
  }

  /** Calls back after each change of the configuration in force. */
  onChange(listener: () => void): void { this.#changeListeners.add(listener); }
  offChange(listener: () => void): void { this.#changeListeners.delete(listener); }

  get running(): LoadResult['document'] { return this.transactions.active?.document ?? {}; }

  /** Reads the files again and applies them. An attempt that fails is in the audit log too. */
  async reload(author: string, reason: string, confirmWithinMs?: number): Promise<ApplyResult> {
    const result = await this.#reload(author, reason, confirmWithinMs);
    if (!result.ok) {
      const counted = result.reason === 'invalid' ? `${result.message} (${result.problems.length} problems)` : result.message;
      this.recordControl('reload', author, this.options.paths.join(', '), counted, 'refused');
    }
    return result;
  }

  async #reload(author: string, reason: string, confirmWithinMs: number | undefined): Promise<ApplyResult> {
    if (this.options.paths.length === 0) return { ok: false, reason: 'failed', message: 'this gateway runs on an embedded configuration: there is no file to read again' };
    const input = { paths: this.options.paths };
    const result = await this.transactions.apply({ input, author, reason, source: this.options.paths.join(', '), confirmWithinMs });
    if (result.ok && !result.changed && this.#namesFiles) await this.#reloadRules(author);
    return result;
  }

  get #namesFiles(): boolean {
    const { inspection, inspectors = {} } = this.supervisor.configuration ?? {};
    return inspection !== undefined || Object.values(inspectors).some(({ settings }) => settings.denySha256Files.length > 0);
  }

  /** The configuration says the same as before, but the files of rules and sums that it names may not. */
  async #reloadRules(author: string): Promise<void> {
    const plan = await this.transactions.plan({ input: { paths: this.options.paths } }, true);
    if ('ok' in plan || plan.load.configuration === undefined) return;
    const next = plan.run ?? this.#runConfiguration(plan.load.configuration);
    const hashes = ({ inspection, inspectors }: RunConfiguration): string => [...Object.values(inspection?.sets ?? {}).map(({ hash }) => hash),
      ...Object.values(inspectors ?? {}).flatMap(({ sums }) => sums)].join();
    if (this.supervisor.configuration === undefined || hashes(next) === hashes(this.supervisor.configuration)) return;
    await this.supervisor.configure(next, plan.load.version);
    this.recordControl('reload', author, 'firewall rules', 'rule files have changed', 'allowed');
    this.notice({ severity: 'info', message: 'the firewall rules were read again: their files have changed' });
  }

  async status(): Promise<GatewayStatus> {
    const workers = await this.supervisor.workers();
    const active = this.transactions.active;
    return {
      product: this.options.product, productVersion: this.options.version, pid: process.pid, startedAtMs: this.#startedAtMs, uptimeMs: Date.now() - this.#startedAtMs,
      configuration: { number: active?.number ?? 0, version: active?.version ?? '', pending: this.transactions.pending },
      listeners: this.supervisor.listeners, workerRestarts: this.supervisor.restarts,
      workers: workers.map(({ pools: _pools, rules: _rules, limits: _limits, ...rest }) => rest),
      sessions: workers.reduce((sum, worker) => sum + worker.sessions, 0), operations: workers.reduce((sum, worker) => sum + worker.operations, 0),
      audit: this.trail.status(), firewalls: (await this.firewalls()).filter(({ onEngineError, errors }) => onEngineError === 'pass' || errors > 0)
        .map(({ place, onEngineError, errors, passedOnError }) => ({ place, onEngineError, errors, passedOnError })),
    };
  }

  /** Every set of firewall settings, with the counts of all workers since its rules were loaded. */
  async firewalls(): Promise<FirewallCounts[]> {
    const active = this.transactions.active;
    if (active === undefined) return [];
    const inspections = inspectionsOf(active.configuration, this.options.manifests);
    if (inspections.size === 0) return [];
    const reports = await this.supervisor.inspectors();
    return [...inspections].map(([key, { path, settings }]) => {
      const mine = reports.filter((report) => report.key === key);
      const sum = (of: 'errors' | 'passedOnError'): number => mine.reduce((total, report) => total + report[of], 0);
      return { place: path.join('.'), onEngineError: settings.onEngineError, errors: sum('errors'), passedOnError: sum('passedOnError'), workers: mine };
    });
  }

  async workers(): Promise<WorkerStatus[]> { return this.supervisor.workers(); }

  /** Pools over all workers. */
  async backends(): Promise<PoolReport[]> {
    const byPool = new Map<string, PoolReport[]>();
    for (const worker of await this.supervisor.workers()) {
      for (const report of worker.pools) byPool.set(report.pool, [...(byPool.get(report.pool) ?? []), report]);
    }
    return [...byPool.values()].flatMap((reports) => mergePoolReports(reports) ?? []);
  }

  async sessions(): Promise<SessionReport[]> { return this.supervisor.sessions(); }

  async leases(): Promise<LeaseReport[]> { return this.supervisor.leases(); }

  /** False: no worker has such a lease. */
  async revokeLease(id: string, author: string, reason: string): Promise<boolean> {
    const found = (await this.leases()).some((lease) => lease.id === id);
    if (found) this.supervisor.revokeLease(id, `revoked by ${author}${reason === '' ? '' : `: ${reason}`}`);
    this.recordControl('revoke', author, id, reason, found ? 'allowed' : 'failed');
    return found;
  }

  /** An administrator's word to a live session; undefined when no session understands it. */
  async controlSession(id: string, command: string, argument: string, author: string): Promise<string | undefined> {
    const answer = await this.supervisor.controlSession(id, command, argument);
    this.recordControl(command, author, id, argument, answer === undefined ? 'failed' : 'allowed');
    return answer;
  }

  /** What the session has shown since `from` ('' at first). Only the beginning is recorded: a watcher asks all the time. */
  async watchSession(id: string, from: string, author: string): Promise<string | undefined> {
    return this.#watchers.begins(id, author, from, performance.now())
      ? await this.controlSession(id, 'watch', from, author) : await this.supervisor.controlSession(id, 'watch', from);
  }

  async approvals(): Promise<WaitingApproval[]> { return waitingApprovals(await this.sessions()); }

  /** `id`: of what waits for a second person, or of its session. */
  async decideApproval(id: string, approved: boolean, approver: Approver): Promise<ApprovalAnswer> {
    const verb = approved ? 'approve' : 'reject';
    const { name, proven } = approver;
    const chosen = chosenApproval(await this.approvals(), id, approver);
    if (!chosen.ok) {
      this.recordControl(verb, name, chosen.session, chosen.reason === 'same-person' ? 'the user of the session is no second person' : 'nothing waits', 'failed');
      return chosen;
    }
    const { approval } = chosen;
    const answer = await this.supervisor.controlSession(approval.session, verb, `${approval.id} ${proven ? 'proven' : 'claimed'} ${name}`);
    const decided = answer === (approved ? 'approved' : 'refused');
    const words = `${proven ? 'a token named them' : 'over the socket, by the name they gave'}; line: ${approval.line}${decided ? '' : `; ${answer ?? 'no answer'}`}`;
    this.recordControl(verb, name, approval.session, words, decided ? 'allowed' : 'failed');
    if (decided) return chosen;
    // Given up or timed out in between, or the service does not take this person.
    const gone = answer === undefined || answer.startsWith('nothing waits');
    return { ok: false, reason: gone ? 'not-waiting' : 'refused', session: approval.session, detail: answer ?? '' };
  }

  async killSession(id: string, author: string, reason: string): Promise<boolean> {
    const found = await this.supervisor.killSession(id, `ended by ${author}${reason === '' ? '' : `: ${reason}`}`);
    this.recordControl('kill', author, id, reason, found ? 'allowed' : 'failed');
    return found;
  }

  setServerState(pool: string, server: string, state: AdministrativeState, author: string, reason: string): boolean {
    const found = this.supervisor.setAdministrativeState(pool, server, state);
    this.recordControl(state, author, `${pool}/${server}`, reason, found ? 'allowed' : 'failed');
    return found;
  }

  async explain(query: Extract<WorkerQuery, { what: 'explain' }>): Promise<Explanation | undefined> { return this.supervisor.explain(query); }

  async stop(drainTimeoutMs?: number): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#sweeper?.close();
    this.transactions.close();
    this.#preparer?.close();
    this.recordControl('stop', 'sallyport', '', 'draining', 'allowed');
    await this.supervisor.stop(drainTimeoutMs ?? this.options.load.configuration.runtime.drainTimeout);
    await this.trail.close();
    this.history.close();
    this.#held?.release();
  }
}
