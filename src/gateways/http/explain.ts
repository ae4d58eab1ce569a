// Explains what would happen to a request: it is written out as bytes, read by the same parser, judged by the same limits,
// rules and routes and rewritten by the same programs as live traffic, each with a trace. Nothing is sent or counted.
import type { OperationalFailure } from '#core/failure.ts';
import type { ExplainRequest, SessionPort } from '#contract/gateway.ts';
import type { Trace } from '#contract/decision.ts';
import { RequestParser, VIOLATION, NEED_MORE } from '#codecs/http1/index.ts';
import { explainInspection } from './inspection.ts';
import { HttpOperation } from './operations.ts';
import { RequestView } from './request-view.ts';
import type { HttpService } from './service.ts';
import { RequestContext } from './variables.ts';

/** `GET http://host/path` with headers, as a client would send it. */
export function requestText(request: ExplainRequest): string {
  const match = /^(?:https?:\/\/([^/?#]*))?(.*)$/.exec(request.url)!;
  const target = match[2] === '' ? '/' : match[2]!;
  const named = request.headers.some(([name]) => name.toLowerCase() === 'host');
  let text = `${request.verb} ${target} HTTP/1.1\r\n`;
  if (!named && match[1] !== undefined) text += `Host: ${match[1]}\r\n`;
  for (const [name, value] of request.headers) text += `${name}: ${value}\r\n`;
  const framed = request.headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  if (request.body !== undefined && request.body !== '' && !framed) text += `Content-Length: ${request.body.length}\r\n`;
  return `${text}\r\n`;
}

export function explainRequest(service: HttpService, port: SessionPort, request: ExplainRequest, trace: Trace): void {
  const parser = new RequestParser(service.normalization, service.limits);
  const bytes = Buffer.from(requestText(request), 'latin1');
  const next = parser.push(bytes, 0, bytes.length);
  if (next === VIOLATION) {
    const fault = parser.fault!;
    trace.step('codec', fault.code, 'refused', `${fault.message} at byte ${fault.offset}; ${fault.spec}; answered with ${fault.status}`);
    return;
  }
  if (next === NEED_MORE) {
    trace.step('codec', '', 'incomplete', 'the request has no end of its head');
    return;
  }
  const { head } = parser;
  trace.step('codec', `${head.method} ${head.target}`, 'understood', `host ${head.host || '(none)'}, path ${head.path}, body ${head.framing}`);
  const view = new RequestView(head, service.limits);
  const context = new RequestContext(port.facts, view);
  const operation = new HttpOperation(view, service.name, port.facts.listener, port.subject);
  context.requestId = 'explained';
  context.timeMs = port.wallMs();
  if (service.forwarded.identify(context)) {
    operation.subject = port.subjectFor(context.clientAddress, context.clientPort);
    trace.step('client', context.clientAddress, 'vouched-for', `by trusted proxy ${port.facts.client.address}`);
  }
  context.zone = operation.subject.zones[0] ?? '';
  trace.step('zone', context.zone || '(none)', 'found', `${operation.subject.address} is in ${operation.subject.zones.join(', ') || 'no zone'}`);
  decide(service, port, operation, context, Buffer.from(request.body ?? '', 'latin1'), trace);
}

function decide(service: HttpService, port: SessionPort, operation: HttpOperation, context: RequestContext, body: Buffer, trace: Trace): void {
  const refusal = port.admit(operation, trace);
  if (refusal !== undefined) {
    const answer = refusal.action === 'drop' ? 'no answer' : String(refusal.status || 429);
    trace.step('decision', refusal.limit, 'limited', `${answer}: ${refusal.reason}`);
    return;
  }
  const decision = port.decide(operation, trace);
  if (decision.effect !== 'allow') {
    const answer = decision.effect === 'drop' ? 'no answer' : String(decision.status === 0 ? 403 : decision.status);
    trace.step('decision', decision.rule, decision.effect, `${answer}: ${decision.reason}`);
    return;
  }
  const route = service.routes.find(operation.view, operation.subject.zones, trace);
  const { limitReached } = operation.view;
  if (limitReached !== '') {
    trace.step('decision', `http.${limitReached}`, 'limited', `400: more than ${service.limits[limitReached]} (${limitReached})`);
    return;
  }
  if (route === undefined) {
    trace.step('decision', 'no-route', 'denied', '404: no route fits the request');
    return;
  }
  context.route = route.id;
  const { head } = operation.view;
  if (head.method === 'CONNECT') {
    trace.step('decision', 'http.connect', 'denied', '405: CONNECT is for forward proxies; this service is none');
    return;
  }
  if (head.contentLength > route.limits.maxBodyBytes) {
    trace.step('decision', 'http.maxBodyBytes', 'limited', `413: Content-Length ${head.contentLength} is more than ${route.limits.maxBodyBytes}`);
    return;
  }
  if (route.inspector !== undefined && !explainInspection(route.inspector, port, context, body, trace)) return;
  if (route.pool === '') {
    const reply = route.reply(context)!;
    trace.step('decision', decision.rule, 'allowed', `answered by the gateway with ${reply.status} ${reply.fields.trim().replaceAll('\r\n', '; ')}`);
    return;
  }
  if (head.upgrade !== undefined) {
    context.upgrade = route.acceptedUpgrade(head.upgrade);
    trace.step('upgrade', head.upgrade, context.upgrade === '' ? 'not passed on' : 'passed on', `route ${route.id} permits ${route.upgrades.join(', ') || 'none'}`);
  }
  if (route.request.build(context, trace) === '') {
    trace.step('decision', 'http.rewrite', 'refused', `400: ${context.fault}`);
    return;
  }
  const affinity = route.affinity === undefined ? '' : route.affinity.of(context);
  let failed = '';
  const owner = { serverReady() { /* nothing is sent */ }, serverFailed(failure: OperationalFailure) { failed = failure.message; } };
  port.openServer({ pool: route.pool, affinity, operation, excluded: [], fresh: false }, owner);
  if (failed === '') trace.step('decision', decision.rule, 'allowed', `forwarded to pool ${route.pool}`);
  else trace.step('decision', 'pick.no-server', 'failed', `503: ${failed}`);
}
