// The firewall in an exchange: a request is looked at after policy and route, before a server is asked for. Its body is held
// until it was looked at, so that not a byte of a refused request reaches a server; where nothing is refused (detect mode), it is
// shown a copy of what passes. What the firewall thinks is the
// inspection's business (contract/web-inspection.ts); here is when it is asked, and what its verdicts lead to.
import type { Trace } from '#contract/decision.ts';
import type { SessionPort } from '#contract/gateway.ts';
import type { WebInspection, WebInspector, WebVerdict } from '#contract/web-inspection.ts';
import type { RequestHead } from '#codecs/http1/index.ts';
import type { Exchange } from './exchange.ts';
import type { RequestContext } from './variables.ts';

function begin(inspector: WebInspector, port: SessionPort, context: RequestContext, user: string | undefined,
  listed: ReadonlyMap<string, string> | null): WebInspection {
  const { local } = port.facts;
  return inspector.begin({
    clientAddress: context.clientAddress, clientPort: context.clientPort, serverAddress: local.address, serverPort: local.port, user: user ?? '',
    id: context.requestId, timeMs: context.timeMs, listed,
  });
}

function versionOf(head: RequestHead): string { return head.minorVersion === 1 ? 'HTTP/1.1' : 'HTTP/1.0'; }

/** True when the request may go on now; false when it was refused, or its body has to be waited for (`requestInspected`). */
export function inspectRequest(exchange: Exchange, inspector: WebInspector): boolean {
  const { body, context, port, operation } = exchange;
  const { head } = exchange.parser;
  const inspection = exchange.inspection = begin(inspector, port, context, operation.subject.user, exchange.listed);
  let verdict = inspection.request(head.method, head.target, versionOf(head), head.headers);
  if (verdict === undefined && !body.complete && inspection.wantsRequestBody) {
    verdict = inspection.expectRequestBody(head.framing === 'length' ? head.contentLength : -1);
    if (verdict === undefined && !inspection.holdsBodies && exchange.route!.pool !== '') {
      body.copyTo(inspection);
      return true;
    }
    if (verdict === undefined) {
      exchange.phase = 'inspect';
      context.forwardExpect = false;
      body.inspect(inspection);
      // The server, who would have said so, is not asked before the body is here (RFC 9110 section 10.1.1).
      if (head.expectContinue) exchange.client.sendText('HTTP/1.1 100 Continue\r\n\r\n');
      exchange.watch.response();
      return false;
    }
  }
  verdict ??= inspection.requestDone();
  if (verdict === undefined) return true;
  blockedBy(exchange, verdict);
  return false;
}

/** All of the body that is looked at is here. */
export function requestInspected(exchange: Exchange): void {
  const verdict = exchange.inspection!.requestDone();
  if (verdict !== undefined) {
    blockedBy(exchange, verdict);
    return;
  }
  exchange.proceed();
  if (exchange.phase === 'server' && !exchange.body.complete) exchange.client.pause();
}

/** The answer of the gateway instead of the server's. */
export function blockedBy(exchange: Exchange, verdict: WebVerdict): void {
  const { action, status, rule, reason, outcome, location } = verdict;
  if (action === 'drop') {
    exchange.rule = rule;
    exchange.leg.abandon('neutral');
    exchange.endSilently(outcome, reason);
    return;
  }
  // Rules may build the address from what a client sent.
  const lines = action === 'redirect' ? `Location: ${encodeURI(location).replaceAll(/[\r\n]/g, '')}\r\n` : '';
  const { message, page } = exchange.route!.refusal;
  exchange.refuse(status, 'blocked', message, outcome, rule, reason, lines, page);
}

/** What the rule set's setup fixes: points for each severity, thresholds. */
const settled = /_threshold$|^(?:critical|error|warning|notice)_anomaly_score$/;

const maxShownLength = 300;

function shown(latin1: string): string {
  const text = Buffer.from(latin1.slice(0, maxShownLength), 'latin1').toString('utf8');
  return `${JSON.stringify(text)}${latin1.length > maxShownLength ? ` and ${latin1.length - maxShownLength} more bytes` : ''}`;
}

/** The same inspection for a described request, with every match as a step. False when it would be refused. */
export function explainInspection(inspector: WebInspector, port: SessionPort, context: RequestContext, body: Buffer, trace: Trace): boolean {
  const { head } = context.view;
  const inspection = begin(inspector, port, context, port.subject.user, null);
  if (inspector.blockLists !== undefined) trace.step('waf', 'rbl', 'not-asked', `an explanation asks no block lists (${inspector.blockLists.zones.join(', ')})`);
  let verdict = inspection.request(head.method, head.target, versionOf(head), head.headers);
  if (verdict === undefined && inspection.wantsRequestBody && body.length > 0) verdict = inspection.expectRequestBody(body.length) ?? inspection.requestBody(body, 0, body.length);
  verdict ??= inspection.requestDone();
  for (const match of inspection.matches()) {
    if (!match.logged) continue;
    for (const { variable, value, part } of match.values) {
      const found = part === '' || part === value ? '' : `, found ${shown(part)}`;
      trace.step('waf', `${match.rule}`, match.logOnly ? 'log-only' : 'matched',
        `${variable} = ${shown(value)}${found}: ${match.message} (phase ${match.phase}, ${match.file}:${match.line})`);
    }
  }
  const scores = Object.entries(inspection.scores).filter(([name, value]) => value > 0 && !settled.test(name)).map(([name, value]) => `${name} ${value}`);
  if (scores.length > 0) trace.step('waf', 'scores', 'summed', scores.join(', '));
  if (verdict === undefined) trace.step('waf', 'verdict', 'pass', 'no rule refuses the request');
  else trace.step('decision', verdict.rule, verdict.outcome, `${verdict.action} ${verdict.status}: ${verdict.reason}`);
  return verdict === undefined;
}
