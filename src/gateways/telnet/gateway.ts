// The session machine of one Telnet client: login and choice of a host when configured, the connection to the host, then
// negotiation relayed under policy and data both ways; time limits, signals, records. RFC 854; RFC 1123 section 3.
import type { Outcome } from '#contract/audit-record.ts';
import type { OperationalFailure } from '#core/failure.ts';
import type { AwaitedApproval, ChosenServer, Gateway, SessionPort } from '#contract/gateway.ts';
import type { Link } from '#contract/link.ts';
import type { Subject } from '#contract/operation.ts';
import { Command, Option, type NegotiationVerb, type TelnetFault } from '#codecs/telnet/index.ts';
import { control } from './control.ts';
import { Conversation, type ConversationOwner } from './conversation.ts';
import { Dialogue, type DialogueOwner, type Target } from './dialogue.ts';
import { HostCall } from './host-call.ts';
import { LoginAttempt, type LoginOwner } from './login.ts';
import { Negotiation, type NegotiationOwner } from './negotiation.ts';
import { recordEvent } from './records.ts';
import { denied, notice, unavailable } from './replies.ts';
import type { TelnetService } from './service.ts';
import { TelnetSide, type SideOwner } from './side.ts';
import { editKeys, passCommand } from './signals.ts';

/** After one side has finished, how long the other may still send. */
const lingerMs = 2_000;
/** A client that has finished sending (`echo x | nc`) still gets what the host answers, for so long. */
const halfClosedMs = 60_000;

type Phase = 'dialogue' | 'connecting' | 'open' | 'closing' | 'closed';

export class TelnetGateway implements Gateway, SideOwner, NegotiationOwner, DialogueOwner, LoginOwner, ConversationOwner {
  readonly port: SessionPort;
  readonly service: TelnetService;
  readonly client: TelnetSide;
  removedSequences = 0;
  server: TelnetSide | undefined = undefined;
  conversation: Conversation | undefined = undefined;
  #phase: Phase = 'dialogue';
  readonly #negotiation: Negotiation;
  readonly #dialogue: Dialogue;
  #attempt: LoginAttempt | undefined = undefined;
  /** To the host that was chosen last. */
  #call: HostCall | undefined = undefined;
  readonly #startedMs: number;
  #activeMs: number;
  #deadlineMs: number;
  #draining = false;
  #hostLost = false;
  /** IP came before the host was reached. */
  #interruptAhead = false;
  /** How the session ends once the linger is over. */
  #ending: { outcome: Outcome; reason: string } | undefined = undefined;

  constructor(port: SessionPort, service: TelnetService) {
    this.port = port;
    this.service = service;
    this.client = new TelnetSide(port.client, this, service.codecLimits);
    this.#negotiation = new Negotiation(this);
    this.#dialogue = new Dialogue(service.settings, this);
    this.#startedMs = port.nowMs();
    this.#activeMs = this.#startedMs;
    this.#deadlineMs = this.#startedMs + service.settings.timeouts.login;
  }

  /** The gateway asks something itself before a host is reached. */
  get #prompts(): boolean { return this.service.settings.login !== undefined || this.service.settings.targets !== undefined; }

  started(): void {
    this.port.client.handler = this.client;
    if (this.#prompts) {
      // The gateway echoes itself, so that a password can be typed unseen (RFC 857).
      this.#negotiation.relay.lend(Option.ECHO);
      this.#negotiation.relay.lend(Option.SGA);
    }
    this.#dialogue.start();
    this.client.flush();
    this.schedule();
  }

  // Events of both sides.

