// Recordings as files of the supervisor: which there are, where one is, and the removal of those that are too old.
// Does not write or read what is in them (runtime/recordings.ts and sealed-recordings.ts do).
import { lstat, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { encryptedMagic } from '#runtime/sealed-recordings.ts';

const ending = '.cast';
/** Ids of sessions. Nothing else is looked for, served or removed, so that no other file of the directory can be. */
const idPattern = /^[A-Za-z0-9_-]{1,100}$/;

export interface RecordingReport {
  readonly session: string;
  readonly path: string;
  readonly bytes: number;
  /** Last written, ms since 1970. */
  readonly writtenMs: number;
  readonly encrypted: boolean;
}

/** The newest first; empty when there is no directory. */
export async function listRecordings(directory: string): Promise<RecordingReport[]> {
  const reports = await Promise.all((await sessionsIn(directory)).map(async (session) => await recordingOf(directory, session)));
  return reports.flatMap((report) => report ?? []).sort((a, b) => b.writtenMs - a.writtenMs);
}

export async function recordingOf(directory: string, session: string): Promise<RecordingReport | undefined> {
  if (!idPattern.test(session)) return undefined;
  const path = join(directory, session + ending);
  try {
    const stat = await lstat(path);
    return stat.isFile() ? { session, path, bytes: stat.size, writtenMs: Math.floor(stat.mtimeMs), encrypted: await isEncrypted(path) } : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function isEncrypted(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(encryptedMagic.length), 0, encryptedMagic.length, 0);
    return buffer.toString('latin1', 0, bytesRead) === encryptedMagic;
  } finally { await file.close(); }
}

async function sessionsIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).flatMap((name) => name.endsWith(ending) && idPattern.test(name.slice(0, -ending.length)) ? [name.slice(0, -ending.length)] : []);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Removes what was last written longer ago than `maxAgeMs`, but for sessions that are still open. Says how many. */
export async function sweepRecordings(directory: string, maxAgeMs: number, nowMs: number, open: ReadonlySet<string>): Promise<number> {
  let removed = 0;
  for (const session of await sessionsIn(directory)) {
    if (open.has(session)) continue;
    const path = join(directory, session + ending);
    try {
      const stat = await lstat(path);
      if (!stat.isFile() || nowMs - stat.mtimeMs <= maxAgeMs) continue;
      await unlink(path);
      removed++;
    } catch (error) {
      // Somebody else may have removed it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return removed;
}

export const sweepEveryMs = 3_600_000;

export interface SweepOwner {
  settings(): { readonly directory: string; readonly maxAgeMs: number };
  openSessions(): Promise<ReadonlySet<string>>;
  removed(count: number): void;
  failed(message: string): void;
}

/** Sweeps at the start, every hour, and when asked (a changed configuration). Sweeps do not overlap. */
export class RecordingSweeper {
  readonly #owner: SweepOwner;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined = undefined;

  constructor(owner: SweepOwner) {
    this.#owner = owner;
    this.#timer = setInterval(() => { void this.sweep(); }, sweepEveryMs);
    this.#timer.unref();
  }

  async sweep(): Promise<void> {
    this.#running ??= this.#sweep().finally(() => { this.#running = undefined; });
    await this.#running;
  }

  async #sweep(): Promise<void> {
    try {
      const { directory, maxAgeMs } = this.#owner.settings();
      const count = await sweepRecordings(directory, maxAgeMs, Date.now(), await this.#owner.openSessions());
      if (count > 0) this.#owner.removed(count);
    } catch (error) { this.#owner.failed(`old recordings could not be removed: ${(error as Error).message}`); }
  }

  close(): void { clearInterval(this.#timer); }
}
