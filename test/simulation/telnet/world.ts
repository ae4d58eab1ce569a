// Command control between a scripted typist and a host with a line editor, on a clock that the test moves. What the host shows is
// delivered when the test says so and in pieces of its choice; what the host received as lines is what counts.
import type { CommandControlSettings } from '#gateways/telnet/settings-watch.ts';
import { CommandControl, type CommandOwner } from '#gateways/telnet/command-control.ts';
import { CommandRules, type CommandVerdict } from '#gateways/telnet/command-rules.ts';
import type { TypedLine } from '#gateways/telnet/line-tracker.ts';

/** What a key that takes back does on a host: what it shows, or that the key means nothing and is shown or not. */
export interface HostStyle {
  readonly name: string;
  readonly kill: 'rubout' | 'redraw' | 'newline' | 'prompt' | 'shown' | 'ignored';
  readonly erase: 'rubout' | 'shown' | 'ignored';
  readonly interrupt: 'prompt' | 'ignored';
  readonly echo: boolean;
  /** Shows only where all the keys that arrived together have led to (zsh). */
  readonly atOnce?: boolean;
  readonly prompt?: string;
  /** A question mark is answered with help and taken out of the line again. */
  readonly help?: boolean;
}

const common = { erase: 'rubout', interrupt: 'prompt', echo: true } as const;

/** Hosts that do what erase and kill ask for. */
export const honest: readonly HostStyle[] = [
  { ...common, name: 'terminal that rubs out (ECHOKE)', kill: 'rubout' },
  { ...common, name: 'readline', kill: 'redraw' },
  { ...common, name: 'terminal that cannot rub out (ECHOK)', kill: 'newline' },
  { ...common, name: 'device that shows a new prompt', kill: 'prompt' },
];

/** Hosts on which they mean nothing. */
export const deaf: readonly HostStyle[] = [
  { ...common, name: 'kill is shown as ^U', kill: 'shown', interrupt: 'ignored' },
  { ...common, name: 'kill is ignored', kill: 'ignored', interrupt: 'ignored' },
  { ...common, name: 'all is ignored', kill: 'ignored', interrupt: 'ignored', erase: 'ignored' },
  { ...common, name: 'all is shown', kill: 'shown', interrupt: 'ignored', erase: 'shown' },
];

/** What is shown as two characters is rubbed out as two. */
function rubout(text: string): string { return [...text].map((character) => character < ' ' || character === '\u007f' ? '\b \b\b \b' : '\b \b').join(''); }

export class LineHost {
  readonly style: HostStyle;
  readonly received: string[] = [];
  /** Lines that can be recalled, the last first. */
  readonly history: string[];
  /** Shown, but not delivered yet. */
  pending = '';
  #line = '';
  #escape = '';
  #recalled = 0;
  readonly #prompt: string;

  constructor(style: HostStyle, history: readonly string[] = []) {
    this.style = style;
    this.history = [...history];
    this.#prompt = style.prompt ?? '$ ';
    this.pending = this.#prompt;
  }

  get line(): string { return this.#line; }

  /** Something comes in between, as a message of the system: the line is shown again behind it. */
  interject(text: string): void {
    const line = this.#line.replaceAll('\u0015', '^U').replaceAll('\u007f', '^?');
    this.pending += `\r\n${text}\r\n${this.#prompt}${this.style.echo ? line : ''}`;
  }

  feed(keys: string): void {
    const [before, shown] = [this.#line, this.pending];
    for (const key of keys) this.#key(key);
    if (this.style.atOnce === true && this.style.echo && !keys.includes('\r')) this.pending = `${shown}${rubout(before)}${this.#line}`;
  }

  #show(text: string): void { if (this.style.echo) this.pending += text; }

  #key(key: string): void {
    if (this.#escape !== '') {
      this.#escape += key;
      if (this.#escape.length < 3) return;
      if (this.#escape === '\u001b[A' && this.#recalled < this.history.length) this.#replace(this.history[this.#recalled++]!);
      this.#escape = '';
    } else if (key === '\u001b') this.#escape = key;
    else if (key === '\r') this.#enter();
    else if (key === '\u007f') this.#erase();
    else if (key === '\u0015') this.#kill();
    else if (key === '\u0017') this.#eraseWord();
    else if (key === '\u0003') this.#interrupt();
    else if (key === '\t') this.#complete();
    else if (key === '?' && this.style.help === true) this.pending += `?\r\nhelp\r\n${this.#prompt}${this.#line}`;
    else if (key >= ' ') this.#insert(key);
  }

  #insert(text: string): void {
    this.#line += text;
    this.#show(text);
  }

  #replace(line: string): void {
    this.#show(`${rubout(this.#line)}${line}`);
    this.#line = line;
  }

  #complete(): void {
    const whole = this.history.find((line) => this.#line !== '' && line.startsWith(this.#line));
    if (whole !== undefined) this.#insert(whole.slice(this.#line.length));
  }

  #erase(): void {
    const { erase } = this.style;
    if (erase === 'shown') {
      this.#line += '\u007f';
      this.#show('^?');
    } else if (erase === 'rubout' && this.#line !== '') {
      this.#show(rubout(this.#line.at(-1)!));
      this.#line = this.#line.slice(0, -1);
    }
  }

