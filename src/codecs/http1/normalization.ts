// The request target (RFC 9112 s3.2): its form, and path and query in one normal spelling, as the settings say. The
// path to be matched and the path to be forwarded are kept apart: `path` and `rawPath`. RFC 3986 s2, s5.2.4, s6.2.2.
// Host and port are authority.ts's; the decision to forward is others'.
import {
  hexValue, pathClass, queryClass, SLASH, unreservedClass, URI_BACKSLASH, URI_BAD, URI_FRAGMENT, URI_NON_ASCII, URI_PERCENT, URI_SEMICOLON, URI_UNWISE,
} from './char-classes.ts';
import type { TargetForm } from './messages.ts';
import type { Http1Settings } from './settings.ts';
import type { ViolationName } from './violations.ts';

const EMPTY_SEGMENT = 128;
const DOT_AFTER_SLASH = 256;
const DOT = 0x2e;
const QUESTION = 0x3f;

export class TargetReader {
  form: TargetForm = 'origin';
  scheme = '';
  /** The authority of absolute and authority form, otherwise ''. */
  authority = '';
  path = '';
  rawPath = '';
  query: string | undefined = undefined;

  readonly #settings: Readonly<Http1Settings>;

  constructor(settings: Readonly<Http1Settings>) {
    this.#settings = settings;
  }

  /**
   * Reads text[start, end), in which the scanner found VCHAR and obs-text only; `target` is that slice. Returns the
   * violation, or undefined when all fields are set. Walking the flat head is three times faster than walking a slice.
   */
  read(text: string, start: number, end: number, target: string, method: string): ViolationName | undefined {
    this.scheme = '';
    this.authority = '';
    this.query = undefined;
    if (method === 'CONNECT') {
      this.form = 'authority';
      this.authority = target;
      this.path = '';
      this.rawPath = '';
      return undefined;
    }
    const first = target.charCodeAt(0);
    if (first === SLASH) {
      this.form = 'origin';
      return this.#readPathAndQuery(text, start, end, target);
    }
    if (target === '*') {
      this.form = 'asterisk';
      this.path = '*';
      this.rawPath = '*';
      return method === 'OPTIONS' ? undefined : 'target-form';
    }
    return this.#readAbsolute(target, method);
  }

