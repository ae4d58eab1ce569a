// XML bodies (XML 1.0): a strict tokenizer that collects the document's text and the attribute values. It never reads a
// DTD and expands none but the five predefined entities and character references: a document type with an internal or
// an external subset, or any other entity, is an error; only those that W3C and Apple publish are known, and not read. So is an encoding in which rules cannot read. Processing
// instructions count as attributes. Line ends and the white space of attribute values are normalised. Namespaces and
// validity are not checked.
import { notUtf8At, readsAsAscii } from './charset.ts';
import { emptyResult, Pairs, type BodyLimits, type BodyResult, type XmlFacts } from './contract.ts';
import { utf8Of } from './json.ts';

class XmlError extends Error {}

const predefined: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const maxDeclarationLength = 1024;
/** Document types of XHTML, SVG and property lists: their publishers' own addresses, and no subset beside them. */
const space = String.raw`[\t\n\r ]+`;
const published = [
  String.raw`"-//W3C//DTD [\w .,+-]+//EN"${space}"https?://www\.w3\.org/[\w./-]+"`,
  String.raw`"-//Apple(?: Computer)?//DTD PLIST 1\.0//EN"${space}"https?://www\.apple\.com/DTDs/PropertyList-1\.0\.dtd"`,
];
const publishedDoctype = new RegExp(String.raw`<!DOCTYPE${space}[\w:]+${space}PUBLIC${space}(?:${published.join('|')})[\t\n\r ]*>`, 'y');
const namePattern = /[A-Za-z_:\x80-\xff][\w:.\-\x80-\xff]*/y;

/** XML 1.0, 2.11: a line end of the document is a line feed. */
function lineEnds(raw: string): string {
  return raw.includes('\r') ? raw.replaceAll(/\r\n?/g, '\n') : raw;
}

/** By its name, or because nothing says otherwise. */
function isUtf8(charset: string): boolean {
  return /^(?:utf-?8)?$/i.test(charset);
}

const declarations = ['<!--', '<![CDATA[', '<!DOCTYPE'];

class XmlReader {
  readonly text: string;
  readonly limits: BodyLimits;
  readonly facts: XmlFacts;
  readonly open: string[] = [];
  readonly pieces: string[] = [];
  /** Charset of the media type, or ''. */
  readonly charset: string;
  /** A fault that does not keep the rest from being read. */
  fault = '';
  cut = false;
  /** The fault is a character that ends too soon. */
  brokenEnd = false;
  /** The document type is one whose entities are known to hold nothing but characters. */
  published = false;
  at = 0;
  rootSeen = false;

  constructor(text: string, limits: BodyLimits, facts: XmlFacts, charset: string) {
    this.text = text;
    this.limits = limits;
    this.facts = facts;
    this.charset = charset;
  }

  /** `cut`: more text could mend it. */
  fail(what: string, cut = this.at >= this.text.length): never {
    this.cut = cut;
    throw new XmlError(`${what} at byte ${this.at}`);
  }

  document(): void {
    if (this.text.startsWith('\xef\xbb\xbf')) this.at = 3;
    this.declaration();
    while (this.at < this.text.length) {
      if (this.text.charCodeAt(this.at) === 60) this.markup();
      else this.characters();
    }
    if (this.open.length > 0) this.fail(`<${this.open[this.open.length - 1]}> is not closed`, true);
    if (!this.rootSeen) this.fail('no element', true);
  }

  /** `<?xml ...?>`: which encoding the rest is in. */
  declaration(): void {
    const match = /^<\?xml(?=[\t\n\r ])([^]*?)\?>/.exec(this.text.slice(this.at, this.at + maxDeclarationLength));
    const found = match === null ? [] : Array.from(match[1]!.matchAll(/encoding\s*=\s*(?:"([^"]*)"|'([^']*)')/g), (one) => (one[1] ?? one[2]!).trim());
    if (found.length > 1) this.fail('more than one encoding');
    const [declared = ''] = found;
    if (declared !== '' && !readsAsAscii(declared)) this.fail(`encoding ${declared} cannot be looked into`);
    // RFC 7303, 3.2: the media type may name it instead.
    const broken = isUtf8(declared) && isUtf8(this.charset) ? notUtf8At(this.text) : -1;
    if (broken >= 0) this.fault = `not UTF-8 at byte ${broken}`;
    this.brokenEnd = broken > this.text.length - 4;
    if (match !== null) this.at += match[0].length;
  }

  characters(): void {
    let end = this.text.indexOf('<', this.at);
    if (end < 0) end = this.text.length;
    const raw = this.text.slice(this.at, end);
    if (this.open.length === 0) {
      if (/[^\t\n\r ]/.test(raw)) this.fail('text outside of the root element');
    } else this.pieces.push(this.resolve(lineEnds(raw)));
    this.at = end;
  }

  markup(): void {
    const text = this.text;
    if (text.startsWith('<!--', this.at)) this.skipTo('-->', 4);
    else if (text.startsWith('<![CDATA[', this.at)) {
      const start = this.at + 9;
      this.skipTo(']]>', 9);
      if (this.open.length === 0) this.fail('CDATA outside of the root element');
      // Line ends stay here, as libxml2 leaves them.
      this.pieces.push(text.slice(start, this.at - 3));
    } else if (text.startsWith('<?', this.at)) this.instruction();
    else if (text.startsWith('<!DOCTYPE', this.at)) this.doctype();
    else if (text.startsWith('<!', this.at)) {
      const rest = text.slice(this.at++);
      this.fail('name expected', declarations.some((start) => start.startsWith(rest)));
    } else if (text.startsWith('</', this.at)) this.endTag();
    else this.startTag();
  }

  instruction(): void {
    const start = this.at + 2;
    this.skipTo('?>', 2);
    const content = this.text.slice(start, this.at - 2);
    // Elsewhere than at the start it declares nothing, and some readers take it there too.
    if (/^xml(?:\s|$)/i.test(content)) this.fail('misplaced XML declaration');
    this.addAttribute('?', content);
  }

  skipTo(end: string, from: number): void {
    const found = this.text.indexOf(end, this.at + from);
    if (found < 0) this.fail(`"${end}" expected`, true);
    this.at = found + end.length;
  }

  doctype(): void {
    publishedDoctype.lastIndex = this.at;
    if (!this.rootSeen && publishedDoctype.test(this.text)) {
      this.published = true;
      this.at = publishedDoctype.lastIndex;
      return;
    }
    const end = this.text.indexOf('>', this.at);
    const subset = this.text.indexOf('[', this.at);
    if (end < 0 || this.rootSeen) this.fail('misplaced document type', !this.rootSeen);
    if (subset >= 0 && subset < end) this.fail('a document type with an internal subset is refused');
    if (/^<!DOCTYPE\s+[^\s>]+\s+(?:SYSTEM|PUBLIC)\b/.test(this.text.slice(this.at, end))) this.fail('a document type with an external subset is refused');
    this.at = end + 1;
  }

  name(): string {
    namePattern.lastIndex = this.at;
    const match = namePattern.exec(this.text);
    if (match === null) this.fail('name expected');
    this.at += match[0].length;
    return match[0];
  }

  space(): boolean {
    const from = this.at;
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return this.at > from;
      this.at++;
    }
  }

