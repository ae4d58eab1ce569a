// Takes out of a stream for a terminal what can act on the terminal's machine or make it type: strings (DCS, APC, PM, SOS,
// OSC other than a title), answerback (ENQ), reports of titles and screen contents, printing, key definitions. Colours,
// cursor movement and modes pass. ECMA-48, xterm control sequences. Keeps its place when the stream is cut anywhere.
// Does not understand what is shown. A sequence is passed whole or not at all; its text is never shown in part.

/** What becomes of window titles: they can be reported back as input by some terminals, and mislead people. */
export type TitleHandling = 'pass' | 'remove';
/** Sequences that a terminal answers by typing (where the cursor is, what it can do): a host needs them, and who only looks on does not. */
export type QueryHandling = 'pass' | 'remove';
/** How the terminal reads bytes from 0x80 on: as UTF-8, where 0x80 to 0x9F can be part of a letter, or one by one, where they are controls. */
export type TextEncoding = 'utf-8' | '8-bit';

export interface FilterSink {
  /** Text and harmless sequences. Only lent for the call. */
  text(bytes: Uint8Array, start: number, end: number): void;
  /** Something was taken out: its kind, such as `osc 52`, `dcs`, `enq`. */
  removed(what: string): void;
}

const ESC = 0x1b;
const ENQ = 0x05;
const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;

const GROUND = 0;
const ESCAPE = 1;
/** ESC with an intermediate byte: `ESC ( B` and the like. */
const ESCAPE_MORE = 2;
const CSI = 3;
const OSC = 4;
/** A string that is thrown away. */
const STRING = 5;
/** ESC inside a string: the end, or the start of something else. */
const STRING_ESC = 6;

/** Longest control sequence; longer ones are thrown away. */
const maxSequenceBytes = 64;
const maxTitleBytes = 256;
/** A string that does not end by then is taken for text that only began like one. */
const maxStringBytes = 65_536;

/** `ESC k`: the title of a window of screen and tmux, which others take for text up to an ST. */
const stringNames: Readonly<Record<number, string>> = { 0x50: 'dcs', 0x58: 'sos', 0x5e: 'pm', 0x5f: 'apc', 0x6b: 'title' };

export class EscapeFilter {
  readonly #titles: TitleHandling;
  readonly #queries: QueryHandling;
  readonly #utf8: boolean;
  #state = GROUND;
  /** Of the sequence or title being read. */
  #held = '';
  #stringBytes = 0;
  #stringName = '';
  /** Continuation bytes still to come of a UTF-8 character: a C1 code inside one is no control. */
  #continuation = 0;
  /** The next of them is at least and at most this: all else would be an overlong form, or no character (RFC 3629 section 4). */
  #least = 0x80;
  #most = 0xbf;
  /** C2 was the last byte: with 80 to 9F it is a C1 control in UTF-8. It is held back until then. */
  #heldC2 = false;

  constructor(titles: TitleHandling = 'pass', queries: QueryHandling = 'pass', encoding: TextEncoding = 'utf-8') {
    this.#titles = titles;
    this.#queries = queries;
    this.#utf8 = encoding === 'utf-8';
  }

  push(bytes: Uint8Array, start: number, end: number, sink: FilterSink): void {
    let at = start;
    while (at < end) at = this.#state === GROUND ? this.#ground(bytes, at, end, sink) : this.#step(bytes, at, sink);
  }

