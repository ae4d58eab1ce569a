// One request and its response: asks limits and policy, finds the route, gets a server, forwards, retries where that is
// safe, and writes the record. Everything that concerns one operation and nothing that concerns the connection, so that a
// stream of HTTP/2 can be an exchange too. Bodies: request-body.ts, response-relay.ts; tunnels: tunnel.ts.
import { operational, type OperationalFailure } from '#core/failure.ts';
import type { Outcome } from '#contract/audit-record.ts';
import type { ChosenServer, PendingServer, ServerLinkOwner, ServerRequest, SessionPort } from '#contract/gateway.ts';
import type { Link, LinkHandler } from '#contract/link.ts';
import { HeaderId, RequestParser } from '#codecs/http1/index.ts';
import type { HttpGateway } from './gateway.ts';
import { HttpOperation } from './operations.ts';
import { httpDate, limitLines, reasonPhrases, replyText } from './replies.ts';
import { RequestBody } from './request-body.ts';
import { RequestView } from './request-view.ts';
import { ResponseRelay } from './response-relay.ts';
import type { Route } from './routing.ts';
import { fillRecord } from './records.ts';
import type { HttpService } from './service.ts';
import type { Tunnel } from './tunnel.ts';
import { Watch } from './watch.ts';
import { RequestContext } from './variables.ts';

const noNames: readonly string[] = Object.freeze([]);
/** `head`: nothing decided yet. `server`: waiting for a link. `response`: request (or part of it) sent, no final head yet. */
export type Phase = 'head' | 'server' | 'response' | 'body' | 'tunnel' | 'done';

export class Exchange implements ServerLinkOwner, LinkHandler {
  readonly service: HttpService;
  readonly parser: RequestParser;
  readonly view: RequestView;
  readonly body: RequestBody;
  readonly relay: ResponseRelay;
  readonly watch: Watch;
  gateway!: HttpGateway;
  port!: SessionPort;
  client!: Link;
  context!: RequestContext;
  operation!: HttpOperation;

  phase: Phase = 'done';
  id = '';
  timeMs = 0;
  startedMs = 0;
  route: Route | undefined = undefined;
  server: ChosenServer | undefined = undefined;
  serverLink: Link | undefined = undefined;
  attempts = 0;
  status = 0;
  outcome: Outcome = 'allowed';
  rule = '';
  reason = '';
  connectedMs = 0;
  firstByteMs = 0;
  bytesInBefore = 0;
  bytesOutBefore = 0;
  /** The client may send another request after this one. */
  keepAlive = true;
  /** Something of the final response has gone to the client. */
  answered = false;
  tunnel: Tunnel | undefined = undefined;
  #admitted = false;
  #audit = true;
  #pending: PendingServer | undefined = undefined;
  #reused = false;
  /** Why the attempt before failed. */
  #earlier: OperationalFailure | undefined = undefined;
  #tried: string[] | undefined = undefined;
  readonly #request: ServerRequest;
  /** The part of the client's buffer behind the head, during `begin` only. */
  #bytes: Buffer | undefined = undefined;
  #at = 0;
  #end = 0;

  constructor(service: HttpService) {
    this.service = service;
    this.parser = new RequestParser(service.normalization, service.limits);
    this.view = new RequestView(this.parser.head, service.limits);
    this.body = new RequestBody(this, service);
    this.relay = new ResponseRelay(this, service);
    this.watch = new Watch(this);
    this.#request = { pool: '', affinity: '', operation: undefined as never, excluded: noNames, fresh: false };
  }

  /** Now works for this connection. */
  attach(gateway: HttpGateway): void {
    this.gateway = gateway;
    this.port = gateway.port;
    this.client = gateway.link;
    const { facts, subject } = gateway.port;
    this.context = new RequestContext(facts, this.view);
    this.operation = new HttpOperation(this.view, facts.service, facts.listener, subject);
    this.#request.operation = this.operation;
  }

