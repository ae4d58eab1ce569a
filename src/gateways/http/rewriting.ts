// What goes out instead of what came in: the head of a request for the server, the head of a response for the client. The
// same programs build live traffic and explanations; a trace adds what was changed, read off the finished head.
import type { Trace } from '#contract/decision.ts';
import type { HeaderBlock, ResponseFraming, ResponseHead } from '#codecs/http1/index.ts';
import type { Route } from './routing.ts';
import type { RequestContext } from './variables.ts';

/** The head of the request in the context's view, for HTTP/1.1, as latin1 text up to the empty line. '' when a rewrite made
 *  something that may not be sent: then `context.fault` says what, and the request is to be refused (500). */
export function buildRequestHead(route: Route, context: RequestContext, trace?: Trace): string {
  const text = route.request.build(context.view.head, context);
  if (trace !== undefined) {
    const head = context.view.head;
    if (text === '') trace.step('rewrite', 'request', 'refused', context.fault);
    else traceHead('request', `${head.method} ${head.target}`, text.slice(0, text.indexOf(' HTTP/1.1\r\n')), head.headers, text, trace);
  }
  return text;
}

/** The head of a response as latin1 text up to the empty line. See ResponseRewriter.buildHead for `framing`. */
export function buildResponseHead(head: ResponseHead, route: Route, context: RequestContext, framing: ResponseFraming, contentLength: number, trace?: Trace): string {
  const text = route.response.buildHead(head, context, framing, contentLength);
  if (trace !== undefined) traceHead('response', String(head.status), String(head.status), head.headers, text, trace);
  return text;
}

/** Compares what came with what goes. */
function traceHead(what: string, before: string, after: string, headers: HeaderBlock, text: string, trace: Trace): void {
  if (before !== after) trace.step('rewrite', `${what} line`, 'changed', `${before} -> ${after}`);
  const came = new Map<string, string[]>();
  for (const [name, value] of headers.toArray()) valuesOf(came, name).push(value);
  const goes = new Map<string, string[]>();
  for (const line of text.slice(text.indexOf('\r\n') + 2, -4).split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) valuesOf(goes, line.slice(0, colon)).push(line.slice(colon + 1).trim());
  }
  for (const [name, values] of came) {
    const now = goes.get(name);
    if (now === undefined) trace.step('rewrite', `${what} header ${name}`, 'removed', shown(name, values));
    else if (now.join('\n') !== values.join('\n')) trace.step('rewrite', `${what} header ${name}`, 'changed', `${shown(name, values)} -> ${shown(name, now)}`);
  }
  for (const [name, values] of goes) if (!came.has(name)) trace.step('rewrite', `${what} header ${name}`, 'added', shown(name, values));
}

function valuesOf(map: Map<string, string[]>, name: string): string[] {
  const lower = name.toLowerCase();
  let values = map.get(lower);
  if (values === undefined) map.set(lower, values = []);
  return values;
}

/** Secrets do not show. */
function shown(name: string, values: readonly string[]): string {
  return /^(?:authorization|proxy-authorization|cookie|set-cookie)$/.test(name) ? '(masked)' : values.join(' | ');
}
