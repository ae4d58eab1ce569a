// Telnet on the way out: data with IAC doubled and CR in its canonical form, commands, negotiations and suboptions.
// Nothing that a peer sent is copied but data. RFC 854 pages 11 and 12, RFC 855, RFC 856.
import { Command } from './messages.ts';

const CR = 13;
const LF = 10;

/** `IAC verb option` as latin1 text. */
export function negotiationText(verb: number, option: number): string { return String.fromCharCode(Command.IAC, verb, option); }

/** `IAC code`. */
export function commandText(code: number): string { return String.fromCharCode(Command.IAC, code); }

/** A whole suboption; `payload` is latin1 text, not escaped yet. */
export function suboptionText(option: number, payload: string): string {
  return `${String.fromCharCode(Command.IAC, Command.SB, option)}${payload.replaceAll('\u00ff', '\u00ff\u00ff')}${String.fromCharCode(Command.IAC, Command.SE)}`;
}

/** Where encoded data goes. */
export interface DataSink { send(bytes: Uint8Array, start: number, end: number): void }

/** Data towards one peer. Remembers a CR at the end of a chunk, so that the pair is right wherever the stream is cut. */
export class DataEncoder {
  /** The data comes from a peer that transmits in binary: a CR stands for itself. */
  fromBinary = false;
  /** The peer to send to has agreed to binary from us. */
  toBinary = false;
  /** The peer to send to has shown that it speaks Telnet: a lone CR is completed to CR NUL (RFC 854 page 11). */
  canonical = false;
  #afterCr = false;

  /** True: nothing in it needs a change, `bytes` may be sent as they are. */
  #plain(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#afterCr) return false;
    let at = bytes.indexOf(Command.IAC, start);
    if (at >= 0 && at < end) return false;
    if (this.fromBinary && this.toBinary) return true;
    at = bytes.indexOf(CR, start);
    return at < 0 || at >= end;
  }

  encode(bytes: Uint8Array, start: number, end: number, sink: DataSink): void {
    if (this.#plain(bytes, start, end)) {
      sink.send(bytes, start, end);
      return;
    }
    const out = Buffer.allocUnsafe((end - start) * 2 + 1);
    let length = 0;
    const both = this.fromBinary && this.toBinary;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      if (this.#afterCr) {
        this.#afterCr = false;
        if (this.toBinary) {
          // NVT to binary: CR NUL stands for CR alone (RFC 1123 section 3.3.1).
          if (byte === 0) continue;
        } else if (this.canonical && byte !== LF && byte !== 0) out[length++] = 0;
      }
      out[length++] = byte;
      if (byte === Command.IAC) out[length++] = byte;
      else if (byte === CR && !both) this.#afterCr = true;
    }
    if (length > 0) sink.send(out, 0, length);
  }
}
