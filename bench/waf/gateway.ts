// npm run bench:waf: CPU time per request of Sallyport with the Core Rule Set beside nginx with ModSecurity 3 and the same rules,
// and of Sallyport with the firewall off. The proxy has core 0; load generator and origin share core 1. Both write their logs.
// Options: --seconds N (of one measurement), --rounds N, --level N (may be repeated), --only TEXT, --json.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { AdminClient } from '#cli/client.ts';
import { crsFolder, debianFolder, debianSetup, hasCrs } from '#test/waf/files.ts';
import { engineText } from '#test/peers/waf/rules.ts';
import { nginxFrame, temporaryPaths } from '../peers/origin.ts';
import { accepting, childrenOf, cpuMicros, freePort, outputOf, pause, Processes, residentBytes } from '../processes.ts';
import { benchCases } from './requests.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' }, rounds: { type: 'string', default: '3' }, level: { type: 'string', multiple: true, default: ['1', '4'] },
    only: { type: 'string', default: '' }, json: { type: 'boolean', default: false },
  },
});
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
const proxyCore = 0;
const loadCore = availableParallelism() > 1 ? 1 : 0;
const connections = 16;
const differentRequests = 2000;
const longestSeconds = 10;
const modsecurityModule = '/usr/lib/nginx/modules/ngx_http_modsecurity_module.so';
const folder = hasCrs ? crsFolder : debianFolder;
const setup = hasCrs ? join(crsFolder, 'crs-setup.conf.example') : debianSetup;

interface Peer { readonly name: string; readonly port: number; readonly worker: number; status(bytes: string): Promise<number>; stop(): Promise<void> }
interface Sample { readonly cpu: number; readonly perSecond: number; readonly requests: number }

function rawRequest(name: string, n: number): string {
  const { method, target, headers, body } = benchCases[name]!(n);
  return `${method} ${target} HTTP/1.1\r\n${headers.map(([field, value]) => `${field}: ${value}`).join('\r\n')}\r\n\r\n${body}`;
}

function requestFile(processes: Processes, name: string): string {
  const path = join(processes.directory, `${name.replaceAll(/[^a-z0-9]+/gi, '-')}.requests`);
  let text = '';
  for (let n = 0; n < differentRequests; n++) {
    const request = rawRequest(name, n);
    text += `${request.length}\n${request}`;
  }
  writeFileSync(path, text, 'latin1');
  return path;
}

/** Answers everything with 1 KiB, once it has read the request's body. */
async function startOrigin(processes: Processes): Promise<number> {
  const directory = join(processes.directory, 'origin');
  mkdirSync(directory);
  const port = await freePort();
  const configuration = join(directory, 'nginx.conf');
  writeFileSync(configuration, `${nginxFrame(directory)}
events { worker_connections 4096; }
http {
  access_log off; tcp_nodelay on; keepalive_timeout 600s; keepalive_requests 1000000000; client_max_body_size 0; client_body_buffer_size 64k;
  default_type application/octet-stream;
${temporaryPaths(directory)}
  upstream sink { server unix:${directory}/sink.sock; keepalive 16; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:${port} backlog=4096; location / { proxy_pass http://sink; proxy_http_version 1.1; proxy_set_header Connection ""; } }
  server { listen unix:${directory}/sink.sock; location / { return 200 "${'x'.repeat(1024)}"; } }
}
`);
  await accepting(processes.start('nginx', ['-c', configuration, '-p', directory], { core: loadCore }), port);
  return port;
}

