// A worker as the supervisor holds it: in a process of its own, or in the supervisor's (runtime.workers: 0). Messages out,
// messages in, and one notice when it is gone. Does not decide what follows from that.
import { fork, type ChildProcess } from 'node:child_process';
import { deserialize, serialize } from 'node:v8';
import type { RunConfiguration } from '#session/configuration.ts';
import type { FromWorker, ToWorker, WorkerShare } from './messages.ts';
import { Worker, type WorkerOptions } from './worker.ts';

export interface WorkerHandle {
  readonly pid: number;
  send(message: ToWorker): void;
  /** Ends it at once, by its own process id. */
  kill(): void;
}

export interface WorkerEvents {
  message(message: FromWorker): void;
  /** It is gone: by itself (exit code), by a signal, or because it never started. */
  gone(how: string): void;
  /** Nothing more will come of what it sent before it ended. After `gone`. */
  silent(): void;
}

/** V8 flags of workers. A pattern that backtracks without end is finished by the linear engine; a large young generation
 *  lets short-lived request objects die there. */
export const workerFlags: readonly string[] = [
  '--enable-experimental-regexp-engine-on-excessive-backtracks', '--regexp-backtracks-before-fallback=50000', '--max-semi-space-size=32',
];

/** Configurations as bytes: made once for all workers, and by the thread that read the configuration where there is one. */
const packed = new WeakMap<RunConfiguration, Uint8Array>();

export function keepPacked(configuration: RunConfiguration, bytes: Uint8Array): void { packed.set(configuration, bytes); }

/** What goes over the channel instead of a configuration. */
interface Packed { readonly type: 'packed'; readonly bytes: Uint8Array; readonly version: string; readonly share: WorkerShare | undefined }

function pack(message: ToWorker): ToWorker | Packed {
  if (message.type !== 'configure') return message;
  let bytes = packed.get(message.configuration);
  if (bytes === undefined) {
    bytes = serialize(message.configuration);
    packed.set(message.configuration, bytes);
  }
  return { type: 'packed', bytes, version: message.version, share: message.share };
}

/** The message as it was sent by a handle. */
export function unpack(message: ToWorker | Packed): ToWorker {
  if (message.type !== 'packed') return message;
  return { type: 'configure', configuration: deserialize(message.bytes) as RunConfiguration, version: message.version, share: message.share };
}

export interface ProcessSpec {
  /** File that runs `Worker` in a process. */
  readonly entry: string;
  readonly worker: number;
  readonly workers: number;
  readonly user: string | undefined;
}

export function forkWorker(spec: ProcessSpec, events: WorkerEvents): WorkerHandle {
  const child: ChildProcess = fork(spec.entry, [String(spec.worker), String(spec.workers), spec.user ?? ''], {
    serialization: 'advanced', execArgv: [...workerFlags], stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let gone = false;
  const leave = (how: string): void => {
    if (gone) return;
    gone = true;
    events.gone(how);
    if (!child.connected) events.silent();
  };
  child.on('message', (message) => { events.message(message as FromWorker); });
  child.on('exit', (code, signal) => { leave(signal === null ? `exit code ${code ?? 0}` : `signal ${signal}`); });
  child.on('error', (error) => { leave(error.message); });
  // The channel is read to its end before: what the worker had sent may come after its exit.
  child.on('disconnect', () => { if (gone) events.silent(); });
  return {
    pid: child.pid ?? 0,
    // A worker that has just died is replaced when its exit is seen; what was sent to it meanwhile is moot.
    send: (message) => { if (child.connected) child.send(pack(message), () => { /* the exit tells */ }); },
    kill: () => { child.kill('SIGKILL'); },
  };
}

/** The message as it can be heard later: the lines of a block are only lent. */
function lasting(message: FromWorker): FromWorker {
  if (message.type !== 'audit') return message;
  return { type: 'audit', block: { ...message.block, lines: new Uint8Array(message.block.lines) } };
}

/** The worker as an object: messages are calls, one tick later, as between processes. */
export function embedWorker(options: Omit<WorkerOptions, 'send'>, events: WorkerEvents): WorkerHandle {
  const worker = new Worker({
    ...options, send: (message) => {
      const kept = lasting(message);
      setImmediate(() => { events.message(kept); });
    },
  });
  worker.start();
  return {
    pid: process.pid,
    send: (message) => { worker.receive(message); },
    kill: () => {
      worker.stop();
      // Behind what it still had to say.
      setImmediate(() => {
        events.gone('stopped');
        events.silent();
      });
    },
  };
}
