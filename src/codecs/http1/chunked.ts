// The chunked transfer coding, reading side (RFC 9112 s7.1), with trailers (s7.1.2). Pull style, no allocation: feed()
// says where data lies in the caller's bytes. Nothing of the framing is passed on: chunks are framed anew by
// serializer.ts, so odd sizes and extensions end here.
import { asciiValueClass, CR, hexValue, LF, SEMICOLON } from './char-classes.ts';
import { HeadReader } from './head-reader.ts';
import { HeaderId, headerIdCount } from './header-names.ts';
import { defaultHttp1Limits, type Http1Limits } from './limits.ts';
import { CHUNK_DATA, CHUNK_DONE, CHUNK_MORE, HeaderBlock, NEED_MORE, VIOLATION, type Http1Fault, type Side } from './messages.ts';
import { defaultHttp1Settings, type Http1Settings } from './settings.ts';
import { limitReached, violation, type ViolationName } from './violations.ts';

const IN_SIZE = 0;
const IN_EXTENSION = 1;
const SIZE_LF = 2;
const IN_DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const AT_TRAILERS = 6;
const IN_TRAILERS = 7;
const DONE = 8;
const REFUSED = 9;

/** RFC 9110 s6.5.1: framing, routing, modifiers, authentication, content reading; and what proxies and servers are told by fields. */
const forbidden = new Uint8Array(headerIdCount);
for (const id of [
  HeaderId.Host, HeaderId.Connection, HeaderId.ContentLength, HeaderId.TransferEncoding, HeaderId.TE, HeaderId.Trailer, HeaderId.Upgrade, HeaderId.Expect,
  HeaderId.KeepAlive, HeaderId.ProxyConnection, HeaderId.Via, HeaderId.Forwarded, HeaderId.XForwardedFor, HeaderId.XForwardedProto, HeaderId.XForwardedHost,
  HeaderId.XForwardedPort, HeaderId.XForwardedServer, HeaderId.XForwardedPrefix, HeaderId.XRealIp, HeaderId.TrueClientIp, HeaderId.CFConnectingIp,
  HeaderId.XClientIp, HeaderId.Cookie, HeaderId.SetCookie, HeaderId.Location, HeaderId.ContentLocation, HeaderId.ContentType, HeaderId.ContentEncoding,
  HeaderId.ContentRange, HeaderId.ContentDisposition, HeaderId.Authorization, HeaderId.ProxyAuthorization, HeaderId.ProxyAuthenticate, HeaderId.WWWAuthenticate,
  HeaderId.Date, HeaderId.Range, HeaderId.IfMatch, HeaderId.IfNoneMatch, HeaderId.IfModifiedSince, HeaderId.IfUnmodifiedSince, HeaderId.IfRange,
  HeaderId.CacheControl, HeaderId.Origin, HeaderId.RetryAfter, HeaderId.HTTP2Settings, HeaderId.Vary, HeaderId.Age, HeaderId.Refresh, HeaderId.Pragma,
  HeaderId.Expires, HeaderId.MaxForwards, HeaderId.XMethodOverride, HeaderId.XHttpMethodOverride, HeaderId.XOriginalUrl, HeaderId.XRewriteUrl,
  HeaderId.XAccelRedirect, HeaderId.XSendfile, HeaderId.AltSvc, HeaderId.StrictTransportSecurity, HeaderId.ContentSecurityPolicy, HeaderId.Warning,
  HeaderId.SecWebSocketKey, HeaderId.SecWebSocketVersion, HeaderId.SecWebSocketProtocol, HeaderId.SecWebSocketExtensions, HeaderId.SecWebSocketAccept,
]) forbidden[id] = 1;

/** Trailer lines: the field rules of heads, without a start line. */
class TrailerReader extends HeadReader {
  readonly #trailers: HeaderBlock;

  constructor(trailers: HeaderBlock, side: Side, settings: Readonly<Http1Settings>, limits: Readonly<Http1Limits>) {
    super(trailers, side, settings, limits, true);
    this.#trailers = trailers;
    this.maxBytes = limits.maxTrailerBytes;
    this.maxBytesLimit = 'maxTrailerBytes';
  }