  /** Text up to the next byte that begins something. */
  #ground(bytes: Uint8Array, start: number, end: number, sink: FilterSink): number {
    let at = start;
    if (this.#heldC2) {
      this.#heldC2 = false;
      const byte = bytes[at]!;
      if (byte >= 0x80 && byte <= 0x9f) return this.#begin(byte - 0x40, at, sink, c2Of(byte));
      sink.text(c2, 0, 1);
      this.#continuation = 1;
      this.#least = 0x80;
      this.#most = 0xbf;
    }
    let continuation = this.#continuation;
    let least = this.#least;
    let most = this.#most;
    for (; at < end; at++) {
      const byte = bytes[at]!;
      if (byte >= 0x20 && byte < 0x7f) continuation = 0;
      else if (byte === ESC || byte === ENQ) break;
      else if (byte < 0x80) continuation = 0;
      else if (continuation > 0 && byte >= least && byte <= most) {
        continuation--;
        least = 0x80;
        most = 0xbf;
      } else if (byte < 0xa0 || (byte === 0xc2 && this.#utf8)) break;
      else {
        continuation = this.#utf8 ? continuationsOf(byte) : 0;
        least = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
        most = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
      }
    }
    if (at > start) sink.text(bytes, start, at);
    if (at === end) {
      this.#continuation = continuation;
      this.#least = least;
      this.#most = most;
      return end;
    }
    this.#continuation = 0;
    const byte = bytes[at]!;
    if (byte === ENQ) sink.removed('enq');
    else if (byte === ESC) {
      this.#held = '';
      this.#state = ESCAPE;
    } else if (byte === 0xc2) this.#heldC2 = true;
    else return this.#begin(byte - 0x40, at, sink, bytes.subarray(at, at + 1));
    return at + 1;
  }

  /** What `ESC code` begins. `plain` is passed when it begins nothing: the C1 code itself. */
  #begin(code: number, at: number, sink: FilterSink, plain: Uint8Array | undefined): number {
    const name = stringNames[code];
    if (name !== undefined) this.#string(name);
    else if (code === 0x5b) {
      this.#state = CSI;
      this.#held = '';
    } else if (code === 0x5d) {
      this.#state = OSC;
      this.#held = '';
    } else if (code === 0x5a && this.#queries === 'remove') {
      this.#state = GROUND;
      sink.removed('decid');
    } else if (plain === undefined) {
      this.#state = GROUND;
      sink.text(Buffer.from(`\u001b${this.#held}${String.fromCharCode(code)}`, 'latin1'), 0, this.#held.length + 2);
    } else {
      this.#state = GROUND;
      // NEL and IND move the cursor; the others do nothing that a stream of text needs. A lone ST ends nothing.
      if (code === 0x44 || code === 0x45) sink.text(plain, 0, plain.length);
    }
    return at + 1;
  }

  #string(name: string): void {
    this.#state = STRING;
    this.#stringName = name;
    this.#stringBytes = 0;
  }

