// Client and host talking: data in both directions through the terminal filter, command control, recording and the live
// view. Does not negotiate, connect or time out.
import type { SessionPort } from '#contract/gateway.ts';
import type { Subject } from '#contract/operation.ts';
import { EscapeFilter, type FilterSink } from '#core/terminal/escape-filter.ts';
import { Option } from '#codecs/telnet/index.ts';
import { CommandControl, type CommandOwner } from './command-control.ts';
import type { CommandVerdict } from './command-rules.ts';
import { LateEcho } from './late-echo.ts';
import { LineTracker, type TypedLine } from './line-tracker.ts';
import { LiveView } from './live-view.ts';
import { TelnetOperation } from './operations.ts';
import { recordEvent } from './records.ts';
import { recordingHeader, SessionRecorder } from './recorder.ts';
import { notice } from './replies.ts';
import type { TelnetService } from './service.ts';
import type { TelnetSide } from './side.ts';

export interface ConversationOwner {
  readonly port: SessionPort;
  readonly service: TelnetService;
  readonly subject: Subject;
  readonly window: { readonly columns: number; readonly rows: number };
  readonly terminal: string;
  /** Sequences taken out of the output are counted here. */
  removedSequences: number;
  schedule(): void;
  /** Nothing more is recorded; `required`: the session ends. */
  recordingFailed(reason: string, required: boolean): void;
  /** A rule ends the session. */
  endFor(reason: string, rule: string): void;
}

export class Conversation implements CommandOwner, FilterSink {
  readonly control: CommandControl | undefined;
  readonly view = new LiveView();
  /** Name that was typed at the host's login prompt. */
  hostUser: string | undefined = undefined;
  readonly #owner: ConversationOwner;
  readonly #client: TelnetSide;
  readonly #server: TelnetSide;
  readonly #filter: EscapeFilter | undefined;
  /** With rules on commands, or a recording. */
  #tracker: LineTracker | undefined;
  readonly #target: string;
  readonly #late = new LateEcho();
  #recorder: SessionRecorder | undefined = undefined;
  #recorderAsked = false;
  #closed = false;

  constructor(owner: ConversationOwner, client: TelnetSide, server: TelnetSide, target: string) {
    const { settings, rules } = owner.service;
    this.#owner = owner;
    this.#client = client;
    this.#server = server;
    this.#target = target;
    this.#filter = settings.terminal.filter ? new EscapeFilter(settings.terminal.titles, 'pass', settings.terminal.encoding) : undefined;
    this.control = settings.commands === undefined ? undefined : new CommandControl(settings.commands, rules!, this, settings.limits.maxHeldBytes);
    this.#tracker = this.control?.tracker;
    if (settings.recording.notice !== '') this.say(notice(settings.recording.notice));
  }

