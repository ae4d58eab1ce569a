// A gateway with worker processes of its own, started by the test through the control plane, and clients that keep it busy.
// Everything is real but the command line, which test/cli starts. Ends every process that it started.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, afterEach } from 'node:test';
import { parseRecord, type StoredRecord } from '#audit/record.ts';
import { loadConfiguration } from '#control/configuration/index.ts';
import { ControlPlane, type Notice } from '#control/control-plane.ts';
import { gateways, productName } from '../../src/standard.ts';
import { freePort } from './free-port.ts';
import { RawClient } from './raw.ts';
import { eventually, get, statusesIn } from './site.ts';

const workerEntry = fileURLToPath(new URL('../../src/cli/worker-process.ts', import.meta.url));
const preparationEntry = fileURLToPath(new URL('../../src/cli/preparation-thread.ts', import.meta.url));

export interface Cluster {
  readonly plane: ControlPlane;
  readonly notices: Notice[];
  readonly records: StoredRecord[];
  readonly directory: string;
  port(listener?: string): number;
  /** Writes the file and loads it anew; the result as the transaction gives it. */
  reload(text: string): ReturnType<ControlPlane['reload']>;
  /** Process id of a worker by its number. */
  pidOf(worker: number): Promise<number>;
  stop(): Promise<void>;
}

/** A test that failed half-way leaves these behind: ended for it, or its process would never end. */
const running = new Set<() => Promise<void>>();
const loads = new Set<Load>();
afterEach(async () => { await Promise.all([...loads].map(async (load) => load.stop())); });
after(async () => { await Promise.all([...running].map(async (stop) => stop())); });

/** `text` is the configuration without `runtime` and `admin`; with `runtime.workers` when `workers` is 'as configured'. */
export async function startCluster(text: string, workers: number | 'as configured' = 2, directory = mkdtempSync(join(tmpdir(), 'sallyport-'))): Promise<Cluster> {
  const file = join(directory, 'sallyport.yaml');
  writeFileSync(file, text);
  const load = loadConfiguration({ paths: [file] }, gateways);
  if (load.configuration === undefined) throw new Error(load.problems.map(({ message, line }) => `${line}: ${message}`).join('\n'));
  const notices: Notice[] = [];
  const plane = await ControlPlane.start({
    load: { ...load, configuration: load.configuration }, paths: [file], manifests: gateways, product: productName, version: 'test',
    workerEntry, preparationEntry, workers: workers === 'as configured' ? undefined : workers, processors: 2,
    stateDirectory: join(directory, 'state'), notice: (notice) => { notices.push(notice); },
  });
  const records: StoredRecord[] = [];
  plane.trail.subscribe({}, (record) => { records.push(record); });
  const pids = new Set(plane.supervisor.pids);
  const stop = async (): Promise<void> => {
    running.delete(stop);
    for (const pid of plane.supervisor.pids) pids.add(pid);
    await plane.stop(2_000);
    await eventually('every worker has ended', () => [...pids].every((pid) => pid === process.pid || !alive(pid)));
    rmSync(directory, { recursive: true, force: true });
  };
  running.add(stop);
  return {
    plane, notices, records, directory,
    port: (listener) => {
      const found = listener === undefined ? plane.supervisor.listeners[0] : plane.supervisor.listeners.find(({ name }) => name === listener);
      return found!.binds[0]!.port;
    },
    reload: async (next) => {
      writeFileSync(file, next);
      return plane.reload('test', 'reload');
    },
    pidOf: async (worker) => (await plane.workers()).find((status) => status.worker === worker)!.pid,
    stop,
  };
}

export { freePort, parseRecord };

export function alive(pid: number): boolean {
  try { process.kill(pid, 0); return true; } catch { return false; }
}

/** Clients in a loop until stopped. What went wrong is noted, not thrown. */
export class Load {
  requests = 0;
  connections = 0;
  /** In words: a status that is not 200, an end in the middle, an answer that did not come. */
  readonly failures: string[] = [];
  #running = true;
  readonly #clients = new Set<RawClient>();
  readonly #loops: Promise<void>[] = [];

  /** `perConnection` requests on each connection, one after the other. */
  constructor(port: number, clients: number, perConnection: number, path = '/load') {
    loads.add(this);
    for (let count = 0; count < clients; count++) this.#loops.push(this.#run(port, perConnection, path));
  }

  async #run(port: number, perConnection: number, path: string): Promise<void> {
    while (this.#running) {
      const client = new RawClient(port);
      this.connections++;
      this.#clients.add(client);
      for (let count = 0; count < perConnection && this.#running; count++) {
        client.received = '';
        const late = setTimeout(() => { client.socket.destroy(new Error('no answer within 20 s')); }, 20_000);
        try {
          client.send(get(path));
          const text = await client.until((received) => /\r\n\r\n.*end of answer|^HTTP\/1\.1 [345]/s.test(received));
          this.requests++;
          if (statusesIn(text)[0] !== '200') this.failures.push(text.slice(0, 200));
        } catch (error) {
          this.failures.push(error instanceof Error ? error.message : String(error));
          break;
        } finally { clearTimeout(late); }
      }
      this.#clients.delete(client);
      client.end();
      client.socket.resume();
      client.socket.on('end', () => { client.destroy(); });
      setTimeout(() => { client.destroy(); }, 500).unref();
    }
  }

  /** So many more requests have been answered. */
  async more(count: number): Promise<void> {
    const target = this.requests + count;
    await eventually(`${count} more requests`, () => this.requests >= target, 20_000);
  }

  async stop(): Promise<void> {
    this.#running = false;
    loads.delete(this);
    await Promise.all(this.#loops);
    for (const client of this.#clients) client.destroy();
  }
}

export const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nend of answer';

export function assertNoBugs({ notices }: Cluster): void {
  assert.deepEqual(notices.filter(({ message }) => /bug|Error:|internal/.test(message)), []);
}
