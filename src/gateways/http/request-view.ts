// A request as routes, rules and variables look at it: the codec's head with cookies and query parsed when first asked for.
// One per connection, reused: `begin` with each head. Copies nothing until asked; decides nothing.
import { HeaderId } from '#codecs/http1/index.ts';
import type { RequestHead } from '#codecs/http1/index.ts';
import { RequestCookies } from './cookies.ts';
import { QueryParameters } from './query.ts';

export interface ViewLimits { readonly maxQueryParameters: number; readonly maxCookies: number }

export class RequestView {
  head: RequestHead;
  readonly #query: QueryParameters;
  readonly #cookies: RequestCookies;
  #queryRead = false;
  #cookiesRead = false;

  constructor(head: RequestHead, limits: ViewLimits) {
    this.head = head;
    this.#query = new QueryParameters(limits.maxQueryParameters);
    this.#cookies = new RequestCookies(limits.maxCookies);
  }

  /** A new request; what was asked of the one before is forgotten. */
  begin(head: RequestHead): void {
    this.head = head;
    this.#queryRead = false;
    this.#cookiesRead = false;
  }

  get method(): string { return this.head.method; }
  get host(): string { return this.head.host; }
  /** The normalised path. */
  get path(): string { return this.head.path; }

  /** Name of the limit that query or cookies went over, among those that somebody looked at, or ''. Such a request is to be refused (400). */
  get limitReached(): '' | 'maxQueryParameters' | 'maxCookies' {
    if (this.#queryRead && this.#query.overflow) return 'maxQueryParameters';
    return this.#cookiesRead && this.#cookies.overflow ? 'maxCookies' : '';
  }

  /** The value of a header; several lines are joined as RFC 9110 section 5.3 says (cookies by `; `). Undefined when absent. */
  header(lowerName: string): string | undefined {
    const headers = this.head.headers;
    const first = headers.find(lowerName);
    if (first < 0) return undefined;
    let value = headers.value(first);
    for (let i = headers.find(lowerName, first + 1); i >= 0; i = headers.find(lowerName, i + 1)) {
      value += (headers.id(i) === HeaderId.Cookie ? '; ' : ', ') + headers.value(i);
    }
    return value;
  }

  /** Decoded query parameters, in order. */
  queryParameters(): QueryParameters {
    if (!this.#queryRead) {
      this.#queryRead = true;
      this.#query.read(this.head.query);
    }
    return this.#query;
  }

  cookies(): RequestCookies {
    if (!this.#cookiesRead) {
      this.#cookiesRead = true;
      this.#cookies.clear();
      const headers = this.head.headers;
      for (let i = headers.indexOf(HeaderId.Cookie); i >= 0; i = headers.indexOf(HeaderId.Cookie, i + 1)) this.#cookies.read(headers.value(i));
    }
    return this.#cookies;
  }

  /** A decoded query parameter; occurrences are joined by `, `, so that an unexpected second one is never overlooked. Undefined when absent. */
  queryParameter(name: string): string | undefined {
    const { names, values } = this.queryParameters();
    return joined(names, values, name);
  }

  /** The value of a cookie; occurrences are joined by `, `. Undefined when absent. */
  cookie(name: string): string | undefined {
    const { names, values } = this.cookies();
    return joined(names, values, name);
  }
}

function joined(names: readonly string[], values: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  for (let i = 0; i < names.length; i++) {
    if (names[i] === name) value = value === undefined ? values[i] : `${value}, ${values[i] ?? ''}`;
  }
  return value;
}
