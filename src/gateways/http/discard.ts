// What is left of the body of a request that is answered without it (denied, limited, no server, a fixed response): read
// and thrown away, so that the connection can serve the next request (RFC 9112 section 9.3), within strict bounds:
// limits.maxDiscardedBytes on the wire, timeouts.clientBody in all. Beyond them the connection ends as it would have at once.
import type { Exchange } from './exchange.ts';

export class Discard {
  /** Something is still to come. */
  active = false;
  readonly #exchange: Exchange;
  /** Bytes of the body on the wire, framing included. */
  #wireBytes = 0;
  #untilMs = 0;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  reset(): void {
    this.active = false;
    this.#wireBytes = 0;
  }

  /**
   * bytes[at..end) came behind the head; what of it belongs to the body is passed over. Returns where the rest begins, or -1
   * when the connection has to end: the body is too long for this, is not well formed, or may never come.
   */
  begin(bytes: Buffer, at: number, end: number): number {
    const { body, keepAlive, parser } = this.#exchange;
    // Who waits for 100 (Continue) and gets an answer instead may send the body or not: what comes next could be either.
    const here = at < end || body.started;
    if (!keepAlive || body.undelivered > this.#limit || (parser.head.expectContinue && !here)) return -1;
    const next = this.#take(bytes, at, end);
    this.active = next >= 0 && !body.complete;
    return next;
  }

  /** Returns where the bytes begin that are not the body's, or -1. */
  #take(bytes: Buffer, at: number, end: number): number {
    const next = this.#exchange.body.discard(bytes, at, end);
    if (next < 0) return -1;
    this.#wireBytes += next - at;
    return this.#wireBytes > this.#limit ? -1 : next;
  }

  get #limit(): number { return this.#exchange.service.limits.maxDiscardedBytes; }

  /** The answer is on its way and the record written. */
  start(): void {
    const { port, client, service } = this.#exchange;
    this.#untilMs = port.nowMs() + service.timeouts.clientBodyMs;
    port.wakeAtMs = this.#untilMs;
    client.resume();
  }

  received(bytes: Buffer, start: number, end: number): number {
    const next = this.#take(bytes, start, end);
    if (next < 0) {
      this.giveUp();
      return end;
    }
    if (this.#exchange.body.complete) this.#exchange.discarded(true);
    return next;
  }

  woken(nowMs: number): void {
    if (nowMs >= this.#untilMs) this.giveUp();
  }

  giveUp(): void {
    this.#exchange.body.abandon();
    this.#exchange.discarded(false);
  }
}
