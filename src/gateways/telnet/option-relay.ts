// Options between client and server: each side has a Q machine per option and direction (RFC 1143), and what one side
// offers or asks for is put to the other before it is answered. Asks its owner what is permitted; refuses all else at once.
// A gateway that performs options itself (login, menu) works the same machines while there is no server.
import { Change, Command, Option, OptionState, Send, type NegotiationVerb, type OptionStates } from '#codecs/telnet/index.ts';
import type { TelnetSide } from './side.ts';

export interface OptionJudge {
  /** May `performer` perform the option? Asked once for each offer. */
  optionPermitted(option: number, performer: 'client' | 'server'): boolean;
}

export class OptionRelay {
  readonly client: TelnetSide;
  server: TelnetSide | undefined = undefined;
  /** When an offer was left open that still is; Infinity for none. */
  openSinceMs = Infinity;
  readonly #judge: OptionJudge;
  /** Options that the gateway performs in the host's place. */
  readonly #lent: number[] = [];
  /** Timing marks (RFC 860) are questions, not states: how many each side still has to answer. */
  #marksOfClient = 0;
  #marksOfServer = 0;

  /** Offers of the client go to a host that has not negotiated yet. */
  readonly #offerFirst: boolean;
  #hostSpoke = false;

  constructor(client: TelnetSide, judge: OptionJudge, offerFirst: boolean) {
    this.client = client;
    this.#judge = judge;
    this.#offerFirst = offerFirst;
  }

  #other(side: TelnetSide): TelnetSide | undefined { return side === this.client ? this.server : this.client; }

  negotiation(side: TelnetSide, verb: NegotiationVerb, option: number, nowMs: number): void {
    if (option === Option.TM) {
      this.#timingMark(side, verb);
      return;
    }
    const theirs = verb === Command.WILL || verb === Command.WONT;
    const states = theirs ? side.theirs : side.ours;
    const change = verb === Command.WILL || verb === Command.DO ? states.receiveEnable(option) : states.receiveDisable(option);
    this.#answer(side, theirs, option, states);
    if (change !== Change.none) this.#changed(side, theirs, option, change, nowMs);
  }

