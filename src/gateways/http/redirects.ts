// Redirects that a route answers with: makes Location from the request. RFC 9110 sections 10.2.2 and 15.4. Always an absolute
// address when the host is known, so that a path such as `//evil.example` can never be read as a host.
import type { LocalReply } from './static-responses.ts';
import { emptyBody } from './static-responses.ts';
import type { RedirectSettings } from './settings.ts';
import { encodePath, hostCharacters } from './url-text.ts';
import { mustCompileTemplate, safeText } from './variables.ts';
import type { RequestContext, Template } from './variables.ts';

export class Redirect {
  readonly status: number;
  readonly #settings: RedirectSettings;
  readonly #host: Template | undefined;
  readonly #path: Template | undefined;

  constructor(settings: RedirectSettings) {
    this.status = settings.status;
    this.#settings = settings;
    this.#host = settings.host === undefined ? undefined : mustCompileTemplate(settings.host, { without: ['server'] });
    this.#path = settings.path === undefined ? undefined : mustCompileTemplate(settings.path, { without: ['server'] });
  }

  location(context: RequestContext): string {
    const head = context.view.head;
    const asked = context.forwardedHost === '' ? head.authority : context.forwardedHost;
    const { scheme, port, query } = this.#settings;
    let authority = this.#host === undefined ? asked : this.#host.render(context, undefined, hostCharacters);
    if (port !== undefined || (this.#host === undefined && scheme !== undefined && scheme !== context.scheme)) authority = authority.replace(/:\d*$/, '');
    if (port !== undefined && authority !== '') authority += `:${port}`;
    let path = this.#path === undefined ? head.rawPath : this.#path.render(context, undefined, encodePath);
    if (!path.startsWith('/')) path = path === '*' ? '/' : `/${path}`;
    const tail = query === 'keep' && head.query !== undefined ? `${path.includes('?') ? '&' : '?'}${head.query}` : '';
    // Without a host (HTTP/1.0) only a path is left; two slashes at its start would name a host.
    return safeText(authority === '' ? path.replace(/^\/+/, '/') + tail : `${scheme ?? context.scheme}://${authority}${path}${tail}`);
  }

  reply(context: RequestContext): LocalReply {
    return { status: this.status, fields: `Location: ${this.location(context)}\r\n`, body: emptyBody };
  }
}
