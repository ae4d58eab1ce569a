// Makes a fresh clone ready: installs the locked dependencies when they are missing or older than the lock file.
// Plain JavaScript that any Node can run, because it runs before the project's own Node is there.
// Does not build anything: the sources run as they are by type stripping.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const lockHash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
const stampFile = join(root, 'node_modules', '.sallyport-lock');
const stamp = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';

if (stamp !== lockHash) {
  process.stderr.write('sallyport: installing dependencies (first start only) ...\n');
  const npm = process.env.npm_execpath;
  const command = npm ? process.execPath : 'npm';
  const flags = [...(npm ? [npm] : []), 'ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const done = spawnSync(command, flags, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (done.status !== 0) {
    process.stderr.write('sallyport: "npm ci" failed. Run it by hand in this folder to see why; a registry must be reachable.\n');
    process.exit(done.status ?? 1);
  }
  writeFileSync(stampFile, lockHash);
}