  #answer(side: TelnetSide, theirs: boolean, option: number, states: OptionStates): void {
    if (states.send === Send.nothing) return;
    if (states.send === Send.positive) side.sendNegotiation(theirs ? Command.DO : Command.WILL, option);
    else side.sendNegotiation(theirs ? Command.DONT : Command.WONT, option);
  }

  enable(side: TelnetSide, theirs: boolean, option: number): boolean {
    const states = theirs ? side.theirs : side.ours;
    const change = states.askEnable(option);
    this.#answer(side, theirs, option, states);
    if (change === Change.enabled) this.#binary();
    return change === Change.enabled;
  }

  disable(side: TelnetSide, theirs: boolean, option: number): void {
    const states = theirs ? side.theirs : side.ours;
    states.askDisable(option);
    this.#answer(side, theirs, option, states);
  }

  /** `theirs`: the option that `side` performs; its counterpart is what we perform towards the other side, and the reverse. */
  #changed(side: TelnetSide, theirs: boolean, option: number, change: number, nowMs: number): void {
    this.#binary();
    const other = this.#other(side);
    if (change === Change.offered) {
      const performer = theirs === (side === this.client) ? 'client' : 'server';
      if (!this.#judge.optionPermitted(option, performer)) {
        this.disable(side, theirs, option);
        return;
      }
      this.openSinceMs = Math.min(this.openSinceMs, nowMs);
      if (other !== undefined && (side !== this.client || this.#mayOffer())) this.#putToOther(side, theirs, option, other);
      return;
    }
    if (other === undefined) return;
    const states = theirs ? other.ours : other.theirs;
    if (change === Change.enabled) this.enable(other, !theirs, option);
    else if (states.state(option) !== OptionState.no) this.disable(other, !theirs, option);
  }

  #putToOther(side: TelnetSide, theirs: boolean, option: number, other: TelnetSide): void {
    const states = theirs ? other.ours : other.theirs;
    if (states.isOn(option) || this.enable(other, !theirs, option)) this.enable(side, theirs, option);
  }

  #mayOffer(): boolean { return this.#offerFirst || this.#hostSpoke; }

  connected(server: TelnetSide, nowMs: number): void {
    this.server = server;
    // A host that does not answer has the time of an offer.
    if (this.#lent.length > 0) this.openSinceMs = Math.min(this.openSinceMs, nowMs);
    if (this.#mayOffer()) this.#offerAll(server);
  }

  /** Performed by the gateway itself, for its own prompts. The host is asked to go on with it when it is there; taking it back first would
   *  put some clients (busybox) into line mode for good, and show the password that is typed at the host. */
  lend(option: number): void {
    this.#lent.push(option);
    this.enable(this.client, false, option);
  }

  /** Data of the host. One that sends text and has not negotiated will not: the client echoes for itself again. */
  hostShows(): void {
    if (this.#lent.length > 0 && !this.#hostSpoke) this.#giveBack();
  }

  /** What the host does not go on with. */
  #giveBack(): void {
    for (const option of this.#lent) if (this.server?.theirs.isOn(option) !== true) this.disable(this.client, false, option);
    this.#lent.length = 0;
  }

  /** The host has negotiated: it knows Telnet. */
  hostSpoke(): void {
    if (this.#hostSpoke) return;
    this.#hostSpoke = true;
    if (!this.#offerFirst) this.#offerAll(this.server!);
  }

  /** What the client has offered or performs already is put to the host. */
  #offerAll(server: TelnetSide): void {
    for (let option = 0; option < 256; option++) {
      if (option === Option.TM) continue;
      if (this.client.theirs.isOffered(option) || this.client.theirs.isOn(option)) this.enable(server, false, option);
      if (this.client.ours.isOffered(option) || this.client.ours.isOn(option)) this.enable(server, true, option);
    }
  }

  /** Refuses every offer that is still open: the other side did not answer in time. */
  refuseOpen(): void {
    this.openSinceMs = Infinity;
    this.#giveBack();
    for (const side of this.server === undefined ? [this.client] : [this.client, this.server]) {
      for (let option = 0; option < 256; option++) {
        for (const theirs of [true, false]) {
          if ((theirs ? side.theirs : side.ours).isOffered(option)) this.#refuse(side, theirs, option);
        }
      }
    }
  }

  #refuse(side: TelnetSide, theirs: boolean, option: number): void {
    this.disable(side, theirs, option);
    const other = this.#other(side);
    if (other !== undefined) this.disable(other, !theirs, option);
  }

  /** What each encoder must know of BINARY (RFC 856): it is another matter in each direction on each side. */
  #binary(): void {
    const { client, server } = this;
    client.encoder.toBinary = client.ours.isOn(Option.BINARY);
    if (server === undefined) return;
    client.encoder.fromBinary = server.theirs.isOn(Option.BINARY);
    server.encoder.toBinary = server.ours.isOn(Option.BINARY);
    server.encoder.fromBinary = client.theirs.isOn(Option.BINARY);
  }

  #timingMark(side: TelnetSide, verb: NegotiationVerb): void {
    const other = this.#other(side);
    const ofClient = side === this.client;
    if (verb === Command.DO) {
      if (other === undefined || !this.#judge.optionPermitted(Option.TM, ofClient ? 'server' : 'client')) {
        side.sendNegotiation(Command.WONT, Option.TM);
        return;
      }
      if (ofClient) this.#marksOfServer++;
      else this.#marksOfClient++;
      other.sendNegotiation(Command.DO, Option.TM);
    } else if (verb === Command.WILL || verb === Command.WONT) {
      // Only an answer to a question passes.
      if ((ofClient ? this.#marksOfClient : this.#marksOfServer) === 0) return;
      if (ofClient) this.#marksOfClient--;
      else this.#marksOfServer--;
      other?.sendNegotiation(verb, Option.TM);
    }
  }
}
