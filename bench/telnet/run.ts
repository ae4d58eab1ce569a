// What the Telnet gateway adds to a keystroke (median and 99th percentile, there and back through an echoing host), against
// no relay and a plain TCP relay in the same kind of process, and the memory of idle sessions. Loopback only.
// Usage: node bench/telnet/run.ts [keystrokes] [sessions]
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const keystrokes = Number(process.argv[2] ?? 5000);
const sessions = Number(process.argv[3] ?? 2000);
const negotiation = Buffer.from([255, 251, 1, 255, 251, 3, 255, 253, 24, 255, 253, 31]);

/** Negotiates like a telnetd, then echoes. */
const host = net.createServer({ noDelay: true }, (socket) => {
  socket.write(negotiation);
  socket.on('data', (bytes: Buffer) => { if (bytes[0] !== 255) socket.write(bytes); });
  socket.on('error', () => { /* the measurement ended */ });
});
host.listen(0, '127.0.0.1');
await once(host, 'listening');
const hostPort = (host.address() as net.AddressInfo).port;

async function start(message: object): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(join(import.meta.dirname, 'gateway-process.ts'), { execArgv: ['--expose-gc'] });
  child.send(message);
  const [answer] = await once(child, 'message') as [{ port: number }];
  return { child, port: answer.port };
}

async function connect(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => { /* the measurement ended */ });
  const [first] = await once(socket, 'data') as [Buffer];
  if (first[0] !== 255) throw new Error(`not the host: ${first.toString('latin1')}`);
  socket.write(Buffer.from([255, 253, 1, 255, 253, 3, 255, 251, 24, 255, 251, 31]));
  return socket;
}

async function latency(port: number): Promise<{ median: number; p99: number }> {
  const socket = await connect(port);
  const times: number[] = [];
  const key = Buffer.from('a');
  const enter = Buffer.from('\r');
  await new Promise((resolve) => { setTimeout(resolve, 100); });
  socket.removeAllListeners('data');
  await new Promise<void>((resolve) => {
    let sentAt = 0;
    const next = (): void => {
      sentAt = performance.now();
      socket.write(times.length % 40 === 39 ? enter : key);
    };
    socket.on('data', () => {
      times.push((performance.now() - sentAt) * 1000);
      if (times.length >= keystrokes + 500) resolve();
      else setImmediate(next);
    });
    next();
  });
  socket.destroy();
  const counted = times.slice(500).sort((a, b) => a - b);
  return { median: counted[Math.floor(counted.length / 2)]!, p99: counted[Math.floor(counted.length * 0.99)]! };
}

async function memory(child: ChildProcess): Promise<number> {
  child.send({ memory: true });
  const [answer] = await once(child, 'message') as [{ rss: number }];
  return answer.rss;
}

function configuration(service: string, rest = ''): string {
  return `listeners:\n  telnet: { bind: 127.0.0.1:0, service: terminal }\nservices:\n  terminal: { protocol: telnet, pool: hosts${service} }\n`
    + `pools:\n  hosts: { maxConnections: 10000, servers: [127.0.0.1:${hostPort}] }\n${rest}policy:\n  - { id: open, then: allow }\n`;
}

const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
const recordings = `recordings: { enabled: true, directory: "${directory}" }\n`;
const rules = ', commands: { rules: [{ id: no, commands: [erase, "rel[oad]", "rm -rf *"], then: block }] }';
const cases: [string, object | undefined][] = [
  ['direct', undefined], ['plain TCP relay', { relayTo: hostPort }], ['gateway', { configuration: configuration('') }],
  ['gateway, recording', { configuration: configuration('', recordings) }], ['gateway, recording and rules', { configuration: configuration(rules, recordings) }],
];

console.log(`keystroke there and back, ${keystrokes} keystrokes (microseconds)`);
for (const [name, message] of cases) {
  const process_ = message === undefined ? undefined : await start(message);
  const { median, p99 } = await latency(process_?.port ?? hostPort);
  console.log(`  ${name.padEnd(30)} median ${median.toFixed(0).padStart(5)}   p99 ${p99.toFixed(0).padStart(5)}`);
  process_?.child.kill();
}

console.log(`memory of ${sessions} idle sessions`);
for (const [name, message] of [cases[1]!, cases[2]!, cases[4]!]) {
  const { child, port } = await start(message!);
  const before = await memory(child);
  const sockets: net.Socket[] = [];
  for (let i = 0; i < sessions; i++) sockets.push(await connect(port));
  await new Promise((resolve) => { setTimeout(resolve, 1000); });
  const after = await memory(child);
  console.log(`  ${name.padEnd(30)} ${((after - before) / sessions / 1024).toFixed(1)} KiB a session`);
  for (const socket of sockets) socket.destroy();
  child.kill();
}
host.close();
rmSync(directory, { recursive: true, force: true });
process.exit(0);
