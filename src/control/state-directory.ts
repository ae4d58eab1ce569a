// The state directory of a running gateway: made when missing, tried, and held against a second gateway. All of it before
// anything else is started, so that a wrong path is refused at once and in words.
// Does not know what is kept in it.
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeDirectory } from '#audit/make-directory.ts';

/** So much has to fit: history and audit store need about as much to begin. */
const roomBytes = 256 * 1024;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'the system has no such place', EPERM: 'the system does not permit it', EACCES: 'no permission', EROFS: 'the file system is read-only',
  ENOTDIR: 'something on the way there is a file', EEXIST: 'there is a file of that name', ENOSPC: 'the disk is full', EDQUOT: 'the quota is used up',
  EISDIR: 'it is a directory', ENAMETOOLONG: 'the name is too long', ELOOP: 'its symbolic links lead in a circle',
};

/** Has the path, what is wrong with it, and what to do. */
export class StateDirectoryError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

export class StateDirectory {
  readonly path: string;
  readonly #lock: DatabaseSync;

  private constructor(path: string, lock: DatabaseSync) {
    this.path = path;
    this.#lock = lock;
  }

  /** @throws StateDirectoryError when it cannot be used, or another gateway has it. */
  static take(path: string): StateDirectory {
    try { makeDirectory(path, 0o700); } catch (error) { throw refusal(path, 'cannot be made', error); }
    const probe = join(path, `.probe-${process.pid}`);
    try { writeFileSync(probe, Buffer.alloc(roomBytes), { mode: 0o600 }); } catch (error) { throw refusal(path, 'cannot be written', error); } finally {
      // What could not be made is not there either.
      try { rmSync(probe, { force: true }); } catch { /* read-only */ }
    }
    return new StateDirectory(path, lock(path));
  }

  /** Something of ours in it. When that cannot be had, the directory is let go.
   *  @throws StateDirectoryError */
  open<T>(name: string, opened: (directory: string) => T): T {
    try { return opened(this.path); } catch (error) {
      this.release();
      throw refusal(this.path, `holds a ${name} that cannot be used`, error);
    }
  }

  release(): void { this.#lock.close(); }
}

function refusal(path: string, what: string, error: unknown): StateDirectoryError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const why = reasons[code] === undefined ? message : `${reasons[code]} (${code})`;
  const hint = code === 'ENOSPC' || code === 'EDQUOT' ? `make room there (${roomBytes / 1024} KiB at least), or choose another directory`
    : code === 'EISDIR' ? 'move it away, or choose another directory' : 'choose a directory on a disk that the user of the gateway may write';
  return new StateDirectoryError(`the state directory ${path} ${what}: ${why}`, hint);
}

/** A lock of the system on a file, gone with the process however it ends: nothing stale is ever left. Who has it can be read. */
function lock(path: string): DatabaseSync {
  const file = join(path, 'lock.db');
  let database: DatabaseSync | undefined;
  try {
    closeSync(openSync(file, 'a', 0o600));
    database = new DatabaseSync(file);
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA busy_timeout = 0; CREATE TABLE IF NOT EXISTS holder (pid INTEGER NOT NULL) STRICT');
    database.exec(`BEGIN IMMEDIATE; DELETE FROM holder; INSERT INTO holder VALUES (${process.pid}); COMMIT; BEGIN IMMEDIATE`);
    return database;
  } catch (error) {
    const busy = /locked|busy/i.test(String(error));
    const holder = busy ? holderOf(database) : '';
    database?.close();
    if (busy) {
      throw new StateDirectoryError(`another gateway${holder} runs with the state directory ${path}`, 'stop it first, or start this one with another --state-dir');
    }
    throw new StateDirectoryError(`the state directory ${path} cannot be locked: ${file}: ${(error as Error).message}`,
      'remove that file if no gateway runs, or choose a directory on a local disk');
  }
}

function holderOf(database: DatabaseSync | undefined): string {
  try { return ` (pid ${Number(database?.prepare('SELECT pid FROM holder').get()?.['pid'])})`; } catch { return ''; }
}