  /** RFC 9112 s3.2.2. */
  #readAbsolute(target: string, method: string): ViolationName | undefined {
    const match = /^([a-z][a-z\d+.-]*):(\/\/)?/i.exec(target);
    if (match === null) return this.#judgeNoForm(target);
    this.scheme = (match[1] as string).toLowerCase();
    if (this.scheme !== 'http' && this.scheme !== 'https') return match[2] === undefined ? 'target-form' : 'target-scheme';
    if (match[2] === undefined) return 'target-form';
    this.form = 'absolute';
    const start = match[0].length;
    let end = start;
    while (end < target.length && !'/?#\\'.includes(target[end] as string)) end++;
    this.authority = target.slice(start, end);
    if (this.authority === '') return 'host-empty';
    if (end === target.length) {
      // RFC 9112 s3.2.4: OPTIONS for a whole server, as a proxy is sent it.
      this.path = method === 'OPTIONS' ? '*' : '/';
      this.rawPath = this.path;
      return undefined;
    }
    const rest = target.slice(end);
    const local = rest.startsWith('/') ? rest : `/${rest}`;
    return this.#readPathAndQuery(local, 0, local.length, local);
  }

  #judgeNoForm(target: string): ViolationName {
    for (let i = 0; i < target.length; i++) if (target.charCodeAt(i) >= 0x80 && this.#settings.nonAsciiInTarget === 'reject') return 'target-non-ascii';
    return 'target-form';
  }

  /** `whole` is text[start, end). */
  #readPathAndQuery(text: string, start: number, end: number, whole: string): ViolationName | undefined {
    const classes = pathClass;
    let flags = 0;
    let at = start;
    let previous = 0;
    while (at < end) {
      const c = text.charCodeAt(at);
      if (c === QUESTION) break;
      flags |= classes[c] as number;
      if (previous === SLASH) {
        if (c === SLASH) flags |= EMPTY_SEGMENT;
        else if (c === DOT) flags |= DOT_AFTER_SLASH;
      }
      previous = c;
      at++;
    }
    const pathEnd = at;
    const queryClasses = queryClass;
    let queryFlags = 0;
    for (at++; at < end; at++) queryFlags |= queryClasses[text.charCodeAt(at)] as number;
    if (((flags | queryFlags) & URI_FRAGMENT) !== 0) {
      if (this.#settings.fragmentInTarget === 'reject') return 'target-fragment';
      const cut = whole.slice(0, whole.indexOf('#'));
      return this.#readPathAndQuery(cut, 0, cut.length, cut);
    }
    if (pathEnd < end) {
      this.query = whole.slice(pathEnd - start + 1);
      if (queryFlags !== 0) {
        const refused = this.#readOddQuery(queryFlags);
        if (refused !== undefined) return refused;
      }
    }
    const path = pathEnd < end ? whole.slice(0, pathEnd - start) : whole;
    this.path = path;
    this.rawPath = path;
    return flags === 0 ? undefined : this.#readOddPath(path, flags);
  }

  #judgeCharacters(flags: number): ViolationName | undefined {
    if ((flags & URI_BAD) !== 0 && this.#settings.invalidTargetCharacters === 'reject') return 'target-invalid';
    if ((flags & URI_NON_ASCII) !== 0 && this.#settings.nonAsciiInTarget === 'reject') return 'target-non-ascii';
    if ((flags & URI_UNWISE) !== 0 && this.#settings.unwiseTargetCharacters === 'reject') return 'target-unwise';
    return undefined;
  }

  #readOddQuery(flags: number): ViolationName | undefined {
    const refused = this.#judgeCharacters(flags);
    if (refused !== undefined) return refused;
    const query = this.query as string;
    if ((flags & URI_PERCENT) !== 0 && this.#settings.invalidPercentEncodingInQuery === 'reject' && hasBrokenEscape(query)) return 'query-percent';
    if ((flags & (URI_NON_ASCII | URI_BAD)) !== 0) this.query = encodeForbidden(query, queryClass);
    return undefined;
  }

  #readOddPath(received: string, flags: number): ViolationName | undefined {
    const settings = this.#settings;
    const refused = this.#judgeCharacters(flags);
    if (refused !== undefined) return refused;
    if ((flags & URI_BACKSLASH) !== 0 && settings.backslashInPath === 'reject') return 'path-backslash';
    if ((flags & URI_SEMICOLON) !== 0 && settings.pathParameters === 'reject') return 'path-parameter';
    let path = received;
    if ((flags & (URI_NON_ASCII | URI_BAD)) !== 0) path = encodeForbidden(path, pathClass);
    if ((flags & (URI_PERCENT | URI_NON_ASCII)) !== 0) {
      const escape = judgeEscapes(path, settings);
      if (escape !== undefined) return escape;
      if (settings.encodedSlash === 'decode') path = path.replaceAll(/%2f/gi, '/');
    }
    if (settings.doubleSlash !== 'keep' && path.includes('//')) {
      if (settings.doubleSlash === 'reject') return 'path-double-slash';
      path = path.replaceAll(/\/{2,}/g, '/');
    }
    this.rawPath = path;
    const decoded = (flags & URI_PERCENT) !== 0 ? decodeUnreserved(path) : path;
    this.path = decoded.includes('//') ? decoded.replaceAll(/\/{2,}/g, '/') : decoded;
    // A dot segment needs a dot behind a separator; whether it was written with %2e is judged segment by segment.
    const mayHoldDots = (flags & (DOT_AFTER_SLASH | URI_PERCENT | URI_BACKSLASH)) !== 0;
    return mayHoldDots && dotSegment.test(decoded) ? this.#resolveDots(path) : undefined;
  }

  /** At least one dot segment is there. RFC 3986 s5.2.4. */
  #resolveDots(path: string): ViolationName | undefined {
    const plain = dotSegment.test(path);
    // Behind an encoded slash or a backslash it is one to some servers only: resolving would be a guess.
    if (!plainDotSegment.test(decodeUnreserved(path))) return plain ? 'path-dot-segment' : 'path-encoded-dot-segment';
    const received = path.split('/');
    const kept: string[] = [];
    for (let i = 1; i < received.length; i++) {
      const segment = received[i] as string;
      const name = (decodeUnreserved(segment).split(';', 1)[0]) as string;
      if (name !== '.' && name !== '..') { kept.push(segment); continue; }
      const wasPlain = segment.startsWith(name);
      const setting = wasPlain ? this.#settings.dotSegments : this.#settings.encodedDotSegments;
      // Empty segments beside dot segments: servers that merge slashes end up elsewhere.
      if (setting === 'reject' || path.includes('//')) return wasPlain ? 'path-dot-segment' : 'path-encoded-dot-segment';
      if (name === '..' && kept.pop() === undefined) return wasPlain ? 'path-dot-segment' : 'path-encoded-dot-segment';
      if (i === received.length - 1) kept.push('');
    }
    this.rawPath = `/${kept.join('/')}`;
    this.path = decodeUnreserved(this.rawPath);
    return dotSegment.test(this.path) ? 'path-encoded-dot-segment' : undefined;
  }
}

