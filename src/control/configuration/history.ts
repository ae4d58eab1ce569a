// Every version that was applied: number, time, author, reason, hash, document. In SQLite under the state directory, or in
// memory. A file that cannot be read is set aside and a new one begun. Applies nothing.
import { closeSync, existsSync, openSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeDirectory } from '#audit/make-directory.ts';
import type { ConfigurationDiff } from './diff.ts';
import { diffDocuments } from './diff.ts';
import type { ConfigDocument } from './merge.ts';

/** `applying` only while it is put in force; `pending` until it is confirmed. */
export type EntryState = 'applying' | 'applied' | 'pending' | 'reverted' | 'failed';

export interface NewHistoryEntry {
  timeMs: number;
  author: string;
  reason: string;
  /** Where the document came from: a file, `api`, `rollback 3`. */
  source: string;
  version: string;
  state: EntryState;
  document: ConfigDocument;
}

export interface HistorySummary extends Omit<NewHistoryEntry, 'document'> { number: number }
export interface HistoryEntry extends NewHistoryEntry { number: number }

export interface ConfigurationHistory {
  /** Throws when it cannot be kept: a change without a trace is not made. */
  add(entry: NewHistoryEntry): number;
  setState(number: number, state: EntryState): void;
  /** Newest first; `before` continues a listing. */
  list(limit: number, before?: number): HistorySummary[];
  get(number: number): HistoryEntry | undefined;
  /** The newest that is in force and confirmed. */
  lastApplied(): HistoryEntry | undefined;
  close(): void;
}

/** Versions kept; the oldest are forgotten first. */
export const maxHistoryEntries = 1000;

export function diffEntries(history: ConfigurationHistory, from: number, to: number): ConfigurationDiff | undefined {
  const a = history.get(from);
  const b = history.get(to);
  return a && b ? diffDocuments(a.document, b.document) : undefined;
}

function summaryOf(entry: HistoryEntry): HistorySummary {
  const { number, timeMs, author, reason, source, version, state } = entry;
  return { number, timeMs, author, reason, source, version, state };
}

/** For tests and for `--no-state`: gone at the end of the process. */
export class MemoryHistory implements ConfigurationHistory {
  #entries: HistoryEntry[] = [];
  #next = 1;

  add(entry: NewHistoryEntry): number {
    this.#entries.push({ ...structuredClone(entry), number: this.#next });
    if (this.#entries.length > maxHistoryEntries) this.#entries.shift();
    return this.#next++;
  }

  setState(number: number, state: EntryState): void {
    const entry = this.#entries.find((candidate) => candidate.number === number);
    if (entry) entry.state = state;
  }

  list(limit: number, before = Infinity): HistorySummary[] {
    return this.#entries.filter((entry) => entry.number < before).reverse().slice(0, limit).map(summaryOf);
  }

  get(number: number): HistoryEntry | undefined { return structuredClone(this.#entries.find((entry) => entry.number === number)); }
  lastApplied(): HistoryEntry | undefined { return structuredClone(this.#entries.findLast((entry) => entry.state === 'applied')); }
  close(): void { this.#entries = []; }
}

const tables = `
  CREATE TABLE IF NOT EXISTS documents (version TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS versions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, author TEXT NOT NULL, reason TEXT NOT NULL,
    source TEXT NOT NULL, version TEXT NOT NULL, state TEXT NOT NULL
  ) STRICT;
`;

interface Row { number: number; time: number; author: string; reason: string; source: string; version: string; state: string; text: string }

export class FileHistory implements ConfigurationHistory {
  readonly #database: DatabaseSync;
  /** Where a damaged file was moved to, or ''. */
  readonly setAside: string;

  /** Opens or makes `history.db` in the directory, which is made when missing. Throws when neither can be done. */
  constructor(directory: string, nowMs: number) {
    makeDirectory(directory, 0o700);
    const file = join(directory, 'history.db');
    let database = openSound(file);
    this.setAside = database ? '' : `${file}.damaged-${nowMs}`;
    if (!database) {
      for (const end of ['', '-wal', '-shm']) if (existsSync(file + end)) renameSync(file + end, this.setAside + end);
      database = openSound(file);
      if (!database) throw new Error(`${file} cannot be made`);
    }
    this.#database = database;
  }

  add(entry: NewHistoryEntry): number {
    const database = this.#database;
    database.exec('BEGIN IMMEDIATE');
    try {
      database.prepare('INSERT OR IGNORE INTO documents VALUES (?, ?)').run(entry.version, JSON.stringify(entry.document));
      const { lastInsertRowid } = database.prepare('INSERT INTO versions (time, author, reason, source, version, state) VALUES (?, ?, ?, ?, ?, ?)')
        .run(entry.timeMs, entry.author, entry.reason, entry.source, entry.version, entry.state);
      database.prepare('DELETE FROM versions WHERE number <= ?').run(Number(lastInsertRowid) - maxHistoryEntries);
      database.exec('DELETE FROM documents WHERE version NOT IN (SELECT version FROM versions)');
      database.exec('COMMIT');
      return Number(lastInsertRowid);
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  }

  setState(number: number, state: EntryState): void {
    this.#database.prepare('UPDATE versions SET state = ? WHERE number = ?').run(state, number);
  }

  list(limit: number, before = Number.MAX_SAFE_INTEGER): HistorySummary[] {
    const rows = this.#database.prepare('SELECT * FROM versions WHERE number < ? ORDER BY number DESC LIMIT ?').all(before, limit);
    return (rows as unknown as Row[]).map((row) => summaryOf(entryOf({ ...row, text: '{}' })));
  }

  get(number: number): HistoryEntry | undefined {
    const row = this.#database.prepare('SELECT * FROM versions JOIN documents USING (version) WHERE number = ?').get(number);
    return row ? entryOf(row as unknown as Row) : undefined;
  }

  lastApplied(): HistoryEntry | undefined {
    const row = this.#database.prepare("SELECT * FROM versions JOIN documents USING (version) WHERE state = 'applied' ORDER BY number DESC LIMIT 1").get();
    return row ? entryOf(row as unknown as Row) : undefined;
  }

  close(): void { this.#database.close(); }
}

function entryOf(row: Row): HistoryEntry {
  return {
    number: row.number, timeMs: row.time, author: row.author, reason: row.reason, source: row.source, version: row.version,
    state: row.state as EntryState, document: JSON.parse(row.text) as ConfigDocument,
  };
}

/** Undefined when the file is damaged. Other failures (no permission, disk full) throw. */
function openSound(file: string): DatabaseSync | undefined {
  // The document may hold addresses and names that are nobody else's business.
  closeSync(openSync(file, 'a', 0o600));
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    database.exec('PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    const check = database.prepare('PRAGMA quick_check(1)').get() as { quick_check?: string } | undefined;
    if (check?.quick_check !== 'ok') { database.close(); return undefined; }
    database.exec(tables);
    // A start that was cut off while it applied something: it is not known to have been in force.
    database.exec("UPDATE versions SET state = 'failed' WHERE state = 'applying'; UPDATE versions SET state = 'reverted' WHERE state = 'pending'");
    return database;
  } catch (error) {
    database?.close();
    const code = (error as { errcode?: number }).errcode ?? 0;
    // SQLITE_CORRUPT 11, SQLITE_NOTADB 26; 1 is what a file of another make says (a table of the same name).
    if ([1, 11, 26].includes(code & 0xff)) return undefined;
    throw error;
  }
}
