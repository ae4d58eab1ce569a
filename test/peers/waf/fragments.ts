// Strings for the detectors of injections, by a seed: pieces of SQL of all dialects and of markup put together at random, attacks with
// mutations, prose, source text and names with apostrophes. Texts are latin1 strings, one character a byte.
import { sqlWords } from '../../../tools/injection/sql-words.ts';
import { Random } from '../../waf/pattern-samples.ts';
import { families, wrapped } from './traffic-attacks.ts';
import { Values } from './traffic-values.ts';

const literals = [
  '1', '0', '1.5', '.5', '5.', '-1', '1e5', '1e', '1f', '0x41', '0b1', '$1', "'a'", '"a"', "''", "'", '"', '`', '`a`', '[a]', 'null', 'true', '@x', '@@version',
    "x'41'", "b'01'", "n'a'",
  "e'a'", "u&'a'", "q'[a]'", '$$a$$', '$t$a$t$', '\\N', 'a', 'a.b', 'users', 'id', '_utf8', "'a", "a'", '#',
];
const marks = [
  '(', ')', '((', '))', ',', ';', '=', '==', '<', '>', '<>', '!=', '<=>', '||', '&&', '|', '&', '+', '-', '*', '/', '%', '^', '~', '!', '!!', '--', '-- ', '--a\n',
    '#', '#\n', '/*', '*/', '/**/',
  '/*!', '{', '}', '[', ']', ':', '::', ':=', '.', '?', '\\', '@', '$',
];
const usual = [
  'select', 'union select', 'union all select', 'from', 'where', 'and', 'or', 'not', 'group by', 'order by', 'having', 'limit', 'insert into', 'update', 'set',
    'delete', 'drop', 'table', 'like',
  'between', 'in', 'is null', 'case', 'when', 'exec', 'declare', 'sleep', 'benchmark', 'concat', 'char', 'version', 'user', 'database', 'into outfile',
    'waitfor delay', 'if', 'exists', 'procedure analyse',
  'collate', 'cast', 'int', 'values', 'begin',
];
const gaps = ['', '', ' ', ' ', ' ', ' ', '/**/', '\t', '\n', '\xa0', '+', '\0', '\x0b'];
// Functions that 3.0.9 does not know.
const ours = /^(BFILENAME|CHARTOROWID|DBLINK.*|.*_TO_XML|FN_.*|HEXTORAW|LO_.*|NUMTODSINTERVAL|RAWTOHEX|ROWIDTOCHAR|SYS_.*|DBMS_(ASSERT|RANDOM|XMLGEN).*)$/;
const vocabulary = Object.values(sqlWords).flat().filter((word) => !ours.test(word)).map((word) => word.toLowerCase());

const tags = ['a', 'b', 'p', 'div', 'img', 'svg', 'svg:x', 'math', 'script', 'style', 'iframe', 'object', 'embed', 'link', 'meta', 'base', 'xml', 'xss', 'xsl:x',
  'form', 'input', 'video', 'frameset', 'x'];
const attributes = ['href', 'src', 'style', 'onclick', 'onerror', 'onload', 'onfocusin', 'xmlns', 'xmlns:x', 'xlink:href', 'action', 'formaction', 'background',
  'data', 'datasrc', 'attributename', 'from', 'to', 'values', 'by', 'filter',
  'poster', 'id', 'class', 'title', 'alt'];
const addresses = ['x', 'javascript:x', 'jAvAsCrIpT:x', 'java&#115;cript:x', '&#x6a;ava', ' javascript:', '\x01javascript:', 'java\nscript:', 'java\tscript:',
  'data:text/html,x', 'vbscript:x', 'view-source:x', 'http://a/b', '//x',
  'href', 'onclick', '&#106', '&#;', '&#x;', '&#1114112;', 'mailto:a@b'];
const pieces = ['<', '>', '</', '/>', '<!', '<!--', '-->', '--!>', '<![CDATA[', ']]>', '<?', '<?xml', '<?import ', '<!ENTITY ', '<!doctype', '<%', '%>', '=', "'", '"',
  '`', '/', ' ', '\t', '\n', '\x0b', '&', ';', '<a', '< a', '[if', '-', '!'];

export type Kind = 'sql' | 'attack' | 'prose' | 'markup';

export class FragmentMaker {
  private readonly v: Values;

  constructor(seed: number) { this.v = new Values(new Random(seed)); }

  next(kind: Kind): string {
    const { v } = this;
    switch (kind) {
      case 'sql': return Array.from({ length: 1 + v.below(9) }, () => this.word() + v.pick(gaps)).join('');
      case 'markup': return Array.from({ length: 1 + v.below(8) }, () => this.tag()).join('');
      case 'attack': return this.mutated(wrapped(v, v.pick(v.pick(families.filter(({ what }) => what === 'sqli' || what === 'xss')).values)));
      default: return v.pick([() => v.prose(1 + v.below(25)), () => v.words(1 + v.below(8), 'en'), () => v.snippet(), () => v.markup(), () => v.person(), () =>
        v.email(), () => v.cookie(), () => v.path()])();
    }
  }

  private word(): string {
    const { v } = this;
    switch (v.below(10)) {
      case 0: case 1: case 2: return v.pick(literals);
      case 3: case 4: case 5: return v.pick(usual);
      case 6: case 7: return v.pick(marks);
      case 8: return v.pick(vocabulary);
      default: return v.words(1, 'en');
    }
  }

  private tag(): string {
    const { v } = this;
    const quote = v.pick(["'", '"', '`', '']);
    switch (v.below(6)) {
      case 0: return `<${v.pick(tags)}${v.pick([' ', '/', '>', '', '\t', '\n'])}`;
      case 1: return `${v.pick(attributes)}${v.pick(['=', ' = ', '', '/='])}`;
      case 2: return quote + v.pick(addresses) + quote;
      case 3: return ` ${v.pick(attributes)}=${quote}${v.pick(addresses)}${quote}`;
      case 4: return v.pick(pieces);
      default: return v.words(1, 'en');
    }
  }

  private mutated(text: string): string {
    const { v } = this;
    let out = text;
    for (let i = v.below(3); i > 0; i--) {
      const at = v.below(out.length + 1);
      switch (v.below(6)) {
        case 0: out = out.slice(0, at) + this.word() + out.slice(at); break;
        case 1: out = out.slice(0, at) + out.slice(at + 1 + v.below(4)); break;
        case 2: out = out.slice(0, at); break;
        case 3: out = out.slice(at); break;
        case 4: out = out.slice(0, at) + v.pick(marks) + out.slice(at + v.below(2)); break;
        default: out = out.replaceAll(' ', v.pick(gaps));
      }
    }
    return out;
  }
}
