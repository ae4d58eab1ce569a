// Lines that came in one piece with their Enter, waiting for the host to show them or not: only then is it known whether what
// was typed is a secret. Decides with the first line of output behind the Enter, and for a secret when in doubt.
import type { TypedLine } from './line-tracker.ts';

interface Waiting { readonly line: TypedLine; readonly decided: (line: TypedLine) => void }

export class LateEcho {
  #waiting: Waiting[] = [];
  #output = '';

  get empty(): boolean { return this.#waiting.length === 0; }

  /** Calls `decided` at once when there is nothing to wait for. */
  add(line: TypedLine, decided: (line: TypedLine) => void): void {
    if (!line.undecided) decided(line);
    else this.#waiting.push({ line, decided });
  }

  output(bytes: Uint8Array, start: number, end: number): void {
    while (this.#waiting.length > 0) {
      const { line } = this.#waiting[0]!;
      const wanted = Buffer.from(line.typed, 'utf8').toString('latin1');
      if (end > start) this.#output += Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(end - start, 4096)).toString('latin1');
      start = end;
      const found = this.#output.indexOf(wanted);
      const newline = this.#output.search(/[\r\n]/);
      if (found >= 0) this.#decide(false, found + wanted.length);
      // What the row shows may be the line behind it already: that one is told by it.
      else if (newline >= 0) this.#decide(true, this.#showsNext(newline) ? 0 : newline + 1);
      else if (this.#output.length > wanted.length + 64) this.#decide(true, this.#output.length);
      else return;
    }
    this.#output = '';
  }

  #showsNext(end: number): boolean {
    const next = this.#waiting[1]?.line.typed ?? '';
    return next !== '' && this.#output.lastIndexOf(Buffer.from(next, 'utf8').toString('latin1'), end) >= 0;
  }

  #decide(secret: boolean, used: number): void {
    const { line, decided } = this.#waiting.shift()!;
    this.#output = this.#output.slice(used);
    decided({ ...line, secret, undecided: false });
  }

  /** No more output: what is not decided is a secret. */
  close(): void { while (this.#waiting.length > 0) this.#decide(true, 0); }
}
