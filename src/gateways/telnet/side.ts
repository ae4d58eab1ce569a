// One side of a Telnet session: a link with its parser, its option states and its encoder. Turns events of the link into
// events of Telnet for its owner, and commands of the owner into canonical bytes. Decides nothing.
import type { OperationalFailure } from '#core/failure.ts';
import type { Link, LinkHandler } from '#contract/link.ts';
import {
  commandText, DataEncoder, negotiationText, OptionStates, suboptionText, TelnetParser,
  type DataSink, type NegotiationVerb, type TelnetEvents, type TelnetFault, type TelnetLimits,
} from '#codecs/telnet/index.ts';

export interface SideOwner {
  sideData(side: TelnetSide, bytes: Buffer, start: number, end: number): void;
  sideCommand(side: TelnetSide, code: number): void;
  sideNegotiation(side: TelnetSide, verb: NegotiationVerb, option: number): void;
  sideSuboption(side: TelnetSide, option: number, bytes: Buffer, length: number): void;
  sideFault(side: TelnetSide, fault: TelnetFault): void;
  /** Everything that was received together has been told. */
  sideRead(side: TelnetSide): void;
  sideEnded(side: TelnetSide): void;
  sideDrained(side: TelnetSide): void;
  sideClosed(side: TelnetSide, failure: OperationalFailure | undefined): void;
}

/** Counts events of one kind within a second. */
export class SecondCount {
  #second = -1;
  #count = 0;

  /** False when there were `maximum` in this second already. */
  take(nowMs: number, maximum: number): boolean {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#count = 0;
    }
    this.#count++;
    return this.#count <= maximum;
  }
}

export class TelnetSide implements LinkHandler, TelnetEvents, DataSink {
  readonly link: Link;
  readonly name: 'client' | 'server';
  /** What the peer performs (WILL from it), and what we perform towards it (DO from it). */
  readonly theirs = new OptionStates();
  readonly ours = new OptionStates();
  readonly encoder = new DataEncoder();
  readonly parser: TelnetParser;
  negotiations = 0;
  faults = 0;
  readonly negotiationCount = new SecondCount();
  readonly suboptionCount = new SecondCount();
  readonly signalCount = new SecondCount();
  /** Since when a suboption has been under way: everything behind it is swallowed until it ends. */
  suboptionSinceMs = Infinity;
  /** The peer's kernel takes no more for now. */
  blocked = false;
  readonly #owner: SideOwner;
  /** Commands to send, collected while one chunk is read. */
  #out = '';

  constructor(link: Link, owner: SideOwner, limits: TelnetLimits) {
    this.link = link;
    this.name = link.role;
    this.#owner = owner;
    this.parser = new TelnetParser(link.role, limits);
  }

  /** The peer has shown that it speaks Telnet. */
  get speaksTelnet(): boolean { return this.encoder.canonical; }

  // Events of the link.

  received(_link: Link, bytes: Buffer, start: number, end: number): void {
    this.parser.push(bytes, start, end, this);
    this.#owner.sideRead(this);
  }

  ended(): void { this.#owner.sideEnded(this); }
  drained(): void {
    this.blocked = false;
    this.#owner.sideDrained(this);
  }

  relayed(): void { /* nothing is relayed below the machine */ }
  closed(_link: Link, failure: OperationalFailure | undefined): void { this.#owner.sideClosed(this, failure); }

  // Events of the parser.

  data(bytes: Buffer, start: number, end: number): void { this.#owner.sideData(this, bytes, start, end); }

  command(code: number): void {
    this.encoder.canonical = true;
    this.#owner.sideCommand(this, code);
  }

  negotiation(verb: NegotiationVerb, option: number): void {
    this.encoder.canonical = true;
    this.#owner.sideNegotiation(this, verb, option);
  }

  subnegotiation(option: number, bytes: Buffer, length: number): void { this.#owner.sideSuboption(this, option, bytes, length); }
  fault(fault: TelnetFault): void { this.#owner.sideFault(this, fault); }

  // What the owner sends to the peer.

  /** Data as it is meant, without Telnet's escapes. */
  sendData(bytes: Uint8Array, start: number, end: number): void {
    this.flush();
    this.encoder.encode(bytes, start, end, this);
  }

  sendText(text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    this.sendData(bytes, 0, bytes.length);
  }

  sendCommand(code: number): void { this.#out += commandText(code); }
  sendNegotiation(verb: number, option: number): void { this.#out += negotiationText(verb, option); }
  sendSuboption(option: number, payload: string): void { this.#out += suboptionText(option, payload); }

  flush(): void {
    if (this.#out === '') return;
    const out = this.#out;
    this.#out = '';
    if (!this.link.sendText(out)) this.blocked = true;
  }

  /** The encoder's output. */
  send(bytes: Uint8Array, start: number, end: number): void {
    if (!this.link.send(bytes, start, end)) this.blocked = true;
  }
}
