// Reads lines of an FTP control connection, which is a Telnet NVT (RFC 959 section 3.2.1, RFC 1123 section 4.1.2.12):
// CRLF ends a line, CR NUL is a CR (RFC 2640 section 3.1), Telnet sequences are taken out and answered, never passed on.
// Works from the first byte of the stream and never looks for a place to start again: after a fault nothing more is read.
//
// TCP's urgent byte does not reach a program that reads as we do: of `IAC IP IAC DM` the DM or an IAC can be missing. So
// at the start of a line a lone DM is skipped, and an IAC that stands before a letter. Both only there.
import { NEED_MORE, VIOLATION, type CodecSide } from './messages.ts';
import type { FtpLimits } from './limits.ts';
import { ftpLimit, ftpViolation, type FtpFault, type FtpViolationName } from './violations.ts';

const cr = 13;
const lf = 10;
const iac = 255;
const dataMark = 242;
const will = 251;
const wont = 252;
const doOption = 253;
const dont = 254;
const subnegotiation = 250;
const subnegotiationEnd = 240;
/** Telnet commands of two bytes begin here (RFC 1184: EOF, SUSP, ABORT; RFC 885: EOR; RFC 854: the rest). */
const firstPlainCommand = 236;
/** Where lines are gathered that come whole: nothing is kept of them, so that all readers share it. Larger ones grow. */
const shared = Buffer.allocUnsafeSlow(1024);
/** The first buffer of a reader's own, for a line whose rest has not come yet. Outside of Node's pool: a reader lives as long as its
 *  session, and would hold 64 KiB of the pool by it. */
const ownLineBytes = 512;

type State = 'data' | 'cr' | 'iac' | 'option' | 'sub' | 'sub-iac';

function isLetter(byte: number): boolean {
  const lower = byte | 32;
  return lower >= 97 && lower <= 122;
}

export class LineReader {
  fault: FtpFault | undefined = undefined;
  /** What Telnet wants to be told: every offer is refused. Latin1; the reader's owner sends and clears it. */
  answers = '';
  #line = shared;
  #length = 0;
  #state: State = 'data';
  #command = 0;
  #lfMayFollow = false;
  #telnetCommands = 0;
  #subBytes = 0;
  /** Bytes of the stream so far, for offsets of faults. */
  #offset = 0;
  readonly #side: CodecSide;
  readonly #limits: FtpLimits;
  readonly #maxBytes: number;

  constructor(side: CodecSide, limits: FtpLimits) {
    this.#side = side;
    this.#limits = limits;
    this.#maxBytes = side === 'client' ? limits.maxCommandBytes : limits.maxReplyLineBytes;
  }

  /** Bytes of an unfinished line or Telnet sequence. */
  get pendingBytes(): number {
    return this.#length + (this.#state === 'data' ? 0 : 1);
  }

  /** The line that `push` finished, latin1. */
  text = '';

