// State directories that can be had, and that two gateways cannot have at once.
import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateDirectory, type StateDirectoryError } from './state-directory.ts';

function place(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-state-'));
  t.after(() => { rmSync(path, { recursive: true }); });
  return path;
}

test('is made, keeps others out, and leaves nothing but its lock', (t) => {
  const path = join(place(t), 'deep/state');
  const held = StateDirectory.take(path);
  assert.equal(statSync(path).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(path), ['lock.db']);
  assert.equal(statSync(join(path, 'lock.db')).mode & 0o777, 0o600);
  assert.throws(() => StateDirectory.take(path), (error: StateDirectoryError) => {
    assert.equal(error.message, `another gateway (pid ${process.pid}) runs with the state directory ${path}`);
    assert.match(error.hint, /another --state-dir/);
    return true;
  });
  held.release();
  StateDirectory.take(path).release();
});

test('a process that is killed leaves no lock behind', async (t) => {
  const path = place(t);
  const code = `import { StateDirectory } from ${JSON.stringify(new URL('state-directory.ts', import.meta.url).href)};
    globalThis.held = StateDirectory.take(${JSON.stringify(path)}); process.stdout.write('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => { child.kill('SIGKILL'); });
  await once(child.stdout, 'data');
  assert.throws(() => StateDirectory.take(path), { message: `another gateway (pid ${child.pid}) runs with the state directory ${path}` });
  child.kill('SIGKILL');
  await once(child, 'exit');
  StateDirectory.take(path).release();
});

test('what a process of long ago wrote down is no lock', (t) => {
  const path = place(t);
  StateDirectory.take(path).release();
  writeFileSync(join(path, '.probe-1'), 'left behind');
  StateDirectory.take(path).release();
});

test('what is opened in it and fails lets it go', (t) => {
  const path = place(t);
  const held = StateDirectory.take(path);
  assert.throws(() => held.open('history.db', () => { throw Object.assign(new Error('EISDIR: x'), { code: 'EISDIR' }); }), {
    message: `the state directory ${path} holds a history.db that cannot be used: it is a directory (EISDIR)`,
  });
  StateDirectory.take(path).release();
});

test('a lock that is no lock is said to be none', (t) => {
  const path = place(t);
  writeFileSync(join(path, 'lock.db'), 'this is no database, but it is long enough to be taken for one'.repeat(20));
  assert.throws(() => StateDirectory.take(path), /cannot be locked: .*lock\.db: .*not a database/);
});
