// t:base64Decode (stops at the first character outside the alphabet), t:base64DecodeExt (skips such characters), t:base64Encode.
import { always, output, transformation } from './contract.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const sextet = new Int8Array(256).fill(-1);
for (let i = 0; i < 64; i++) sextet[alphabet.charCodeAt(i)] = i;

function decode(value: string, lenient: boolean): string {
  const out = output(value.length);
  let o = 0;
  let bits = 0;
  let held = 0;
  for (let i = 0; i < value.length; i++) {
    const six = sextet[value.charCodeAt(i)]!;
    if (six < 0) {
      if (lenient) continue;
      break;
    }
    held = (held << 6) | six;
    bits += 6;
    if (bits >= 8) { bits -= 8; out[o++] = (held >> bits) & 255; held &= (1 << bits) - 1; }
  }
  return out.toString('latin1', 0, o);
}

export const base64Decode = transformation('base64Decode', always, (value) => decode(value, false));
export const base64DecodeExt = transformation('base64DecodeExt', always, (value) => decode(value, true));
export const base64Encode = transformation('base64Encode', always, (value) => Buffer.from(value, 'latin1').toString('base64'));
