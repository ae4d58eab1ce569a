// Which line is being typed: what was typed with erase and kill applied, what the host shows of it, whether the two can be
// trusted, and whether it is a secret. Sees both directions as they pass and holds up nothing; knows no time.
import { EchoRow } from './echo-row.ts';
import { EchoTrail } from './echo-trail.ts';

/** What a line may be: longer ones are cut, and count as uncertain. */
export const maxLineLength = 1024;

const secretPrompt = /(?:pass\s?(?:word|phrase|code)|passwd|secret|\bpin\b|token|otp|verification code)[^\r\n]{0,60}[:?>=]\s*$/i;
const loginPrompt = /(?:login|user\s?name|user)\s*(?:id|name)?\s*[:?]\s*$/i;

export interface TypedLine {
  readonly typed: string;
  /** From where the typing began, as the host shows it; '' when it shows nothing. */
  readonly shown: string;
  /** As it is on hosts that know erase and not kill, or neither; none when the host has shown that it does what the keys ask for. */
  readonly untaken: readonly string[];
  /** Typing alone does not tell the line: history, completion or movement within it. */
  readonly uncertain: boolean;
  /** A password prompt stands before it, or the host, which echoes otherwise, does not show it. */
  readonly secret: boolean;
  /** It came in one piece with its Enter: whether the host shows it will be seen behind it. */
  readonly undecided: boolean;
  /** The prompt asks for a login name. */
  readonly login: boolean;
}

export class LineTracker {
  readonly row = new EchoRow();
  /** Characters of the line that were passed on already. */
  passed = 0;
  /** The host has been silent for long, as of the keys that come now. */
  quiet = true;
  readonly #trail = new EchoTrail(this.row);
  #typed = '';
  /** What was typed with nothing taken back, and with nothing but single characters and words. */
  #unerased = '';
  #unkilled = '';
  #uncertain = false;
  #begun = false;
  #generation = 0;
  /** What stood on the row when the typing began. */
  #prompt = '';
  /** The prompt asks for a password. */
  #secret = false;
  #escape = 0;
  /** Rows that the host owes for lines that were passed to it. */
  #owed = 0;
  /** What the host has of the line, and whether keys that it does not have take something back. */
  #hostTyped = '';
  #hostUnerased = '';
  #hostUnkilled = '';
  #hostUncertain = false;
  #hostEdited = false;
  #takesBackAhead = false;
  #edited = false;
  #vague = false;
  /** The host has shown something of the line when it was refused. */
  #echoed = false;
  /** The host has shown a line as it was typed, once. */
  #echoes = false;