  #step(bytes: Uint8Array, at: number, sink: FilterSink): number {
    const byte = bytes[at]!;
    // CAN and SUB abort any sequence (ECMA-48 section 8.3.6).
    if (byte === CAN || byte === SUB) {
      this.#endString(sink, true);
      this.#state = GROUND;
      return at + 1;
    }
    switch (this.#state) {
      case ESCAPE:
      case ESCAPE_MORE: return this.#escape(byte, at, sink);
      case CSI: return this.#csi(byte, at, sink);
      case OSC: return this.#osc(byte, at, sink);
      case STRING_ESC:
        // ESC \ ends it; anything else ends it too, and begins a sequence of its own.
        this.#endString(sink, false);
        if (byte === 0x5c) {
          this.#state = GROUND;
          return at + 1;
        }
        this.#state = ESCAPE;
        this.#held = '';
        return at;
      default: return this.#inString(byte, at, sink);
    }
  }

  #escape(byte: number, at: number, sink: FilterSink): number {
    if (byte === ESC) {
      this.#held = '';
      this.#state = ESCAPE;
      return at + 1;
    }
    if (byte < 0x20 || byte > 0x7e) {
      // Controls inside a sequence act as if they stood before it; here the sequence is dropped and they are read again.
      this.#state = GROUND;
      return at;
    }
    if (byte < 0x30) {
      this.#held += String.fromCharCode(byte);
      this.#state = this.#held.length > 4 ? GROUND : ESCAPE_MORE;
      return at + 1;
    }
    if (this.#state === ESCAPE) return this.#begin(byte, at, sink, undefined);
    this.#state = GROUND;
    // Another coding system (ISO 2022 section 15.4): in it, what was a letter here would be a control. UTF-8 is the one that this filter reads.
    if (this.#held.startsWith('%') && this.#held + String.fromCharCode(byte) !== '%G') sink.removed('charset');
    else sink.text(Buffer.from(`\u001b${this.#held}${String.fromCharCode(byte)}`, 'latin1'), 0, this.#held.length + 2);
    return at + 1;
  }

  #csi(byte: number, at: number, sink: FilterSink): number {
    if (byte < 0x20 || byte > 0x7e) {
      this.#state = GROUND;
      return at;
    }
    if (byte < 0x40) {
      if (this.#held.length < maxSequenceBytes) this.#held += String.fromCharCode(byte);
      return at + 1;
    }
    this.#state = GROUND;
    const final = String.fromCharCode(byte);
    if (this.#held.length < maxSequenceBytes && csiAllowed(this.#held, final) && !(this.#queries === 'remove' && isQuery(this.#held, final))) {
      sink.text(Buffer.from(`\u001b[${this.#held}${final}`, 'latin1'), 0, this.#held.length + 3);
    } else sink.removed(`csi ${this.#held.slice(0, 8)}${final}`);
    return at + 1;
  }

  #osc(byte: number, at: number, sink: FilterSink): number {
    if (byte === BEL || (byte === 0x9c && !(this.#utf8 && /[\u00c3-\u00f4][\u0080-\u00bf]{0,2}$/.test(this.#held)))) {
      // C2 9C is an ST in UTF-8.
      if (byte === 0x9c && this.#utf8) this.#held = this.#held.replace(/\u00c2$/, '');
      this.#endOsc(sink);
      this.#state = GROUND;
    } else if (byte === ESC) {
      this.#endOsc(sink);
      this.#string('');
      this.#state = STRING_ESC;
    } else if (this.#held.length < maxTitleBytes) this.#held += String.fromCharCode(byte);
    else {
      const number = /^\d{1,4}/.exec(this.#held)?.[0] ?? '';
      this.#string(`osc ${number}`);
    }
    return at + 1;
  }

  #endOsc(sink: FilterSink): void {
    const title = /^([012]);([^]*)$/.exec(this.#held);
    if (title === null || this.#titles === 'remove') {
      sink.removed(`osc ${/^\d{1,4}/.exec(this.#held)?.[0] ?? ''}`);
      return;
    }
    const text = Buffer.from(`\u001b]${title[1]};${this.#titleText(title[2]!)}\u0007`, 'latin1');
    sink.text(text, 0, text.length);
  }

  /** A title is text: a control in it, C1 too, would end it in some terminals and begin something else. */
  #titleText(held: string): string {
    if (!this.#utf8) return held.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '');
    const text = Buffer.from(held, 'latin1').toString('utf8').replaceAll(/[\u0000-\u001f\u007f-\u009f\ufffd]/g, '');
    return Buffer.from(text, 'utf8').toString('latin1');
  }

  #inString(byte: number, at: number, sink: FilterSink): number {
    this.#stringBytes++;
    if (byte === ESC) this.#state = STRING_ESC;
    else if (byte === 0x9c || (byte === BEL && this.#stringName.startsWith('osc')) || this.#stringBytes > maxStringBytes) {
      this.#endString(sink, false);
      this.#state = GROUND;
    }
    return at + 1;
  }

  #endString(sink: FilterSink, aborted: boolean): void {
    if (this.#state < STRING || this.#stringName === '') return;
    sink.removed(aborted ? `${this.#stringName} aborted` : this.#stringName);
    this.#stringName = '';
  }
}

/** Bytes that follow a first byte of UTF-8; 0 for one that begins no character (C0, C1 and from F5 on). */
function continuationsOf(byte: number): number {
  if (byte < 0xc2 || byte > 0xf4) return 0;
  return byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
}

const c2 = Uint8Array.of(0xc2);
function c2Of(byte: number): Uint8Array { return Uint8Array.of(0xc2, byte); }

/** Control sequences that make a terminal type something other than digits, print, or change its size. */
function csiAllowed(parameters: string, final: string): boolean {
  switch (final) {
    // Window operations: titles are pushed and popped, nothing else (21 reports the title as input).
    case 't': return /^2[23](?:;[0-9;]*)?$/.test(parameters);
    // Media copy: printing.
    case 'i': return false;
    // Checksum of screen areas (DECRQCRA) and kin; macros.
    case 'y':
    case 'z': return !parameters.includes('*');
    // Name and version report; terminal parameters report.
    case 'q': return !parameters.startsWith('>');
    case 'x': return parameters.includes('$') || parameters.includes('*');
    // Status reports: the device's state and the cursor's place, digits only. Not printer, user keys, locator, memory.
    case 'n': return parameters === '5' || parameters === '6' || parameters === '?6' || parameters.startsWith('>');
    // Tertiary device attributes report a unit id.
    case 'c': return !parameters.startsWith('=');
    // Presentation state report.
    case 'w': return !parameters.includes('$');
    case 'u': return !parameters.includes('&');
    // User-preference and colour-table reports.
    case 'p': return !parameters.includes('&');
    default: return true;
  }
}

/** What a terminal answers, now or later: status, attributes, modes, parameters, colours, the locator, mouse and focus; and what changes what keys type. */
function isQuery(parameters: string, final: string): boolean {
  switch (final) {
    case 'n':
    case 'c':
    case 'x': return true;
    case 'p': return parameters.endsWith('$');
    case 'u': return /^[?<=>]/.test(parameters);
    case 'm': return /^[?>]/.test(parameters);
    case 'S': return parameters.startsWith('?');
    case 'R':
    case 'y': return parameters.includes('#');
    case '|': return /[#']/.test(parameters);
    case 'w':
    case 'z': return parameters.includes("'");
    // DECSET of mouse tracking, focus, colour scheme and size reports; KAM, which locks the keyboard.
    case 'h': return /^\?(?:.*;)?(?:9|100[0-7]|101[56]|2031|2048)(?:;|$)/.test(parameters) || parameters === '2';
    default: return false;
  }
}

/** A line for a terminal out of text of unknown origin: every control code is shown, none acts. */
export function visible(text: string): string {
  // Controls, and what turns the direction of text or cannot be seen.
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, (c) => {
    const code = c.charCodeAt(0);
    return code < 0x20 ? `^${String.fromCharCode(code + 64)}` : code < 0x100 ? `\\x${code.toString(16)}` : `\\u${code.toString(16)}`;
  });
}
