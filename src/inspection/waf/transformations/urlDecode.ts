// t:urlDecode: %XX and "+" (as a space). What is not two hexadecimal digits after "%" stays as it is.
import { charClass, hexValue, outputOf, spacesForPlus, transformation } from './contract.ts';

export function decodeUrl(value: string): string {
  const first = value.indexOf('%');
  if (first < 0 && !value.includes('+')) return value;
  const { length } = value;
  const out = outputOf(value);
  if (first !== 0) spacesForPlus(out, first < 0 ? length : first);
  if (first < 0) return out.toString('latin1', 0, length);
  // In place: what is written never overtakes what is read.
  let o = first;
  for (let i = first; i < length; i++) {
    const code = out[i]!;
    if (code === 43) out[o++] = 32;
    else if (code === 37 && i + 2 < length) {
      const high = hexValue(out[i + 1]!);
      const low = hexValue(out[i + 2]!);
      if (high >= 0 && low >= 0) { out[o++] = high * 16 + low; i += 2; } else out[o++] = 37;
    } else out[o++] = code;
  }
  return out.toString('latin1', 0, o);
}

export const urlDecode = transformation('urlDecode', charClass.percent | charClass.plus, decodeUrl);
