// The SQLite file of the store: blocks of compressed lines, an index row and a token filter for each. Synchronous; runs in the
// store's own thread. Does not collect, retry or count (store-core.ts).
// Records have sequence numbers in the order in which they were kept; a block is named by the number of its first.
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { textOf } from '../lines.ts';
import type { BlockSummary } from '../query.ts';
import type { BlockIndex } from './block-index.ts';

const schemaVersion = 1;
/** A block that unpacks to more than this is not ours. */
const maximumUnpackedBytes = 512 * 1024 * 1024;

const schema = `
  CREATE TABLE block (seq INTEGER PRIMARY KEY, count INTEGER NOT NULL, first_ms REAL NOT NULL, last_ms REAL NOT NULL,
    outcomes INTEGER NOT NULL, kinds INTEGER NOT NULL, services TEXT NOT NULL, raw_bytes INTEGER NOT NULL) STRICT;
  CREATE TABLE tokens (seq INTEGER PRIMARY KEY, filter BLOB NOT NULL) STRICT;
  CREATE TABLE body (seq INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
  PRAGMA user_version = ${schemaVersion};
`;

export interface StoredBlock extends BlockSummary {
  seq: number;
  count: number;
  rawBytes: number;
}

/** The file is not a usable store: torn, of another kind, or of a later version. */
export class BrokenStoreError extends Error {}

/** What the store needs of a database; tests give one that fails. */
export interface BlockDatabase {
  /** One transaction: all or none. */
  append(lines: Uint8Array, index: BlockIndex): void;
  /** Replaces neighbouring blocks by one. */
  merge(first: number, last: number, lines: Uint8Array, index: BlockIndex): void;
  /** `seq` of the next record. */
  readonly nextSeq: number;
  blocks(from: number, below: number, newestFirst: boolean, limit: number): StoredBlock[];
  tokens(seq: number): Uint8Array | undefined;
  lines(seq: number): Uint8Array | undefined;
  text(seq: number): string | undefined;
  removeBefore(lastMs: number, limit: number): number;
  removeOldest(limit: number): number;
  /** Gives free pages back to the file system, a bounded number at a time. */
  shrink(): void;
  /** Bytes in use, without free pages. */
  usedBytes(): number;
  recordCount(): number;
  oldestMs(): number;
  close(): void;
}

function isCorruption(error: unknown): boolean {
  const code = (error as { errcode?: number }).errcode ?? 0;
  // SQLITE_CORRUPT and SQLITE_NOTADB, with their extended codes.
  return (code & 0xff) === 11 || (code & 0xff) === 26;
}

/** Runs `work`, turning what SQLite says of a torn file into BrokenStoreError. */
function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isCorruption(error)) throw new BrokenStoreError((error as Error).message);
    throw error;
  }
}

export class SqliteBlockDatabase implements BlockDatabase {
  readonly #database: DatabaseSync;
  readonly #insertBlock: StatementSync;
  readonly #insertTokens: StatementSync;
  readonly #insertBody: StatementSync;
  readonly #newest: StatementSync;
  readonly #oldest: StatementSync;
  readonly #tokens: StatementSync;
  readonly #body: StatementSync;
  nextSeq: number;

  /** Opens or makes the file. Throws BrokenStoreError when it is not a usable store. */
  constructor(path: string) {
    this.#database = guarded(() => openDatabase(path));
    const prepare = (sql: string): StatementSync => this.#database.prepare(sql);
    try {
      this.#insertBlock = prepare('INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
      this.#insertTokens = prepare('INSERT INTO tokens VALUES (?, ?)');
      this.#insertBody = prepare('INSERT INTO body VALUES (?, ?)');
      this.#newest = prepare('SELECT * FROM block WHERE seq < ? AND seq + count > ? ORDER BY seq DESC LIMIT ?');
      this.#oldest = prepare('SELECT * FROM block WHERE seq < ? AND seq + count > ? ORDER BY seq LIMIT ?');
      this.#tokens = prepare('SELECT filter FROM tokens WHERE seq = ?');
      this.#body = prepare('SELECT data FROM body WHERE seq = ?');
      const last = guarded(() => prepare('SELECT seq + count AS next FROM block ORDER BY seq DESC LIMIT 1').get()) as { next: number } | undefined;
      this.nextSeq = last?.next ?? 1;
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  append(lines: Uint8Array, index: BlockIndex): void {
    this.#transaction(() => this.#insert(this.nextSeq, lines, index));
    this.nextSeq += index.count;
  }

  merge(first: number, last: number, lines: Uint8Array, index: BlockIndex): void {
    this.#transaction(() => {
      this.#remove('seq BETWEEN ? AND ?', [first, last]);
      this.#insert(first, lines, index);
    });
  }

