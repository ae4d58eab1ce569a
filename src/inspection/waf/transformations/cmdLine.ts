// t:cmdLine: what a shell ignores: \ " ' ^ vanish, spaces before / and ( vanish, , and ; are spaces, runs of white space
// are one space, letters are lower case.
import { charClass, output, transformation } from './contract.ts';

const triggers = charClass.backslash | charClass.quote | charClass.caret | charClass.space | charClass.separator | charClass.upper;

/** What the transformation would change; V8 finds it faster than the rewriting loop runs. */
const changeable = /["'\\^,;A-Z\t\n\r]| [ (/]/;

export const cmdLine = transformation('cmdLine', triggers, (value) => {
  if (!changeable.test(value)) return value;
  const length = value.length;
  const out = output(length);
  let o = 0;
  let space = false;
  let changed = false;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    switch (code) {
      case 34: case 39: case 92: case 94:
        break;
      case 32: case 44: case 59: case 9: case 10: case 13:
        if (!space) { out[o++] = 32; space = true; }
        if (code !== 32) changed = true;
        break;
      case 40: case 47:
        if (space) { o--; changed = true; }
        out[o++] = code;
        space = false;
        break;
      default:
        if (code >= 65 && code <= 90) { out[o++] = code | 32; changed = true; } else out[o++] = code;
        space = false;
    }
  }
  return changed || o !== length ? out.toString('latin1', 0, o) : value;
});
