// t:removeWhitespace and t:compressWhitespace: isspace() of the C locale and the no-break space 0xA0.
import { charClass, output, transformation } from './contract.ts';

function isWhite(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 160;
}

export const removeWhitespace = transformation('removeWhitespace', charClass.space | charClass.high, (value) => {
  const out = output(value.length);
  let o = 0;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (!isWhite(code)) out[o++] = code;
  }
  return o === value.length ? value : out.toString('latin1', 0, o);
});

export const compressWhitespace = transformation('compressWhitespace', charClass.space | charClass.high, (value) => {
  const out = output(value.length);
  let o = 0;
  let changed = false;
  let inside = false;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (!isWhite(code)) { out[o++] = code; inside = false; continue; }
    if (!inside) out[o++] = 32;
    if (inside || code !== 32) changed = true;
    inside = true;
  }
  return changed ? out.toString('latin1', 0, o) : value;
});
