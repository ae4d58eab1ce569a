// Who the client is behind trusted proxies: reads X-Forwarded-For or Forwarded (RFC 7239) from the right, as far as it is
// vouched for, and no further. What untrusted peers say counts for nothing. Writing these headers is in rewriting-request.ts.
import { HeaderId } from '#codecs/http1/index.ts';
import { NetworkSet, canonicalAddress } from '#core/network.ts';
import type { RequestView } from './request-view.ts';
import type { ForwardedSettings } from './settings-rewrite.ts';
import type { RequestContext } from './variables.ts';

/** One element of Forwarded; '' for what it does not say. */
export interface ForwardedElement { for: string; by: string; host: string; proto: string }

const pair = /[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)|"((?:[^"\\]|\\.)*)")[ \t]*(;|,|$)/y;

/** Parses Forwarded strictly. Undefined: not well formed, or a parameter twice in one element; then nothing of it counts. */
export function parseForwarded(text: string): ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = [];
  let element: ForwardedElement = { for: '', by: '', host: '', proto: '' };
  let seen = 0;
  pair.lastIndex = 0;
  for (;;) {
    const match = pair.exec(text);
    if (match === null) return undefined;
    const name = (match[1] as string).toLowerCase();
    const value = match[2] ?? (match[3] as string).replaceAll(/\\(.)/g, '$1');
    if (name === 'for' || name === 'by' || name === 'host' || name === 'proto') {
      const bit = name === 'for' ? 1 : name === 'by' ? 2 : name === 'host' ? 4 : 8;
      if ((seen & bit) !== 0) return undefined;
      seen |= bit;
      element[name] = value;
    }
    if (match[4] !== ';') {
      elements.push(element);
      if (match[4] === '') return elements;
      element = { for: '', by: '', host: '', proto: '' };
      seen = 0;
    }
  }
}

export interface NodeAddress { readonly address: string; readonly port: number }

/** `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80`, `2001:db8::1`. Undefined for `unknown`, `_hidden` and everything else. */
export function parseNode(text: string): NodeAddress | undefined {
  const plain = text.includes('%') ? undefined : canonicalAddress(text);
  if (plain !== undefined) return { address: plain, port: 0 };
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|(\d+\.\d+\.\d+\.\d+))(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const address = canonicalAddress(match[1] ?? match[2] ?? '');
  const port = match[3] === undefined ? 0 : Number(match[3]);
  if (address === undefined || port > 65_535 || (match[1] !== undefined && !match[1].includes(':'))) return undefined;
  return { address, port };
}

const hostText = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,254})|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

export class ForwardedReader {
  readonly #trusted: NetworkSet | undefined;
  readonly #readForwarded: boolean;
  readonly #maxHops: number;

  constructor(settings: ForwardedSettings) {
    this.#trusted = settings.trustedProxies.length === 0 ? undefined : new NetworkSet(settings.trustedProxies);
    this.#readForwarded = settings.read === 'forwarded';
    this.#maxHops = settings.maxHops;
  }

  /** False when there are no trusted proxies: then the peer is the client. */
  get trusts(): boolean { return this.#trusted !== undefined; }

  /** Sets what the context says of the client of this request. True when its address or port differs from that of the request before. */
  identify(context: RequestContext): boolean {
    const { view } = context;
    if (context.forwardedReader !== this) return this.#firstLook(view, context);
    if (!context.trusted || this.#fields(view) === context.forwardedSeen) return false;
    return this.#look(view, context);
  }

  #firstLook(view: RequestView, context: RequestContext): boolean {
    context.forwardedReader = this;
    context.trusted = this.#trusted !== undefined && this.#trusted.has(context.facts.client.address);
    return this.#look(view, context);
  }

  #look(view: RequestView, context: RequestContext): boolean {
    const { clientAddress, clientPort } = context;
    this.#begin(context);
    if (context.trusted) {
      context.forwardedSeen = this.#fields(view);
      if (this.#readForwarded) this.#readElements(context, view.header('forwarded') ?? '');
      else this.#readLegacy(view, context);
    }
    return context.clientAddress !== clientAddress || context.clientPort !== clientPort;
  }

  /** Everything that decides, in one text: equal text, equal outcome. */
  #fields(view: RequestView): string {
    if (this.#readForwarded) return view.head.headers.has(HeaderId.Forwarded) ? `f${view.header('forwarded') ?? ''}` : '-';
    return `x${view.header('x-forwarded-for') ?? ''}\n${view.header('x-forwarded-proto') ?? ''}\n${view.header('x-forwarded-host') ?? ''}`;
  }

  #begin(context: RequestContext): void {
    const facts = context.facts;
    context.clientAddress = facts.client.address;
    context.clientPort = facts.client.port;
    context.forwardedFor = facts.client.address;
    context.forwardedHost = '';
    context.scheme = facts.tls === undefined ? 'http' : 'https';
    context.forwardedLines = '';
  }

  /** One step back. False: the step is not to be believed, or is the last. */
  #step(context: RequestContext, node: NodeAddress | undefined): boolean {
    if (node === undefined) return false;
    context.clientAddress = node.address;
    context.clientPort = node.port;
    context.forwardedFor = `${node.address}, ${context.forwardedFor}`;
    return (this.#trusted as NetworkSet).has(node.address);
  }

  #readLegacy(view: RequestView, context: RequestContext): void {
    const chain = view.header('x-forwarded-for') ?? '';
    let end = chain.length;
    for (let hop = 0; hop < this.#maxHops && end > 0; hop++) {
      const comma = chain.lastIndexOf(',', end - 1);
      if (!this.#step(context, parseNode(chain.slice(comma + 1, end).trim()))) break;
      end = comma;
    }
    // The rightmost is what the nearest proxy saw; more to the left may have been written by anybody.
    const proto = lastOf(view.header('x-forwarded-proto'));
    if (proto === 'http' || proto === 'https') context.scheme = proto;
    const host = lastOf(view.header('x-forwarded-host'));
    if (hostText.test(host)) context.forwardedHost = host;
  }

  #readElements(context: RequestContext, text: string): void {
    const elements = text === '' ? [] : parseForwarded(text) ?? [];
    for (let hop = 0; hop < this.#maxHops && hop < elements.length; hop++) {
      const element = elements[elements.length - 1 - hop] as ForwardedElement;
      // The element was written by a proxy that is trusted: its own words on host and scheme count even when it hides the address.
      const proto = element.proto.toLowerCase();
      if (proto === 'http' || proto === 'https') context.scheme = proto;
      if (hostText.test(element.host)) context.forwardedHost = element.host;
      if (!this.#step(context, parseNode(element.for))) break;
    }
  }
}

function lastOf(list: string | undefined): string {
  if (list === undefined) return '';
  return list.slice(list.lastIndexOf(',') + 1).trim();
}

/** An address as Forwarded wants it (RFC 7239 section 6): IPv6 in brackets and quotes. */
export function forwardedNode(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address;
}
