// Translates a PCRE pattern, as rule files write it, into an equal JavaScript pattern over latin1 strings.
// Semantics are ModSecurity 3's: DOTALL and MULTILINE, the C locale (so \s and case folding know ASCII only).
// Does not do recursion, conditionals, \K, \G, \X or Unicode properties: those are refused with their offset.

import { lineEnd, lineStart } from './parse.ts';

export class PatternError extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.name = 'PatternError';
    this.offset = offset;
  }
}

export interface Translated {
  readonly source: string;
  /** Flags of the RegExp: always `s`, and `i` when the whole pattern folds case. */
  readonly flags: string;
  /** Original group number -> group number in `source` (atomic groups add groups of their own). */
  readonly groups: readonly number[];
}

const space = '\\t-\\r ';
const notSpace = '\\x00-\\x08\\x0e-\\x1f!-\\xff';
const classEscapes: Record<string, string> = {
  s: space, S: notSpace, h: '\\t \\xa0', H: '\\x00-\\x08\\x0a-\\x1f!-\\x9f\\xa1-\\xff', v: '\\n-\\r\\x85', V: '\\x00-\\x09\\x0e-\\x84\\x86-\\xff',
  d: '\\d', D: '\\D', w: '\\w', W: '\\W',
};
const posix: Record<string, string> = {
  alpha: 'A-Za-z', digit: '0-9', alnum: 'A-Za-z0-9', upper: 'A-Z', lower: 'a-z', space, blank: '\\t ', punct: '!-\\/:-@\\[-`{-~',
  xdigit: 'A-Fa-f0-9', word: '\\w', cntrl: '\\x00-\\x1f\\x7f', print: ' -~', graph: '!-~', ascii: '\\x00-\\x7f',
};
const controlEscapes: Record<string, string> = { n: '\\n', r: '\\r', t: '\\t', f: '\\f', e: '\\x1b', a: '\\x07' };

function hex(code: number): string {
  return `\\x${(code & 255).toString(16).padStart(2, '0')}`;
}

/** How each byte is written as itself. */
const literals: readonly string[] = Array.from({ length: 256 }, (_, code) => {
  const char = String.fromCharCode(code);
  if (code < 32 || code > 126) return hex(code);
  return /[\\^$.*+?()[\]{}|/-]/.test(char) ? `\\${char}` : char;
});

function literal(char: string): string {
  return literals[char.charCodeAt(0) & 255]!;
}

/** The capturing groups of a translated piece; parentheses in character sets and escaped ones are none. */
function groupsIn(source: string): number {
  return source.replaceAll(/\\.|\[(?:\\.|[^\]\\])*\]/gs, '').match(/\((?!\?)/g)?.length ?? 0;
}

interface Scope { open: string; atomic: number; pending: number; modifiers: string; itemStart: number }

class Translator {
  readonly pattern: string;
  at = 0;
  out: string[] = [];
  groups: number[] = [0];
  groupCount = 0;
  names = new Map<string, number>();
  scopes: Scope[] = [{ open: '', atomic: 0, pending: 0, modifiers: '', itemStart: 0 }];
  ignoreCase = false;
  extended = false;

  constructor(pattern: string) {
    this.pattern = pattern;
  }

  fail(message: string): never {
    throw new PatternError(message, this.at);
  }

  run(): Translated {
    const lead = /^\(\?([ism]+)\)/.exec(this.pattern);
    if (lead?.[1] && !lead[1].includes('m')) {
      if (lead[1].includes('i')) this.ignoreCase = true;
      this.at = lead[0].length;
    }
    while (this.at < this.pattern.length) this.step();
    if (this.scopes.length > 1) this.fail('missing )');
    this.closePending();
    return { source: this.out.join(''), flags: this.ignoreCase ? 'is' : 's', groups: this.groups };
  }

  scope(): Scope {
    return this.scopes[this.scopes.length - 1]!;
  }

  closePending(): void {
    const scope = this.scope();
    for (; scope.pending > 0; scope.pending--) this.out.push(')');
  }

  mark(): void {
    this.scope().itemStart = this.out.length;
  }

  step(): void {
    const char = this.pattern[this.at]!;
    if (this.extended && /\s/.test(char)) { this.at++; return; }
    if (this.extended && char === '#') {
      const end = this.pattern.indexOf('\n', this.at);
      this.at = end < 0 ? this.pattern.length : end + 1;
      return;
    }
    switch (char) {
      case '(': this.openGroup(); return;
      case ')': this.closeGroup(); return;
      case '[': this.mark(); this.characterClass(); return;
      case '\\': this.mark(); this.escape(); return;
      case '|': this.alternative(); return;
      case '*': case '+': case '?': this.at++; this.quantifier(char); return;
      case '{': this.brace(); return;
      case '^': this.mark(); this.out.push(lineStart); this.at++; return;
      case '$': this.mark(); this.out.push(lineEnd); this.at++; return;
      case '.': this.mark(); this.out.push(char); this.at++; return;
      default: this.mark(); this.out.push(literal(char)); this.at++;
    }
  }

