// Wire code of a protocol for tests: lines `VERB object` in, one line back for each. No specification but this comment: CRLF
// ends a line; a bare CR or LF, a NUL, or a line that is too long is a violation. A real codec has a file for each part.
import type { Failure } from '#core/failure.ts';

export const defaultLineLimits = { maxLineBytes: 256 };
export type LineLimits = typeof defaultLineLimits;
export const NEED_MORE = -1;
export const FAULT = -2;

/** Reads one line at a time, however the bytes are cut. */
export class LineParser {
  line = '';
  fault: Failure | undefined = undefined;
  #text = '';
  readonly #limits: LineLimits;
  readonly #side: 'client' | 'server';

  constructor(limits: LineLimits, side: 'client' | 'server') {
    this.#limits = limits;
    this.#side = side;
  }

  /** Offset behind the line that is now in `line`, NEED_MORE, or FAULT. */
  push(bytes: Buffer, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      const behindCr = this.#text.endsWith('\r');
      if (byte === 0 || (byte === 10) !== behindCr) return this.#broken('line.syntax', 'violation', 'bare CR or LF, or NUL');
      if (byte === 10) {
        this.line = this.#text.slice(0, -1);
        this.#text = '';
        return at + 1;
      }
      this.#text += String.fromCharCode(byte);
      if (this.#text.length - (byte === 13 ? 1 : 0) > this.#limits.maxLineBytes) {
        return this.#broken('line.maxLineBytes', 'limit', `a line of more than ${this.#limits.maxLineBytes} bytes`);
      }
    }
    return NEED_MORE;
  }

  #broken(code: string, kind: 'violation' | 'limit', message: string): number {
    const side = this.#side;
    this.fault = kind === 'violation' ? { kind, code, side, message, spec: 'this file', offset: 0 }
      : { kind, code, side, message, maximum: this.#limits.maxLineBytes, seen: this.#text.length };
    return FAULT;
  }
}