  protected override begin(): void {
    this.beginFields();
  }

  protected override startLine(_bytes: Uint8Array, base: number): number {
    return base;
  }

  protected override finish(text: string): number {
    const trailers = this.#trailers;
    trailers.text = text;
    for (let i = trailers.count - 1; i >= 0; i--) {
      if (forbidden[trailers.id(i)] === 0) continue;
      if (this.settings.forbiddenTrailerField === 'reject') return this.refuse('trailer-forbidden', 0);
      trailers.remove(i);
    }
    return 0;
  }
}

export class ChunkedDecoder {
  /** After feed(): where to go on. */
  position = 0;
  /** After CHUNK_DATA: bytes[dataStart, dataEnd) is body data, never empty. */
  dataStart = 0;
  dataEnd = 0;
  /** Bytes of the current chunk that are still to come. */
  remaining = 0;
  /** After CHUNK_DONE; a view until reset(). */
  readonly trailers = new HeaderBlock();
  fault: Http1Fault | undefined = undefined;

  readonly #side: Side;
  readonly #settings: Readonly<Http1Settings>;
  readonly #limits: Readonly<Http1Limits>;
  #trailerReader: TrailerReader | undefined = undefined;
  #state = IN_SIZE;
  #digits = 0;
  #size = 0;
  #extensionBytes = 0;
  #bodyExtensionBytes = 0;
  #tinyChunks = 0;
  #consumed = 0;

  /** `side` is who sends the body: it is to blame. */
  constructor(side: Side, settings: Readonly<Http1Settings> = defaultHttp1Settings, limits: Readonly<Http1Limits> = defaultHttp1Limits) {
    this.#side = side;
    this.#settings = settings;
    this.#limits = limits;
  }

  /** For the next body. */
  reset(): void {
    this.trailers.clear();
    this.#trailerReader?.reset();
    this.fault = undefined;
    this.remaining = 0;
    this.#state = IN_SIZE;
    this.#digits = 0;
    this.#size = 0;
    this.#extensionBytes = 0;
    this.#bodyExtensionBytes = 0;
    this.#tinyChunks = 0;
    this.#consumed = 0;
  }

