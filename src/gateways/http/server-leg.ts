// The server's side of one exchange: gets a link, tries again where that is safe, passes the link's events on to whoever
// is at work, and gives the link back exactly once. RFC 9110 section 9.2.2, RFC 9112 section 9.3.1 for what may be retried.
// Does not read or write messages: request-body.ts and response-relay.ts do.
import { operational, type OperationalFailure } from '#core/failure.ts';
import type { ChosenServer, PendingServer, ServerLinkOwner, ServerRequest } from '#contract/gateway.ts';
import type { Link, LinkHandler } from '#contract/link.ts';
import type { Operation } from '#contract/operation.ts';
import type { Exchange } from './exchange.ts';
import type { Route } from './routing.ts';

const noNames: readonly string[] = Object.freeze([]);

export class ServerLeg implements ServerLinkOwner, LinkHandler {
  /** In this exchange's hands, or undefined. */
  link: Link | undefined = undefined;
  /** The one tried last. */
  server: ChosenServer | undefined = undefined;
  attempts = 0;
  /** Monotonic; 0 when not reached. */
  connectedMs = 0;
  readonly #exchange: Exchange;
  readonly #request: ServerRequest;
  #pending: PendingServer | undefined = undefined;
  #reused = false;
  #tried: string[] | undefined = undefined;
  /** Why the attempt before failed: a better answer than that nobody is left to try. */
  #earlier: OperationalFailure | undefined = undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.#request = { pool: '', affinity: '', operation: undefined as never, excluded: noNames, fresh: false };
  }

  /** Now works for this operation object. */
  attach(operation: Operation): void {
    this.#request.operation = operation;
  }

  reset(): void {
    this.link = undefined;
    this.server = undefined;
    this.attempts = 0;
    this.connectedMs = 0;
    this.#pending = undefined;
    this.#reused = false;
    this.#tried = undefined;
    this.#earlier = undefined;
  }

  open(route: Route, fresh: boolean): void {
    const exchange = this.#exchange;
    const request = this.#request;
    request.pool = route.pool;
    request.affinity = route.affinity === undefined ? '' : route.affinity.of(exchange.context);
    request.excluded = this.#tried ?? noNames;
    request.fresh = fresh;
    this.attempts++;
    exchange.phase = 'server';
    const pending = exchange.port.openServer(request, this);
    if (pending !== undefined && this.link === undefined && exchange.phase === 'server') {
      this.#pending = pending;
      // The pool and the connector watch queue and connect times; this is only the total.
      exchange.watch.total();
    }
  }

  serverReady(link: Link, server: ChosenServer, reused: boolean): void {
    const exchange = this.#exchange;
    this.#pending = undefined;
    this.link = link;
    this.server = server;
    this.#reused = reused;
    this.connectedMs = exchange.port.nowMs();
    link.handler = this;
    exchange.context.server = server;
    exchange.sendRequest(link);
  }

  serverFailed(failure: OperationalFailure, server: ChosenServer | undefined): void {
    this.#pending = undefined;
    if (server !== undefined) this.server = server;
    if (failure.phase === 'connect') {
      if (this.#retry(false, failure)) return;
    } else if (failure.phase === 'pick') this.attempts--;
    const told = failure.phase === 'connect' ? failure : this.#earlier ?? failure;
    if (told.phase === 'connect') this.#exchange.fail(told.code === 'timeout' ? 504 : 502, told);
    else this.#exchange.fail(told.phase === 'receive' ? 502 : 503, told);
  }

  /** Another server (or another connection of the same) when that is safe and the budget allows. */
  #retry(sent: boolean, failure: OperationalFailure): boolean {
    const exchange = this.#exchange;
    const route = exchange.route!;
    if (sent && !exchange.body.repeatable) return false;
    if (!route.retries.permits(exchange.parser.head.method, this.attempts, sent)) return false;
    // A kept connection that the server closed meanwhile says nothing about the server, and each can be lost only once:
    // such retries cannot become a storm and need no budget.
    if (!(sent && this.#reused)) {
      if (!exchange.port.mayRetry(route.pool)) return false;
      if (this.server !== undefined) (this.#tried ??= []).push(this.server.name);
    }
    this.#earlier = failure;
    this.open(route, this.#reused);
    return true;
  }

  /** The server went away before the first byte of a response. */
  lostEarly(code: string, message: string): void {
    // An idle connection that was closed just then is no failure of the server.
    this.drop(this.#reused ? 'neutral' : 'failure', -1, `${message} before a response`);
    const failure = operational(code, 'server', 'receive', false, `${this.server!.name}: ${message} before a response`);
    if (!this.#retry(true, failure)) this.#exchange.fail(502, failure);
  }

  /** Gives back a link on which all is said. */
  release(reusable: boolean, outcome: 'success' | 'failure' | 'neutral', latencyMs: number, reason = ''): void {
    const link = this.link;
    if (link === undefined) return;
    this.link = undefined;
    this.#exchange.port.releaseLink(link, reusable, outcome, latencyMs, reason);
  }

  /** Cuts the link off: what is on it can serve nobody else. */
  drop(outcome: 'failure' | 'neutral' | 'success', latencyMs = -1, reason = ''): void {
    const link = this.link;
    if (link === undefined) return;
    this.link = undefined;
    link.reset();
    this.#exchange.port.releaseLink(link, false, outcome, latencyMs, reason);
  }

  /** Nothing of the server is wanted any more, whether it is there or still awaited. */
  abandon(outcome: 'failure' | 'neutral', reason = ''): void {
    this.#pending?.cancel();
    this.#pending = undefined;
    this.drop(outcome, -1, reason);
  }

  received(_link: Link, bytes: Buffer, start: number, end: number): void {
    const exchange = this.#exchange;
    if (exchange.phase === 'tunnel') exchange.tunnel!.serverBytes(bytes, start, end);
    else exchange.relay.received(bytes, start, end);
  }

  ended(): void {
    const exchange = this.#exchange;
    if (exchange.phase === 'tunnel') exchange.tunnel!.serverEnded();
    else exchange.relay.serverEnded();
  }

  drained(): void {
    this.#exchange.body.serverDrained();
  }

  relayed(): void {
    this.#exchange.relay.relayed();
  }

  closed(link: Link, failure: OperationalFailure | undefined): void {
    if (link !== this.link) return;
    const exchange = this.#exchange;
    if (exchange.phase === 'tunnel') exchange.tunnel!.serverClosed(failure);
    else exchange.relay.serverLost(failure?.code ?? 'closed', failure?.message ?? 'connection closed');
  }
}
