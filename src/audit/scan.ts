// Reads the leading members of an encoded record without parsing it: id, session, client, service, outcome, kind, status and
// duration stand before everything that a peer can make long. For block indexes and statistics, where parsing would
// cost ten times as much. Trusts nothing: a forged line yields wrong fields of that line, never a throw.

/** Fields of the line that was scanned last; texts as they stand in the line, still escaped; '' and 0 when absent. */
export class LineScanner {
  timeMs = 0;
  idStart = 0;
  idEnd = 0;
  sessionStart = 0;
  sessionEnd = 0;
  clientStart = 0;
  clientEnd = 0;
  service = '';
  outcome = '';
  kind = '';
  status = 0;
  durationMs = 0;

  /** Scans the line `text[start..end)`, without its line end. */
  scan(text: string, start: number, end: number): void {
    this.timeMs = 0;
    this.idStart = this.idEnd = 0;
    this.sessionStart = this.sessionEnd = 0;
    this.clientStart = this.clientEnd = 0;
    this.status = 0;
    this.durationMs = 0;
    let hasService = false;
    let at = start + 1;
    while (at < end) {
      // At `"name":`.
      const nameEnd = text.indexOf('"', at + 1);
      if (nameEnd < 0 || nameEnd >= end) break;
      const valueStart = nameEnd + 2;
      const nameLength = nameEnd - at - 1;
      const initial = text.charCodeAt(at + 1);
      if (text.charCodeAt(valueStart) !== 0x22) {
        at = this.#number(text, valueStart, end, nameLength, initial);
        if (nameLength === 2 && initial === 0x6d) break;
        continue;
      }
      const valueEnd = stringEnd(text, valueStart + 1, end);
      if (nameLength === 2 && initial === 0x69) {
        this.idStart = valueStart + 1;
        this.idEnd = valueEnd;
      } else if (nameLength === 7 && initial === 0x73) {
        if (text.charCodeAt(at + 3) === 0x73) {
          this.sessionStart = valueStart + 1;
          this.sessionEnd = valueEnd;
        } else {
          hasService = true;
          this.service = same(this.service, text, valueStart + 1, valueEnd);
        }
      } else if (nameLength === 6 && initial === 0x63 && text.charCodeAt(at + 2) === 0x6c) {
        this.clientStart = valueStart + 1;
        this.clientEnd = valueEnd;
      } else if (nameLength === 7 && initial === 0x6f) {
        this.outcome = same(this.outcome, text, valueStart + 1, valueEnd);
      } else if (nameLength === 4 && initial === 0x6b) {
        this.kind = same(this.kind, text, valueStart + 1, valueEnd);
      }
      at = valueEnd + 2;
    }
    if (!hasService) this.service = '';
  }

  /** Reads a number member; returns where the next name starts. */
  #number(text: string, start: number, end: number, nameLength: number, initial: number): number {
    let whole = 0;
    let at = start;
    let code = 0;
    for (; at < end; at++) {
      code = text.charCodeAt(at) - 48;
      if (code < 0 || code > 9) break;
      whole = whole * 10 + code;
    }
    if (code === -2) {
      let unit = 0.1;
      for (at++; at < end; at++) {
        code = text.charCodeAt(at) - 48;
        if (code < 0 || code > 9) break;
        whole += code * unit;
        unit /= 10;
      }
    }
    if (nameLength === 4 && initial === 0x74) this.timeMs = whole;
    else if (nameLength === 6 && initial === 0x73) this.status = whole;
    else if (nameLength === 2 && initial === 0x6d) this.durationMs = whole;
    return at + 1;
  }
}

/** The text, as the same string object as before when it has not changed: most do not. */
function same(before: string, text: string, start: number, end: number): string {
  return end - start === before.length && text.startsWith(before, start) ? before : text.slice(start, end);
}

/** The closing quote of the string that starts at `at`. */
function stringEnd(text: string, at: number, end: number): number {
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0 || quote >= end) return end;
    let slashes = 0;
    while (quote - slashes > at && text.charCodeAt(quote - slashes - 1) === 0x5c) slashes++;
    if (slashes % 2 === 0) return quote;
    at = quote + 1;
  }
}
