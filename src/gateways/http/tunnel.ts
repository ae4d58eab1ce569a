// An upgraded connection (WebSocket and others): bytes relayed both ways below the session machine, counted, with an idle
// limit. Which upgrades may happen is decided before (route.upgrades and policy). RFC 9110 section 7.8, RFC 6455.
// Does not look inside: messages of the upgraded protocol are opaque here.
import type { OperationalFailure } from '#core/failure.ts';
import type { Exchange } from './exchange.ts';

export class Tunnel {
  readonly #exchange: Exchange;
  #clientEnded = false;
  #serverEnded = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** bytes[at..end): what the server sent behind its 101. */
  start(bytes: Buffer, at: number, end: number): void {
    const { client, leg, gateway } = this.#exchange;
    const server = leg.link!;
    if (at < end) client.send(bytes, at, end);
    const held = gateway.takeHeld();
    if (held !== undefined) server.send(held, 0, held.length);
    server.relayTo(client, Infinity);
    client.relayTo(server, Infinity);
    this.#exchange.watch.body();
    // A client that had finished sending before the switch says so only once.
    if (client.peerEnded) this.clientEnded();
  }

  clientBytes(bytes: Buffer, start: number, end: number): number {
    this.#exchange.leg.link?.send(bytes, start, end);
    return end;
  }

  serverBytes(bytes: Buffer, start: number, end: number): void {
    this.#exchange.client.send(bytes, start, end);
  }

  /** A half-closed side may still receive. */
  clientEnded(): void {
    this.#clientEnded = true;
    this.#exchange.leg.link?.end();
    if (this.#serverEnded) this.#done('');
  }

  serverEnded(): void {
    this.#serverEnded = true;
    this.#exchange.client.end();
    if (this.#clientEnded) this.#done('');
  }

  serverClosed(failure: OperationalFailure | undefined): void {
    if (failure !== undefined) {
      this.#exchange.client.reset();
      this.#done(`server: ${failure.message}`);
    } else this.#done('');
  }

  idle(idleMs: number): void {
    this.#done(`no byte in either direction for ${idleMs} ms (timeouts.upgradeIdle)`);
  }

  #done(reason: string): void {
    const exchange = this.#exchange;
    if (exchange.phase !== 'tunnel') return;
    exchange.reason = reason;
    exchange.keepAlive = false;
    exchange.client.stopRelay();
    exchange.leg.link?.stopRelay();
    exchange.leg.release(false, 'neutral', -1);
    exchange.finish();
  }
}
