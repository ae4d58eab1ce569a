// t:urlDecode: %XX and "+" (as a space). What is not two hexadecimal digits after "%" stays as it is.
import { charClass, hexValue, output, transformation } from './contract.ts';

export function decodeUrl(value: string): string {
  if (!value.includes('%') && !value.includes('+')) return value;
  const length = value.length;
  const out = output(length);
  let o = 0;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    if (code === 43) out[o++] = 32;
    else if (code === 37 && i + 2 < length) {
      const high = hexValue(value.charCodeAt(i + 1));
      const low = hexValue(value.charCodeAt(i + 2));
      if (high >= 0 && low >= 0) { out[o++] = high * 16 + low; i += 2; } else out[o++] = 37;
    } else out[o++] = code;
  }
  return out.toString('latin1', 0, o);
}

export const urlDecode = transformation('urlDecode', charClass.percent | charClass.plus, decodeUrl);
