// t:utf8toUnicode: well-formed UTF-8 sequences of two to four bytes become %uHHHH; other bytes stay.
import { charClass, output, transformation } from './contract.ts';

const digits = '0123456789abcdef';

function continuation(value: string, i: number): number {
  const code = value.charCodeAt(i);
  return (code & 0xc0) === 0x80 ? code & 0x3f : -1;
}

/** The code point at `i`, times 8, plus its length; 0 when the bytes there are not a sequence. */
function sequenceAt(value: string, i: number): number {
  const lead = value.charCodeAt(i);
  const left = value.length - i;
  const size = lead >= 0xf0 && lead < 0xf8 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc0 || lead >= 0xf8 || left < size) return 0;
  let point = size === 4 ? lead & 7 : size === 3 ? lead & 15 : lead & 31;
  for (let k = 1; k < size; k++) {
    const bits = continuation(value, i + k);
    if (bits < 0) return 0;
    point = point * 64 + bits;
  }
  const overlong = point < 0x80 || (size === 3 && point < 0x800) || (size === 4 && point < 0x10000);
  const surrogate = point >= 0xd800 && point <= 0xdfff;
  return overlong || surrogate || point > 0x10ffff ? 0 : point * 8 + size;
}

export const utf8toUnicode = transformation('utf8toUnicode', charClass.high, (value) => {
  const length = value.length;
  let out: Buffer | null = null;
  let o = 0;
  let i = 0;
  while (i < length) {
    const code = value.charCodeAt(i);
    const found = code < 0xc0 ? 0 : sequenceAt(value, i);
    if (found === 0) {
      if (out !== null) out[o++] = code;
      i++;
      continue;
    }
    if (out === null) { out = output(length * 4); o = out.write(value.slice(0, i), 0, 'latin1'); }
    const point = Math.floor(found / 8);
    out[o++] = 37;
    out[o++] = 117;
    for (let shift = point > 0xfffff ? 20 : point > 0xffff ? 16 : 12; shift >= 0; shift -= 4) out[o++] = digits.charCodeAt((point >> shift) & 15);
    i += found & 7;
  }
  return out === null ? value : out.toString('latin1', 0, o);
});
