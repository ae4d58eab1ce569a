// Says when configuration files change: however they are written, replaced or moved, also behind symbolic links (as container
// platforms mount them) and when a directory of them is exchanged as a whole. Directories are watched, because editors replace
// files instead of writing into them; whether anything that counts has changed is seen by looking. Reads no content.
import { readdirSync, realpathSync, statSync, watch, type FSWatcher } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Editors write in several steps; only when it looks the same after so long the change is complete. */
const quietMs = 250;

function look(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return `${path} ${ino} ${size} ${mtimeMs}`;
  } catch { return `${path} missing`; }
}

function isDirectory(path: string): boolean {
  try { return statSync(path).isDirectory(); } catch { return false; }
}

/** What tells one state of the files from another. */
function signatureOf(paths: readonly string[]): string {
  return paths.flatMap((path) => {
    if (!isDirectory(path)) return [look(path)];
    try {
      return readdirSync(path).filter((name) => /\.ya?ml$/.test(name)).sort().map((name) => look(join(path, name)));
    } catch { return [`${path} missing`]; }
  }).join('\n');
}

/** Directories in which something happens when one of these changes. */
function directoriesOf(paths: readonly string[]): Set<string> {
  const directories = new Set<string>();
  for (const path of paths) {
    directories.add(dirname(path));
    try { directories.add(isDirectory(path) ? path : dirname(realpathSync(path))); } catch { /* it is not there now */ }
  }
  return directories;
}

/** Calls back after changes. Returns how to stop. */
export function watchFiles(given: readonly string[], changed: () => void): () => void {
  const paths = given.map((path) => resolve(path));
  const watchers = new Map<string, { watcher: FSWatcher; inode: number }>();
  let timer: NodeJS.Timeout | undefined;
  let told = signatureOf(paths);
  let seen = told;

  const happened = (): void => { timer ??= setTimeout(check, quietMs); };
  const check = (): void => {
    timer = undefined;
    const now = signatureOf(paths);
    if (now !== seen) {
      // Perhaps not complete yet.
      seen = now;
      happened();
      return;
    }
    watchAll();
    if (now === told) return;
    told = now;
    changed();
  };
  const watchAll = (): void => {
    const wanted = directoriesOf(paths);
    for (const [directory, { watcher }] of watchers) {
      if (wanted.has(directory)) continue;
      watcher.close();
      watchers.delete(directory);
    }
    for (const directory of wanted) {
      try {
        const inode = statSync(directory).ino;
        const known = watchers.get(directory);
        if (known?.inode === inode) continue;
        // Another directory of the same name: what is watched has gone elsewhere.
        known?.watcher.close();
        const watcher = watch(directory, happened);
        watcher.on('error', () => { watchers.delete(directory); });
        watchers.set(directory, { watcher, inode });
        // What changed between the last look and now.
        happened();
      } catch { /* it is not there now; its parent says when it comes */ }
    }
  };
  watchAll();
  return () => {
    clearTimeout(timer);
    for (const { watcher } of watchers.values()) watcher.close();
  };
}
