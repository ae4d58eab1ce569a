// The writing side: start lines, field lines, chunk framing and error responses as latin1 strings, to be written with
// the 'latin1' encoding. What is put in by the gateway is checked, and a bad value THROWS: it is a bug there, never a
// peer's doing. What was parsed strictly (HeaderBlock) is copied without another look. RFC 9112 s3, s4, s5, s7.
import { tokenClass } from './char-classes.ts';
import { HeaderId, headerIdCount } from './header-names.ts';
import type { HeaderBlock } from './messages.ts';

export const CRLF = '\r\n';
/** Behind the data of each chunk. */
export const CHUNK_END = '\r\n';
/** The last chunk, without trailers. */
export const LAST_CHUNK = '0\r\n\r\n';
export const CONTINUE_RESPONSE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** Reason phrases of RFC 9110 s15, RFC 6585 and RFC 7725; '' for others. */
export const reasonPhrases: Readonly<Record<number, string>> = {
  100: 'Continue', 101: 'Switching Protocols', 103: 'Early Hints', 200: 'OK', 201: 'Created', 202: 'Accepted', 203: 'Non-Authoritative Information',
  204: 'No Content', 205: 'Reset Content', 206: 'Partial Content', 300: 'Multiple Choices', 301: 'Moved Permanently', 302: 'Found', 303: 'See Other',
  304: 'Not Modified', 307: 'Temporary Redirect', 308: 'Permanent Redirect', 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found',
  405: 'Method Not Allowed', 406: 'Not Acceptable', 407: 'Proxy Authentication Required', 408: 'Request Timeout', 409: 'Conflict', 410: 'Gone',
  411: 'Length Required', 412: 'Precondition Failed', 413: 'Content Too Large', 414: 'URI Too Long', 415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable', 417: 'Expectation Failed', 421: 'Misdirected Request', 422: 'Unprocessable Content', 425: 'Too Early', 426: 'Upgrade Required',
  428: 'Precondition Required', 429: 'Too Many Requests', 431: 'Request Header Fields Too Large', 451: 'Unavailable For Legal Reasons',
  500: 'Internal Server Error', 501: 'Not Implemented', 502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
};

/** Throws unless `name` is a token. */
export function assertToken(name: string): void {
  let good = name.length > 0;
  for (let i = 0; i < name.length; i++) good = good && tokenClass[name.charCodeAt(i)] === 1;
  if (!good) throw new TypeError(`not a token: ${JSON.stringify(name)}`);
}

/** Throws when a value holds a control character other than HTAB, or a character above FF (encode those first). */
export function assertValue(value: string): void {
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if ((c < 0x20 && c !== 0x09) || c === 0x7f || c > 0xff) throw new TypeError(`not a field value: ${JSON.stringify(value)}`);
  }
}

/** Throws unless `target` is visible ASCII without white space. */
export function assertTarget(target: string): void {
  let good = target.length > 0;
  for (let i = 0; i < target.length; i++) {
    const c = target.charCodeAt(i);
    good = good && c > 0x20 && c < 0x7f;
  }
  if (!good) throw new TypeError(`not a request target: ${JSON.stringify(target)}`);
}

/** `GET /path?query HTTP/1.1` and CRLF. */
export function requestLine(method: string, target: string, minorVersion: 0 | 1 = 1): string {
  assertToken(method);
  assertTarget(target);
  return minorVersion === 1 ? `${method} ${target} HTTP/1.1\r\n` : `${method} ${target} HTTP/1.0\r\n`;
}

/** `HTTP/1.1 200 OK` and CRLF. An empty reason keeps the space that RFC 9112 s4 wants. */
export function statusLine(status: number, reason: string = reasonPhrases[status] ?? ''): string {
  if (!Number.isInteger(status) || status < 100 || status > 599) throw new RangeError(`not a status: ${status}`);
  assertValue(reason);
  return `HTTP/1.1 ${status} ${reason}\r\n`;
}

/** `Name: value` and CRLF. */
export function headerLine(name: string, value: string): string {
  assertToken(name);
  assertValue(value);
  return `${name}: ${value}\r\n`;
}

/** `5` in hexadecimal and CRLF: before the data of a chunk. An empty chunk would end the body. */
export function chunkHead(length: number): string {
  if (!(Number.isSafeInteger(length) && length > 0)) throw new RangeError(`not a chunk length: ${length}`);
  return `${length.toString(16)}\r\n`;
}

/** The last chunk with the trailers that were received. */
export function lastChunk(trailers: HeaderBlock): string {
  return trailers.count === 0 ? LAST_CHUNK : `0\r\n${copyFieldLines(trailers, noFields)}\r\n`;
}

/** To be filled with HeaderIds: which well-known fields copyFieldLines() leaves out. */
export function fieldSet(...ids: readonly number[]): Uint8Array {
  const set = new Uint8Array(headerIdCount);
  for (const id of ids) set[id] = 1;
  return set;
}

const noFields = fieldSet();

/** What a gateway never passes on (RFC 9110 s7.6.1) together with the framing, which it always writes anew. */
export const hopByHopFields: Uint8Array = fieldSet(
  HeaderId.Connection, HeaderId.KeepAlive, HeaderId.ProxyConnection, HeaderId.TE, HeaderId.Trailer, HeaderId.TransferEncoding, HeaderId.Upgrade,
  HeaderId.ContentLength, HeaderId.HTTP2Settings,
);

/**
 * The field lines of a parsed block, but those whose id is in `drop` and those whose lower-case name is in `nominated`
 * (connectionOptions()). Runs of canonical lines are copied as one slice.
 */
export function copyFieldLines(headers: HeaderBlock, drop: Uint8Array, nominated: readonly string[] = []): string {
  let result = '';
  let from = -1;
  const count = headers.count;
  for (let i = 0; i < count; i++) {
    if (drop[headers.id(i)] === 1 || (nominated.length > 0 && nominated.includes(headers.lowerName(i)))) {
      if (from >= 0) result += headers.rawLines(from, i);
      from = -1;
    } else if (!headers.isCanonical(i)) {
      if (from >= 0) result += headers.rawLines(from, i);
      from = -1;
      result += `${headers.name(i)}: ${headers.value(i)}\r\n`;
    } else if (from < 0) from = i;
  }
  return from >= 0 ? result + headers.rawLines(from, count) : result;
}

/** `Content-Length: n` or `Transfer-Encoding: chunked` and CRLF, '' for a message without content. */
export function framingLine(framing: 'none' | 'length' | 'chunked' | 'close', contentLength: number): string {
  if (framing === 'chunked') return 'Transfer-Encoding: chunked\r\n';
  if (framing !== 'length') return '';
  if (!(Number.isSafeInteger(contentLength) && contentLength >= 0)) throw new RangeError(`not a content length: ${contentLength}`);
  return `Content-Length: ${contentLength}\r\n`;
}

/** A whole response of our own. `fields` are [name, value]; Content-Length is added, and `Connection: close` when asked for. */
export function ownResponse(status: number, fields: readonly (readonly [string, string])[], body: string, options: { close: boolean; head: boolean }): string {
  let text = statusLine(status);
  for (const [name, value] of fields) text += headerLine(name, value);
  const length = Buffer.byteLength(body, 'latin1');
  if (status >= 200 && status !== 204 && status !== 304) text += `Content-Length: ${length}\r\n`;
  if (options.close) text += 'Connection: close\r\n';
  return options.head || status < 200 || status === 204 || status === 304 ? `${text}\r\n` : `${text}\r\n${body}`;
}
