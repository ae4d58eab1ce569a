// t:urlEncode: everything but letters, digits and "*" as %xx, space as "+".
import { always, output, transformation } from './contract.ts';

const digits = '0123456789abcdef';

export const urlEncode = transformation('urlEncode', always, (value) => {
  const out = output(value.length * 3);
  let o = 0;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    const plain = code === 42 || (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
    if (code === 32) out[o++] = 43;
    else if (plain) out[o++] = code;
    else { out[o++] = 37; out[o++] = digits.charCodeAt(code >> 4); out[o++] = digits.charCodeAt(code & 15); }
  }
  return out.toString('latin1', 0, o);
});
