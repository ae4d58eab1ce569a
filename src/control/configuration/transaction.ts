// The configuration at run time as a state machine: which version is in force, changes guarded by the version that their
// author saw, confirmation within a time, rollback. Putting a configuration in force, time and timers are given to it.
import type { GatewayManifest } from '#contract/gateway.ts';
import { shortVersion, versionOf } from './canonical.ts';
import type { ConfigurationDiff } from './diff.ts';
import type { ConfigurationHistory } from './history.ts';
import type { ImpactReport } from './impact.ts';
import { impactOf } from './impact.ts';
import type { ConfigurationInput, LoadOptions, LoadResult } from './load.ts';
import type { ConfigDocument } from './merge.ts';
import type { PatchFailure, ResourcePatch } from './patch.ts';
import type { Base, Prepared, Preparer, Proposal } from './preparation.ts';
import { isUnpatched, prepareHere } from './preparation.ts';
import type { Finding, Problem } from './problem.ts';
import { formatPath } from './problem.ts';
import type { Configuration } from './schema.ts';

/** What is in force. */
export interface ActiveConfiguration { number: number; version: string; document: ConfigDocument; configuration: Configuration }

/** A version in force that reverts by itself unless it is confirmed. */
export interface PendingConfirmation { number: number; version: string; revertTo: number; deadlineMs: number; author: string }

export interface ChangeRequest {
  /** The whole new document, or files or texts of it, or changes of single resources. */
  document?: ConfigDocument;
  input?: ConfigurationInput;
  patches?: readonly ResourcePatch[];
  /** Version (or its first 12 digits or more) that the author saw; another one in force is a conflict. */
  expectedVersion?: string | undefined;
  author: string;
  reason: string;
  source: string;
  confirmWithinMs?: number | undefined;
}

export type ChangePlan = Prepared;

export type ApplyFailure =
  | { ok: false; reason: 'invalid'; message: string; problems: Problem[] }
  | { ok: false; reason: 'conflict'; message: string; expected: string; current: string }
  | { ok: false; reason: 'pending'; message: string; pending: PendingConfirmation }
  | { ok: false; reason: 'patch'; message: string; failure: PatchFailure }
  | { ok: false; reason: 'not-found'; message: string }
  | { ok: false; reason: 'failed'; message: string };

export interface ApplySuccess {
  ok: true;
  /** False when the document means the same as the one in force: nothing was done. */
  changed: boolean;
  number: number;
  version: string;
  diff: ConfigurationDiff;
  impact: ImpactReport;
  /** Warnings. */
  problems: Problem[];
  pending: PendingConfirmation | undefined;
}

export type ApplyResult = ApplySuccess | ApplyFailure;

export interface TransactionHost {
  /** What only a start can bring about, asked before anything is done. */
  objection?(configuration: Configuration): Finding | undefined;
  /** Puts the configuration in force in all workers. A rejection says that the old one stays in force. */
  activate(load: LoadResult & { configuration: Configuration }, plan: ChangePlan): Promise<void>;
  /** Where relative paths of the configuration start. */
  readonly places?: LoadOptions | undefined;
  /** Who reads and checks; without one it is done here. */
  readonly preparer?: Preparer | undefined;
  /** Called after each change of what is in force, also by a revert of its own. */
  changed?(active: ActiveConfiguration, what: { author: string; reason: string; source: string; diff: ConfigurationDiff; pending: PendingConfirmation | undefined }): void;
  /** A revert could not be put in force, or history could not be written after the fact. */
  alarm?(message: string): void;
  wallMs(): number;
  setTimer(afterMs: number, task: () => void): unknown;
  clearTimer(timer: unknown): void;
}

/** How often and how soon a revert that failed is tried again. */
const revertRetries = 10;
const revertRetryMs = 5000;

export class ConfigurationTransactions {
  readonly #manifests: readonly GatewayManifest[];
  readonly #history: ConfigurationHistory;
  readonly #host: TransactionHost;
  #active: ActiveConfiguration | undefined = undefined;
  #pending: PendingConfirmation | undefined = undefined;
  /** What a pending version reverts to. */
  #before: ActiveConfiguration | undefined = undefined;
  #timer: unknown = undefined;
  /** Changes are made one after another: each sees what the one before it left. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(manifests: readonly GatewayManifest[], history: ConfigurationHistory, host: TransactionHost) {
    this.#manifests = manifests;
    this.#history = history;
    this.#host = host;
  }

  get active(): ActiveConfiguration | undefined { return this.#active; }
  get pending(): PendingConfirmation | undefined { return this.#pending; }

  /** Takes what the process started with as being in force. Kept in history when it is not what was last applied. */
  adopt(load: LoadResult, origin: { author: string; reason: string; source: string }): ActiveConfiguration {
    if (!load.configuration) throw new TypeError('only a configuration without errors can be adopted');
    const last = this.#history.lastApplied();
    const number = last?.version === load.version ? last.number
      : this.#history.add({ ...origin, timeMs: this.#host.wallMs(), version: load.version, state: 'applied', document: load.document });
    this.#active = { number, version: load.version, document: load.document, configuration: load.configuration };
    return this.#active;
  }

