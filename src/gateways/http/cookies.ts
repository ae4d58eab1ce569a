// Cookies of a request, parsed when first asked for (RFC 6265 section 5.4, read the way servers do). Values are not decoded
// and keep their quotes; a part without `=` is a cookie without a name. Set-Cookie is in rewriting-cookies.ts.

function skipSpace(text: string, from: number, end: number): number {
  let i = from;
  while (i < end && (text.charCodeAt(i) === 32 || text.charCodeAt(i) === 9)) i++;
  return i;
}

function skipSpaceBack(text: string, from: number, start: number): number {
  let i = from;
  while (i > start && (text.charCodeAt(i - 1) === 32 || text.charCodeAt(i - 1) === 9)) i--;
  return i;
}

/** The cookies of one request, in order, over all of its Cookie lines. Reused: `clear`, then `read` for each line. */
export class RequestCookies {
  readonly names: string[] = [];
  readonly values: string[] = [];
  /** True when there were more than the maximum: the rest was not read, and the request should be refused. */
  overflow = false;
  readonly #maximum: number;

  constructor(maximum: number) { this.#maximum = maximum; }

  clear(): void {
    this.names.length = 0;
    this.values.length = 0;
    this.overflow = false;
  }

  /** Reads the value of one Cookie line. */
  read(line: string): void {
    let start = 0;
    while (start <= line.length) {
      let end = line.indexOf(';', start);
      if (end < 0) end = line.length;
      const from = skipSpace(line, start, end);
      const to = skipSpaceBack(line, end, from);
      if (to > from) {
        if (this.names.length === this.#maximum) { this.overflow = true; return; }
        const equals = line.indexOf('=', from);
        if (equals < 0 || equals >= to) {
          this.names.push('');
          this.values.push(line.slice(from, to));
        } else {
          this.names.push(line.slice(from, skipSpaceBack(line, equals, from)));
          this.values.push(line.slice(skipSpace(line, equals + 1, to), to));
        }
      }
      start = end + 1;
    }
  }
}
