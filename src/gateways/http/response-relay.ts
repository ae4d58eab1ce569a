// The response on its way to the client: interim responses, the final head rewritten and framed anew, the body in the
// framing that the client can read (RFC 9112 section 6.3). A body of known length is relayed below the session machine.
// A response that breaks off is cut off for the client too: a truncated message must look truncated.
import { CHUNK_DATA, CHUNK_DONE, CHUNK_MORE, ChunkedDecoder, HeaderId, NEED_MORE, ResponseParser, VIOLATION } from '#codecs/http1/index.ts';
import type { Http1Fault, RequestHead, ResponseHead } from '#codecs/http1/index.ts';
import type { Tap } from '#contract/link.ts';
import type { WebInspection } from '#contract/web-inspection.ts';
import type { Exchange } from './exchange.ts';
import { blockedBy } from './inspection.ts';
import { trailerLines } from './request-body.ts';
import { ResponseHold } from './response-hold.ts';
import type { HttpService } from './service.ts';
import { Tunnel } from './tunnel.ts';

/** How the body goes to the client. */
type ClientFraming = 'none' | 'length' | 'chunked' | 'close';

/** Interim responses (RFC 9110 section 15.2) of one exchange: a server that sends more is not going to answer. */
const maxInterim = 100;

export class ResponseRelay implements Tap {
  /** Body bytes sent, without framing. */
  bytes = 0;
  readonly #exchange: Exchange;
  readonly #service: HttpService;
  readonly #parser: ResponseParser;
  #decoder: ChunkedDecoder | undefined = undefined;
  #framing: ResponseHead['framing'] = 'none';
  #clientFraming: ClientFraming = 'none';
  #remaining = 0;
  #reusable = false;
  #oldClient = false;
  #wantsTrailers = false;
  #headBegun = false;
  #interim = 0;
  /** The body, while it is held back for an inspection. */
  #hold: ResponseHold | undefined = undefined;
  /** What is shown a copy of the body as it passes. */
  #copied: WebInspection | undefined = undefined;

  constructor(exchange: Exchange, service: HttpService) {
    this.#exchange = exchange;
    this.#service = service;
    this.#parser = new ResponseParser(service.normalization, service.limits);
  }

  begin(request: RequestHead): void {
    this.#parser.reset();
    this.#parser.expect(request.method);
    this.bytes = 0;
    this.#hold = undefined;
    this.#copied = undefined;
    this.#headBegun = false;
    this.#interim = 0;
    this.#reusable = false;
    this.#oldClient = request.minorVersion === 0;
    this.#wantsTrailers = request.headers.get(HeaderId.TE)?.includes('trailers') === true;
  }

