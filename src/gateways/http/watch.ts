// The time limits of one exchange. A session has one alarm; each wait sets it, and when it rings this looks at who is being
// waited for: the server, or the client. Progress is counted in bytes, so that nothing is armed per chunk.
// RFC 9110 section 15.5.9 (408), 15.6.5 (504).
import type { Exchange } from './exchange.ts';

/** Progress is looked at this many times within a time limit: a stall is seen after at most 1 + 1/4 of it. */
const looksPerTimeout = 4;
/** A request body is looked at least so often, for its rate. */
const rateLookMs = 1000;

export class Watch {
  readonly #exchange: Exchange;
  /** What had moved when last looked, and since when it is still. */
  #moved = 0;
  #stillSinceMs = 0;
  #lookedMs = 0;
  /** How long it was the client's turn to send, and what had come from it before that. */
  #clientTurnMs = 0;
  #bytesBefore = 0;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Only the total time counts: others watch what is waited for. */
  total(): void {
    this.#arm(Infinity);
  }

  /** Waiting for the first byte of the response, or for the rest of the request. */
  response(nowMs = this.#exchange.port.nowMs()): void {
    const { body, route, client } = this.#exchange;
    if (body.complete) {
      this.#arm(nowMs + route!.timeouts.serverFirstByteMs);
      return;
    }
    this.#begin(nowMs);
    this.#clientTurnMs = 0;
    this.#bytesBefore = client.bytesIn;
    this.#arm(nowMs + this.#requestLookMs());
  }

  /** A response body or a tunnel is being relayed. */
  body(): void {
    const nowMs = this.#exchange.port.nowMs();
    this.#begin(nowMs);
    this.#arm(nowMs + this.#responseLookMs());
  }

