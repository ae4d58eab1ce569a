// The messages of HTTP/1.x as the parsers hand them out: header block, request head, response head. Only shapes and
// read access; filled by parser.ts. RFC 9110 s5, s6; RFC 9112 s3, s4. Strings are latin1: one char a byte.
//
// VIEWS: a head, its HeaderBlock and everything reached through them are reused. They hold until the next push() that
// begins a new head on the same parser (or reset()). Strings taken out of them stay valid for ever.
import { headerIdOf, lowerHeaderNames } from './header-names.ts';

export { HeaderId } from './header-names.ts';

export type TargetForm = 'origin' | 'absolute' | 'authority' | 'asterisk';
export type RequestFraming = 'none' | 'length' | 'chunked';
export type ResponseFraming = 'none' | 'length' | 'chunked' | 'close';

/** push(): everything up to `end` was taken and kept inside; call again with what follows. */
export const NEED_MORE = -1;
/** push(): the peer broke the protocol or a limit; `parser.fault` says how. The parser stays refused until reset(). */
export const VIOLATION = -2;

/** Bits of one entry's first word in HeaderBlock.table: id, canonical flag, name length. */
const idMask = 0xff;
const canonicalBit = 0x100;
const nameLengthShift = 16;
/** Room for so many lines at first: most heads have fewer, and every idle connection holds a table. */
const initialLines = 24;

/** The ordered field lines of one message. */
export class HeaderBlock {
  /** How many field lines there are. */
  count = 0;
  /** Parser's own: the head as one latin1 string that all offsets below point into. */
  text = '';
  /** Parser's own: four words a line: id and flags, line start, value start, value end. */
  table: Int32Array;
  /** Parser's own: one bit for each well-known id that occurs. */
  seen = new Int32Array(4);

  constructor() {
    this.table = new Int32Array(initialLines * 4);
  }

  /** The HeaderId of line i, 0 when the name is not well known. */
  id(i: number): number {
    return (this.table[i << 2] as number) & idMask;
  }

  /** The name of line i as on the wire. */
  name(i: number): string {
    const at = i << 2;
    const start = this.table[at + 1] as number;
    return this.text.slice(start, start + ((this.table[at] as number) >>> nameLengthShift));
  }

  /** Length of the name of line i in bytes, without making the string. */
  nameLength(i: number): number {
    return (this.table[i << 2] as number) >>> nameLengthShift;
  }

  /** The name of line i in lower case; interned when well known. */
  lowerName(i: number): string {
    const id = (this.table[i << 2] as number) & idMask;
    return id !== 0 ? (lowerHeaderNames[id] as string) : this.name(i).toLowerCase();
  }

  /** The value of line i, optional white space around it removed. */
  value(i: number): string {
    const at = i << 2;
    return this.text.slice(this.table[at + 2], this.table[at + 3]);
  }

  /** Length of the value of line i in bytes, without making the string. */
  valueLength(i: number): number {
    const at = i << 2;
    return (this.table[at + 3] as number) - (this.table[at + 2] as number);
  }

  /** Whether line i stands as exactly `Name: value\r\n` and joins on to the line before it, so that it may be copied verbatim. */
  isCanonical(i: number): boolean {
    return ((this.table[i << 2] as number) & canonicalBit) !== 0;
  }

  /** Whether a well-known field occurs at all: one bit test. */
  has(id: number): boolean {
    return ((this.seen[id >> 5] as number) & (1 << (id & 31))) !== 0;
  }

  /** The raw lines [from, to), each with its CRLF, as one slice of the head. All of them must be canonical. */
  rawLines(from: number, to: number): string {
    if (to <= from) return '';
    return this.text.slice(this.table[(from << 2) + 1], (this.table[((to - 1) << 2) + 3] as number) + 2);
  }

  /** The index of the first line with a well-known name at or after `from`, or -1. */
  indexOf(id: number, from = 0): number {
    if (!this.has(id)) return -1;
    const table = this.table;
    for (let i = from, n = this.count; i < n; i++) if (((table[i << 2] as number) & idMask) === id) return i;
    return -1;
  }

  /** The value of the first line with a well-known name. */
  get(id: number): string | undefined {
    const i = this.indexOf(id);
    return i < 0 ? undefined : this.value(i);
  }

