// multipart/form-data bodies (RFC 7578, RFC 2046): parts, files and the strictness flags that ModSecurity reports.
// Lenient in reading (what browsers and servers may accept is scanned), strict in reporting: each leniency sets a flag.
import { emptyResult, multipartFlag as flag, Pairs, type BodyLimits, type BodyResult, type MultipartFacts } from './contract.ts';

interface Boundary { readonly text: string; readonly flags: number; readonly error: string }

/** RFC 2046 allows 70; clients that send more are left to the rules. */
const maxBoundaryLength = 1024;
const boundaryChars = /^[\w'()+,\-./:=? ]+$/;

/** Reads the boundary out of a Content-Type value. */
export function boundaryOf(contentType: string): Boundary {
  const lower = contentType.toLowerCase();
  const at = lower.indexOf('boundary');
  let flags = 0;
  if (at < 0) return { text: '', flags, error: 'no boundary in Content-Type' };
  if (lower.includes('boundary', at + 8) && /boundary\s*=/.test(lower.slice(at + 8))) return { text: '', flags, error: 'more than one boundary' };
  const before = contentType.slice(0, at).trimEnd();
  if (!before.endsWith(';') && !before.endsWith(',')) flags |= flag.missingSemicolon;
  const match = /^boundary(\s*)=(\s*)([^]*)$/i.exec(contentType.slice(at));
  if (match === null) return { text: '', flags, error: 'malformed boundary in Content-Type' };
  let rest = match[3]!;
  if (match[1] !== '' || match[2] !== '') flags |= flag.boundaryWhitespace;
  if (rest.startsWith('"')) {
    flags |= flag.boundaryQuoted;
    const end = rest.indexOf('"', 1);
    if (end < 0) return { text: '', flags: flags | flag.invalidQuoting, error: 'unterminated quoted boundary' };
    rest = rest.slice(1, end);
  } else {
    const end = rest.search(/[;,]/);
    if (end >= 0) rest = rest.slice(0, end);
    if (/\s/.test(rest)) flags |= flag.boundaryWhitespace;
    rest = rest.trim();
    if (rest.includes('"') || rest.startsWith("'")) flags |= flag.invalidQuoting;
  }
  if (rest === '') return { text: '', flags, error: 'empty boundary' };
  if (rest.length > maxBoundaryLength) return { text: '', flags, error: 'boundary too long' };
  return { text: rest, flags, error: boundaryChars.test(rest) ? '' : 'invalid characters in the boundary' };
}

interface Disposition { name: string | null; fileName: string | null; extendedName: string | null; flags: number; error: string }

/** Parameters of a Content-Disposition value; RFC 7578, 4.2. */
function dispositionOf(value: string): Disposition {
  const result: Disposition = { name: null, fileName: null, extendedName: null, flags: 0, error: '' };
  let at = /^\s*form-data\s*/i.exec(value)?.[0].length ?? -1;
  if (at < 0) { result.error = 'disposition is not form-data'; return result; }
  const pattern = /;?\s*([^\s=;"']+)\s*=\s*(?:"((?:[^"\\]|\\[^])*)"|'((?:[^'\\]|\\[^])*)'|([^;"]*))\s*/y;
  while (at < value.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(value);
    if (match === null) {
      if (!/^[;\s]*$/.test(value.slice(at))) result.error = 'malformed disposition parameters';
      return result;
    }
    at = pattern.lastIndex;
    if (!match[0].startsWith(';')) result.flags |= flag.missingSemicolon;
    if (match[3] !== undefined) result.flags |= flag.invalidQuoting;
    const raw = match[2] ?? match[3] ?? match[4]!.trim();
    // A browser escapes only the quote; a backslash before anything else is part of the name.
    const text = raw.replaceAll(/\\(["'])/g, '$1');
    assign(result, match[1]!.toLowerCase(), text);
  }
  return result;
}

function assign(result: Disposition, parameter: string, text: string): void {
  if (parameter === 'name') {
    if (result.name === null) result.name = text;
    else result.error = 'duplicate name in the disposition';
  } else if (parameter === 'filename') {
    if (result.fileName === null) result.fileName = text;
    else result.error = 'duplicate file name in the disposition';
  } else if (parameter === 'filename*') result.extendedName = /^[^']*'[^']*'([^]*)$/.exec(text)?.[1] ?? text;
}

class MultipartReader {
  readonly body: string;
  readonly delimiter: string;
  readonly limits: BodyLimits;
  readonly result: BodyResult;
  readonly facts: MultipartFacts;
  readonly keepContents: boolean;

  constructor(body: string, boundary: string, limits: BodyLimits, result: BodyResult, facts: MultipartFacts, keepContents: boolean) {
    this.body = body;
    this.delimiter = `--${boundary}`;
    this.limits = limits;
    this.result = result;
    this.facts = facts;
    this.keepContents = keepContents;
  }

  error(what: string): void {
    if (this.result.error === '') this.result.error = `Multipart: ${what}`;
  }

  /** Offset of the next delimiter that starts a line, or -1. */
  nextDelimiter(from: number): number {
    let at = this.body.indexOf(this.delimiter, from);
    while (at > 0 && this.body.charCodeAt(at - 1) !== 10) {
      this.facts.flags |= at === 0 ? 0 : flag.unmatchedBoundary;
      at = this.body.indexOf(this.delimiter, at + 1);
    }
    return at;
  }

  run(): void {
    const body = this.body;
    let at = this.nextDelimiter(0);
    if (at < 0) { this.error('no part'); return; }
    if (at > 0) this.facts.flags |= flag.dataBefore;
    let final = false;
    while (at >= 0 && !final) {
      const after = at + this.delimiter.length;
      const lineEnd = body.indexOf('\n', after);
      const tail = body.slice(after, lineEnd < 0 ? body.length : lineEnd + 1);
      final = tail.startsWith('--');
      const rest = final ? tail.slice(2) : tail;
      this.lineFlags(rest);
      if (rest !== '\r\n' && rest !== '\n' && !(final && (rest === '' || rest === '\r'))) {
        if (/^[\t ]*\r?\n?$/.test(rest)) this.facts.flags |= flag.boundaryWhitespace;
        else this.facts.flags |= flag.unmatchedBoundary;
      }
      const start = lineEnd < 0 ? body.length : lineEnd + 1;
      if (final) {
        if (start < body.length && /[^\r\n]/.test(body.slice(start))) this.facts.flags |= flag.dataAfter;
        break;
      }
      const next = this.nextDelimiter(start);
      this.part(body.slice(start, next < 0 ? body.length : next), next < 0);
      at = next;
    }
    if (!final) this.error('final boundary missing');
  }

  lineFlags(line: string): void {
    if (line.endsWith('\r\n')) this.facts.flags |= flag.crlfLine;
    else if (line.endsWith('\n')) this.facts.flags |= flag.lfLine;
    const both = flag.crlfLine | flag.lfLine;
    if ((this.facts.flags & both) === both) this.facts.flags |= flag.crlfLfLines;
  }

  part(text: string, truncated: boolean): void {
    const headers: string[] = [];
    let at = 0;
    for (;;) {
      const end = text.indexOf('\n', at);
      if (end < 0) { this.error('part without end of headers'); this.facts.flags |= flag.invalidPart; at = text.length; break; }
      this.lineFlags(text.slice(Math.max(at, end - 1), end + 1));
      const line = text.slice(at, text.charCodeAt(end - 1) === 13 && end > at ? end - 1 : end);
      at = end + 1;
      if (line === '') break;
      if (/^[\t ]/.test(line)) this.fold(headers, line);
      else headers.push(line);
    }
    let content = text.slice(at);
    if (!truncated) {
      if (content.endsWith('\r\n')) content = content.slice(0, -2);
      else if (content.endsWith('\n')) content = content.slice(0, -1);
    }
    this.finish(headers, content);
  }

  fold(headers: string[], line: string): void {
    this.facts.flags |= flag.headerFolding;
    const last = headers.length - 1;
    if (last < 0) { this.facts.flags |= flag.invalidHeaderFolding; this.error('folded header without a header'); return; }
    headers[last] = `${headers[last]!} ${line.trim()}`;
  }

  finish(headers: readonly string[], content: string): void {
    let disposition: Disposition | null = null;
    const seen = new Set<string>();
    for (const line of headers) {
      const colon = line.indexOf(':');
      const name = colon < 0 ? line : line.slice(0, colon);
      if (colon < 0) this.error('part header without a colon');
      else if (/[^\x21-\x7e]/.test(name)) this.error('Invalid part header (contains invalid character)');
      const lower = name.trim().toLowerCase();
      if (seen.has(lower)) this.error('duplicate part header');
      seen.add(lower);
      if (lower === 'content-disposition' && disposition === null) disposition = dispositionOf(line.slice(colon + 1));
    }
    if (disposition === null) {
      this.facts.flags |= flag.invalidPart;
      this.error('part without Content-Disposition');
    } else if (disposition.error !== '') {
      this.facts.flags |= flag.invalidPart;
      this.error(disposition.error);
    } else if (disposition.name === null) this.error('Content-Disposition without a name');
    this.store(headers, content, disposition);
  }

  store(headers: readonly string[], content: string, disposition: Disposition | null): void {
    const facts = this.facts;
    const name = disposition?.name ?? '';
    facts.flags |= disposition?.flags ?? 0;
    facts.partName = name;
    for (const line of headers) facts.partHeaders.add(name, line);
    const plainName = disposition?.fileName ?? '';
    const extendedName = disposition?.extendedName ?? '';
    const fileName = plainName === '' ? extendedName : plainName;
    // A file input that was left empty names no file: its content is an argument like any other, as in ModSecurity.
    if (fileName === '') {
      if (this.result.args.keys.length >= this.limits.maxArguments) this.error(`more than ${this.limits.maxArguments} arguments`);
      else this.result.args.add(name, content);
      return;
    }
    if (facts.files.keys.length >= this.limits.maxFiles) { facts.flags |= flag.fileLimitExceeded; this.error('too many files'); return; }
    facts.files.add(name, fileName);
    if (extendedName !== '' && extendedName !== fileName) facts.files.add(name, extendedName);
    facts.fileName = fileName;
    facts.fileSizes.add(name, String(content.length));
    facts.combinedFileSize += content.length;
    if (this.keepContents) facts.fileContents.add(name, content);
  }
}

export function parseMultipart(body: string, contentType: string, limits: BodyLimits, keepContents: boolean): BodyResult {
  const result = emptyResult();
  const boundary = boundaryOf(contentType);
  const facts: MultipartFacts = {
    flags: boundary.flags, files: new Pairs(), fileSizes: new Pairs(), fileContents: new Pairs(), partHeaders: new Pairs(),
    combinedFileSize: 0, fileName: '', partName: '',
  };
  result.multipart = facts;
  if (boundary.error !== '') result.error = `Multipart: ${boundary.error}`;
  if (boundary.text !== '') new MultipartReader(body, boundary.text, limits, result, facts, keepContents).run();
  return result;
}

/** What MULTIPART_STRICT_ERROR sums up. */
export function isStrictError(facts: MultipartFacts, error: string): boolean {
  const strict = flag.boundaryQuoted | flag.boundaryWhitespace | flag.dataBefore | flag.dataAfter | flag.headerFolding | flag.lfLine
    | flag.missingSemicolon | flag.invalidQuoting | flag.invalidPart | flag.invalidHeaderFolding | flag.fileLimitExceeded;
  return error !== '' || (facts.flags & strict) !== 0;
}
