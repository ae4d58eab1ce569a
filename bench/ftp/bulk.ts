// One gibibyte by FTP, down and up, through each proxy in turn: CPU seconds of the proxy's worker, and by how much its
// memory rose at most. curl is the client and vsftpd the server for all; what arrives is compared.
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuMicros, outputOf, type Processes } from '../processes.ts';
import { gibibyte } from './peers.ts';

export type Direction = 'down' | 'up';
export interface BulkPeer { readonly name: string; readonly address: string; readonly port: number; readonly worker: number }
export interface BulkSample { readonly cpuSeconds: number; readonly seconds: number; readonly peakMiB: number }

const hashFile = fileURLToPath(new URL('../load/hash-file.ts', import.meta.url));
const name = 'gibibyte';
/** curl gives up after so many seconds. */
const transferLimit = '120';

/** Bytes that differ from place to place. */
export function writeBulkFile(path: string): void {
  const block = Buffer.alloc(1024 * 1024);
  for (let at = 0; at < block.length; at += 4) block.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at);
  const file = openSync(path, 'w');
  for (let i = 0; i < gibibyte / block.length; i++) {
    block.writeUInt32LE(i, 0);
    writeSync(file, block);
  }
  closeSync(file);
}

export class BulkTransfers {
  readonly #processes: Processes;
  readonly #core: number;
  readonly #source: string;
  readonly #stored: string;
  readonly #fetched: string;

  /** `root` is the server's, with `incoming` in it; `directory` is ours. */
  constructor(processes: Processes, core: number, root: string, directory: string) {
    this.#processes = processes;
    this.#core = core;
    this.#source = join(root, name);
    this.#stored = join(root, 'incoming', name);
    this.#fetched = join(directory, 'fetched');
    writeBulkFile(this.#source);
  }

  /** Both directions once, compared byte by byte. @throws Error when a byte differs. */
  async verify(peer: BulkPeer): Promise<void> {
    await this.#curl(peer, 'down', this.#fetched);
    await this.#curl(peer, 'up', '');
    for (const copy of [this.#fetched, this.#stored]) {
      execFileSync('cmp', [this.#source, copy]);
      rmSync(copy);
    }
  }

  async measure(peer: BulkPeer, direction: Direction): Promise<BulkSample> {
    resetPeak(peer.worker);
    const residentBefore = memoryOf(peer.worker, 'VmRSS');
    const cpuBefore = cpuMicros(peer.worker);
    const startedAt = performance.now();
    await this.#curl(peer, direction, '/dev/null');
    const seconds = (performance.now() - startedAt) / 1000;
    const cpuSeconds = (cpuMicros(peer.worker) - cpuBefore) / 1e6;
    const peakMiB = (memoryOf(peer.worker, 'VmHWM') - residentBefore) / 1024 ** 2;
    if (direction === 'up') {
      const { size } = statSync(this.#stored);
      if (size !== gibibyte) throw new Error(`${peer.name}: ${size} bytes were stored`);
      rmSync(this.#stored);
    }
    return { cpuSeconds, seconds, peakMiB };
  }

  /** CPU seconds of the file's SHA-256 by itself, on `core`. */
  async hashSeconds(core: number): Promise<number> {
    const child = this.#processes.start(process.execPath, [hashFile, this.#source], { core, stdout: 'pipe' });
    return (JSON.parse(await outputOf(child)) as { micros: number }).micros / 1e6;
  }

  async #curl(peer: BulkPeer, direction: Direction, into: string): Promise<void> {
    const url = `ftp://${peer.address}:${peer.port}/`;
    const what = direction === 'down' ? ['-o', into, `${url}${name}`] : ['-T', this.#source, `${url}incoming/`];
    const text = await outputOf(this.#processes.start('curl', ['-sS', '--max-time', transferLimit, '-w', '%{size_download} %{size_upload}', ...what],
      { core: this.#core, stdout: 'pipe' }));
    const [down, up] = text.split(' ').map(Number);
    if ((direction === 'down' ? down : up) !== gibibyte) throw new Error(`${peer.name}: curl counts ${text} bytes`);
  }
}

/** From now on VmHWM is the peak since now (proc(5)). */
function resetPeak(pid: number): void {
  try { writeFileSync(`/proc/${pid}/clear_refs`, '5'); } catch { /* a kernel without it: the peak is that of the process's life */ }
}

function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024;
}
