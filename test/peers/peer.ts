// Starts real peers with configurations of their own on loopback, and ends them by their process id. Where they come from:
// test/harness/installed.ts.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needs, pathOf, type PeerName } from '../harness/installed.ts';
import { eventually } from '../harness/site.ts';

export { needs, pathOf, type PeerName };

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
