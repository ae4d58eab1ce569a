// What rewriting changed, for explanations: read off the finished head, so that it tells what really goes out. Secrets are
// masked. Used with a trace only.
import type { Trace } from '#contract/decision.ts';
import type { HeaderBlock } from '#codecs/http1/index.ts';
import type { RequestContext } from './variables.ts';

/** `text` is the head that was built, or '' when it was refused. */
export function traceRequest(context: RequestContext, text: string, trace: Trace): void {
  const { head } = context.view;
  if (text === '') {
    trace.step('rewrite', 'request', 'refused', context.fault);
    return;
  }
  const before = `${head.method} ${head.target}`;
  const after = text.slice(0, text.indexOf(' HTTP/1.1\r\n'));
  if (before !== after) trace.step('rewrite', 'request line', 'changed', `${before} -> ${after}`);
  traceHead('request', head.headers, text, trace);
}

/** Compares what came with what goes. */
export function traceHead(what: string, headers: HeaderBlock, text: string, trace: Trace): void {
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
