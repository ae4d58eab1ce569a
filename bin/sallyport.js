#!/usr/bin/env node
// Entry of the `sallyport` command. Starts the command line on a Node that can run the sources (>= 24):
// the one that started this file, or the one in node_modules. Plain JavaScript, so that an old Node can read it.
import { existsSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const major = Number(process.versions.node.split('.')[0]);

if (major >= 24) {
  // Compiled code is kept beside the dependencies (keyed by the sources, trusted as they are): half the time of a start.
  // Workers inherit it; where the folder cannot be written nothing is kept.
  const { enableCompileCache } = await import('node:module');
  process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'sallyport');
  enableCompileCache(process.env.NODE_COMPILE_CACHE);
  const { main } = await import('../src/cli/main.ts');
  await main(process.argv.slice(2));
} else {
  const bundled = join(root, 'node_modules', 'node', 'bin', 'node');
  if (!existsSync(bundled)) {
    process.stderr.write(`sallyport needs Node 24 or newer; this is ${process.versions.node}.\nRun "npm run setup" in ${root}: it brings a fitting Node with it.\n`);
    process.exit(1);
  }
  const child = spawn(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // The terminal sends Ctrl-C to the whole group; the child decides when to end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => { if (signal !== 'SIGINT') child.kill(signal); });
  child.on('exit', (code, signal) => process.exit(signal ? 128 : (code ?? 1)));
}