  startTag(): void {
    this.at++;
    if (this.open.length === 0 && this.rootSeen) this.fail('second root element');
    this.rootSeen = true;
    const element = this.name();
    for (;;) {
      const spaced = this.space();
      const char = this.text[this.at];
      if (char === '>') { this.at++; break; }
      if (char === '/' && this.text[this.at + 1] === '>') { this.at += 2; return; }
      if (!spaced) this.fail('white space expected', char === undefined || (char === '/' && this.at + 1 === this.text.length));
      this.attribute();
    }
    this.open.push(element);
    if (this.open.length > this.limits.maxDepth) this.fail(`nested deeper than ${this.limits.maxDepth}`);
  }

  attribute(): void {
    const name = this.name();
    this.space();
    if (this.text[this.at] !== '=') this.fail('"=" expected');
    this.at++;
    this.space();
    const quote = this.text[this.at];
    if (quote !== '"' && quote !== "'") this.fail('quoted value expected');
    const end = this.text.indexOf(quote, this.at + 1);
    if (end < 0) this.fail('attribute value without end', true);
    const raw = this.text.slice(this.at + 1, end);
    if (raw.includes('<')) this.fail('"<" in an attribute value');
    this.at = end + 1;
    if (name === 'xmlns' || name.startsWith('xmlns:')) return;
    this.addAttribute(name, this.resolve(lineEnds(raw).replaceAll(/[\t\n]/g, ' ')));
  }

  addAttribute(name: string, value: string): void {
    if (this.facts.attributes.keys.length >= this.limits.maxArguments) this.fail(`more than ${this.limits.maxArguments} attributes`);
    this.facts.attributes.add(name, value);
  }

  endTag(): void {
    this.at += 2;
    const name = this.name();
    this.space();
    if (this.text[this.at] !== '>') this.fail('">" expected');
    if (this.open.pop() !== name) this.fail(`</${name}> closes nothing`);
    this.at++;
  }

  resolve(raw: string): string {
    let at = raw.indexOf('&');
    if (at < 0) return raw;
    let out = '';
    let from = 0;
    for (; at >= 0; at = raw.indexOf('&', from)) {
      const end = raw.indexOf(';', at);
      if (end < 0 || end - at > 12) this.fail('entity without end', end < 0 && raw.length - at <= 12 && this.text.endsWith(raw.slice(at)));
      out += raw.slice(from, at) + this.entity(raw.slice(at + 1, end));
      from = end + 1;
    }
    return out + raw.slice(from);
  }

  entity(name: string): string {
    const numeric = /^#(?:x([\dA-Fa-f]+)|(\d+))$/.exec(name);
    if (numeric) {
      const point = numeric[1] === undefined ? Number(numeric[2]) : Number.parseInt(numeric[1], 16);
      if (point === 0 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) this.fail('character reference out of range');
      return utf8Of(point);
    }
    const text = Object.hasOwn(predefined, name) ? predefined[name] : undefined;
    if (text === undefined && this.published && /^[A-Za-z]\w*$/.test(name)) return `&${name};`;
    if (text === undefined) this.fail(`entity &${name}; is not defined`);
    return text;
  }
}

/** `charset` is that of the media type, or ''. */
export function parseXml(text: string, limits: BodyLimits, charset = ''): BodyResult {
  const result = emptyResult();
  const facts: XmlFacts = { text: '', attributes: new Pairs() };
  result.xml = facts;
  const reader = new XmlReader(text, limits, facts, charset);
  try {
    reader.document();
    if (reader.fault !== '') result.error = `XML: ${reader.fault}`;
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    result.error = `XML: ${error.message}`;
    result.cut = reader.cut && (reader.fault === '' || reader.brokenEnd);
    // What follows the fault is scanned too, as it stands.
    reader.pieces.push(text.slice(reader.at));
  }
  facts.text = reader.pieces.join('');
  return result;
}
