// One request and its response: has it judged, forwards or answers, and writes the record.
// Everything that concerns one operation and nothing that concerns the connection, so that a stream of HTTP/2 can be an
// exchange too. Limits, policy and route: judgement.ts; the server's side and retries: server-leg.ts; bodies: request-body.ts, response-relay.ts; tunnels: tunnel.ts.
import type { OperationalFailure } from '#core/failure.ts';
import type { Outcome } from '#contract/audit-record.ts';
import type { SessionPort } from '#contract/gateway.ts';
import type { Link } from '#contract/link.ts';
import type { BlockLists, WebInspection } from '#contract/web-inspection.ts';
import { HeaderId, RequestParser } from '#codecs/http1/index.ts';
import type { HttpGateway } from './gateway.ts';
import { HttpOperation } from './operations.ts';
import { Discard } from './discard.ts';
import { inspectRequest } from './inspection.ts';
import { judge } from './judgement.ts';
import { localReplyHead, replyText } from './replies.ts';
import { RequestBody } from './request-body.ts';
import { RequestView } from './request-view.ts';
import { ResponseRelay } from './response-relay.ts';
import type { Route } from './routing.ts';
import { fillRecord } from './records.ts';
import { ServerLeg } from './server-leg.ts';
import type { HttpService } from './service.ts';
import type { Tunnel } from './tunnel.ts';
import { Watch } from './watch.ts';
import { RequestContext } from './variables.ts';

/** `head`: nothing decided yet. `inspect`: the body is held and looked at. `server`: waiting for a link. `response`: request
 *  (or part of it) sent, no final head yet. `discard`: answered and recorded, the rest of the body is read over. */
export type Phase = 'head' | 'inspect' | 'server' | 'response' | 'body' | 'tunnel' | 'discard' | 'done';

export class Exchange {
  readonly service: HttpService;
  readonly parser: RequestParser;
  readonly view: RequestView;
  readonly body: RequestBody;
  readonly relay: ResponseRelay;
  readonly watch: Watch;
  readonly leg: ServerLeg;
  readonly discard: Discard;
  gateway!: HttpGateway;
  port!: SessionPort;
  client!: Link;
  context!: RequestContext;
  operation!: HttpOperation;

