// Scans field lines (RFC 9112 s5) into a HeaderBlock, resumable at any byte: the state is kept between calls, so feeding
// byte by byte costs no more than feeding whole. Judges bytes and lines only; what the fields mean is for framing.ts.
// Whether a message is accepted, and where it is refused, depends on its bytes alone and never on how they were cut.
import { asciiValueClass, COLON, CR, HT, LF, SP, tokenClass, valueClass } from './char-classes.ts';
import { headerIdOf, headerIdOfBytes } from './header-names.ts';
import type { Http1Limits } from './limits.ts';
import { NEED_MORE, VIOLATION, type HeaderBlock, type Http1Fault, type Side } from './messages.ts';
import type { Http1Settings } from './settings.ts';
import { limitReached, violation, type ViolationName } from './violations.ts';

/** scanFields(): an obs-fold must be overwritten; call again with bytes that may be changed. */
export const NEED_COPY = -3;

const AT_LINE = 0;
const IN_NAME = 1;
const IN_VALUE = 2;

/** The buffer that was scanned last, as words: reads land in the same one nearly always. */
let words: DataView = new DataView(new ArrayBuffer(0));
let wordsOf: Uint8Array | undefined = undefined;

/** Passes over bytes that are plain in every setting (0x20 to 0x7e), four at a time; stops at or a little before the first other. */
function pastPlainWords(bytes: Uint8Array, pos: number, stop: number): number {
  if (bytes !== wordsOf) {
    words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    wordsOf = bytes;
  }
  const view = words;
  for (; pos + 4 <= stop; pos += 4) {
    const word = view.getInt32(pos, true);
    // A high bit shows: below 0x20 in the difference, 0x7f in the sum, 0x80 and above as it is.
    if ((((word - 0x20202020) | (word + 0x01010101) | word) & 0x80808080) !== 0) break;
  }
  return pos;
}

export class FieldScanner {
  fault: Http1Fault | undefined = undefined;
  /** Set when a well-known field occurred more than once. */
  repeated = false;

  protected readonly side: Side;
  protected readonly limits: Readonly<Http1Limits>;
  protected readonly settings: Readonly<Http1Settings>;
  /** Where scanning goes on, relative to the head's first byte. */
  protected at = 0;

  readonly #headers: HeaderBlock;
  readonly #maxLines: number;
  readonly #countLimit: 'maxHeaderCount' | 'maxTrailerCount';
  readonly #maxLineBytes: number;
  readonly #maxNameBytes: number;
  readonly #valueClass: Uint8Array;
  #phase = AT_LINE;
  #lineStart = 0;
  #nameEnd = 0;
  #lines = 0;
  #folded = false;
  /** The line before was left out of the block: it must not be copied along with its neighbours. */
  #gap = false;

  constructor(headers: HeaderBlock, side: Side, settings: Readonly<Http1Settings>, limits: Readonly<Http1Limits>, trailers: boolean) {
    this.side = side;
    this.settings = settings;
    this.limits = limits;
    this.#headers = headers;
    this.#countLimit = trailers ? 'maxTrailerCount' : 'maxHeaderCount';
    this.#maxLines = limits[this.#countLimit];
    this.#maxLineBytes = limits.maxHeaderLineBytes;
    this.#maxNameBytes = limits.maxHeaderNameBytes;
    this.#valueClass = settings.nonAsciiInHeaderValue === 'pass' ? valueClass : asciiValueClass;
  }

  protected beginFields(): void {
    this.fault = undefined;
    this.repeated = false;
    this.at = 0;
    this.#phase = AT_LINE;
    this.#lines = 0;
    this.#folded = false;
    this.#gap = false;
    this.#headers.clear();
  }

  protected refuse(name: ViolationName, offset: number): typeof VIOLATION {
    this.fault = violation(name, this.side, offset);
    return VIOLATION;
  }

  protected refuseLimit(limit: keyof Http1Limits, seen: number, offset: number): typeof VIOLATION {
    this.fault = limitReached(limit, this.limits[limit], seen, this.side, offset);
    return VIOLATION;
  }

