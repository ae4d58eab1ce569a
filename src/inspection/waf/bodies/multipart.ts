// multipart/form-data bodies (RFC 7578, RFC 2046), read as they come: parts, files and the strictness flags that ModSecurity
// reports. Lenient in reading (what browsers and servers may accept is scanned, in every reading), strict in reporting: each
// leniency sets a flag. The content of files is counted and let go, unless a rule looks at it.
import { charsetFault, readsAsAscii } from './charset.ts';
import { emptyResult, multipartFlag as flag, Pairs, type BodyLimits, type BodyResult, type MultipartFacts } from './contract.ts';
import { boundaryOf, dispositionOf, type Disposition } from './disposition.ts';

/** Longest line of a part's headers or behind a delimiter; nobody's are a hundredth of it. */
const maxLineLength = 65_536;
/** Of one part; servers take fewer. */
const maxPartHeaders = 64;
const plainEncodings = /^\s*(?:7bit|8bit|binary)?\s*$/i;

/** What is known of the part under way. */
interface Part {
  readonly headers: string[];
  disposition: Disposition | null;
  /** Pieces of the content; of files only when wanted. */
  readonly content: string[];
  keep: boolean;
  length: number;
}

type Stage = 'before' | 'delimiter' | 'headers' | 'content' | 'after' | 'stopped';

export class MultipartReader {
  private readonly delimiter: string;
  /** What a reader that takes the quotes of the boundary for a part of it would look for, or ''. */
  private readonly quotedDelimiter: string;
  private readonly limits: BodyLimits;
  private readonly result: BodyResult = emptyResult();
  private readonly facts: MultipartFacts;
  private readonly keepContents: boolean;
  private stage: Stage = 'before';
  /** Not taken apart yet. */
  private text = '';
  /** The text begins at a line's start. */
  private atLineStart = true;
  private part: Part = newPart();
  private final = false;

  constructor(contentType: string, limits: BodyLimits, keepContents: boolean) {
    const boundary = boundaryOf(contentType);
    this.delimiter = `--${boundary.text}`;
    this.quotedDelimiter = (boundary.flags & flag.boundaryQuoted) === 0 ? '' : `--"${boundary.text}"`;
    this.limits = limits;
    this.keepContents = keepContents;
    this.facts = this.result.multipart = {
      flags: boundary.flags, files: new Pairs(), fileSizes: new Pairs(), fileContents: new Pairs(), partHeaders: new Pairs(),
      combinedFileSize: 0, fileName: '', partName: '',
    };
    if (boundary.error !== '') this.error(boundary.error);
    if (boundary.text === '') this.stage = 'stopped';
  }

  /** `cut`: it ends too soon. */
  private error(what: string, cut = false): void {
    if (this.result.error !== '') return;
    this.result.error = `Multipart: ${what}`;
    this.result.cut = cut;
  }

  /** The next piece of the body, latin1. */
  feed(text: string): void {
    if (this.stage === 'stopped') return;
    this.text = this.text === '' ? text : this.text + text;
    while (this.step(false));
  }

  /** The body is complete. */
  end(): BodyResult {
    if (this.stage !== 'stopped') {
      while (this.step(true));
      if (this.stage === 'before') this.error('no part', true);
      if (!this.final) this.error('final boundary missing', true);
      this.stage = 'stopped';
    }
    return this.result;
  }

  /** Takes something off the text; false when there is nothing more to take for now. */
  private step(last: boolean): boolean {
    switch (this.stage) {
      case 'before': return this.before(last);
      case 'delimiter': return this.delimiterLine(last);
      case 'headers': return this.header(last);
      case 'content': return this.content(last);
      case 'after':
        if (/[^\r\n]/.test(this.text)) this.facts.flags |= flag.dataAfter;
        this.text = '';
        return false;
      default: return false;
    }
  }

  /** Offset of the next delimiter that starts a line, or -1. */
  private findDelimiter(): number {
    const { text, delimiter, facts } = this;
    let at = text.indexOf(delimiter);
    while (at >= 0 && !(at === 0 ? this.atLineStart : text.charCodeAt(at - 1) === 10)) {
      facts.flags |= flag.unmatchedBoundary;
      at = text.indexOf(delimiter, at + 1);
    }
    if (this.quotedDelimiter !== '') this.lookForQuoted(at < 0 ? text : text.slice(0, at));
    return at;
  }

  private lookForQuoted(text: string): void {
    if (this.quotedDelimiter !== '' && text.includes(this.quotedDelimiter)) this.error('delimiters with and without quotes');
  }

