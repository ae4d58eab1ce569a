// Reads the leading members of an encoded record without parsing it: id, session, client, service, outcome, kind, status and
// duration stand before everything that a peer can make long. For block indexes and statistics, where parsing would
// cost several times as much. Trusts nothing: a forged line yields wrong fields of that line, never a throw.
import { Buffer } from 'node:buffer';

/** The members from `service` to `zone`, which repeat from line to line: compared as one piece instead of read. */
interface RepeatingPiece { text: string; service: string; outcome: string; kind: string }

const maximumPieces = 6;

/** Hears of each line: the scanner has its fields. */
export interface LineUser { add(scanner: LineScanner, text: string): void }

/** A copy that does not keep the block alive which it was cut from. */
function copied(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

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

  readonly #pieces: RepeatingPiece[] = [];
  #nextPiece = 0;

  /** Scans every line of `text` and tells of each. */
  scanLines(text: string, ...users: readonly LineUser[]): void {
    for (let start = 0; start < text.length;) {
      let end = text.indexOf('\n', start);
      if (end < 0) end = text.length;
      this.scan(text, start, end);
      for (let at = 0; at < users.length; at++) users[at]!.add(this, text);
      start = end + 1;
    }
  }

  /** Scans the line `text[start..end)`, without its line end. */
  scan(text: string, start: number, end: number): void {
    this.timeMs = 0;
    this.idStart = this.idEnd = 0;
    this.sessionStart = this.sessionEnd = 0;
    this.clientStart = this.clientEnd = 0;
    this.status = 0;
    this.durationMs = 0;
    this.service = '';
    this.outcome = '';
    this.kind = '';
    let pieceStart = 0;
    let at = start + 1;
    while (at < end) {
      // At `"name":`.
      const nameEnd = text.indexOf('"', at + 1);
      if (nameEnd < 0 || nameEnd >= end) break;
      const valueStart = nameEnd + 2;
      const nameLength = nameEnd - at - 1;
      const initial = text.charCodeAt(at + 1);
      if (pieceStart === 0 && beginsPiece(text, at, nameLength, initial)) {
        pieceStart = at;
        const piece = this.#knownPiece(text, at);
        if (piece !== undefined) {
          this.service = piece.service;
          this.outcome = piece.outcome;
          this.kind = piece.kind;
          at += piece.text.length;
          pieceStart = -1;
          continue;
        }
      }
      if (text.charCodeAt(valueStart) !== 0x22) {
        if (pieceStart > 0) {
          this.#learnPiece(text, pieceStart, at);
          pieceStart = -1;
        }
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
          this.service = text.slice(valueStart + 1, valueEnd);
        }
      } else if (nameLength === 6 && initial === 0x63 && text.charCodeAt(at + 2) === 0x6c) {
        this.clientStart = valueStart + 1;
        this.clientEnd = valueEnd;
      } else if (nameLength === 7 && initial === 0x6f) {
        this.outcome = text.slice(valueStart + 1, valueEnd);
      } else if (nameLength === 4 && initial === 0x6b) {
        this.kind = text.slice(valueStart + 1, valueEnd);
      }
      at = valueEnd + 2;
    }
    if (pieceStart >= 0) this.#copyTexts();
  }

  #knownPiece(text: string, at: number): RepeatingPiece | undefined {
    const pieces = this.#pieces;
    for (let number = 0; number < pieces.length; number++) {
      const piece = pieces[number]!;
      if (text.slice(at, at + piece.text.length) === piece.text) return piece;
    }
    return undefined;
  }

  /** The oldest piece makes room. */
  #learnPiece(text: string, start: number, end: number): void {
    this.#copyTexts();
    if (end - start > 400) return;
    this.#pieces[this.#nextPiece] = { text: copied(text.slice(start, end)), service: this.service, outcome: this.outcome, kind: this.kind };
    this.#nextPiece = (this.#nextPiece + 1) % maximumPieces;
  }

  #copyTexts(): void {
    this.service = copied(this.service);
    this.outcome = copied(this.outcome);
    this.kind = copied(this.kind);
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

/** A text member that is none of id, session and client, which differ from line to line and stand before. */
function beginsPiece(text: string, at: number, nameLength: number, initial: number): boolean {
  if (text.charCodeAt(at + nameLength + 3) !== 0x22 || nameLength === 2) return false;
  if (nameLength === 7) return initial !== 0x73 || text.charCodeAt(at + 3) === 0x72;
  return nameLength !== 6 || text.charCodeAt(at + 2) !== 0x6c;
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