  /** What a change would do. Applies nothing. `run`: with what workers would be given. */
  async plan(request: Pick<ChangeRequest, 'document' | 'input' | 'patches' | 'expectedVersion'>, run = false): Promise<ChangePlan | ApplyFailure> {
    const conflict = this.#conflict(request.expectedVersion);
    if (conflict) return conflict;
    const base: Base = this.#active ?? { version: '', document: {} };
    const proposal: Proposal = request.patches ? { patches: request.patches } : { input: request.input ?? { document: request.document ?? base.document } };
    let prepared: Prepared | PatchFailure;
    try {
      prepared = this.#host.preparer ? await this.#host.preparer.prepare(proposal, base, run) : this.#prepareHere(proposal, base);
    } catch (error) { return { ok: false, reason: 'failed', message: `the configuration could not be read: ${messageOf(error)}` }; }
    if (isUnpatched(prepared)) return { ok: false, reason: 'patch', message: prepared.message, failure: prepared };
    return prepared;
  }

  #prepareHere(proposal: Proposal, base: Base): Prepared | PatchFailure {
    return prepareHere(proposal, base, { manifests: this.#manifests, ...this.#host.places }, undefined);
  }

  apply(request: ChangeRequest): Promise<ApplyResult> { return this.#inTurn(() => this.#apply(request)); }

  /** Makes a pending version the one to stay. */
  confirm(author: string, expectedVersion?: string): Promise<ApplyResult> { return this.#inTurn(async () => this.#confirm(author, expectedVersion)); }

  /** Ends a pending confirmation at once, by going back. */
  revert(author: string, reason: string): Promise<ApplyResult> {
    return this.#inTurn(async () => this.#pending ? await this.#goBack(author, reason) : { ok: false, reason: 'not-found', message: 'nothing waits for confirmation' });
  }

  /** Applies the document of an earlier version again, as a new version. */
  rollback(number: number, request: Pick<ChangeRequest, 'author' | 'reason' | 'expectedVersion' | 'confirmWithinMs'>): Promise<ApplyResult> {
    return this.#inTurn(async () => {
      const entry = this.#history.get(number);
      if (!entry) return { ok: false, reason: 'not-found', message: `there is no version ${number} in the history` };
      return await this.#apply({ ...request, document: entry.document, source: `rollback ${number}` });
    });
  }

  /** Stops the timer. A pending version counts as reverted at the next start. */
  close(): void { this.#disarm(); }

  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }

  #conflict(expected: string | undefined): ApplyFailure | undefined {
    const current = this.#active?.version ?? '';
    if (expected === undefined || expected === current || (expected.length >= 12 && current.startsWith(expected))) return undefined;
    return {
      ok: false, reason: 'conflict', expected, current,
      message: `the configuration in force is ${shortVersion(current)}, not ${shortVersion(expected)} that this change was made for: look at it again, then repeat the change`,
    };
  }

  async #apply(request: ChangeRequest): Promise<ApplyResult> {
    if (this.#pending) {
      const { number, deadlineMs, author } = this.#pending;
      const seconds = Math.max(0, Math.ceil((deadlineMs - this.#host.wallMs()) / 1000));
      return { ok: false, reason: 'pending', pending: this.#pending, message: `version ${number} of ${author} waits ${seconds} s for confirmation: confirm or revert it first` };
    }
    const plan = await this.plan(request, true);
    if ('ok' in plan) return plan;
    const { load, diff, impact } = plan;
    if (!load.configuration) return { ok: false, reason: 'invalid', message: 'the configuration has errors: nothing was applied', problems: load.problems };
    const objection = this.#host.objection?.(load.configuration);
    if (objection) return { ok: false, reason: 'invalid', message: `nothing was applied: ${objection.message}`, problems: [...load.problems, problemOf(objection)] };
    const before = this.#active;
    if (before && diff.same) {
      return { ok: true, changed: false, number: before.number, version: before.version, diff, impact, problems: load.problems, pending: undefined };
    }
    const entered = await this.#enter(plan, request);
    if (typeof entered === 'string') return { ok: false, reason: 'failed', message: entered };
    if (request.confirmWithinMs !== undefined && before) {
      this.#pending = {
        number: entered.number, version: load.version, revertTo: before.number, deadlineMs: this.#host.wallMs() + request.confirmWithinMs, author: request.author,
      };
      this.#arm(request.confirmWithinMs, before, 1);
    }
    this.#settle(entered.number, this.#pending ? 'pending' : 'applied');
    this.#host.changed?.(entered, { author: request.author, reason: request.reason, source: request.source, diff, pending: this.#pending });
    return { ok: true, changed: true, number: entered.number, version: load.version, diff, impact, problems: load.problems, pending: this.#pending };
  }

  /** Writes it down, then puts it in force; the reason why not as text. */
  async #enter(plan: ChangePlan, request: ChangeRequest): Promise<ActiveConfiguration | string> {
    const { load } = plan;
    const configuration = load.configuration;
    if (!configuration) return 'the configuration has errors';
    let number: number;
    try {
      number = this.#history.add({
        timeMs: this.#host.wallMs(), author: request.author, reason: request.reason, source: request.source, version: load.version,
        state: 'applying', document: load.document,
      });
    } catch (error) { return `the history cannot be written, so nothing was applied: ${messageOf(error)}`; }
    try {
      await this.#host.activate({ ...load, configuration }, plan);
    } catch (error) {
      this.#settle(number, 'failed');
      return `it could not be put in force, the old configuration stays: ${messageOf(error)}`;
    }
    this.#active = { number, version: load.version, document: load.document, configuration };
    return this.#active;
  }

