// The session machine of one HTTP/1.x client connection: reads heads, begins an exchange for each request, keeps what was
// pipelined until its turn, and ends the connection in good order. One exchange at a time, because HTTP/1.1 answers in
// order (RFC 9112 section 9.3.2); what happens to a request is the exchange's business, so that HTTP/2 can have many.
import type { OperationalFailure } from '#core/failure.ts';
import type { Gateway, SessionPort } from '#contract/gateway.ts';
import type { Link, LinkHandler } from '#contract/link.ts';
import { NEED_MORE, VIOLATION } from '#codecs/http1/index.ts';
import type { Exchange } from './exchange.ts';
import { beginningOf } from './records.ts';
import type { HttpService } from './service.ts';

/** After the last response, input is read and thrown away until none has come for so long, so that a reset does not
 *  destroy the response on its way (RFC 9112 section 9.6), */
const lingerMs = 2_000;
/** at most for so long, */
const maxLingerMs = 10_000;
/** or until so much has come: a client in the middle of a large upload learns why it was refused. */
const maxLingerBytes = 32 * 1024 * 1024;
/** A connection that is idle for this long gives its parser and buffers back. */
const slimAfterMs = 1_000;
/** When draining, a client that has connected and not asked yet is given so long. */
const drainGraceMs = 1_000;
/** A client that does not read its responses is not read from either: more than this is not kept for it. */
const maxUnsentBytes = 256 * 1024;

const noBytes = Buffer.alloc(0);

type State = 'open' | 'lingering' | 'closed';

export class HttpGateway implements Gateway, LinkHandler {
  readonly port: SessionPort;
  readonly link: Link;
  service: HttpService;
  /** Requests begun on this connection. */
  requests = 0;
  draining = false;
  /** When the first byte of the current head came, monotonic. */
  headStartedMs = 0;
  #state: State = 'open';
  #exchange: Exchange | undefined = undefined;
  #active = false;
  #reading = false;
  /** The head of a request is here, and block lists are being asked about its client. */
  #waiting = false;
  /** Bytes of further requests that came while one was being answered. */
  #held: Buffer | undefined = undefined;
  #idleSinceMs = 0;
  #lingeredBytes = 0;
  /** What had come when the alarm rang last. */
  #lingeredBefore = 0;
  #lingerUntilMs = 0;

  constructor(port: SessionPort, service: HttpService) {
    this.port = port;
    this.link = port.client;
    this.service = service;
  }

  started(): void {
    this.link.handler = this;
    this.#idleSinceMs = this.port.nowMs();
    this.headStartedMs = this.#idleSinceMs;
    this.port.wakeAtMs = this.#idleSinceMs + this.service.timeouts.clientHeaderMs;
  }