  #insert(seq: number, lines: Uint8Array, index: BlockIndex): void {
    const data = zstdCompressSync(lines, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
    const services = JSON.stringify(index.services);
    this.#insertBlock.run(seq, index.count, index.firstMs, index.lastMs, index.outcomes, index.kinds, services, lines.length);
    this.#insertTokens.run(seq, index.tokens);
    this.#insertBody.run(seq, data);
  }

  blocks(from: number, below: number, newestFirst: boolean, limit: number): StoredBlock[] {
    const rows = guarded(() => (newestFirst ? this.#newest : this.#oldest).all(below, from, limit)) as unknown as BlockRow[];
    return rows.map((row) => ({
      seq: row.seq, count: row.count, firstMs: row.first_ms, lastMs: row.last_ms, outcomes: row.outcomes, kinds: row.kinds,
      services: JSON.parse(row.services) as string[], rawBytes: row.raw_bytes,
    }));
  }

  tokens(seq: number): Uint8Array | undefined {
    return (guarded(() => this.#tokens.get(seq)) as { filter: Uint8Array } | undefined)?.filter;
  }

  lines(seq: number): Uint8Array | undefined {
    const row = guarded(() => this.#body.get(seq)) as { data: Uint8Array } | undefined;
    if (row === undefined) return undefined;
    try {
      return zstdDecompressSync(row.data, { maxOutputLength: maximumUnpackedBytes });
    } catch {
      return undefined;
    }
  }

  text(seq: number): string | undefined {
    const lines = this.lines(seq);
    return lines === undefined ? undefined : textOf(lines);
  }

  removeBefore(lastMs: number, limit: number): number {
    return this.#removeCounted('seq IN (SELECT seq FROM block WHERE last_ms < ? ORDER BY seq LIMIT ?)', [lastMs, limit]);
  }

  removeOldest(limit: number): number {
    return this.#removeCounted('seq IN (SELECT seq FROM block ORDER BY seq LIMIT ?)', [limit]);
  }

  #removeCounted(where: string, values: number[]): number {
    const row = this.#database.prepare(`SELECT coalesce(sum(count), 0) AS records FROM block WHERE ${where}`).get(...values) as { records: number };
    if (row.records > 0) this.#transaction(() => this.#remove(where, values));
    return row.records;
  }

  #remove(where: string, values: number[]): void {
    // The index last: the condition may be on it.
    for (const table of ['body', 'tokens', 'block']) this.#database.prepare(`DELETE FROM ${table} WHERE ${where}`).run(...values);
  }

  shrink(): void {
    guarded(() => this.#database.exec('PRAGMA incremental_vacuum(256)'));
  }

  usedBytes(): number {
    return (this.#pragma('page_count') - this.#pragma('freelist_count')) * this.#pragma('page_size');
  }

  recordCount(): number {
    return (this.#database.prepare('SELECT coalesce(sum(count), 0) AS records FROM block').get() as { records: number }).records;
  }

  oldestMs(): number {
    return (this.#database.prepare('SELECT first_ms FROM block ORDER BY seq LIMIT 1').get() as { first_ms: number } | undefined)?.first_ms ?? 0;
  }

  close(): void {
    this.#database.close();
  }

  #pragma(name: string): number {
    return guarded(() => (this.#database.prepare(`PRAGMA ${name}`).get() as Record<string, number>)[name] ?? 0);
  }

  #transaction(work: () => void): void {
    guarded(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        work();
        this.#database.exec('COMMIT');
      } catch (error) {
        try {
          this.#database.exec('ROLLBACK');
        } catch {
          // SQLite rolls back by itself on a full disk; the first error is the one that says why.
        }
        throw error;
      }
    });
  }
}

interface BlockRow {
  seq: number; count: number; first_ms: number; last_ms: number; outcomes: number; kinds: number; services: string; raw_bytes: number;
}

function openDatabase(path: string): DatabaseSync {
  // Records are nobody else's business, wherever the directory is. What SQLite makes beside the file gets the same mode.
  closeSync(openSync(path, 'a', 0o640));
  const database = new DatabaseSync(path, { timeout: 2000 });
  try {
    // Free pages can be given back only if this is said before the first table.
    database.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 16777216');
    const version = (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
    const tables = (database.prepare("SELECT count(*) AS tables FROM sqlite_schema WHERE type = 'table'").get() as { tables: number }).tables;
    if (version === 0 && tables === 0) database.exec(schema);
    else if (version !== schemaVersion) throw new BrokenStoreError(`schema version ${version}, wanted ${schemaVersion}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
