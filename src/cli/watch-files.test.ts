// Changes of configuration files are noticed however they come about. Real files; the file system says when.
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { watchFiles } from './watch-files.ts';

function place(t: TestContext): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'sp-watch-')));
  t.after(() => { rmSync(directory, { recursive: true, force: true }); });
  return directory;
}

/** `next` is fulfilled by the next change, or by one that nobody has waited for. */
function watching(t: TestContext, ...paths: string[]): { next(): Promise<void>; readonly calls: number } {
  const state = { calls: 0, taken: 0, wake: (): void => { /* nobody waits */ } };
  t.after(watchFiles(paths, () => {
    state.calls++;
    state.wake();
  }));
  return {
    next: async () => {
      state.taken++;
      while (state.calls < state.taken) await new Promise<void>((resolve) => { state.wake = resolve; });
    },
    get calls() { return state.calls; },
  };
}

test('a file that is written into, replaced, removed and made anew', { timeout: 30_000 }, async (t) => {
  const directory = place(t);
  const file = join(directory, 'sallyport.yaml');
  writeFileSync(file, 'a');
  const seen = watching(t, file);
  appendFileSync(file, 'b');
  await seen.next();
  // What stands beside it does not count; the replacement behind it is one change.
  writeFileSync(join(directory, 'other.yaml'), 'x');
  writeFileSync(join(directory, '.new'), 'c');
  renameSync(join(directory, '.new'), file);
  await seen.next();
  rmSync(file);
  await seen.next();
  writeFileSync(file, 'd');
  await seen.next();
  assert.equal(seen.calls, 4);
});

test('a symbolic link that is led elsewhere, and the file behind it', { timeout: 30_000 }, async (t) => {
  const directory = place(t);
  for (const version of ['v1', 'v2']) {
    mkdirSync(join(directory, version));
    writeFileSync(join(directory, version, 'sallyport.yaml'), version);
  }
  symlinkSync('v1', join(directory, '..data'));
  symlinkSync('..data/sallyport.yaml', join(directory, 'sallyport.yaml'));
  const seen = watching(t, join(directory, 'sallyport.yaml'));
  symlinkSync('v2', join(directory, '..next'));
  renameSync(join(directory, '..next'), join(directory, '..data'));
  await seen.next();
  appendFileSync(join(directory, 'v2', 'sallyport.yaml'), 'more');
  await seen.next();
  assert.equal(seen.calls, 2);
});

test('a directory: files that come, change and go, and another directory in its place', { timeout: 30_000 }, async (t) => {
  const directory = place(t);
  const files = join(directory, 'conf');
  mkdirSync(files);
  writeFileSync(join(files, '00.yaml'), 'a');
  const seen = watching(t, files);
  writeFileSync(join(files, '10.yml'), 'b');
  await seen.next();
  rmSync(join(files, '10.yml'));
  await seen.next();
  for (const version of ['one', 'two']) {
    mkdirSync(join(directory, version));
    writeFileSync(join(directory, version, '00.yaml'), version);
    renameSync(files, join(directory, `before-${version}`));
    renameSync(join(directory, version), files);
    await seen.next();
  }
  appendFileSync(join(files, '00.yaml'), 'more');
  await seen.next();
  assert.equal(seen.calls, 5);
});
