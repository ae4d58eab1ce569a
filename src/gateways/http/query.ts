// Query parameters of a request, parsed when first asked for. `&` separates, the first `=` splits, `+` is a space and %XX a
// byte (WHATWG URL, application/x-www-form-urlencoded); bytes that form UTF-8 are read as such, others as Latin-1, and a
// broken escape stays as it is. For matching and variables only: what is forwarded is the query as received.
import { isUtf8 } from 'node:buffer';

/** The value of a hexadecimal digit, or -1. */
function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** Decodes one name or value. Never throws. */
export function decodeComponent(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  let bytes = '';
  let beyondAscii = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 43) { bytes += ' '; continue; }
    if (code === 37 && i + 2 < text.length) {
      const high = hexValue(text.charCodeAt(i + 1));
      const low = hexValue(text.charCodeAt(i + 2));
      if (high >= 0 && low >= 0) {
        if (high >= 8) beyondAscii = true;
        bytes += String.fromCharCode(high * 16 + low);
        i += 2;
        continue;
      }
    }
    if (code >= 0x80) beyondAscii = true;
    bytes += text[i] as string;
  }
  if (!beyondAscii) return bytes;
  const raw = Buffer.from(bytes, 'latin1');
  return isUtf8(raw) ? raw.toString('utf8') : bytes;
}

/** The parameters of one query, in order. Reused: `read` begins anew. */
export class QueryParameters {
  readonly names: string[] = [];
  readonly values: string[] = [];
  /** True when there were more than the maximum: the rest was not read, and the request should be refused. */
  overflow = false;
  readonly #maximum: number;

  constructor(maximum: number) { this.#maximum = maximum; }

  /** `query` without the question mark. Empty parts (`a&&b`) count for nothing. */
  read(query: string | undefined): void {
    this.names.length = 0;
    this.values.length = 0;
    this.overflow = false;
    if (query === undefined || query === '') return;
    let start = 0;
    while (start <= query.length) {
      let end = query.indexOf('&', start);
      if (end < 0) end = query.length;
      if (end > start) {
        if (this.names.length === this.#maximum) { this.overflow = true; return; }
        const equals = query.indexOf('=', start);
        const split = equals < 0 || equals > end ? end : equals;
        this.names.push(decodeComponent(query.slice(start, split)));
        this.values.push(split === end ? '' : decodeComponent(query.slice(split + 1, end)));
      }
      start = end + 1;
    }
  }
}
