// Names of files in their one canonical form: UTF-8, absolute, without `.`, `..` and empty segments (RFC 959 section
// 5.3.2, RFC 2640 section 3, RFC 3659 section 6 TVFS). What is decided about is exactly what is sent on.
// Knows nothing of links on the server's disk.

export interface CanonicalPath {
  /** As text for rules and records, in Unicode's composed form (NFC); in lower case where the server knows no case. */
  readonly path: string;
  /** The same as bytes for the wire (latin1, one char a byte), as the client spelt the segments. */
  readonly wire: string;
}

export type PathRefusal = 'empty' | 'utf-8' | 'control' | 'backslash' | 'alias' | 'too-long' | 'too-deep';

export interface PathRules {
  readonly maxPathBytes: number;
  readonly maxPathSegments: number;
  /** A backslash is a separator to some servers and a letter to others. */
  readonly backslash: 'refuse' | 'pass';
  /** What the server's file system takes for one name: `windows` knows no case, and several spellings of one file. */
  readonly names: 'exact' | 'windows';
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Latin1 bytes to text, strictly: overlong forms, surrogates and stray bytes are refused. */
export function decodeUtf8(latin1: string): string | undefined {
  // oxlint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(latin1)) return latin1;
  try {
    return decoder.decode(Buffer.from(latin1, 'latin1'));
  } catch { return undefined; }
}

/** As people read it: UTF-8 where it is that, else the bytes as latin1. For records and rules, never for the wire. */
export function readable(latin1: string): string {
  return decodeUtf8(latin1) ?? latin1;
}

export function encodeUtf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Controls of C0, DEL and C1, line and paragraph separators, and marks that turn the direction of text round. */
const unwanted = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/;

/** Other spellings of a file on Windows: a dot or space at the end is dropped, a colon begins a stream of the file or a drive, a tilde and a
 *  digit are the short form of a long name, and devices are everywhere. */
const windowsAlias = /[. ]$|:|~\d|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/**
 * Resolves `argument` (latin1) against `base` (wire form of an absolute canonical path).
 * `..` at the root stays at the root, as servers do it.
 */
export function canonicalPath(base: string, argument: string, rules: PathRules): CanonicalPath | PathRefusal {
  if (argument === '') return 'empty';
  if (argument.length > rules.maxPathBytes) return 'too-long';
  const text = decodeUtf8(argument);
  if (text === undefined) return 'utf-8';
  if (unwanted.test(text)) return 'control';
  if (rules.backslash === 'refuse' && argument.includes('\\')) return 'backslash';
  const segments = argument.startsWith('/') || base === '/' ? [] : base.slice(1).split('/');
  for (const segment of argument.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') segments.pop();
    else segments.push(segment);
  }
  if (segments.length > rules.maxPathSegments) return 'too-deep';
  if (rules.names === 'windows' && segments.some((segment) => windowsAlias.test(segment))) return 'alias';
  const wire = `/${segments.join('/')}`;
  if (wire.length > rules.maxPathBytes) return 'too-long';
  const path = (decodeUtf8(wire) ?? wire).normalize('NFC');
  return { path: rules.names === 'windows' ? path.toLowerCase() : path, wire };
}

/** Part of a canonical path below a canonical base, or undefined when it is not below. */
export function below(base: string, wire: string): string | undefined {
  if (base === '/') return wire === '/' ? undefined : wire.slice(1);
  return wire.startsWith(`${base}/`) ? wire.slice(base.length + 1) : undefined;
}

/** A path in a 257: between quotation marks, those inside doubled (RFC 959 appendix II). */
export function quotedPath(wire: string): string {
  return `"${wire.replaceAll('"', '""')}"`;
}

/** The path that a 257 names, latin1, or undefined. */
export function parse257(text: string): string | undefined {
  const match = /^"((?:[^"]|"")*)"/.exec(text);
  return match === null ? undefined : match[1]!.replaceAll('""', '"');
}
