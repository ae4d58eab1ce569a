// t:replaceComments, t:removeComments, t:removeCommentsChar: what SQL, C, shell and HTML take for a comment.
import { charClass, output, transformation } from './contract.ts';

/** Each C comment becomes one space, an unterminated one too; a lone end mark stays. */
export const replaceComments = transformation('replaceComments', charClass.star, (value) => {
  let at = value.indexOf('/*');
  if (at < 0) return value;
  const out = output(value.length + 1);
  let o = 0;
  let from = 0;
  while (at >= 0) {
    o += out.write(value.slice(from, at), o, 'latin1');
    out[o++] = 32;
    const end = value.indexOf('*/', at + 2);
    if (end < 0) return out.toString('latin1', 0, o);
    from = end + 2;
    at = value.indexOf('/*', from);
  }
  o += out.write(value.slice(from), o, 'latin1');
  return out.toString('latin1', 0, o);
});

const commentTriggers = charClass.star | charClass.dash | charClass.hash | charClass.angle;

/** Comments of C and HTML vanish, one without an end leaves a space; "--" and "#" end the value. */
export const removeComments = transformation('removeComments', commentTriggers, (value) => {
  const out = output(value.length);
  let o = 0;
  let i = 0;
  while (i < value.length) {
    const code = value.charCodeAt(i);
    const mark = code === 47 && value.charCodeAt(i + 1) === 42 ? '*/' : code === 60 && value.startsWith('<!--', i) ? '-->' : '';
    if (mark !== '') {
      const end = value.indexOf(mark, i + (mark === '*/' ? 2 : 4));
      if (end < 0) { out[o++] = 32; break; }
      i = end + mark.length;
    } else if (code === 35 || (code === 45 && value.charCodeAt(i + 1) === 45)) break;
    else { out[o++] = code; i++; }
  }
  return i === o ? value.slice(0, o) : out.toString('latin1', 0, o);
});

/** The comment marks vanish, what they enclose stays: slash-star, star-slash, "--", "#", "<!--", "-->". */
export const removeCommentsChar = transformation('removeCommentsChar', commentTriggers, (value) => {
  const out = output(value.length);
  let o = 0;
  let i = 0;
  while (i < value.length) {
    const code = value.charCodeAt(i);
    const next = i + 1 < value.length ? value.charCodeAt(i + 1) : 0;
    if ((code === 47 && next === 42) || (code === 42 && next === 47)) i += 2;
    else if (code === 60 && value.startsWith('<!--', i)) i += 4;
    else if (code === 45 && value.startsWith('-->', i)) i += 3;
    else if (code === 45 && next === 45) i += 2;
    else if (code === 35) i++;
    else { out[o++] = code; i++; }
  }
  return o === value.length ? value : out.toString('latin1', 0, o);
});
