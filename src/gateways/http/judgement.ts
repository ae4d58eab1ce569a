// What becomes of a request whose head has been read, before anything of it goes anywhere: limits, then policy, then the route.
// Refuses by the exchange's own means; serves nothing (exchange.ts).
import { auditUnavailableRule } from '#contract/decision.ts';
import type { Exchange } from './exchange.ts';
import { limitLines } from './replies.ts';
import type { Route } from './routing.ts';
import type { HttpService } from './service.ts';

/** The route of a request that may go on; undefined when it was answered or cut. Hot. */
export function judge(exchange: Exchange): Route | undefined {
  const { port, service, context, operation, view } = exchange;
  const current = port.currentService();
  if (current !== service) {
    // The configuration is newer than this parser: the request goes by the new rules, the next one by a new parser too.
    if (current === undefined) {
      exchange.refuse(503, 'service-removed', 'this service was removed', 'denied', 'service-removed', '');
      return undefined;
    }
    exchange.gateway.service = current as HttpService;
  }
  const rules = current as HttpService;
  context.requestId = exchange.id;
  context.timeMs = exchange.timeMs;
  context.server = undefined;
  context.upgrade = '';
  context.forwardExpect = true;
  context.fault = '';
  operation.service = rules.name;
  if (rules.forwarded.identify(context)) operation.subject = port.subjectFor(context.clientAddress, context.clientPort);
  context.zone = operation.subject.zones[0] ?? '';
  const refusal = port.admit(operation);
  if (refusal !== undefined) {
    exchange.rule = refusal.limit;
    if (refusal.action === 'drop') exchange.endSilently('limited', refusal.reason);
    else exchange.refuse(refusal.status || 429, 'limited', refusal.message ?? '', 'limited', refusal.limit, refusal.reason, limitLines(refusal));
    return undefined;
  }
  exchange.admitted = true;
  const decision = port.decide(operation);
  exchange.rule = decision.rule;
  exchange.audited = decision.audit;
  if (decision.effect !== 'allow') {
    deny(exchange, decision.effect, decision.rule === auditUnavailableRule ? 503 : decision.status, decision.message, decision.reason);
    return undefined;
  }
  const route = rules.routes.find(view, operation.subject.zones);
  if (view.limitReached !== '') {
    exchange.refuse(400, 'limit', '', 'limited', `http.${view.limitReached}`, `more than ${service.limits[view.limitReached]} (${view.limitReached})`);
    return undefined;
  }
  if (route === undefined) {
    exchange.refuse(404, 'no-route', '', 'denied', 'no-route', 'no route fits the request');
    return undefined;
  }
  exchange.route = route;
  context.route = route.id;
  return route;
}

function deny(exchange: Exchange, effect: string, status: number, message: string, reason: string): void {
  if (effect === 'drop') {
    exchange.endSilently('denied', reason);
    return;
  }
  if (effect === 'close') exchange.keepAlive = false;
  exchange.refuse(status === 0 ? 403 : status, 'denied', message, 'denied', exchange.rule, reason);
}
