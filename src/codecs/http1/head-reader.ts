// What request, response and trailer parsing share: bytes pushed in pieces, one head out. Keeps an unfinished head in a
// store of its own (bytes of a head that comes whole are never copied), skips leading CRLFs, holds the head limit.
// Does not know what a start line looks like (the subclasses do). RFC 9112 s2.2.
import { CR, LF } from './char-classes.ts';
import { FieldScanner, NEED_COPY } from './field-scanner.ts';
import { NEED_MORE, VIOLATION } from './messages.ts';

/** Buffer with the binding that Node documents only through toString('latin1'), which costs two more calls. */
interface Latin1 { latin1Slice(start: number, end: number): string }

const firstStoreBytes = 1024;

export abstract class HeadReader extends FieldScanner {
  protected maxBytes = 0;
  protected maxBytesLimit: 'maxHeadBytes' | 'maxTrailerBytes' = 'maxHeadBytes';
  /** Whether the start line is complete. */
  protected inFields = false;
  protected skipsLeadingCrlf = false;

  #store: Buffer | undefined = undefined;
  #stored = 0;
  #started = false;
  #refused = false;
  #leadingCr = false;
  #leadingCrlfs = 0;

  /** Clears the head and all state of the start line. */
  protected abstract begin(): void;
  /** Scans the start line from base + this.at; returns the offset behind its CRLF, NEED_MORE or VIOLATION. */
  protected abstract startLine(bytes: Uint8Array, base: number, end: number): number;
  /** All lines are in; `text` is the whole head. Decides what they mean; returns VIOLATION or anything else. */
  protected abstract finish(text: string): number;

  /** Bytes of an unfinished head kept inside. */
  get pendingBytes(): number {
    return this.#stored > 0 ? this.#stored : Number(this.#leadingCr);
  }

  reset(): void {
    this.#drop();
    this.#refused = false;
    this.#leadingCr = false;
    this.#leadingCrlfs = 0;
    this.fault = undefined;
  }

  /**
   * Reads bytes[start, end). Returns the offset just behind the head, NEED_MORE (everything was taken) or VIOLATION
   * (`fault` says which, and stays until reset()).
   */
  push(bytes: Buffer, start: number, end: number): number {
    if (this.#refused) return VIOLATION;
    if (!this.#started) {
      if (this.skipsLeadingCrlf && start < end && (this.#leadingCr || bytes[start] === CR)) {
        start = this.#skipLeadingCrlf(bytes, start, end);
        if (start < 0) return VIOLATION;
      }
      if (start >= end) return NEED_MORE;
      this.begin();
      this.inFields = false;
      this.#started = true;
    }
    let source = bytes;
    let base = start;
    let before = 0;
    let available = end;
    if (this.#stored > 0) {
      before = this.#stored;
      source = this.#append(bytes, start, end);
      base = 0;
      available = this.#stored;
    }
    for (;;) {
      const capped = available - base > this.maxBytes ? base + this.maxBytes : available;
      let at = NEED_MORE;
      if (!this.inFields) {
        at = this.startLine(source, base, capped);
        if (at >= 0) {
          this.inFields = true;
          this.at = at - base;
        }
      }
      if (this.inFields) at = this.scanFields(source, base, capped, source !== bytes);
      if (at >= 0) {
        const text = (source as unknown as Latin1).latin1Slice(base, at);
        if (this.#stored > 0) this.#drop();
        this.#started = false;
        this.#leadingCrlfs = 0;
        if (this.finish(text) === VIOLATION) return this.#refuse();
        return start + (at - base) - before;
      }
      if (at === VIOLATION) return this.#refuse();
      if (at === NEED_MORE && capped - base >= this.maxBytes) {
        this.refuseLimit(this.maxBytesLimit, this.maxBytes + 1, this.maxBytes);
        return this.#refuse();
      }
      if (source === bytes) {
        source = this.#append(bytes, start, end);
        base = 0;
        available = this.#stored;
      }
      if (at !== NEED_COPY) return NEED_MORE;
    }
  }

  #refuse(): typeof VIOLATION {
    this.#drop();
    this.#refused = true;
    return VIOLATION;
  }

  #drop(): void {
    // The store is given back: an idle connection should hold nothing (RFC 9112 s9.3 connections idle for long).
    this.#store = undefined;
    this.#stored = 0;
    this.#started = false;
  }

  /** Adds bytes to the store, never more than one head may have; doubling keeps the copying linear. */
  #append(bytes: Buffer, start: number, end: number): Buffer {
    const wanted = Math.min(this.maxBytes, this.#stored + end - start);
    let store = this.#store;
    if (store === undefined || store.length < wanted) {
      const larger = Buffer.allocUnsafeSlow(Math.max(wanted, firstStoreBytes, store === undefined ? 0 : Math.min(store.length * 2, this.maxBytes)));
      if (store !== undefined) store.copy(larger, 0, 0, this.#stored);
      store = larger;
      this.#store = larger;
    }
    bytes.copy(store, this.#stored, start, start + wanted - this.#stored);
    this.#stored = wanted;
    return store;
  }

  #skipLeadingCrlf(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end) {
      if (this.#leadingCr) {
        if (bytes[at] !== LF) return this.#refuseLeading('bare-cr');
        this.#leadingCr = false;
        if (++this.#leadingCrlfs > this.limits.maxLeadingCrlf) {
          this.refuseLimit('maxLeadingCrlf', this.#leadingCrlfs, 0);
          return this.#refuse();
        }
      } else {
        if (bytes[at] !== CR) return at;
        if (this.settings.leadingCrlf === 'reject') return this.#refuseLeading('leading-crlf');
        this.#leadingCr = true;
      }
      at++;
    }
    return at;
  }

  #refuseLeading(name: 'bare-cr' | 'leading-crlf'): number {
    this.refuse(name, 0);
    return this.#refuse();
  }
}