  /** All values of a well-known name, in order. */
  getAll(id: number): string[] {
    const values: string[] = [];
    for (let i = this.indexOf(id); i >= 0; i = this.indexOf(id, i + 1)) values.push(this.value(i));
    return values;
  }

  /** The index of the first line with this lower-case name (well known or not) at or after `from`, or -1. */
  find(lowerName: string, from = 0): number {
    const id = headerIdOf(lowerName);
    if (id !== 0) return this.indexOf(id, from);
    const table = this.table;
    for (let i = from, n = this.count; i < n; i++) {
      const word = table[i << 2] as number;
      if ((word & idMask) === 0 && word >>> nameLengthShift === lowerName.length && this.name(i).toLowerCase() === lowerName) return i;
    }
    return -1;
  }

  /** The value of the first line with this lower-case name. */
  findValue(lowerName: string): string | undefined {
    const i = this.find(lowerName);
    return i < 0 ? undefined : this.value(i);
  }

  /** A copy that outlives the views: [name as on the wire, value] in order. For audits and tests. */
  toArray(): [string, string][] {
    const lines: [string, string][] = [];
    for (let i = 0; i < this.count; i++) lines.push([this.name(i), this.value(i)]);
    return lines;
  }

  /** Parser's own: forget all lines. */
  clear(): void {
    this.count = 0;
    this.text = '';
    const seen = this.seen;
    seen[0] = 0;
    seen[1] = 0;
    seen[2] = 0;
    seen[3] = 0;
  }

  /** Parser's own: leave line i out. The line behind it can no longer be copied along with the one before. */
  remove(i: number): void {
    const table = this.table;
    table.copyWithin(i << 2, (i + 1) << 2, this.count << 2);
    this.count--;
    if (i < this.count) table[i << 2] = (table[i << 2] as number) & ~canonicalBit;
  }

  /** Parser's own: note one line; offsets are relative to the head's first byte. */
  add(id: number, canonical: boolean, nameStart: number, nameLength: number, valueStart: number, valueEnd: number): void {
    const at = this.count << 2;
    let table = this.table;
    if (at === table.length) {
      table = new Int32Array(at * 2);
      table.set(this.table);
      this.table = table;
    }
    table[at] = id | (canonical ? canonicalBit : 0) | (nameLength << nameLengthShift);
    table[at + 1] = nameStart;
    table[at + 2] = valueStart;
    table[at + 3] = valueEnd;
    this.count++;
    if (id !== 0) this.seen[id >> 5] = (this.seen[id >> 5] as number) | (1 << (id & 31));
  }
}

/** A request's head. Framing is decided here and nowhere else; Content-Length and Transfer-Encoding lines are to be written anew. */
export class RequestHead {
  /** Case-sensitive token; interned for the usual methods. */
  method = '';
  /** The request target as on the wire. */
  target = '';
  targetForm: TargetForm = 'origin';
  /** 'http' or 'https' in absolute form, otherwise '': the connection knows. */
  scheme = '';
  /** Lower case, no port, no trailing dot; IPv6 in brackets in its canonical spelling; '' for HTTP/1.0 without Host. */
  host = '';
  /** The port that the authority names, or 0. */
  port = 0;
  /** The authority as received (Host value, or the target's in absolute and authority form). */
  authority = '';
  /** For matching: unreserved percent-escapes decoded, further escapes upper case, slashes merged, dot segments as the settings say. '*' or '' in those forms. */
  path = '';
  /** To be forwarded: as received, apart from what a setting rewrote. */
  rawPath = '';
  /** Without '?'; undefined when there is none, '' when empty. */
  query: string | undefined = undefined;
  minorVersion: 0 | 1 = 1;
  headers: HeaderBlock;
  framing: RequestFraming = 'none';
  /** Value of Content-Length when framing is 'length' (0 for 'none'), -1 when chunked. */
  contentLength = 0;
  keepAlive = true;
  expectContinue = false;
  /** Lower-case protocol list as one string, when Connection lists "upgrade" too and the request is HTTP/1.1. */
  upgrade: string | undefined = undefined;
  /** Whether Connection names fields beyond close, keep-alive and upgrade; then see connectionOptions(). */
  connectionNominates = false;
  /** Bytes of the head, request line to the empty line; leading CRLFs not counted. */
  headBytes = 0;

