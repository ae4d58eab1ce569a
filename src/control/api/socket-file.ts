// The Unix socket of the admin API: never taken from a gateway that runs, never open to others for a moment, removed at
// the end. Speaks no HTTP.
import { chmodSync, existsSync, lstatSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname, isAbsolute, join } from 'node:path';
import { makeDirectory } from '#audit/make-directory.ts';
import type { AdminSettings } from '#runtime/settings.ts';

/** sun_path of Linux has 108 bytes with the final NUL; other systems have 104. */
const maxSocketPath = 103;
const probeTimeoutMs = 1000;

/** Path of the socket that a configuration asks for. */
export function socketPathOf(settings: AdminSettings, stateDirectory: string): string {
  return isAbsolute(settings.socket) ? settings.socket : join(stateDirectory, settings.socket);
}

/** True when somebody answers on the socket. */
export async function socketAnswers(path: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    // Listening without answering in time is busy, not stale.
    socket.setTimeout(probeTimeoutMs, () => { end(true); });
    socket.on('connect', () => { end(true); });
    socket.on('error', () => { end(false); });
  });
}

/** @throws Error with what to do when the path cannot be used. */
export async function checkSocketFree(path: string): Promise<void> {
  if (Buffer.byteLength(path) > maxSocketPath) {
    throw new Error(`the path of the admin socket is too long for the system (${Buffer.byteLength(path)} bytes, at most ${maxSocketPath}): ${path}\n`
      + 'Set admin.socket to a short absolute path, for example /run/sallyport/admin.sock.');
  }
  if (existsSync(path) && !lstatSync(path).isSocket()) throw new Error(`${path} is in the way: the admin socket is to be there, but it is no socket`);
  if (await socketAnswers(path)) {
    throw new Error(`a gateway runs already with this state directory: it answers on ${path}\n`
      + 'Stop it first, or start this one with another --state-dir.');
  }
}

/** Listens on the path with mode 0600 from the first moment: made in a directory that only we can enter, then moved. */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  await checkSocketFree(path);
  try { makeDirectory(dirname(path), 0o700); } catch (error) {
    throw new Error(`there is no place for the admin socket ${path}: ${(error as Error).message}\nSet admin.socket to a path that can be written.`, { cause: error });
  }
  const private_ = mkdtempSync(join(dirname(path), '.s'));
  const first = join(private_, 's');
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(first, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
    chmodSync(first, 0o600);
    renameSync(first, path);
  } finally { rmSync(private_, { recursive: true, force: true }); }
}

/** After the server was closed. */
export function removeSocket(path: string): void {
  try { if (lstatSync(path).isSocket()) rmSync(path, { force: true }); } catch { /* gone already */ }
}
