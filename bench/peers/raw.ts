// The least that a relay in Node costs: micro/raw-relay.ts, which checks nothing and logs nothing.
import { fileURLToPath } from 'node:url';
import { accepting, freePort, type Processes } from '../processes.ts';
import type { Origin } from './origin.ts';
import type { Peer, Shape } from './peer.ts';

const script = fileURLToPath(new URL('../micro/raw-relay.ts', import.meta.url));

export async function startRaw(processes: Processes, core: number, origin: Origin, shape: Shape): Promise<Peer> {
  const port = await freePort();
  const child = processes.start(process.execPath, [script, String(port), String(origin.port)], { core });
  await accepting(child, port);
  return {
    name: 'raw', port, shape, worker: child.pid!, supervisor: undefined,
    logged: () => Promise.resolve(undefined),
    stop: async () => { await processes.stop(child); },
  };
}
