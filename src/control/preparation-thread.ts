// Configurations are read and checked in a thread: a thousand resources take most of a second, and firewall rules more, in
// which the admin API, the probes and the audit log have to go on. The thread is started when it is needed and ends when it
// has not been for a while. Both ends are here; cli/preparation-thread.ts is the entry, which knows the gateways that ship.
import { serialize } from 'node:v8';
import { Worker, type MessagePort } from 'node:worker_threads';
import type { GatewayManifest } from '#contract/gateway.ts';
import type { RunConfiguration } from '#session/configuration.ts';
import { keepPacked } from '#runtime/worker-handle.ts';
import { isUnpatched, prepareHere, type Base, type Prepared, type Preparer, type Proposal } from './configuration/preparation.ts';
import type { ConfigDocument, Configuration } from './configuration/index.ts';
import type { PatchFailure } from './configuration/patch.ts';
import { runConfigurationOf, type FilePlaces } from './run-configuration.ts';

/** The thread ends when nothing was asked of it for so long. */
const idleMs = 60_000;
/** Nothing takes so long; the thread is ended, and what waits for it fails. */
const maxPreparationMs = 60_000;
const maxWaiting = 32;
/** A document that needs more memory ends the thread and not the gateway. */
const oldGenerationMb = 1024;
/** Young objects of a large document die there instead of being moved again and again. */
const youngGenerationMb = 64;
/** Documents that the thread remembers, so that they need not be sent again. */
const maxBases = 4;

interface Task { readonly id: number; readonly proposal: Proposal; readonly version: string; readonly document: ConfigDocument | undefined; readonly run: boolean }

type Answer =
  | { readonly id: number; readonly kind: 'prepared'; readonly result: Prepared | PatchFailure; readonly packed: Uint8Array | undefined }
  /** The document of the version in force is not known here. */
  | { readonly id: number; readonly kind: 'base-wanted' }
  | { readonly id: number; readonly kind: 'failed'; readonly message: string };

interface Waiting {
  readonly task: Task;
  readonly document: ConfigDocument;
  readonly timer: NodeJS.Timeout;
  resolve(result: Prepared | PatchFailure): void;
  reject(error: Error): void;
}

export class ThreadPreparer implements Preparer {
  readonly #entry: string;
  readonly #places: FilePlaces;
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | undefined = undefined;
  #idle: NodeJS.Timeout | undefined = undefined;
  #next = 1;

  constructor(entry: string, places: FilePlaces) {
    this.#entry = entry;
    this.#places = places;
  }

  /** @throws Error when the thread dies of it, or too much waits. */
  async prepare(proposal: Proposal, base: Base, run: boolean): Promise<Prepared | PatchFailure> {
    if (this.#waiting.size >= maxWaiting) throw new Error(`${maxWaiting} configurations wait to be read already`);
    const thread = this.#started();
    const task: Task = { id: this.#next++, proposal, version: base.version, document: undefined, run };
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => { this.#end(thread, new Error(`the configuration was not read within ${maxPreparationMs / 1000} s`)); }, maxPreparationMs);
      this.#waiting.set(task.id, { task, document: base.document, resolve, reject, timer });
      give(thread, task);
    });
  }

  #started(): Worker {
    clearTimeout(this.#idle);
    if (this.#thread !== undefined) return this.#thread;
    const thread = new Worker(this.#entry, { workerData: this.#places, resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb, maxOldGenerationSizeMb: oldGenerationMb } });
    thread.on('message', (answer: Answer) => { this.#answered(thread, answer); });
    thread.on('error', (error: Error) => { this.#ended(thread, error); });
    thread.on('exit', () => { this.#ended(thread, new Error('the thread that reads configurations has ended')); });
    return this.#thread = thread;
  }

  #answered(thread: Worker, answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    if (answer.kind === 'base-wanted') {
      give(thread, { ...waiting.task, document: waiting.document });
      return;
    }
    this.#waiting.delete(answer.id);
    clearTimeout(waiting.timer);
    if (answer.kind === 'failed') waiting.reject(new Error(answer.message));
    else {
      if (answer.packed !== undefined && !isUnpatched(answer.result) && answer.result.run !== undefined) keepPacked(answer.result.run, answer.packed);
      waiting.resolve(answer.result);
    }
    if (this.#waiting.size > 0) return;
    this.#idle = setTimeout(() => { this.close(); }, idleMs);
    this.#idle.unref();
  }

  #ended(thread: Worker, error: Error): void {
    if (thread !== this.#thread) return;
    this.#thread = undefined;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#waiting.clear();
  }

  #end(thread: Worker, error: Error): void {
    this.#ended(thread, error);
    void thread.terminate();
  }

  close(): void {
    clearTimeout(this.#idle);
    if (this.#thread !== undefined) this.#end(this.#thread, new Error('the gateway stops'));
  }
}

function give(thread: Worker, task: Task): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  thread.postMessage(task);
}

/** The other end. */
export function servePreparations(port: MessagePort, manifests: readonly GatewayManifest[], places: FilePlaces): void {
  const bases = new Map<string, ConfigDocument>();
  const remember = (version: string, document: ConfigDocument): void => {
    bases.delete(version);
    bases.set(version, document);
    if (bases.size > maxBases) bases.delete(bases.keys().next().value!);
  };
  const serve = ({ id, proposal, version, document, run }: Task): void => {
    const base = document ?? bases.get(version);
    if (base === undefined) {
      port.postMessage({ id, kind: 'base-wanted' } satisfies Answer);
      return;
    }
    remember(version, base);
    const runOf = (configuration: Configuration): RunConfiguration => runConfigurationOf(configuration, places, manifests);
    const result = prepareHere(proposal, { version, document: base }, { manifests, ...places }, run ? runOf : undefined);
    if (isUnpatched(result)) {
      port.postMessage({ id, kind: 'prepared', result, packed: undefined } satisfies Answer);
      return;
    }
    if (result.load.ok) remember(result.load.version, result.load.document);
    const packed = result.run === undefined ? undefined : new Uint8Array(serialize(result.run));
    // Nobody on the other side prints lines of the texts.
    const answer: Answer = { id, kind: 'prepared', result: { ...result, load: { ...result.load, sources: [] } }, packed };
    port.postMessage(answer, packed === undefined ? [] : [packed.buffer as ArrayBuffer]);
  };
  port.on('message', (task: Task) => {
    try {
      serve(task);
    } catch (error) {
      port.postMessage({ id: task.id, kind: 'failed', message: error instanceof Error ? error.stack ?? error.message : String(error) } satisfies Answer);
    }
  });
}
