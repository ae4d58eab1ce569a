// The body of a response while the firewall looks at it: held back, decoded, up to the inspection's limit. Does not decide
// what becomes of it (response-relay.ts).
import { CHUNK_DATA, CHUNK_DONE, CHUNK_MORE, type ChunkedDecoder } from '#codecs/http1/index.ts';
import type { WebInspection, WebVerdict } from '#contract/web-inspection.ts';

export class ResponseHold {
  length = 0;
  /** All of it is here. */
  complete = false;
  verdict: WebVerdict | undefined = undefined;
  readonly #inspection: WebInspection;
  readonly #pieces: Buffer[] = [];

  constructor(inspection: WebInspection) {
    this.#inspection = inspection;
  }

  /** More will not be looked at. */
  get full(): boolean { return this.#inspection.responseBodyFull; }

  add(bytes: Buffer, start: number, end: number): void {
    if (start === end) return;
    this.length += end - start;
    this.#pieces.push(Buffer.from(bytes.subarray(start, end)));
    this.verdict ??= this.#inspection.responseBody(bytes, start, end);
  }

  /** Where the bytes begin that are not the body's, or -1 when the chunks are broken. */
  addChunks(decoder: ChunkedDecoder, bytes: Buffer, start: number, end: number): number {
    let at = start;
    for (;;) {
      const state = decoder.feed(bytes, at, end);
      at = decoder.position;
      if (state === CHUNK_DATA) this.add(bytes, decoder.dataStart, decoder.dataEnd);
      else if (state === CHUNK_MORE) return end;
      else if (state === CHUNK_DONE) {
        this.complete = true;
        return at;
      } else return -1;
    }
  }

  take(): Buffer { return this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces); }
}
