// t:utf8toUnicode: UTF-8 sequences of two to four bytes become %uHHHH. As ModSecurity has it, a lead byte without its sequence vanishes,
// a NUL too; a sequence that is overlong, a surrogate or beyond U+13FFFF is decoded and its lead byte kept beside it; other bytes stay.
import { charClass, output, transformation } from './contract.ts';

const digits = '0123456789abcdef';

/** The code point at `i`, times 8, plus its length; 0 when the bytes there are not a sequence. */
function sequenceAt(value: string, i: number): number {
  const lead = value.charCodeAt(i);
  const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (i + size > value.length) return 0;
  let point = size === 4 ? lead & 7 : size === 3 ? lead & 15 : lead & 31;
  for (let k = 1; k < size; k++) {
    const code = value.charCodeAt(i + k);
    if ((code & 0xc0) !== 0x80) return 0;
    point = point * 64 + (code & 63);
  }
  return point * 8 + size;
}

function keepsLead(point: number, size: number): boolean {
  return (point >= 0xd800 && point <= 0xdfff) || point < (size === 4 ? 0x10000 : size === 3 ? 0x800 : 0x80);
}

function writeEscape(out: Buffer, at: number, point: number): number {
  let o = at;
  out[o++] = 37;
  out[o++] = 117;
  for (let shift = point > 0xfffff ? 20 : point > 0xffff ? 16 : 12; shift >= 0; shift -= 4) out[o++] = digits.charCodeAt((point >> shift) & 15);
  return o;
}

export const utf8toUnicode = transformation('utf8toUnicode', charClass.high | charClass.nul, (value) => {
  const { length } = value;
  // Two bytes become at most seven.
  const out = output(length * 4);
  let o = 0;
  let i = 0;
  while (i < length) {
    const code = value.charCodeAt(i);
    if (code < 0xc0 || code >= 0xf8) {
      if (code !== 0) out[o++] = code;
      i++;
      continue;
    }
    if (code >= 0xf5) out[o++] = code;
    const found = sequenceAt(value, i);
    if (found === 0) { i++; continue; }
    const size = found & 7;
    const point = Math.floor(found / 8);
    o = writeEscape(out, o, point);
    if (keepsLead(point, size)) out[o++] = code;
    i += size;
  }
  return out.toString('latin1', 0, o);
});
