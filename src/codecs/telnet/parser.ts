// The Telnet byte machine: a stream cut anywhere in, data, commands, negotiations and whole suboptions out.
// Keeps no data and knows no option; what may pass is the gateway's business. RFC 854, RFC 855, RFC 1123 section 3.2.
//
// The urgent byte. A Synch (RFC 854 page 8) sends DM with TCP urgent notification, and the socket layer below takes the
// urgent byte out of the stream. After an interrupting command (IP, AO, AYT, BRK) the parser therefore expects what is left:
// DM alone (the IAC before it was the urgent byte), or IAC alone (the DM behind it was). A server answers an interrupt with a
// Synch of its own; `expectSynch` says that one may come. What follows the mark begins a chunk.
import type { Side } from '#core/failure.ts';
import { defaultTelnetLimits, type TelnetLimits } from './limits.ts';
import { Command, type NegotiationVerb, type TelnetEvents } from './messages.ts';
import { limitReached, violation } from './violations.ts';

const DATA = 0;
const IAC = 1;
const NEGOTIATION = 2;
const SB_OPTION = 3;
const SB_DATA = 4;
const SB_IAC = 5;

const maxChunksUntilSynch = 8;

/** One suboption is assembled at a time in a process: parsers copy theirs away only when it is cut by the end of a chunk. */
const assembly = Buffer.allocUnsafeSlow(1024);

const lonelyIac = Buffer.from([Command.IAC]);

export class TelnetParser {
  readonly side: Side;
  /** Bytes read since the beginning. */
  offset = 0;
  readonly #limits: TelnetLimits;
  #state = DATA;
  #verb: NegotiationVerb = Command.WILL;
  #option = 0;
  /** Directly behind IP, AO, AYT or BRK: the rest of a Synch may follow. */
  #afterInterrupt = false;
  /** The chunk ended behind an IAC that followed an interrupting command. */
  #iacAtMark = false;
  /** The IAC being looked at follows an interrupting command, or ends a chunk where a Synch may come: its DM may be lost. */
  #lost = false;
  /** Chunks that may still begin with the DM of a Synch without its IAC. */
  #synchChunks = 0;
  /** Unescaped bytes of the current suboption so far, also beyond what is kept. */
  #length = 0;
  /** The beginning of a suboption whose rest comes in the next chunk. */
  #kept: Buffer | undefined = undefined;

  constructor(side: Side, limits: TelnetLimits = defaultTelnetLimits) {
    this.side = side;
    this.#limits = limits;
  }

