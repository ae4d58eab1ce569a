// HAProxy as a reverse proxy with one ACL for each route, forwarded headers, a request id, and a log over UDP to a
// collector on this machine. One thread. It has no rules beside the routes: that is in its favour.
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accepting, freePort, pause, type Processes } from '../processes.ts';
import type { Origin } from './origin.ts';
import { poolSize, type Peer, type Shape } from './peer.ts';

const sinkFile = fileURLToPath(new URL('../load/log-sink.ts', import.meta.url));

export async function startHaproxy(processes: Processes, core: number, loadCore: number, origin: Origin, shape: Shape): Promise<Peer> {
  const port = await freePort();
  const logPort = await freePort();
  const directory = join(processes.directory, `haproxy-${port}`);
  mkdirSync(directory);
  const configuration = join(directory, 'haproxy.cfg');
  writeFileSync(configuration, `global
  maxconn 9500
  nbthread 1
  log 127.0.0.1:${logPort} local0 info
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
frontend bench
  bind 127.0.0.1:${port} backlog 4096
  unique-id-format %{+X}o%ci%cp%Ts%rt
  unique-id-header X-Request-ID
  http-response set-header X-Request-ID %[unique-id]
${Array.from({ length: shape.routes }, (_, route) => `  use_backend origin if { path_beg /r${route}/ }`).join('\n')}
backend origin
  option forwardfor
  http-reuse always
  http-request set-header X-Forwarded-Proto http
  server one 127.0.0.1:${origin.port} pool-max-conn ${poolSize} pool-purge-delay 600s
`);
  const sink = processes.start(process.execPath, [sinkFile, String(logPort)], { core: loadCore, stdout: 'pipe' });
  await lineOf(sink);
  const child = processes.start('haproxy', ['-db', '-f', configuration], { core });
  await accepting(child, port);
  return {
    name: 'haproxy', port, shape, worker: child.pid!, supervisor: undefined,
    logged: async () => {
      await pause(100);
      const line = lineOf(sink);
      sink.stdin!.write('\n');
      return Number(await line);
    },
    stop: async () => {
      await processes.stop(child);
      await processes.stop(sink);
    },
  };
}

function lineOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const ended = (): void => { reject(new Error('the log collector ended')); };
    child.once('exit', ended);
    child.stdout!.once('data', (bytes: Buffer) => {
      child.off('exit', ended);
      resolve(bytes.toString('latin1').trim());
    });
  });
}
