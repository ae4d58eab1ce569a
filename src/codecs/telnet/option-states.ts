// The Q method (RFC 1143) for one side of one connection and all 256 options: what is in force, what was asked for, and
// the one message that a change needs. A peer's request may be left open (`offered`) until somebody else has been asked;
// `askEnable` then accepts it and `askDisable` refuses it. Sends nothing itself: methods answer with what to send.

export const OptionState = {
  no: 0, yes: 1, wantNo: 2, wantNoOpposite: 3, wantYes: 4, wantYesOpposite: 5,
  /** The peer asked to enable it and waits for our answer (an addition to RFC 1143, whose machine decides at once). */
  offered: 6,
} as const;

/** To send to the peer: nothing, WILL or DO, WONT or DONT. */
export const Send = { nothing: 0, positive: 1, negative: 2 } as const;
/** What a message of the peer changed. */
export const Change = { none: 0, enabled: 1, disabled: 2, offered: 3, withdrawn: 4 } as const;

/** Eight options in a number, three bits each: of 256 options a session has used a dozen, all below 48. */
const bitsPerState = 3;
const stateMask = 7;

export class OptionStates {
  /** Grows with the highest option that was asked about; an idle session is counted in kilobytes. */
  readonly #words = [0, 0, 0, 0, 0, 0];
  /** After `receive...` and `ask...`: what to send, a `Send`. */
  send = 0;

  state(option: number): number { return ((this.#words[option >> 3] ?? 0) >> (option & 7) * bitsPerState) & stateMask; }
  isOn(option: number): boolean { return this.state(option) === OptionState.yes; }
  isOffered(option: number): boolean { return this.state(option) === OptionState.offered; }

  #to(option: number, state: number, send: number, change: number): number {
    const at = option >> 3;
    while (this.#words.length <= at) this.#words.push(0);
    const shift = (option & 7) * bitsPerState;
    this.#words[at] = (this.#words[at]! & ~(stateMask << shift)) | (state << shift);
    this.send = send;
    return change;
  }

  /** WILL (for the peer's options) or DO (for ours) came. Answers a `Change`. */
  receiveEnable(option: number): number {
    const state = this.state(option);
    switch (state) {
      case OptionState.no: return this.#to(option, OptionState.offered, Send.nothing, Change.offered);
      // RFC 1143 section 7: DONT answered by WILL is the peer's error.
      case OptionState.wantNo: return this.#to(option, OptionState.no, Send.nothing, Change.disabled);
      case OptionState.wantNoOpposite: return this.#to(option, OptionState.yes, Send.nothing, Change.enabled);
      case OptionState.wantYes: return this.#to(option, OptionState.yes, Send.nothing, Change.enabled);
      case OptionState.wantYesOpposite: return this.#to(option, OptionState.wantNo, Send.negative, Change.none);
      default: return this.#to(option, state, Send.nothing, Change.none);
    }
  }

  /** WONT or DONT came. Answers a `Change`. */
  receiveDisable(option: number): number {
    const state = this.state(option);
    switch (state) {
      case OptionState.yes: return this.#to(option, OptionState.no, Send.negative, Change.disabled);
      case OptionState.offered: return this.#to(option, OptionState.no, Send.negative, Change.withdrawn);
      case OptionState.wantNo: return this.#to(option, OptionState.no, Send.nothing, Change.disabled);
      case OptionState.wantNoOpposite: return this.#to(option, OptionState.wantYes, Send.positive, Change.none);
      case OptionState.wantYes:
      case OptionState.wantYesOpposite: return this.#to(option, OptionState.no, Send.nothing, Change.disabled);
      default: return this.#to(option, state, Send.nothing, Change.none);
    }
  }

  /** We want it, or accept what was offered. Answers a `Change`: `enabled` when it is in force with the message. */
  askEnable(option: number): number {
    const state = this.state(option);
    switch (state) {
      case OptionState.no: return this.#to(option, OptionState.wantYes, Send.positive, Change.none);
      case OptionState.offered: return this.#to(option, OptionState.yes, Send.positive, Change.enabled);
      case OptionState.wantNo: return this.#to(option, OptionState.wantNoOpposite, Send.nothing, Change.none);
      case OptionState.wantYesOpposite: return this.#to(option, OptionState.wantYes, Send.nothing, Change.none);
      default: return this.#to(option, state, Send.nothing, Change.none);
    }
  }

  /** We do not want it, or refuse what was offered. */
  askDisable(option: number): number {
    const state = this.state(option);
    switch (state) {
      case OptionState.yes: return this.#to(option, OptionState.wantNo, Send.negative, Change.none);
      case OptionState.offered: return this.#to(option, OptionState.no, Send.negative, Change.disabled);
      case OptionState.wantNoOpposite: return this.#to(option, OptionState.wantNo, Send.nothing, Change.none);
      case OptionState.wantYes: return this.#to(option, OptionState.wantYesOpposite, Send.nothing, Change.none);
      default: return this.#to(option, state, Send.nothing, Change.none);
    }
  }
}
