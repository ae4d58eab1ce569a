// Directories that can be made, and paths on which mkdir must fail at once.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDirectory } from './make-directory.ts';

test('makes what is missing, with its mode, and takes what is there', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-directories-'));
  t.after(() => { rmSync(root, { recursive: true }); });
  makeDirectory(join(root, 'a/b/c'), 0o700);
  assert.deepEqual(['a', 'a/b', 'a/b/c'].map((name) => statSync(join(root, name)).mode & 0o777), [0o700, 0o700, 0o700]);
  makeDirectory(join(root, 'a/b/c'), 0o755);
  assert.equal(statSync(join(root, 'a/b/c')).mode & 0o777, 0o700);
  symlinkSync(join(root, 'a'), join(root, 'link'));
  makeDirectory(join(root, 'link/d'), 0o700);
  assert.ok(existsSync(join(root, 'a/d')));
});

test('what cannot be a directory is an error', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-directories-'));
  t.after(() => { rmSync(root, { recursive: true }); });
  writeFileSync(join(root, 'file'), '');
  symlinkSync(join(root, 'nowhere'), join(root, 'dangling'));
  assert.throws(() => { makeDirectory(join(root, 'file'), 0o700); }, { code: 'EEXIST' });
  assert.throws(() => { makeDirectory(join(root, 'file/below'), 0o700); }, { code: 'ENOTDIR' });
  assert.throws(() => { makeDirectory(join(root, 'dangling'), 0o700); }, { code: 'EEXIST' });
  assert.throws(() => { makeDirectory(join(root, 'dangling/below'), 0o700); }, { code: 'EEXIST' });
});

test('a system that has no room for it says so at once', { skip: process.platform === 'linux' ? false : 'no /proc' }, () => {
  assert.throws(() => { makeDirectory('/proc/sallyport', 0o700); }, { code: 'ENOENT' });
  assert.throws(() => { makeDirectory('/proc/sallyport/deep/below', 0o700); }, { code: 'ENOENT' });
});
