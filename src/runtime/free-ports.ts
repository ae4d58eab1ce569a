// Finds out before the workers listen whether somebody else does: with SO_REUSEPORT a second gateway of the same user would
// be let in by the kernel, and the two would share the connections without anybody noticing.
// Does not hold the ports: between this and the workers' listening somebody may come, and is then found by EADDRINUSE.
import net from 'node:net';
import type { RunConfiguration } from '#session/configuration.ts';

interface Bind { readonly host: string; readonly port: number }

function bindsOf(configuration: RunConfiguration | undefined): Bind[] {
  return configuration === undefined ? [] : Object.values(configuration.listeners).flatMap(({ bind }) => [...bind]);
}

async function listenAlone({ host, port }: Bind): Promise<void> {
  const server = net.createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true, backlog: 1 }, resolve);
    });
  } finally {
    server.close();
  }
}

/** @throws the listen error (EADDRINUSE, EACCES ...) when a bind that is new cannot be had. Ports that the previous
 *  configuration has already, on whatever address, are ours. */
export async function requireFreePorts(configuration: RunConfiguration, previous: RunConfiguration | undefined): Promise<void> {
  const ours = new Set(bindsOf(previous).map(({ port }) => port));
  for (const bind of bindsOf(configuration)) {
    if (bind.port !== 0 && !ours.has(bind.port)) await listenAlone(bind);
  }
}
