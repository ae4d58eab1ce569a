// Bytes of a transfer that are not passed on yet: all of them while a held file is gathered, what comes before the other side stands,
// and the newest ones while an inspector has not had its last word. Copies what it keeps; decides nothing.
import type { Link } from '#contract/link.ts';

/** So much of what has come waits for the inspector's last word, at most. */
const withheldBytes = 4096;

export class HeldBytes {
  /** Taken in, sent on or not. */
  bytes = 0;
  #pieces: Buffer[] = [];

  add(bytes: Buffer, start: number, end: number): void {
    this.bytes += end - start;
    this.#pieces.push(Buffer.from(bytes.subarray(start, end)));
  }

  drop(): void { this.#pieces = []; }

  /** Sends what is held, in order. False: what is left waits until the link has drained. */
  sendTo(link: Link): boolean {
    while (this.#pieces.length > 0) {
      const piece = this.#pieces.shift()!;
      if (!link.send(piece, 0, piece.length)) return false;
    }
    return true;
  }

  /** Sends all that is held, at once: what is little. False: the link wants to drain before it is given more. */
  sendAllTo(link: Link): boolean {
    let free = true;
    for (const piece of this.#pieces) free = link.send(piece, 0, piece.length);
    this.#pieces = [];
    return free;
  }

  /** Sends what is held and what has come now, but for its end. False: the link wants to drain before it is given more. */
  passAllButLast(link: Link, bytes: Buffer, start: number, end: number): boolean {
    const last = Math.max(start, end - withheldBytes);
    let free = this.sendAllTo(link);
    if (last > start) free = link.send(bytes, start, last);
    this.#pieces = [Buffer.from(bytes.subarray(last, end))];
    return free;
  }
}
