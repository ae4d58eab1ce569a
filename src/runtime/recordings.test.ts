// Recordings: readable text without a key, sealed parts with one; a wrong key, a cut or a changed file is noticed, and so is
// what could not be written.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Recordings } from './recordings.ts';
import { encryptedMagic, readRecording } from './sealed-recordings.ts';

const usual = { key: undefined, maxBytes: 1_000_000, required: true };
const newDirectory = (): string => mkdtempSync(join(tmpdir(), 'sallyport-recordings-'));

async function record(key: string | undefined): Promise<string> {
  const directory = newDirectory();
  const recordings = new Recordings();
  recordings.configure({ ...usual, directory, key });
  const recording = recordings.begin('s1', { version: 2, width: 80, height: 24 })!;
  recording.write(0, 'o', 'login: ');
  recordings.flush();
  recording.write(1500, 'o', 'welcome\r\n');
  await recording.close();
  assert.equal(recording.failure, '');
  return join(directory, 's1.cast');
}

const lines = ['{"version":2,"width":80,"height":24}', '[0,"o","login: "]', '[1.5,"o","welcome\\r\\n"]', ''].join('\n');

test('without a key the file is asciicast text that only the owner can read', async () => {
  const path = await record(undefined);
  assert.equal(readFileSync(path, 'utf8'), lines);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('with a key nothing of it is readable, and the key gives it back', async () => {
  const key = randomBytes(32).toString('hex');
  const bytes = readFileSync(await record(key));
  assert.ok(bytes.toString('latin1').startsWith(encryptedMagic));
  assert.ok(!bytes.includes('login'));
  assert.deepEqual(readRecording(bytes, Buffer.from(key, 'hex')), { text: lines, cut: false });
  assert.throws(() => readRecording(bytes, randomBytes(32)));
  assert.throws(() => readRecording(bytes, undefined), /encrypted/);
});

/** Head and parts of a sealed recording. */
function partsOf(bytes: Buffer): { head: Buffer; parts: Buffer[] } {
  const head = bytes.subarray(0, encryptedMagic.length + 16);
  const parts: Buffer[] = [];
  for (let at = head.length; at < bytes.length;) {
    const end = at + 32 + bytes.readUInt32BE(at);
    parts.push(bytes.subarray(at, end));
    at = end;
  }
  return { head, parts };
}

test('every change of a sealed recording is noticed', async () => {
  const keyText = randomBytes(32).toString('hex');
  const key = Buffer.from(keyText, 'hex');
  const bytes = readFileSync(await record(keyText));
  for (let at = encryptedMagic.length; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1;
    let read: ReturnType<typeof readRecording> | undefined;
    try { read = readRecording(changed, key); } catch { /* noticed */ }
    // A length that leads beyond the end looks like a cut.
    assert.ok(read === undefined || read.cut, `byte ${at}`);
  }
  const { head, parts } = partsOf(bytes);
  const other = partsOf(readFileSync(await record(keyText)));
  const made = (...some: Buffer[]): Buffer => Buffer.concat([head, ...some]);
  assert.equal(parts.length, 3);
  for (const [what, wrong] of [
    ['left out', made(parts[1]!, parts[2]!)], ['left out behind the first', made(parts[0]!, parts[2]!)], ['swapped', made(parts[1]!, parts[0]!, parts[2]!)],
    ['twice', made(parts[0]!, parts[0]!, parts[1]!, parts[2]!)], ['of another recording', made(other.parts[0]!, parts[1]!, parts[2]!)],
    ['behind the end', made(...parts, parts[0]!)],
  ] as const) assert.throws(() => readRecording(wrong, key), Error, what);
});

test('a sealed recording that was cut gives what is whole of it, and says so', async () => {
  const keyText = randomBytes(32).toString('hex');
  const key = Buffer.from(keyText, 'hex');
  const bytes = readFileSync(await record(keyText));
  const { head, parts } = partsOf(bytes);
  const first = lines.split('\n').slice(0, 2).join('\n') + '\n';
  assert.deepEqual(readRecording(bytes.subarray(0, bytes.length - 3), key), { text: lines, cut: true });
  assert.deepEqual(readRecording(Buffer.concat([head, parts[0]!, parts[1]!]), key), { text: lines, cut: true });
  assert.deepEqual(readRecording(Buffer.concat([head, parts[0]!, parts[1]!.subarray(0, 2)]), key), { text: first, cut: true });
  assert.deepEqual(readRecording(head, key), { text: '', cut: true });
});

test('a recording takes maxBytes and not one more, and says that it has ended', async () => {
  const header = { version: 2 };
  const line = '[0,"o","abc"]\n';
  for (const [more, failure] of [[0, ''], [-1, /^recordings\.maxBytes \(\d+\) is reached$/]] as const) {
    const directory = newDirectory();
    const recordings = new Recordings();
    recordings.configure({ ...usual, directory, maxBytes: JSON.stringify(header).length + 1 + 2 * line.length + more });
    const recording = recordings.begin('s1', header)!;
    recording.write(0, 'o', 'abc');
    assert.equal(recording.failure, '');
    recording.write(0, 'o', 'abc');
    assert.match(recording.failure, failure === '' ? /^$/ : failure);
    recording.write(0, 'o', '');
    await recording.close();
    const text = readFileSync(join(directory, 's1.cast'), 'utf8');
    assert.equal(text, `${JSON.stringify(header)}\n${line}${failure === '' ? line : ''}`);
  }
});

test('what cannot be opened is known at once', async () => {
  const directory = newDirectory();
  const recordings = new Recordings();
  recordings.configure({ ...usual, directory });
  rmSync(directory, { recursive: true });
  const recording = recordings.begin('s1', { version: 2 })!;
  assert.match(recording.failure, /ENOENT/);
  recording.write(0, 'o', 'x');
  await recording.close();
});

test('open recordings are flushed under a new configuration too', { timeout: 20_000 }, async () => {
  const directory = newDirectory();
  const recordings = new Recordings();
  recordings.configure({ ...usual, directory });
  const recording = recordings.begin('s1', { version: 2 })!;
  recordings.configure(undefined);
  recording.write(0, 'o', 'later');
  recordings.flush();
  while (!readFileSync(join(directory, 's1.cast'), 'utf8').includes('later')) await new Promise((resolve) => { setImmediate(resolve); });
  await recording.close();
  assert.equal(recordings.begin('s2', {}), undefined);
});
