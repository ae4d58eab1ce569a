// Requests and responses for tests and benchmarks, read by the real parser. Not part of the product.
import { RequestParser, ResponseParser } from '#codecs/http1/index.ts';
import type { Http1Settings, RequestHead, ResponseHead } from '#codecs/http1/index.ts';
import { http1Settings } from '#codecs/http1/index.ts';
import type { SessionFacts } from '#contract/gateway.ts';
import { ForwardedReader } from '#gateways/http/forwarded.ts';
import { RequestView } from '#gateways/http/request-view.ts';
import { httpSettings } from '#gateways/http/settings.ts';
import type { HttpSettings } from '#gateways/http/settings.ts';
import { RequestContext } from '#gateways/http/variables.ts';

export function settingsOf(input: unknown): HttpSettings {
  return httpSettings.parse(input);
}

export const facts: SessionFacts = {
  id: 's-1', protocol: 'http', listener: 'plain', service: 'shop', client: { address: '203.0.113.9', port: 40_000 },
  local: { address: '192.0.2.1', port: 80 }, tls: undefined, configuration: 'c0ffee',
};

/** A request with these lines; `Host: shop.example` unless one is among them. */
export function requestHead(line: string, headers: readonly string[] = [], changed: Partial<Http1Settings> = {}): RequestHead {
  const parser = new RequestParser(http1Settings(changed));
  const host = headers.some((header) => /^host:/i.test(header)) || line.endsWith('HTTP/1.0') ? [] : ['Host: shop.example'];
  const bytes = Buffer.from(`${[line, ...host, ...headers].join('\r\n')}\r\n\r\n`, 'latin1');
  if (parser.push(bytes, 0, bytes.length) !== bytes.length) throw new Error(`refused: ${parser.fault?.code ?? 'incomplete'}`);
  return parser.head;
}

export function responseHead(line: string, headers: readonly string[] = [], method = 'GET'): ResponseHead {
  const parser = new ResponseParser();
  parser.expect(method);
  const bytes = Buffer.from(`${[line, ...headers].join('\r\n')}\r\n\r\n`, 'latin1');
  if (parser.push(bytes, 0, bytes.length) !== bytes.length) throw new Error(`refused: ${parser.fault?.code ?? 'incomplete'}`);
  return parser.head;
}

export function contextOf(head: RequestHead, settings: HttpSettings, client = facts.client): RequestContext {
  const view = new RequestView(head, settings.limits);
  view.begin(head);
  const context = new RequestContext({ ...facts, client }, view);
  context.requestId = 'r-1';
  context.timeMs = Date.UTC(2026, 0, 31, 12);
  context.server = { pool: 'web', name: '10.1.0.10:8080', host: '10.1.0.10', port: 8080 };
  new ForwardedReader(settings.forwarded).identify(context);
  return context;
}