  alternative(): void {
    const scope = this.scope();
    const reopen = scope.modifiers;
    this.closePending();
    this.out.push('|');
    if (reopen !== '') { this.out.push(`(?${reopen}:`); scope.pending = 1; }
    this.at++;
  }

  brace(): void {
    const match = /^\{\d+(?:,\d*)?\}/.exec(this.pattern.slice(this.at, this.at + 16));
    if (match === null) { this.mark(); this.out.push('\\{'); this.at++; return; }
    this.at += match[0].length;
    this.quantifier(match[0]);
  }

  quantifier(text: string): void {
    const next = this.pattern[this.at];
    if (next !== '+') {
      this.out.push(text);
      if (next === '?') { this.out.push('?'); this.at++; }
      return;
    }
    this.at++;
    const start = this.scope().itemStart;
    const item = this.out.splice(start).join('');
    this.pushAtomic(item + text, start);
  }

  /** An atomic group as JavaScript can say it: a lookahead that captures, then a reference to what it captured. */
  pushAtomic(body: string, start: number): void {
    // Groups inside `body` were numbered before this one, but its parenthesis comes first: they move up by one.
    const number = this.groupCount - groupsIn(body) + 1;
    this.groups = this.groups.map((group, i) => (i > 0 && group >= number ? group + 1 : group));
    this.groupCount++;
    const moved = body.replaceAll(/\\(?:([1-9]\d*)|.)/gs, (text, group?: string) => (group !== undefined && Number(group) >= number ? `\\${Number(group) + 1}` : text));
    this.out.length = start;
    this.out.push(`(?=(${moved}))\\${number}(?:)`);
  }

