// application/x-www-form-urlencoded bodies and query strings (WHATWG URL, 5.1, without its UTF-8 step: bytes stay bytes).
import { decodeUrl } from '../transformations/urlDecode.ts';
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
