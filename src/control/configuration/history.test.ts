// The store of applied versions: both kinds alike, restarts, damaged files.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { versionOf } from './canonical.ts';
import { diffEntries, FileHistory, maxHistoryEntries, MemoryHistory } from './history.ts';
import type { NewHistoryEntry } from './history.ts';

const directories: string[] = [];
function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'sallyport-history-'));
  directories.push(made);
  return made;
}
after(() => { for (const made of directories) rmSync(made, { recursive: true, force: true }); });

function entry(number: number, state: NewHistoryEntry['state'] = 'applied'): NewHistoryEntry {
  const document = { zones: { office: { networks: [`10.0.${number % 256}.0/24`] } }, pools: {} };
  return { timeMs: 1000 + number, author: 'ada', reason: `change ${number}`, source: 'api', version: versionOf(document), state, document };
}

for (const [kind, open] of [['file', () => new FileHistory(directory(), 0)], ['memory', () => new MemoryHistory()]] as const) {
  describe(`history in ${kind}`, () => {
    it('numbers, lists newest first in pages, gives documents back as they were', () => {
      const history = open();
      for (let n = 1; n <= 5; n++) assert.equal(history.add(entry(n)), n);
      assert.deepEqual(history.list(2).map((one) => one.number), [5, 4]);
      assert.deepEqual(history.list(9, 3).map((one) => one.number), [2, 1]);
      assert.deepEqual(history.get(3), { ...entry(3), number: 3 });
      assert.equal(history.get(6), undefined);
      assert.ok(!('document' in history.list(1)[0]!));
      history.close();
    });

    it('knows the last one that is in force and confirmed', () => {
      const history = open();
      assert.equal(history.lastApplied(), undefined);
      history.add(entry(1));
      history.add(entry(2, 'pending'));
      history.add(entry(3, 'failed'));
      assert.equal(history.lastApplied()?.number, 1);
      history.setState(2, 'applied');
      assert.equal(history.lastApplied()?.number, 2);
      history.close();
    });

    it('compares two versions, and forgets the oldest above its maximum', () => {
      const history = open();
      for (let n = 1; n <= maxHistoryEntries + 1; n++) history.add(entry(n));
      assert.equal(history.get(1), undefined);
      assert.equal(history.get(2)?.number, 2);
      assert.equal(diffEntries(history, 2, 3)?.resources[0]?.changes.length, 2);
      assert.equal(diffEntries(history, 1, 3), undefined);
      history.close();
    });
  });
}

describe('history in a file', () => {
  it('survives a restart; what was being applied then counts as failed, what waited for confirmation as reverted', () => {
    const where = directory();
    const first = new FileHistory(where, 0);
    first.add(entry(1));
    first.add(entry(2, 'applying'));
    first.add(entry(3, 'pending'));
    first.close();
    const second = new FileHistory(where, 0);
    assert.deepEqual(second.list(9).map((one) => one.state), ['reverted', 'failed', 'applied']);
    assert.equal(second.setAside, '');
    assert.equal(second.add(entry(4)), 4);
    second.close();
  });

  it('is readable by its owner alone', () => {
    const where = directory();
    new FileHistory(join(where, 'state'), 0).close();
    assert.equal(statSync(join(where, 'state', 'history.db')).mode & 0o777, 0o600);
    assert.equal(statSync(join(where, 'state')).mode & 0o777, 0o700);
  });

  it('keeps a document once, however often it is applied', () => {
    const where = directory();
    const history = new FileHistory(where, 0);
    for (let n = 0; n < 50; n++) history.add(entry(n % 2));
    history.close();
    const database = new DatabaseSync(join(where, 'history.db'));
    assert.deepEqual({ ...database.prepare('SELECT count(*) AS documents FROM documents').get() }, { documents: 2 });
    database.close();
  });

  for (const [what, damage] of [
    ['is no database', (file: string) => { writeFileSync(file, 'this is not a database at all, only text of some length '.repeat(40)); }],
    ['is torn', (file: string) => { truncateSync(file, 5000); }],
  ] as const) {
    it(`sets a file aside that ${what}, and begins a new one`, () => {
      const where = directory();
      const history = new FileHistory(where, 0);
      for (let n = 0; n < 100; n++) history.add(entry(n));
      history.close();
      damage(join(where, 'history.db'));
      const again = new FileHistory(where, 77);
      assert.equal(again.setAside, join(where, 'history.db.damaged-77'));
      assert.ok(readdirSync(where).includes('history.db.damaged-77'));
      assert.equal(again.add(entry(1)), 1);
      again.close();
    });
  }

  it('throws when the directory cannot be used, instead of beginning anew', () => {
    const where = directory();
    writeFileSync(join(where, 'state'), '');
    assert.throws(() => new FileHistory(join(where, 'state'), 0));
  });
});
