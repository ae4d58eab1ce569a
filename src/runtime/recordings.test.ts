// Recordings: readable text without a key, sealed parts with one; a wrong key, a cut or a changed file is noticed.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Recordings, encryptedMagic, readRecording } from './recordings.ts';

async function record(key: string | undefined): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-recordings-'));
  const recordings = new Recordings(directory, key);
  const recording = recordings.begin('s1', { version: 2, width: 80, height: 24 });
  recording.write(0, 'o', 'login: ');
  recordings.flush();
  recording.write(1500, 'o', 'welcome\r\n');
  await recording.close();
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
  assert.equal(readRecording(bytes, Buffer.from(key, 'hex')), lines);
  assert.throws(() => readRecording(bytes, randomBytes(32)));
  assert.throws(() => readRecording(bytes, undefined), /encrypted/);
  const changed = Buffer.from(bytes);
  changed[encryptedMagic.length + 20]! ^= 1;
  assert.throws(() => readRecording(changed, Buffer.from(key, 'hex')));
  assert.throws(() => readRecording(bytes.subarray(0, bytes.length - 3), Buffer.from(key, 'hex')));
});