  sideData(side: TelnetSide, bytes: Buffer, start: number, end: number): void {
    this.#activeMs = this.port.nowMs();
    if (this.#phase === 'open') {
      if (side === this.client) this.conversation!.clientData(bytes, this.#dialogue.second(bytes[start]!) ? start + 1 : start, end);
      else {
        this.#negotiation.relay.hostShows();
        this.conversation!.serverData(bytes, start, end);
      }
    } else if (this.#phase !== 'closing' && side === this.client) this.#dialogue.data(bytes, start, end);
  }

  sideCommand(side: TelnetSide, code: number): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return;
    if (this.server !== undefined) passCommand(this, side, code);
    else if (code === Command.IP) {
      if (this.#prompts) this.#dialogue.interrupted();
      else {
        // Nobody was asked anything: it is for the host, and gives up what was typed before it, as a terminal does.
        this.#dialogue.takeAhead();
        this.#interruptAhead = true;
      }
    }
    else if (this.#prompts && editKeys.has(code)) this.#dialogue.data(Buffer.of(editKeys.get(code)!), 0, 1);
    else if (code === Command.AYT && side.signalCount.take(this.port.nowMs(), this.service.settings.limits.signalsPerSecond)) this.say('\r\n[Yes]\r\n');
  }

  sideNegotiation(side: TelnetSide, verb: NegotiationVerb, option: number): void {
    if (this.#phase !== 'closed') this.#negotiation.negotiated(side, verb, option);
  }

  sideSuboption(side: TelnetSide, option: number, bytes: Buffer, length: number): void {
    if (this.#phase !== 'closed') this.#negotiation.suboption(side, option, bytes, length);
  }

  sideFault(side: TelnetSide, fault: TelnetFault): void {
    if (this.#phase !== 'closed') this.#negotiation.fault(side, fault);
  }

  limited(side: TelnetSide, code: string, reason: string): void {
    const whose = `${reason} from the ${side.name}`;
    this.#setRule(code);
    recordEvent(this.port, { kind: 'violation', verb: 'TELNET', path: `/${side.name}`, outcome: 'limited', rule: code, reason: whose });
    this.#finish('limited', whose, true);
  }

  sideRead(side?: TelnetSide): void {
    if (this.#phase === 'closed') return;
    if (side !== undefined && side.parser.inSubnegotiation !== (side.suboptionSinceMs !== Infinity)) {
      side.suboptionSinceMs = side.parser.inSubnegotiation ? this.port.nowMs() : Infinity;
      this.schedule();
    }
    this.client.flush();
    this.server?.flush();
    this.#pressure();
  }

  /** Reads from one side only while the other takes what it is sent. */
  #pressure(): void {
    const { server } = this;
    if (server === undefined) return;
    if (this.client.blocked) server.link.pause();
    if (server.blocked) this.client.link.pause();
  }

  sideDrained(side: TelnetSide): void {
    if (side === this.client) this.server?.link.resume();
    else this.client.link.resume();
  }

  sideEnded(side: TelnetSide): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') {
      if (side === this.client) this.#finishClosing();
      return;
    }
    if (this.#phase !== 'open') {
      if (side === this.client) this.#finish('allowed', 'client closed');
      return;
    }
    if (side === this.client) {
      this.conversation!.control?.decide('', false, 'the user has left');
      this.#passEnd();
      this.#deadlineMs = this.port.nowMs() + halfClosedMs;
      this.schedule();
    } else this.#close('allowed', 'host closed');
  }

  /** The client has finished sending: the host is told when nothing of it is held any more. */
  #passEnd(): void {
    if (this.conversation!.control?.holds !== true) this.server!.link.end();
  }

  sideClosed(side: TelnetSide, failure: OperationalFailure | undefined): void {
    if (this.#phase === 'closed') return;
    if (this.#phase === 'closing') {
      if (side === this.client) this.#finishClosing();
      return;
    }
    if (side === this.client) this.#finish(failure === undefined ? 'allowed' : 'aborted', failure?.message ?? 'client closed');
    else if (failure === undefined) this.#close('allowed', 'host closed');
    else {
      this.#hostLost = true;
      this.say(notice('the connection to the host was lost'));
      this.#close('failed', failure.message);
    }
  }

  // Login and choice of a host.

  get subject(): Subject { return this.port.subject; }
  get window(): { readonly columns: number; readonly rows: number } { return this.#negotiation.window; }
  get terminal(): string { return this.#negotiation.terminal; }
  resized(columns: number, rows: number): void { this.conversation?.resized(columns, rows); }
  /** At a host it is part of what the terminal shows: recorded, and seen by who watches. */
  say(text: string): void {
    if (this.conversation === undefined) this.client.sendText(text);
    else this.conversation.say(text);
  }

  readOn(reads: boolean): void { this.client.link[reads ? 'resume' : 'pause'](); }
  get echoes(): boolean { return this.client.ours.isOn(Option.ECHO); }

  credentials(user: string, password: string): void {
    this.#attempt = new LoginAttempt(this, user);
    this.#attempt.check(user, password);
  }

  loginAnswered(right: boolean): void {
    if (this.#phase !== 'dialogue') return;
    this.#dialogue.checked(right);
    this.client.flush();
  }

  gaveUp(reason: string, outcome: 'allowed' | 'denied'): void { this.#close(outcome, reason); }

  chosen(target: Target): void {
    const call = new HostCall(this.port, target);
    this.#call = call;
    const refusal = call.refused();
    if (refusal === undefined) {
      this.#phase = 'connecting';
      this.#deadlineMs = Infinity;
      call.open(this, this.service.settings.timeouts.connect);
      return;
    }
    const { outcome, reason, message, abruptly } = refusal;
    this.#recordCall(call, outcome, reason);
    if (abruptly) this.#finish(outcome, reason, true);
    else if (this.service.settings.targets !== undefined) this.#dialogue.refused(`${message === '' ? 'not permitted' : message} (incident ${call.id})`);
    else {
      this.say(denied(message, call.id));
      this.#close(outcome, reason);
    }
  }

  serverFailed(failure: OperationalFailure, server?: ChosenServer): void {
    if (this.#phase !== 'connecting') return;
    const call = this.#call!;
    call.failed(server?.name ?? '');
    this.#recordCall(call, 'failed', failure.message);
    call.release();
    if (this.service.settings.targets !== undefined && !this.#draining) {
      this.#phase = 'dialogue';
      this.#deadlineMs = this.port.nowMs() + this.service.settings.timeouts.login;
      this.#dialogue.refused(`the host cannot be reached (incident ${call.id})`);
      this.schedule();
      return;
    }
    this.say(unavailable(call.id));
    this.#close('failed', failure.message);
  }

  serverReady(link: Link, chosen: ChosenServer): void {
    if (this.#phase !== 'connecting') {
      link.reset();
      this.port.releaseLink(link, false, 'neutral', -1);
      return;
    }
    this.#call!.reached(chosen.name);
    this.#activeMs = this.port.nowMs();
    this.#phase = 'open';
    const server = new TelnetSide(link, this, this.service.codecLimits);
    this.server = server;
    link.handler = server;
    this.conversation = new Conversation(this, this.client, server, chosen.name);
    this.#negotiation.relay.connected(server, this.port.nowMs());
    if (this.#interruptAhead) passCommand(this, this.client, Command.IP);
    const ahead = this.#dialogue.takeAhead();
    this.#dialogue.finished();
    if (ahead !== undefined) this.conversation.clientData(ahead, 0, ahead.length);
    this.sideRead();
    if (this.client.link.peerEnded) this.sideEnded(this.client);
    this.schedule();
  }

  // Time.

  schedule(): void {
    if (this.#phase === 'closed') return;
    const { idle, session } = this.service.settings.timeouts;
    const atMs = Math.min(this.#deadlineMs, this.#startedMs + session, this.#attempt?.answerAtMs ?? Infinity, this.#negotiation.wakeAtMs);
    this.port.wakeAtMs = this.#phase === 'open' ? Math.min(atMs, this.#activeMs + idle, this.conversation!.control?.wakeAtMs ?? Infinity) : atMs;
  }

  woken(nowMs: number): void {
    const { idle, session } = this.service.settings.timeouts;
    if (this.#phase === 'closing') {
      this.#finishClosing();
      return;
    }
    if (!this.#negotiation.woken(nowMs)) return;
    if (nowMs >= this.#deadlineMs) {
      this.say(notice('time is up'));
      this.#close(this.#phase === 'open' ? 'allowed' : 'limited', this.#phase === 'open' ? 'client closed' : 'no login or choice of a host in time');
      return;
    }
    if (nowMs >= this.#startedMs + session) {
      this.say(notice('the session has reached its longest time'));
      this.#close('limited', 'longest time of a session');
      return;
    }
    this.#attempt?.woken(nowMs);
    if (this.#phase === 'open') {
      if (nowMs >= this.#activeMs + idle) {
        this.say(notice('idle for too long'));
        this.#close('limited', 'idle');
        return;
      }
      this.conversation!.control?.woken(nowMs);
      if (this.#phase !== 'open') return;
      this.sideRead();
      if (this.client.link.peerEnded) this.#passEnd();
    }
    this.schedule();
  }

  drain(): void {
    this.#draining = true;
    if (this.#phase === 'open') this.say(notice('the gateway or this service is being stopped: the session will be closed'));
    else if (this.#phase !== 'closing') this.#close('allowed', 'drained');
  }

  killed(reason: string): void {
    if (this.#phase === 'closing') {
      this.#finishClosing();
      return;
    }
    this.say(notice('the session was ended'));
    this.client.flush();
    this.#finish('aborted', reason);
  }

  recordingFailed(reason: string, required: boolean): void {
    recordEvent(this.port, { verb: 'RECORDING', path: '/', outcome: 'failed', reason });
    if (!required) return;
    this.say(notice('the session cannot be recorded and is closed'));
    this.#close('failed', `recording: ${reason}`);
  }

  // The end.

  endFor(reason: string, rule: string): void {
    this.#setRule(rule);
    this.#close('denied', reason);
  }

  /** What ends the session stands in the record of its call. */
  #setRule(rule: string): void { if (this.#call !== undefined) this.#call.rule = rule; }

  #recordCall(call: HostCall, outcome: Outcome, reason: string): void {
    const login = this.conversation?.hostUser;
    call.record(outcome, reason, {
      ...this.terminal === '' ? {} : { terminal: this.terminal }, ...login === undefined ? {} : { login },
      ...this.removedSequences === 0 ? {} : { removedSequences: this.removedSequences }, ...this.#negotiation.refusals === 0 ? {} : { refusals: this.#negotiation.refusals },
    });
  }

  /** Lets what was sent arrive: FIN, then waits a little for the client's. */
  #close(outcome: Outcome, reason: string): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return;
    this.#ending = { outcome, reason };
    this.#phase = 'closing';
    this.client.flush();
    if (this.client.link.closed || this.client.link.peerEnded) {
      this.#finishClosing();
      return;
    }
    this.client.link.end();
    this.client.link.resume();
    this.#deadlineMs = this.port.nowMs() + lingerMs;
    this.port.wakeAtMs = this.#deadlineMs;
  }

  #finishClosing(): void { this.#finish(this.#ending!.outcome, this.#ending!.reason); }

  #finish(outcome: Outcome, reason: string, abruptly = false): void {
    if (this.#phase === 'closed') return;
    const call = this.#call;
    this.#phase = 'closed';
    this.#dialogue.finished();
    this.#attempt?.giveUp();
    call?.cancel();
    this.conversation?.close();
    call?.release();
    if (call?.connected === true) {
      this.#recordCall(call, outcome, reason);
      const { link } = this.server!;
      if (abruptly) link.reset();
      else link.close();
      // Of the host only what the host did: a session may fail for another reason.
      this.port.releaseLink(link, false, this.#hostLost ? 'failure' : 'success', call.connectMs);
    }
    if (abruptly) this.client.link.reset();
    else this.client.link.close();
    this.port.finished(outcome, reason);
  }

  describe(): string {
    if (this.#phase !== 'open') return this.#phase === 'dialogue' ? `at the ${this.#dialogue.state} prompt` : this.#phase;
    const waiting = this.conversation!.control?.waiting ?? '';
    const who = this.subject.user ?? this.conversation!.hostUser;
    return `${who === undefined ? '' : `${who} `}on ${this.#call!.serverName}${waiting === '' ? '' : `, ${waiting}`}`;
  }

  awaits(): AwaitedApproval | undefined { return this.conversation?.control?.awaits; }

  control(command: string, argument: string): string | undefined { return control(this, command, argument); }
}
