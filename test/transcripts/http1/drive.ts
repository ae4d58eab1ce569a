// Reads a whole connection's bytes with the HTTP/1 codec and tells what was understood, in plain lines: for transcripts,
// fuzzing and differential tests. Not a gateway: no limits on bodies, no upgrade, everything in memory.
import {
  CHUNK_DATA, CHUNK_DONE, CHUNK_END, chunkHead, ChunkedDecoder, copyFieldLines, framingLine, headerLine, HeaderId, hopByHopFields, lastChunk, NEED_MORE, requestLine,
  RequestParser, ResponseParser, VIOLATION, type Http1Fault, type Http1Limits, type Http1Settings, type RequestHead, type ResponseHead,
} from '#codecs/http1/index.ts';


export interface ReadMessage {
  /** One line: start line, framing, persistence. */
  line: string;
  method: string;
  /** As forwarded. */
  target: string;
  /** As received. */
  received: string;
  headers: [string, string][];
  body: string;
  trailers: [string, string][];
  /** The message as a gateway would send it on. */
  forwarded: string;
}

export interface Reading {
  messages: ReadMessage[];
  fault: Http1Fault | undefined;
  /** Bytes behind a CONNECT. */
  tunnel: string | undefined;
  /** Ended inside a message. */
  unfinished: boolean;
}

