// What the store knows of a block without opening it: times, services, outcomes, kinds, and a filter of its tokens.
// Made from the lines themselves, not from what a worker says of them. First a digest of each batch of lines as it arrives,
// made in the same pass that counts them; then, when the store's thread writes a block, the digests of its parts joined.
import { eachPiece } from '../lines.ts';
import { kindBit, outcomeBit } from '../record.ts';
import type { BlockSummary } from '../query.ts';
import { LineScanner } from '../scan.ts';
import { tokenHash, TokenFilterBuilder } from './token-filter.ts';

export interface BlockIndex extends BlockSummary {
  services: string[];
  count: number;
  tokens: Uint8Array;
}

/** Of some lines. Plain data: it crosses to the store's thread. */
export interface LineDigest extends BlockSummary {
  services: string[];
  count: number;
  /** Hashes of ids, sessions and clients; a client that comes again and again is there once. */
  hashes: Uint32Array<ArrayBuffer>;
}

const maximumServices = 1000;
/** No hash: those are whole. */
const noHash = 0.5;
const builder = new TokenFilterBuilder();

export class LineDigester {
  #count = 0;
  #firstMs = Infinity;
  #lastMs = 0;
  #outcomes = 0;
  #kinds = 0;
  #kind = '';
  #service = '';
  readonly #services = new Set<string>();
  #hashes = new Uint32Array(1024);
  #hashCount = 0;
  #lastClient = noHash;
  #lastSession = noHash;

  /** The line of `text` that was scanned last. */
  add(scanner: LineScanner, text: string): void {
    this.#count++;
    if (scanner.timeMs < this.#firstMs) this.#firstMs = scanner.timeMs;
    if (scanner.timeMs > this.#lastMs) this.#lastMs = scanner.timeMs;
    this.#outcomes |= outcomeBit(scanner.outcome);
    if (scanner.kind !== this.#kind) {
      this.#kind = scanner.kind;
      this.#kinds |= kindBit(this.#kind);
    }
    if (scanner.service !== this.#service) {
      this.#service = scanner.service;
      if (this.#services.size < maximumServices) this.#services.add(this.#service);
    }
    if (scanner.idEnd > 0) this.#note(tokenHash(text, scanner.idStart, scanner.idEnd));
    if (scanner.sessionEnd > 0) {
      const hash = tokenHash(text, scanner.sessionStart, scanner.sessionEnd);
      if (hash !== this.#lastSession) this.#note(this.#lastSession = hash);
    }
    if (scanner.clientEnd > 0) {
      const hash = tokenHash(text, scanner.clientStart, scanner.clientEnd);
      if (hash !== this.#lastClient) this.#note(this.#lastClient = hash);
    }
  }

  #note(hash: number): void {
    if (this.#hashCount === this.#hashes.length) {
      const grown = new Uint32Array(this.#hashCount * 2);
      grown.set(this.#hashes);
      this.#hashes = grown;
    }
    this.#hashes[this.#hashCount++] = hash;
  }

  /** The digest, and begins a new one. */
  finish(): LineDigest {
    this.#services.delete('');
    const digest = {
      count: this.#count, firstMs: this.#count === 0 ? 0 : this.#firstMs, lastMs: this.#lastMs, services: [...this.#services].map(unescaped),
      outcomes: this.#outcomes, kinds: this.#kinds, hashes: this.#hashes.slice(0, this.#hashCount),
    };
    this.#count = 0;
    this.#firstMs = Infinity;
    this.#lastMs = 0;
    this.#outcomes = 0;
    this.#kinds = 0;
    this.#kind = '';
    this.#service = '';
    this.#services.clear();
    this.#hashCount = 0;
    this.#lastClient = noHash;
    this.#lastSession = noHash;
    return digest;
  }
}

const scanner = new LineScanner();
const digester = new LineDigester();

/** `lines`: each with its line end. */
export function digestLines(lines: Uint8Array): LineDigest {
  eachPiece(lines, (text) => { scanner.scanLines(text, digester); });
  return digester.finish();
}

/** The index of a block that is made of these parts. */
export function joinDigests(parts: readonly LineDigest[]): BlockIndex {
  let count = 0;
  let firstMs = Infinity;
  let lastMs = 0;
  let outcomes = 0;
  let kinds = 0;
  const services = new Set<string>();
  for (const part of parts) {
    if (part.count === 0) continue;
    count += part.count;
    firstMs = Math.min(firstMs, part.firstMs);
    lastMs = Math.max(lastMs, part.lastMs);
    outcomes |= part.outcomes;
    kinds |= part.kinds;
    for (const service of part.services) if (services.size < maximumServices) services.add(service);
    for (let at = 0; at < part.hashes.length; at++) builder.add(part.hashes[at]! | 0);
  }
  return { count, firstMs: count === 0 ? 0 : firstMs, lastMs, services: [...services], outcomes, kinds, tokens: builder.finish() };
}

export function indexBlock(lines: Uint8Array): BlockIndex {
  return joinDigests([digestLines(lines)]);
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