  #settle(number: number, state: 'applied' | 'pending' | 'reverted' | 'failed'): void {
    try { this.#history.setState(number, state); } catch (error) { this.#host.alarm?.(`the history of version ${number} cannot be written: ${messageOf(error)}`); }
  }

  #confirm(author: string, expectedVersion: string | undefined): ApplyResult {
    const pending = this.#pending;
    const active = this.#active;
    if (!pending || !active) return { ok: false, reason: 'not-found', message: 'nothing waits for confirmation' };
    const conflict = this.#conflict(expectedVersion);
    if (conflict) return conflict;
    this.#disarm();
    this.#pending = undefined;
    this.#settle(pending.number, 'applied');
    const diff: ConfigurationDiff = { same: true, resources: [] };
    this.#host.changed?.(active, { author, reason: `version ${pending.number} confirmed`, source: 'confirmation', diff, pending: undefined });
    return { ok: true, changed: false, number: active.number, version: active.version, diff, impact: impactOf(diff), problems: [], pending: undefined };
  }

  #arm(afterMs: number, before: ActiveConfiguration, attempt: number): void {
    this.#before = before;
    this.#timer = this.#host.setTimer(afterMs, () => {
      void this.#inTurn(async () => {
        // A confirmation may have come first.
        if (!this.#pending) return;
        const result = await this.#goBack('sallyport', `version ${this.#pending.number} was not confirmed in time`);
        if (result.ok) return;
        this.#host.alarm?.(`version ${this.#pending.number} could not be reverted (attempt ${attempt}): ${result.message}`);
        if (attempt < revertRetries) this.#arm(revertRetryMs, before, attempt + 1);
      });
    });
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#host.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  async #goBack(author: string, reason: string): Promise<ApplyResult> {
    const pending = this.#pending;
    const before = this.#before;
    if (!pending || !before) return { ok: false, reason: 'not-found', message: 'nothing waits for confirmation' };
    let plan = await this.plan({ document: before.document }, true);
    // Going back must work, whatever keeps others from reading.
    if ('ok' in plan) plan = this.#prepareHere({ input: { document: before.document } }, this.#active ?? before) as Prepared;
    const configuration = plan.load.configuration ?? before.configuration;
    // Going back must work when the disk is full: it is written down afterwards, if at all.
    try {
      await this.#host.activate({ ...plan.load, configuration }, plan);
    } catch (error) { return { ok: false, reason: 'failed', message: messageOf(error) }; }
    this.#disarm();
    this.#pending = undefined;
    let number = before.number;
    try {
      this.#settle(pending.number, 'reverted');
      number = this.#history.add({
        timeMs: this.#host.wallMs(), author, reason, source: `revert of ${pending.number}`, version: versionOf(before.document), state: 'applied', document: before.document,
      });
    } catch (error) { this.#host.alarm?.(`the revert of version ${pending.number} is not in the history: ${messageOf(error)}`); }
    this.#active = { ...before, number, configuration };
    this.#host.changed?.(this.#active, { author, reason, source: `revert of ${pending.number}`, diff: plan.diff, pending: undefined });
    return { ok: true, changed: true, number, version: before.version, diff: plan.diff, impact: plan.impact, problems: [], pending: undefined };
  }
}

function problemOf({ code, path, message, found = '', wanted = '', hint = '' }: Finding): Problem {
  return { severity: 'error', code, path: formatPath(path), message, found, wanted, hint, file: '', line: 0, column: 0 };
}

function messageOf(error: unknown): string { return error instanceof Error ? error.message : String(error); }
