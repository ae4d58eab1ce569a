// Searches the blocks of the store: prunes by index, unpacks what remains, looks at text before it parses.
// Works in bounded slices, so that keeping records goes on between them.
import { idTimeMs } from '../ids.ts';
import { CompiledFilter, singleAddress } from '../query.ts';
import type { AuditPage, AuditQuery } from '../query.ts';
import { parseRecord } from '../record.ts';
import type { StoredRecord } from '../record.ts';
import type { BlockDatabase, StoredBlock } from './database.ts';
import { mayContain, tokenHash } from './token-filter.ts';

/** Index rows read at a time. */
const rowsAtOnce = 256;
/** How far the time in an id and the time of its record may be apart. */
const idSlackMs = 10_000;

/** One slice of a search: at most `limit` records, and about `budgetMs` of work. */
export function searchPage(database: BlockDatabase, query: AuditQuery, budgetMs: number, nowMs: () => number): AuditPage {
  const filter = new CompiledFilter(query);
  const newestFirst = query.order !== 'oldest';
  const limit = Math.max(1, query.limit ?? 100);
  const tokens = tokensOf(query);
  const records: StoredRecord[] = [];
  const deadline = nowMs() + budgetMs;
  let scanned = 0;
  // Records with from <= seq < below are still to be looked at.
  let from = newestFirst ? 0 : cursorOf(query, 0);
  let below = newestFirst ? cursorOf(query, database.nextSeq) : database.nextSeq;
  for (;;) {
    const blocks = database.blocks(from, below, newestFirst, rowsAtOnce);
    if (blocks.length === 0) return { records, cursor: undefined, scanned };
    for (const block of blocks) {
      const text = blockText(database, block, filter, tokens);
      if (text !== undefined) {
        scanned += block.count;
        const lines = text.split('\n');
        const first = Math.max(0, from - block.seq);
        const end = Math.min(block.count, below - block.seq);
        for (let at = first; at < end; at++) {
          const line = newestFirst ? end - 1 - (at - first) : at;
          const record = filter.matchLine(lines[line] ?? '', parseRecord);
          if (record === undefined) continue;
          records.push(record);
          if (records.length >= limit) return { records, cursor: String(newestFirst ? block.seq + line : block.seq + line + 1), scanned };
        }
      }
      if (newestFirst) below = block.seq;
      else from = block.seq + block.count;
      if (nowMs() >= deadline) return { records, cursor: String(newestFirst ? below : from), scanned };
    }
  }
}

function cursorOf(query: AuditQuery, otherwise: number): number {
  const cursor = Number(query.cursor ?? Number.NaN);
  return Number.isSafeInteger(cursor) && cursor >= 0 ? cursor : otherwise;
}

function tokensOf(query: AuditQuery): number[] {
  const tokens: number[] = [];
  if (query.session !== undefined) tokens.push(tokenHash(query.session));
  const client = singleAddress(query.clients);
  if (client !== undefined) tokens.push(tokenHash(client));
  return tokens;
}

/** Undefined when the block cannot hold a match, or cannot be read. */
function blockText(database: BlockDatabase, block: StoredBlock, filter: CompiledFilter, tokens: readonly number[]): string | undefined {
  if (!filter.blockMayMatch(block)) return undefined;
  if (tokens.length > 0) {
    const known = database.tokens(block.seq);
    if (known !== undefined && !tokens.every((token) => mayContain(known, token))) return undefined;
  }
  const text = database.text(block.seq);
  return text !== undefined && filter.textMayMatch(text) ? text : undefined;
}

/** The record with this id: first where its time says, then everywhere. */
export function findById(database: BlockDatabase, id: string): StoredRecord | undefined {
  const madeMs = idTimeMs(id);
  const near = (block: StoredBlock): boolean => block.firstMs - idSlackMs <= madeMs && madeMs <= block.lastMs + idSlackMs;
  return Number.isNaN(madeMs)
    ? findWhere(database, id, () => true)
    : findWhere(database, id, near) ?? findWhere(database, id, (block) => !near(block));
}

function findWhere(database: BlockDatabase, id: string, wanted: (block: StoredBlock) => boolean): StoredRecord | undefined {
  const hash = tokenHash(id);
  const needle = `"id":${JSON.stringify(id)}`;
  let below = database.nextSeq;
  for (;;) {
    const blocks = database.blocks(0, below, true, rowsAtOnce);
    if (blocks.length === 0) return undefined;
    for (const block of blocks) {
      below = block.seq;
      if (!wanted(block)) continue;
      const known = database.tokens(block.seq);
      if (known !== undefined && !mayContain(known, hash)) continue;
      const text = database.text(block.seq);
      for (let at = text?.indexOf(needle) ?? -1; at >= 0; at = text!.indexOf(needle, at + 1)) {
        const record = parseRecord(lineAround(text!, at));
        if (record?.id === id) return record;
      }
    }
  }
}

function lineAround(text: string, at: number): string {
  const end = text.indexOf('\n', at);
  return text.slice(text.lastIndexOf('\n', at) + 1, end < 0 ? text.length : end);
}
