// @validateByteRange, @validateUrlEncoding, @validateUtf8Encoding: each matches when the value is NOT valid.
import { charClass, classOf, hexValue } from '../transformations/contract.ts';
import { ArgumentError, noGates, prepared, type OperatorDefinition } from './contract.ts';

/** 1 for each allowed byte of a list such as "9,10,32-126". */
export function byteRange(argument: string): Uint8Array {
  const allowed = new Uint8Array(256);
  for (const part of argument.split(',')) {
    const match = /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/.exec(part);
    if (match === null) throw new ArgumentError(`not a byte range: "${part.trim()}"`);
    const from = Number(match[1]);
    const to = match[2] === undefined ? from : Number(match[2]);
    if (to > 255 || from > to) throw new ArgumentError(`not a byte range: "${part.trim()}"`);
    allowed.fill(1, from, to + 1);
  }
  return allowed;
}

export const validateByteRange: OperatorDefinition = {
  kind: 'prepared', name: 'validateByteRange',
  prepare: (argument) => {
    const allowed = byteRange(argument);
    return prepared((value) => {
      for (let i = 0; i < value.length; i++) if (allowed[value.charCodeAt(i) & 255] === 0) return true;
      return false;
    }, noGates, allowed.reduce((classes, ok, code) => (ok === 1 ? classes : classes | classOf[code]!), 0));
  },
};

function badUrlEncoding(value: string): boolean {
  for (let at = value.indexOf('%'); at >= 0; at = value.indexOf('%', at + 1)) {
    if (at + 2 >= value.length || hexValue(value.charCodeAt(at + 1)) < 0 || hexValue(value.charCodeAt(at + 2)) < 0) return true;
  }
  return false;
}

export const validateUrlEncoding: OperatorDefinition = {
  kind: 'prepared', name: 'validateUrlEncoding', prepare: () => prepared(badUrlEncoding, () => [{ literals: ['%'], cost: 0.01 }]),
};

/** Well-formedness after RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
function badUtf8(value: string): boolean {
  const length = value.length;
  let i = 0;
  while (i < length) {
    const lead = value.charCodeAt(i);
    if (lead < 0x80) { i++; continue; }
    const size = lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
    if (size === 0 || i + size > length) return true;
    const second = value.charCodeAt(i + 1);
    if ((lead === 0xe0 && second < 0xa0) || (lead === 0xed && second > 0x9f) || (lead === 0xf0 && second < 0x90) || (lead === 0xf4 && second > 0x8f)) return true;
    for (let k = 1; k < size; k++) if ((value.charCodeAt(i + k) & 0xc0) !== 0x80) return true;
    i += size;
  }
  return false;
}

export const validateUtf8Encoding: OperatorDefinition = { kind: 'prepared', name: 'validateUtf8Encoding', prepare: () => prepared(badUtf8, noGates, charClass.high) };