  received(bytes: Buffer, start: number, end: number): void {
    if (this.#hold !== undefined) this.#holdBytes(bytes, start, end);
    else if (this.#exchange.phase === 'body') this.#body(bytes, start, end);
    else this.#head(bytes, start, end);
  }

  #head(bytes: Buffer, start: number, end: number): void {
    const exchange = this.#exchange;
    let at = start;
    if (!this.#headBegun) {
      this.#headBegun = true;
      exchange.firstByteMs = exchange.port.nowMs();
    }
    while (exchange.phase === 'response') {
      const next = this.#parser.push(bytes, at, end);
      if (next === NEED_MORE) return;
      if (next === VIOLATION) {
        this.#violation(this.#parser.fault!);
        return;
      }
      at = next;
      const { head } = this.#parser;
      if (head.status === 101) {
        this.#upgrade(head, bytes, at, end);
        return;
      }
      if (!head.interim) {
        this.#final(head, bytes, at, end);
        return;
      }
      if (!this.#interimPassed(head) || at >= end) return;
    }
  }

  #interimPassed(head: ResponseHead): boolean {
    const exchange = this.#exchange;
    if (++this.#interim > maxInterim) {
      exchange.refuse(502, 'bad-response', '', 'failed', 'http.interim', `${exchange.leg.server!.name} sent more than ${maxInterim} interim responses`);
      return false;
    }
    // RFC 9110 section 15.2: interim responses are not for HTTP/1.0 clients.
    if (this.#oldClient) return true;
    // 100 (Continue) is between two neighbours and carries nothing; the others speak for the final response.
    const text = head.status === 100 ? 'HTTP/1.1 100 Continue\r\n\r\n' : exchange.route!.response.build(head, exchange.context, 'none', 0);
    if (!exchange.client.sendText(text)) exchange.leg.link!.pause();
    return true;
  }

  /** The client may send its body: it has been told so (RFC 9110 section 10.1.1). */
  get interimSent(): boolean { return this.#interim > 0; }

  #violation(fault: Http1Fault): void {
    const exchange = this.#exchange;
    exchange.refuse(502, 'bad-response', '', 'failed', fault.code, `${exchange.leg.server!.name} broke the protocol: ${fault.message} at byte ${fault.offset}; ${fault.spec}`);
  }

  #upgrade(head: ResponseHead, bytes: Buffer, at: number, end: number): void {
    const exchange = this.#exchange;
    const { context, route } = exchange;
    const token = head.upgrade ?? '';
    // RFC 9110 section 7.8: a server may only switch to what the client asked for; here also only to what was passed on.
    if (context.upgrade === '' || token.split('/')[0] !== context.upgrade.split('/')[0]) {
      exchange.refuse(502, 'bad-response', '', 'failed', 'http.upgrade-unasked', `${exchange.leg.server!.name} switched to "${token}" unasked`);
      return;
    }
    if (!exchange.body.complete) {
      exchange.refuse(502, 'bad-response', '', 'failed', 'http.upgrade-early', `${exchange.leg.server!.name} switched protocols before the end of the request`);
      return;
    }
    const verdict = exchange.body.inspected();
    if (verdict !== undefined) {
      blockedBy(exchange, verdict);
      return;
    }
    exchange.status = 101;
    exchange.answered = true;
    exchange.tunnel = new Tunnel(exchange);
    exchange.phase = 'tunnel';
    exchange.client.sendText(route!.response.build(head, context, 'none', 0));
    exchange.tunnel.start(bytes, at, end);
  }

  #final(head: ResponseHead, bytes: Buffer, at: number, end: number): void {
    const exchange = this.#exchange;
    const limit = exchange.route!.limits.maxResponseBodyBytes;
    if (head.contentLength > limit && head.framing === 'length') {
      exchange.refuse(502, 'limit', '', 'limited', 'http.maxResponseBodyBytes', `response of ${head.contentLength} bytes, maxResponseBodyBytes is ${limit}`);
      return;
    }
    this.#framing = head.framing;
    if (exchange.inspection !== undefined && this.#inspected(head, bytes, at, end)) return;
    const text = this.#announce(head);
    if (this.#framing === 'none') {
      exchange.client.sendText(text);
      this.#finish(at, end);
      return;
    }
    exchange.phase = 'body';
    if (this.#framing === 'length') this.#startLength(text, head.contentLength, bytes, at, end);
    else {
      this.#startStream(text, bytes, at, end);
    }
  }

  /** The response is on its way from now on: the text of its head. */
  #announce(head: ResponseHead): string {
    const exchange = this.#exchange;
    const { context } = exchange;
    exchange.status = head.status;
    exchange.answered = true;
    this.#reusable = head.keepAlive && head.framing !== 'close';
    this.#clientFraming = this.#framing === 'chunked' || this.#framing === 'close' ? (this.#oldClient ? 'close' : 'chunked') : this.#framing;
    if (this.#clientFraming === 'close' || !exchange.body.complete) exchange.keepAlive = false;
    context.clientKeepAlive = exchange.keepAlive && !exchange.gateway.draining;
    if (!context.clientKeepAlive) exchange.keepAlive = false;
    return exchange.route!.response.build(head, context, this.#clientFraming, head.contentLength);
  }

  /** True when the inspection has refused the response, or holds its body back. */
  #inspected(head: ResponseHead, bytes: Buffer, at: number, end: number): boolean {
    const exchange = this.#exchange;
    const inspection = exchange.inspection!;
    let verdict = exchange.body.inspected() ?? inspection.response(head.status, head.minorVersion === 1 ? 'HTTP/1.1' : 'HTTP/1.0', head.reason, head.headers);
    if (verdict === undefined && head.framing !== 'none' && inspection.wantsResponseBody) {
      if (!inspection.holdsBodies) {
        this.#copied = inspection;
        return false;
      }
      exchange.phase = 'body';
      this.#remaining = head.contentLength;
      this.#hold = new ResponseHold(inspection);
      if (head.framing === 'chunked') this.#resetDecoder();
      exchange.watch.body();
      if (at < end || this.#remaining === 0) this.#holdBytes(bytes, at, end);
      return true;
    }
    verdict ??= inspection.responseDone();
    if (verdict !== undefined) blockedBy(exchange, verdict);
    return verdict !== undefined;
  }

  /** Shows what passes; nothing can be said against it any more. */
  pass(bytes: Buffer, start: number, end: number): void {
    const inspection = this.#copied;
    if (inspection !== undefined && start < end && !inspection.responseBodyFull) inspection.responseBody(bytes, start, end);
  }

  /** The response has passed. */
  inspected(): void {
    this.#copied?.responseDone();
    this.#copied = undefined;
  }

  /** Holds what came; when that is all, or all that is looked at, it goes out or is refused. */
  #holdBytes(bytes: Buffer, start: number, end: number): void {
    const exchange = this.#exchange;
    const hold = this.#hold!;
    let at = end;
    if (this.#framing === 'length') {
      at = start + Math.min(this.#remaining, end - start);
      this.#remaining -= at - start;
      hold.add(bytes, start, at);
      hold.complete = this.#remaining === 0;
    } else if (this.#framing === 'close') hold.add(bytes, start, end);
    else {
      at = hold.addChunks(this.#decoder!, bytes, start, end);
      if (at < 0) {
        this.#violation(this.#decoder!.fault!);
        return;
      }
    }
    const { maxResponseBodyBytes } = exchange.route!.limits;
    if (hold.length > maxResponseBodyBytes) {
      exchange.refuse(502, 'limit', '', 'limited', 'http.maxResponseBodyBytes', `response of more than maxResponseBodyBytes ${maxResponseBodyBytes}`);
    } else if (hold.verdict !== undefined) blockedBy(exchange, hold.verdict);
    else if (hold.complete || hold.full) this.#release(at >= end);
  }

  /** `exact`: the server sent nothing behind the body. */
  #release(exact: boolean): void {
    const exchange = this.#exchange;
    const { client } = exchange;
    const hold = this.#hold!;
    const verdict = exchange.inspection!.responseDone();
    this.#hold = undefined;
    if (verdict !== undefined) {
      blockedBy(exchange, verdict);
      return;
    }
    const body = hold.take();
    const text = this.#announce(this.#parser.head);
    const chunked = this.#clientFraming === 'chunked';
    if (!chunked || body.length === 0) client.sendTextAndBytes(text, body, 0, body.length);
    else client.sendTextAndBytes(`${text}${body.length.toString(16)}\r\n`, body, 0, body.length, '\r\n');
    this.bytes = body.length;
    if (hold.complete) {
      if (chunked) client.sendText(`0\r\n${this.#framing === 'chunked' && this.#wantsTrailers ? trailerLines(this.#decoder!) : ''}\r\n`);
      exchange.responseDone(this.#reusable && exact);
      return;
    }
    exchange.watch.body();
    if (this.#framing === 'length') exchange.leg.link!.relayTo(client, this.#remaining);
  }

  #resetDecoder(): void {
    this.#decoder ??= new ChunkedDecoder('server', this.#service.normalization, this.#service.limits);
    this.#decoder.reset();
  }

  #startLength(text: string, length: number, bytes: Buffer, at: number, end: number): void {
    const { client, leg } = this.#exchange;
    const count = Math.min(length, end - at);
    this.pass(bytes, at, at + count);
    client.sendTextAndBytes(text, bytes, at, at + count);
    this.bytes = count;
    this.#remaining = length - count;
    if (this.#remaining === 0) {
      this.#finish(at + count, end);
      return;
    }
    this.#exchange.watch.body();
    leg.link!.relayTo(client, this.#remaining, this.#copied === undefined ? undefined : this);
  }

  #startStream(text: string, bytes: Buffer, at: number, end: number): void {
    if (this.#framing === 'chunked') this.#resetDecoder();
    this.#exchange.client.sendText(text);
    this.#exchange.watch.body();
    if (at < end) this.#body(bytes, at, end);
  }

  #body(bytes: Buffer, start: number, end: number): void {
    if (this.#framing === 'chunked') this.#chunkedBody(bytes, start, end);
    else if (this.#framing === 'close') this.#send(bytes, start, end);
    else this.#finish(start, end);
  }

  /** False when a limit ended it. */
  #send(bytes: Buffer, start: number, end: number): boolean {
    const exchange = this.#exchange;
    this.bytes += end - start;
    const limit = exchange.route!.limits.maxResponseBodyBytes;
    if (this.bytes > limit) {
      exchange.refuse(502, 'limit', '', 'limited', 'http.maxResponseBodyBytes', `response of more than maxResponseBodyBytes ${limit}`);
      return false;
    }
    this.pass(bytes, start, end);
    const flows = this.#clientFraming === 'chunked'
      ? exchange.client.sendTextAndBytes(`${(end - start).toString(16)}\r\n`, bytes, start, end, '\r\n')
      : exchange.client.send(bytes, start, end);
    if (!flows) exchange.leg.link?.pause();
    return true;
  }

  #chunkedBody(bytes: Buffer, start: number, end: number): void {
    const decoder = this.#decoder!;
    let at = start;
    for (;;) {
      const state = decoder.feed(bytes, at, end);
      at = decoder.position;
      if (state === CHUNK_DATA) {
        if (!this.#send(bytes, decoder.dataStart, decoder.dataEnd)) return;
      } else if (state === CHUNK_MORE) return;
      else if (state === CHUNK_DONE) {
        if (this.#clientFraming === 'chunked') this.#exchange.client.sendText(`0\r\n${this.#wantsTrailers ? trailerLines(decoder) : ''}\r\n`);
        this.#finish(at, end);
        return;
      } else {
        this.#violation(decoder.fault!);
        return;
      }
    }
  }

  /** The relay of a body of known length has ended. */
  relayed(): void {
    this.bytes += this.#remaining;
    this.#remaining = 0;
    this.#exchange.responseDone(this.#reusable);
  }

  /** All of the response is sent; bytes behind it are nobody's, and the connection is not used again. */
  #finish(at: number, end: number): void {
    this.#exchange.responseDone(this.#reusable && at >= end);
  }

  serverEnded(): void {
    const exchange = this.#exchange;
    if (exchange.phase === 'body' && this.#framing === 'close') {
      // RFC 9112 section 6.3 case 8: the end of the connection is the end of the body.
      if (this.#hold !== undefined) {
        this.#hold.complete = true;
        this.#release(true);
        return;
      }
      if (this.#clientFraming === 'chunked') exchange.client.sendText('0\r\n\r\n');
      exchange.responseDone(false);
      return;
    }
    this.serverLost('closed', 'connection closed');
  }

  serverLost(code: string, message: string): void {
    const exchange = this.#exchange;
    if (exchange.phase === 'response' && !this.#headBegun) {
      exchange.leg.lostEarly(code, message);
      return;
    }
    if (exchange.phase !== 'response' && exchange.phase !== 'body') return;
    exchange.refuse(502, code, '', 'failed', `receive.${code}`, `${exchange.leg.server!.name}: ${message} in the middle of a response`);
  }
}