export function escapeBytes(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]|\\/g, (c) => {
    if (c === '\r') return '\\r';
    if (c === '\n') return '\\n';
    if (c === '\t') return '\\t';
    return c === '\\' ? '\\\\' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

export function unescapeBytes(text: string): string {
  return text.replaceAll(/\\(r|n|t|\\|x[\da-fA-F]{2}|\{(\d+)\*(.)\})/g, (_, escape: string, times: string | undefined, what: string | undefined) => {
    if (times !== undefined) return (what as string).repeat(Number(times));
    if (escape === 'r') return '\r';
    if (escape === 'n') return '\n';
    if (escape === 't') return '\t';
    return escape === '\\' ? '\\' : String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  });
}

function requestSummary(head: RequestHead): string {
  const authority = head.port === 0 ? head.host : `${head.host}:${head.port}`;
  const parts = ['request', head.method, authority === '' ? '-' : authority];
  if (head.targetForm === 'authority') parts.push('(tunnel)');
  else parts.push(head.rawPath + (head.query === undefined ? '' : `?${head.query}`));
  if (head.targetForm !== 'authority' && head.path !== head.rawPath) parts.push(`path=${head.path}`);
  if (head.scheme !== '') parts.push(`scheme=${head.scheme}`);
  if (head.minorVersion === 0) parts.push('1.0');
  parts.push(head.framing === 'length' ? `length=${head.contentLength}` : head.framing, head.keepAlive ? 'keep' : 'close');
  if (head.expectContinue) parts.push('expect-continue');
  if (head.upgrade !== undefined) parts.push(`upgrade=${head.upgrade}`);
  return escapeBytes(parts.join(' '));
}

function responseSummary(head: ResponseHead): string {
  const parts = ['response', String(head.status)];
  if (head.minorVersion === 0) parts.push('1.0');
  parts.push(head.framing === 'length' ? `length=${head.contentLength}` : head.framing, head.keepAlive ? 'keep' : 'close');
  if (head.interim) parts.push('interim');
  if (head.upgrade !== undefined) parts.push(`upgrade=${head.upgrade}`);
  return escapeBytes(parts.join(' '));
}

/** Expect is written anew too: what it held may have been ignored. */
const dropped = hopByHopFields.slice();
dropped[HeaderId.Expect] = 1;

function forwardedHead(head: RequestHead): string {
  const target = head.targetForm === 'authority' ? head.target : head.rawPath + (head.query === undefined ? '' : `?${head.query}`);
  let text = requestLine(head.method, target);
  if (!head.headers.has(HeaderId.Host)) text += headerLine('Host', 'default.example');
  text += copyFieldLines(head.headers, dropped);
  if (head.expectContinue) text += 'Expect: 100-continue\r\n';
  return text + framingLine(head.framing, head.contentLength);
}

/** Reads one connection, fed piece by piece. */
export class Connection {
  readonly reading: Reading = { messages: [], fault: undefined, tunnel: undefined, unfinished: false };
  readonly #parser: RequestParser | ResponseParser;
  readonly #decoder: ChunkedDecoder;
  #state: 'head' | 'length' | 'chunked' | 'close' | 'tunnel' | 'refused' = 'head';
  #left = 0;
  #body = '';
  #head = '';

  /** `requestMethod`: read responses to it; undefined: read requests. */
  constructor(settings: Http1Settings, limits: Http1Limits, requestMethod: string | undefined) {
    if (requestMethod === undefined) this.#parser = new RequestParser(settings, limits);
    else {
      this.#parser = new ResponseParser(settings, limits);
      this.#parser.expect(requestMethod);
    }
    this.#decoder = new ChunkedDecoder(requestMethod === undefined ? 'client' : 'server', settings, limits);
  }

  feed(bytes: Buffer): void {
    for (let at = 0; at >= 0 && at < bytes.length;) at = this.#step(bytes, at);
  }

  end(): Reading {
    if (this.#state === 'close') this.#finish([]);
    this.reading.unfinished = this.#state === 'length' || this.#state === 'chunked' || this.#parser.pendingBytes > 0;
    return this.reading;
  }

  #refuse(fault: Http1Fault | undefined): number {
    this.reading.fault = fault;
    this.#state = 'refused';
    return -1;
  }

  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case 'head': return this.#readHead(bytes, at);
      case 'length': {
        const take = Math.min(this.#left, bytes.length - at);
        this.#body += bytes.toString('latin1', at, at + take);
        this.#left -= take;
        if (this.#left === 0) this.#finish([]);
        return at + take;
      }
      case 'chunked': return this.#readChunks(bytes, at);
      case 'close':
        this.#body += bytes.toString('latin1', at);
        return bytes.length;
      case 'tunnel':
        this.reading.tunnel = (this.reading.tunnel ?? '') + bytes.toString('latin1', at);
        return bytes.length;
      default: return -1;
    }
  }

  #readHead(bytes: Buffer, at: number): number {
    const parser = this.#parser;
    const next = parser.push(bytes, at, bytes.length);
    if (next === VIOLATION) return this.#refuse(parser.fault);
    if (next === NEED_MORE) return bytes.length;
    const head = parser.head;
    const isRequest = parser instanceof RequestParser;
    this.#head = isRequest ? forwardedHead(parser.head) : '';
    this.reading.messages.push({
      line: isRequest ? requestSummary(parser.head) : responseSummary(parser.head as ResponseHead), method: isRequest ? parser.head.method : '',
      target: isRequest ? parser.head.rawPath + (parser.head.query === undefined ? '' : `?${parser.head.query}`) : '',
      received: isRequest ? parser.head.target : '', headers: head.headers.toArray(), body: '', trailers: [], forwarded: this.#head,
    });
    this.#body = '';
    if (isRequest && parser.head.targetForm === 'authority') this.#state = 'tunnel';
    else if (head.framing === 'length' && head.contentLength > 0) { this.#state = 'length'; this.#left = head.contentLength; }
    else if (head.framing === 'chunked') { this.#state = 'chunked'; this.#decoder.reset(); }
    else if (head.framing === 'close') this.#state = 'close';
    else this.#finish([]);
    return next;
  }

  #readChunks(bytes: Buffer, at: number): number {
    const decoder = this.#decoder;
    const result = decoder.feed(bytes, at, bytes.length);
    if (result === VIOLATION) return this.#refuse(decoder.fault);
    if (result === CHUNK_DATA) this.#body += bytes.toString('latin1', decoder.dataStart, decoder.dataEnd);
    if (result === CHUNK_DONE) this.#finish(decoder.trailers.toArray());
    return decoder.position;
  }

  #finish(trailers: [string, string][]): void {
    const message = this.reading.messages.at(-1) as ReadMessage;
    const wasChunked = this.#state === 'chunked';
    message.body = this.#body;
    message.trailers = trailers;
    message.forwarded = `${this.#head}\r\n`;
    if (wasChunked) message.forwarded += (this.#body === '' ? '' : chunkHead(this.#body.length) + this.#body + CHUNK_END) + lastChunk(this.#decoder.trailers);
    else message.forwarded += this.#body;
    this.#state = 'head';
  }
}

export function readWhole(text: string, settings: Http1Settings, limits: Http1Limits, requestMethod?: string, pieces?: readonly number[]): Reading {
  const bytes = Buffer.from(text, 'latin1');
  const connection = new Connection(settings, limits, requestMethod);
  let from = 0;
  for (const cut of [...pieces ?? [], bytes.length]) {
    // A fresh copy each time: nothing may hang on the caller's buffer staying as it was.
    const piece = Buffer.from(bytes.subarray(from, cut));
    connection.feed(piece);
    piece.fill(0x7f);
    from = cut;
  }
  return connection.end();
}

/** The reading as lines, one fact a line. */
export function describeReading(reading: Reading): string[] {
  const lines: string[] = [];
  for (const message of reading.messages) {
    lines.push(message.line);
    if (message.body !== '') lines.push(`body ${escapeBytes(message.body)}`);
    for (const [name, value] of message.trailers) lines.push(escapeBytes(`trailer ${name}: ${value}`));
  }
  if (reading.tunnel !== undefined) lines.push(`tunnel ${escapeBytes(reading.tunnel)}`);
  const fault = reading.fault;
  if (fault !== undefined) lines.push(`refused ${fault.code.slice('http1.'.length)} ${fault.status}`);
  else if (reading.unfinished) lines.push('unfinished');
  return lines;
}