  /** Offset just behind a line's LF, NEED_MORE or VIOLATION. */
  push(bytes: Buffer, start: number, end: number): number {
    if (this.fault !== undefined) return VIOLATION;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      this.#offset++;
      if (this.#state === 'cr' && byte === lf) {
        this.#state = 'data';
        this.text = this.#line.toString('latin1', 0, this.#length);
        this.#length = 0;
        this.#line = shared;
        return at + 1;
      }
      if (this.#state === 'data') this.#data(byte);
      else this.#special(byte);
      if (this.fault !== undefined) return VIOLATION;
    }
    if (this.#length > 0 && this.#line === shared) this.#keep(ownLineBytes);
    return NEED_MORE;
  }

  /** What there is of the line, in a buffer of the reader's own. */
  #keep(bytes: number): void {
    const own = Buffer.allocUnsafeSlow(Math.max(bytes, this.#length));
    this.#line.copy(own, 0, 0, this.#length);
    this.#line = own;
  }

  /** Takes a line of which only the LF is missing: TCP's urgent byte, lost (Python's ftplib sends ABOR so). Should it still come,
   *  it is skipped. */
  takeWithoutLf(line: string): boolean {
    if (this.#state !== 'cr' || this.fault !== undefined || this.#line.toString('latin1', 0, this.#length).toUpperCase() !== line) return false;
    this.#state = 'data';
    this.#length = 0;
    this.#line = shared;
    this.#lfMayFollow = true;
    return true;
  }

  #data(byte: number): void {
    const lfMayFollow = this.#lfMayFollow;
    this.#lfMayFollow = false;
    if (lfMayFollow && byte === lf) return;
    // A protocol of bytes begins so (TLS: 0x16), and no command of a client.
    if (byte < 32 && this.#offset === 1 && this.#side === 'client' && byte !== cr && byte !== lf) {
      this.#refuse('other-protocol');
      return;
    }
    if (byte === cr) this.#state = 'cr';
    else if (byte === iac) this.#state = 'iac';
    else if (byte === lf) this.#refuse('bare-lf');
    else if (byte === 0) this.#refuse('nul');
    else if (byte === dataMark && this.#length === 0) this.#countTelnet();
    else if (byte < 32 || byte === 127) {
      // In text for people a server may say what it likes; nothing of it reaches a terminal.
      if (this.#side === 'client') this.#refuse('control-byte');
      else this.#append(byte === 9 ? 32 : 63);
    } else this.#append(byte);
  }

  #special(byte: number): void {
    switch (this.#state) {
      case 'cr':
        if (byte === 0) {
          this.#append(cr);
          this.#state = 'data';
        } else this.#refuse('bare-cr');
        return;
      case 'iac': this.#afterIac(byte); return;
      case 'option':
        this.#state = 'data';
        // RFC 854: an NVT that wants no option refuses each offer and says nothing to a refusal.
        if (this.#command === doOption) this.answers += String.fromCharCode(iac, wont, byte);
        else if (this.#command === will) this.answers += String.fromCharCode(iac, dont, byte);
        return;
      case 'sub':
        if (byte === iac) this.#state = 'sub-iac';
        else if (++this.#subBytes > this.#limits.maxSubnegotiationBytes) this.#limit('maxSubnegotiationBytes', this.#subBytes);
        return;
      default:
        if (byte === subnegotiationEnd) this.#state = 'data';
        else if (byte === iac) this.#state = 'sub';
        else this.#refuse('telnet-broken');
    }
  }

  #afterIac(byte: number): void {
    if (byte === iac) {
      this.#state = 'data';
      this.#append(iac);
    } else if (byte >= will) {
      this.#state = 'option';
      this.#command = byte;
      this.#countTelnet();
    } else if (byte === subnegotiation) {
      this.#state = 'sub';
      this.#subBytes = 0;
      this.#countTelnet();
    } else if (byte >= firstPlainCommand) {
      this.#state = 'data';
      this.#countTelnet();
    } else if (this.#length === 0 && isLetter(byte)) {
      this.#state = 'data';
      this.#countTelnet();
      this.#append(byte);
    } else this.#refuse('telnet-broken');
  }

  #countTelnet(): void {
    if (++this.#telnetCommands > this.#limits.maxTelnetCommands) this.#limit('maxTelnetCommands', this.#telnetCommands);
  }

  #append(byte: number): void {
    if (this.#length >= this.#maxBytes) {
      this.#limit(this.#side === 'client' ? 'maxCommandBytes' : 'maxReplyLineBytes', this.#length + 1);
      return;
    }
    if (this.#length === this.#line.length) this.#keep(this.#line.length * 2);
    this.#line[this.#length++] = byte;
  }

  #refuse(name: FtpViolationName): void {
    this.fault = ftpViolation(name, this.#side, this.#offset - 1);
  }

  #limit(name: keyof FtpLimits, seen: number): void {
    this.fault = ftpLimit(name, this.#limits[name], seen, this.#side);
  }

  /** Owner's own: a fault that it found in the line. */
  refuse(name: FtpViolationName): number {
    this.#refuse(name);
    return VIOLATION;
  }
}