  received(_link: Link, bytes: Buffer, start: number, end: number): void {
    if (this.#state !== 'open') {
      this.#lingeredBytes += end - start;
      if (this.#lingeredBytes > maxLingerBytes) this.link.close();
      return;
    }
    if (!this.#active) {
      this.#read(bytes, start, end);
      return;
    }
    if (this.#waiting) {
      this.hold(bytes, start, end);
      return;
    }
    const rest = this.#exchange!.clientBytes(bytes, start, end);
    if (rest >= end) return;
    this.hold(bytes, rest, end);
    // The exchange may have been answered while it took the last of its body: nobody else would read on.
    if (!this.#active) this.#readHeld();
  }

  /** Reads heads and begins exchanges until the bytes are used up or an exchange has to be waited for. */
  #read(bytes: Buffer, start: number, end: number): void {
    let at = start;
    this.#reading = true;
    while (at < end && this.#state === 'open') {
      if (this.link.unsentBytes > maxUnsentBytes) {
        // Goes on when the client has taken what is waiting for it.
        this.hold(bytes, at, end);
        this.link.pause();
        break;
      }
      const exchange = this.#takeExchange();
      const whole = exchange.parser.pendingBytes === 0;
      if (whole) this.headStartedMs = this.port.nowMs();
      const next = exchange.parser.push(bytes, at, end);
      if (next === NEED_MORE) {
        this.port.wakeAtMs = this.headStartedMs + this.service.timeouts.clientHeaderMs;
        break;
      }
      this.#active = true;
      this.requests++;
      if (next === VIOLATION) {
        exchange.refuseHead(whole ? beginningOf(bytes, at, end) : '');
        break;
      }
      const lists = exchange.service.blockLists;
      if (lists !== undefined && exchange.waitsForLists(lists)) {
        this.#waiting = true;
        this.hold(bytes, next, end);
        this.link.pause();
        break;
      }
      at = exchange.begin(bytes, next, end);
      if (this.#active) {
        if (at < end) this.hold(bytes, at, end);
        break;
      }
    }
    this.#reading = false;
  }

  /** The request that waited for block lists goes on. */
  listsAnswered(listed: ReadonlyMap<string, string>): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    const exchange = this.#exchange!;
    exchange.listed = listed;
    const held = this.takeHeld() ?? noBytes;
    this.link.resume();
    this.#reading = true;
    const at = exchange.begin(held, 0, held.length);
    this.#reading = false;
    if (at < held.length) this.hold(held, at, held.length);
    if (!this.#active) this.#readHeld();
    else if (this.link.peerEnded) exchange.clientEnded(this.#held !== undefined);
  }

  /** A parser of the service as it is now: what was begun by an older one is finished by it. */
  #takeExchange(): Exchange {
    const exchange = this.#exchange;
    if (exchange !== undefined && (exchange.service === this.service || exchange.parser.pendingBytes > 0)) return exchange;
    exchange?.service.giveExchange(exchange);
    return this.#exchange = this.service.takeExchange(this);
  }

  /** Keeps bytes of further requests until their turn. */
  hold(bytes: Buffer, start: number, end: number): void {
    const more = bytes.subarray(start, end);
    this.#held = this.#held === undefined ? Buffer.from(more) : Buffer.concat([this.#held, more]);
    if (this.#held.length >= this.service.limits.maxPipelinedBytes) this.link.pause();
  }

  /** What the client sent ahead: for an exchange that became a tunnel. */
  takeHeld(): Buffer | undefined {
    const held = this.#held;
    this.#held = undefined;
    return held;
  }

  /** An exchange has ended, its response is on its way. `keepAlive` false: this was the last. */
  exchangeDone(keepAlive: boolean, nowMs: number): void {
    this.#active = false;
    if (this.#state !== 'open') return;
    if (!keepAlive || this.draining) {
      if (this.#saidLast()) this.#end('');
      else this.#linger();
      return;
    }
    this.#idleSinceMs = nowMs;
    this.port.wakeAtMs = nowMs + Math.min(slimAfterMs, this.service.timeouts.clientIdleMs);
    // The loop in #read goes on by itself; otherwise what was held is read now.
    if (!this.#reading) this.#readHeld();
  }

  #readHeld(): void {
    while (this.#held !== undefined && !this.#active && this.#state === 'open') {
      if (this.link.unsentBytes > maxUnsentBytes) return;
      const held = this.#held;
      this.#held = undefined;
      this.#read(held, 0, held.length);
    }
    if (this.#active || this.#state !== 'open') return;
    if (this.link.peerEnded) this.#end('client closed');
    else this.link.resume();
  }

  /** The client itself said that this was its last request, and it was well and had no body: nothing more will come, so that
   *  there is nothing to wait for. */
  #saidLast(): boolean {
    const { outcome, body, parser } = this.#exchange!;
    return outcome === 'allowed' && body.repeatable && !parser.head.keepAlive && this.#held === undefined;
  }

  /** Sends FIN behind the response and reads until the client has closed too. */
  #linger(): void {
    this.#state = 'lingering';
    this.#held = undefined;
    this.#giveExchange();
    if (this.link.closed || this.link.peerEnded) {
      this.#end('');
      return;
    }
    this.link.end();
    this.link.resume();
    const nowMs = this.port.nowMs();
    this.#lingerUntilMs = nowMs + maxLingerMs;
    this.port.wakeAtMs = nowMs + lingerMs;
  }

  #end(reason: string): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#giveExchange();
    this.link.close();
    this.port.finished('allowed', reason);
  }

  #giveExchange(): void {
    const exchange = this.#exchange;
    if (exchange === undefined || this.#active) return;
    this.#exchange = undefined;
    exchange.service.giveExchange(exchange);
  }

  ended(): void {
    if (this.#waiting) return;
    if (this.#active) {
      this.#exchange!.clientEnded(this.#held !== undefined);
      return;
    }
    // FIN in the middle of a head is no request; between requests it is the usual end. What is held waits for the client
    // to read its responses.
    if (this.#state !== 'open' || this.#held === undefined) this.#end('client closed');
  }

  drained(): void {
    if (this.#waiting) return;
    if (this.#active) this.#exchange!.clientDrained();
    else if (this.#held !== undefined) this.#readHeld();
  }

  relayed(): void {
    if (this.#active) this.#exchange!.requestRelayed();
  }

  closed(_link: Link, failure: OperationalFailure | undefined): void {
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    if (this.#active && !this.#waiting) this.#exchange!.clientClosed(failure);
    this.#active = false;
    this.#waiting = false;
    this.#giveExchange();
    const aborted = wasOpen && failure !== undefined;
    this.port.finished(aborted ? 'aborted' : 'allowed', failure?.message ?? '');
  }

  woken(nowMs: number): void {
    if (this.#state === 'lingering') {
      if (this.#lingeredBytes === this.#lingeredBefore || nowMs >= this.#lingerUntilMs) this.#end('');
      else {
        this.#lingeredBefore = this.#lingeredBytes;
        this.port.wakeAtMs = nowMs + lingerMs;
      }
      return;
    }
    if (this.#waiting) {
      // Whoever asks the lists has a time limit.
      this.port.wakeAtMs = Infinity;
      return;
    }
    if (this.#active) {
      this.#exchange!.watch.woken(nowMs);
      return;
    }
    const { clientHeaderMs, clientIdleMs } = this.service.timeouts;
    if (this.#exchange !== undefined && this.#exchange.parser.pendingBytes > 0) {
      this.#active = true;
      this.#exchange.refuseSlowHead();
      return;
    }
    this.#giveExchange();
    if (this.draining) {
      this.#linger();
      return;
    }
    // A connection that never sent anything has the time of a head; one that did, that of keep-alive.
    const idleMs = this.requests === 0 ? clientHeaderMs : clientIdleMs;
    if (nowMs >= this.#idleSinceMs + idleMs) this.#end(this.requests === 0 ? 'no request came' : 'idle');
    else this.port.wakeAtMs = this.#idleSinceMs + idleMs;
  }

  drain(): void {
    this.draining = true;
    if (this.#state !== 'open' || this.#active) return;
    // A request that has begun to arrive is still served, and one that may be on its way gets a moment.
    if (this.#held !== undefined || (this.#exchange?.parser.pendingBytes ?? 0) > 0) return;
    if (this.requests === 0) this.port.wakeAtMs = Math.min(this.port.wakeAtMs, this.port.nowMs() + drainGraceMs);
    else this.#linger();
  }

  describe(): string {
    if (this.#state === 'lingering') return 'closing';
    return this.#active ? this.#exchange!.describe() : `idle, ${this.requests} ${this.requests === 1 ? 'request' : 'requests'}`;
  }
}