async function startNginx(processes: Processes, origin: number, level: number): Promise<Peer> {
  const port = await freePort();
  const directory = join(processes.directory, `modsecurity-${port}`);
  mkdirSync(directory);
  const rules = join(directory, 'rules.conf');
  const tx = ['blocking_paranoia_level', 'detection_paranoia_level', 'paranoia_level'].map((name) => `setvar:tx.${name}=${level}`).join(',');
  writeFileSync(rules, `${engineText(directory).replaceAll(/^Sec(ArgumentsLimit|RequestBodyJsonDepthLimit|CookieFormat).*\n/gm, '').replace('DetectionOnly', 'On')}
SecAuditEngine Off
Include ${setup}
SecAction "id:900000,phase:1,pass,t:none,nolog,${tx}"
Include ${folder}/rules/*.conf
`);
  const configuration = join(directory, 'nginx.conf');
  writeFileSync(configuration, `load_module ${modsecurityModule};
${nginxFrame(directory)}
events { worker_connections 4096; }
http {
  access_log ${directory}/access.log combined; tcp_nodelay on; keepalive_timeout 600s; keepalive_requests 1000000000;
  client_max_body_size 20m; client_body_buffer_size 64k;
${temporaryPaths(directory)}
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Request-ID $request_id;
  upstream origin { server 127.0.0.1:${origin}; keepalive 64; keepalive_requests 1000000000; }
  modsecurity on; modsecurity_rules_file ${rules};
  server { listen 127.0.0.1:${port} backlog=4096; location / { proxy_pass http://origin; } }
}
`);
  const master = processes.start('nginx', ['-c', configuration, '-p', directory], { core: proxyCore });
  await accepting(master, port);
  return { name: 'nginx + ModSecurity 3', port, worker: childrenOf(master.pid!)[0]!, status: (bytes) => statusOf(port, bytes),
    stop: async () => { await processes.stop(master); } };
}

async function startSallyport(processes: Processes, origin: number, level: number): Promise<Peer> {
  const port = await freePort();
  const directory = join(processes.directory, `sallyport-${port}`);
  mkdirSync(directory);
  const configuration = join(directory, 'sallyport.yaml');
  const waf = level === 0 ? {} : { waf: { ruleset: 'crs', path: folder, setup, paranoia: level } };
  writeFileSync(configuration, JSON.stringify({
    listeners: { plain: { bind: `127.0.0.1:${port}`, service: 'site', backlog: 4096 } },
    services: { site: { protocol: 'http', pool: 'web', limits: { maxRequestsPerConnection: 1_000_000_000 }, ...waf } },
    pools: { web: { servers: [`127.0.0.1:${origin}`], keepAlive: { maxIdle: 64 } } },
    policy: [{ id: 'open', service: 'site', then: 'allow' }],
  }));
  const command = fileURLToPath(new URL('../../bin/sallyport.js', import.meta.url));
  const child = processes.start(process.execPath, [command, 'run', configuration, '--workers', '1', '--state-dir', directory], { core: proxyCore });
  await accepting(child, port);
  const admin = new AdminClient(join(directory, 'admin.sock'));
  let worker = 0;
  for (let tries = 0; worker === 0 && tries < 100; tries++) {
    try { worker = (await admin.get<{ workers: { pid: number }[] }>('/v1/status')).workers[0]!.pid; } catch { await pause(50); }
  }
  const name = level === 0 ? 'Sallyport, firewall off' : 'Sallyport';
  return { name, port, worker, status: (bytes) => statusOf(port, bytes), stop: async () => { await processes.stop(child); } };
}

