// The head of a request on its way to the server: request line and headers for HTTP/1.1, hop-by-hop fields taken out,
// forwarding fields and rewrites put in. Runs of untouched lines are copied as slices. RFC 9110 section 7.6, RFC 9112
// section 3. Which server is not decided here; what may be written in rewrites is checked by settings-check.ts.
import type { Trace } from '#contract/decision.ts';
import { HeaderId, connectionOptions } from '#codecs/http1/index.ts';
import type { HeaderBlock, RequestHead } from '#codecs/http1/index.ts';
import { forwardedNode } from './forwarded.ts';
import { HeaderPlan, askBuilder, changeLine, dropLine, keepLine } from './header-plan.ts';
import type { RequestRewriteSettings } from './settings-rewrite.ts';
import type { HttpSettings } from './settings.ts';
import { traceRequest } from './rewriting-trace.ts';
import { TargetRewriter } from './rewriting-target.ts';
import { hostCharacters } from './url-text.ts';
import { mustCompileTemplate, safeText } from './variables.ts';
import type { RequestContext, Template } from './variables.ts';

/** Fields that end at the gateway: they are about one connection, or written anew. `Proxy` becomes HTTP_PROXY in CGI programs (CVE-2016-5385). */
const dropped: readonly string[] = [
  'Connection', 'Keep-Alive', 'Proxy-Connection', 'TE', 'Transfer-Encoding', 'Content-Length', 'Upgrade', 'HTTP2-Settings', 'Proxy-Authorization', 'Proxy',
  'Forwarded', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host',
];

const methodOverrides: readonly string[] = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'];

export class RequestRewriter {
  /** For what trusted proxies send, and for everybody else. */
  readonly #trustedPlan: HeaderPlan;
  readonly #untrustedPlan: HeaderPlan;
  readonly #target: TargetRewriter | undefined;
  readonly #host: Template | undefined;
  readonly #legacyFor: boolean;
  readonly #legacyProto: boolean;
  readonly #legacyHost: boolean;
  readonly #standard: boolean;
  /** `X-Request-ID: `, or '' for none. */
  readonly #requestIdPrefix: string;
  readonly #via10: string;
  readonly #via11: string;

  constructor(settings: HttpSettings, rewrite: RequestRewriteSettings | undefined) {
    this.#untrustedPlan = planOf(settings, rewrite, false);
    this.#trustedPlan = settings.forwarded.trustedProxies.length === 0 ? this.#untrustedPlan : planOf(settings, rewrite, true);
    const target = new TargetRewriter(rewrite);
    this.#target = target.active ? target : undefined;
    this.#host = rewrite?.host === undefined ? undefined : mustCompileTemplate(rewrite.host);
    // What a rewrite sets or removes, the gateway does not write as well.
    const own = new HeaderPlan();
    own.configure(rewrite?.headers);
    const free = (name: string): boolean => own.actionOf(name) !== dropLine;
    const { headers } = settings.forwarded;
    const legacy = headers === 'x-forwarded' || headers === 'both';
    this.#legacyFor = legacy && free('X-Forwarded-For');
    this.#legacyProto = legacy && free('X-Forwarded-Proto');
    this.#legacyHost = legacy && free('X-Forwarded-Host');
    this.#standard = (headers === 'forwarded' || headers === 'both') && free('Forwarded');
    this.#requestIdPrefix = settings.requestId === 'off' || !free(settings.requestId) ? '' : `${settings.requestId}: `;
    const via = settings.via === 'off' || !free('Via') ? '' : settings.via;
    this.#via10 = via === '' ? '' : `Via: 1.0 ${via}\r\n`;
    this.#via11 = via === '' ? '' : `Via: 1.1 ${via}\r\n`;
  }

  /** The head as latin1 text, up to the empty line. '' when what the rewrites made may not be sent: `context.fault` says why. */
  build(context: RequestContext, trace?: Trace): string {
    const text = this.#build(context.view.head, context);
    if (trace !== undefined) traceRequest(context, text, trace);
    return text;
  }