  /** Typing does not tell the line; only the row of the host does, when it has had its time. */
  get uncertain(): boolean { return this.#uncertain; }
  get empty(): boolean { return this.#typed === '' && !this.#uncertain; }
  get begun(): boolean { return this.#begun; }
  /** Something of the line was taken back. */
  get edited(): boolean { return this.#edited; }
  /** A line that typing did not tell was cleared: only time tells whether it is gone. */
  get vague(): boolean { return this.#vague; }
  get movedOn(): boolean { return this.#trail.movedOn; }
  /** The host has something of the line, or may have. */
  get onHost(): boolean { return this.passed > 0 || !this.#hostDone || this.#hostUncertain || (this.#hostEdited && this.#stillShown() !== ''); }
  /** The typing stands behind a prompt for a password. */
  get atSecretPrompt(): boolean { return this.#secret || this.#asksNow(); }
  /** The same, as far as it may be relied on: a line that is being taken back looks like a prompt to nobody. */
  get secretPrompt(): boolean { return this.#secret || (this.#trail.complete && this.#asksNow()); }
  /** What stands before the typing. */
  get prompt(): string { return this.#trail.prompt; }
  get #hostDone(): boolean { return this.#takesBackAhead ? this.#trail.markedComplete : this.#trail.complete; }

  /** The host has done what erase and kill ask for, and what it shows is the line, or the beginning of it. */
  get confirmed(): boolean {
    if (!this.#trail.complete) return false;
    if (!this.#begun || this.#nothingThere) return true;
    const typed = utf8(this.#typed);
    // What was taken back may still stand there, in front or behind; else what stands in front may be a prompt that came late.
    if (this.#edited) return typed.startsWith(this.#trail.shown());
    return typed.startsWith(this.#trail.shownToCursor()) || (this.#trail.doubtful && typed.trim() !== '' && this.row.head().trimEnd().endsWith(typed.trimEnd()));
  }

  output(bytes: Uint8Array, start: number, end: number): void {
    const before = this.row.generation;
    const typed = this.#trail.open ? utf8(this.#typed) : '';
    if (this.#trail.output(bytes, start, end, typed) && this.#taken) this.#nothingElse();
    this.#owed = Math.max(0, this.#owed - (this.row.generation - before));
  }

  /** What is left of a line that was taken back was seen on another row; it has stood there for so long that it may be believed. */
  believe(): void {
    if (!this.#trail.complete) return;
    this.#trail.movedOn = false;
    this.#nothingElse();
  }

  /** The host has been silent for long: whatever it owes does not come. */
  rest(): void { this.#owed = 0; }

  /** One typed byte that is not Enter. */
  key(byte: number): void {
    // What ends an Enter, or pads, begins no line.
    if (byte === 0 && !this.#begun) return;
    if (!this.#begun || this.#nothingThere) this.#begin();
    else if (!this.#secret && (this.#prompt === '' || this.row.generation !== this.#generation)) this.#secret = this.#asksNow();
    if (this.#escape > 0) {
      this.#inEscape(byte);
      return;
    }
    if (byte === 0x1b) this.#escape = 1;
    // Devices answer a question mark with help, at once, and take it out of the line again.
    else if (byte === 0x3f && !this.#secret) this.#insert(byte, true);
    else if (byte >= 0x20 && byte !== 0x7f) this.#insert(byte, false);
    else this.#control(byte);
  }

  /** It was begun by a key that shows nothing, or given up, and the row where it stood is gone. */
  get #nothingThere(): boolean {
    return this.#typed === '' && this.#unerased === '' && !this.#uncertain && this.#escape === 0 && this.#trail.complete && !this.#trail.movedOn
      && (!this.#edited || (this.#trail.prompt === '' && this.row.generation !== this.#generation));
  }

  #begin(): void {
    this.#begun = true;
    this.passed = 0;
    this.#prompt = this.row.text();
    this.#secret = secretPrompt.test(this.#prompt);
    this.#generation = this.row.generation;
    this.#trail.begin(this.#owed, this.quiet);
  }

  #insert(byte: number, doubtful: boolean): void {
    if (this.#typed.length < maxLineLength) this.#typed += String.fromCharCode(byte);
    else this.#uncertain = true;
    if (this.#unerased.length < maxLineLength) {
      this.#unerased += String.fromCharCode(byte);
      this.#unkilled += String.fromCharCode(byte);
    }
    if (doubtful) this.#uncertain = true;
  }

  /** A prompt for a password has come since the typing began, and nothing that was typed stands behind it. */
  #asksNow(): boolean {
    const row = this.row.text();
    return secretPrompt.test(row) && (this.#typed === '' || !row.endsWith(this.#typed.trimEnd()));
  }

  #inEscape(byte: number): void {
    if (this.#escape === 1 && (byte === 0x5b || byte === 0x4f)) {
      this.#escape = 2;
      return;
    }
    if (this.#escape === 2 && byte < 0x40) return;
    this.#escape = 0;
    // Any key that sends a sequence may recall, complete or move.
    this.#uncertain = true;
  }

  #control(byte: number): void {
    switch (byte) {
      case 8:
      case 0x7f: this.#takeBack(withoutLast, ''); break;
      case 23: this.#takeBack(withoutWord, ''); break;
      case 3:
      case 21:
      case 26:
      case 28: this.#takeBack(nothing, `^${String.fromCharCode(byte + 64)}`); break;
      case 0:
      case 7: break;
      // Tab, and the other keys of line editors: ^A ^B ^D ^E ^F ^K ^N ^P ^R ^T ^Y ...
      default: this.#uncertain = true;
    }
  }

  #takeBack(back: (text: string) => string, mark: string): void {
    const left = back(this.#typed);
    if (mark === '') this.#unkilled = back(this.#unkilled);
    // Where typing does not tell what is there, it does not tell what is left either.
    if (left === this.#typed && !this.#uncertain) return;
    // Spaces are nothing, taken back or not.
    if (this.#typed.trim() === '' && this.#unerased === this.#typed && !this.#uncertain) {
      this.#typed = left;
      this.#nothingElse();
      return;
    }
    if (!this.#takesBackAhead) this.#trail.mark();
    this.#takesBackAhead = true;
    this.#edited = true;
    if (!this.#uncertain) this.#trail.takesBack(utf8(this.#typed), utf8(left), mark);
    this.#typed = left;
    if (this.#taken && !this.#uncertain) this.#nothingElse();
  }

  /** The host has shown that it has what was typed, and nothing that was taken back. */
  get #taken(): boolean { return this.#trail.complete && !this.#trail.movedOn; }

  #nothingElse(): void {
    this.#unerased = this.#typed;
    this.#unkilled = this.#typed;
  }

  /** The line as it stands. `hostEchoes`: the host has taken over the echo (option ECHO). */
  line(hostEchoes: boolean): TypedLine {
    const typed = utf8(this.#typed);
    const moved = this.row.generation !== this.#generation;
    const shown = this.#shown();
    const unseen = hostEchoes && !moved && shown === '' && this.#typed.trim() !== '';
    const atPrompt = this.#secret || this.#asksNow();
    const undecided = unseen && this.passed === 0 && !atPrompt;
    const untaken = this.#taken ? [] : [utf8(this.#unerased), utf8(this.#unkilled)];
    return { typed, shown, untaken, uncertain: this.#uncertain, secret: atPrompt || (unseen && !undecided), undecided, login: loginPrompt.test(this.#prompt) };
  }

  /**
   * Where the line may begin on the row, if that is not certain: behind every further character that may be of the prompt. None when
   * it is.
   */
  get suffixes(): string[] {
    if (!this.#uncertain || !this.#trail.doubtful) return [];
    return Array.from({ length: 64 }, (_, index) => this.row.text(this.#trail.from + index + 1)).filter((text) => text !== '');
  }

  /** The host shows what is typed. */
  get echoed(): boolean { return this.#echoed || this.#trail.seen || (this.#echoes && !this.secretPrompt) || this.#shown() !== ''; }

  /** What the row shows of the line. */
  #shown(): string {
    if (!this.#begun || this.#nothingThere) return '';
    if (!this.#uncertain) return this.#trail.shown();
    // What a search in the history of readline has found so far.
    const found = /^\((?:failed )?(?:reverse-|forward-)?i-search\)`.*?': (.*)$/.exec(this.row.text());
    if (found !== null) return found[1]!;
    // Where no prompt is, no line editor has answered the key: what stands there is at most its own echo.
    return this.#trail.prompt === '' || this.#trail.foundOnly ? '' : this.#trail.shown();
  }

  /** The same, unless it is only how a key is shown that gives a line up. */
  #stillShown(): string {
    const shown = this.#shown();
    return /^(?:\^[CUZ\\])+$/.test(shown) ? '' : shown;
  }

  /** Whoever passes input on says so: the host has everything of the line that was typed so far. */
  passedOn(count: number): void {
    this.passed += count;
    this.#hostTyped = this.#typed;
    this.#hostUnerased = this.#unerased;
    this.#hostUnkilled = this.#unkilled;
    this.#hostUncertain = this.#uncertain;
    this.#hostEdited = this.#edited;
    this.#takesBackAhead = false;
  }

  /** Enter has passed: the next line begins. */
  next(): void {
    if (!this.#begun && this.#owed === 0 && this.quiet) this.#trail.atPrompt();
    this.#owed = Math.min(this.#owed + 1, 1000);
    const shown = this.#shown();
    if (this.#trail.seenForSure || (shown !== '' && !this.#uncertain && utf8(this.#typed).startsWith(shown))) this.#echoes = true;
    this.#forget();
    if (this.#begun) this.#trail.end();
    this.#begun = false;
    this.#prompt = '';
    this.#secret = false;
    this.#escape = 0;
  }

  #forget(): void {
    this.#typed = '';
    this.#nothingElse();
    this.#uncertain = false;
    this.passed = 0;
    this.#hostTyped = '';
    this.#hostUnerased = '';
    this.#hostUnkilled = '';
    this.#hostUncertain = false;
    this.#hostEdited = false;
    this.#takesBackAhead = false;
    this.#edited = false;
    this.#vague = false;
    this.#echoed = false;
  }

  /**
   * The line was refused; what the host has of it is cleared by a key that a terminal shows as `mark`. Until the host has shown
   * that, what it has may still be there in front of what is typed next.
   */
  cleared(mark: string): void {
    if (this.#takesBackAhead) this.#trail.restore();
    if (!this.onHost) {
      this.#forget();
      return;
    }
    const told = !this.#hostUncertain;
    const shown = !told && this.#trail.doubtful ? '' : this.#stillShown();
    this.#echoed ||= shown !== '';
    // What is shown, though it was taken to be gone, is there.
    const there = (told && (this.#hostTyped !== '' || !this.#trail.complete)) || shown === '' ? utf8(this.#hostTyped) : shown;
    const open = told && !this.#taken;
    this.#unerased = open ? this.#hostUnerased : Buffer.from(there, 'utf8').toString('latin1');
    this.#unkilled = open ? this.#hostUnkilled : this.#unerased;
    this.#typed = '';
    // What is there was neither typed nor shown: time will tell (`resolve`).
    this.#uncertain = !told && there === '';
    this.#vague = !told || this.#trail.lost;
    this.#escape = 0;
    this.#edited = true;
    if (there !== '') this.#trail.takesBack(there, '', mark);
    this.passed = 0;
    this.passedOn(0);
  }

  /** A host that echoes has had its time and shows a bare prompt: nothing of a line that typing does not tell is left. */
  resolve(): void {
    if (!(this.#uncertain || this.#vague) || !(this.#echoes || this.#trail.seenForSure) || this.#typed !== '' || !this.#trail.bare) return;
    this.#trail.drop();
    this.#forget();
  }
}

function utf8(latin1: string): string { return Buffer.from(latin1, 'latin1').toString('utf8'); }

function nothing(): string { return ''; }
function withoutWord(text: string): string { return text.replace(/\S*\s*$/, ''); }

/** Without its last character, which may be several bytes of UTF-8 in latin1. */
function withoutLast(text: string): string {
  let at = text.length - 1;
  while (at > 0 && (text.charCodeAt(at) & 0xc0) === 0x80) at--;
  return text.slice(0, Math.max(0, at));
}