  /** The peer was interrupted: it may throw its output away and send a Synch (RFC 854 page 9). */
  expectSynch(): void { this.#synchChunks = maxChunksUntilSynch; }

  /** True inside a suboption: for the time limit on it. */
  get inSubnegotiation(): boolean { return this.#state >= SB_OPTION; }

  push(bytes: Buffer, start: number, end: number, events: TelnetEvents): void {
    if (this.#kept !== undefined) {
      this.#kept.copy(assembly);
      this.#kept = undefined;
    }
    let at = start;
    if (this.#synchChunks > 0 && end > start) at = this.#atSynch(bytes, at, events);
    if (this.#iacAtMark) at = this.#behindMark(bytes, at, end, events);
    while (at < end) {
      if (this.#state === DATA) {
        at = this.#data(bytes, at, end, events);
        continue;
      }
      this.#byte(bytes[at]!, bytes, at, start, events);
      at++;
    }
    this.offset += end - start;
    if (this.#state >= SB_DATA && this.#length > 0) this.#kept = Buffer.from(assembly.subarray(0, Math.min(this.#length, this.#limits.maxSubnegotiationBytes)));
  }

  /** A run of data up to the next IAC. */
  #data(bytes: Buffer, at: number, end: number, events: TelnetEvents): number {
    let from = at;
    if (this.#afterInterrupt) {
      this.#afterInterrupt = false;
      if (bytes[from] === Command.DM) {
        // What is left of IAC DM when the IAC was the urgent byte.
        events.command(Command.DM);
        return from + 1;
      }
      if (bytes[from] === Command.IAC) {
        this.#state = IAC;
        this.#iacAtMark = from + 1 === end;
        this.#lost = true;
        return from + 1;
      }
    }
    const found = bytes.indexOf(Command.IAC, from);
    const stop = found < 0 || found >= end ? end : found;
    if (stop > from) events.data(bytes, from, stop);
    from = stop;
    if (from === end) return end;
    this.#state = IAC;
    // The DM of a Synch that may come, if it is the byte that the mark took.
    this.#lost = this.#synchChunks > 0 && from + 1 === end;
    this.#iacAtMark = this.#lost;
    return from + 1;
  }

  #atSynch(bytes: Buffer, at: number, events: TelnetEvents): number {
    this.#synchChunks--;
    if (this.#state !== DATA || bytes[at] !== Command.DM) return at;
    this.#synchChunks = 0;
    events.command(Command.DM);
    return at + 1;
  }

  /** The chunk before ended with IAC behind an interrupting command. When its DM was the urgent byte, another sequence or
   *  data begins here, else this is the command itself. */
  #behindMark(bytes: Buffer, at: number, end: number, events: TelnetEvents): number {
    this.#iacAtMark = false;
    if (at < end && bytes[at] === Command.IAC) {
      events.command(Command.DM);
      this.#state = IAC;
      this.#lost = false;
      return at + 1;
    }
    return at;
  }

  #byte(byte: number, bytes: Buffer, at: number, start: number, events: TelnetEvents): void {
    switch (this.#state) {
      case IAC: this.#command(byte, bytes, at, start, events); break;
      case NEGOTIATION:
        this.#state = DATA;
        events.negotiation(this.#verb, byte);
        break;
      case SB_OPTION:
        this.#option = byte;
        this.#length = 0;
        this.#state = byte === Command.IAC ? this.#malformed(at - start, events) : SB_DATA;
        break;
      case SB_DATA:
        if (byte === Command.IAC) this.#state = SB_IAC;
        else this.#keep(byte, events);
        break;
      default: this.#behindSubIac(byte, bytes, at, start, events);
    }
  }

  #behindSubIac(byte: number, bytes: Buffer, at: number, start: number, events: TelnetEvents): void {
    if (byte === Command.IAC) {
      this.#state = SB_DATA;
      this.#keep(byte, events);
    } else if (byte === Command.SE) {
      this.#state = DATA;
      const length = this.#length;
      this.#length = 0;
      const { maxSubnegotiationBytes } = this.#limits;
      if (length <= maxSubnegotiationBytes) events.subnegotiation(this.#option, assembly, length);
      else if (length <= this.#limits.maxAbandonedBytes) events.fault(limitReached('maxSubnegotiationBytes', maxSubnegotiationBytes, length, this.side));
    } else {
      this.#state = this.#malformed(at - start, events);
      this.#command(byte, bytes, at, start, events);
    }
  }

  #malformed(offset: number, events: TelnetEvents): number {
    this.#length = 0;
    events.fault(violation('subnegotiation-malformed', this.side, this.offset + offset));
    return IAC;
  }

  #keep(byte: number, events: TelnetEvents): void {
    const { maxSubnegotiationBytes, maxAbandonedBytes } = this.#limits;
    const length = ++this.#length;
    if (length <= maxSubnegotiationBytes) assembly[length - 1] = byte;
    // One that is too long is told when it ends: how it ends is one fault, not two.
    else if (length === maxAbandonedBytes + 1) events.fault(limitReached('maxAbandonedBytes', maxAbandonedBytes, length, this.side));
  }

  #command(code: number, bytes: Buffer, at: number, start: number, events: TelnetEvents): void {
    this.#state = DATA;
    const lost = this.#lost;
    this.#lost = false;
    if (code >= Command.WILL && code <= Command.DONT) {
      this.#verb = code as NegotiationVerb;
      this.#state = NEGOTIATION;
    } else if (code === Command.SB) this.#state = SB_OPTION;
    else if (code === Command.IAC) events.data(lonelyIac, 0, 1);
    else if (code === Command.SE) events.fault(violation('se-outside', this.side, this.offset + at - start));
    else if (code >= Command.EOF) {
      this.#afterInterrupt = code === Command.IP || code === Command.AO || code === Command.AYT || code === Command.BRK;
      events.command(code);
    } else if (lost) {
      // Data behind an IAC whose DM was the urgent byte.
      this.#synchChunks = 0;
      events.command(Command.DM);
      events.data(bytes, at, at + 1);
    } else events.fault(violation('unknown-command', this.side, this.offset + at - start, `IAC ${code}`));
  }
}
