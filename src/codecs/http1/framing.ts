// What the connection and framing fields of a head say: Content-Length, Transfer-Encoding, Connection, Expect, and
// which fields may not repeat. Reads them once from the head's text; the message rules that combine them with method,
// version and status are in request-parser.ts and response-parser.ts. RFC 9112 s6, RFC 9110 s7.6.1, s8.6, s10.1.1.
import { tokenClass } from './char-classes.ts';
import { HeaderId, headerIdOf } from './header-names.ts';
import type { HeaderBlock } from './messages.ts';
import type { Http1Settings } from './settings.ts';
import type { ViolationName } from './violations.ts';

/** Well-known fields that a peer may name in Connection: those that are hop-by-hop anyway. */
const hopByHop = new Set<number>([
  HeaderId.TE, HeaderId.Upgrade, HeaderId.KeepAlive, HeaderId.ProxyConnection, HeaderId.HTTP2Settings, HeaderId.Trailer, HeaderId.TransferEncoding,
]);

/** Fields that are defined to occur once in a request; Host, Content-Length and Transfer-Encoding have rules of their own. */
const requestSingletons: readonly number[] = [
  HeaderId.ContentType, HeaderId.Authorization, HeaderId.ProxyAuthorization, HeaderId.UserAgent, HeaderId.Referer, HeaderId.Range, HeaderId.IfModifiedSince,
  HeaderId.IfUnmodifiedSince, HeaderId.IfRange, HeaderId.Origin, HeaderId.Date, HeaderId.MaxForwards, HeaderId.From, HeaderId.Expect, HeaderId.ContentRange,
  HeaderId.SecWebSocketKey, HeaderId.SecWebSocketVersion, HeaderId.HTTP2Settings, HeaderId.XForwardedHost, HeaderId.XForwardedProto, HeaderId.XForwardedPort,
  HeaderId.XHttpMethodOverride, HeaderId.XMethodOverride, HeaderId.XOriginalUrl, HeaderId.XRewriteUrl,
];
const responseSingletons: readonly number[] = [HeaderId.ContentType, HeaderId.Location];

export class FramingFields {
  /** Value of Content-Length, -1 when absent. */
  contentLength = -1;
  chunked = false;
  close = false;
  keepAlive = false;
  /** Connection lists upgrade. */
  upgrade = false;
  nominates = false;
  expectContinue = false;
  hostLine = -1;

  readonly #settings: Readonly<Http1Settings>;
  readonly #isRequest: boolean;
  #lengthText = '';
  #transferEncoding = false;

  constructor(settings: Readonly<Http1Settings>, isRequest: boolean) {
    this.#settings = settings;
    this.#isRequest = isRequest;
  }

