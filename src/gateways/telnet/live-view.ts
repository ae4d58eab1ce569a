// The last output of a session for somebody who watches it: read in pieces by position, forgotten when nobody asks any more.
// Read-only by construction: nothing leads from here to either side.

const keptBytes = 64 * 1024;
const keptForMs = 30_000;

export class LiveView {
  #ring: Buffer | undefined = undefined;
  /** Bytes shown since watching began. */
  #position = 0;
  #askedMs = 0;

  /** Somebody has asked lately. */
  watched(nowMs: number): boolean { return this.#ring !== undefined && nowMs - this.#askedMs <= keptForMs; }

  output(bytes: Uint8Array, start: number, end: number, nowMs: number): void {
    const ring = this.#ring;
    if (ring === undefined) return;
    if (!this.watched(nowMs)) {
      this.#ring = undefined;
      return;
    }
    for (let at = Math.max(start, end - keptBytes); at < end; at++) ring[(this.#position + at - start) % keptBytes] = bytes[at]!;
    this.#position += end - start;
  }

  /** What was shown since a position ('' for now), as JSON: `next` to ask with, `missed` bytes, `data` in base64. */
  read(from: string, nowMs: number, window: { columns: number; rows: number }): string {
    this.#askedMs = nowMs;
    const ring = this.#ring ??= Buffer.alloc(keptBytes);
    const asked = /^\d{1,15}$/.test(from) ? Math.min(Number(from), this.#position) : this.#position;
    const first = Math.max(asked, this.#position - keptBytes);
    const piece = Buffer.alloc(this.#position - first);
    for (let at = first; at < this.#position; at++) piece[at - first] = ring[at % keptBytes]!;
    return JSON.stringify({ next: this.#position, missed: first - asked, ...window, data: piece.toString('base64') });
  }
}
