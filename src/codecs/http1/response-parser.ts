// Response heads: status line (RFC 9112 s4) and what frames the body, which depends on the request's method (s6.3). Sans
// I/O. As strict as requests about framing; tolerant only where settings.ts says so.
import { CR, LF, SP, valueClass } from './char-classes.ts';
import { FramingFields } from './framing.ts';
import { HeadReader } from './head-reader.ts';
import { HeaderId } from './header-names.ts';
import { defaultHttp1Limits, type Http1Limits } from './limits.ts';
import { NEED_MORE, ResponseHead } from './messages.ts';
import { defaultHttp1Settings, type Http1Settings } from './settings.ts';
import type { ViolationName } from './violations.ts';

const prefix = 'HTTP/';
/** `HTTP/1.1 200` */
const fixedBytes = 12;

export class ResponseParser extends HeadReader {
  /** Valid after push() returned an offset, until the next push(). */
  readonly head: ResponseHead;

  readonly #framing: FramingFields;
  readonly #maxLine: number;
  #requestMethod = 'GET';
  #reasonStart = 0;
  #reasonEnd = 0;
  #fixedDone = false;

  constructor(settings: Readonly<Http1Settings> = defaultHttp1Settings, limits: Readonly<Http1Limits> = defaultHttp1Limits) {
    const head = new ResponseHead();
    super(head.headers, 'server', settings, limits, false);
    this.head = head;
    this.maxBytes = limits.maxHeadBytes;
    this.#framing = new FramingFields(settings, false);
    this.#maxLine = limits.maxRequestLineBytes;
  }

  /** The method of the request that the next heads answer (interim ones and the final one). Call before push(). */
  expect(requestMethod: string): void {
    this.#requestMethod = requestMethod;
  }

  protected override begin(): void {
    this.beginFields();
    this.#fixedDone = false;
  }

  protected override startLine(bytes: Uint8Array, base: number, end: number): number {
    let pos = base + this.at;
    if (!this.#fixedDone) {
      const refused = this.#fixedPart(bytes, base, end);
      if (refused !== 0) return refused;
      pos = base + this.at;
      this.#fixedDone = true;
    }
    const stop = base + this.#maxLine < end ? base + this.#maxLine + 1 : end;
    while (pos < stop && valueClass[bytes[pos] as number] === 1) pos++;
    if (pos === stop) {
      this.at = pos - base;
      return pos - base > this.#maxLine ? this.refuseLimit('maxRequestLineBytes', pos - base, pos - base) : NEED_MORE;
    }
    this.#reasonEnd = pos - base;
    const last = bytes[pos] as number;
    if (last === CR) {
      if (pos + 1 >= end) {
        this.at = pos - base;
        return NEED_MORE;
      }
      return bytes[pos + 1] === LF ? pos + 2 : this.refuse('bare-cr', pos - base);
    }
    if (last === LF) return this.settings.bareLf === 'reject' ? this.refuse('bare-lf', pos - base) : pos + 1;
    return this.refuse(last === 0 ? 'nul' : 'reason-invalid', pos - base);
  }

  /** Version, space and three digits, then the space before the reason (or the line's end). 0: done. */
  #fixedPart(bytes: Uint8Array, base: number, end: number): number {
    for (let i = 0; i < fixedBytes; i++) {
      if (base + i >= end) return NEED_MORE;
      const c = bytes[base + i] as number;
      const isDigit = c >= 0x30 && c <= 0x39;
      const fits = i < 5 ? c === prefix.charCodeAt(i) : i === 6 ? c === 0x2e : i === 8 ? c === SP : isDigit;
      if (!fits) return this.refuse(i < 8 ? 'version-malformed' : 'status-line-malformed', i);
    }
    if (bytes[base + 5] !== 0x31 || (bytes[base + 7] as number) > 0x31) return this.refuse('version-unsupported', 7);
    const hundreds = bytes[base + 9] as number;
    if (hundreds < 0x31 || hundreds > 0x35) return this.refuse('status-out-of-range', 9);
    if (base + fixedBytes >= end) return NEED_MORE;
    const next = bytes[base + fixedBytes] as number;
    this.head.minorVersion = bytes[base + 7] === 0x31 ? 1 : 0;
    this.head.status = (hundreds - 0x30) * 100 + ((bytes[base + 10] as number) - 0x30) * 10 + (bytes[base + 11] as number) - 0x30;
    if (next === SP) {
      this.#reasonStart = fixedBytes + 1;
      this.at = fixedBytes + 1;
      return 0;
    }
    if ((next !== CR && next !== LF) || this.settings.missingReasonSpace === 'reject') return this.refuse('status-line-malformed', fixedBytes);
    this.#reasonStart = fixedBytes;
    this.at = fixedBytes;
    return 0;
  }

  protected override finish(text: string): number {
    const head = this.head;
    head.headers.text = text;
    head.headBytes = text.length;
    const isOk = head.status === 200 && this.#reasonEnd - this.#reasonStart === 2;
    head.reason = isOk && text.charCodeAt(this.#reasonStart) === 0x4f && text.charCodeAt(this.#reasonStart + 1) === 0x4b
      ? 'OK' : text.slice(this.#reasonStart, this.#reasonEnd);
    let refused = this.#framing.read(head.headers, text);
    if (refused === undefined && this.repeated) refused = this.#framing.readRepeated(head.headers);
    if (refused === undefined) refused = this.#readFraming();
    return refused === undefined ? 0 : this.refuse(refused, this.#reasonEnd + 2);
  }

  /** RFC 9112 s6.3, in its order. */
  #readFraming(): ViolationName | undefined {
    const head = this.head;
    const framing = this.#framing;
    const status = head.status;
    const version10 = head.minorVersion === 0;
    head.interim = status < 200 && status !== 101;
    head.contentLength = framing.contentLength;
    head.connectionNominates = framing.nominates;
    head.keepAlive = version10 ? framing.keepAlive && !framing.close : !framing.close;
    head.upgrade = status === 101 && head.headers.has(HeaderId.Upgrade) ? head.headers.getAll(HeaderId.Upgrade).join(', ').toLowerCase() : undefined;
    head.framing = 'none';
    if (framing.chunked && version10) return 'transfer-encoding-http10';
    if (status < 200 || status === 204) {
      if (framing.chunked) return 'transfer-encoding-without-content';
      return framing.contentLength > 0 && this.settings.contentLengthWithoutContent === 'reject' ? 'content-length-without-content' : undefined;
    }
    if (this.#requestMethod === 'HEAD' || status === 304) return undefined;
    // RFC 9110 s9.3.6: a 2xx to CONNECT opens the tunnel; framing fields are ignored.
    if (this.#requestMethod === 'CONNECT' && status < 300) return undefined;
    if (framing.chunked) head.framing = 'chunked';
    else if (framing.contentLength >= 0) head.framing = 'length';
    else {
      head.framing = 'close';
      head.keepAlive = false;
    }
    return undefined;
  }
}
