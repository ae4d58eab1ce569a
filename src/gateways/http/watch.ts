// The time limits of one exchange. A session has one alarm; each wait sets it, and when it rings this looks at what is
// being waited for. Progress is counted in bytes, so that nothing is armed per chunk. RFC 9110 section 15.5.9 (408), 15.6.5 (504).
import type { Exchange } from './exchange.ts';

/** Progress is looked at this many times within a time limit: a stall is seen after at most 1 + 1/4 of it. */
const checksPerTimeout = 4;
/** A request body is looked at least so often, for its rate. */
const rateCheckMs = 1000;

export class Watch {
  readonly #exchange: Exchange;
  /** Bytes moved when last looked, and how often in a row nothing had. */
  #moved = 0;
  #stalls = 0;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Only the total time counts: others watch what is waited for. */
  total(): void {
    this.#arm(Infinity);
  }

  /** Waiting for the first byte of the response, or for the rest of the request. */
  response(): void {
    const { body, route, port } = this.#exchange;
    const { serverFirstByteMs, clientBodyMs } = route!.timeouts;
    this.#moved = 0;
    this.#stalls = 0;
    this.#arm(port.nowMs() + (body.complete ? serverFirstByteMs : Math.min(rateCheckMs, clientBodyMs / checksPerTimeout)));
  }

  /** A response body or a tunnel is being relayed. */
  body(): void {
    this.#moved = 0;
    this.#stalls = 0;
    this.#arm(this.#exchange.port.nowMs() + this.#pauseMs() / checksPerTimeout);
  }

  #arm(atMs: number): void {
    const { route, startedMs, port } = this.#exchange;
    const totalMs = route?.timeouts.totalMs ?? 0;
    const totalAtMs = totalMs === 0 ? Infinity : startedMs + totalMs;
    port.wakeAtMs = Math.min(atMs, totalAtMs);
  }

  #pauseMs(): number {
    const { serverIdleMs, clientSendMs, upgradeIdleMs } = this.#exchange.route!.timeouts;
    return this.#exchange.phase === 'tunnel' ? upgradeIdleMs : Math.min(serverIdleMs, clientSendMs);
  }

  woken(nowMs: number): void {
    const exchange = this.#exchange;
    const totalMs = exchange.route?.timeouts.totalMs ?? 0;
    if (totalMs !== 0 && nowMs >= exchange.startedMs + totalMs) {
      exchange.refuse(504, 'timeout', '', 'limited', 'http.total', `not done within ${totalMs} ms (timeouts.total)`);
      return;
    }
    if (exchange.phase === 'response' && exchange.body.complete) {
      const { serverFirstByteMs } = exchange.route!.timeouts;
      const reason = `${exchange.server!.name}: no response within ${serverFirstByteMs} ms (timeouts.serverFirstByte)`;
      exchange.refuse(504, 'timeout', '', 'failed', 'receive.timeout', reason);
      return;
    }
    if (exchange.phase === 'response') this.#request(nowMs);
    else if (exchange.phase === 'body' || exchange.phase === 'tunnel') this.#response(nowMs);
  }

  /** How often in a row nothing has moved. */
  #look(): number {
    const { client, serverLink } = this.#exchange;
    const moved = client.bytesIn + client.bytesOut + (serverLink === undefined ? 0 : serverLink.bytesIn + serverLink.bytesOut);
    this.#stalls = moved === this.#moved ? this.#stalls + 1 : 0;
    this.#moved = moved;
    return this.#stalls;
  }

  #request(nowMs: number): void {
    const exchange = this.#exchange;
    const { clientBodyMs } = exchange.route!.timeouts;
    const { minBodyBytesPerSecond, minBodyRateGraceMs } = exchange.route!.limits;
    const elapsedMs = nowMs - exchange.startedMs;
    const bytesPerSecond = (exchange.client.bytesIn - exchange.bytesInBefore) / elapsedMs * 1000;
    if (elapsedMs > minBodyRateGraceMs && bytesPerSecond < minBodyBytesPerSecond) {
      const reason = `request body at ${Math.round(bytesPerSecond)} bytes/s, wanted ${minBodyBytesPerSecond}`;
      exchange.refuse(408, 'timeout', '', 'limited', 'http.minBodyBytesPerSecond', reason);
      return;
    }
    const everyMs = Math.min(rateCheckMs, clientBodyMs / checksPerTimeout);
    if (this.#look() * everyMs >= clientBodyMs) {
      exchange.refuse(408, 'timeout', '', 'limited', 'http.clientBody', `nothing of the request body came for ${clientBodyMs} ms`);
      return;
    }
    this.#arm(nowMs + everyMs);
  }

  #response(nowMs: number): void {
    const exchange = this.#exchange;
    const pauseMs = this.#pauseMs();
    if (this.#look() < checksPerTimeout) {
      this.#arm(nowMs + pauseMs / checksPerTimeout);
      return;
    }
    if (exchange.phase === 'tunnel') exchange.tunnel!.idle(pauseMs);
    else exchange.refuse(504, 'timeout', '', 'failed', 'receive.timeout', `no byte moved for ${pauseMs} ms`);
  }
}
