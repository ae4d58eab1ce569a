// What a transfer moves, as it passes: counted, hashed, its type found by its first bytes, and shown to inspectors. As a tap
// on a relay it sees bytes before they are sent on (contract/link.ts); while they are held the transfer feeds it.
// Judges nothing: inspectors do (section `inspectors`).
import { createHash, type Hash } from 'node:crypto';
import type { ContentInspection, Verdict } from '#contract/inspection.ts';
import type { Tap } from '#contract/link.ts';
import { magicBytes, typeOfBytes, typeOfName, type ContentType } from '#core/content-type.ts';

export interface TransferredContent {
  readonly path: string;
  /** False for listings: they are counted and hashed, and have no type. */
  readonly isFile: boolean;
  /** Begins in the middle of a file, which has no type there. */
  readonly partial: boolean;
  /** Whether the SHA-256 is taken for the record. */
  readonly hashed: boolean;
}

export class ContentTap implements Tap {
  bytes = 0;
  type: ContentType | '' = '';
  readonly declared: ContentType | '';
  sha256 = '';
  /** Told of a verdict at once, from within `pass`. */
  onVerdict: ((verdict: Verdict) => void) | undefined = undefined;
  readonly #hash: Hash | undefined;
  readonly #inspection: ContentInspection | undefined;
  /** The first bytes, until the type is known. */
  #first: Buffer | undefined;
  #blocked = false;

  constructor({ path, isFile, partial, hashed }: TransferredContent, inspection: ContentInspection | undefined) {
    this.declared = isFile ? typeOfName(path) : '';
    this.#first = isFile && !partial ? Buffer.alloc(0) : undefined;
    this.#hash = hashed || inspection?.needsSha256 === true ? createHash('sha256') : undefined;
    this.#inspection = inspection;
  }

  /** Nothing may pass before all was seen, up to so many bytes; 0: it may. */
  get holdsBytes(): number { return this.#inspection?.holdsBytes ?? 0; }
  /** Something of it must wait for the last word, which may be that nobody is to have the whole of it. */
  get hasLastWord(): boolean { return this.#inspection !== undefined; }

  pass(bytes: Buffer, start: number, end: number): void {
    if (this.#blocked) return;
    this.bytes += end - start;
    this.#hash?.update(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
    if (this.#first !== undefined) this.#findType(bytes, start, end);
    if (this.#inspection === undefined) return;
    const verdict = this.#inspection.feed(bytes, start, end);
    if (verdict !== undefined) this.#said(verdict);
  }

  #findType(bytes: Buffer, start: number, end: number): void {
    const first = Buffer.concat([this.#first!, bytes.subarray(start, Math.min(end, start + magicBytes - this.#first!.length))]);
    this.#first = first;
    if (first.length >= magicBytes) this.#typeIs(first);
  }

  #typeIs(first: Buffer): void {
    this.type = typeOfBytes(first);
    this.#first = undefined;
  }

  #said(verdict: Verdict): void {
    if (verdict.action === 'pass') return;
    if (verdict.action === 'block') this.#blocked = true;
    this.onVerdict?.(verdict);
  }

  /** All bytes have been seen. `done` when the inspectors have had their last word, `onVerdict` before it if they found something. */
  finish(done: () => void): void {
    if (this.#first !== undefined) this.#typeIs(this.#first);
    if (this.#hash !== undefined) this.sha256 = this.#hash.digest('hex');
    if (this.#inspection === undefined) {
      done();
      return;
    }
    this.#inspection.finish((verdict) => {
      this.#said(verdict);
      done();
    }, this.sha256);
  }

  abandon(): void {
    this.onVerdict = undefined;
    if (this.#first !== undefined && this.#first.length > 0) this.#typeIs(this.#first);
    this.#inspection?.abandon();
  }
}