/** '.' or '..' as a whole segment, with or without a parameter, between any of the separators that some server knows. */
const dotSegment = /(?:\/|\\|%2f|%5c)\.{1,2}(?=$|[/\\;]|%2f|%5c)/i;
const plainDotSegment = /\/\.{1,2}(?=$|[/;])/;

function hasBrokenEscape(text: string): boolean {
  for (let at = text.indexOf('%'); at >= 0; at = text.indexOf('%', at + 1)) if (escapeAt(text, at) < 0) return true;
  return false;
}

/** The byte that the escape at `at` stands for, or -1 when it is broken. */
function escapeAt(text: string, at: number): number {
  if (at + 2 >= text.length) return -1;
  const high = hexValue[text.charCodeAt(at + 1)] ?? 255;
  const low = hexValue[text.charCodeAt(at + 2)] ?? 255;
  return high < 16 && low < 16 ? high * 16 + low : -1;
}

function judgeEscapes(path: string, settings: Readonly<Http1Settings>): ViolationName | undefined {
  for (let at = path.indexOf('%'); at >= 0; at = path.indexOf('%', at + 1)) {
    const byte = escapeAt(path, at);
    if (byte < 0) {
      if (settings.invalidPercentEncoding === 'reject') return 'path-percent';
    } else if (byte === 0) return 'path-encoded-nul';
    else if ((byte < 0x20 || byte === 0x7f) && settings.encodedControl === 'reject') return 'path-encoded-control';
    else if (byte === SLASH && settings.encodedSlash === 'reject') return 'path-encoded-slash';
    else if (byte === 0x5c && settings.backslashInPath === 'reject') return 'path-backslash';
  }
  return undefined;
}

/** Decodes the escapes of unreserved characters, writes the others in upper case (RFC 3986 s6.2.2.1, s6.2.2.2). Broken ones stay. */
function decodeUnreserved(text: string): string {
  let at = text.indexOf('%');
  if (at < 0) return text;
  let result = '';
  let from = 0;
  while (at >= 0) {
    const byte = escapeAt(text, at);
    if (byte >= 0) {
      const plain = unreservedClass[byte] === 1;
      result += text.slice(from, at) + (plain ? String.fromCharCode(byte) : text.slice(at, at + 3).toUpperCase());
      from = at + 3;
    }
    at = text.indexOf('%', byte >= 0 ? at + 3 : at + 1);
  }
  return result + text.slice(from);
}

/** Percent-encodes bytes above 7F and those that no URI may hold. */
function encodeForbidden(text: string, classes: Uint8Array): string {
  let result = '';
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    result += ((classes[c] as number) & (URI_NON_ASCII | URI_BAD)) === 0 ? text[i] : `%${c.toString(16).toUpperCase()}`;
  }
  return result;
}
