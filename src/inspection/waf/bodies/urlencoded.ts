// application/x-www-form-urlencoded bodies and query strings (WHATWG URL, 5.1, without its UTF-8 step: bytes stay bytes).
import { decodeUrl } from '../transformations/urlDecode.ts';
import { notUtf8At } from './charset.ts';
import { emptyResult, type BodyLimits, type BodyResult, type Pairs } from './contract.ts';

/** Adds the pairs of `text` to `into`; returns false when there were more than `maxArguments`. */
export function parsePairs(text: string, separator: string, into: Pairs, maxArguments: number): boolean {
  let from = 0;
  const length = text.length;
  while (from < length) {
    let end = text.indexOf(separator, from);
    if (end < 0) end = length;
    if (end > from) {
      if (into.keys.length >= maxArguments) return false;
      let equals = text.indexOf('=', from);
      if (equals < 0 || equals > end) equals = end;
      into.add(decodeUrl(text.slice(from, equals)), equals < end ? decodeUrl(text.slice(equals + 1, end)) : '');
    }
    from = end + 1;
  }
  return true;
}

export function parseUrlencoded(text: string, separator: string, limits: BodyLimits): BodyResult {
  const result = emptyResult();
  if (!parsePairs(text, separator, result.args, limits.maxArguments)) result.error = `more than ${limits.maxArguments} arguments`;
  return result;
}

/** No browser and no library leaves such bytes in a field's name, and no application asks for one. */
const unnamed = /[\x00-\x1f\x7f]/;

/**
 * A body of no type, as a server reads it that takes it for a form: the pieces that a field could be. What has no "=", or a name
 * of control bytes or broken UTF-8, is text or binary and no field that an application knows.
 */
export function parseLikelyForm(text: string, separator: string, limits: BodyLimits): BodyResult {
  const result = emptyResult();
  let from = 0;
  for (let equals = text.indexOf('='); equals >= 0; equals = text.indexOf('=', from)) {
    const start = Math.max(from, text.lastIndexOf(separator, equals - 1) + 1);
    const next = text.indexOf(separator, equals);
    const end = next < 0 ? text.length : next;
    from = end + 1;
    const name = text.slice(start, equals);
    if (unnamed.test(name) || notUtf8At(name) >= 0) continue;
    if (result.args.keys.length >= limits.maxArguments) { result.error = `more than ${limits.maxArguments} arguments`; break; }
    result.args.add(decodeUrl(name), decodeUrl(text.slice(equals + 1, end)));
  }
  return result;
}
