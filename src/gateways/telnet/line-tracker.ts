// Which line is being typed: what was typed with erase and kill applied, what the host shows of it, whether the two can be
// trusted, and whether it is a secret. Sees both directions as they pass and holds up nothing.
import { EchoRow } from './echo-row.ts';

/** What a line may be: longer ones are cut, and count as uncertain. */
export const maxLineLength = 1024;

const secretPrompt = /(?:pass\s?(?:word|phrase|code)|passwd|secret|\bpin\b|token|otp|verification code)[^\r\n]{0,60}[:?>=]\s*$/i;
const loginPrompt = /(?:login|user\s?name|user)\s*(?:id|name)?\s*[:?]\s*$/i;

export interface TypedLine {
  readonly typed: string;
  /** From where the typing began, as the host shows it; '' when it shows nothing. */
  readonly shown: string;
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
  #typed = '';
  #uncertain = false;
  /** Column where the typing began, or -1 before. */
  #from = -1;
  #generation = 0;
  #prompt = '';
  /** The prompt asks for a password. */
  #secret = false;
  #escape = 0;
  /** Output came since the last key that typing does not explain. */
  #echoedSince = true;

  /** Enter would be judged by what the host has not shown yet. */
  get waitsForEcho(): boolean { return this.#uncertain && !this.#echoedSince; }
  get empty(): boolean { return this.#typed === '' && !this.#uncertain; }
  /** The typing stands behind a prompt for a password. */
  get atSecretPrompt(): boolean { return this.#secret || this.#asksNow(); }

  output(bytes: Uint8Array, start: number, end: number): void {
    this.row.push(bytes, start, end);
    this.#echoedSince = true;
  }

  /** One typed byte that is not Enter. */
  key(byte: number): void {
    // What ends an Enter, or pads, begins no line.
    if (byte === 0 && this.#from < 0) return;
    if (this.#from < 0) {
      this.#from = this.row.column;
      this.#prompt = this.row.text();
      this.#secret = secretPrompt.test(this.#prompt);
      this.#generation = this.row.generation;
    } else if (!this.#secret && (this.#prompt === '' || this.row.generation !== this.#generation)) this.#secret = this.#asksNow();
    if (this.#escape > 0) {
      this.#inEscape(byte);
      return;
    }
    if (byte === 0x1b) this.#escape = 1;
    else if (byte >= 0x20 && byte !== 0x7f) {
      if (this.#typed.length < maxLineLength) this.#typed += String.fromCharCode(byte);
      else this.#uncertain = true;
    } else this.#control(byte);
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
    this.#doubt();
  }

  #doubt(): void {
    this.#uncertain = true;
    this.#echoedSince = false;
  }

  #control(byte: number): void {
    switch (byte) {
      case 8:
      case 0x7f: this.#typed = withoutLast(this.#typed); break;
      case 21: this.#restart(); break;
      case 3:
      case 26:
      case 28: this.#restart(); break;
      case 23: this.#typed = this.#typed.replace(/\S*\s*$/, ''); break;
      case 0:
      case 7: break;
      // Tab, and the other keys of line editors: ^A ^B ^D ^E ^F ^K ^N ^P ^R ^T ^Y ...
      default: this.#doubt();
    }
  }

  /** The line was given up; what is shown on the row is not taken for the next. */
  #restart(): void {
    this.#typed = '';
    this.#uncertain = false;
  }

  /** The line as it stands. `hostEchoes`: the host has taken over the echo (option ECHO). */
  line(hostEchoes: boolean): TypedLine {
    const typed = Buffer.from(this.#typed, 'latin1').toString('utf8');
    const moved = this.row.generation !== this.#generation;
    const shown = this.#shown(moved);
    const unseen = hostEchoes && !moved && shown === '' && this.#typed.trim() !== '';
    const atPrompt = this.#secret || this.#asksNow();
    const undecided = unseen && this.passed === 0 && !atPrompt;
    return { typed, shown, uncertain: this.#uncertain, secret: atPrompt || (unseen && !undecided), undecided, login: loginPrompt.test(this.#prompt) };
  }

  /** What the row shows of the line. Behind other output the prompt has to stand there again. */
  #shown(moved: boolean): string {
    if (this.#from < 0) return '';
    const row = this.row.text();
    // What a search in the history of readline has found so far.
    const found = /-i-search\)`.*?': (.*)$/.exec(row);
    if (found !== null) return found[1]!;
    return moved && !row.startsWith(this.#prompt) ? '' : this.row.text(this.#from);
  }

  /** What stands before the typing. */
  get prompt(): string { return this.#prompt; }

  /** Enter has passed: the next line begins. */
  next(): void {
    this.#typed = '';
    this.#uncertain = false;
    this.#from = -1;
    this.#prompt = '';
    this.#secret = false;
    this.#escape = 0;
    this.#echoedSince = true;
    this.passed = 0;
  }

  /** The line was cleared by the gateway: typing goes on at the same place, so that what the host did not clear still counts. */
  cleared(): void {
    this.#restart();
    this.passed = 0;
  }
}

/** Without its last character, which may be several bytes of UTF-8 in latin1. */
function withoutLast(text: string): string {
  let at = text.length - 1;
  while (at > 0 && (text.charCodeAt(at) & 0xc0) === 0x80) at--;
  return text.slice(0, Math.max(0, at));
}
