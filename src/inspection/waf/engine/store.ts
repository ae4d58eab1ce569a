// Persistent collections (IP, GLOBAL, SESSION, USER, RESOURCE): records that outlive a transaction. The engine works on
// live records; where they live is the store's matter. MemoryStore keeps them in the process, bounded.

export interface StoredVariable { value: string; /** Milliseconds since 1970; null: lives as long as the record. */ expiresAtMs: number | null; readonly name: string }

/** One record, by lower-case variable name. Changes take effect at once. */
export interface StoredRecord { readonly variables: Map<string, StoredVariable>; /** When the record itself lapses. */ expiresAtMs: number }

export interface CollectionStore {
  /** The record of `key` in `collection`, made when there is none; lapsed variables are gone from it. */
  open(collection: string, key: string, nowMs: number, timeoutSeconds: number): StoredRecord;
}

export const defaultMaxRecords = 100_000;

export class MemoryStore implements CollectionStore {
  private readonly records = new Map<string, StoredRecord>();
  private readonly maxRecords: number;

  constructor(maxRecords = defaultMaxRecords) {
    this.maxRecords = maxRecords;
  }

  get size(): number {
    return this.records.size;
  }

  open(collection: string, key: string, nowMs: number, timeoutSeconds: number): StoredRecord {
    const id = `${collection}\0${key}`;
    let record = this.records.get(id);
    if (record && record.expiresAtMs <= nowMs) record = undefined;
    record ??= { variables: new Map(), expiresAtMs: 0 };
    record.expiresAtMs = nowMs + timeoutSeconds * 1000;
    for (const [name, variable] of record.variables) if (variable.expiresAtMs !== null && variable.expiresAtMs <= nowMs) record.variables.delete(name);
    // Most recently used last, so that the first is the one to give up.
    this.records.delete(id);
    this.records.set(id, record);
    if (this.records.size > this.maxRecords) this.records.delete(this.records.keys().next().value!);
    return record;
  }
}
