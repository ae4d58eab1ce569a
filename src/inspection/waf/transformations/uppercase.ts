// t:uppercase: ASCII letters to upper case. Bytes above 0x7F stay.
import { charClass, output, transformation } from './contract.ts';

export const uppercase = transformation('uppercase', charClass.letter, (value) => {
  const length = value.length;
  const out = output(length);
  let changed = false;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    if (code >= 97 && code <= 122) { out[i] = code - 32; changed = true; } else out[i] = code;
  }
  return changed ? out.toString('latin1', 0, length) : value;
});
