// Says when configuration files change: watches their directories, because editors replace files instead of writing into
// them. Reads nothing.
import { statSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

/** Editors write in several steps; only when it is quiet for so long the change is complete. */
const quietMs = 250;

/** Calls back after changes. Returns how to stop. */
export function watchFiles(paths: readonly string[], changed: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const noticed = (): void => {
    clearTimeout(timer);
    timer = setTimeout(changed, quietMs);
  };
  const watchers: FSWatcher[] = paths.map((path) => {
    const full = resolve(path);
    const whole = statSync(full).isDirectory();
    return watch(whole ? full : dirname(full), (_event, name) => {
      if (name === null || (whole ? /\.ya?ml$/.test(name) : name === basename(full))) noticed();
    });
  });
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
