// Where rule files come from. The engine reads nothing itself: the caller brings a source (the gateway's reads the disk,
// tests use a map). Texts are latin1 strings, so that a byte is a character.

export interface RuleSource {
  /** The text of a file, or null when there is none. */
  read(path: string): string | null;
  /** Paths that match a pattern with * and ?, sorted by name; a path without them gives itself when it exists. */
  glob(pattern: string): string[];
}

/** A source over texts in memory. */
export function memorySource(files: Readonly<Record<string, string>>): RuleSource {
  return {
    read: (path) => (Object.hasOwn(files, path) ? files[path]! : null),
    glob: (pattern) => {
      const source = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '[^/]*').replaceAll('?', '[^/]');
      const regex = new RegExp(`^${source}$`);
      return Object.keys(files).filter((path) => regex.test(path)).sort();
    },
  };
}

/** Resolves `path` against the folder of `from`. */
export function besideFile(from: string, path: string): string {
  if (path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path)) return path;
  const slash = Math.max(from.lastIndexOf('/'), from.lastIndexOf('\\'));
  return slash < 0 ? path : `${from.slice(0, slash + 1)}${path}`;
}
