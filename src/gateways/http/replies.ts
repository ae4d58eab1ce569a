// Answers that the gateway gives itself: refusals, limits, failures, with the incident id by which the record is found.
// Nothing of the request is reflected, nothing of the inside is told. RFC 9110 section 15, RFC 9457 for the JSON form.
import type { LimitRefusal } from '#contract/decision.ts';
import type { LocalReply } from './static-responses.ts';

/** Reason phrases of the registry (RFC 9110 section 15); clients ignore them, people read them. */
export const reasonPhrases: Readonly<Record<number, string>> = {
  200: 'OK', 204: 'No Content', 301: 'Moved Permanently', 302: 'Found', 303: 'See Other', 307: 'Temporary Redirect', 308: 'Permanent Redirect',
  400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 408: 'Request Timeout', 411: 'Length Required',
  413: 'Content Too Large', 414: 'URI Too Long', 415: 'Unsupported Media Type', 417: 'Expectation Failed', 421: 'Misdirected Request',
  426: 'Upgrade Required', 429: 'Too Many Requests', 431: 'Request Header Fields Too Large', 451: 'Unavailable For Legal Reasons',
  500: 'Internal Server Error', 501: 'Not Implemented', 502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Gateway Timeout', 505: 'HTTP Version Not Supported',
};

export interface ReplyFacts {
  readonly status: number;
  /** A short word for machines: `denied`, `limited`, a violation code. */
  readonly code: string;
  /** For people, or ''. Fixed text of the gateway or of the configuration. */
  readonly message: string;
  /** The incident id. */
  readonly id: string;
  /** Value of the request's Accept, or ''. */
  readonly accept: string;
  readonly head: boolean;
  readonly keepAlive: boolean;
  /** Further header lines, each with its CRLF. */
  readonly lines: string;
  /** HTML instead of the gateway's own, or ''; `{incident}` and `{status}` are filled in. */
  readonly page?: string;
  readonly wallMs: number;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function page(status: number, phrase: string, message: string, id: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${status} ${phrase}</title>`
    + '<style>body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:34rem;padding:0 1rem;color:#222}code{color:#666}</style>'
    + `<h1>${status} ${phrase}</h1>${message === '' ? '' : `<p>${escapeHtml(message)}</p>`}<p><code>Incident ${id}</code></p></html>\n`;
}

/** The whole answer as latin1 text. */
export function replyText(facts: ReplyFacts): string {
  const { status, id, accept } = facts;
  const phrase = reasonPhrases[status] ?? 'Error';
  const message = Buffer.from(facts.message, 'utf8').toString('latin1');
  let type = 'text/plain; charset=utf-8';
  let body = `${status} ${phrase}\n${message === '' ? '' : `${message}\n`}incident ${id}\n`;
  if (accept.includes('json')) {
    type = 'application/problem+json';
    body = `${JSON.stringify({ type: 'about:blank', title: phrase, status, code: facts.code, detail: facts.message || undefined, incident: id })}\n`;
    body = Buffer.from(body, 'utf8').toString('latin1');
  } else if (accept.includes('text/html')) {
    type = 'text/html; charset=utf-8';
    body = facts.page === undefined || facts.page === '' ? page(status, phrase, message, id)
      : Buffer.from(facts.page, 'utf8').toString('latin1').replaceAll('{incident}', id).replaceAll('{status}', String(status));
  }
  return `HTTP/1.1 ${status} ${phrase}\r\nDate: ${httpDate(facts.wallMs)}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\nCache-Control: no-store\r\n`
    + `X-Request-ID: ${id}\r\n${facts.lines}Connection: ${facts.keepAlive ? 'keep-alive' : 'close'}\r\n\r\n${facts.head ? '' : body}`;
}

/** The head of a redirect or fixed response of a route. `lines`: further header lines, each with its CRLF. */
export function localReplyHead(reply: LocalReply, wallMs: number, lines: string, keepAlive: boolean): string {
  const { status, fields, body } = reply;
  const length = status === 204 || status === 304 ? '' : `Content-Length: ${body.length}\r\n`;
  return `HTTP/1.1 ${status} ${reasonPhrases[status] ?? 'OK'}\r\nDate: ${httpDate(wallMs)}\r\n${fields}${lines}${length}`
    + `Connection: ${keepAlive ? 'keep-alive' : 'close'}\r\n\r\n`;
}

/** Retry-After (RFC 9110 section 10.2.3) and RateLimit fields (draft-ietf-httpapi-ratelimit-headers) of a refusal. */
export function limitLines(refusal: LimitRefusal): string {
  const retryAfter = Math.max(1, Math.ceil(refusal.retryAfterMs / 1000));
  const windowSeconds = Math.max(1, Math.ceil(refusal.windowMs / 1000));
  return `Retry-After: ${retryAfter}\r\n`
    + `RateLimit-Policy: "${refusal.limit}";q=${refusal.maximum};w=${windowSeconds}\r\n`
    + `RateLimit: "${refusal.limit}";r=${Math.max(0, Math.floor(refusal.remaining))};t=${retryAfter}\r\n`;
}

let dateText = '';
let dateSecond = 0;

/** IMF-fixdate (RFC 9110 section 5.6.7), made once a second. */
export function httpDate(wallMs: number): string {
  const second = Math.floor(wallMs / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(second * 1000).toUTCString();
  }
  return dateText;
}
