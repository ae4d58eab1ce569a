// t:removeWhitespace and t:compressWhitespace: isspace() of the C locale; t:removeWhitespace also the no-break space 0xA0, which
// ModSecurity 3 does not compress.
import { charClass, isSpace, output, transformation } from './contract.ts';

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

const compressible = /[\t-\r]| {2}/;

export const compressWhitespace = transformation('compressWhitespace', charClass.space, (value) => {
  if (!compressible.test(value)) return value;
  const length = value.length;
  const out = output(length);
  let o = 0;
  let changed = false;
  let inside = false;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i) & 255;
    const isWhite = isSpace(code);
    if (isWhite) {
      if (!inside) out[o++] = 32;
      if (inside || code !== 32) changed = true;
    } else out[o++] = code;
    inside = isWhite;
  }
  return changed ? out.toString('latin1', 0, o) : value;
});