  /** Reads bytes[position, end) up to the next piece of data. Returns CHUNK_MORE, CHUNK_DATA, CHUNK_DONE or VIOLATION. */
  feed(bytes: Buffer, position: number, end: number): number {
    let at = position;
    while (at < end) {
      switch (this.#state) {
        case IN_SIZE: {
          const digit = hexValue[bytes[at] as number] as number;
          if (digit === 255) {
            if (!this.#endSize(bytes[at] as number, at - position)) return VIOLATION;
            break;
          }
          if (++this.#digits > this.#limits.maxChunkSizeDigits) return this.#refuseLimit('maxChunkSizeDigits', this.#digits, at - position);
          this.#size = this.#size * 16 + digit;
          if (this.#size > Number.MAX_SAFE_INTEGER) return this.#refuse('chunk-size-overflow', at - position);
          break;
        }
        case IN_EXTENSION:
          if (!this.#extensionByte(bytes[at] as number, at - position)) return VIOLATION;
          break;
        case SIZE_LF:
          if (bytes[at] !== LF) return this.#refuse('chunk-line-end', at - position);
          if (!this.#beginChunk(at - position)) return VIOLATION;
          break;
        case IN_DATA: {
          const length = Math.min(this.remaining, end - at);
          this.dataStart = at;
          this.dataEnd = at + length;
          this.remaining -= length;
          if (this.remaining === 0) this.#state = DATA_CR;
          return this.#leave(CHUNK_DATA, position, at + length);
        }
        case DATA_CR:
          if (bytes[at] !== CR) return this.#refuse('chunk-data-end', at - position);
          this.#state = DATA_LF;
          break;
        case DATA_LF:
          if (bytes[at] !== LF) return this.#refuse('chunk-data-end', at - position);
          this.#state = IN_SIZE;
          this.#digits = 0;
          this.#size = 0;
          break;
        case AT_TRAILERS:
          if (bytes[at] === CR && at + 1 < end && bytes[at + 1] === LF) {
            this.#state = DONE;
            return this.#leave(CHUNK_DONE, position, at + 2);
          }
          this.#state = IN_TRAILERS;
          continue;
        case IN_TRAILERS: return this.#readTrailers(bytes, position, at, end);
        case DONE: return this.#leave(CHUNK_DONE, position, at);
        default: return VIOLATION;
      }
      at++;
    }
    if (this.#state === REFUSED) return VIOLATION;
    return this.#leave(this.#state === DONE ? CHUNK_DONE : CHUNK_MORE, position, at);
  }

  #leave(result: number, from: number, at: number): number {
    this.#consumed += at - from;
    this.position = at;
    return result;
  }

  #refuse(name: ViolationName, offset: number): typeof VIOLATION {
    this.fault = violation(name, this.#side, this.#consumed + offset);
    this.#state = REFUSED;
    return VIOLATION;
  }

  #refuseLimit(limit: keyof Http1Limits, seen: number, offset: number): typeof VIOLATION {
    this.fault = limitReached(limit, this.#limits[limit], seen, this.#side, this.#consumed + offset);
    this.#state = REFUSED;
    return VIOLATION;
  }

  /** The byte behind the digits of a size. */
  #endSize(byte: number, offset: number): boolean {
    if (this.#digits === 0) return this.#refuse('chunk-size-invalid', offset) !== VIOLATION;
    if (byte === CR) {
      this.#state = SIZE_LF;
      return true;
    }
    if (byte !== SEMICOLON) return this.#refuse(byte === LF ? 'chunk-line-end' : 'chunk-size-invalid', offset) !== VIOLATION;
    if (this.#settings.chunkExtensions === 'reject') return this.#refuse('chunk-extension', offset) !== VIOLATION;
    this.#state = IN_EXTENSION;
    this.#extensionBytes = 0;
    return this.#countExtension(offset);
  }

  #extensionByte(byte: number, offset: number): boolean {
    if (byte === CR) {
      this.#state = SIZE_LF;
      return true;
    }
    if (asciiValueClass[byte] === 1) return this.#countExtension(offset);
    return this.#refuse(byte === LF ? 'chunk-line-end' : 'chunk-extension-invalid', offset) !== VIOLATION;
  }

  #countExtension(offset: number): boolean {
    if (++this.#extensionBytes > this.#limits.maxChunkExtensionBytes) {
      return this.#refuseLimit('maxChunkExtensionBytes', this.#extensionBytes, offset) !== VIOLATION;
    }
    if (++this.#bodyExtensionBytes > this.#limits.maxBodyChunkExtensionBytes) {
      return this.#refuseLimit('maxBodyChunkExtensionBytes', this.#bodyExtensionBytes, offset) !== VIOLATION;
    }
    return true;
  }

  #beginChunk(offset: number): boolean {
    if (this.#size === 0) {
      this.#state = AT_TRAILERS;
      return true;
    }
    // Only for requests: a server may stream events of a few bytes each for days.
    if (this.#side === 'client' && this.#size < this.#limits.tinyChunkBytes && ++this.#tinyChunks > this.#limits.maxTinyChunks) {
      return this.#refuseLimit('maxTinyChunks', this.#tinyChunks, offset) !== VIOLATION;
    }
    this.remaining = this.#size;
    this.#state = IN_DATA;
    return true;
  }

  #readTrailers(bytes: Buffer, from: number, at: number, end: number): number {
    this.#trailerReader ??= new TrailerReader(this.trailers, this.#side, this.#settings, this.#limits);
    const next = this.#trailerReader.push(bytes, at, end);
    if (next >= 0) {
      this.#state = DONE;
      return this.#leave(CHUNK_DONE, from, next);
    }
    if (next === NEED_MORE) return this.#leave(CHUNK_MORE, from, end);
    this.fault = this.#trailerReader.fault;
    this.#state = REFUSED;
    return VIOLATION;
  }
}
