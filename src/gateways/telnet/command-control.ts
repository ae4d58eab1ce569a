// Watches what a client types, line by line: before an Enter passes, the line is judged, and it may be cleared, held for a
// second person, or end the session. Input in front of Enter passes as it is typed, or the host could not echo it; a line
// that comes whole in one piece is held back whole. What typing does not tell for certain is judged by what the host shows,
// once that has had its time: Enter waits for it, and behind a line that was cleared everything does. Does not know Telnet.
import type { AwaitedApproval } from '#contract/gateway.ts';
import type { CommandControlSettings } from './settings-watch.ts';
import { LineTracker, type TypedLine } from './line-tracker.ts';
import type { CommandRules, CommandVerdict } from './command-rules.ts';

export interface CommandOwner {
  /** Input that may go to the host. */
  passInput(bytes: Uint8Array, start: number, end: number): void;
  /** Whether the host has taken over the echo. */
  readonly hostEchoes: boolean;
  /** Rules have no say: what does policy say of the line? Undefined: it may pass. */
  askPolicy(readings: readonly string[]): CommandVerdict | undefined;
  /** User of the gateway's login, or the name typed at the host's prompt. */
  readonly commandUser: string | undefined;
  commandEntered(line: TypedLine, verdict: CommandVerdict, outcome: 'allowed' | 'denied', detail: string): void;
  loginName(name: string): void;
  /** Text for the terminal. */
  say(text: string): void;
  /** The id under which a held line is approved. */
  approvalId(): string;
  endForCommand(line: TypedLine, verdict: CommandVerdict): void;
  nowMs(): number;
  /** Look again at this time (`CommandControl.wakeAtMs` has changed). */
  wake(): void;
  holdInput(full: boolean): void;
}

const clearSequences = { '^U': '\u0015', '^C': '\u0003', '^U^K': '\u0015\u000b', 'none': '' } as const;
/** Echo often comes in several pieces: it is relied on when the host has been silent for so long. */
const quietMs = 50;
/** Keys at which a terminal throws away what it has, and may do that to what comes right behind them: ^C, ^Z, ^\\. */
const interrupts: ReadonlySet<number> = new Set([3, 26, 28]);
/** Stands for a line that nobody has seen: only a permission for everything fits it. */
const unseen = '\ufffd';

interface Approval { readonly id: string; readonly line: TypedLine; readonly verdict: CommandVerdict }

export class CommandControl {
  readonly tracker = new LineTracker();
  wakeAtMs = Infinity;
  readonly #settings: CommandControlSettings;
  readonly #rules: CommandRules;
  readonly #owner: CommandOwner;
  readonly #maxHeldBytes: number;
  /** Input that waits; behind an Enter that waits for echo or approval, the Enter is its first byte. */
  #held: Buffer | undefined = undefined;
  #waitsFor: 'nothing' | 'echo' | 'clearing' | 'approval' = 'nothing';
  #sinceMs = 0;
  /** The first Enter of what is held has waited. */
  #waited = false;
  #approval: Approval | undefined = undefined;
  #notice = '';
  /** The end of the last Enter may still come (CR, then LF or NUL), and goes the way of the Enter. */
  #afterCr = false;
  #dropSecond = false;
  /** When the host last showed something, the last key went to it, and the last Enter. */
  #outputMs = -Infinity;
  #keyMs = -Infinity;
  #enterMs = -Infinity;
  /** When it last began a new row. */
  #movedMs = -Infinity;

  constructor(settings: CommandControlSettings, rules: CommandRules, owner: CommandOwner, maxHeldBytes: number) {
    this.#settings = settings;
    this.#rules = rules;
    this.#owner = owner;
    this.#maxHeldBytes = maxHeldBytes;
  }