  openGroup(): void {
    this.mark();
    const rest = this.pattern.slice(this.at, this.at + 40);
    const named = /^\(\?(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(rest);
    const flags = /^\(\?([imsx]*)(?:-([imsx]+))?([:)])/.exec(rest);
    if (rest.startsWith('(?#')) {
      const end = this.pattern.indexOf(')', this.at);
      if (end < 0) this.fail('missing )');
      this.at = end + 1;
    } else if (!rest.startsWith('(?')) {
      if (rest.startsWith('(*')) this.fail('control verbs are not supported');
      this.push('(', 1);
      this.newGroup();
    } else if (named) {
      this.push('(', named[0].length);
      this.names.set((named[1] ?? named[2])!, this.groups.length);
      this.newGroup();
    } else if (rest.startsWith('(?:') || rest.startsWith('(?=') || rest.startsWith('(?!')) this.push(rest.slice(0, 3), 3);
    else if (rest.startsWith('(?<=') || rest.startsWith('(?<!')) this.push(rest.slice(0, 4), 4);
    else if (rest.startsWith('(?>')) {
      this.push('', 3);
      this.scope().atomic = this.out.length + 1;
    } else if (flags) this.flagGroup(flags);
    else if (rest.startsWith('(?P=')) {
      const name = /^\(\?P=(\w+)\)/.exec(rest);
      const number = name ? this.names.get(name[1]!) : undefined;
      if (number === undefined || name === null) this.fail('reference to an unknown group');
      this.out.push(`\\${this.groups[number]}(?:)`);
      this.at += name[0].length;
    } else this.fail(`group ${rest.slice(0, 4)} is not supported`);
  }

  newGroup(): void {
    this.groupCount++;
    this.groups.push(this.groupCount);
  }

  push(open: string, length: number): void {
    this.out.push(open);
    this.at += length;
    this.scopes.push({ open, atomic: 0, pending: 0, modifiers: '', itemStart: this.out.length });
  }

  flagGroup(match: RegExpExecArray): void {
    const on = match[1] ?? '';
    const off = match[2] ?? '';
    if (on.includes('x')) this.extended = true;
    if (off.includes('x')) this.extended = false;
    const keep = (text: string): string => text.replaceAll(/[^ims]/g, '');
    // The flag s is always on; switching it on again is idle, switching it off is honoured.
    const modifiers = keep(on).replaceAll('s', '') + (keep(off) === '' ? '' : `-${keep(off)}`);
    if (match[3] === ':') { this.push(modifiers === '' ? '(?:' : `(?${modifiers}:`, match[0].length); return; }
    this.at += match[0].length;
    if (modifiers === '') return;
    const scope = this.scope();
    this.out.push(`(?${modifiers}:`);
    scope.pending++;
    scope.modifiers = modifiers;
  }

  closeGroup(): void {
    if (this.scopes.length === 1) this.fail('unmatched )');
    this.closePending();
    const scope = this.scopes.pop()!;
    this.at++;
    if (scope.atomic > 0) {
      const start = scope.atomic - 1;
      const body = this.out.splice(start).join('');
      this.pushAtomic(body, start);
    } else this.out.push(')');
  }

  escape(): void {
    const next = this.pattern[this.at + 1];
    if (next === undefined) this.fail('\\ at the end of the pattern');
    if (next === 'Q') {
      const end = this.pattern.indexOf('\\E', this.at + 2);
      const text = this.pattern.slice(this.at + 2, end < 0 ? undefined : end);
      for (const char of text) { this.mark(); this.out.push(literal(char)); }
      this.at = end < 0 ? this.pattern.length : end + 2;
      return;
    }
    if (next === 'E') { this.at += 2; return; }
    if (next === 'A' || next === 'z' || next === 'Z') {
      this.out.push(next === 'A' ? '(?<![^])' : next === 'z' ? '(?![^])' : '(?=\\n?(?![^]))');
      this.at += 2;
      return;
    }
    if (next === 'b' || next === 'B') { this.out.push(`\\${next}`); this.at += 2; return; }
    if (next === 'R') { this.out.push('(?:\\r\\n|[\\n-\\r\\x85])'); this.at += 2; return; }
    if (next === 'N') { this.out.push('[^\\n]'); this.at += 2; return; }
    if ('KGXpPC'.includes(next)) this.fail(`\\${next} is not supported`);
    if (/[1-9]/.test(next)) { this.backreference(); return; }
    const set = classEscapes[next];
    if (set !== undefined) { this.out.push(set.length === 2 ? set : `[${set}]`); this.at += 2; return; }
    this.out.push(this.charEscape());
  }

  backreference(): void {
    const digits = /^\d+/.exec(this.pattern.slice(this.at + 1))![0];
    const number = Number(digits);
    if (number < 10 || number < this.groups.length) {
      const target = this.groups[number];
      if (target === undefined) this.fail(`reference to group ${number}, which does not exist yet`);
      this.out.push(`\\${target}(?:)`);
      this.at += 1 + digits.length;
    } else this.out.push(this.charEscape());
  }

  /** An escape that stands for one byte; advances past it. */
  charEscape(): string {
    const rest = this.pattern.slice(this.at, this.at + 8);
    const hexadecimal = /^\\x\{([\dA-Fa-f]{1,4})\}/.exec(rest) ?? /^\\x([\dA-Fa-f]{0,2})/.exec(rest);
    if (hexadecimal) {
      const code = hexadecimal[1] === '' ? 0 : Number.parseInt(hexadecimal[1]!, 16);
      if (code > 255) this.fail('a code point above \\xff cannot match a byte');
      this.at += hexadecimal[0].length;
      return hex(code);
    }
    const octal = /^\\([0-7]{1,3})/.exec(rest);
    if (octal) { this.at += octal[0].length; return hex(Number.parseInt(octal[1]!, 8)); }
    const control = /^\\c([\x20-\x7e])/.exec(rest);
    if (control) { this.at += 3; return hex(control[1]!.toUpperCase().charCodeAt(0) ^ 64); }
    this.at += 2;
    const char = rest[1]!;
    return controlEscapes[char] ?? literal(char);
  }

  characterClass(): void {
    this.at++;
    let text = '[';
    if (this.pattern[this.at] === '^') { text += '^'; this.at++; }
    let first = true;
    for (;;) {
      const char = this.pattern[this.at];
      if (char === undefined) this.fail('missing ] at the end of a class');
      if (char === ']' && !first) break;
      text += this.classItem(char, first);
      first = false;
    }
    this.at++;
    this.out.push(`${text}]`);
  }

  classItem(char: string, first: boolean): string {
    if (char === '[') {
      const named = /^\[:(\^?)([a-z]+):\]/.exec(this.pattern.slice(this.at, this.at + 14));
      if (named) {
        const set = posix[named[2]!];
        if (set === undefined || named[1] === '^') this.fail(`class ${named[0]} is not supported`);
        this.at += named[0].length;
        return set;
      }
      this.at++;
      return '\\[';
    }
    if (char === '\\') {
      const next = this.pattern[this.at + 1] ?? '';
      if (next === 'b') { this.at += 2; return '\\x08'; }
      if (next === 'Q' || next === 'E') { this.at += 2; return ''; }
      const set = classEscapes[next];
      if (set !== undefined) { this.at += 2; return set; }
      return this.charEscape();
    }
    this.at++;
    if (char === '-') {
      // A hyphen is a range only between two characters; written out it cannot be mistaken.
      const afterSet = /(?:^|[^\\])(?:\\\\)*(?:\\[sShHvVdDwW]|\[:\^?[a-z]+:\])$/.test(this.pattern.slice(Math.max(0, this.at - 16), this.at - 1));
      return first || this.pattern[this.at] === ']' || afterSet ? '\\-' : '-';
    }
    return char === ']' || char === '^' ? `\\${char}` : /[A-Za-z0-9_]/.test(char) ? char : hexOrSelf(char);
  }
}

function hexOrSelf(char: string): string {
  const code = char.charCodeAt(0);
  return code < 32 || code > 126 ? hex(code) : char;
}

/** Translates; throws PatternError (with the offset in `pattern`) for what has no equal in JavaScript. */
export function translatePattern(pattern: string): Translated {
  return new Translator(pattern).run();
}
