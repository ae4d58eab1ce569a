// Entry of the store's thread: compressing, writing and searching happen here, so that a slow disk never holds up the
// supervisor's event loop. Carries messages to StoreCore and back.
import { parentPort, workerData } from 'node:worker_threads';
import type { FromThread, ThreadData, ToThread } from './messages.ts';
import { StoreCore } from './store-core.ts';

const port = parentPort!;
const { options } = workerData as ThreadData;

function say(message: FromThread): void {
  port.postMessage(message);
}

const core = new StoreCore(options, {
  report: (event) => say({ kind: 'event', event }),
  acknowledge: (blocks) => say({ kind: 'acknowledge', blocks }),
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
});

const statusEveryMs = 1000;
let statusAtMs = 0;
let closing = false;

function startTimer(flushEveryMs: number): NodeJS.Timeout {
  return setInterval(() => {
    core.tick();
    if (performance.now() < statusAtMs) return;
    statusAtMs = performance.now() + statusEveryMs;
    say({ kind: 'status', status: core.status() });
  }, Math.min(1000, Math.max(20, flushEveryMs / 2)));
}

let timer = startTimer(options.flushEveryMs);

port.on('message', (message: ToThread) => {
  if (message.kind === 'append') {
    core.append(message.lines, message.count, message.digest);
    return;
  }
  if (message.kind === 'configure') {
    core.configure(message.limits);
    clearInterval(timer);
    timer = startTimer(message.limits.flushEveryMs);
    return;
  }
  try {
    say({ kind: 'answer', call: message.call, value: answer(message) });
  } catch (error) {
    say({ kind: 'failure', call: message.call, message: (error as Error).message });
  }
  if (closing) port.close();
});

function answer(message: Exclude<ToThread, { kind: 'append' | 'configure' }>): (FromThread & { kind: 'answer' })['value'] {
  switch (message.kind) {
    case 'page': return core.page(message.query, message.budgetMs);
    case 'find': return core.find(message.id);
    case 'flush': {
      const written = core.flush();
      say({ kind: 'status', status: core.status() });
      return written;
    }
    default: {
      closing = true;
      clearInterval(timer);
      core.close();
      say({ kind: 'status', status: core.status() });
      return true;
    }
  }
}
