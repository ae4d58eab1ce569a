// Sallyport as people run it: `sallyport run` with one worker, the audit store on disk, and the admin API, which is asked
// what was audited.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AdminClient } from '#cli/client.ts';
import { accepting, freePort, pause, type Processes } from '../processes.ts';
import type { Origin } from './origin.ts';
import { poolSize, type Peer, type Shape } from './peer.ts';

const command = fileURLToPath(new URL('../../bin/sallyport.js', import.meta.url));
const storeLimitMs = 15_000;

interface Status {
  readonly pid: number;
  readonly workers: readonly { readonly pid: number; readonly auditLost: number; readonly auditPending: number; readonly bugs: number }[];
  readonly audit: {
    readonly records: number; readonly lostInWorkers: number; readonly lostInStore: number;
    readonly store: { readonly kept: number; readonly pendingRecords: number };
  };
}

/** Another checkout than this one, or other settings of Node. */
export interface Variant { readonly command: string; readonly environment: Readonly<Record<string, string>> }
const here: Variant = { command, environment: {} };

export async function startSallyport(
  processes: Processes, core: number, origin: Origin, shape: Shape, variant: Variant = here,
): Promise<Peer> {
  const port = await freePort();
  const { admin, worker, supervisor, stop } = await runSallyport(processes, core, port, siteOf(port, origin.port, shape), variant);
  return { name: 'sallyport', port, shape, worker, supervisor, logged: () => operationsKept(admin, 'site'), stop };
}

export interface RunningSallyport {
  readonly admin: AdminClient;
  readonly worker: number;
  readonly supervisor: number;
  stop(): Promise<void>;
}

/** `sallyport run` with that configuration; ready when it accepts connections on `port`. */
export async function runSallyport(processes: Processes, core: number, port: number, settings: object, variant: Variant = here): Promise<RunningSallyport> {
  const directory = join(processes.directory, `sallyport-${port}`);
  mkdirSync(directory);
  const configuration = join(directory, 'sallyport.yaml');
  // JSON is YAML.
  writeFileSync(configuration, JSON.stringify(settings));
  const child = processes.start(process.execPath, [variant.command, 'run', configuration, '--workers', '1', '--state-dir', directory],
    { core, environment: { ...process.env, ...variant.environment } });
  await accepting(child, port);
  const admin = new AdminClient(join(directory, 'admin.sock'));
  const status = await firstStatus(admin);
  return { admin, worker: status.workers[0]!.pid, supervisor: status.pid, stop: async () => { await processes.stop(child); } };
}

/** The admin API opens after the listeners. */
async function firstStatus(admin: AdminClient): Promise<Status> {
  const endMs = Date.now() + storeLimitMs;
  for (;;) {
    try { return await admin.get<Status>('/v1/status'); } catch (error) {
      if (Date.now() > endMs) throw error;
      await pause(50);
    }
  }
}

/** Operations that were audited, once everything has reached the store on disk; throws when a record was lost. */
export async function operationsKept(admin: AdminClient, service: string): Promise<number> {
  const endMs = Date.now() + storeLimitMs;
  let before = -1;
  for (;;) {
    // Longer than the worker holds records back, and than the store does.
    await pause(1300);
    const { audit, workers } = await admin.get<Status>('/v1/status');
    if (audit.lostInWorkers + audit.lostInStore + workers[0]!.auditLost > 0) throw new Error(`audit records were lost: ${JSON.stringify(audit)}`);
    if (workers[0]!.bugs > 0) throw new Error('a bug in the worker: see its error output');
    if (audit.records === before && audit.store.kept === audit.records) break;
    before = audit.records;
    if (Date.now() > endMs) throw new Error(`the audit store has kept ${audit.store.kept} of ${audit.records} records`);
  }
  const metrics = await admin.get<string>('/v1/metrics');
  return Number(new RegExp(`^sallyport_operations_total\\{service="${service}",outcome="allowed"\\} (\\d+)`, 'm').exec(metrics)?.[1] ?? 0);
}

/** The configuration of the HTTP cases. */
export function siteOf(port: number, originPort: number, shape: Shape): object {
  // Half of the rules protect a part of each route, the other half shuts networks out of it; the last one allows.
  const rules: object[] = [];
  for (let i = 0; rules.length < shape.rules - 1; i++) {
    const route = `r${i % shape.routes}`;
    const part = Math.floor(i / shape.routes);
    rules.push({ id: `private-${i}`, service: 'site', operation: { path: `/${route}/private${part}/**` }, unless: { from: 'office' }, then: 'deny' });
    if (rules.length < shape.rules - 1) rules.push({ id: `blocked-${i}`, service: 'site', from: 'blocked', operation: { path: `/${route}/**` }, then: 'deny' });
  }
  rules.push({ id: 'open', service: 'site', operation: { methods: ['GET', 'HEAD', 'POST'] }, then: 'allow' });
  return {
    zones: { office: { networks: ['10.0.0.0/8'] }, blocked: { networks: ['192.0.2.0/24', '198.51.100.0/24'] } },
    listeners: { plain: { bind: `127.0.0.1:${port}`, service: 'site', backlog: 4096 } },
    services: {
      site: { protocol: 'http', routes: Array.from({ length: shape.routes }, (_, route) => ({ id: `r${route}`, match: { path: `/r${route}/**` }, pool: 'web' })) },
    },
    pools: { web: { servers: [`127.0.0.1:${originPort}`], keepAlive: { maxIdle: poolSize } } },
    policy: rules,
  };
}
