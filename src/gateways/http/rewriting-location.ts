// Addresses in responses (Location, Content-Location, Refresh): those that point to the server behind or to an internal
// address are made to point to the gateway again. RFC 9110 sections 8.7, 10.2.2. Does not look into bodies.
import { NetworkSet, addressFamily } from '#core/network.ts';
import { outsidePath } from './rewriting-target.ts';
import type { PrefixChange } from './rewriting-target.ts';
import { replaceAll } from './header-plan.ts';
import { mustCompileTemplate } from './variables.ts';
import type { RequestContext, Template } from './variables.ts';
import type { ResponseRewriteSettings } from './settings-rewrite.ts';

/** RFC 1918, RFC 6598, loopback, link-local, RFC 4193. */
const internalNetworks = new NetworkSet([
  '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16', '::/127', 'fc00::/7', 'fe80::/10',
]);

/** An address or name that means nothing outside: RFC 6761, RFC 6762, RFC 8375 and `.internal`. */
export function isInternalHost(host: string): boolean {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  if (addressFamily(bare) !== 0) return internalNetworks.has(bare);
  return /(?:^|\.)(?:localhost|local|internal|home\.arpa|lan)\.?$/i.test(host);
}

const absolute = /^(?:(https?):)?\/\/(?:[^/?#@]*@)?(\[[^\]/?#]*\]|[^/?#:[\]]*)(?::(\d*))?([/?#].*)?$/is;

export class LocationRewriter {
  readonly #keeps: boolean;
  readonly #hides: boolean;
  readonly #prefixes: PrefixChange | undefined;
  readonly #from: RegExp | undefined;
  readonly #to: Template | undefined;

  constructor(setting: ResponseRewriteSettings['location'], hides: boolean, prefixes: PrefixChange | undefined) {
    this.#keeps = setting === 'keep';
    this.#hides = hides;
    this.#prefixes = prefixes;
    this.#from = typeof setting === 'object' ? new RegExp(setting.from, 'g') : undefined;
    this.#to = typeof setting === 'object' ? mustCompileTemplate(setting.to, { pattern: this.#from }) : undefined;
  }

  /** True when there is nothing that could ever be rewritten. */
  get idle(): boolean { return this.#keeps; }

  /** The value for the client. */
  location(value: string, context: RequestContext): string {
    if (this.#keeps) return value;
    if (this.#from !== undefined) return replaceAll(value, this.#from, this.#to as Template, context);
    const match = absolute.exec(value);
    if (match === null) return value.startsWith('/') && !value.startsWith('//') ? this.#path(value) : value;
    const scheme = (match[1] ?? context.scheme).toLowerCase();
    const host = (match[2] as string).toLowerCase();
    const port = match[3] === undefined || match[3] === '' ? (scheme === 'https' ? 443 : 80) : Number(match[3]);
    if (!this.#pointsInside(host, port, context)) return value;
    const authority = context.forwardedHost === '' ? context.view.head.authority : context.forwardedHost;
    const rest = match[4] ?? '/';
    const path = rest.startsWith('/') ? this.#path(rest) : rest;
    // Without a host to name (HTTP/1.0) the path alone still leads back here.
    return authority === '' ? path.replace(/^\/+/, '/') : `${context.scheme}://${authority}${path}`;
  }

  /** Refresh: `5; url=http://...`. */
  refresh(value: string, context: RequestContext): string {
    const match = /^([^;,]*[;,]\s*url\s*=\s*)(["']?)([^"']*)(["']?\s*)$/i.exec(value);
    if (match === null) return value;
    return `${match[1] as string}${match[2] as string}${this.location(match[3] as string, context)}${match[4] as string}`;
  }

  #path(path: string): string {
    return this.#prefixes === undefined ? path : outsidePath(path, this.#prefixes);
  }

  #pointsInside(host: string, port: number, context: RequestContext): boolean {
    const server = context.server;
    const bare = host.startsWith('[') ? host.slice(1, -1) : host;
    if (server !== undefined && port === server.port && (bare === server.host.toLowerCase() || host === context.view.host)) {
      // The host asked for, with the port of the server: a server that was told the host and knows its own port only.
      return bare === server.host.toLowerCase() || port !== (context.scheme === 'https' ? 443 : 80);
    }
    return this.#hides && isInternalHost(host) && host !== context.view.host;
  }
}
