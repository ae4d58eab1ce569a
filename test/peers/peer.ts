// Real peers from Debian: found, or installed when the tests run as root on Debian, or skipped by name with the command that
// would install them. On continuous integration (CI=true) a peer that is not there is a failure. Peers are started with
// configurations of their own on loopback, and ended by their process id.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../harness/site.ts';

const packages = {
  nginx: 'nginx-light', haproxy: 'haproxy', apache2: 'apache2', wrk: 'wrk', curl: 'curl', ip: 'iproute2', nft: 'nftables', conntrack: 'conntrack',
  gpg: 'gnupg', promtool: 'prometheus',
} as const;
export type PeerName = keyof typeof packages;

const folders = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/sbin', '/bin'];
const installTimeoutMs = 180_000;

/** Path of a program, or undefined. */
function find(name: string): string | undefined {
  return [...(process.env.PATH ?? '').split(':'), ...folders].map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function aptGet(...args: string[]): boolean {
  // Runlevel 1: services that come with packages are not started (invoke-rc.d).
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  return spawnSync('apt-get', ['-y', '-o', 'DPkg::Lock::Timeout=120', ...args], { env: environment, stdio: 'ignore', timeout: installTimeoutMs }).status === 0;
}

const tried = new Set<PeerName>();

function provide(name: PeerName): string | undefined {
  const found = find(name);
  if (found !== undefined || tried.has(name)) return found;
  tried.add(name);
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return undefined;
  const install = ['install', '--no-install-recommends', packages[name]];
  if (!aptGet(...install)) {
    aptGet('update');
    aptGet(...install);
  }
  return find(name);
}

/** For the options of a test: `{ skip: needs('nginx') }`. False when all are there. */
export function needs(...names: PeerName[]): false | string {
  const missing = names.filter((name) => provide(name) === undefined);
  if (missing.length === 0) return false;
  const how = `${missing.join(', ')} not installed: apt-get install -y --no-install-recommends ${missing.map((name) => packages[name]).join(' ')}`;
  if (process.env.CI === 'true') throw new Error(`a peer is missing: ${how}`);
  return how;
}

export function pathOf(name: PeerName): string {
  return provide(name) ?? name;
}

export interface Running { readonly child: ChildProcess; output(): string; stop(): Promise<void> }

/** Starts a peer in the foreground and waits until it takes connections on the port. */
export async function startPeer(name: PeerName, args: readonly string[], port: number, environment: NodeJS.ProcessEnv = {}): Promise<Running> {
  const child = spawn(pathOf(name), args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } });
  let output = '';
  child.stdout.on('data', (text: Buffer) => { output += String(text); });
  child.stderr.on('data', (text: Buffer) => { output += String(text); });
  const ended = new Promise<void>((resolve) => { child.on('close', () => { resolve(); }); });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => { child.kill('SIGKILL'); }, 3_000);
    await ended;
    clearTimeout(timer);
  };
  try {
    await eventually(`${name} listens on ${port}`, async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${output}`);
      return takes(port);
    });
  } catch (error) {
    await stop();
    throw new Error(`${name}: ${output}`, { cause: error });
  }
  return { child, output: () => output, stop };
}

async function takes(port: number): Promise<boolean> {
  const socket = net.connect({ port, host: '127.0.0.1' });
  return new Promise<boolean>((resolve) => {
    socket.on('connect', () => { socket.destroy(); resolve(true); });
    socket.on('error', () => { resolve(false); });
  });
}

export interface Ran { readonly code: number | null; readonly stdout: Buffer; readonly stderr: string }

/** Runs a peer to its end. */
export async function runPeer(name: PeerName, args: readonly string[], input?: Buffer): Promise<Ran> {
  const child = spawn(pathOf(name), args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: 60_000, killSignal: 'SIGKILL' });
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (bytes: Buffer) => { stdout.push(bytes); });
  child.stderr.on('data', (bytes: Buffer) => { stderr += String(bytes); });
  child.stdin.on('error', () => { /* a peer that reads no input has none */ });
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => { child.on('close', resolve); });
  return { code, stdout: Buffer.concat(stdout), stderr };
}

export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-peer-'));
  return { path, remove: () => { rmSync(path, { recursive: true, force: true }); } };
}
