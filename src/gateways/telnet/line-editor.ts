// A line typed to the gateway itself: at its login and host prompts. Erase, kill and interrupt, with or without echo.
// Knows nothing of sessions.

const BS = 8;
const DEL = 127;
const KILL = 21;
const INTERRUPT = 3;
const END = 4;

export interface EditedLine {
  /** '' until Enter. */
  line(text: string): void;
  interrupted(): void;
  /** To show on the terminal. */
  echo(text: string): void;
}

export class LineEditor {
  readonly #maxLength: number;
  #text = '';
  /** A CR came last: an LF or NUL behind it belongs to it (RFC 854 page 11). */
  #afterCr = false;

  constructor(maxLength = 256) { this.#maxLength = maxLength; }

  /** Whether the byte that follows is the second of the last Enter: asked once, by whoever reads on. */
  second(byte: number): boolean {
    const second = this.#afterCr && (byte === 10 || byte === 0);
    this.#afterCr = false;
    return second;
  }

  /** Reads up to and including one Enter; answers where it stopped. */
  push(bytes: Buffer, start: number, end: number, hidden: boolean, owner: EditedLine): number {
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      const second = this.#afterCr && (byte === 10 || byte === 0);
      this.#afterCr = byte === 13;
      if (second) continue;
      if (byte === 13 || byte === 10) {
        const text = this.#text;
        this.#text = '';
        owner.echo('\r\n');
        owner.line(text);
        return at + 1;
      }
      if (byte === INTERRUPT || (byte === END && this.#text === '')) {
        owner.interrupted();
        return at + 1;
      }
      this.#key(byte, hidden, owner);
    }
    return end;
  }

  #key(byte: number, hidden: boolean, owner: EditedLine): void {
    if (byte === BS || byte === DEL) {
      if (this.#text !== '' && !hidden) owner.echo('\b \b');
      this.#text = this.#text.slice(0, -1);
    } else if (byte === KILL) {
      if (!hidden) owner.echo('\b \b'.repeat(this.#text.length));
      this.#text = '';
    } else if (byte >= 32 && this.#text.length < this.#maxLength) {
      this.#text += String.fromCharCode(byte);
      if (!hidden && byte < 127) owner.echo(String.fromCharCode(byte));
    }
  }
}
