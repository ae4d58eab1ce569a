// The body of a request on its way to the server: framed anew from what was understood, within maxBodyBytes. A body of known
// length is relayed below the session machine; a chunked one is decoded and written in canonical chunks (RFC 9112 section 7.1),
// so that no odd chunk ever reaches a server. Does not decide what a violation leads to: the exchange does.
import { CHUNK_DATA, CHUNK_DONE, CHUNK_MORE, ChunkedDecoder, type RequestHead } from '#codecs/http1/index.ts';
import type { Link, Tap } from '#contract/link.ts';
import type { WebInspection, WebVerdict } from '#contract/web-inspection.ts';
import type { Exchange } from './exchange.ts';
import { blockedBy, requestInspected } from './inspection.ts';
import type { HttpService } from './service.ts';

const noBytes = Buffer.alloc(0);

export class RequestBody implements Tap {
  /** Nothing of it is still to come from the client. */
  complete = true;
  /** Some of it was taken. */
  started = false;
  /** There is none, so that the request can be sent again. */
  repeatable = true;
  /** Body bytes taken, without framing. */
  bytes = 0;
  readonly #exchange: Exchange;
  readonly #service: HttpService;
  #chunked = false;
  #remaining = 0;
  #decoder: ChunkedDecoder | undefined = undefined;
  #link: Link | undefined = undefined;
  /** What came before there was a server: raw, as received. */
  #held: Buffer | undefined = undefined;
  #paused = false;
  /** While the body is held back for it. */
  #inspection: WebInspection | undefined = undefined;
  /** What is shown a copy of what passes. */
  #copied: WebInspection | undefined = undefined;
  /** What was held for an inspection: decoded. */
  #collected: Buffer[] | undefined = undefined;

  constructor(exchange: Exchange, service: HttpService) {
    this.#exchange = exchange;
    this.#service = service;
  }

  begin(head: RequestHead): void {
    this.#chunked = head.framing === 'chunked';
    this.#remaining = head.framing === 'length' ? head.contentLength : 0;
    this.complete = !this.#chunked && this.#remaining === 0;
    this.repeatable = this.complete;
    this.started = false;
    this.bytes = 0;
    this.#link = undefined;
    this.#held = undefined;
    this.#paused = false;
    this.#inspection = undefined;
    this.#copied = undefined;
    this.#collected = undefined;
    if (this.#chunked) {
      this.#decoder ??= new ChunkedDecoder('client', this.#service.normalization, this.#service.limits);
      this.#decoder.reset();
    }
  }

  /** The server is there at once: sends the head with what bytes[at..end) holds of the body. Returns where the rest begins. */
  start(link: Link, headText: string, bytes: Buffer, at: number, end: number): number {
    this.#link = link;
    if (this.#collected !== undefined) {
      this.#startCollected(link, headText);
      return at;
    }
    if (this.complete) {
      link.sendText(headText);
      return at;
    }
    if (this.#chunked) {
      link.sendText(headText);
      return this.#takeChunked(bytes, at, end);
    }
    const count = Math.min(this.#remaining, end - at);
    this.pass(bytes, at, at + count);
    link.sendTextAndBytes(headText, bytes, at, at + count);
    this.#count(count);
    this.#relayRest();
    return at + count;
  }

  /** The server had to be waited for: sends the head with what was kept of the body meanwhile. */
  startHeld(link: Link, headText: string): void {
    this.#link = link;
    if (this.#collected !== undefined) {
      this.#startCollected(link, headText);
      return;
    }
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) link.sendText(headText);
    else if (!this.#chunked) {
      this.pass(held, 0, held.length);
      link.sendTextAndBytes(headText, held, 0, held.length);
    }
    if (!this.#chunked) {
      this.#relayRest();
      return;
    }
    this.#exchange.client.resume();
    if (held === undefined) return;
    link.sendText(headText);
    const rest = this.#takeChunked(held, 0, held.length);
    // Behind the last chunk the next request begins, which came in the same read.
    if (rest < held.length) this.#exchange.gateway.hold(held, rest, held.length);
  }