  clientData(bytes: Buffer, start: number, end: number): void {
    if (this.control !== undefined) {
      this.control.input(bytes, start, end);
      return;
    }
    if (this.#recorder !== undefined) this.#follow(bytes, start, end);
    this.passInput(bytes, start, end);
  }

  /** Without command control: only to know what is a secret. */
  #follow(bytes: Buffer, start: number, end: number): void {
    const tracker = this.#tracker!;
    let keys = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      if (byte !== 13 && byte !== 10) {
        if (byte === 0) continue;
        tracker.key(byte);
        keys++;
        continue;
      }
      if (!tracker.empty) this.#late.add(tracker.line(this.hostEchoes), (decided) => { this.#recordTyped(decided); });
      tracker.next();
      keys = 0;
    }
    tracker.passed += keys;
  }

  #recordTyped({ typed, shown, secret }: TypedLine): void {
    if (this.#owner.service.settings.recording.input) this.#recorder?.input(typed === '' ? shown : typed, this.nowMs(), secret);
  }

  serverData(bytes: Buffer, start: number, end: number): void {
    if (this.#filter === undefined) this.text(bytes, start, end);
    else this.#filter.push(bytes, start, end, this);
  }

  /** Output that may be shown. */
  text(bytes: Uint8Array, start: number, end: number): void {
    // Nothing is shown of a session that has to be recorded and cannot be.
    if (!this.#recorderAsked && !this.#openRecording()) return;
    this.#client.sendData(bytes, start, end);
    this.#keep(bytes, start, end);
    if (!this.#late.empty) this.#late.output(bytes, start, end);
    if (this.control !== undefined) this.control.output(bytes, start, end);
    else if (this.#recorder !== undefined) this.#tracker!.output(bytes, start, end);
  }

  removed(): void { this.#owner.removedSequences++; }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#recorderAsked) this.#openRecording();
    // Behind the opening, which takes its time: a recording begins at 0 or later.
    const nowMs = this.nowMs();
    if (this.#recorder !== undefined && this.#owner.service.settings.recording.output) {
      this.#recorder.output(bytes, start, end, nowMs, this.#tracker!.atSecretPrompt);
      this.#recorded();
    }
    this.view.output(bytes, start, end, nowMs);
  }

  /** With the first output: by then the window's size is known as a rule. False: the session ends. */
  #openRecording(): boolean {
    this.#recorderAsked = true;
    const { port, window, terminal, service } = this.#owner;
    if (!service.settings.recording.output && !service.settings.recording.input) return true;
    const recording = port.recording(recordingHeader(window.columns, window.rows, port.wallMs(), terminal, this.#target));
    if (recording !== undefined) {
      this.#tracker ??= new LineTracker();
      this.#recorder = new SessionRecorder(recording, port.nowMs(), window.columns, window.rows);
    }
    return this.#recorded();
  }

  /** Looks whether what was written is kept. False: it is not, and the session ends. */
  #recorded(): boolean {
    if (this.#recorder === undefined || this.#recorder.failure === '') return true;
    const { failure, required } = this.#recorder;
    this.#recorder.close();
    this.#recorder = undefined;
    this.#owner.recordingFailed(failure, required);
    return !required;
  }

  resized(columns: number, rows: number): void { this.#recorder?.resize(columns, rows, this.nowMs()); }

  /** A Telnet command that edits the line: EC, EL, IP. */
  editKey(byte: number): void { this.control?.edit(byte); }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#late.close();
    this.#recorder?.close();
  }

  // What command control asks.

  passInput(bytes: Uint8Array, start: number, end: number): void {
    // ^C, ^O, ^Z and ^\ make a host throw away its output, and announce that.
    for (let at = end - 1; at >= start && at >= end - 8; at--) {
      const byte = bytes[at]!;
      if (byte === 3 || byte === 15 || byte === 26 || byte === 28) this.#server.parser.expectSynch();
    }
    this.#server.sendData(bytes, start, end);
  }

  get hostEchoes(): boolean { return this.#client.ours.isOn(Option.ECHO); }
  get commandUser(): string | undefined { return this.#owner.subject.user ?? this.hostUser; }
  nowMs(): number { return this.#owner.port.nowMs(); }
  wake(): void { this.#owner.schedule(); }
  loginName(name: string): void { this.hostUser = name.slice(0, 64); }
  approvalId(): string { return this.#owner.port.operationId(); }

  holdInput(full: boolean): void {
    if (full) this.#client.link.pause();
    else if (!this.#server.blocked) this.#client.link.resume();
  }

  askPolicy(readings: readonly string[]): CommandVerdict | undefined {
    const { port, subject } = this.#owner;
    // The answer on every reading of the line: one that is denied is denied.
    for (const reading of readings) {
      const command = reading.trim().replaceAll(/\s+/g, ' ');
      const word = command.split(' ', 1)[0]!;
      const decision = port.decide(new TelnetOperation(port.facts, subject, 'COMMAND', `/${word}`, { line: command, login: this.hostUser }));
      if (decision.effect === 'allow') continue;
      const action = decision.effect === 'close' || decision.effect === 'drop' ? 'close' : 'block';
      return { action, rule: decision.rule, message: decision.message, command };
    }
    return undefined;
  }

  commandEntered(line: TypedLine, verdict: CommandVerdict, outcome: 'allowed' | 'denied', detail: string): void {
    const typed = detail === '' || detail === 'alert' || detail.startsWith('waits');
    const recorded = outcome !== 'allowed' || this.#owner.service.settings.commands!.record || detail !== '';
    // A refused line is not run: the host will not show more of it.
    if (recorded && outcome !== 'allowed') this.#recordCommand(line, verdict, outcome, detail);
    if (!typed && outcome !== 'allowed') return;
    // Waits for the echo once, whatever it is wanted for: a second time it would not be found.
    this.#late.add(line, (decided) => {
      if (typed) this.#recordTyped(decided);
      if (recorded && outcome === 'allowed') this.#recordCommand(decided, verdict, outcome, detail);
    });
  }

  #recordCommand(line: TypedLine, verdict: CommandVerdict, outcome: 'allowed' | 'denied', detail: string): void {
    const text = line.secret ? '********' : line.typed;
    recordEvent(this.#owner.port, {
      verb: 'COMMAND', path: `/${text.trim().split(/\s/, 1)[0]!}`, parameters: text, outcome, rule: verdict.rule, reason: detail,
      attributes: {
        ...line.secret || line.shown === line.typed || line.shown === '' ? {} : { shown: line.shown.slice(0, 1024) },
        ...line.uncertain ? { uncertain: true } : {}, ...this.hostUser === undefined ? {} : { login: this.hostUser },
      },
    });
  }

  say(text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    this.#client.sendData(bytes, 0, bytes.length);
    this.#keep(bytes, 0, bytes.length);
  }

  endForCommand(_line: TypedLine, verdict: CommandVerdict): void {
    this.say(notice(`${verdict.message === '' ? 'the session is closed' : verdict.message} (rule ${verdict.rule})`));
    this.#owner.endFor(`command refused by rule ${verdict.rule}`, verdict.rule);
  }
}