  #build(head: RequestHead, context: RequestContext): string {
    const headers = head.headers;
    const plan = context.trusted ? this.#trustedPlan : this.#untrustedPlan;
    context.fault = '';
    let text = this.#target === undefined || head.targetForm === 'asterisk' ? this.#plainLine(head) : this.#rewrittenLine(head, context, this.#target);
    if (text === '') return '';
    const copiesHost = this.#host === undefined && head.targetForm === 'origin' && headers.has(HeaderId.Host);
    if (!copiesHost) text += this.#hostLine(head, context);
    const nominated = head.connectionNominates ? connectionOptions(headers) : undefined;
    const keepsExpect = context.forwardExpect && head.minorVersion === 1;
    let run = -1;
    for (let i = 0, count = headers.count; i < count; i++) {
      const id = headers.id(i);
      let action = id !== 0 ? plan.actions[id] as number : plan.unknownAction(headers, i);
      if (action === askBuilder) action = (id === HeaderId.Host ? copiesHost : keepsExpect) ? keepLine : dropLine;
      // RFC 9110 s7.6.1. A well-known field that is meant for the server is not removed on a client's word.
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
      else if (action === changeLine) text += `${headers.name(i)}: ${plan.changed(headers, i, context)}\r\n`;
    }
    if (run >= 0) text += headers.rawLines(run, headers.count);
    return text + this.#ownLines(context, head, headers) + plan.added(context) + connectionLines(context, headers) + '\r\n';
  }

  #plainLine(head: RequestHead): string {
    if (head.targetForm === 'asterisk') return 'OPTIONS * HTTP/1.1\r\n';
    const path = head.rawPath === '' ? '/' : head.rawPath;
    return head.query === undefined ? `${head.method} ${path} HTTP/1.1\r\n` : `${head.method} ${path}?${head.query} HTTP/1.1\r\n`;
  }

  #rewrittenLine(head: RequestHead, context: RequestContext, target: TargetRewriter): string {
    const made = target.apply(head, context);
    return made === '' ? '' : `${head.method} ${made} HTTP/1.1\r\n`;
  }

  /** An HTTP/1.0 client may have named no host; HTTP/1.1 needs one (RFC 9112 s3.2). */
  #hostLine(head: RequestHead, context: RequestContext): string {
    const asked = this.#host === undefined ? head.authority : this.#host.render(context, undefined, hostCharacters);
    return `Host: ${asked === '' ? context.server?.name ?? '' : asked}\r\n`;
  }

  #ownLines(context: RequestContext, head: RequestHead, headers: HeaderBlock): string {
    const host = context.forwardedHost === '' ? head.authority : context.forwardedHost;
    if (context.forwardedLinesOwner !== this || context.forwardedLinesHost !== host || context.forwardedLines === '') {
      context.forwardedLinesOwner = this;
      context.forwardedLinesHost = ownCopy(host);
      context.forwardedLines = ownCopy(this.#forwardingLines(context, host));
    }
    let text = context.forwardedLines + (head.minorVersion === 1 ? this.#via11 : this.#via10);
    if (this.#requestIdPrefix !== '') text += `${this.#requestIdPrefix}${context.requestId}\r\n`;
    if (head.framing === 'length') text += `Content-Length: ${head.contentLength}\r\n`;
    else if (head.framing === 'chunked') text += 'Transfer-Encoding: chunked\r\n';
    else if (headers.has(HeaderId.ContentLength)) text += 'Content-Length: 0\r\n';
    return text;
  }

  #forwardingLines(context: RequestContext, host: string): string {
    let text = '';
    if (this.#legacyFor) text += `X-Forwarded-For: ${context.forwardedFor}\r\n`;
    if (this.#legacyProto) text += `X-Forwarded-Proto: ${context.scheme}\r\n`;
    if (this.#legacyHost && host !== '') text += `X-Forwarded-Host: ${host}\r\n`;
    if (this.#standard) {
      const nodes = context.forwardedFor.split(', ').map((address) => `for=${forwardedNode(address)}`);
      nodes[0] += `;proto=${context.scheme}${host === '' ? '' : `;host="${safeText(host).replaceAll(/["\\]/g, '')}"`}`;
      text += `Forwarded: ${nodes.join(', ')}\r\n`;
    }
    return text;
  }
}

/** The same text in one piece: a slice would keep the whole head that it was cut from for as long as the connection stands. */
function ownCopy(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** Connection is the gateway's own; TE passes only `trailers`, which it can forward (RFC 9110 s10.1.4). */
function connectionLines(context: RequestContext, headers: HeaderBlock): string {
  const trailers = headers.has(HeaderId.TE) && asksForTrailers(headers);
  if (context.upgrade !== '') {
    return trailers ? `Connection: Upgrade, TE\r\nUpgrade: ${context.upgrade}\r\nTE: trailers\r\n` : `Connection: Upgrade\r\nUpgrade: ${context.upgrade}\r\n`;
  }
  if (trailers) return context.serverKeepAlive ? 'Connection: TE\r\nTE: trailers\r\n' : 'Connection: close, TE\r\nTE: trailers\r\n';
  return context.serverKeepAlive ? '' : 'Connection: close\r\n';
}

function asksForTrailers(headers: HeaderBlock): boolean {
  for (const value of headers.getAll(HeaderId.TE)) {
    if (/(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i.test(value)) return true;
  }
  return false;
}

function planOf(settings: HttpSettings, rewrite: RequestRewriteSettings | undefined, trusted: boolean): HeaderPlan {
  const plan = new HeaderPlan();
  if (!trusted) {
    for (const name of settings.forwarded.spoofable) plan.mark(name, dropLine);
    plan.mark('X-Forwarded-Port', dropLine);
  }
  if (settings.methodOverride === 'remove') for (const name of methodOverrides) plan.mark(name, dropLine);
  if (settings.requestId !== 'off') plan.mark(settings.requestId, dropLine);
  plan.configure(rewrite?.headers);
  for (const name of dropped) plan.mark(name, dropLine);
  plan.mark('Host', askBuilder);
  plan.mark('Expect', askBuilder);
  return plan;
}