  /** Reads the block. Returns the first violation in field order, undefined when all is well. */
  read(headers: HeaderBlock, text: string): ViolationName | undefined {
    this.contentLength = -1;
    this.chunked = false;
    this.close = false;
    this.keepAlive = false;
    this.upgrade = false;
    this.nominates = false;
    this.expectContinue = false;
    this.hostLine = -1;
    this.#transferEncoding = false;
    const table = headers.table;
    let refused: ViolationName | undefined;
    for (let i = 0, n = headers.count; i < n; i++) {
      const id = (table[i << 2] as number) & 0xff;
      if (id === 0 || id > HeaderId.Expect) continue;
      const start = table[(i << 2) + 2] as number;
      const end = table[(i << 2) + 3] as number;
      switch (id) {
        case HeaderId.Host:
          if (this.hostLine >= 0) return 'host-duplicate';
          this.hostLine = i;
          break;
        case HeaderId.Connection: refused = this.#readConnection(text, start, end); break;
        case HeaderId.ContentLength: refused = this.#readContentLength(text, start, end); break;
        case HeaderId.TransferEncoding: refused = this.#readTransferEncoding(text, start, end); break;
        case HeaderId.Expect: refused = this.#readExpect(text, start, end); break;
        default: break;
      }
      if (refused !== undefined) return refused;
    }
    if (this.#transferEncoding && this.contentLength >= 0) {
      if (this.#settings.contentLengthWithTransferEncoding === 'reject') return 'content-length-with-transfer-encoding';
      this.contentLength = -1;
      this.close = true;
    }
    return undefined;
  }

  /** Fields that occur more than once: only asked when the scanner saw any well-known one again. */
  readRepeated(headers: HeaderBlock): ViolationName | undefined {
    const setting = this.#isRequest ? this.#settings.duplicateSingletonHeader : this.#settings.duplicateSingletonInResponse;
    if (setting === 'pass') return undefined;
    for (const id of this.#isRequest ? requestSingletons : responseSingletons) {
      const first = headers.indexOf(id);
      if (first < 0) continue;
      for (let again = headers.indexOf(id, first + 1); again >= 0; again = headers.indexOf(id, first + 1)) {
        if (this.#isRequest) return 'header-duplicate';
        if (setting === 'reject' || headers.value(first) !== headers.value(again)) return 'header-duplicate-response';
        headers.remove(again);
      }
    }
    return undefined;
  }

  #readContentLength(text: string, start: number, end: number): ViolationName | undefined {
    let value = 0;
    let at = start;
    while (at < end) {
      const digit = text.charCodeAt(at) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      at++;
    }
    if (at < end || start === end) return this.#readLengthList(text.slice(start, end));
    // 2^53 - 1 has 16 digits; up to there the sum is exact enough to tell.
    if (end - start > 64 || value > Number.MAX_SAFE_INTEGER) return 'content-length-overflow';
    const digits = text.slice(start, end);
    if (this.contentLength >= 0 && (this.#settings.duplicateContentLength === 'reject' || digits !== this.#lengthText)) return 'content-length-duplicate';
    this.#lengthText = digits;
    this.contentLength = value;
    return undefined;
  }

  /** Not digits alone. RFC 9112 s6.3: a list of identical values may be taken as one, when the setting says so. */
  #readLengthList(value: string): ViolationName | undefined {
    const parts = value.split(',').map((part) => part.trim());
    if (parts.length < 2 || !parts.every((part) => /^\d{1,64}$/.test(part))) return 'content-length-invalid';
    const first = parts[0] as string;
    if (this.#settings.duplicateContentLength === 'reject' || !parts.every((part) => part === first)) return 'content-length-duplicate';
    return this.#readContentLength(first, 0, first.length);
  }

  /** RFC 9112 s6.1: the only coding that is understood is chunked, once. */
  #readTransferEncoding(text: string, start: number, end: number): ViolationName | undefined {
    if (this.#transferEncoding) return 'transfer-encoding-malformed';
    this.#transferEncoding = true;
    if (equalsIgnoringCase(text, start, end, 'chunked')) {
      this.chunked = true;
      return undefined;
    }
    const codings = text.slice(start, end).toLowerCase().split(',').map((part) => part.trim());
    if (codings.includes('') || codings.filter((coding) => coding === 'chunked').length > 1) return 'transfer-encoding-malformed';
    return codings.length > 1 && codings.at(-1) !== 'chunked' ? 'transfer-encoding-malformed' : 'transfer-encoding-unknown';
  }

  /** RFC 9110 s7.6.1. Empty list elements are allowed (s5.6.1). */
  #readConnection(text: string, start: number, end: number): ViolationName | undefined {
    let at = start;
    while (at < end) {
      const c = text.charCodeAt(at);
      if (c === 0x20 || c === 0x09 || c === 0x2c) { at++; continue; }
      const from = at;
      while (at < end && tokenClass[text.charCodeAt(at)] === 1) at++;
      if (at === from) return 'connection-malformed';
      const length = at - from;
      if (length === 10 && equalsIgnoringCase(text, from, at, 'keep-alive')) this.keepAlive = true;
      else if (length === 5 && equalsIgnoringCase(text, from, at, 'close')) this.close = true;
      else if (length === 7 && equalsIgnoringCase(text, from, at, 'upgrade')) this.upgrade = true;
      else if (this.#isProtected(text.slice(from, at))) return 'connection-option-protected';
      while (at < end && (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09)) at++;
      if (at < end && text.charCodeAt(at) !== 0x2c) return 'connection-malformed';
    }
    return undefined;
  }

  #isProtected(option: string): boolean {
    this.nominates = true;
    if (!this.#isRequest || this.#settings.protectedConnectionOption !== 'reject') return false;
    const id = headerIdOf(option);
    return id !== 0 && !hopByHop.has(id);
  }

  #readExpect(text: string, start: number, end: number): ViolationName | undefined {
    if (equalsIgnoringCase(text, start, end, '100-continue')) this.expectContinue = true;
    else if (this.#isRequest && this.#settings.unknownExpectation === 'reject') return 'expectation-unknown';
    return undefined;
  }
}

/** Whether text[start, end) is `lower` but for the case of letters. `lower` holds letters, digits and hyphens only. */
function equalsIgnoringCase(text: string, start: number, end: number, lower: string): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    const c = text.charCodeAt(start + i);
    if (c !== lower.charCodeAt(i) && (c < 0x41 || c > 0x5a || (c | 0x20) !== lower.charCodeAt(i))) return false;
  }
  return true;
}

/** May this option name a field to be left where it is? For the gateway, which removes what Connection nominates. */
export function isProtectedOption(option: string): boolean {
  const id = headerIdOf(option);
  return id !== 0 && !hopByHop.has(id);
}