  private skip(count: number): void {
    if (count <= 0) return;
    this.atLineStart = this.text.charCodeAt(count - 1) === 10;
    this.text = this.text.slice(count);
  }

  /** What can be no part of a delimiter yet to come, nor the line end before it. */
  private settled(last: boolean): number {
    return last ? this.text.length : Math.max(0, this.text.length - Math.max(this.delimiter.length, this.quotedDelimiter.length) - 1);
  }

  private before(last: boolean): boolean {
    const at = this.findDelimiter();
    const count = at < 0 ? this.settled(last) : at;
    if (count > 0) this.facts.flags |= flag.dataBefore;
    this.skip(count);
    if (at >= 0) this.stage = 'delimiter';
    return at >= 0;
  }

  /** The next line with its end, or null when it is not complete. */
  private line(last: boolean): string | null {
    const end = this.text.indexOf('\n');
    if (end >= 0 ? end > maxLineLength : this.text.length > maxLineLength) {
      this.error(`line longer than ${maxLineLength} bytes`);
      this.stage = 'stopped';
      this.text = '';
      return null;
    }
    if (end < 0 && !last) return null;
    const line = end < 0 ? this.text : this.text.slice(0, end + 1);
    this.skip(line.length);
    return line;
  }

  private delimiterLine(last: boolean): boolean {
    const line = this.line(last);
    if (line === null) return false;
    const tail = line.slice(this.delimiter.length);
    this.final = tail.startsWith('--');
    if (!this.final && !tail.endsWith('\n')) {
      this.error('final boundary missing', true);
      this.stage = 'stopped';
      return false;
    }
    const rest = this.final ? tail.slice(2) : tail;
    this.lineFlags(rest);
    if (rest !== '\r\n' && rest !== '\n' && !(this.final && (rest === '' || rest === '\r'))) {
      if (/^[\t ]*\r?\n?$/.test(rest)) this.facts.flags |= flag.boundaryWhitespace;
      else {
        this.facts.flags |= flag.unmatchedBoundary;
        this.error('text behind a boundary');
      }
    }
    this.part = newPart();
    this.stage = this.final ? 'after' : 'headers';
    return true;
  }

  private lineFlags(line: string): void {
    if (line.endsWith('\n')) this.lineEndFlags(line.endsWith('\r\n'));
  }

  private lineEndFlags(crlf: boolean): void {
    this.facts.flags |= crlf ? flag.crlfLine : flag.lfLine;
    const both = flag.crlfLine | flag.lfLine;
    if ((this.facts.flags & both) === both) this.facts.flags |= flag.crlfLfLines;
  }

  private header(last: boolean): boolean {
    const { part } = this;
    if (!last && this.text.length < this.delimiter.length && !this.text.includes('\n')) return false;
    const cut = this.text.startsWith(this.delimiter);
    const line = cut ? '' : this.line(last);
    if (line === null) return false;
    if (cut || !line.endsWith('\n')) {
      this.error('part without end of headers', !cut);
      this.facts.flags |= flag.invalidPart;
      this.readHeaders();
      this.store();
      this.stage = cut ? 'delimiter' : 'stopped';
      if (!cut) this.error('final boundary missing', true);
      return cut;
    }
    if (line.includes(this.delimiter)) this.facts.flags |= flag.unmatchedBoundary;
    this.lookForQuoted(line);
    this.lineFlags(line);
    const text = line.slice(0, line.endsWith('\r\n') ? -2 : -1);
    if (text === '') {
      this.readHeaders();
      this.stage = 'content';
    } else if (/^[\t ]/.test(text)) this.fold(text);
    else if (part.headers.length < maxPartHeaders) part.headers.push(text);
    else this.error(`more than ${maxPartHeaders} headers of a part`);
    return true;
  }

  private fold(line: string): void {
    this.facts.flags |= flag.headerFolding;
    const { headers } = this.part;
    const last = headers.length - 1;
    if (last < 0) { this.facts.flags |= flag.invalidHeaderFolding; this.error('folded header without a header'); return; }
    headers[last] = `${headers[last]!} ${line.trim()}`;
    if (headers[last].length > maxLineLength) {
      headers[last] = headers[last].slice(0, maxLineLength);
      this.error(`line longer than ${maxLineLength} bytes`);
    }
  }

