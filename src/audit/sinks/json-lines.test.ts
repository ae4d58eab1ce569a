// Tests of json-lines.ts: everything in order, rotated by size, counted when it cannot be written.
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JsonLinesSink, withIsoTimes } from './json-lines.ts';
import type { JsonLinesOptions } from './json-lines.ts';

const root = mkdtempSync(join(tmpdir(), 'sallyport-lines-'));
after(() => rmSync(root, { recursive: true, force: true }));
const mayMount = process.getuid?.() === 0 && process.platform === 'linux';
let made = 0;

function sink(options: Partial<JsonLinesOptions> = {}): { sink: JsonLinesSink; path: string; directory: string } {
  const directory = join(root, String(made++));
  const path = join(directory, 'audit.jsonl');
  return { sink: new JsonLinesSink({ path, maxSize: 1e6, keep: 2, time: 'epoch', ...options }), path, directory };
}

test('appends in order, also behind what was there', async () => {
  const { sink: lines, path, directory } = sink();
  mkdirSync(directory);
  writeFileSync(path, 'before\n');
  for (let number = 0; number < 100; number++) lines.write(`{"time":${number}}\n`, 1);
  await lines.close();
  assert.equal(readFileSync(path, 'latin1'), `before\n${Array.from({ length: 100 }, (_, number) => `{"time":${number}}\n`).join('')}`);
  assert.deepEqual(lines.counters, { written: 100, dropped: 0, failures: 0, lastFailure: '' });
});

test('rotates at its size and keeps so many', async () => {
  const { sink: lines, path, directory } = sink({ maxSize: 20 });
  for (let number = 0; number < 9; number++) {
    lines.write(`line-${number}-9\n`, 1);
    await lines.flush();
  }
  await lines.close();
  assert.deepEqual(readdirSync(directory).sort(), ['audit.jsonl', 'audit.jsonl.1', 'audit.jsonl.2']);
  assert.deepEqual(['', '.1', '.2'].map((suffix) => readFileSync(path + suffix, 'latin1')), ['line-8-9\n', 'line-6-9\nline-7-9\n', 'line-4-9\nline-5-9\n']);
  assert.equal(statSync(path).mode & 0o037, 0);
});

test('keep 0 begins anew', async () => {
  const { sink: lines, path, directory } = sink({ maxSize: 5, keep: 0 });
  for (const text of ['aaaa\n', 'bbbb\n']) {
    lines.write(text, 1);
    await lines.flush();
  }
  await lines.close();
  assert.deepEqual(readdirSync(directory), ['audit.jsonl']);
  assert.equal(readFileSync(path, 'latin1'), 'bbbb\n');
});

test('what cannot be written is counted, and writing goes on when it can', async () => {
  const { sink: lines, path, directory } = sink();
  writeFileSync(directory, 'a file where the directory should be');
  lines.write('lost\n', 3);
  await lines.flush();
  assert.equal(lines.counters.dropped, 3);
  assert.equal(lines.counters.failures, 1);
  assert.notEqual(lines.counters.lastFailure, '');
  rmSync(directory);
  lines.write('kept\n', 1);
  await lines.close();
  assert.equal(readFileSync(path, 'latin1'), 'kept\n');
});

test('a full device', { skip: process.platform !== 'linux' }, async () => {
  const lines = new JsonLinesSink({ path: '/dev/full', maxSize: 1e6, keep: 0, time: 'epoch' });
  lines.write('x\n', 1);
  await lines.close();
  assert.equal(lines.counters.dropped, 1);
  assert.match(lines.counters.lastFailure, /ENOSPC/);
});

test('a line that fits only in part is taken back', { skip: mayMount ? false : 'needs root on Linux' }, async (context) => {
  const directory = mkdtempSync(join(root, 'tmpfs-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory], { stdio: 'pipe' });
  } catch {
    context.skip('may not mount');
    return;
  }
  try {
    const path = join(directory, 'audit.jsonl');
    const lines = new JsonLinesSink({ path, maxSize: 1e6, keep: 0, time: 'epoch' });
    for (const text of ['whole\n', `${'x'.repeat(100_000)}\n`, 'whole\n']) {
      lines.write(text, 1);
      await lines.flush();
    }
    await lines.close();
    assert.equal(readFileSync(path, 'latin1'), 'whole\nwhole\n');
    assert.equal(lines.counters.dropped, 1);
  } finally {
    execFileSync('umount', ['-l', directory]);
  }
});

test('more than its memory holds is dropped and counted', async () => {
  const { sink: lines } = sink({ maxQueuedBytes: 10 });
  lines.write('12345\n', 1);
  lines.write('12345\n12345\n', 2);
  await lines.close();
  assert.deepEqual([lines.counters.written, lines.counters.dropped], [1, 2]);
});

test('a file that was moved away is made anew', async (context) => {
  const { sink: lines, path } = sink();
  lines.write('one\n', 1);
  await lines.flush();
  renameSync(path, `${path}.old`);
  context.mock.method(performance, 'now', () => 1e12);
  lines.write('two\n', 1);
  await lines.close();
  assert.equal(readFileSync(path, 'latin1'), 'two\n');
});

test('times as text', () => {
  const given = '{"time":1700000000123,"a":"\\"time\\":1"}\n{"time":0}\n';
  assert.equal(withIsoTimes(given), '{"time":"2023-11-14T22:13:20.123Z","a":"\\"time\\":1"}\n{"time":"1970-01-01T00:00:00.000Z"}\n');
});
