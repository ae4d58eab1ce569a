// A gateway inside the test's own process: a configuration text in, ports and audit records out. Everything is real
// (sockets, parser, policy, pools) but the processes. Does not test worker processes: test/scenarios/processes does.
import { once, EventEmitter } from 'node:events';
import { tmpdir } from 'node:os';
import { after } from 'node:test';
import { loadConfiguration } from '#control/configuration/index.ts';
import { runConfigurationOf, type FilePlaces } from '#control/run-configuration.ts';
import type { Inspector } from '#contract/inspection.ts';
import { AuditRecord } from '#contract/audit-record.ts';
import type { Clock } from '#core/clock.ts';
import type { GatewayManifest } from '#contract/gateway.ts';
import { textOf } from '#audit/lines.ts';
import type { StoredRecord } from '#audit/record.ts';
import type { FromWorker, ListenerReport, SessionReport, WorkerStatus, WorkerAnswer, WorkerQuery } from '#runtime/messages.ts';
import { Worker } from '#runtime/worker.ts';
import { gateways, productName } from '../../src/standard.ts';

export interface GatewayUnderTest {
  readonly worker: Worker;
  readonly records: StoredRecord[];
  readonly bugs: string[];
  /** Operations that were counted without a record. */
  unrecorded(): number;
  /** Port of the first bind of a listener. */
  port(listener?: string): number;
  /** Applies another configuration text; rejects with the reason when it is refused. */
  configure(text: string): Promise<void>;
  /** The first record (past or future) that fits. */
  record(fits: (record: StoredRecord) => boolean): Promise<StoredRecord>;
  /** All records of what has happened so far are there. */
  flushed(): Promise<void>;
  /** False: blocks of records are not acknowledged, as when the store cannot keep up. */
  keepAudit(keeps: boolean): void;
  /** Drains; resolves when the worker says that it is done. */
  drained(deadlineMs: number): Promise<void>;
  status(): WorkerStatus;
  /** What the supervisor may ask a worker: sessions, leases, a word to a session. */
  ask(query: WorkerQuery): Promise<WorkerAnswer>;
  sessions(): Promise<readonly SessionReport[]>;
  /** It has drained, or was stopped. */
  stopped(): boolean;
  stop(): Promise<void>;
}

export interface GatewayOptions {
  /** Protocols: what ships, unless given. */
  readonly manifests?: readonly GatewayManifest[];
  /** A clock that the test moves; alarms are rung by `worker.sweep()` then, or within 100 ms. */
  readonly clock?: Clock;
  /** Content inspectors that are asked about everything. */
  readonly inspectors?: readonly Inspector[];
}

/** A test that failed half-way leaves these behind: stopped for it, or its process would never end. */
const left = new Set<Worker>();
after(() => { for (const worker of left) worker.stop(); });

/** The worker keeps audit blocks for a fifth of a second; tests that wait for a record wait on this event. */
export async function startGateway(
  text: string, places: FilePlaces = { baseDirectory: tmpdir(), stateDirectory: tmpdir() }, { manifests = gateways, clock, inspectors = [] }: GatewayOptions = {},
): Promise<GatewayUnderTest> {
  const events = new EventEmitter();
  events.setMaxListeners(0);
  const records: StoredRecord[] = [];
  const bugs: string[] = [];
  let stopped = false;
  let keeping = true;
  let unkept = 0;
  let unrecorded = 0;
  let listeners: readonly ListenerReport[] = [];
  const worker = new Worker({
    worker: 0, workers: 1, manifests, product: productName, inspectors, ...(clock === undefined ? {} : { clock }),
    send: (message: FromWorker) => {
      if (message.type === 'audit') {
        for (const line of textOf(message.block.lines).split('\n')) if (line !== '') records.push(JSON.parse(line) as StoredRecord);
        for (const { operations } of message.block.unrecorded ?? []) unrecorded += operations;
        if (keeping) worker.receive({ type: 'audit-kept', blocks: 1 });
        else unkept++;
      } else if (message.type === 'bug') bugs.push(message.message);
      else if (message.type === 'drained') stopped = true;
      else if (message.type === 'configured') listeners = message.listeners;
      setImmediate(() => { events.emit(message.type, message); });
    },
  });
  left.add(worker);
  worker.start();
  const configure = async (next: string): Promise<void> => {
    const load = loadConfiguration({ texts: [{ file: 'test.yaml', text: next }] }, manifests, places);
    if (load.configuration === undefined) {
      throw new Error(load.problems.map((problem) => `${problem.line}:${problem.column} ${problem.message} ${problem.found} ${problem.wanted}`).join('\n'));
    }
    const done = Promise.race([once(events, 'configured'), once(events, 'refused')]);
    worker.receive({ type: 'configure', configuration: runConfigurationOf(load.configuration, places, manifests), version: load.version });
    const [answer] = await done as [FromWorker];
    if (answer.type === 'refused') throw new Error(answer.reason);
  };
  try { await configure(text); } catch (error) {
    left.delete(worker);
    worker.stop();
    throw error;
  }
  return {
    worker, records, bugs, configure,
    unrecorded: () => unrecorded,
    port: (listener) => (listener === undefined ? listeners[0]! : listeners.find(({ name }) => name === listener)!).binds[0]!.port,
    record: async (fits) => {
      for (;;) {
        const found = records.find(fits);
        if (found !== undefined) return found;
        await once(events, 'audit');
      }
    },
    flushed: async () => {
      // A marker record goes the way of all others: when it is here, so are they.
      const marker = `marker ${performance.now()}`;
      const record = new AuditRecord();
      record.kind = 'system';
      record.id = marker;
      worker.record(record);
      worker.flushAudit();
      while (!records.some(({ id }) => id === marker)) await once(events, 'audit');
      records.splice(records.findIndex(({ id }) => id === marker), 1);
    },
    keepAudit: (keeps) => {
      keeping = keeps;
      if (!keeps || unkept === 0) return;
      worker.receive({ type: 'audit-kept', blocks: unkept });
      unkept = 0;
    },
    drained: async (deadlineMs) => {
      const over = once(events, 'drained');
      worker.receive({ type: 'drain', deadlineMs });
      await over;
    },
    status: () => worker.status(),
    ask: async (query) => {
      const answered = once(events, 'answer');
      worker.receive({ type: 'query', id: 1, query });
      return ((await answered) as [FromWorker & { type: 'answer' }])[0].answer;
    },
    sessions: async () => {
      const answered = once(events, 'answer');
      worker.receive({ type: 'query', id: 1, query: { what: 'sessions' } });
      const [message] = await answered as [FromWorker];
      return message.type === 'answer' && message.answer.what === 'sessions' ? message.answer.sessions : [];
    },
    stopped: () => stopped,
    stop: async () => {
      stopped = true;
      left.delete(worker);
      worker.stop();
      await new Promise((resolve) => { setImmediate(resolve); });
    },
  };
}