  private readHeaders(): void {
    const { part, facts } = this;
    const seen: string[] = [];
    for (const line of part.headers) {
      const colon = line.indexOf(':');
      const name = colon < 0 ? line : line.slice(0, colon);
      if (colon < 0) this.error('part header without a colon');
      else if (/[^\x21-\x7e]/.test(name)) this.error('Invalid part header (contains invalid character)');
      if (/[\0\r]/.test(line)) this.error('NUL or CR in a part header');
      const lower = name.trim().toLowerCase();
      if (seen.includes(lower)) this.error('duplicate part header');
      seen.push(lower);
      const value = line.slice(colon + 1);
      if (lower === 'content-disposition') part.disposition ??= dispositionOf(value);
      else if (lower === 'content-type') this.partType(value);
      else if (lower === 'content-transfer-encoding' && !plainEncodings.test(value)) this.error('part with a transfer encoding');
    }
    const { disposition } = part;
    if (disposition === null) {
      facts.flags |= flag.invalidPart;
      this.error('part without Content-Disposition');
    } else if (disposition.error !== '') {
      facts.flags |= flag.invalidPart;
      this.error(disposition.error);
    } else if (disposition.names.length === 0) this.error('Content-Disposition without a name');
    facts.flags |= disposition?.flags ?? 0;
    part.keep = this.keepContents || disposition === null || disposition.fileNames.length === 0 || disposition.maybeField;
  }

  private partType(value: string): void {
    if (/^\s*multipart\//i.test(value)) this.error('multipart inside of a part');
    const fault = charsetFault(value);
    if (fault !== '') this.error(fault);
  }

  private content(last: boolean): boolean {
    const { part } = this;
    const at = this.findDelimiter();
    let count = at < 0 ? this.settled(last) : at;
    // The line end before a delimiter belongs to the delimiter.
    const lineEnd = at <= 0 ? 0 : this.text.charCodeAt(at - 2) === 13 && at > 1 ? 2 : 1;
    if (at > 0) this.lineEndFlags(lineEnd === 2);
    count -= lineEnd;
    part.length += count;
    if (part.keep && count > 0) part.content.push(this.text.slice(0, count));
    this.skip(count + lineEnd);
    if (at < 0 && !last) return false;
    this.store();
    this.stage = at < 0 ? 'stopped' : 'delimiter';
    if (at < 0) this.error('final boundary missing', true);
    return at >= 0;
  }

  private store(): void {
    const { facts, part, result, limits } = this;
    const { disposition } = part;
    const content = part.content.join('');
    const names = disposition?.names ?? [];
    const name = names[0] ?? '';
    facts.partName = name;
    for (const line of part.headers) facts.partHeaders.add(name, line);
    // A file input that was left empty names no file: its content is an argument like any other, as in ModSecurity.
    const fileNames = (disposition?.fileNames ?? []).filter((one) => one !== '');
    if (name.toLowerCase() === '_charset_' && !readsAsAscii(content.trim())) this.error(`charset ${content.trim().slice(0, 40)} cannot be looked into`);
    if (fileNames.length === 0 || (disposition!.maybeField && content !== '')) {
      for (const one of names.length === 0 ? [''] : names) {
        if (result.args.keys.length >= limits.maxArguments) { this.error(`more than ${limits.maxArguments} arguments`); break; }
        result.args.add(one, content);
      }
    }
    if (fileNames.length === 0) return;
    if (facts.fileSizes.keys.length >= limits.maxFiles) { facts.flags |= flag.fileLimitExceeded; this.error('too many files'); return; }
    for (const one of fileNames) facts.files.add(name, one);
    for (let i = 1; i < names.length; i++) facts.files.add(names[i]!, fileNames[0]!);
    facts.fileName = fileNames[0]!;
    facts.fileSizes.add(name, String(part.length));
    facts.combinedFileSize += part.length;
    if (this.keepContents) facts.fileContents.add(name, content);
  }
}

function newPart(): Part {
  return { headers: [], disposition: null, content: [], keep: true, length: 0 };
}

export function parseMultipart(body: string, contentType: string, limits: BodyLimits, keepContents: boolean): BodyResult {
  const reader = new MultipartReader(contentType, limits, keepContents);
  reader.feed(body);
  return reader.end();
}

/** What MULTIPART_STRICT_ERROR sums up. */
export function isStrictError(facts: MultipartFacts, error: string): boolean {
  const strict = flag.boundaryQuoted | flag.boundaryWhitespace | flag.dataBefore | flag.dataAfter | flag.headerFolding | flag.lfLine
    | flag.missingSemicolon | flag.invalidQuoting | flag.invalidPart | flag.invalidHeaderFolding | flag.fileLimitExceeded;
  return error !== '' || (facts.flags & strict) !== 0;
}
