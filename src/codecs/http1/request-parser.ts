// Request heads: request line (RFC 9112 s3), target and Host (s3.2, s3.3), and what frames the body (s6). Sans I/O; the
// body is read by chunked.ts or counted by the gateway. Never guesses: what has two readings is refused.
import { Authority } from './authority.ts';
import { CR, HT, LF, SP, targetClass, tokenClass } from './char-classes.ts';
import { FramingFields } from './framing.ts';
import { HeadReader } from './head-reader.ts';
import { HeaderId } from './header-names.ts';
import { defaultHttp1Limits, type Http1Limits } from './limits.ts';
import { NEED_MORE, RequestHead } from './messages.ts';
import { TargetReader } from './normalization.ts';
import { defaultHttp1Settings, type Http1Settings } from './settings.ts';
import type { ViolationName } from './violations.ts';

const IN_METHOD = 0;
const IN_TARGET = 1;
const IN_VERSION = 2;
const versionPrefix = 'HTTP/';
const knownMethods = ['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'CONNECT', 'TRACE'];

export class RequestParser extends HeadReader {
  /** Valid after push() returned an offset, until the next push(). */
  readonly head: RequestHead;

  readonly #framing: FramingFields;
  readonly #target: TargetReader;
  readonly #hostAuthority = new Authority();
  readonly #targetAuthority = new Authority();
  readonly #maxLine: number;
  #phase = IN_METHOD;
  #methodEnd = 0;
  #targetEnd = 0;
  #minorVersion: 0 | 1 = 1;

  constructor(settings: Readonly<Http1Settings> = defaultHttp1Settings, limits: Readonly<Http1Limits> = defaultHttp1Limits) {
    const head = new RequestHead();
    super(head.headers, 'client', settings, limits, false);
    this.head = head;
    this.maxBytes = limits.maxHeadBytes;
    this.skipsLeadingCrlf = true;
    this.#framing = new FramingFields(settings, true);
    this.#target = new TargetReader(settings);
    this.#maxLine = limits.maxRequestLineBytes;
  }

  protected override begin(): void {
    this.beginFields();
    this.#phase = IN_METHOD;
  }

  protected override startLine(bytes: Uint8Array, base: number, end: number): number {
    let pos = base + this.at;
    const lineStop = base + this.#maxLine < end ? base + this.#maxLine + 1 : end;
    if (this.#phase === IN_METHOD) {
      const maxMethod = this.limits.maxMethodBytes;
      const stop = base + maxMethod < lineStop ? base + maxMethod + 1 : lineStop;
      while (pos < stop && tokenClass[bytes[pos] as number] === 1) pos++;
      if (pos === stop) {
        if (pos - base > maxMethod) return this.refuseLimit('maxMethodBytes', pos - base, pos - base);
        return this.#suspend(pos, base);
      }
      if (bytes[pos] !== SP || pos === base) return this.#badMethodByte(bytes[pos] as number, pos - base);
      if (pos - base === 3 && bytes[base] === 0x50 && bytes[base + 1] === 0x52 && bytes[base + 2] === 0x49) return this.refuse('http2-preface', 0);
      this.#methodEnd = pos - base;
      this.#phase = IN_TARGET;
      pos++;
    }
    if (this.#phase === IN_TARGET) {
      while (pos < lineStop && targetClass[bytes[pos] as number] === 1) pos++;
      if (pos === lineStop) return this.#suspend(pos, base);
      if (bytes[pos] !== SP || pos - base === this.#methodEnd + 1) return this.#badTargetByte(bytes[pos] as number, pos - base);
      this.#targetEnd = pos - base;
      this.#phase = IN_VERSION;
      pos++;
    }
    return this.#version(bytes, base, pos, end);
  }

  #suspend(pos: number, base: number): number {
    this.at = pos - base;
    return pos - base > this.#maxLine ? this.refuseLimit('maxRequestLineBytes', pos - base, pos - base) : NEED_MORE;
  }

  /** `HTTP/1.1` and CRLF at `at`. At most ten bytes are looked at again when they come in pieces. */
  #version(bytes: Uint8Array, base: number, at: number, end: number): number {
    for (let i = 0; i < 8; i++) {
      if (at + i >= end) {
        this.at = at - base;
        return NEED_MORE;
      }
      const c = bytes[at + i] as number;
      const isDigit = c >= 0x30 && c <= 0x39;
      const fits = i < 5 ? c === versionPrefix.charCodeAt(i) : i === 6 ? c === 0x2e : isDigit;
      if (!fits) return this.#badVersionByte(c, i, at + i - base);
    }
    const minor = bytes[at + 7] as number;
    if (bytes[at + 5] !== 0x31 || minor > 0x31) return this.refuse('version-unsupported', at + 7 - base);
    this.#minorVersion = minor === 0x31 ? 1 : 0;
    const last = at + 8;
    if (last < end && bytes[last] !== CR) return this.#badVersionByte(bytes[last] as number, 8, last - base);
    if (last + 1 >= end) {
      this.at = at - base;
      return NEED_MORE;
    }
    if (bytes[last + 1] !== LF) return this.refuse('bare-cr', last - base);
    if (last - base > this.#maxLine) return this.refuseLimit('maxRequestLineBytes', last - base, last - base);
    return last + 2;
  }

  #badMethodByte(byte: number, offset: number): number {
    if (byte === 0x16 && offset === 0) return this.refuse('tls-client-hello', 0);
    if (byte === LF) return this.refuse('bare-lf', offset);
    if (byte === 0) return this.refuse('nul', offset);
    return this.refuse(byte === SP || byte === HT || byte === CR ? 'request-line-malformed' : 'method-invalid', offset);
  }

  #badTargetByte(byte: number, offset: number): number {
    if (byte === LF) return this.refuse('bare-lf', offset);
    if (byte === 0) return this.refuse('nul', offset);
    if (byte === CR) return this.refuse(offset === this.#methodEnd + 1 ? 'request-line-malformed' : 'http09', offset);
    return this.refuse(byte === SP || byte === HT ? 'request-line-malformed' : 'target-invalid', offset);
  }

  #badVersionByte(byte: number, index: number, offset: number): number {
    if (byte === LF) return this.refuse('bare-lf', offset);
    if (byte === 0) return this.refuse('nul', offset);
    if (byte === CR && index === 0) return this.refuse('http09', offset);
    const malformedLine = (index === 0 || index === 8) && (byte === SP || byte === HT);
    return this.refuse(malformedLine ? 'request-line-malformed' : 'version-malformed', offset);
  }

  protected override finish(text: string): number {
    const head = this.head;
    head.headers.text = text;
    head.headBytes = text.length;
    head.minorVersion = this.#minorVersion;
    head.method = this.#methodOf(text);
    const target = text.slice(this.#methodEnd + 1, this.#targetEnd);
    head.target = target;
    const reader = this.#target;
    let refused = reader.read(text, this.#methodEnd + 1, this.#targetEnd, target, head.method);
    if (refused !== undefined) return this.refuse(refused, this.#methodEnd + 1);
    head.targetForm = reader.form;
    head.scheme = reader.scheme;
    head.path = reader.path;
    head.rawPath = reader.rawPath;
    head.query = reader.query;
    const framing = this.#framing;
    refused = framing.read(head.headers, text);
    if (refused === undefined && this.repeated) refused = framing.readRepeated(head.headers);
    if (refused === undefined) refused = this.#readAuthority();
    if (refused === undefined) refused = this.#readFraming();
    return refused === undefined ? 0 : this.refuse(refused, this.#targetEnd + 11);
  }

  #methodOf(text: string): string {
    if (this.#methodEnd === 3 && text.charCodeAt(0) === 0x47 && text.charCodeAt(1) === 0x45 && text.charCodeAt(2) === 0x54) return 'GET';
    const method = text.slice(0, this.#methodEnd);
    const known = knownMethods.indexOf(method);
    return known < 0 ? method : (knownMethods[known] as string);
  }

  /** RFC 9112 s3.2, s3.3: Host, and the target's authority where it has one. */
  #readAuthority(): ViolationName | undefined {
    const head = this.head;
    const hostLine = this.#framing.hostLine;
    const fromHost = this.#hostAuthority;
    if (hostLine < 0) {
      if (head.minorVersion === 1 || this.settings.missingHost === 'reject') return 'host-missing';
      fromHost.clear();
      head.authority = '';
    } else {
      const value = head.headers.value(hostLine);
      const refused = fromHost.read(value);
      if (refused !== undefined) return refused;
      head.authority = value;
    }
    head.host = fromHost.host;
    head.port = fromHost.port;
    if (head.targetForm !== 'absolute' && head.targetForm !== 'authority') return undefined;
    const inTarget = this.#targetAuthority;
    const refused = inTarget.read(this.#target.authority);
    if (refused !== undefined) return refused;
    const authorityForm = head.targetForm === 'authority';
    if (authorityForm && inTarget.port === 0) return 'host-port';
    if (hostLine >= 0 && this.settings.absoluteFormHostMismatch === 'reject') {
      const assumed = head.scheme === 'https' ? 443 : head.scheme === 'http' ? 80 : inTarget.port;
      if (inTarget.host !== fromHost.host || (inTarget.port || assumed) !== (fromHost.port || assumed)) return 'host-mismatch';
    }
    head.host = inTarget.host;
    head.port = inTarget.port;
    head.authority = this.#target.authority;
    return undefined;
  }

  /** RFC 9112 s6.1, s6.3, s9.3; RFC 9110 s7.8, s9.3, s10.1.1. */
  #readFraming(): ViolationName | undefined {
    const head = this.head;
    const framing = this.#framing;
    const version10 = head.minorVersion === 0;
    if (framing.chunked) {
      if (version10) return 'transfer-encoding-http10';
      head.framing = 'chunked';
      head.contentLength = -1;
    } else if (framing.contentLength >= 0) {
      head.framing = 'length';
      head.contentLength = framing.contentLength;
    } else {
      head.framing = 'none';
      head.contentLength = 0;
    }
    if (head.framing !== 'none') {
      const method = head.method;
      if (method === 'CONNECT') return 'content-in-connect';
      const content = head.contentLength !== 0;
      if (content && method === 'TRACE') return 'content-in-trace';
      if (content && (method === 'GET' || method === 'HEAD') && this.settings.getWithBody === 'reject') return 'content-in-get';
    }
    head.keepAlive = version10 ? framing.keepAlive && !framing.close : !framing.close;
    head.expectContinue = framing.expectContinue && !version10;
    head.connectionNominates = framing.nominates;
    head.upgrade = framing.upgrade && !version10 && head.headers.has(HeaderId.Upgrade)
      ? head.headers.getAll(HeaderId.Upgrade).join(', ').toLowerCase() : undefined;
    return undefined;
  }
}