  phase: Phase = 'done';
  id = '';
  timeMs = 0;
  startedMs = 0;
  endedMs = 0;
  route: Route | undefined = undefined;
  status = 0;
  outcome: Outcome = 'allowed';
  rule = '';
  reason = '';
  firstByteMs = 0;
  bytesInBefore = 0;
  bytesOutBefore = 0;
  /** The client may send another request after this one. */
  keepAlive = true;
  /** Something of the final response has gone to the client. */
  answered = false;
  tunnel: Tunnel | undefined = undefined;
  /** The firewall's look at this request; undefined when the route has none. */
  inspection: WebInspection | undefined = undefined;
  /** Block lists that have the client; null when none are asked. */
  listed: ReadonlyMap<string, string> | null = null;
  /** The inspection has something for the record. */
  inspected = false;
  /** Holds a place of limits, if any. */
  admitted = false;
  /** Its rule wants a record also when all goes well. */
  audited = true;
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
    this.leg = new ServerLeg(this);
    this.discard = new Discard(this);
  }

  /** Now works for this connection. */
  attach(gateway: HttpGateway): void {
    this.gateway = gateway;
    this.port = gateway.port;
    this.client = gateway.link;
    const { facts, subject } = gateway.port;
    this.context = new RequestContext(facts, this.view);
    this.operation = new HttpOperation(this.view, facts.service, facts.listener, subject);
    this.leg.attach(this.operation);
  }

  #reset(): void {
    this.phase = 'head';
    this.id = this.port.operationId();
    this.timeMs = this.port.wallMs();
    this.startedMs = this.gateway.headStartedMs;
    this.route = undefined;
    this.leg.reset();
    this.discard.reset();
    this.status = 0;
    this.outcome = 'allowed';
    this.rule = '';
    this.reason = '';
    this.firstByteMs = 0;
    this.answered = false;
    this.tunnel = undefined;
    this.inspection = undefined;
    this.inspected = false;
    this.admitted = false;
    this.audited = true;
    this.bytesInBefore = this.client.bytesIn;
    this.bytesOutBefore = this.client.bytesOut;
  }

  /** Before `begin`: true when block lists have to be asked about the client first; the gateway is told when they have answered. */
  waitsForLists(lists: BlockLists): boolean {
    const { context, service, port, view } = this;
    view.begin(this.parser.head);
    if (service.forwarded.identify(context)) this.operation.subject = port.subjectFor(context.clientAddress, context.clientPort);
    const known = port.listed(context.clientAddress, lists, (listed) => { this.gateway.listsAnswered(listed); });
    this.listed = known ?? null;
    return known === undefined;
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
    const route = judge(this);
    if (route !== undefined) this.#serve(route);
    // What is left of the body in this buffer, when nobody took it: held until the server is there, or thrown away.
    if (this.phase !== 'discard' && !this.body.complete && this.#at < this.#end) this.#at = this.body.take(bytes, this.#at, this.#end);
    if (this.phase !== 'done' && this.phase !== 'discard' && !this.body.complete) {
      if (this.leg.link !== undefined) this.client.resume();
      else if (this.phase !== 'inspect') this.client.pause();
    }
    this.#bytes = undefined;
    return this.#at;
  }

  /** `drop`: no answer at all, the connection is reset. */
  endSilently(outcome: Outcome, reason: string): void {
    this.outcome = outcome;
    this.reason = reason;
    this.phase = 'done';
    this.#finishRecord();
    this.client.reset();
  }

  #serve(route: Route): void {
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
    if (route.inspector === undefined || inspectRequest(this, route.inspector)) this.proceed();
  }

  /** Everything that had to be asked before was: answers, or gets a server. */
  proceed(): void {
    const route = this.route!;
    const { head } = this.parser;
    if (route.pool === '') {
      this.#answerLocally(route);
      return;
    }
    if (head.upgrade !== undefined) {
      this.context.upgrade = route.acceptedUpgrade(head.upgrade);
      // No fault of the client: it is answered as if it had not asked. Whoever wonders why finds it in the record.
      if (this.context.upgrade === '') this.reason = route.upgradeLeftOut(head.upgrade);
    }
    this.leg.open(route, false);
  }

  #answerLocally(route: Route): void {
    const reply = route.reply(this.context)!;
    this.#settleUnreadBody();
    const empty = reply.status === 204 || reply.status === 304;
    this.status = reply.status;
    const text = localReplyHead(reply, this.timeMs, this.gateway.service.localLines(this.id), this.keepAlive);
    this.client.sendTextAndBytes(text, reply.body, 0, this.parser.head.method === 'HEAD' || empty ? 0 : reply.body.length);
    this.finish();
  }

  /** A server is there: the request goes out. */
  sendRequest(link: Link): void {
    this.phase = 'response';
    const requestHead = this.route!.request.build(this.context);
    if (requestHead === '') {
      this.leg.release(true, 'neutral', -1);
      this.refuse(400, 'rewrite', '', 'refused', 'http.rewrite', this.context.fault);
      return;
    }
    this.relay.begin(this.parser.head);
    if (this.#bytes !== undefined) this.#at = this.body.start(link, requestHead, this.#bytes, this.#at, this.#end);
    else this.body.startHeld(link, requestHead);
    if (this.phase === 'response') this.watch.response(this.leg.connectedMs);
  }

  fail(status: number, failure: OperationalFailure): void {
    const lines = status === 503 ? 'Retry-After: 1\r\n' : '';
    this.refuse(status, failure.code, '', 'failed', `${failure.phase}.${failure.code}`, failure.message, lines);
  }

  /** Answers from the gateway, whatever was going on, unless a response has begun: then the client sees a cut. */
  refuse(status: number, code: string, message: string, outcome: Outcome, rule: string, reason: string, lines = '', page = ''): void {
    this.outcome = outcome;
    this.rule = rule;
    this.reason = reason;
    this.leg.abandon(outcome === 'failed' ? 'failure' : 'neutral', reason);
    if (this.answered) {
      this.keepAlive = false;
      this.body.abandon();
      this.client.reset();
      this.finish();
      return;
    }
    this.#settleUnreadBody();
    this.status = status;
    const accept = this.phase === 'head' && this.parser.fault !== undefined ? '' : (this.parser.head.headers.get(HeaderId.Accept) ?? '');
    const head = this.parser.head.method === 'HEAD';
    this.client.sendText(replyText({ status, code, message, id: this.id, accept, head, keepAlive: this.keepAlive, lines, page, wallMs: this.port.wallMs() }));
    this.finish();
  }

  /** A response without the request's body having been read: it is read over, if that is little; else the connection ends. */
  #settleUnreadBody(): void {
    const { body, discard } = this;
    if (body.complete) return;
    if (this.#bytes !== undefined && !body.started) {
      const next = discard.begin(this.#bytes, this.#at, this.#end);
      if (next >= 0) {
        this.#at = next;
        return;
      }
    } else if (this.#bytes === undefined) {
      const held = body.takeHeld();
      const next = held === undefined ? -1 : discard.begin(held, 0, held.length);
      if (next >= 0) {
        // Behind the body the next request begins, which came in the same read.
        if (next < held!.length) this.gateway.hold(held!, next, held!.length);
        return;
      }
    }
    this.keepAlive = false;
    // Nothing behind here can be told from the body any more: no further request on this connection.
    this.#at = this.#end;
    body.abandon();
  }

  /** The head could not be read: nothing that follows on this connection can be trusted. `beginning`: see `beginningOf`. */
  refuseHead(beginning: string): void {
    this.#reset();
    this.keepAlive = false;
    this.body.abandon();
    const fault = this.parser.fault!;
    this.parser.head.method = '';
    const text = fault.kind === 'limit' ? `${fault.message} (maximum ${fault.maximum}, seen ${fault.seen})` : fault.message;
    const reason = `${text} at byte ${fault.offset}; ${fault.spec}${fault.setting === undefined ? '' : `; setting normalization.${fault.setting}`}`
      + (beginning === '' ? '' : `; it began ${beginning}`);
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
    if (this.phase === 'discard') return this.discard.received(bytes, start, end);
    if (this.body.complete) return start;
    return this.body.take(bytes, start, end);
  }

  /** The client has sent all that it will. `more`: there are requests behind this one. */
  clientEnded(more: boolean): void {
    if (this.phase === 'tunnel') {
      this.tunnel!.clientEnded();
      return;
    }
    if (!more) this.keepAlive = false;
    if (this.phase === 'discard') this.discard.giveUp();
    else if (!this.body.complete) this.#abort('client closed before the end of its request');
  }

  clientDrained(): void {
    this.leg.link?.resume();
  }

  requestRelayed(): void {
    this.body.relayed();
  }

  clientClosed(failure: OperationalFailure | undefined): void {
    if (this.phase === 'done' || this.phase === 'discard') return;
    if (this.phase !== 'tunnel' || failure !== undefined) {
      this.outcome = 'aborted';
      this.reason = failure === undefined ? 'client closed' : `client: ${failure.message}`;
    }
    this.leg.abandon('neutral');
    this.phase = 'done';
    this.body.abandon();
    this.#finishRecord();
  }

  /** The request can go no further; no answer makes sense. */
  #abort(reason: string): void {
    this.outcome = 'aborted';
    this.reason = reason;
    this.leg.abandon('neutral');
    this.keepAlive = false;
    this.body.abandon();
    this.client.reset();
    this.finish();
  }

  /** The final response is on its way in full. */
  responseDone(reusable: boolean): void {
    this.relay.inspected();
    const latencyMs = this.firstByteMs - this.leg.connectedMs;
    if (this.body.complete) this.#giveServerBack(reusable, latencyMs);
    else {
      // Answered before the request was read: neither side can be used for another.
      this.keepAlive = false;
      this.body.abandon();
      this.leg.drop('success', latencyMs);
    }
    this.finish();
  }

  /** What the status says of the server (501 is about the method). */
  #giveServerBack(reusable: boolean, latencyMs: number): void {
    if (this.status >= 500 && this.status !== 501) this.leg.release(reusable, 'failure', latencyMs, `answered ${this.status}`);
    else this.leg.release(reusable, 'success', latencyMs);
  }

  /** Record, then on to the next request. */
  finish(): void {
    this.phase = 'done';
    this.#finishRecord();
    if (this.discard.active) {
      this.phase = 'discard';
      this.discard.start();
    } else this.gateway.exchangeDone(this.keepAlive, this.endedMs);
  }

  /** The rest of the body has been read over, or, not `whole`, no more of it will be. */
  discarded(whole: boolean): void {
    this.phase = 'done';
    this.gateway.exchangeDone(whole && this.keepAlive, this.port.nowMs());
  }

  #finishRecord(): void {
    if (this.admitted) this.port.release(this.operation);
    // Of a request that no response came to.
    this.body.inspected();
    if (this.inspection !== undefined) this.inspected = this.inspection.finish(this.port.wallMs());
    this.endedMs = this.port.nowMs();
    if (this.audited || this.inspected || this.outcome !== 'allowed') this.port.record(fillRecord(this), this.operation.subject);
    else this.port.unrecorded(this.status, this.endedMs - this.startedMs);
  }

  describe(): string {
    const { head } = this.parser;
    return `${this.phase} ${head.method} ${head.host}${head.rawPath}`;
  }
}
