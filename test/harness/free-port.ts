// A port for something that cannot be told to take any (0) and say which: a real peer, workers that share a listener.
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** Below the range from which systems take ports for outgoing connections (Linux: 32768 on), which a busy machine would have again at once. */
const lowest = 15_000;
const highest = 32_000;

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const server = createServer();
    server.listen(lowest + Math.floor(Math.random() * (highest - lowest)), '127.0.0.1');
    try { await once(server, 'listening'); } catch { continue; }
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  }
  throw new Error('no port is free');
}