  #suspend(phase: number, at: number, lineStart: number, nameEnd: number): typeof NEED_MORE {
    this.#phase = phase;
    this.at = at;
    this.#lineStart = lineStart;
    this.#nameEnd = nameEnd;
    return NEED_MORE;
  }

  /** Scans from base + this.at; returns the offset behind the empty line, NEED_MORE, NEED_COPY or VIOLATION. */
  protected scanFields(bytes: Uint8Array, base: number, end: number, mayChange: boolean): number {
    const tokens = tokenClass;
    const values = this.#valueClass;
    const maxName = this.#maxNameBytes;
    const maxLine = this.#maxLineBytes;
    let pos = base + this.at;
    let phase = this.#phase;
    let mark = base + this.#lineStart;
    let nameEnd = base + this.#nameEnd;
    for (;;) {
      if (phase === AT_LINE) {
        if (pos >= end) return this.#suspend(AT_LINE, pos - base, 0, 0);
        const first = bytes[pos] as number;
        if (first === CR) {
          if (pos + 1 >= end) return this.#suspend(AT_LINE, pos - base, 0, 0);
          return bytes[pos + 1] === LF ? pos + 2 : this.refuse('bare-cr', pos - base);
        }
        mark = pos;
        phase = IN_NAME;
        if (first === SP || first === HT) {
          const refused = this.#fold(bytes, base, pos, mayChange);
          if (refused !== 0) return refused;
          mark = base + this.#lineStart;
          nameEnd = base + this.#nameEnd;
          phase = IN_VALUE;
        } else if (first === LF) {
          return this.settings.bareLf !== 'reject' && this.side === 'server' ? pos + 1 : this.refuse('bare-lf', pos - base);
        }
      }
      if (phase === IN_NAME) {
        const stop = mark + maxName < end ? mark + maxName + 1 : end;
        while (pos < stop && tokens[bytes[pos] as number] === 1) pos++;
        if (pos === stop) {
          return pos - mark > maxName ? this.refuseLimit('maxHeaderNameBytes', pos - mark, pos - base) : this.#suspend(IN_NAME, pos - base, mark - base, 0);
        }
        nameEnd = pos;
        if (bytes[pos] !== COLON) {
          const colon = this.#spaceBeforeColon(bytes, base, mark, pos, end);
          if (colon === NEED_MORE) return this.#suspend(IN_NAME, nameEnd - base, mark - base, 0);
          if (colon < 0) return colon;
          pos = colon;
        }
        if (nameEnd === mark) return this.refuse('header-name-empty', pos - base);
        pos++;
        phase = IN_VALUE;
      }
      const stop = mark + maxLine < end ? mark + maxLine + 1 : end;
      pos = pastPlainWords(bytes, pos, stop);
      while (pos < stop && values[bytes[pos] as number] === 1) pos++;
      if (pos === stop) {
        return pos - mark > maxLine ? this.refuseLimit('maxHeaderLineBytes', pos - mark, pos - base)
          : this.#suspend(IN_VALUE, pos - base, mark - base, nameEnd - base);
      }
      const last = bytes[pos] as number;
      let next = pos + 2;
      if (last === CR) {
        if (pos + 1 >= end) return this.#suspend(IN_VALUE, pos - base, mark - base, nameEnd - base);
        if (bytes[pos + 1] !== LF) return this.refuse('bare-cr', pos - base);
      } else {
        if (last !== LF || this.settings.bareLf === 'reject' || this.side === 'client') return this.#badValueByte(last, pos - base);
        next = pos + 1;
      }
      // The line is complete: trim optional white space and note it.
      let valueStart = bytes[nameEnd] === COLON ? nameEnd + 1 : nameEnd + 2;
      while (valueStart < pos && (bytes[valueStart] === SP || bytes[valueStart] === HT)) valueStart++;
      let valueEnd = pos;
      while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HT)) valueEnd--;
      if (++this.#lines > this.#maxLines) return this.refuseLimit(this.#countLimit, this.#lines, pos - base);
      const id = headerIdOfBytes(bytes, mark, nameEnd);
      const canonical = valueEnd === pos && valueStart === nameEnd + 2 && bytes[nameEnd + 1] === SP && bytes[nameEnd] === COLON && next === pos + 2
        && !this.#gap && !this.#folded;
      this.#folded = false;
      this.#gap = false;
      if (id === 0) {
        const verdict = this.side === 'client' ? this.#underscore(bytes, base, mark, nameEnd) : 0;
        if (verdict === VIOLATION) return VIOLATION;
        if (verdict === 1) this.#gap = true;
        else this.#headers.add(0, canonical, mark - base, nameEnd - mark, valueStart - base, valueEnd - base);
      } else {
        if (this.#headers.has(id)) this.repeated = true;
        this.#headers.add(id, canonical, mark - base, nameEnd - mark, valueStart - base, valueEnd - base);
      }
      pos = next;
      phase = AT_LINE;
    }
  }

  #badValueByte(byte: number, offset: number): typeof VIOLATION {
    if (byte === LF) return this.refuse('bare-lf', offset);
    if (byte === 0) return this.refuse('nul', offset);
    return this.refuse(byte >= 0x80 ? 'header-value-non-ascii' : 'header-value-control', offset);
  }

  /** The byte behind a name is not a colon. Returns the colon's offset when a setting lets white space stand before it. */
  #spaceBeforeColon(bytes: Uint8Array, base: number, mark: number, pos: number, end: number): number {
    const byte = bytes[pos] as number;
    if (byte === SP || byte === HT) {
      if (pos === mark || this.settings.spaceBeforeColon === 'reject' || this.side === 'client') return this.refuse('header-space-before-colon', pos - base);
      // One blank at most: enough for the servers that need it, and no scanning that would have to be resumed.
      if (pos + 1 >= end) return NEED_MORE;
      return bytes[pos + 1] === COLON ? pos + 1 : this.refuse('header-space-before-colon', pos - base);
    }
    if (byte === LF) return this.refuse('bare-lf', pos - base);
    if (byte === 0) return this.refuse('nul', pos - base);
    return this.refuse('header-name-invalid', pos - base);
  }

  /** White space at the start of a line. 0: unfolded, the line before is open again. RFC 9112 s5.2. */
  #fold(bytes: Uint8Array, base: number, pos: number, mayChange: boolean): number {
    const count = this.#headers.count;
    if (this.#lines === 0) return this.refuse('header-leading-space', pos - base);
    if (this.settings.obsFold === 'reject' || this.side === 'client' || this.#gap) return this.refuse('header-line-folded', pos - base);
    if (!mayChange) {
      this.#suspend(AT_LINE, pos - base, 0, 0);
      return NEED_COPY;
    }
    bytes[pos - 1] = SP;
    if (bytes[pos - 2] === CR) bytes[pos - 2] = SP;
    const at = (count - 1) << 2;
    const table = this.#headers.table;
    const nameStart = table[at + 1] as number;
    this.#lineStart = nameStart;
    this.#nameEnd = nameStart + ((table[at] as number) >>> 16);
    this.#headers.count = count - 1;
    this.#lines--;
    this.#folded = true;
    return 0;
  }

  /** 0: keep the line; 1: leave it out; VIOLATION. */
  #underscore(bytes: Uint8Array, base: number, mark: number, nameEnd: number): number {
    let at = mark;
    while (at < nameEnd && bytes[at] !== 0x5f) at++;
    if (at === nameEnd) return 0;
    const setting = this.settings.underscoreInHeaderName;
    if (setting === 'reject') return this.refuse('header-name-underscore', at - base);
    if (setting === 'drop') return 1;
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + mark, nameEnd - mark).toString('latin1');
    return headerIdOf(name.replaceAll('_', '-')) === 0 ? 0 : this.refuse('header-name-underscore', at - base);
  }
}
