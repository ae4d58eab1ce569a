// Entry of a worker process: runs one Worker and passes messages between it and the supervisor. Started by fork only.
// Arguments: number of this worker, number of workers, system user to become once the ports are open ('' for none).
import { readFileSync } from 'node:fs';
import { Worker } from '#runtime/worker.ts';
import { unpack } from '#runtime/worker-handle.ts';
import type { FromWorker, ToWorker } from '#runtime/messages.ts';
import { gateways, productName } from '../standard.ts';

const [number = '0', workers = '1', user = ''] = process.argv.slice(2);
let dropped = false;

const worker = new Worker({
  worker: Number(number), workers: Number(workers), manifests: gateways, product: productName,
  send: (message: FromWorker) => {
    if (message.type === 'configured') dropPrivileges();
    tell(message);
    if (message.type === 'drained') setImmediate(() => { process.disconnect?.(); });
  },
});

function tell(message: FromWorker): void {
  // Without a channel there is no supervisor any more; 'disconnect' ends this process.
  if (process.connected) (process as unknown as { send(message: FromWorker, done: () => void): void }).send(message, () => { /* as above */ });
}

function dropPrivileges(): void {
  if (user === '' || dropped || process.getuid?.() !== 0) return;
  dropped = true;
  // Supplementary groups of root go first, then the group, then the user: afterwards none could be changed.
  process.setgroups?.([]);
  process.setgid?.(groupOf(user));
  process.setuid?.(user);
}

/** The primary group of a user, by number; a user given by number gets the group of the same number. */
function groupOf(name: string): number {
  if (/^\d+$/.test(name)) return Number(name);
  return Number(readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':')).find(([login]) => login === name)?.[3] ?? Number.NaN);
}

process.title = `sallyport worker ${number}`;
// The supervisor decides when workers end; signals of the terminal reach the whole group.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => { /* the supervisor drains us */ });
process.on('message', (message) => { worker.receive(unpack(message as ToWorker)); });
process.on('disconnect', () => {
  worker.stop();
  process.exit(0);
});
process.on('uncaughtException', (error) => {
  // Outside every session: nothing that is known to be sound is left. The supervisor replaces this process.
  process.stderr.write(`sallyport worker ${number}: ${error.stack ?? error.message}\n`);
  process.exit(70);
});
worker.start();
