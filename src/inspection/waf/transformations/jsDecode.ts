// t:jsDecode: JavaScript escapes: \uHHHH (low byte, full-width ASCII folded), \xHH, octal, \a \b \f \n \r \t \v; else the character itself.
import { charClass, hexValue, output, transformation } from './contract.ts';

export const simpleEscapes: Record<number, number> = { 97: 7, 98: 8, 102: 12, 110: 10, 114: 13, 116: 9, 118: 11 };

function fourHex(value: string, i: number): number {
  let number = 0;
  for (let k = i; k < i + 4; k++) {
    const digit = k < value.length ? hexValue(value.charCodeAt(k)) : -1;
    if (digit < 0) return -1;
    number = number * 16 + digit;
  }
  return number;
}

export const jsDecode = transformation('jsDecode', charClass.backslash, (value) => {
  if (!value.includes('\\')) return value;
  const length = value.length;
  const out = output(length);
  let o = 0;
  let i = 0;
  while (i < length) {
    const code = value.charCodeAt(i);
    if (code !== 92 || i + 1 >= length) { out[o++] = code; i++; continue; }
    const next = value.charCodeAt(i + 1);
    const number = next === 117 ? fourHex(value, i + 2) : -1;
    if (number >= 0) {
      const low = number & 255;
      out[o++] = number >> 8 === 255 && low > 0 && low < 0x5f ? low + 0x20 : low;
      i += 6;
    } else if (next === 120 && i + 3 < length && hexValue(value.charCodeAt(i + 2)) >= 0 && hexValue(value.charCodeAt(i + 3)) >= 0) {
      out[o++] = hexValue(value.charCodeAt(i + 2)) * 16 + hexValue(value.charCodeAt(i + 3));
      i += 4;
    } else if (next >= 48 && next <= 55) {
      let k = i + 1;
      let octal = 0;
      while (k < length && k < i + 4) {
        const digit = value.charCodeAt(k) - 48;
        // Three digits only below \400, as ModSecurity does.
        if (digit < 0 || digit > 7 || (k === i + 3 && next > 51)) break;
        octal = octal * 8 + digit;
        k++;
      }
      out[o++] = octal & 255;
      i = k;
    } else {
      out[o++] = simpleEscapes[next] ?? next;
      i += 2;
    }
  }
  return out.toString('latin1', 0, o);
});
