// t:htmlEntityDecode: &#NNN; &#xHH; &quot; &amp; &lt; &gt; &nbsp; the semicolon optional, code points reduced to a byte.
import { charClass, hexValue, output, transformation } from './contract.ts';

const named: Record<string, number> = { quot: 34, amp: 38, lt: 60, gt: 62, nbsp: 160 };

function isAlphanumeric(code: number): boolean {
  return (code >= 48 && code <= 57) || ((code | 32) >= 97 && (code | 32) <= 122);
}

/** Decodes the entity at `i` (which holds "&"): the byte in the low 8 bits, the end offset above them; -1 when none. */
function entityAt(value: string, i: number): number {
  const length = value.length;
  let k = i + 1;
  let byte = -1;
  if (value.charCodeAt(k) === 35) {
    k++;
    const hex = (value.charCodeAt(k) | 32) === 120;
    if (hex) k++;
    const start = k;
    let number = 0;
    while (k < length) {
      const digit = hexValue(value.charCodeAt(k));
      if (digit < 0 || (!hex && digit > 9)) break;
      number = Math.min(number * (hex ? 16 : 10) + digit, 0x7fffffff);
      k++;
    }
    if (k === start) return -1;
    byte = number === 0x7fffffff ? 255 : number & 255;
  } else {
    while (k < length && k - i < 8 && isAlphanumeric(value.charCodeAt(k))) k++;
    const name = value.slice(i + 1, k).toLowerCase();
    const code = Object.hasOwn(named, name) ? named[name] : undefined;
    if (code === undefined) return -1;
    byte = code;
  }
  if (value.charCodeAt(k) === 59) k++;
  return k * 256 + byte;
}

export const htmlEntityDecode = transformation('htmlEntityDecode', charClass.ampersand, (value) => {
  let at = value.indexOf('&');
  if (at < 0) return value;
  const length = value.length;
  const out = output(length);
  let o = 0;
  let from = 0;
  while (at >= 0) {
    const found = at + 1 < length ? entityAt(value, at) : -1;
    const end = found < 0 ? at + 1 : Math.floor(found / 256);
    const literalEnd = found < 0 ? at + 1 : at;
    o += out.write(value.slice(from, literalEnd), o, 'latin1');
    if (found >= 0) out[o++] = found & 255;
    from = end;
    at = value.indexOf('&', end);
  }
  if (from === 0) return value;
  o += out.write(value.slice(from), o, 'latin1');
  return out.toString('latin1', 0, o);
});
