// Whether the host has done what keys that take something back ask for: erase, kill, interrupt, and the gateway's own
// clearing of a blocked line. Follows the row of the cursor through the texts that it has to show one after the other: first
// the text that is to go, then what is left of it. Echo that is late, or a host that does not know the key, leaves the trail
// open. Also where on the row the line stands. Judges nothing and knows no time.
import type { EchoRow } from './echo-row.ts';

interface Step {
  readonly text: string;
  /** What is left behind a key that takes back; else the text before it. */
  readonly left: boolean;
  /** How a terminal shows the key, when it does. */
  readonly mark: string;
  /** Columns that the text takes, and its last character. */
  readonly width: number;
  readonly last: string;
}

function step(text: string, left: boolean, mark: string): Step {
  const characters = [...text];
  return { text, left, mark, width: characters.length, last: characters.at(-1) ?? '' };
}

/** Keys that may give up a line with nothing but a new row: interrupt, suspend, quit. */
const interrupts: readonly string[] = ['^C', '^Z', '^\\'];
const maxSteps = 64;

export class EchoTrail {
  readonly #row: EchoRow;
  /** Column where the line begins, or -1 before. */
  from = -1;
  /** What stands in front of it. */
  prompt = '';
  /** More of the prompt may have come behind `from`. */
  doubtful = false;
  /** The same where the line, or the one before it, was begun: what stands elsewhere may have been found by chance. */
  #knownFrom = -1;
  #knownPrompt = '';
  /** Row on which it was seen to stand. */
  #generation = 0;
  /** Rows before this one belong to lines before. */
  #first = 0;
  #steps: Step[] = [];
  /** Text that the key under way takes back. */
  #full = '';
  /** Where the line stands may have to be found; and it was found by its text, which may have been by chance. */
  #loose = true;
  #found = false;
  /** There were more keys than can be followed. */
  lost = false;
  #marked: Step[] = [];
  #markedLost = false;
  /** What is left was seen on another row: what stands there may be the beginning of the whole, shown again. */
  movedOn = false;
  /** The host has shown something that was to be taken back: it echoes. */
  seen = false;

