// What a transformation is, and the character classes that tell in one pass whether it can change a value at all.
// Values are latin1 strings: one character is one byte. Does not hold any transformation itself.

/** One bit per kind of character that some transformation reacts to. */
export const charClass = {
  percent: 1, plus: 2, ampersand: 4, backslash: 8, space: 16, nul: 32, slash: 64, dot: 128, high: 256, upper: 512,
  quote: 1024, caret: 2048, separator: 4096, dash: 8192, star: 16384, hash: 32768, angle: 65536, equals: 131072,
  paren: 262144, digit: 524288, letter: 1048576, other: 2097152,
} as const;

/** Reacts to everything: never skipped. */
export const always = -1;

function classify(code: number): number {
  const c = charClass;
  if (code === 0) return c.nul;
  if (code === 32 || (code >= 9 && code <= 13)) return c.space;
  if (code >= 0x80) return c.high;
  if (code >= 48 && code <= 57) return c.digit;
  if (code >= 65 && code <= 90) return c.upper | c.letter;
  if ((code >= 97 && code <= 122) || code === 95) return c.letter;
  const named: Record<string, number> = {
    '%': c.percent, '+': c.plus, '&': c.ampersand, '\\': c.backslash, '/': c.slash, '.': c.dot, '"': c.quote, "'": c.quote,
    '^': c.caret, ',': c.separator, ';': c.separator, '-': c.dash, '*': c.star, '#': c.hash, '<': c.angle, '>': c.angle,
    '=': c.equals, '(': c.paren, ')': c.paren,
  };
  return named[String.fromCharCode(code)] ?? c.other;
}

/** Class bits of each byte. */
export const classOf: Int32Array = Int32Array.from({ length: 256 }, (_, code) => classify(code));

/** The union of the class bits of a value's characters. */
export function classesIn(value: string): number {
  let mask = 0;
  for (let i = 0; i < value.length; i++) mask |= classOf[value.charCodeAt(i) & 255]!;
  return mask;
}

export interface Transformation {
  /** The name as SecLang spells it. */
  readonly name: string;
  /** Class bits that this transformation reacts to: when a value has none of them, `apply` returns it as it is. */
  readonly triggers: number;
  /** True when the result differs from its input in the case of ASCII letters only. */
  readonly foldsOnly: boolean;
  /** Latin1 string in, latin1 string out; the very same string when nothing changes. Never throws. */
  readonly apply: (value: string) => string;
}

export function transformation(name: string, triggers: number, apply: (value: string) => string, foldsOnly = false): Transformation {
  return { name, triggers, foldsOnly, apply };
}

let scratch = Buffer.allocUnsafe(16384);

/** A shared output buffer of at least `size` bytes. Lives until the next call: finish with `latin1Slice` before that. */
export function output(size: number): Buffer {
  if (scratch.length < size) scratch = Buffer.allocUnsafe(Math.max(size, scratch.length * 2));
  else if (scratch.length > 4_194_304 && size < 1_048_576) scratch = Buffer.allocUnsafe(1_048_576);
  return scratch;
}

/** The shared output buffer with the value's bytes at its start, to be worked on in place. */
export function outputOf(value: string): Buffer {
  const out = output(value.length);
  out.write(value, 0, 'latin1');
  return out;
}

/** Writes a space for every "+" of the first `length` bytes. */
export function spacesForPlus(bytes: Buffer, length: number): void {
  for (let i = 0; i < length; i++) if (bytes[i] === 43) bytes[i] = 32;
}

/** The value of one hexadecimal digit, or -1. */
export function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** isspace() of the C locale: HT, LF, VT, FF, CR and space. */
export function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}
