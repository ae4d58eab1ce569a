// The head of a response on its way to the client: status line and headers, hop-by-hop fields taken out, framing written
// anew, inner addresses hidden, rewrites put in. Runs of untouched lines are copied as slices. RFC 9110 section 7.6,
// RFC 9112 section 6. What framing the body gets is decided by the session machine.
import type { Trace } from '#contract/decision.ts';
import { HeaderId, connectionOptions } from '#codecs/http1/index.ts';
import type { HeaderBlock, ResponseFraming, ResponseHead } from '#codecs/http1/index.ts';
import { HeaderPlan, askBuilder, changeLine, dropLine, keepLine } from './header-plan.ts';
import { SetCookieRewriter } from './rewriting-cookies.ts';
import { LocationRewriter } from './rewriting-location.ts';
import { traceHead } from './rewriting-trace.ts';
import { TargetRewriter } from './rewriting-target.ts';
import type { RewriteSettings } from './settings-rewrite.ts';
import type { HttpSettings } from './settings.ts';
import { mustCompileTemplate } from './variables.ts';
import type { RequestContext, Template } from './variables.ts';

/** Not put together anew for nearly every response. */
const usualStatusLine = 'HTTP/1.1 200 OK\r\n';

const dropped: readonly string[] = [
  'Connection', 'Keep-Alive', 'Proxy-Connection', 'TE', 'Transfer-Encoding', 'Content-Length', 'Upgrade', 'Proxy-Authenticate', 'HTTP2-Settings',
];

export class ResponseRewriter {
  readonly #plan = new HeaderPlan();
  readonly #location: LocationRewriter;
  readonly #cookies: SetCookieRewriter;
  /** Text of Server, or undefined to send none of our own. */
  readonly #server: Template | undefined;
  readonly #requestIdPrefix: string;
  readonly #via10: string;
  readonly #via11: string;

