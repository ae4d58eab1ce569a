// What client and host negotiate: options and suboptions between them under policy, how much of it, how often and for how
// long, and what is known from it (window, terminal). Knows nothing of data, login or the connection to the host.
import type { SessionPort } from '#contract/gateway.ts';
import { Option, optionName, type NegotiationVerb, type Suboption, type TelnetFault } from '#codecs/telnet/index.ts';
import { TelnetOperation } from './operations.ts';
import { byClient, byServer } from './option-table.ts';
import { OptionRelay, type OptionJudge } from './option-relay.ts';
import { recordEvent, type TelnetEvent } from './records.ts';
import type { TelnetService } from './service.ts';
import type { TelnetSide } from './side.ts';
import { SuboptionRelay, type SuboptionOwner } from './suboption-relay.ts';

/** Refusals of one session that are recorded one by one; the rest are counted in its last record. */
const maxRecordedRefusals = 50;

export interface NegotiationOwner {
  readonly port: SessionPort;
  readonly service: TelnetService;
  readonly client: TelnetSide;
  readonly server: TelnetSide | undefined;
  /** A side does too much of something: the session ends. */
  limited(side: TelnetSide, code: string, reason: string): void;
  resized(columns: number, rows: number): void;
  /** `wakeAtMs` has changed. */
  schedule(): void;
}

export class Negotiation implements OptionJudge, SuboptionOwner {
  readonly relay: OptionRelay;
  /** What the client said last (RFC 1073); a terminal's usual size until then. */
  readonly window = { columns: 80, rows: 24 };
  /** The client's terminal (RFC 1091), '' as long as it is not known. */
  terminal = '';
  /** Options, variables and sequences that were refused. */
  refusals = 0;
  readonly #owner: NegotiationOwner;
  readonly #suboptions: SuboptionRelay;
  /** A window's last size that came above the rate: unlike another suboption it must not be left out, or the host draws for another window. */
  #lateWindow: Buffer | undefined = undefined;

  constructor(owner: NegotiationOwner) {
    this.#owner = owner;
    this.relay = new OptionRelay(owner.client, this, owner.service.settings.offerFirst);
    this.#suboptions = new SuboptionRelay(owner.service.suboptionRules, this);
  }

  // What a side sends.

  negotiated(side: TelnetSide, verb: NegotiationVerb, option: number): void {
    const { maxNegotiations, negotiationsPerSecond } = this.#owner.service.settings.limits;
    const nowMs = this.#owner.port.nowMs();
    if (option !== Option.TM) side.negotiations++;
    if (side.negotiations > maxNegotiations) this.#owner.limited(side, 'telnet.negotiations', `more than ${maxNegotiations} negotiations`);
    else if (!side.negotiationCount.take(nowMs, negotiationsPerSecond)) {
      this.#owner.limited(side, 'telnet.negotiation-rate', `more than ${negotiationsPerSecond} negotiations a second`);
    } else {
      this.relay.negotiation(side, verb, option, nowMs);
      if (side === this.#owner.server) this.relay.hostSpoke();
      if (this.relay.openSinceMs === nowMs) this.#owner.schedule();
    }
  }

  suboption(side: TelnetSide, option: number, bytes: Buffer, length: number): void {
    const window = option === Option.NAWS && side === this.#owner.client;
    if (!side.suboptionCount.take(this.#owner.port.nowMs(), this.#owner.service.settings.limits.suboptionsPerSecond)) {
      if (!window) return;
      this.#lateWindow = Buffer.from(bytes.subarray(0, length));
      this.#owner.schedule();
      return;
    }
    if (window) this.#lateWindow = undefined;
    this.#suboptions.relay(side, this.#other(side), option, bytes, length);
  }

  fault(side: TelnetSide, fault: TelnetFault): void {
    if (fault.code === 'telnet.subnegotiation-endless') {
      this.#owner.limited(side, fault.code, fault.message);
      return;
    }
    side.faults++;
    this.#refused({ kind: 'violation', verb: 'TELNET', path: `/${side.name}`, outcome: 'refused', rule: fault.code, reason: fault.message });
    if (side.faults > this.#owner.service.settings.limits.maxFaults) this.#owner.limited(side, 'telnet.faults', 'too many malformed or forbidden sequences');
  }

  #other(side: TelnetSide): TelnetSide | undefined { return side === this.#owner.client ? this.#owner.server : this.#owner.client; }

  // Time.

  /** When to look again; Infinity for never. Offers stay open until there is a host to put them to. */
  get wakeAtMs(): number {
    const { client, server, service, port } = this.#owner;
    const { negotiation } = service.settings.timeouts;
    let atMs = Math.min(client.suboptionSinceMs, server?.suboptionSinceMs ?? Infinity) + negotiation;
    if (server !== undefined) atMs = Math.min(atMs, this.relay.openSinceMs + negotiation);
    // Counting begins anew with each second.
    return this.#lateWindow === undefined ? atMs : Math.min(atMs, (Math.floor(port.nowMs() / 1000) + 1) * 1000);
  }

  /** False: a suboption does not end, and the session does. */
  woken(nowMs: number): boolean {
    const { client, server, service } = this.#owner;
    const { negotiation } = service.settings.timeouts;
    for (const side of [client, server]) {
      if (side === undefined || nowMs < side.suboptionSinceMs + negotiation) continue;
      this.#owner.limited(side, 'telnet.subnegotiation-endless', `a suboption that has not ended within ${negotiation} ms`);
      return false;
    }
    if (server !== undefined && nowMs >= this.relay.openSinceMs + negotiation) this.relay.refuseOpen();
    const late = this.#lateWindow;
    if (late !== undefined) this.suboption(client, Option.NAWS, late, late.length);
    return true;
  }

  // What options and suboptions ask.

  optionPermitted(option: number, performer: 'client' | 'server'): boolean {
    if ((this.#owner.service.options[option]! & (performer === 'client' ? byClient : byServer)) === 0) return false;
    const name = optionName(option);
    const decision = this.#decide('OPTION', `/${name}`, { side: performer });
    if (decision.effect === 'allow') return true;
    this.#refused({ verb: 'OPTION', path: `/${name}`, parameters: performer, outcome: 'denied', rule: decision.rule, reason: decision.reason });
    return false;
  }

  variablePermitted(name: string, value: string): boolean { return this.#decide('ENVIRON', `/${name}`, { value }).effect === 'allow'; }

  variableRefused(name: string, why: string): void {
    this.#refused({ verb: 'ENVIRON', path: `/${name.replaceAll(/[^\u0021-\u007e]/g, '?')}`, outcome: 'denied', rule: 'telnet.environment', reason: why });
  }

  suboptionPassed(side: TelnetSide, suboption: Suboption): void {
    if (side !== this.#owner.client) return;
    if (suboption.kind === 'window') {
      if (suboption.columns === 0 || suboption.rows === 0) return;
      this.window.columns = suboption.columns;
      this.window.rows = suboption.rows;
      this.#owner.resized(suboption.columns, suboption.rows);
    } else if (suboption.kind === 'terminal') this.terminal = suboption.name;
  }

  #decide(verb: 'OPTION' | 'ENVIRON', path: string, facts: Readonly<Record<string, string>>): ReturnType<SessionPort['decide']> {
    const { port } = this.#owner;
    return port.decide(new TelnetOperation(port.facts, port.subject, verb, path, facts));
  }

  #refused(event: TelnetEvent): void {
    if (++this.refusals <= maxRecordedRefusals) recordEvent(this.#owner.port, event);
  }
}