  #begin(nowMs: number): void {
    this.#moved = -1;
    this.#stillSinceMs = nowMs;
    this.#lookedMs = nowMs;
  }

  #requestLookMs(): number {
    const { clientBodyMs, serverIdleMs, serverFirstByteMs } = this.#exchange.route!.timeouts;
    return Math.min(rateLookMs, clientBodyMs / looksPerTimeout, serverIdleMs / looksPerTimeout, serverFirstByteMs / looksPerTimeout);
  }

  #responseLookMs(): number {
    const { serverIdleMs, clientSendMs, upgradeIdleMs } = this.#exchange.route!.timeouts;
    return (this.#exchange.phase === 'tunnel' ? upgradeIdleMs : Math.min(serverIdleMs, clientSendMs)) / looksPerTimeout;
  }

  #totalAtMs(): number {
    const { route, startedMs, phase } = this.#exchange;
    const totalMs = route?.timeouts.totalMs ?? 0;
    // A tunnel is no response that could come to its end; upgradeIdle watches it.
    return totalMs === 0 || phase === 'tunnel' ? Infinity : startedMs + totalMs;
  }

  #arm(atMs: number): void {
    this.#exchange.port.wakeAtMs = Math.min(atMs, this.#totalAtMs());
  }

  woken(nowMs: number): void {
    const exchange = this.#exchange;
    if (exchange.phase === 'discard') {
      exchange.discard.woken(nowMs);
      return;
    }
    if (nowMs >= this.#totalAtMs()) {
      exchange.refuse(504, 'timeout', '', 'limited', 'http.total', `not done within ${exchange.route!.timeouts.totalMs} ms (timeouts.total)`);
      return;
    }
    switch (exchange.phase) {
      case 'response': if (exchange.body.complete) this.#noResponse(); else this.#request(nowMs); break;
      case 'inspect': this.#request(nowMs); break;
      case 'body': this.#response(nowMs); break;
      case 'tunnel': this.#tunnel(nowMs); break;
      default: this.total();
    }
  }

  /** For how long nothing has moved, at the resolution of the looks. */
  #stillMs(nowMs: number): number {
    const { client, leg } = this.#exchange;
    const server = leg.link;
    const moved = client.bytesIn + client.bytesOut - client.unsentBytes + (server === undefined ? 0 : server.bytesIn + server.bytesOut - server.unsentBytes);
    if (moved !== this.#moved) {
      // Before the first look nothing is known of what moved since the start: the start counts.
      if (this.#moved !== -1) this.#stillSinceMs = nowMs;
      this.#moved = moved;
    }
    return nowMs - this.#stillSinceMs;
  }

  #noResponse(): void {
    const exchange = this.#exchange;
    const { serverFirstByteMs } = exchange.route!.timeouts;
    exchange.refuse(504, 'timeout', '', 'failed', 'receive.timeout', `${exchange.leg.server!.name}: no response within ${serverFirstByteMs} ms (timeouts.serverFirstByte)`);
  }

  /** The request is not complete: it is the server's turn while it takes nothing of it, or while the client waits for its
   *  100 (Continue), and the client's otherwise. */
  #request(nowMs: number): void {
    const exchange = this.#exchange;
    const { body, leg, client, relay, parser } = exchange;
    const { clientBodyMs, serverIdleMs, serverFirstByteMs } = exchange.route!.timeouts;
    const stillMs = this.#stillMs(nowMs);
    const elapsedMs = nowMs - this.#lookedMs;
    this.#lookedMs = nowMs;
    if (leg.link !== undefined && leg.link.unsentBytes > 0) {
      if (stillMs >= serverIdleMs) {
        const reason = `${leg.server!.name} took nothing of the request for ${serverIdleMs} ms (timeouts.serverIdle)`;
        exchange.refuse(504, 'timeout', '', 'failed', 'send.timeout', reason);
        return;
      }
    } else if (leg.link !== undefined && parser.head.expectContinue && !relay.interimSent && client.bytesIn === this.#bytesBefore && !body.started) {
      if (stillMs >= serverFirstByteMs) {
        this.#noResponse();
        return;
      }
    } else {
      this.#clientTurnMs += elapsedMs;
      if (stillMs >= clientBodyMs) {
        exchange.refuse(408, 'timeout', '', 'limited', 'http.clientBody', `nothing of the request body came for ${clientBodyMs} ms`);
        return;
      }
      if (this.#tooSlow()) return;
    }
    this.#arm(nowMs + this.#requestLookMs());
  }

  #tooSlow(): boolean {
    const exchange = this.#exchange;
    const { minBodyBytesPerSecond, minBodyRateGraceMs } = exchange.route!.limits;
    if (this.#clientTurnMs <= minBodyRateGraceMs) return false;
    const bytesPerSecond = (exchange.client.bytesIn - exchange.bytesInBefore - exchange.parser.head.headBytes) / this.#clientTurnMs * 1000;
    if (bytesPerSecond >= minBodyBytesPerSecond) return false;
    const reason = `request body at ${Math.round(bytesPerSecond)} bytes/s, wanted ${minBodyBytesPerSecond} (limits.minBodyBytesPerSecond)`;
    exchange.refuse(408, 'timeout', '', 'limited', 'http.minBodyBytesPerSecond', reason);
    return true;
  }

  #response(nowMs: number): void {
    const exchange = this.#exchange;
    const { serverIdleMs, clientSendMs } = exchange.route!.timeouts;
    const stillMs = this.#stillMs(nowMs);
    if (exchange.client.unsentBytes > 0) {
      if (stillMs >= clientSendMs) {
        exchange.refuse(504, 'timeout', '', 'limited', 'http.clientSend', `the client took nothing of the response for ${clientSendMs} ms (timeouts.clientSend)`);
        return;
      }
    } else if (stillMs >= serverIdleMs) {
      exchange.refuse(504, 'timeout', '', 'failed', 'receive.timeout', `${exchange.leg.server!.name}: nothing more of the response for ${serverIdleMs} ms (timeouts.serverIdle)`);
      return;
    }
    this.#arm(nowMs + this.#responseLookMs());
  }

  #tunnel(nowMs: number): void {
    const { upgradeIdleMs } = this.#exchange.route!.timeouts;
    if (this.#stillMs(nowMs) >= upgradeIdleMs) this.#exchange.tunnel!.idle(upgradeIdleMs);
    else this.#arm(nowMs + this.#responseLookMs());
  }
}
