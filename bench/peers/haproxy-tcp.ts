// HAProxy as a plain TCP relay on an address of its own, so that a range of ports can be taken over with its numbers unchanged.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accepting, freePort, type Processes } from '../processes.ts';

const haproxyAddress = '127.0.0.2';

export interface Forwarder { readonly address: string; readonly port: number; readonly worker: number; stop(): Promise<void> }

/** One thread, as it comes: no splicing, buffers of 16 KiB. */
export async function startTcpHaproxy(processes: Processes, core: number, target: number, passive?: { readonly first: number; readonly last: number }): Promise<Forwarder> {
  const port = await freePort();
  const configuration = join(processes.directory, `haproxy-tcp-${port}.cfg`);
  writeFileSync(configuration, `global
  maxconn 9500
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 600s
  timeout server 600s
listen control
  bind ${haproxyAddress}:${port} backlog 4096
  server one 127.0.0.1:${target}
${passive === undefined ? '' : `listen data
  bind ${haproxyAddress}:${passive.first}-${passive.last}
  server one 127.0.0.1
`}`);
  const child = processes.start('haproxy', ['-db', '-f', configuration], { core });
  await accepting(child, port, haproxyAddress);
  return { address: haproxyAddress, port, worker: child.pid!, stop: async () => { await processes.stop(child); } };
}
