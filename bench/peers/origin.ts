// The web server behind the proxies: nginx with files of fixed sizes, and a place that reads a POST body whole before it
// answers. Every proxy of a run has the same one.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accepting, freePort, type Processes } from '../processes.ts';
import { answerBytes } from './peer.ts';

const maxRoutes = 1000;

export interface Origin { readonly port: number }

export async function startOrigin(processes: Processes, core: number): Promise<Origin> {
  const directory = join(processes.directory, 'origin');
  const files = join(directory, 'www');
  mkdirSync(files, { recursive: true });
  for (const target of ['1k', '100k', '10m'] as const) writeFileSync(join(files, target), bodyOf(target));
  // /r17/1k is the file 1k: proxies forward paths as they are.
  for (let i = 0; i < maxRoutes; i++) symlinkSync('.', join(files, `r${i}`));
  const port = await freePort();
  const socket = join(directory, 'post.sock');
  const configuration = join(directory, 'nginx.conf');
  writeFileSync(configuration, `${nginxFrame(directory)}
events { worker_connections 8192; }
http {
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on;
  keepalive_timeout 600s; keepalive_requests 1000000000;
  client_max_body_size 0; client_body_buffer_size 64k;
  open_file_cache max=5000; open_file_cache_valid 600s;
  default_type application/octet-stream;
${temporaryPaths(directory)}
  upstream sink { server unix:${socket}; keepalive 16; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${files};
    # Through a second server, because "return" would answer before the body is read.
    location ~ /post$ { proxy_pass http://sink; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
  server { listen unix:${socket}; location / { return 200 "ok\\n"; } }
}
`);
  await accepting(processes.start('nginx', ['-c', configuration, '-p', directory], { core }), port);
  return { port };
}

/** Bytes that differ from place to place, so that a body in the wrong order is seen. */
export function bodyOf(target: '1k' | '100k' | '10m'): Buffer {
  const bytes = Buffer.alloc(answerBytes[target]);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at);
  return bytes;
}

export function nginxFrame(directory: string): string {
  return `daemon off; worker_processes 1; worker_rlimit_nofile 16384; pid ${directory}/nginx.pid; error_log ${directory}/error.log;`
    + (process.getuid?.() === 0 ? ' user root;' : '');
}

export function temporaryPaths(directory: string): string {
  return ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${directory}/${name};`).join('\n');
}