function statusOf(port: number, bytes: string): Promise<number> {
  const end = bytes.indexOf('\r\n\r\n');
  const head = bytes.slice(0, end);
  const body = bytes.slice(end + 4);
  const [line = '', ...fields] = head.split('\r\n');
  const [method, path] = line.split(' ');
  return new Promise((resolve, reject) => {
    const headers = Object.fromEntries(fields.map((field) => field.split(/: (.*)/s, 2)));
    http.request({ port, host: '127.0.0.1', method, path, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).on('error', reject).end(body);
  });
}

async function measure(processes: Processes, peer: Peer, file: string, forSeconds: number): Promise<Sample> {
  const before = cpuMicros(peer.worker);
  const script = fileURLToPath(new URL('requests.lua', import.meta.url));
  const child = processes.start('wrk', ['-t1', `-c${connections}`, `-d${forSeconds}s`, '-s', script, `http://127.0.0.1:${peer.port}`, '--', file], { core: loadCore,
    stdout: 'pipe' });
  const line = (await outputOf(child)).split('\n').find((one) => one.startsWith('{'));
  const { requests, micros, connect, read, write, timeout } = JSON.parse(line ?? '{}') as Record<string, number>;
  // A proxy that takes tens of milliseconds for a request may answer none in a short while.
  if (requests === 0 && forSeconds < longestSeconds) return await measure(processes, peer, file, forSeconds * 4);
  if (!(requests! > 0) || connect! + read! + write! + timeout! > 0) throw new Error(`${peer.name}: ${line}`);
  return { cpu: (cpuMicros(peer.worker) - before) / requests!, perSecond: requests! / (micros! / 1e6), requests: requests! };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

async function main(): Promise<void> {
  if (!existsSync(modsecurityModule) || !existsSync(join(folder, 'rules'))) {
    process.stderr.write('bench:waf needs nginx with libnginx-mod-http-modsecurity, wrk, and a Core Rule Set (apt-get install nginx libnginx-mod-http-modsecurity '
      + 'wrk modsecurity-crs)\n');
    process.exitCode = 1;
    return;
  }
  const processes = new Processes(loadCore !== proxyCore);
  try {
    const origin = await startOrigin(processes);
    const names = Object.keys(benchCases).filter((name) => name.includes(options.only));
    const files = new Map(names.map((name) => [name, requestFile(processes, name)]));
    const off = await startSallyport(processes, origin, 0);
    const results: object[] = [];
    for (const level of options.level.map(Number)) {
      const peers = [off, await startSallyport(processes, origin, level), await startNginx(processes, origin, level)];
      process.stdout.write(`\nCore Rule Set from ${hasCrs ? 'version 4.28' : debianFolder}, paranoia level ${level}; CPU microseconds of the worker per request, `
        + `median of ${rounds} rounds of ${seconds} s\n\n`);
      process.stdout.write('| request | answer | Sallyport, firewall off | Sallyport | firewall alone | nginx + ModSecurity 3 | ratio |\n|---|---|---|---|---|---|---|\n');
      for (const name of names) {
        const samples = peers.map((): Sample[] => []);
        for (const peer of peers) await measure(processes, peer, files.get(name)!, peer.name.startsWith('Sallyport') ? 2 : 1);
        for (let round = 0; round < rounds; round++) for (const [at, peer] of peers.entries()) samples[at]!.push(await measure(processes, peer, files.get(name)!, seconds));
        const [plain = 0, ours = 0, theirs = 0] = samples.map((some) => median(some.map(({ cpu }) => cpu)));
        const statuses = [await peers[1]!.status(rawRequest(name, 7)), await peers[2]!.status(rawRequest(name, 7))];
        const answer = statuses[0] === statuses[1] ? String(statuses[0]) : `${statuses[0]} / ${statuses[1]}`;
        results.push({ level, name, answer, plain, ours, theirs });
        const shown = (value: number): string => value.toFixed(value < 100 ? 1 : 0);
        process.stdout.write(`| ${name} | ${answer} | ${shown(plain)} | ${shown(ours)} | ${shown(ours - plain)} | ${shown(theirs)} | ${(theirs / ours).toFixed(1)}x |\n`);
      }
      for (const peer of peers) process.stdout.write(`\nmemory of the worker, ${peer.name}: ${(residentBytes(peer.worker) / 1048576).toFixed(0)} MiB`);
      process.stdout.write('\n');
      for (const peer of peers.slice(1)) await peer.stop();
    }
    if (options.json) process.stdout.write(`${JSON.stringify(results)}\n`);
  } finally { await processes.stopAll(); }
}

await main();
