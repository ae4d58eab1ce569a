// Makes a directory and those above it. Node's own `recursive` never ends where the system says that there is no such file
// although the directory above is there, as below /proc (Node 26): a wrong path would hang the gateway.
// Changes nothing of directories that exist.
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** @throws NodeJS.ErrnoException when it cannot be made. */
export function makeDirectory(path: string, mode: number): void {
  const wanted = [resolve(path)];
  while (wanted.length > 0) {
    const next = wanted.at(-1)!;
    try {
      mkdirSync(next, { mode });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const above = dirname(next);
      if (code === 'ENOENT' && above !== next && !existsSync(above)) {
        wanted.push(above);
        continue;
      }
      if (code !== 'EEXIST' || !isDirectory(next)) throw error;
    }
    wanted.pop();
  }
}

function isDirectory(path: string): boolean {
  // A link that leads nowhere exists for mkdir only.
  try { return statSync(path).isDirectory(); } catch { return false; }
}