  /** What waits for a second person; a secret is not shown to them. */
  get awaits(): AwaitedApproval | undefined {
    if (this.#approval === undefined) return undefined;
    const { id, line } = this.#approval;
    const what = line.secret ? '********' : line.typed.trim() === '' ? line.shown : line.typed;
    return { id, what: what.trim(), user: this.#owner.commandUser ?? '' };
  }

  /** Input waits, as a rule behind an Enter. */
  get holds(): boolean { return this.#held !== undefined; }

  get waiting(): string { return this.#approval === undefined ? '' : `line waits for approval ${this.#approval.id}`; }

  input(bytes: Buffer, start: number, end: number): void {
    if (this.#held !== undefined) {
      this.#hold(bytes, start, end);
      return;
    }
    const nowMs = this.#owner.nowMs();
    this.#rested(nowMs);
    let from = start;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      if (this.#afterCr) {
        this.#afterCr = false;
        if (byte === 10 || byte === 0) {
          if (!this.#dropSecond) this.#owner.passInput(bytes, at, at + 1);
          from = at + 1;
          continue;
        }
      }
      if (byte !== 13 && byte !== 10) {
        this.tracker.key(byte);
        this.#keyMs = nowMs;
        if (!interrupts.has(byte) || this.#settings.match === 'typed') continue;
        this.#passPart(bytes, from, at + 1);
        this.#wait('clearing', bytes, at + 1, end);
        return;
      }
      const answer = this.#mustWait(nowMs) ? 'echo' : this.#enter(bytes, from, at);
      this.#waited = false;
      if (answer === 'ended') return;
      if (answer === 'echo') this.#passPart(bytes, from, at);
      if (answer === 'echo' || answer === 'approval') {
        this.#wait(answer, bytes, at, end);
        return;
      }
      this.#entered(byte, answer === 'block');
      if (answer === 'pass') {
        this.#owner.passInput(bytes, from, at + 1);
        this.#enterMs = nowMs;
      }
      from = at + 1;
      if (this.#waitsFor === 'clearing') {
        this.#hold(bytes, from, end);
        return;
      }
    }
    this.#passPart(bytes, from, end);
  }

  /** Part of a line, without its Enter. */
  #passPart(bytes: Buffer, from: number, to: number): void {
    if (to <= from) return;
    this.#owner.passInput(bytes, from, to);
    this.tracker.passedOn(to - from);
  }

  /** A Telnet command that edits the line as this key would; it goes to the host by itself. */
  edit(key: number): void {
    this.tracker.key(key);
    this.tracker.passedOn(0);
    this.#keyMs = this.#owner.nowMs();
  }

  #entered(byte: number, dropSecond: boolean): void {
    this.#afterCr = byte === 13;
    this.#dropSecond = dropSecond;
  }

  /** After a time without anything, the host owes nothing, and shows what there is. */
  #rested(nowMs: number): void {
    this.tracker.quiet = nowMs - this.#outputMs >= this.#settings.echoWait;
    if (nowMs - Math.max(this.#outputMs, this.#enterMs, this.#keyMs) < this.#settings.echoWait) return;
    if (!this.tracker.begun) this.tracker.rest();
    this.tracker.resolve();
  }

  /** An Enter comes now: is it too early to judge the line? */
  #mustWait(nowMs: number): boolean {
    return !this.#waited && this.#judgedAtMs(nowMs) > nowMs && !this.#refusedAsTyped();
  }

  /** When the line of an Enter that came at `sinceMs` may be judged: as soon as it is known, or when the host has had its time. */
  #judgedAtMs(sinceMs: number): number {
    const { tracker } = this;
    const { match, echoWait } = this.#settings;
    if (match === 'typed') return 0;
    const latestMs = sinceMs + echoWait;
    const quietAtMs = Math.min(latestMs, this.#outputMs + quietMs);
    if (tracker.uncertain) return Math.max(this.#keyMs + echoWait, quietAtMs);
    if (tracker.secretPrompt) return 0;
    if (!tracker.confirmed) return latestMs;
    return tracker.edited ? Math.min(tracker.movedOn ? latestMs + echoWait : latestMs, this.#stillAtMs()) : 0;
  }

  /** When what the host has shown of a line that was taken back may be relied on: a row may be shown again in pieces. */
  #stillAtMs(): number { return Math.max(this.#outputMs + quietMs, this.tracker.movedOn ? this.#movedMs + this.#settings.echoWait : 0); }

  /** What was typed is enough to refuse the line: no byte of it has to reach the host. */
  #refusedAsTyped(): boolean {
    if (this.#settings.match === 'echo') return false;
    const { typed } = this.tracker.line(this.#owner.hostEchoes);
    if (typed.trim() === '') return false;
    const { action } = this.#rules.judge([typed], this.#owner.commandUser);
    return action === 'block' || action === 'close' || (action === 'policy' && this.#owner.askPolicy([typed]) !== undefined);
  }

  /** The line is complete: `bytes[from..at)` is the part of it that the host does not have yet. */
  #enter(bytes: Buffer, from: number, at: number): 'pass' | 'block' | 'approval' | 'ended' {
    const nowMs = this.#owner.nowMs();
    if (this.tracker.confirmed && this.#stillAtMs() <= nowMs) this.tracker.believe();
    if (this.#keyMs + this.#settings.echoWait <= nowMs) this.tracker.resolve();
    const line = this.tracker.line(this.#owner.hostEchoes);
    if (line.login && line.typed !== '') this.#owner.loginName(line.typed.trim());
    const verdict = this.#judge(line);
    if (verdict === undefined) {
      this.tracker.next();
      return 'pass';
    }
    switch (verdict.action) {
      case 'block':
        this.#owner.commandEntered(line, verdict, 'denied', 'blocked');
        this.#clear(verdict);
        return 'block';
      case 'close':
        this.#owner.commandEntered(line, verdict, 'denied', 'session closed');
        this.#owner.endForCommand(line, verdict);
        return 'ended';
      case 'approve':
        // What was typed may be seen by the host; Enter may not.
        this.#passPart(bytes, from, at);
        this.#await(line, verdict);
        return 'approval';
      default:
        this.#owner.commandEntered(line, verdict, 'allowed', verdict.action === 'alert' ? 'alert' : '');
        this.tracker.next();
        return 'pass';
    }
  }

  /** Undefined for an empty line. */
  #judge(line: TypedLine): CommandVerdict | undefined {
    const readings = this.#readings(line);
    const unknown = this.#unknown(line);
    if (readings.length === 0 && !unknown) return undefined;
    const { unknown: action } = this.#settings;
    const verdict = this.#rules.judge(unknown && action === 'block' ? [...readings, unseen] : readings, this.#owner.commandUser);
    if (verdict.action !== 'policy') return verdict;
    const denied = this.#owner.askPolicy(readings);
    if (denied !== undefined) return denied;
    if (unknown) return { action, rule: 'unknown-line', message: 'the line cannot be seen', command: '' };
    return verdict.noticed ?? verdict;
  }

  /** Neither typing nor the host tells the line. */
  #unknown(line: TypedLine): boolean {
    if (this.#settings.match === 'typed') return line.uncertain && line.shown === '';
    return line.uncertain ? line.shown === '' || this.tracker.suffixes.length > 0 : line.untaken.length > 0 && !this.tracker.echoed && !this.tracker.secretPrompt;
  }

  /** The ways in which the line can be read; none for an empty one. */
  #readings(line: TypedLine): string[] {
    const { match } = this.#settings;
    const { typed, shown, untaken } = line;
    const readings: string[] = [];
    // What the host shows of a line that typing tells is of interest when it is something else, not when it is late.
    const told = !line.uncertain && this.tracker.confirmed;
    // Typing tells nothing of a recalled line, and the echo nothing of one that is not shown.
    if (match !== 'echo' || shown === '' || told) readings.push(typed);
    if (match !== 'typed' && !told && shown !== typed) readings.push(shown);
    // The host shows what it was to take back, and not that it did.
    if (match !== 'typed' && this.tracker.echoed) readings.push(...untaken);
    if (match !== 'typed') readings.push(...this.tracker.suffixes);
    return readings.filter((reading) => reading.trim() !== '');
  }

  /** Sends what clears the line, and lets nothing follow until the host has shown that it did, or has had its time. */
  #clear(verdict: CommandVerdict): void {
    const { clear, match } = this.#settings;
    const { onHost } = this.tracker;
    const keys = Buffer.from(onHost ? clearSequences[clear] : '', 'latin1');
    this.#owner.passInput(keys, 0, keys.length);
    this.tracker.cleared(clear === 'none' ? '' : clear.slice(0, 2));
    this.#notice = `\r\n*** ${verdict.message === '' ? 'blocked' : verdict.message} (rule ${verdict.rule})\r\n`;
    this.#keyMs = this.#owner.nowMs();
    if (keys.length === 0 || match === 'typed') this.#tell();
    else this.#wait('clearing', empty, 0, 0);
  }

  /** Behind the erasure, so that it takes nothing of the notice away. */
  #tell(): void {
    const { prompt } = this.tracker;
    this.#owner.say(`${this.#notice}${prompt}${prompt === '' ? '' : ' '}`);
    this.#notice = '';
  }

  /** When what follows may pass: behind a line that was cleared, or an interrupt. */
  #clearedAtMs(): number {
    const { echoWait } = this.#settings;
    const latestMs = this.#sinceMs + echoWait;
    if (this.#notice === '') return Math.min(latestMs, Math.max(this.#keyMs, this.#outputMs) + quietMs);
    if (!this.tracker.confirmed || this.tracker.uncertain || this.tracker.vague) return latestMs;
    return Math.min(this.tracker.movedOn ? latestMs + echoWait : latestMs, this.#stillAtMs());
  }

  #await(line: TypedLine, verdict: CommandVerdict): void {
    const id = this.#owner.approvalId();
    this.#approval = { id, line, verdict };
    this.#owner.commandEntered(line, verdict, 'denied', `waits for approval ${id}`);
    this.#owner.say(`\r\n*** waiting for approval by a second person (${id})\r\n`);
  }

  #wait(what: 'echo' | 'clearing' | 'approval', bytes: Buffer, start: number, end: number): void {
    this.#waitsFor = what;
    this.#sinceMs = this.#owner.nowMs();
    this.#hold(bytes, start, end);
    this.#wakeAt(what === 'approval' ? this.#sinceMs + this.#settings.approvalTimeout : this.#readyAtMs());
  }

  #hold(bytes: Buffer, start: number, end: number): void {
    const more = bytes.subarray(start, end);
    // ^C gives up a line that waits for approval.
    if (this.#approval !== undefined && this.#held !== undefined && more.includes(3)) {
      this.decide('', false, 'given up by the user');
      return;
    }
    this.#held = this.#held === undefined ? Buffer.from(more) : Buffer.concat([this.#held, more]);
    if (this.#held.length >= this.#maxHeldBytes) this.#owner.holdInput(true);
  }

  /** The host has shown something. */
  output(bytes: Uint8Array, start: number, end: number): void {
    this.#outputMs = this.#owner.nowMs();
    const { generation } = this.tracker.row;
    this.tracker.output(bytes, start, end);
    if (this.tracker.row.generation !== generation) this.#movedMs = this.#outputMs;
    if (this.#waitsFor === 'echo' || this.#waitsFor === 'clearing') this.#wakeAt(this.#readyAtMs());
  }

  /** When what is held may go on. */
  #readyAtMs(): number { return this.#waitsFor === 'clearing' ? this.#clearedAtMs() : this.#judgedAtMs(this.#sinceMs); }

  #wakeAt(atMs: number): void {
    this.wakeAtMs = atMs;
    this.#owner.wake();
  }

  woken(nowMs: number): void {
    if (nowMs < this.wakeAtMs) return;
    this.wakeAtMs = Infinity;
    if (this.#approval !== undefined) this.decide('', false, 'nobody approved it in time');
    else this.#look();
  }

  /** Whether what is held has waited long enough. */
  #look(): void {
    if (this.#waitsFor !== 'echo' && this.#waitsFor !== 'clearing') return;
    const atMs = this.#readyAtMs();
    if (atMs > this.#owner.nowMs()) {
      this.#wakeAt(atMs);
      return;
    }
    this.#waited = this.#waitsFor === 'echo';
    if (this.#waitsFor === 'clearing') {
      if (this.tracker.confirmed && this.#stillAtMs() <= this.#owner.nowMs()) this.tracker.believe();
      this.tracker.resolve();
      if (this.#notice !== '') this.#tell();
    }
    this.#goOn();
  }

  /** An answer to a held line. False: no line waits under this id. */
  decide(id: string, approved: boolean, by: string): boolean {
    const approval = this.#approval;
    if (approval === undefined || (id !== '' && id !== approval.id)) return false;
    this.#approval = undefined;
    // The host has had its time to show what was typed: what it does not show is a secret, and nothing is left to be seen.
    const line = approval.line.undecided ? { ...this.tracker.line(this.#owner.hostEchoes), undecided: false } : approval.line;
    this.#owner.commandEntered(line, approval.verdict, approved ? 'allowed' : 'denied', approved ? `approved ${by}` : `refused: ${by}`);
    const held = this.#held!;
    this.#entered(held[0]!, !approved);
    if (!approved) {
      // What was typed ahead was meant for what would have followed.
      this.#held = held[0] === 13 && (held[1] === 10 || held[1] === 0) ? held.subarray(1, 2) : empty;
      this.#clear({ ...approval.verdict, message: `not approved: ${by}` });
      if (this.#waitsFor === 'approval') this.#goOn();
      return true;
    }
    this.#owner.say('*** approved\r\n');
    this.#owner.passInput(held, 0, 1);
    this.#enterMs = this.#owner.nowMs();
    this.tracker.next();
    this.#held = held.subarray(1);
    this.#goOn();
    return true;
  }

  #goOn(): void {
    const held = this.#held!;
    this.#held = undefined;
    this.#waitsFor = 'nothing';
    this.wakeAtMs = Infinity;
    this.#owner.holdInput(false);
    this.input(held, 0, held.length);
  }
}

const empty = Buffer.alloc(0);