  constructor(row: EchoRow) { this.#row = row; }

  /** Where the line stands is only where it was found. */
  get foundOnly(): boolean { return this.#found; }

  /** The same, and not by chance. */
  get seenForSure(): boolean { return this.seen && !this.#found; }

  /** Nothing is left that the host still has to show. */
  get complete(): boolean { return this.#steps.length === 0 && !this.lost; }

  /**
   * The first key of a line. `owed`: rows that the host still owes for lines before; until they have come, the row is not of this
   * line. `quiet`: the host has been silent for so long that its prompt is whole. Else, and when the row looks like the beginning of
   * the last prompt, it is taken to be the last one.
   */
  begin(owed: number, quiet: boolean): void {
    const row = this.#row;
    const text = row.text();
    this.#first = row.generation + owed;
    this.#loose = true;
    this.#found = false;
    this.#generation = -1;
    this.doubtful = false;
    const partial = row.text(row.column) !== '' || (!quiet && (text === this.#knownPrompt || (row.column < this.#knownFrom && this.#knownPrompt.startsWith(text))));
    if (owed === 0 && !partial) {
      this.doubtful = !quiet && (text !== this.#knownPrompt || row.column !== this.#knownFrom);
      this.from = row.column;
      this.prompt = text;
      this.#generation = row.generation;
      if (!this.doubtful) this.#remember(this.from, this.prompt);
    } else {
      this.from = Math.max(0, this.#knownFrom);
      this.prompt = this.#knownPrompt;
    }
  }

  /** The line is over; its prompt is remembered, if it is certain. */
  end(): void {
    if (this.#found ? !this.#loose : !this.doubtful) this.#remember(this.from, this.prompt);
    this.drop();
    this.seen = false;
    this.movedOn = false;
  }

  /** The row shows a prompt and nothing else. */
  atPrompt(): void { this.#remember(this.#row.column, this.#row.text()); }

  #remember(from: number, prompt: string): void {
    // A row without a prompt is between two of them.
    if (prompt === '') return;
    this.#knownFrom = from;
    this.#knownPrompt = prompt;
  }

  /** What the host still has to show is not waited for any more. */
  drop(): void {
    this.#steps = [];
    this.#full = '';
    this.lost = false;
  }

  /** What the row shows of the line; '' when it is not the row of the line. */
  shown(): string { return this.#here() || this.#promptIsBack() ? this.#row.text(this.from) : ''; }

  /** The same, up to the cursor: behind it stands what an editor suggests. */
  shownToCursor(): string {
    const { column } = this.#row;
    return column < this.from ? this.shown() : this.#here() || this.#promptIsBack() ? this.#row.text(this.from, column) : '';
  }

  /** Nothing stands behind the prompt, and the cursor does. */
  get bare(): boolean { return (this.#here() || this.#promptIsBack()) && this.#stands(''); }

  /** What follows has not gone to the host yet, and may never. */
  mark(): void {
    this.#marked = this.#steps.slice();
    this.#markedLost = this.lost;
  }

  restore(): void {
    this.#steps = this.#marked;
    this.lost = this.#markedLost;
  }

  get markedComplete(): boolean { return this.#marked.length === 0 && !this.#markedLost; }

  /** A key takes `before` back to `after`. */
  takesBack(before: string, after: string, mark: string): void {
    const last = this.#steps.at(-1);
    const on = last?.left === true && last.text === before;
    if (this.#steps.length >= maxSteps) this.lost = true;
    else if (on && mark === '') this.#steps[this.#steps.length - 1] = step(after, true, last.mark);
    else {
      if (!on) this.#steps.push(step(before, false, ''));
      this.#steps.push(step(after, true, mark));
    }
    this.#look('', undefined);
  }

  /** There is something to look for. */
  get open(): boolean { return this.#steps.length > 0; }

  /** `typed`: the line as it stands for whoever has done what the keys ask. True: the trail has just become complete. */
  output(bytes: Uint8Array, start: number, end: number, typed: string): boolean {
    if (!this.open) {
      this.#row.push(bytes, start, end);
      return false;
    }
    for (let at = start; at < end; at++) {
      const ended = bytes[at] === 10 && this.#here() ? this.#row.text(this.from) : undefined;
      this.#row.push(bytes, at, at + 1);
      this.#look(typed, ended);
      if (this.#steps.length > 0) continue;
      this.#row.push(bytes, at + 1, end);
      return this.complete;
    }
    return false;
  }

  /** `ended`: what the row showed of the line when a newline ended it just now. */
  #look(typed: string, ended: string | undefined): void {
    for (let next = this.#steps[0]; next !== undefined; next = this.#steps[0]) {
      if (ended === undefined && !this.#mayBe(next, typed)) return;
      if (!(next.left ? this.#taken(next, typed, ended) : this.#reached(next.text))) return;
      this.#full = next.text;
      if (!next.left) this.seen = true;
      // Nothing is there any more: what follows may stand on another row.
      else if (next.text === '') this.#loose = true;
      this.#steps.shift();
    }
  }

  /** Whether the row can show this now, told cheaply: it is asked for every byte, and a host may show megabytes meanwhile. */
  #mayBe({ left, width, last }: Step, typed: string): boolean {
    const row = this.#row;
    const { column } = row;
    if (column === this.from + width || column === this.#knownFrom + width) return true;
    if (!left) return this.#loose && row.at(column - 1) === last;
    if (this.#loose && (column === this.#knownFrom || row.at(column - 1) === this.#full.at(-1))) return true;
    return this.#here() && row.length - this.from <= (this.#steps[1]?.text ?? typed).length;
  }

  #here(): boolean { return this.from >= 0 && this.#row.generation === this.#generation; }

  /** Behind other output, and behind a line that was given up, the prompt stands there again. */
  #promptIsBack(): boolean {
    const row = this.#row;
    if (row.generation < this.#first || this.from < 0) return false;
    return (this.prompt !== '' && (!this.doubtful || this.#found) && row.head(this.from).trimEnd() === this.prompt) || this.#knownIsBack();
  }

  #knownIsBack(): boolean {
    if (this.#knownPrompt === '' || this.#row.generation < this.#first || this.#row.head(this.#knownFrom).trimEnd() !== this.#knownPrompt) return false;
    this.from = this.#knownFrom;
    this.prompt = this.#knownPrompt;
    return true;
  }

  /** The row shows exactly this behind the prompt, and the cursor is behind it. */
  #stands(text: string): boolean {
    const row = this.#row;
    return row.column === this.from + [...text].length && row.text(this.from) === text.trimEnd() && row.head(this.from).trimEnd() === this.prompt;
  }

  #reached(text: string): boolean {
    const row = this.#row;
    const here = this.#here();
    const back = this.#promptIsBack();
    if (!((here || back) && this.#stands(text))) {
      // Typed before its prompt was there: all that was typed so far stands at the end of a row, wherever that is.
      if (!this.#loose || (back && !(here && this.doubtful)) || row.generation < this.#first || text.trim() === '') return false;
      if (row.text(row.column) !== '' || !row.head().endsWith(text)) return false;
      this.#found = true;
      this.from = row.column - [...text].length;
      this.prompt = row.head(this.from).trimEnd();
    }
    if (!this.#found) this.#loose = false;
    this.#generation = row.generation;
    return true;
  }

  /** The newline that ends a line given up: with `^C`, or `^U` on a terminal that cannot rub out (ECHOK without ECHOKE). */
  #givenUp(mark: string, ended: string): boolean {
    // One or two characters may end any row.
    if (this.#found && this.#full.length < 3) return false;
    return ended === `${this.#full}${mark}` || (interrupts.includes(mark) && ended === this.#full.trimEnd());
  }

  #taken({ text, mark }: Step, typed: string, ended: string | undefined): boolean {
    if (ended !== undefined && text === '' && mark !== '' && this.#givenUp(mark, ended)) {
      this.#loose = true;
      this.movedOn = true;
      return true;
    }
    // What was found by chance is looked for again: the prompt may have come since.
    if (this.#loose && this.#knownIsBack()) {
      this.#found = false;
      if (!this.#reached(this.#full)) {
        this.#steps.unshift(step(this.#full, false, ''));
        this.seen = false;
        return false;
      }
    } else if (this.#loose) this.#reached(this.#full);
    const here = this.#here();
    if (!here && !this.#promptIsBack()) return false;
    if (this.#stands(text)) {
      this.#loose = false;
      this.#generation = this.#row.generation;
      if (!here) this.movedOn = true;
      return true;
    }
    // Some editors show only where several keys led to: what stands there now could not without this one.
    const shown = this.#row.text(this.from);
    const next = this.#steps[1]?.text ?? typed;
    return here && shown !== '' && shown.startsWith(text) && next.startsWith(shown) && !this.#full.startsWith(shown) && !shown.startsWith(this.#full)
      && this.#row.head(this.from).trimEnd() === this.prompt;
  }
}
