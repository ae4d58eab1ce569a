// Debian packages for tests, unpacked beside each other in a temporary directory instead of installed: FTP servers conflict
// with one another, Telnet servers too. What a package needs and the machine has not (shared libraries above all) comes along,
// as apt's own resolver says, so that a fresh machine serves as well as one where everything was installed once.
// Changes nothing on the machine but the lists of packages (`apt-get update`, as root, when they are missing).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = join(tmpdir(), 'sallyport-peers');
const downloadTimeoutMs = 120_000;
const libraryFolders = ['usr/lib', 'lib'].flatMap((lib) => ['x86_64-linux-gnu', 'aarch64-linux-gnu', ''].map((triplet) => join(lib, triplet)));

export interface Unpacked {
  /** Stands for `/`: `join(root, 'usr/sbin/vsftpd')`. */
  readonly root: string;
  /** With the libraries that came along. */
  readonly environment: NodeJS.ProcessEnv;
}

function aptGet(cwd: string, ...args: string[]): string | undefined {
  const ran = spawnSync('apt-get', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: downloadTimeoutMs, env: { ...process.env, LC_ALL: 'C' } });
  return ran.status === 0 ? ran.stdout : undefined;
}

let updated = false;

/** Once a run: the index is missing, or older than the archive. */
function update(): boolean {
  if (updated || process.getuid?.() !== 0) return false;
  updated = true;
  return aptGet('/', '-o', 'DPkg::Lock::Timeout=120', 'update') !== undefined;
}

/** Names of the packages and of all that they need which is not installed. Undefined: apt does not know them. */
function closure(debs: readonly string[]): string[] | undefined {
  const simulate = (): string | undefined => aptGet('/', 'install', '--simulate', '--no-install-recommends', '--reinstall', ...debs);
  let said = simulate();
  if (said === undefined && update()) said = simulate();
  if (said === undefined) return undefined;
  return [...new Set([...[...said.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name!), ...debs])];
}

/** Builds the root in a directory of its own and moves it into place, so that tests in parallel never see half of one. */
function build(root: string, debs: readonly string[], alone: boolean): void {
  const names = alone ? debs : closure(debs);
  if (names === undefined) return;
  mkdirSync(folder, { recursive: true });
  const making = mkdtempSync(join(folder, 'making-'));
  try {
    const files = join(making, 'debs');
    const unpacked = join(making, 'root');
    mkdirSync(files);
    mkdirSync(unpacked);
    const download = (): boolean => aptGet(files, 'download', ...names) !== undefined;
    if (!download() && !(update() && download())) return;
    for (const deb of readdirSync(files)) {
      if (spawnSync('dpkg-deb', ['-x', join(files, deb), unpacked], { stdio: 'ignore' }).status !== 0) return;
    }
    try { renameSync(unpacked, root); } catch { /* another test was quicker */ }
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

const known = new Map<string, Unpacked | undefined>();

/** The packages with what they need, or `alone` (nothing in them is run), unpacked. Undefined: not on Debian, or they cannot be had. */
export function unpackedPackages(debs: readonly string[], alone = false): Unpacked | undefined {
  const name = debs.join('+');
  if (known.has(name)) return known.get(name);
  const root = join(folder, name);
  if (!existsSync(root) && existsSync('/usr/bin/apt-get')) build(root, debs, alone);
  const libraries = libraryFolders.map((path) => join(root, path)).filter((path) => existsSync(path)).join(':');
  const unpacked = existsSync(root) ? { root, environment: { ...process.env, LD_LIBRARY_PATH: libraries } } : undefined;
  known.set(name, unpacked);
  return unpacked;
}
