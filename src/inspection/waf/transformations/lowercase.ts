// t:lowercase: ASCII letters to lower case, as tolower() does in the C locale. Bytes above 0x7F stay.
import { charClass, output, transformation } from './contract.ts';

/** Letters above 0x7F that JavaScript would fold too. */
const foldable = /[\xc0-\xde]/;

export function lowerAscii(value: string): string {
  return foldable.test(value) ? lowerBytes(value) : value.toLowerCase();
}

function lowerBytes(value: string): string {
  const length = value.length;
  let first = 0;
  while (first < length) {
    const code = value.charCodeAt(first);
    if (code >= 65 && code <= 90) break;
    first++;
  }
  if (first === length) return value;
  const out = output(length);
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    out[i] = code >= 65 && code <= 90 ? code | 32 : code;
  }
  return out.toString('latin1', 0, length);
}

export const lowercase = transformation('lowercase', charClass.upper, lowerAscii, true);
