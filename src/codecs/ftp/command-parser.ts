// Commands of an FTP client, from byte 0 of its control connection: `VERB[ SP argument] CRLF` (RFC 959 section 5.3).
// Another protocol that is spoken on the port (HTTP from a browser, TLS, SSH) ends the session: NAT slipstreaming and
// ALPACA both live on servers that look for commands in what is none.
import { LineReader } from './line-reader.ts';
import type { FtpLimits } from './limits.ts';
import type { FtpCommand } from './messages.ts';
import { verbEntry } from './verbs.ts';
import type { FtpFault } from './violations.ts';

/** The longest in the IANA registry and among extensions: XSHA512. */
const maxVerbLetters = 8;
const httpMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'PRI']);

export class CommandParser {
  readonly command: FtpCommand = { verb: '', argument: '', hasArgument: false };
  readonly #reader: LineReader;

  constructor(limits: FtpLimits) {
    this.#reader = new LineReader('client', limits);
  }

  get fault(): FtpFault | undefined { return this.#reader.fault; }
  get pendingBytes(): number { return this.#reader.pendingBytes; }

  /** Telnet answers that are due; asking clears them. */
  takeAnswers(): string {
    const { answers } = this.#reader;
    if (answers !== '') this.#reader.answers = '';
    return answers;
  }

  /** Offset in `bytes` just behind the command, NEED_MORE or VIOLATION. */
  push(bytes: Buffer, start: number, end: number): number {
    const next = this.#reader.push(bytes, start, end);
    return next < 0 ? next : this.#read(this.#reader.text, next);
  }

  /** An ABOR that waits for nothing but its LF, which may never come: the command is there then. Asked while a transfer is under way. */
  takeAbort(): boolean {
    if (!this.#reader.takeWithoutLf('ABOR')) return false;
    this.#read('ABOR', 0);
    return true;
  }

  #read(line: string, next: number): number {
    const { command } = this;
    const space = line.indexOf(' ');
    const verb = space < 0 ? line : line.slice(0, space);
    command.hasArgument = space >= 0;
    command.argument = space < 0 ? '' : line.slice(space + 1);
    if (line === '') {
      command.verb = '';
      return next;
    }
    if (verb.length > maxVerbLetters || !/^[A-Za-z][A-Za-z0-9]*$/.test(verb)) return this.#reader.refuse(/^(?:[A-Za-z][A-Za-z0-9-]*:|SSH-\d)/.test(line)
      ? 'other-protocol' : 'command-syntax');
    command.verb = verb.toUpperCase();
    // A request line of a method that is not listed ends in its protocol; a file may be called so, too.
    const argument = verbEntry(command.verb)?.argument;
    const namesFile = argument === 'path' || argument === 'list';
    if (httpMethods.has(command.verb) || (!namesFile && /(?:HTTP|RTSP|SIP)\/\d\.\d$/.test(command.argument))) {
      return this.#reader.refuse('other-protocol');
    }
    return next;
  }
}