  #reset(): void {
    this.phase = 'head';
    this.id = this.port.operationId();
    this.timeMs = this.port.wallMs();
    this.startedMs = this.gateway.headStartedMs;
    this.route = undefined;
    this.server = undefined;
    this.serverLink = undefined;
    this.attempts = 0;
    this.status = 0;
    this.outcome = 'allowed';
    this.rule = '';
    this.reason = '';
    this.connectedMs = 0;
    this.firstByteMs = 0;
    this.answered = false;
    this.tunnel = undefined;
    this.#admitted = false;
    this.#audit = true;
    this.#pending = undefined;
    this.#reused = false;
    this.#earlier = undefined;
    this.#tried = undefined;
    this.bytesInBefore = this.client.bytesIn;
    this.bytesOutBefore = this.client.bytesOut;
  }

  /**
   * The head stands in the parser; bytes[at..end) is what came behind it. Returns where the bytes begin that are not this
   * request's. May end the exchange before it returns.
   */
  begin(bytes: Buffer, at: number, end: number): number {
    this.#reset();
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
    const { head } = this.parser;
    this.bytesInBefore -= head.headBytes + (end - at);
    this.view.begin(head);
    this.keepAlive = head.keepAlive && this.gateway.requests < this.service.limits.maxRequestsPerConnection;
    this.body.begin(head);
    this.#decide();
    // What is left of the body in this buffer, when nobody took it: held until the server is there, or thrown away.
    if (!this.body.complete && this.#at < this.#end) this.#at = this.body.take(bytes, this.#at, this.#end);
    if (this.phase !== 'done' && !this.body.complete && this.serverLink === undefined) this.client.pause();
    this.#bytes = undefined;
    return this.#at;
  }

  #decide(): void {
    const { port, service, context, operation, view } = this;
    const current = port.currentService();
    if (current !== service) {
      // The configuration is newer than this parser: the request goes by the new rules, the next one by a new parser too.
      if (current === undefined) {
        this.refuse(503, 'service-removed', 'this service was removed', 'denied', 'service-removed', '');
        return;
      }
      this.gateway.service = current as HttpService;
    }
    const rules = (current ?? service) as HttpService;
    context.requestId = this.id;
    context.timeMs = this.timeMs;
    context.server = undefined;
    context.upgrade = '';
    context.fault = '';
    operation.service = rules.name;
    if (rules.forwarded.identify(context)) operation.subject = port.subjectFor(context.clientAddress, context.clientPort);
    context.zone = operation.subject.zones[0] ?? '';
    const refusal = port.admit(operation);
    if (refusal !== undefined) {
      this.rule = refusal.limit;
      if (refusal.action === 'drop') this.#endSilently('limited', refusal.reason);
      else this.refuse(refusal.status || 429, 'limited', refusal.message ?? '', 'limited', refusal.limit, refusal.reason, limitLines(refusal));
      return;
    }
    this.#admitted = true;
    const decision = port.decide(operation);
    this.rule = decision.rule;
    this.#audit = decision.audit;
    if (decision.effect !== 'allow') {
      this.#deny(decision.effect, decision.status, decision.message, decision.reason);
      return;
    }
    const route = rules.routes.find(view, operation.subject.zones);
    if (view.limitReached !== '') {
      this.refuse(400, 'limit', '', 'limited', `http.${view.limitReached}`, `more than ${service.limits[view.limitReached]} (${view.limitReached})`);
      return;
    }
    if (route === undefined) {
      this.refuse(404, 'no-route', '', 'denied', 'no-route', 'no route fits the request');
      return;
    }
    this.route = route;
    context.route = route.id;
    this.#serve(rules, route);
  }

  #deny(effect: string, status: number, message: string, reason: string): void {
    if (effect === 'drop') {
      this.#endSilently('denied', reason);
      return;
    }
    if (effect === 'close') this.keepAlive = false;
    this.refuse(status === 0 ? 403 : status, 'denied', message, 'denied', this.rule, reason);
  }

  /** `drop`: no answer at all, the connection is reset. */
  #endSilently(outcome: Outcome, reason: string): void {
    this.outcome = outcome;
    this.reason = reason;
    this.phase = 'done';
    this.#finishRecord();
    this.client.reset();
  }

  #serve(rules: HttpService, route: Route): void {
    const { head } = this.parser;
    if (head.method === 'CONNECT') {
      this.refuse(405, 'connect', '', 'denied', 'http.connect', 'CONNECT is for forward proxies; this service is none');
      return;
    }
    if (head.contentLength > route.limits.maxBodyBytes) {
      const reason = `Content-Length ${head.contentLength} is more than maxBodyBytes ${route.limits.maxBodyBytes}`;
      this.refuse(413, 'limit', '', 'limited', 'http.maxBodyBytes', reason);
      return;
    }
    if (route.pool === '') {
      this.#answerLocally(rules, route);
      return;
    }
    if (head.upgrade !== undefined) this.context.upgrade = route.acceptedUpgrade(head.upgrade);
    this.#open(route, false);
  }

  #answerLocally(rules: HttpService, route: Route): void {
    const reply = route.reply(this.context)!;
    this.#settleUnreadBody();
    const { head } = this.parser;
    const empty = reply.status === 204 || reply.status === 304;
    const text = `HTTP/1.1 ${reply.status} ${reasonPhrases[reply.status] ?? 'OK'}\r\nDate: ${httpDate(this.timeMs)}\r\n${reply.fields}${rules.localLines(this.id)}`
      + `${empty ? '' : `Content-Length: ${reply.body.length}\r\n`}Connection: ${this.keepAlive ? 'keep-alive' : 'close'}\r\n\r\n`;
    this.status = reply.status;
    this.client.sendTextAndBytes(text, reply.body, 0, head.method === 'HEAD' || empty ? 0 : reply.body.length);
    this.finish();
  }

  #open(route: Route, fresh: boolean): void {
    const request = this.#request;
    request.pool = route.pool;
    request.affinity = route.affinity === undefined ? '' : route.affinity.of(this.context);
    request.excluded = this.#tried ?? noNames;
    request.fresh = fresh;
    this.attempts++;
    this.phase = 'server';
    const pending = this.port.openServer(request, this);
    if (pending !== undefined && this.serverLink === undefined && this.phase === 'server') {
      this.#pending = pending;
      // The pool and the connector watch queue and connect times; this is only the total.
      this.watch.total();
    }
  }

  serverReady(link: Link, server: ChosenServer, reused: boolean): void {
    this.#pending = undefined;
    this.serverLink = link;
    this.server = server;
    this.context.server = server;
    this.#reused = reused;
    link.handler = this;
    this.connectedMs = this.port.nowMs();
    this.phase = 'response';
    const requestHead = this.route!.request.build(this.context);
    if (requestHead === '') {
      this.serverLink = undefined;
      this.port.releaseServer(link, true, 'neutral', -1);
      this.refuse(400, 'rewrite', '', 'refused', 'http.rewrite', this.context.fault);
      return;
    }
    this.relay.begin(this.parser.head);
    const waited = this.#bytes === undefined;
    const taken = this.body.start(link, requestHead, this.#bytes, this.#at, this.#end);
    if (!waited) this.#at = taken;
    if (waited) this.client.resume();
    this.watch.response();
  }

  serverFailed(failure: OperationalFailure, server: ChosenServer | undefined): void {
    this.#pending = undefined;
    if (server !== undefined) this.server = server;
    if (failure.phase === 'connect' && this.#retry(false, failure)) return;
    // That no other server is left is less than what went wrong with the first.
    const told = this.#earlier !== undefined && failure.phase !== 'connect' ? this.#earlier : failure;
    this.#failed(told);
  }

  #failed(failure: OperationalFailure): void {
    if (failure.phase !== 'connect') this.#fail(failure.phase === 'receive' ? 502 : 503, failure);
    else this.#fail(failure.code === 'timeout' ? 504 : 502, failure);
  }

  /** Another server (or another connection of the same) when that is safe and the budget allows. */
  #retry(sent: boolean, failure: OperationalFailure): boolean {
    const route = this.route!;
    if (sent && !this.body.repeatable) return false;
    if (!route.retries.permits(this.parser.head.method, this.attempts, sent) || !this.port.mayRetry(route.pool)) return false;
    this.#earlier = failure;
    // A kept connection that the server closed meanwhile says nothing about the server itself.
    if (!this.#reused && this.server !== undefined) (this.#tried ??= []).push(this.server.name);
    this.#open(route, this.#reused);
    return true;
  }

  #fail(status: number, failure: OperationalFailure): void {
    const lines = status === 503 ? 'Retry-After: 1\r\n' : '';
    this.refuse(status, failure.code, '', 'failed', `${failure.phase}.${failure.code}`, failure.message, lines);
  }

  /** Answers from the gateway, whatever was going on, unless a response has begun: then the client sees a cut. */
  refuse(status: number, code: string, message: string, outcome: Outcome, rule: string, reason: string, lines = ''): void {
    this.outcome = outcome;
    this.rule = rule;
    this.reason = reason;
    if (this.serverLink !== undefined) this.dropServer(outcome === 'failed' ? 'failure' : 'neutral');
    if (this.answered) {
      this.client.reset();
      this.finish();
      return;
    }
    this.#settleUnreadBody();
    this.status = status;
    const accept = this.phase === 'head' && this.parser.fault !== undefined ? '' : (this.parser.head.headers.get(HeaderId.Accept) ?? '');
    const head = this.parser.head.method === 'HEAD';
    this.client.sendText(replyText({ status, code, message, id: this.id, accept, head, keepAlive: this.keepAlive, lines, wallMs: this.port.wallMs() }));
    this.finish();
  }

  /** A response without the request's body having been read: what is here already is skipped, more than that ends the connection. */
  #settleUnreadBody(): void {
    const { body } = this;
    if (body.complete) return;
    if (this.#bytes !== undefined && !body.started) {
      const skipped = body.skip(this.#at, this.#end);
      if (skipped >= 0) {
        this.#at = skipped;
        return;
      }
    }
    this.keepAlive = false;
    // Nothing behind here can be told from the body any more: no further request on this connection.
    this.#at = this.#end;
    body.abandon();
  }

  /** The head could not be read: nothing that follows on this connection can be trusted. */
  refuseHead(): void {
    this.#reset();
    this.keepAlive = false;
    this.body.abandon();
    const fault = this.parser.fault!;
    this.parser.head.method = '';
    const text = fault.kind === 'limit' ? `${fault.message} (maximum ${fault.maximum}, seen ${fault.seen})` : fault.message;
    const reason = `${text} at byte ${fault.offset}; ${fault.spec}${fault.setting === undefined ? '' : `; setting normalization.${fault.setting}`}`;
    this.refuse(fault.status, fault.code, fault.message, fault.kind === 'limit' ? 'limited' : 'refused', fault.code, reason);
  }

  refuseSlowHead(): void {
    this.#reset();
    this.keepAlive = false;
    this.body.abandon();
    this.parser.head.method = '';
    this.refuse(408, 'timeout', '', 'limited', 'http.clientHeader', `no complete head within ${this.service.timeouts.clientHeaderMs} ms`);
  }

  /** Bytes from the client while this exchange is under way; returns where those begin that are not its own. */
  clientBytes(bytes: Buffer, start: number, end: number): number {
    if (this.phase === 'tunnel') return this.tunnel!.clientBytes(bytes, start, end);
    if (this.body.complete) return start;
    return this.body.take(bytes, start, end);
  }

  clientEnded(): void {
    if (this.phase === 'tunnel') {
      this.tunnel!.clientEnded();
      return;
    }
    this.keepAlive = false;
    if (!this.body.complete) this.abort('client closed before the end of its request');
  }

  clientDrained(): void {
    if (this.serverLink !== undefined) this.serverLink.resume();
  }

  requestRelayed(): void {
    this.body.relayed();
  }

  clientClosed(failure: OperationalFailure | undefined): void {
    if (this.phase === 'done') return;
    if (this.phase !== 'tunnel' || failure !== undefined) {
      this.outcome = 'aborted';
      this.reason = failure === undefined ? 'client closed' : `client: ${failure.message}`;
    }
    this.#pending?.cancel();
    this.#pending = undefined;
    if (this.serverLink !== undefined) this.dropServer('neutral');
    this.phase = 'done';
    this.#finishRecord();
  }

  /** The request can go no further; no answer makes sense. */
  abort(reason: string): void {
    this.outcome = 'aborted';
    this.reason = reason;
    this.#pending?.cancel();
    this.#pending = undefined;
    if (this.serverLink !== undefined) this.dropServer('neutral');
    this.keepAlive = false;
    this.client.reset();
    this.finish();
  }

  /** Closes the server link: what is on it can serve nobody else. */
  dropServer(outcome: 'failure' | 'neutral' | 'success'): void {
    const link = this.serverLink;
    if (link === undefined) return;
    this.serverLink = undefined;
    if (!link.closed) link.reset();
    this.port.releaseServer(link, false, outcome, -1);
  }

  /** Closes the server link in good order. */
  closeServer(): void {
    const link = this.serverLink;
    if (link === undefined) return;
    this.serverLink = undefined;
    this.port.releaseServer(link, false, 'neutral', -1);
  }

  // Events of the server link.

  received(_link: Link, bytes: Buffer, start: number, end: number): void {
    if (this.phase === 'tunnel') this.tunnel!.serverBytes(bytes, start, end);
    else this.relay.received(bytes, start, end);
  }

  ended(): void {
    if (this.phase === 'tunnel') this.tunnel!.serverEnded();
    else this.relay.serverEnded();
  }

  drained(): void {
    this.body.serverDrained();
  }

  relayed(): void {
    this.relay.relayed();
  }

  closed(link: Link, failure: OperationalFailure | undefined): void {
    if (link !== this.serverLink) return;
    if (this.phase === 'tunnel') {
      this.tunnel!.serverClosed(failure);
      return;
    }
    this.relay.serverLost(failure?.code ?? 'closed', failure?.message ?? 'connection closed');
  }

  /** The server went away before the first byte of a response. */
  serverLostEarly(code: string, message: string): void {
    const link = this.serverLink!;
    this.serverLink = undefined;
    if (!link.closed) link.reset();
    // An idle connection that was closed just then is no failure of the server.
    this.port.releaseServer(link, false, this.#reused ? 'neutral' : 'failure', -1);
    const failure = operational(code, 'server', 'receive', false, `${this.server!.name}: ${message} before a response`);
    if (!this.#retry(true, failure)) this.#fail(502, failure);
  }

  /** The final response is on its way in full. */
  responseDone(reusable: boolean): void {
    const link = this.serverLink!;
    this.serverLink = undefined;
    if (!this.body.complete) {
      // Answered before the request was read: neither side can be used for another.
      this.keepAlive = false;
      this.body.abandon();
      this.client.stopRelay();
      link.reset();
      this.port.releaseServer(link, false, 'success', this.firstByteMs - this.connectedMs);
    } else this.port.releaseServer(link, reusable, this.status >= 500 && this.status !== 501 ? 'failure' : 'success', this.firstByteMs - this.connectedMs);
    this.finish();
  }

  /** Record, then on to the next request. */
  finish(): void {
    this.phase = 'done';
    this.#finishRecord();
    this.gateway.exchangeDone(this.keepAlive);
  }

  #finishRecord(): void {
    if (this.#admitted) this.port.release(this.operation);
    if (this.#audit || this.outcome !== 'allowed') this.port.record(fillRecord(this));
  }

  describe(): string {
    const { head } = this.parser;
    return `${this.phase} ${head.method} ${head.host}${head.rawPath}`;
  }
}
