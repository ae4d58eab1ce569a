// Records on their way from worker to store: lines of printable ASCII as bytes, outside the heap. As strings, blocks of some
// 100 KiB were large objects of the collector, and marking them was two fifths of what the supervisor did.
// Reading them makes short-lived text of a piece at a time. Does not know what stands in a line.
import { Buffer } from 'node:buffer';

/** Text of a piece: far below what V8 takes for a large object. */
const pieceBytes = 32 * 1024;
const lineEnd = 0x0a;

function viewOf(lines: Uint8Array): Buffer {
  return Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength);
}

/** In memory of their own, so that they can be given away. */
export function linesOf(text: string): Uint8Array {
  const lines = Buffer.allocUnsafeSlow(text.length);
  lines.write(text, 'latin1');
  return lines;
}

export function textOf(lines: Uint8Array): string {
  return viewOf(lines).toString('latin1');
}

/** All of it in memory of its own: the same object where it is so already. */
export function ownLines(lines: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = lines;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? lines as Uint8Array<ArrayBuffer> : new Uint8Array(lines);
}

/** With a line end behind the last line. */
export function endedLines(lines: Uint8Array): Uint8Array {
  if (lines.length === 0 || lines[lines.length - 1] === lineEnd) return lines;
  const ended = new Uint8Array(lines.length + 1);
  ended.set(lines);
  ended[lines.length] = lineEnd;
  return ended;
}

/** Calls back with whole lines, about `pieceBytes` of them at a time. */
export function eachPiece(lines: Uint8Array, take: (text: string) => void): void {
  const view = viewOf(lines);
  for (let start = 0; start < view.length;) {
    let end = view.length;
    if (end - start > pieceBytes) {
      const last = view.lastIndexOf(lineEnd, start + pieceBytes - 1);
      const found = last >= start ? last : view.indexOf(lineEnd, start + pieceBytes);
      if (found >= 0) end = found + 1;
    }
    take(view.toString('latin1', start, end));
    start = end;
  }
}