  constructor(settings: HttpSettings, rewrite: RewriteSettings | undefined) {
    const response = rewrite?.response;
    const prefixes = new TargetRewriter(rewrite?.request).prefixes;
    this.#location = new LocationRewriter(response?.location, settings.hideInternalAddresses, prefixes);
    this.#cookies = new SetCookieRewriter(response?.cookies, prefixes);
    const plan = this.#plan;
    if (!this.#location.idle) for (const name of ['Location', 'Content-Location', 'Refresh']) plan.mark(name, askBuilder);
    if (this.#cookies.active) plan.mark('Set-Cookie', askBuilder);
    if (settings.hideInternalAddresses) for (const name of [...settings.internalHeaders, 'Via']) plan.mark(name, dropLine);
    if (settings.server !== 'pass') plan.mark('Server', dropLine);
    const sendsId = settings.requestId !== 'off' && settings.requestIdInResponse;
    if (sendsId) plan.mark(settings.requestId, dropLine);
    plan.configure(response?.headers);
    for (const name of dropped) plan.mark(name, dropLine);
    // What a rewrite sets or removes, the gateway does not write as well.
    const own = new HeaderPlan();
    own.configure(response?.headers);
    const free = (name: string): boolean => own.actionOf(name) !== dropLine;
    this.#server = settings.server === 'pass' || settings.server === 'remove' || !free('Server') ? undefined
      : mustCompileTemplate(settings.server, { without: ['server'] });
    this.#requestIdPrefix = sendsId && free(settings.requestId) ? `${settings.requestId}: ` : '';
    const via = settings.via === 'off' || !free('Via') ? '' : settings.via;
    this.#via10 = via === '' ? '' : `Via: 1.0 ${via}\r\n`;
    this.#via11 = via === '' ? '' : `Via: 1.1 ${via}\r\n`;
  }

  /**
   * The head as latin1 text. `framing` is how the body goes to the client (`close`: until the connection ends), with
   * `contentLength` bytes when it is `length`. For 1xx, 204, 304 and HEAD it is `none`.
   */
  build(head: ResponseHead, context: RequestContext, framing: ResponseFraming, contentLength: number, trace?: Trace): string {
    const text = this.#build(head, context, framing, contentLength);
    if (trace !== undefined) traceHead('response', head.headers, text, trace);
    return text;
  }

  #build(head: ResponseHead, context: RequestContext, framing: ResponseFraming, contentLength: number): string {
    const headers = head.headers;
    const plan = this.#plan;
    const nominated = head.connectionNominates ? connectionOptions(headers) : undefined;
    let text = head.status === 200 && head.reason === 'OK' ? usualStatusLine : `HTTP/1.1 ${head.status} ${head.reason}\r\n`;
    let run = -1;
    for (let i = 0, count = headers.count; i < count; i++) {
      const id = headers.id(i);
      let action = id !== 0 ? plan.actions[id] as number : plan.unknownAction(headers, i);
      let value: string | undefined;
      if (action === askBuilder) {
        value = this.#special(id, headers.value(i), context);
        action = value === headers.value(i) ? keepLine : changeLine;
      }
      if (nominated !== undefined && id === 0 && nominated.includes(headers.lowerName(i))) action = dropLine;
      if (action === keepLine && headers.isCanonical(i)) {
        if (run < 0) run = i;
        continue;
      }
      if (run >= 0) {
        text += headers.rawLines(run, i);
        run = -1;
      }
      if (action === keepLine) text += `${headers.name(i)}: ${headers.value(i)}\r\n`;
      else if (action === changeLine) text += `${headers.name(i)}: ${value ?? this.#changed(headers, i, id, context)}\r\n`;
    }
    if (run >= 0) text += headers.rawLines(run, headers.count);
    if (this.#server !== undefined) text += `Server: ${this.#server.render(context)}\r\n`;
    text += head.minorVersion === 1 ? this.#via11 : this.#via10;
    if (this.#requestIdPrefix !== '') text += `${this.#requestIdPrefix}${context.requestId}\r\n`;
    return text + plan.added(context) + framingLine(head, framing, contentLength) + connectionLine(head, context) + '\r\n';
  }

  #special(id: number, value: string, context: RequestContext): string {
    if (id === HeaderId.SetCookie) return this.#cookies.rewrite(value);
    return id === HeaderId.Refresh ? this.#location.refresh(value, context) : this.#location.location(value, context);
  }

  /** A configured `replace` on an address or cookie comes after what the gateway does by itself. */
  #changed(headers: HeaderBlock, i: number, id: number, context: RequestContext): string {
    const isAddress = id === HeaderId.Location || id === HeaderId.ContentLocation || id === HeaderId.Refresh;
    if (!(isAddress && !this.#location.idle) && !(id === HeaderId.SetCookie && this.#cookies.active)) return this.#plan.changed(headers, i, context);
    return this.#plan.changed(headers, i, context, this.#special(id, headers.value(i), context));
  }
}

/** RFC 9112 s6.3, RFC 9110 s8.6: a length that a HEAD or 304 response names is of the body that a GET would have brought. */
function framingLine(head: ResponseHead, framing: ResponseFraming, contentLength: number): string {
  if (framing === 'length') return `Content-Length: ${contentLength}\r\n`;
  if (framing === 'chunked') return 'Transfer-Encoding: chunked\r\n';
  if (framing === 'none' && head.status >= 200 && head.status !== 204 && head.contentLength >= 0) return `Content-Length: ${head.contentLength}\r\n`;
  return '';
}

function connectionLine(head: ResponseHead, context: RequestContext): string {
  if (head.status < 200) return head.status === 101 ? `Connection: Upgrade\r\nUpgrade: ${context.upgrade}\r\n` : '';
  if (!context.clientKeepAlive) return 'Connection: close\r\n';
  return context.view.head.minorVersion === 1 ? '' : 'Connection: keep-alive\r\n';
}
