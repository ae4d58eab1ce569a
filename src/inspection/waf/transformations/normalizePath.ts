// t:normalizePath and t:normalizePathWin (and their older spellings): multiple slashes, "./" and "x/../" away;
// the Windows form turns backslashes into slashes first. A leading "../" of a relative path stays. As in ModSecurity a segment that
// merely ends in two dots ("wait..") counts as "..", and a path that does not end in a slash does not get one.
import { charClass, output, transformation } from './contract.ts';

const slash = 47;
const dot = 46;

function needsWork(value: string): boolean {
  return value.includes('//') || value.includes('./') || value.endsWith('.');
}

/** Where the output ends after ".." took the segment before it away. `o` counts one of the two dots already. */
function withoutSegment(out: Buffer, o: number): number {
  let at = o - 3;
  while (at > 0 && out[at] !== slash) at--;
  return Math.max(at, 0);
}

export function normalPath(value: string): string {
  if (!needsWork(value)) return value;
  const last = value.length - 1;
  const out = output(value.length);
  const relative = value.charCodeAt(0) !== slash;
  let above = false;
  let o = 0;
  let i = 0;
  while (i <= last) {
    const code = value.charCodeAt(i);
    const endsSegment = i === last || value.charCodeAt(i + 1) === slash;
    if (endsSegment && code === dot) {
      const before = o > 0 ? out[o - 1]! : slash;
      if (before === dot && relative && (above || o <= 2)) above = true;
      else if (before === dot || before === slash) {
        if (before === dot) {
          o = withoutSegment(out, o);
          above ||= o === 0;
          if (o === 0 && !relative && i === last) o = 1;
        }
        if (i === last) break;
        if (before === slash && o > 0) o--;
        i++;
      }
    } else if (endsSegment && o > 0 && (code !== slash || i === last)) above = false;
    if (value.charCodeAt(i) === slash) {
      while (i < last && value.charCodeAt(i + 1) === slash) i++;
      if (relative && o === 0) { i++; continue; }
    }
    out[o++] = value.charCodeAt(i++);
  }
  if (value.charCodeAt(last) !== slash && o > 0 && out[o - 1] === slash) o--;
  return out.toString('latin1', 0, o);
}

const slashes = charClass.slash | charClass.dot;
const windows = (value: string): string => normalPath(value.includes('\\') ? value.replaceAll('\\', '/') : value);

export const normalizePath = transformation('normalizePath', slashes, normalPath);
export const normalisePath = transformation('normalisePath', slashes, normalPath);
export const normalizePathWin = transformation('normalizePathWin', slashes | charClass.backslash, windows);
export const normalisePathWin = transformation('normalisePathWin', slashes | charClass.backslash, windows);