  #eraseWord(): void {
    if (this.style.erase !== 'rubout') return;
    for (const gone of [/\s$/, /\S$/]) while (gone.test(this.#line)) this.#erase();
  }

  #kill(): void {
    const { kill } = this.style;
    if (kill === 'ignored') return;
    if (kill === 'shown') {
      this.#line += '\u0015';
      this.#show('^U');
      return;
    }
    if (kill === 'rubout') this.#show(rubout(this.#line));
    else if (kill === 'redraw') this.#show(this.#line === '' ? '' : `\r${this.#prompt}\u001b[K`);
    else this.#show(kill === 'newline' ? '^U\r\n' : `\r\n${this.#prompt}`);
    this.#line = '';
  }

  #interrupt(): void {
    if (this.style.interrupt === 'ignored') return;
    this.#line = '';
    this.pending += `^C\r\n${this.#prompt}`;
  }

  #enter(): void {
    const line = this.#line;
    this.#line = '';
    this.#recalled = 0;
    this.received.push(line);
    this.pending += `\r\n${line === '' ? '' : `ran ${line}\r\n`}${this.#prompt}`;
  }
}

export class World implements CommandOwner {
  readonly control: CommandControl;
  readonly host: LineHost;
  readonly hostEchoes = true;
  readonly commandUser = undefined;
  readonly records: string[] = [];
  said = '';
  ended = false;
  #nowMs = 1000;
  #ids = 0;

  constructor(settings: CommandControlSettings, host: LineHost) {
    this.host = host;
    this.control = new CommandControl(settings, new CommandRules(settings), this, 65_536);
  }

  passInput(bytes: Uint8Array, start: number, end: number): void { this.host.feed(Buffer.from(bytes.subarray(start, end)).toString('latin1')); }
  askPolicy(): CommandVerdict | undefined { return undefined; }
  commandEntered(line: TypedLine, verdict: CommandVerdict, outcome: string, detail: string): void {
    this.records.push(`${outcome} ${line.typed} ${verdict.rule} ${detail}`.trim());
  }

  loginName(): void { /* nobody logs in here */ }
  say(text: string): void { this.said += text; }
  approvalId(): string { return `a${++this.#ids}`; }
  endForCommand(): void { this.ended = true; }
  nowMs(): number { return this.#nowMs; }
  wake(): void { /* the time of the alarm is asked for when the clock moves */ }
  holdInput(): void { /* what is held is bounded elsewhere */ }

  get blocked(): number { return this.records.filter((record) => record.endsWith(' blocked')).length; }

  type(keys: string): void {
    const bytes = Buffer.from(keys, 'latin1');
    if (!this.ended) this.control.input(bytes, 0, bytes.length);
  }

  /** Delivers so many characters of what the host has shown. */
  deliver(count = this.host.pending.length): void {
    const bytes = Buffer.from(this.host.pending.slice(0, count), 'latin1');
    this.host.pending = this.host.pending.slice(count);
    if (bytes.length > 0) this.control.output(bytes, 0, bytes.length);
  }

  /** Moves the clock; alarms ring when they are due. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    while (this.control.wakeAtMs <= untilMs) {
      this.#nowMs = Math.max(this.#nowMs, this.control.wakeAtMs);
      this.control.woken(this.#nowMs);
    }
    this.#nowMs = untilMs;
  }

  /** Everything is shown as it comes, in pieces of this many characters with this much time between, until nothing moves any more. */
  settle(piece = Infinity, gapMs = 25): void {
    for (let idleMs = 0, turns = 0; idleMs < 500; turns++) {
      if (turns > 10_000) throw new Error('the host does not come to rest');
      const idle = this.host.pending === '';
      const stepMs = idle ? 25 : gapMs;
      idleMs = idle ? idleMs + stepMs : 0;
      this.deliver(piece);
      this.advance(stepMs);
    }
  }
}

/** Runs `scene` once for every sequence of choices that it can make: `choose(n)` is a number from 0 to n - 1. */
export function everyWay(scene: (choose: (count: number) => number) => void, limit = 1_000_000): number {
  const path: number[] = [];
  const counts: number[] = [];
  for (let runs = 1; runs <= limit; runs++) {
    let at = 0;
    scene((count) => {
      if (at === path.length) path.push(0);
      counts[at] = count;
      return path[at++]!;
    });
    path.length = at;
    while (path.length > 0 && path.at(-1)! + 1 >= counts[path.length - 1]!) path.pop();
    if (path.length === 0) return runs;
    path[path.length - 1]!++;
  }
  throw new Error(`more than ${limit} ways`);
}