  constructor() {
    this.headers = new HeaderBlock();
  }
}

/** A response's head. */
export class ResponseHead {
  minorVersion: 0 | 1 = 1;
  status = 0;
  /** May hold obs-text; '' when absent. */
  reason = '';
  headers: HeaderBlock;
  /** RFC 9112 s6.3, with the request method known. 'none' after HEAD, for 1xx, 204, 304 and a 2xx to CONNECT. */
  framing: ResponseFraming = 'none';
  /** Value of Content-Length (also for HEAD and 304), -1 when absent or overridden. */
  contentLength = -1;
  keepAlive = true;
  /** Lower-case protocol list of a 101. */
  upgrade: string | undefined = undefined;
  connectionNominates = false;
  /** 1xx other than 101: the final response is still to come. */
  interim = false;
  headBytes = 0;

  constructor() {
    this.headers = new HeaderBlock();
  }
}

/** Lower-case Connection options of a head, all lines, in order (RFC 9110 s7.6.1). Allocates: call it when connectionNominates. */
export function connectionOptions(headers: HeaderBlock): string[] {
  const options: string[] = [];
  for (const value of headers.getAll(2)) {
    for (const part of value.split(',')) {
      const option = part.trim().toLowerCase();
      if (option !== '') options.push(option);
    }
  }
  return options;
}

/** What a parser or decoder reports when it refuses. A violation is the peer's breach; a limit is ours. Both are values, never thrown. */
export type Http1Fault = Http1Violation | Http1LimitReached;
export type Side = 'client' | 'server';

export interface Http1Violation {
  readonly kind: 'violation';
  /** Stable: 'http1.content-length-duplicate'; described in docs/violations/http1.md. */
  readonly code: string;
  /** Who is to blame. */
  readonly side: Side;
  /** Bytes from the start of the message (head) or body at which it was certain. */
  readonly offset: number;
  /** 'RFC 9112 s6.1'. */
  readonly spec: string;
  readonly message: string;
  /** Status to answer with: 4xx/5xx for a client's breach, 502 for a server's. */
  readonly status: number;
  /** Name of the setting that could permit it; undefined when none can. */
  readonly setting: string | undefined;
}

export interface Http1LimitReached {
  readonly kind: 'limit';
  readonly code: string;
  readonly side: Side;
  readonly offset: number;
  readonly spec: string;
  readonly message: string;
  readonly status: number;
  readonly setting: undefined;
  /** Name of the limit in Http1Limits. */
  readonly limit: string;
  readonly maximum: number;
  readonly seen: number;
}

/** Shape of RequestParser and ResponseParser (parser.ts). One parser a connection side; a head that is done is forgotten by the next push(). */
export interface HeadParser<Head> {
  readonly head: Head;
  readonly fault: Http1Fault | undefined;
  /** Bytes of an unfinished head kept inside; 0 between messages: for idle against header time limits. */
  readonly pendingBytes: number;
  /** Reads bytes[start, end). Returns the offset in `bytes` just behind the head, NEED_MORE or VIOLATION. */
  push(bytes: Buffer, start: number, end: number): number;
  /** Forgets everything unfinished. */
  reset(): void;
}

/** ChunkedDecoder.feed(): all bytes up to `end` taken, no data among them. */
export const CHUNK_MORE = 0;
/** ChunkedDecoder.feed(): bytes[dataStart, dataEnd) is body data; call again from `position` (also when it equals `end`). */
export const CHUNK_DATA = 1;
/** ChunkedDecoder.feed(): body complete, trailers in `trailers`; the next message begins at `position`. */
export const CHUNK_DONE = 2;

/** Shape of ChunkedDecoder (chunked.ts). Pull: call feed() until it says MORE, DONE or VIOLATION. */
export interface ChunkReader {
  readonly position: number;
  readonly dataStart: number;
  readonly dataEnd: number;
  readonly trailers: HeaderBlock;
  readonly fault: Http1Fault | undefined;
  feed(bytes: Buffer, position: number, end: number): number;
  reset(): void;
}
