// Retention of recordings on real files in a temporary directory.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { encryptedMagic } from '#runtime/sealed-recordings.ts';
import { listRecordings, recordingOf, RecordingSweeper, sweepRecordings } from './recordings.ts';

const day = 86_400_000;
const nowMs = Date.UTC(2026, 5, 1);

describe('recordings as files', () => {
  let directory = '';
  beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'sp-')); });
  afterEach(() => { rmSync(directory, { recursive: true, force: true }); });

  function make(name: string, ageMs: number, text = '{}\n'): void {
    const path = join(directory, name);
    writeFileSync(path, text);
    utimesSync(path, (nowMs - ageMs) / 1000, (nowMs - ageMs) / 1000);
  }

  it('removes what is older than the age, not what is exactly as old, and nothing else', async () => {
    make('old.cast', day + 1000);
    make('edge.cast', day);
    make('new.cast', 0);
    make('open.cast', 9 * day);
    make('other.txt', 9 * day);
    make('not an id.cast', 9 * day);
    mkdirSync(join(directory, 'folder.cast'));
    symlinkSync(join(directory, 'other.txt'), join(directory, 'link.cast'));
    assert.equal(await sweepRecordings(directory, day, nowMs, new Set(['open'])), 1);
    assert.deepEqual(readdirSync(directory).sort(), ['edge.cast', 'folder.cast', 'link.cast', 'new.cast', 'not an id.cast', 'open.cast', 'other.txt']);
  });

  it('a directory that is not there is empty', async () => {
    assert.equal(await sweepRecordings(join(directory, 'none'), day, nowMs, new Set()), 0);
    assert.deepEqual(await listRecordings(join(directory, 'none')), []);
  });

  it('lists the newest first, and finds single ones by the id of a session alone', async () => {
    make('a1.cast', 2 * day);
    make('b2.cast', day, `${encryptedMagic}xyz`);
    symlinkSync(join(directory, 'a1.cast'), join(directory, 'link.cast'));
    assert.deepEqual((await listRecordings(directory)).map(({ session, bytes, encrypted, writtenMs }) => [session, bytes, encrypted, writtenMs]),
      [['b2', encryptedMagic.length + 3, true, nowMs - day], ['a1', 3, false, nowMs - 2 * day]]);
    assert.equal((await recordingOf(directory, 'a1'))?.path, join(directory, 'a1.cast'));
    for (const id of ['../a1', 'a1/../b2', 'link', 'none', '', 'a1.cast']) assert.equal(await recordingOf(directory, id), undefined, id);
  });

  it('says how many were removed, and what went wrong', async () => {
    make('old.cast', 400 * day);
    const said: (number | string)[] = [];
    let place = directory;
    const sweeper = new RecordingSweeper({
      settings: () => ({ directory: place, maxAgeMs: day }), openSessions: async () => new Set(),
      removed: (count) => { said.push(count); }, failed: (message) => { said.push(message); },
    });
    await sweeper.sweep();
    await sweeper.sweep();
    make('file', 0);
    place = join(directory, 'file');
    await sweeper.sweep();
    sweeper.close();
    assert.equal(said[0], 1);
    assert.match(String(said[1]), /ENOTDIR/);
    assert.equal(said.length, 2);
  });
});
