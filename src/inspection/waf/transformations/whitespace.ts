// t:removeWhitespace and t:compressWhitespace: isspace() of the C locale and the no-break space 0xA0.
import { charClass, output, transformation } from './contract.ts';

const white = new Uint8Array(256);
for (const code of [9, 10, 11, 12, 13, 32, 160]) white[code] = 1;

export const removeWhitespace = transformation('removeWhitespace', charClass.space | charClass.high, (value) => {
  const length = value.length;
  const out = output(length);
  let o = 0;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i) & 255;
    out[o] = code;
    o += 1 - white[code]!;
  }
  return o === length ? value : out.toString('latin1', 0, o);
});

const compressible = /[\t-\r\xa0]| {2}/;

export const compressWhitespace = transformation('compressWhitespace', charClass.space | charClass.high, (value) => {
  if (!compressible.test(value)) return value;
  const length = value.length;
  const out = output(length);
  let o = 0;
  let changed = false;
  let inside = 0;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i) & 255;
    const isWhite = white[code]!;
    if (isWhite === 1) {
      if (inside === 0) out[o++] = 32;
      if (inside === 1 || code !== 32) changed = true;
    } else out[o++] = code;
    inside = isWhite;
  }
  return changed ? out.toString('latin1', 0, o) : value;
});
