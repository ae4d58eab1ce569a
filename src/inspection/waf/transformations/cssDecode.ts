// t:cssDecode: CSS 2.x escapes: one to six hexadecimal digits and one white space after them (the low byte; full-width
// ASCII folded), an escaped line feed vanishes, an escaped other character is itself.
import { charClass, hexValue, isSpace, output, transformation } from './contract.ts';

function hexRun(value: string, from: number): number {
  let count = 0;
  while (count < 6 && from + count < value.length && hexValue(value.charCodeAt(from + count)) >= 0) count++;
  return count;
}

/** The byte of `count` hexadecimal digits at `from`. */
function byteOf(value: string, from: number, count: number): number {
  const last = hexValue(value.charCodeAt(from + count - 1));
  if (count === 1) return last;
  const low = hexValue(value.charCodeAt(from + count - 2)) * 16 + last;
  if (count < 4 || low === 0 || low >= 0x5f) return low;
  // A full-width form: 0xFFxx with nothing but zeros before it.
  const highPart = Number.parseInt(value.slice(from, from + count - 2), 16);
  return highPart === 0xff ? low + 0x20 : low;
}

export const cssDecode = transformation('cssDecode', charClass.backslash, (value) => {
  if (!value.includes('\\')) return value;
  const length = value.length;
  const out = output(length);
  let o = 0;
  let i = 0;
  while (i < length) {
    const code = value.charCodeAt(i);
    if (code !== 92) { out[o++] = code; i++; continue; }
    if (i + 1 >= length) break;
    i++;
    const digits = hexRun(value, i);
    if (digits > 0) {
      out[o++] = byteOf(value, i, digits);
      i += digits;
      if (i < length && isSpace(value.charCodeAt(i))) i++;
    } else if (value.charCodeAt(i) === 10) i++;
    else { out[o++] = value.charCodeAt(i); i++; }
  }
  return out.toString('latin1', 0, o);
});
