// Plays a recording on a terminal: with its own timing, faster or slower, long pauses shortened, and dangerous sequences
// taken out again, because a file may come from anywhere. Time is waited for by the caller's function, so that tests need none.
import { EscapeFilter, visible } from '#core/terminal/escape-filter.ts';
import type { Cast, CastEvent } from './cast.ts';

export interface PlayerTerminal {
  write(text: string): void;
  /** 0 when not a terminal. */
  readonly columns: number;
  readonly rows: number;
}

export interface PlayerOptions {
  /** 2 is twice as fast. */
  readonly speed: number;
  /** No pause is longer than this in the recording's time; Infinity for none. */
  readonly idleLimitMs: number;
  /** Shows everything up to this time at once. */
  readonly fromMs: number;
  /** Also shows what was typed, when it was recorded, on lines of its own. */
  readonly showInput: boolean;
}

export const defaultPlayerOptions: PlayerOptions = { speed: 1, idleLimitMs: 2000, fromMs: 0, showInput: false };

/** Waits; answers false when the wait was cut short. */
export type Wait = (ms: number) => Promise<unknown>;

/** Soft reset (DECSTR: colours, margins, origin, insert, keyboard lock, character sets), cursor shown, main screen, modes that would outlive what was shown off. */
export const restore = '\u001b[0m\u000f\u001b[!p\u001b[?47l\u001b[?5l\u001b[?9l\u001b[?1005l\u001b[?1015l\u001b[?1016l\u001b[20l\u001b[0 q'
  + '\u001b[?25h\u001b[?1049l\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1004l\u001b[?1006l\u001b[?2004l\u001b[?1l\u001b[?7h\u001b[r\u001b(B\u001b>';

export class Player {
  readonly #cast: Cast;
  readonly #terminal: PlayerTerminal;
  readonly #options: PlayerOptions;
  readonly #wait: Wait;
  readonly #filter = new EscapeFilter('remove', 'remove');
  #speed: number;
  #stopped = false;
  #paused: { promise: Promise<void>; resume: () => void } | undefined = undefined;
  /** Where the recording stands. */
  atMs = 0;

  constructor(cast: Cast, terminal: PlayerTerminal, options: Partial<PlayerOptions>, wait: Wait) {
    this.#cast = cast;
    this.#terminal = terminal;
    this.#options = { ...defaultPlayerOptions, ...options };
    this.#speed = this.#options.speed;
    this.#wait = wait;
  }

  get paused(): boolean { return this.#paused !== undefined; }

  /** Resolves at the end, or when stopped. The terminal is left as it should be in either case. */
  async play(): Promise<void> {
    const { columns, rows } = this.#terminal;
    if (columns > 0 && (columns < this.#cast.columns || rows < this.#cast.rows)) {
      this.#terminal.write(`*** recorded on a terminal of ${this.#cast.columns}x${this.#cast.rows}, this one has ${columns}x${rows}\r\n`);
    }
    try {
      for (const event of this.#cast.events) {
        await this.#until(event);
        if (this.#stopped) break;
        this.#show(event);
        this.atMs = event.atMs;
      }
    } finally {
      this.#terminal.write(`${restore}\r\n`);
    }
  }

  async #until(event: CastEvent): Promise<void> {
    const { idleLimitMs, fromMs } = this.#options;
    if (this.#paused !== undefined) await this.#paused.promise;
    if (event.atMs <= fromMs || this.#stopped) return;
    const gapMs = Math.min(event.atMs - Math.max(this.atMs, fromMs), idleLimitMs);
    if (gapMs > 0) await this.#wait(gapMs / this.#speed);
    if (this.paused) await this.#paused!.promise;
  }

  #show(event: CastEvent): void {
    if (event.kind === 'o') {
      const bytes = Buffer.from(event.text, 'utf8');
      const parts: Buffer[] = [];
      this.#filter.push(bytes, 0, bytes.length, {
        text: (some, start, end) => { parts.push(Buffer.from(some.subarray(start, end))); },
        removed() { /* what the gateway let pass, or another file had */ },
      });
      if (parts.length > 0) this.#terminal.write(Buffer.concat(parts).toString('utf8'));
    } else if (event.kind === 'r') {
      const size = /^(\d{1,4})x(\d{1,4})$/.exec(event.text);
      if (size !== null && this.#terminal.columns > 0 && Number(size[1]) > this.#terminal.columns) this.#terminal.write(`\r\n*** window changed to ${event.text}\r\n`);
    } else if (event.kind === 'i' && this.#options.showInput) this.#terminal.write(`\r\n*** typed: ${visible(event.text)}\r\n`);
  }

  pause(): void {
    if (this.#paused !== undefined) return;
    let resume = (): void => { /* replaced below */ };
    const promise = new Promise<void>((resolve) => { resume = resolve; });
    this.#paused = { promise, resume };
  }

  resume(): void {
    this.#paused?.resume();
    this.#paused = undefined;
  }

  stop(): void {
    this.#stopped = true;
    this.resume();
  }

  /** Between an eighth and 64 times the recorded speed. */
  faster(): void { this.#speed = Math.min(64, this.#speed * 2); }
  slower(): void { this.#speed = Math.max(1 / 8, this.#speed / 2); }
}

// oxlint-disable-next-line no-control-regex -- control sequences are what is looked for
const sequences = /\u001b\[[0-9;:?>=!]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[()][A-Z0-9]|\u001b./g;

/** Everything that was shown, without timing: for searching and for export as text. Sequences are taken out. */
export function plainText(cast: Cast): string {
  const parts: Buffer[] = [];
  const shown = Buffer.from(cast.events.filter(({ kind }) => kind === 'o').map(({ text }) => text).join(''), 'utf8');
  // Strings such as DCS go whole; what is left are sequences that are short.
  new EscapeFilter('remove', 'remove').push(shown, 0, shown.length, {
    text: (bytes, start, end) => { parts.push(Buffer.from(bytes.subarray(start, end))); }, removed() { /* not shown */ },
  });
  return Buffer.concat(parts).toString('utf8').replaceAll(sequences, '').replaceAll('\r\n', '\n')
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, '');
}
