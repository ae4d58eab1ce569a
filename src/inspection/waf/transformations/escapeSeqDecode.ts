// t:escapeSeqDecode: ANSI C escapes: \a \b \f \n \r \t \v \\ \? \' \" \xHH \OOO. Before anything else the backslash vanishes, as in a
// shell and in ModSecurity; at the end of the value it stays.
import { charClass, hexValue, output, transformation } from './contract.ts';
import { simpleEscapes } from './jsDecode.ts';

function simple(next: number): number {
  if (next === 92 || next === 63 || next === 39 || next === 34) return next;
  return simpleEscapes[next] ?? -1;
}

export const escapeSeqDecode = transformation('escapeSeqDecode', charClass.backslash, (value) => {
  if (!value.includes('\\')) return value;
  const length = value.length;
  const out = output(length);
  let o = 0;
  let i = 0;
  while (i < length) {
    const code = value.charCodeAt(i);
    if (code !== 92 || i + 1 >= length) { out[o++] = code; i++; continue; }
    const next = value.charCodeAt(i + 1);
    const plain = simple(next);
    if (plain >= 0) { out[o++] = plain; i += 2; continue; }
    if ((next | 32) === 120 && i + 3 < length) {
      const high = hexValue(value.charCodeAt(i + 2));
      const low = hexValue(value.charCodeAt(i + 3));
      if (high >= 0 && low >= 0) { out[o++] = high * 16 + low; i += 4; continue; }
    } else if (next >= 48 && next <= 55) {
      let k = i + 1;
      let octal = 0;
      while (k < length && k < i + 4) {
        const digit = value.charCodeAt(k) - 48;
        if (digit < 0 || digit > 7) break;
        octal = octal * 8 + digit;
        k++;
      }
      out[o++] = octal & 255;
      i = k;
      continue;
    }
    out[o++] = next;
    i += 2;
  }
  return out.toString('latin1', 0, o);
});