  /** Takes body bytes from the client's buffer; returns where those begin that are not part of it. */
  take(bytes: Buffer, start: number, end: number): number {
    if (this.#inspection !== undefined) return this.#collect(bytes, start, end);
    if (this.#link === undefined) return this.#hold(bytes, start, end);
    if (this.#chunked) return this.#takeChunked(bytes, start, end);
    // A relay is under way, so that bytes of the body come here only when it was stopped.
    const count = Math.min(this.#remaining, end - start);
    this.pass(bytes, start, start + count);
    this.#link.send(bytes, start, start + count);
    this.#count(count);
    return start + count;
  }

  /** No server yet: keeps what came with the head. The client is not read from meanwhile, so that this is one buffer at most. */
  #hold(bytes: Buffer, start: number, end: number): number {
    this.started = true;
    if (this.#chunked) {
      this.#held = joined(this.#held, bytes.subarray(start, end));
      return end;
    }
    const count = Math.min(this.#remaining, end - start);
    this.#held = joined(this.#held, bytes.subarray(start, start + count));
    this.#count(count);
    return start + count;
  }

  /** From now on nothing of the body goes to a server before the inspection has seen it. */
  inspect(inspection: WebInspection): void {
    this.#inspection = inspection;
    this.#collected = [];
  }

  /** From now on the inspection is shown what goes to the server, and says what it thinks before the response does (`inspected`). */
  copyTo(inspection: WebInspection): void {
    this.#copied = inspection;
  }

  /** Shows what passes. A verdict, which only a fault of the engine can give here, comes again from `inspected`. */
  pass(bytes: Buffer, start: number, end: number): void {
    const inspection = this.#copied;
    if (inspection !== undefined && start < end && !inspection.requestBodyFull) inspection.requestBody(bytes, start, end);
  }

  /** All that will be looked at has been shown. */
  inspected(): WebVerdict | undefined {
    const inspection = this.#copied;
    this.#copied = undefined;
    return inspection?.requestDone();
  }

  /** Holds and feeds all of the buffer that belongs to the body; then asks whether that was enough. */
  #collect(bytes: Buffer, start: number, end: number): number {
    const exchange = this.#exchange;
    const inspection = this.#inspection!;
    this.started = true;
    let at = end;
    if (this.#chunked) {
      at = this.#collectChunks(bytes, start, end);
      if (at < 0) return end;
    } else {
      at = start + Math.min(this.#remaining, end - start);
      this.#count(at - start);
      const { complete } = this;
      if (!this.#feed(bytes, start, at)) return complete ? at : end;
    }
    if (this.complete || inspection.requestBodyFull) {
      this.#inspection = undefined;
      requestInspected(exchange);
    }
    return at;
  }

  /** False when the inspection has refused the request. */
  #feed(bytes: Buffer, start: number, end: number): boolean {
    if (start === end) return true;
    keep(this.#collected!, bytes, start, end);
    const verdict = this.#inspection!.requestBody(bytes, start, end);
    if (verdict === undefined) return true;
    this.#inspection = undefined;
    this.#collected = undefined;
    blockedBy(this.#exchange, verdict);
    return false;
  }

  /** Where the bytes begin that are not the body's, or -1 when the request was refused. */
  #collectChunks(bytes: Buffer, start: number, end: number): number {
    const decoder = this.#decoder!;
    let at = start;
    for (;;) {
      const state = decoder.feed(bytes, at, end);
      at = decoder.position;
      if (state === CHUNK_DATA) {
        this.bytes += decoder.dataEnd - decoder.dataStart;
        if (this.#overLimit() || !this.#feed(bytes, decoder.dataStart, decoder.dataEnd)) return -1;
      } else if (state === CHUNK_DONE) {
        this.complete = true;
        return at;
      } else if (state === CHUNK_MORE) return end;
      else {
        this.#refuseFault();
        return -1;
      }
    }
  }

  /** What was held goes out behind the head, in the framing of the request. */
  #startCollected(link: Link, headText: string): void {
    const pieces = this.#collected!;
    this.#collected = undefined;
    if (!this.#chunked) {
      sendPieces(link, headText, pieces, '');
      this.#relayRest();
      return;
    }
    const tail = this.complete ? `0\r\n${trailerLines(this.#decoder!)}\r\n` : '';
    let length = 0;
    for (const piece of pieces) length += piece.length;
    if (length === 0) link.sendText(headText + tail);
    else sendPieces(link, `${headText}${length.toString(16)}\r\n`, pieces, `\r\n${tail}`);
    if (this.complete) return;
    this.#exchange.client.resume();
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return;
    const rest = this.#takeChunked(held, 0, held.length);
    if (rest < held.length) this.#exchange.gateway.hold(held, rest, held.length);
  }

  #count(count: number): void {
    this.started = true;
    this.bytes += count;
    this.#remaining -= count;
    if (this.#remaining === 0) this.complete = true;
  }

  #relayRest(): void {
    if (this.#remaining > 0) this.#exchange.client.relayTo(this.#link!, this.#remaining, this.#copied === undefined ? undefined : this);
  }

  /** The relay of the rest has ended. */
  relayed(): void {
    this.bytes += this.#remaining;
    this.#remaining = 0;
    this.complete = true;
    if (this.#exchange.phase === 'response') this.#exchange.watch.response();
  }

  #takeChunked(bytes: Buffer, start: number, end: number): number {
    const decoder = this.#decoder!;
    const link = this.#link!;
    this.started = true;
    let at = start;
    for (;;) {
      const state = decoder.feed(bytes, at, end);
      at = decoder.position;
      if (state === CHUNK_DATA) {
        const size = decoder.dataEnd - decoder.dataStart;
        this.bytes += size;
        if (this.#overLimit()) return end;
        this.pass(bytes, decoder.dataStart, decoder.dataEnd);
        if (!link.sendTextAndBytes(`${size.toString(16)}\r\n`, bytes, decoder.dataStart, decoder.dataEnd, '\r\n')) this.#pauseClient();
      } else if (state === CHUNK_DONE) {
        this.complete = true;
        link.sendText(`0\r\n${trailerLines(decoder)}\r\n`);
        if (this.#exchange.phase === 'response') this.#exchange.watch.response();
        return at;
      } else if (state === CHUNK_MORE) return end;
      else {
        this.#refuseFault();
        return end;
      }
    }
  }

  /** Refuses a chunked body that has become too long. */
  #overLimit(): boolean {
    const { maxBodyBytes } = this.#exchange.route!.limits;
    if (this.bytes <= maxBodyBytes) return false;
    this.#exchange.refuse(413, 'limit', '', 'limited', 'http.maxBodyBytes', `chunked body of more than maxBodyBytes ${maxBodyBytes}`);
    return true;
  }

  #refuseFault(): void {
    const fault = this.#decoder!.fault!;
    this.#exchange.refuse(fault.status, fault.code, fault.message, fault.kind === 'limit' ? 'limited' : 'refused', fault.code, `${fault.message}; ${fault.spec}`);
  }

  #pauseClient(): void {
    this.#paused = true;
    this.#exchange.client.pause();
  }

  serverDrained(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#exchange.client.resume();
  }

  /** What is known to be still to come, where its length was announced. */
  get undelivered(): number { return this.#chunked ? 0 : this.#remaining; }

  /** What came before there was a server, raw, for who discards it; undefined when some of the body has gone elsewhere. */
  takeHeld(): Buffer | undefined {
    if (this.#link !== undefined || this.#inspection !== undefined || this.#collected !== undefined) return undefined;
    const held = this.#held ?? noBytes;
    this.#held = undefined;
    // Of a body of known length it has been counted already.
    return this.#chunked ? held : noBytes;
  }

  /** Passes over what bytes[at..end) holds of a body that nobody wants. Returns where the rest begins, or -1 when it is malformed. */
  discard(bytes: Buffer, at: number, end: number): number {
    if (!this.#chunked) {
      const count = Math.min(this.#remaining, end - at);
      this.#count(count);
      return at + count;
    }
    const decoder = this.#decoder!;
    this.started = true;
    for (let position = at; ;) {
      const state = decoder.feed(bytes, position, end);
      position = decoder.position;
      if (state === CHUNK_DATA) this.bytes += decoder.dataEnd - decoder.dataStart;
      else if (state === CHUNK_DONE) {
        this.complete = true;
        return position;
      } else return state === CHUNK_MORE ? end : -1;
    }
  }

  /** Nothing more of it will be looked at. */
  abandon(): void {
    if (this.#link !== undefined && !this.complete) this.#exchange.client.stopRelay();
    this.complete = true;
    this.#held = undefined;
    this.#link = undefined;
    this.#inspection = undefined;
    this.#copied = undefined;
    this.#collected = undefined;
  }
}

/** Below this, pieces are put together: a client that sends single bytes must not cost an object for each. */
const smallPieceBytes = 8192;

function keep(pieces: Buffer[], bytes: Buffer, start: number, end: number): void {
  const last = pieces.length - 1;
  const piece = bytes.subarray(start, end);
  if (last >= 0 && pieces[last]!.length + piece.length <= smallPieceBytes) pieces[last] = Buffer.concat([pieces[last]!, piece]);
  else pieces.push(Buffer.from(piece));
}

/** A large body is never in one piece, and each piece is let go when it is sent: what the kernel does not take waits in the link. */
function sendPieces(link: Link, head: string, pieces: Buffer[], tail: string): void {
  const last = pieces.length - 1;
  if (last < 0) link.sendText(head + tail);
  for (let i = 0; i <= last; i++) {
    const piece = pieces[i]!;
    pieces[i] = noBytes;
    link.sendTextAndBytes(i === 0 ? head : '', piece, 0, piece.length, i === last ? tail : '');
  }
}

function joined(first: Buffer | undefined, second: Buffer): Buffer {
  return first === undefined ? Buffer.from(second) : Buffer.concat([first, second]);
}

/** Trailer fields in canonical form; the decoder has refused those that may not be trailers (RFC 9110 section 6.5.1). */
export function trailerLines(decoder: ChunkedDecoder): string {
  const { trailers } = decoder;
  let lines = '';
  for (let i = 0; i < trailers.count; i++) lines += `${trailers.name(i)}: ${trailers.value(i)}\r\n`;
  return lines;
}
