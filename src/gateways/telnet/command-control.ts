// Watches what a client types, line by line: before an Enter passes, the line is judged, and it may be cleared, held for a
// second person, or end the session. Input in front of Enter passes as it is typed, or the host could not echo it; a line
// that comes whole in one piece is held back whole. Does not know Telnet: data only.
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
  askPolicy(line: TypedLine): CommandVerdict | undefined;
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

interface Approval { readonly id: string; readonly line: TypedLine; readonly verdict: CommandVerdict }

export class CommandControl {
  readonly tracker = new LineTracker();
  wakeAtMs = Infinity;
  readonly #settings: CommandControlSettings;
  readonly #rules: CommandRules;
  readonly #owner: CommandOwner;
  readonly #maxHeldBytes: number;
  /** Input behind an Enter that waits: for the echo, or for approval. The Enter is its first byte. */
  #held: Buffer | undefined = undefined;
  #approval: Approval | undefined = undefined;
  /** The end of the last Enter may still come (CR, then LF or NUL), and goes the way of the Enter. */
  #afterCr = false;
  #dropSecond = false;

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

  /** Input stands behind an Enter that waits. */
  get holds(): boolean { return this.#held !== undefined; }

  get waiting(): string { return this.#approval === undefined ? '' : `line waits for approval ${this.#approval.id}`; }

  input(bytes: Buffer, start: number, end: number): void {
    if (this.#held !== undefined) {
      this.#hold(bytes, start, end);
      return;
    }
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
        continue;
      }
      if (this.tracker.waitsForEcho && this.#settings.match !== 'typed') {
        this.#passPart(bytes, from, at);
        this.#hold(bytes, at, end);
        this.#wakeAt(this.#owner.nowMs() + this.#settings.echoWait);
        return;
      }
      const answer = this.#enter(bytes, from, at);
      if (answer === 'wait') this.#hold(bytes, at, end);
      if (answer === 'wait' || answer === 'ended') return;
      this.#entered(byte, answer === 'block');
      if (answer === 'pass') this.#owner.passInput(bytes, from, at + 1);
      from = at + 1;
    }
    this.#passPart(bytes, from, end);
  }

  /** Part of a line, without its Enter. */
  #passPart(bytes: Buffer, from: number, to: number): void {
    if (to > from) this.#owner.passInput(bytes, from, to);
    this.tracker.passed += to - from;
  }

  #entered(byte: number, dropSecond: boolean): void {
    this.#afterCr = byte === 13;
    this.#dropSecond = dropSecond;
  }

  /** The line is complete: `bytes[from..at)` is the part of it that the host does not have yet. */
  #enter(bytes: Buffer, from: number, at: number): 'pass' | 'block' | 'wait' | 'ended' {
    const line = this.tracker.line(this.#owner.hostEchoes);
    if (line.login && line.typed !== '') this.#owner.loginName(line.typed.trim());
    const readings = this.#readings(line);
    const unknown = line.uncertain && line.shown === '';
    if (readings.length === 0 && !unknown) {
      this.tracker.next();
      return 'pass';
    }
    let verdict = this.#rules.judge(readings, this.#owner.commandUser);
    if (verdict.action === 'policy') verdict = this.#owner.askPolicy(line) ?? verdict;
    if (unknown && verdict.action === 'policy') verdict = { action: this.#settings.unknown, rule: 'unknown-line', message: 'the line cannot be seen', command: '' };
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
        return 'wait';
      default:
        this.#owner.commandEntered(line, verdict, 'allowed', verdict.action === 'alert' ? 'alert' : '');
        this.tracker.next();
        return 'pass';
    }
  }

  /** The ways in which the line can be read; none for an empty one. */
  #readings(line: TypedLine): string[] {
    const { match } = this.#settings;
    const readings: string[] = [];
    // Typing tells nothing of a recalled line, and the echo nothing of one that is not shown.
    if (match !== 'echo' || line.shown === '') readings.push(line.typed);
    if (match !== 'typed' && line.shown !== '' && line.shown !== line.typed) readings.push(line.shown);
    return readings.filter((reading) => reading.trim() !== '');
  }

  #clear(verdict: CommandVerdict): void {
    if (this.tracker.passed > 0) {
      const clear = Buffer.from(clearSequences[this.#settings.clear], 'latin1');
      this.#owner.passInput(clear, 0, clear.length);
    }
    const { prompt } = this.tracker;
    this.tracker.cleared();
    this.#owner.say(`\r\n*** ${verdict.message === '' ? 'blocked' : verdict.message} (rule ${verdict.rule})\r\n${prompt}${prompt === '' ? '' : ' '}`);
  }

  #await(line: TypedLine, verdict: CommandVerdict): void {
    const id = this.#owner.approvalId();
    this.#approval = { id, line, verdict };
    this.#owner.commandEntered(line, verdict, 'denied', `waits for approval ${id}`);
    this.#owner.say(`\r\n*** waiting for approval by a second person (${id})\r\n`);
    this.#wakeAt(this.#owner.nowMs() + this.#settings.approvalTimeout);
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
    this.tracker.output(bytes, start, end);
    // Echo often comes in several pieces: the next look is soon, not now.
    if (this.#held !== undefined && this.#approval === undefined) this.#wakeAt(Math.min(this.wakeAtMs, this.#owner.nowMs() + 50));
  }

  #wakeAt(atMs: number): void {
    this.wakeAtMs = atMs;
    this.#owner.wake();
  }

  woken(nowMs: number): void {
    if (nowMs < this.wakeAtMs) return;
    this.wakeAtMs = Infinity;
    if (this.#approval !== undefined) this.decide('', false, 'nobody approved it in time');
    else if (this.#held !== undefined) {
      this.tracker.output(empty, 0, 0);
      this.#goOn();
    }
  }

  /** An answer to a held line. False: no line waits under this id. */
  decide(id: string, approved: boolean, by: string): boolean {
    const approval = this.#approval;
    if (approval === undefined || (id !== '' && id !== approval.id)) return false;
    this.#approval = undefined;
    this.wakeAtMs = Infinity;
    // The host has had its time to show what was typed: what it does not show is a secret, and nothing is left to be seen.
    const line = approval.line.undecided ? { ...this.tracker.line(this.#owner.hostEchoes), undecided: false } : approval.line;
    this.#owner.commandEntered(line, approval.verdict, approved ? 'allowed' : 'denied', approved ? `approved ${by}` : `refused: ${by}`);
    const held = this.#held!;
    this.#held = undefined;
    this.#owner.holdInput(false);
    this.#entered(held[0]!, !approved);
    if (!approved) {
      // What was typed ahead was meant for what would have followed.
      this.#clear({ ...approval.verdict, message: `not approved: ${by}` });
      return true;
    }
    this.#owner.say('*** approved\r\n');
    this.#owner.passInput(held, 0, 1);
    this.tracker.next();
    if (held.length > 1) this.input(held, 1, held.length);
    return true;
  }

  #goOn(): void {
    const held = this.#held!;
    this.#held = undefined;
    this.#owner.holdInput(false);
    this.input(held, 0, held.length);
  }
}

const empty = new Uint8Array(0);
