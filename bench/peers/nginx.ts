// nginx as a reverse proxy that does what Sallyport does as far as it can: routes, denials by address, forwarded headers,
// a request id, an access log. One worker.
import { closeSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accepting, childrenOf, freePort, pause, type Processes } from '../processes.ts';
import { nginxFrame, temporaryPaths, type Origin } from './origin.ts';
import { poolSize, type Peer, type Shape } from './peer.ts';

/** `buffered`: the access log is written in pieces of 64 KiB instead of a line at a time, nginx's default. */
export async function startNginx(processes: Processes, core: number, origin: Origin, shape: Shape, buffered: boolean): Promise<Peer> {
  const name = buffered ? 'nginx-buffered' : 'nginx';
  const port = await freePort();
  const directory = join(processes.directory, `${name}-${port}`);
  mkdirSync(directory);
  const log = join(directory, 'access.log');
  const configuration = join(directory, 'nginx.conf');
  writeFileSync(configuration, `${nginxFrame(directory)}
events { worker_connections 16384; }
http {
  access_log ${log} combined${buffered ? ' buffer=64k flush=1s' : ''};
  tcp_nodelay on; keepalive_timeout 600s; keepalive_requests 10000;
  client_max_body_size 10m; client_body_buffer_size 64k;
  # Bodies are passed on from memory: temporary files would make large ones dearer.
  proxy_buffer_size 16k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k; proxy_max_temp_file_size 0;
${temporaryPaths(directory)}
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Request-ID $request_id;
  add_header X-Request-ID $request_id;
  upstream origin { server 127.0.0.1:${origin.port}; keepalive ${poolSize}; keepalive_requests 1000000000; keepalive_timeout 600s; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
${locations(shape)}
  }
}
`);
  const master = processes.start('nginx', ['-c', configuration, '-p', directory], { core });
  await accepting(master, port);
  const lines = lineCounter(log);
  return {
    name, port, shape, worker: childrenOf(master.pid!)[0]!, supervisor: undefined,
    logged: async () => {
      await pause(buffered ? 1500 : 100);
      return lines();
    },
    stop: async () => { await processes.stop(master); },
  };
}

function locations(shape: Shape): string {
  const perRoute = Math.floor(shape.rules / shape.routes);
  return Array.from({ length: shape.routes }, (_, route) => {
    const denials = Array.from({ length: perRoute }, (_, rule) => `deny 192.0.${rule}.${route % 250};`).join(' ');
    return `    location /r${route}/ { ${denials} proxy_pass http://origin; }`;
  }).join('\n');
}

/** The log grows by hundreds of megabytes: each part is read once. */
function lineCounter(path: string): () => number {
  const part = Buffer.alloc(1024 * 1024);
  let offset = 0;
  let count = 0;
  return () => {
    const file = openSync(path, 'r');
    for (let read = readSync(file, part, 0, part.length, offset); read > 0; read = readSync(file, part, 0, part.length, offset)) {
      offset += read;
      for (let at = part.indexOf(10); at >= 0 && at < read; at = part.indexOf(10, at + 1)) count++;
    }
    closeSync(file);
    return count;
  };
}
