// What the store knows of a block without opening it: times, services, outcomes, kinds, and a filter of its tokens.
// Made from the text itself, not from what a worker says of it.
import { kindBit, outcomeBit } from '../record.ts';
import type { BlockSummary } from '../query.ts';
import { eachPiece } from '../lines.ts';
import { LineScanner } from '../scan.ts';
import { tokenHash, TokenFilterBuilder } from './token-filter.ts';

export interface BlockIndex extends BlockSummary {
  services: string[];
  count: number;
  tokens: Uint8Array;
}

const scanner = new LineScanner();
const builder = new TokenFilterBuilder();

/** `lines`: each with its line end. */
export function indexBlock(lines: Uint8Array): BlockIndex {
  let count = 0;
  let firstMs = Infinity;
  let lastMs = 0;
  let outcomes = 0;
  let kinds = 0;
  let kind = '';
  let service = '';
  const services = new Set<string>();
  eachPiece(lines, (text) => {
    for (let start = 0; start < text.length;) {
      let end = text.indexOf('\n', start);
      if (end < 0) end = text.length;
      scanner.scan(text, start, end);
      count++;
      if (scanner.timeMs < firstMs) firstMs = scanner.timeMs;
      if (scanner.timeMs > lastMs) lastMs = scanner.timeMs;
      outcomes |= outcomeBit(scanner.outcome);
      if (scanner.kind !== kind) {
        kind = scanner.kind;
        kinds |= kindBit(kind);
      }
      if (scanner.service !== service) {
        service = scanner.service;
        if (services.size < 1000) services.add(service);
      }
      addTokens(text);
      start = end + 1;
    }
  });
  services.delete('');
  return { count, firstMs: count === 0 ? 0 : firstMs, lastMs, services: [...services].map(unescaped), outcomes, kinds, tokens: builder.finish() };
}

/** Those of the line that was scanned last. */
function addTokens(text: string): void {
  if (scanner.idEnd > 0) builder.add(tokenHash(text, scanner.idStart, scanner.idEnd));
  if (scanner.sessionEnd > 0) builder.add(tokenHash(text, scanner.sessionStart, scanner.sessionEnd));
  if (scanner.clientEnd > 0) builder.add(tokenHash(text, scanner.clientStart, scanner.clientEnd));
}

/** The scanner gives texts as they stand in the line. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text;
  }
}
