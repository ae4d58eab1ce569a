// Web servers from Debian with a configuration for one test: files to serve, and keep-alive times short enough to be in the
// way. Each listens on a loopback port of its own and writes nothing outside its folder.
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../harness/cluster.ts';
import { startPeer, temporaryFolder, type Running } from './peer.ts';

export interface Origin {
  readonly name: string;
  readonly port: number;
  /** Content by path; undefined where the server has none of its own. */
  readonly files: ReadonlyMap<string, Buffer>;
  stop(): Promise<void>;
}

const text = Buffer.from(Array.from({ length: 20_000 }, (_, number) => `Line ${number * 7919 % 20_000} compresses well.\n`).join(''));

function makeFiles(folder: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>([
    ['/small.txt', Buffer.from('x')], ['/hundred.bin', randomBytes(100 * 1024)], ['/ten.bin', randomBytes(10 * 1024 * 1024)], ['/text.txt', text],
  ]);
  // World-readable: servers started by root read as another user.
  mkdirSync(join(folder, 'www', 'upload'), { recursive: true });
  for (const path of [folder, join(folder, 'www'), join(folder, 'www', 'upload')]) chmodSync(path, 0o777);
  for (const [path, content] of files) writeFileSync(join(folder, 'www', path), content, { mode: 0o644 });
  return files;
}

function originOf(name: string, port: number, files: Map<string, Buffer>, running: Running, folder: { remove(): void }): Origin {
  return {
    name, port, files,
    stop: async () => {
      await running.stop();
      folder.remove();
    },
  };
}

/** `keepAlive` in seconds. */
export async function startNginx(keepAlive: number): Promise<Origin> {
  const folder = temporaryFolder();
  const files = makeFiles(folder.path);
  const port = await freePort();
  writeFileSync(join(folder.path, 'nginx.conf'), `
worker_processes 1;
pid ${folder.path}/nginx.pid;
error_log ${folder.path}/error.log warn;
daemon off;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder.path}/body;
  proxy_temp_path ${folder.path}/proxy;
  fastcgi_temp_path ${folder.path}/fastcgi;
  uwsgi_temp_path ${folder.path}/uwsgi;
  scgi_temp_path ${folder.path}/scgi;
  keepalive_timeout ${keepAlive}s;
  keepalive_requests 1000000;
  default_type application/octet-stream;
  types { text/plain txt; }
  gzip on; gzip_types text/plain; gzip_min_length 100; gzip_http_version 1.0; gzip_proxied any;
  client_max_body_size 0;
  server {
    listen 127.0.0.1:${port};
    root ${folder.path}/www;
    location /upload/ { dav_methods PUT DELETE; create_full_put_path on; }
    location /post { return 200 "posted"; }
  }
}
`);
  const running = await startPeer('nginx', ['-p', folder.path, '-c', join(folder.path, 'nginx.conf')], port);
  return originOf('nginx', port, files, running, folder);
}

export async function startApache(keepAlive: number): Promise<Origin> {
  const folder = temporaryFolder();
  const files = makeFiles(folder.path);
  const port = await freePort();
  const modules = '/usr/lib/apache2/modules';
  const load = (name: string): string => `LoadModule ${name}_module ${modules}/mod_${name}.so`;
  writeFileSync(join(folder.path, 'apache.conf'), `
ServerRoot ${folder.path}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${folder.path}/apache.pid
ErrorLog ${folder.path}/error.log
Mutex file:${folder.path}
${['mpm_event', 'authz_core', 'mime', 'deflate', 'filter', 'dir'].map(load).join('\n')}
TypesConfig /dev/null
AddType text/plain .txt
User www-data
Group www-data
StartServers 1
ThreadsPerChild 25
KeepAlive On
KeepAliveTimeout ${keepAlive}
MaxKeepAliveRequests 0
AddOutputFilterByType DEFLATE text/plain
DocumentRoot ${folder.path}/www
<Directory ${folder.path}/www>
  Require all granted
</Directory>
`);
  const running = await startPeer('apache2', ['-f', join(folder.path, 'apache.conf'), '-DFOREGROUND'], port);
  return originOf('apache2', port, files, running, folder);
}

/** HAProxy in front of another origin. */
export async function startHaproxy(keepAlive: number, behind: Origin): Promise<Origin> {
  const folder = temporaryFolder();
  const port = await freePort();
  writeFileSync(join(folder.path, 'haproxy.cfg'), `
global
  maxconn 1000
defaults
  mode http
  timeout connect 2s
  timeout client 20s
  timeout server 20s
  timeout http-keep-alive ${keepAlive}s
frontend in
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string "posted" if { path /post }
  default_backend out
backend out
  server one 127.0.0.1:${behind.port}
`);
  const running = await startPeer('haproxy', ['-f', join(folder.path, 'haproxy.cfg'), '-db'], port);
  return originOf('haproxy', port, behind.files as Map<string, Buffer>, running, folder);
}
