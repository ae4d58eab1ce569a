// Replies of an FTP server, from byte 0 of its control connection: `ddd SP text` or `ddd- ... ddd SP text` with the same
// code (RFC 959 section 4.2). A line inside never ends a reply nor begins one (VU#328867: a 227 echoed inside another
// reply opened ports). What is handed on is written anew by the serializer.
import { LineReader } from './line-reader.ts';
import type { FtpLimits } from './limits.ts';
import { NEED_MORE, VIOLATION, type FtpReply } from './messages.ts';
import { ftpLimit, type FtpFault } from './violations.ts';

function codeOf(line: string): number {
  const first = line.charCodeAt(0) - 48;
  const second = line.charCodeAt(1) - 48;
  const third = line.charCodeAt(2) - 48;
  // RFC 959 section 4.2: the first digit is 1 to 5, the second 0 to 5; some servers go up to 9 in the second and third.
  if (!(first >= 1 && first <= 5 && second >= 0 && second <= 9 && third >= 0 && third <= 9)) return 0;
  return first * 100 + second * 10 + third;
}

export class ReplyParser {
  /** A new one for each reply: it may be kept. */
  reply: FtpReply = { code: 0, lines: [] };
  #fault: FtpFault | undefined = undefined;
  /** Code of a multi-line reply that is not done, or 0. */
  #open = 0;
  #bytes = 0;
  readonly #reader: LineReader;
  readonly #limits: FtpLimits;

  constructor(limits: FtpLimits) {
    this.#limits = limits;
    this.#reader = new LineReader('server', limits);
  }

  get fault(): FtpFault | undefined { return this.#fault ?? this.#reader.fault; }
  /** Bytes and lines of an unfinished reply: above 0 while one is under way. */
  get pendingBytes(): number { return this.#reader.pendingBytes + (this.#open === 0 ? 0 : this.#bytes + 1); }

  takeAnswers(): string {
    const { answers } = this.#reader;
    if (answers !== '') this.#reader.answers = '';
    return answers;
  }

  /** Offset in `bytes` just behind the reply, NEED_MORE or VIOLATION. */
  push(bytes: Buffer, start: number, end: number): number {
    if (this.#fault !== undefined) return VIOLATION;
    for (let at = start; at < end;) {
      const next = this.#reader.push(bytes, at, end);
      if (next < 0) return next;
      at = next;
      const done = this.#line(this.#reader.text);
      if (this.fault !== undefined) return VIOLATION;
      if (done) return at;
    }
    return NEED_MORE;
  }

  #line(line: string): boolean {
    const mark = line.charCodeAt(3);
    if (this.#open === 0) {
      const code = codeOf(line);
      if (code === 0 || (mark !== 32 && mark !== 45)) {
        this.#reader.refuse('reply-syntax');
        return false;
      }
      this.#bytes = line.length;
      this.reply = { code, lines: [line.slice(4)] };
      if (mark === 32) return true;
      this.#open = code;
      return false;
    }
    this.#bytes += line.length;
    const { lines } = this.reply;
    if (lines.length >= this.#limits.maxReplyLines) {
      this.#fault = ftpLimit('maxReplyLines', this.#limits.maxReplyLines, lines.length + 1, 'server');
      return false;
    }
    if (this.#bytes > this.#limits.maxReplyBytes) {
      this.#fault = ftpLimit('maxReplyBytes', this.#limits.maxReplyBytes, this.#bytes, 'server');
      return false;
    }
    const last = mark === 32 && codeOf(line) === this.#open;
    lines.push(last ? line.slice(4) : line);
    if (last) this.#open = 0;
    return last;
  }
}
