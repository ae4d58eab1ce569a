// The places of multipart/form-data where parsers disagree: the boundary parameter (RFC 2046, 5.1.1) and Content-Disposition
// (RFC 7578, 4.2; RFC 6266). Gives every reading that a server may have, and flags or an error where they cannot be listed.
import { multipartFlag as flag } from './contract.ts';

interface Boundary { readonly text: string; readonly flags: number; readonly error: string }

/** RFC 2046 allows 70; clients that send more are left to the rules. */
const maxBoundaryLength = 1024;
const boundaryChars = /^[\w'()+,\-./:=? ]+$/;

/** Reads the boundary out of a Content-Type value. */
export function boundaryOf(contentType: string): Boundary {
  const lower = contentType.toLowerCase();
  const at = lower.indexOf('boundary');
  let flags = 0;
  const broken = (error: string): Boundary => ({ text: '', flags, error });
  if (at < 0) return broken('no boundary in Content-Type');
  if (lower.includes('boundary', at + 8) && /boundary[\s*\d]*=/.test(lower.slice(at + 8))) return broken('more than one boundary');
  const before = contentType.slice(0, at).trimEnd();
  if (!before.endsWith(';') && !before.endsWith(',')) flags |= flag.missingSemicolon;
  const match = /^boundary(\s*)=(\s*)([^]*)$/i.exec(contentType.slice(at));
  if (match === null) return broken('malformed boundary in Content-Type');
  let rest = match[3]!;
  let error = '';
  if (match[1] !== '' || match[2] !== '') flags |= flag.boundaryWhitespace;
  if (rest.startsWith('"')) {
    flags |= flag.boundaryQuoted;
    const end = rest.indexOf('"', 1);
    if (end < 0) { flags |= flag.invalidQuoting; return broken('unterminated quoted boundary'); }
    if (!/^\s*(?:;|$)/.test(rest.slice(end + 1))) error = 'text behind the quoted boundary';
    rest = rest.slice(1, end);
    if (/^\s|\s$/.test(rest)) flags |= flag.boundaryWhitespace;
  } else {
    const end = rest.search(/[;,]/);
    // Some readers end at a comma, some do not.
    if (end >= 0 && rest[end] === ',') error = 'comma in an unquoted boundary';
    if (end >= 0) rest = rest.slice(0, end);
    if (/\s/.test(rest)) flags |= flag.boundaryWhitespace;
    rest = rest.trim();
    if (rest.includes('"') || rest.startsWith("'")) flags |= flag.invalidQuoting;
  }
  if (rest === '') return broken('empty boundary');
  if (rest.length > maxBoundaryLength) return broken('boundary too long');
  return { text: rest, flags, error: boundaryChars.test(rest) ? error : 'invalid characters in the boundary' };
}

export interface Disposition {
  /** Every reading of the name, the usual one first; empty when there is none. */
  readonly names: string[];
  readonly fileNames: string[];
  /** Some readers see a file, others a field. */
  maybeField: boolean;
  flags: number;
  error: string;
}

/** A value with its escapes: as browsers mean it, as it stands, and cut at the first quote, as readers without escapes see it. */
function readingsOf(raw: string): string[] {
  // A browser escapes only the quote; a backslash before anything else is part of the name.
  const text = raw.replaceAll(/\\(["'])/g, '$1');
  if (!raw.includes('\\')) return [text];
  const unescaped = raw.replaceAll(/\\([^])/g, '$1');
  const quote = raw.search(/["']/);
  return [...new Set(quote < 0 ? [text, unescaped] : [text, unescaped, raw, raw.slice(0, quote), ...raw.split(/["']/).filter((piece) => piece !== '')])];
}

/** RFC 8187: charset'language'percent-encoded bytes; as it stands too, for readers that do not decode. */
function extendedReadings(raw: string): string[] {
  const text = /^[^']*'[^']*'([^]*)$/.exec(raw)?.[1] ?? raw;
  const decoded = text.replaceAll(/%([\dA-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return [...new Set([decoded, text])];
}

interface Seen { name: boolean; fileName: boolean; plainFile: boolean }

/** What browsers send: one name, perhaps one file name, nothing to be read in two ways. */
const usual = /^ form-data; name="([^"\\]*)"(?:; filename="([^"\\]+)")?$/;

/** Parameters of a Content-Disposition value. */
export function dispositionOf(value: string): Disposition {
  const match = usual.exec(value);
  if (match !== null) return { names: [match[1]!], fileNames: match[2] === undefined ? [] : [match[2]], maybeField: false, flags: 0, error: '' };
  return parametersOf(value);
}

function parametersOf(value: string): Disposition {
  const result: Disposition = { names: [], fileNames: [], maybeField: false, flags: 0, error: '' };
  const seen: Seen = { name: false, fileName: false, plainFile: false };
  let at = /^\s*form-data\s*/i.exec(value)?.[0].length ?? -1;
  if (at < 0) { result.error = 'disposition is not form-data'; return result; }
  const pattern = /;?\s*([^\s=;"']+)(\s*)=\s*(?:"((?:[^"\\]|\\[^])*)"|'((?:[^'\\]|\\[^])*)'|([^;"]*))\s*/y;
  while (at < value.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(value);
    if (match === null) {
      if (!/^[;\s]*$/.test(value.slice(at))) result.error = 'malformed disposition parameters';
      break;
    }
    at = pattern.lastIndex;
    if (!match[0].startsWith(';')) result.flags |= flag.missingSemicolon;
    if (match[4] !== undefined) result.flags |= flag.invalidQuoting;
    if (match[2] !== '') result.maybeField = true;
    assign(result, seen, match[1]!.toLowerCase(), match[3] ?? match[4] ?? match[5]!.trim());
  }
  // A part whose file name is empty, or given in the extended form alone, is a field for some.
  if (seen.fileName && (!seen.plainFile || result.fileNames[0] === '')) result.maybeField = true;
  return result;
}

function assign(result: Disposition, seen: Seen, parameter: string, raw: string): void {
  switch (parameter) {
    case 'name':
      if (seen.name) result.error = 'duplicate name in the disposition';
      seen.name = true;
      result.names.unshift(...readingsOf(raw));
      return;
    case 'filename':
      if (seen.plainFile) result.error = 'duplicate file name in the disposition';
      seen.fileName = seen.plainFile = true;
      result.fileNames.unshift(...readingsOf(raw));
      return;
    case 'filename*':
      seen.fileName = true;
      result.fileNames.push(...extendedReadings(raw));
      return;
    case 'name*':
      result.names.push(...extendedReadings(raw));
      return;
    default:
      // RFC 2231 continuations: joined by some, ignored by others.
      if (/^(?:file)?name\*/.test(parameter)) result.error = 'continued parameter in the disposition';
  }
}
