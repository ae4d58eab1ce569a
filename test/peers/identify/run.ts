// Runs a pair of peers with the recorder in between and gives what was said.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../harness/free-port.ts';
import type { ClientPeer, Pair, Place } from './pair.ts';
import { Programs } from './programs.ts';
import { startRecorder, type Kept } from './recorder.ts';

const startMs = 15_000;
const clientMs = 8_000;

async function listens(port: number, child: ChildProcess): Promise<boolean> {
  const deadline = performance.now() + startMs;
  while (child.exitCode === null && performance.now() < deadline) {
    const socket = net.connect({ port, host: '127.0.0.1' });
    const up = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false);
    socket.destroy();
    if (up) return true;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  return false;
}

async function talk(place: Place, peer: ClientPeer): Promise<void> {
  const [file, ...args] = peer.command(place);
  const child = spawn(file!, args, { env: place.environment, stdio: [peer.input === undefined ? 'ignore' : 'pipe', 'ignore', 'ignore'], cwd: place.directory });
  child.on('error', () => { /* close follows */ });
  // The input stays open: many clients end with it before they have heard anything.
  if (peer.input !== undefined && peer.input !== '') child.stdin!.write(peer.input);
  const timer = setTimeout(() => { child.kill('SIGKILL'); }, peer.input === undefined ? clientMs : 1500);
  await once(child, 'close');
  clearTimeout(timer);
}

/** In a mount namespace of its own, where what was unpacked is at its place, with users of its own. */
function inNamespace({ directory }: Place, { users, installed }: Pair['server'], roots: readonly string[]): string[] {
  if (users === undefined && installed !== true) return [];
  const [passwd, group] = [join(directory, 'passwd'), join(directory, 'group')];
  const more = users ?? [];
  writeFileSync(passwd, readFileSync('/etc/passwd', 'utf8') + more.map((user, at) => `${user}:x:${64_100 + at}:${64_100 + at}::/run:/usr/sbin/nologin\n`).join(''));
  writeFileSync(group, readFileSync('/etc/group', 'utf8') + more.map((user, at) => `${user}:x:${64_100 + at}:\n`).join(''));
  const overlay = installed === true ? ['usr', 'etc', 'var'].map((one) => {
    const lower = [...roots, ''].map((root) => `${root}/${one}`).filter((path) => existsSync(path));
    return lower.length < 2 ? 'true' : `mount -t overlay overlay -o lowerdir=${lower.join(':')} /${one}`;
  }) : [];
  const script = [...overlay, `mount --bind ${passwd} /etc/passwd`, `mount --bind ${group} /etc/group`, 'mkdir -p /run/dovecot /run/xrdp', 'exec "$@"'].join(' && ');
  return ['unshare', '-m', 'sh', '-c', script, 'sh'];
}

/** A script that runs the command: socat takes words only. */
function write(directory: string, command: readonly string[]): string {
  const file = join(directory, 'run.sh');
  writeFileSync(file, `#!/bin/sh\nexec ${command.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ')}\n`, { mode: 0o755 });
  return file;
}

export interface Outcome { readonly kept: Kept[]; readonly missing: string[] }

export async function runPair(pair: Pair): Promise<Outcome> {
  const { server } = pair;
  const programs = new Programs();
  const lacking = programs.missing([...server.programs, { file: 'openssl', package: 'openssl' }]);
  if (lacking !== undefined) return { kept: [], missing: [`${server.name}: apt-get install -y ${lacking.package}`] };
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-identify-'));
  chmodSync(directory, 0o755);
  const path = (name: string): string => programs.path(name);
  const place: Place = { directory, port: await freePort(), path, environment: programs.environment(directory) };
  const missing: string[] = [];
  const kept: Kept[] = [];
  let command: string[];
  try { command = [...inNamespace(place, server, programs.roots), ...server.command(place)]; } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    return { kept: [], missing: [`${server.name}: ${(error as Error).message.slice(0, 300)}`] };
  }
  const [file, ...args] = server.inetd ? [path('socat'), `TCP-LISTEN:${place.port},bind=127.0.0.1,reuseaddr,fork`, `EXEC:"${write(directory, command)}"`] : command;
  const child = spawn(file!, args, { env: place.environment, stdio: ['ignore', 'pipe', 'pipe'], cwd: directory });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => { output = `${output}${String(bytes)}`.slice(-1000); });
  child.on('error', (error) => { output = error.message; });
  const ended = once(child, 'close').catch(() => undefined);
  if (await listens(place.port, child)) {
    for (const peer of pair.clients) {
      const lackingClient = programs.missing(peer.programs);
      if (lackingClient !== undefined) {
        missing.push(`${peer.name}: apt-get install -y ${lackingClient.package}`);
        continue;
      }
      const recorder = await startRecorder(place.port);
      await talk({ ...place, port: recorder.port, environment: programs.environment(directory) }, peer);
      recorder.stop();
      recorder.conversations.filter((said) => said.length > 0).slice(0, 2).forEach((said, index) => {
        kept.push({ name: `${peer.name} to ${server.name}${index === 0 ? '' : ', second connection'}`, protocol: pair.protocol, made: `${peer.name} on loopback`, said });
      });
      if (recorder.conversations.length === 0) missing.push(`${peer.name} did not connect to ${server.name}`);
    }
  } else missing.push(`${server.name} did not start: ${output.replaceAll(/\s+/g, ' ')}`);
  child.kill('SIGTERM');
  const timer = setTimeout(() => { child.kill('SIGKILL'); }, 3000);
  await ended;
  clearTimeout(timer);
  rmSync(directory, { recursive: true, force: true });
  return { kept, missing };
}
