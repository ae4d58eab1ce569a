// Writes commands and replies in their one canonical form: CRLF at the end of a line and nowhere else, IAC doubled
// (RFC 854), one space, inner lines that could be taken for the end of a reply padded (RFC 959 section 4.2).
import type { FtpReply } from './messages.ts';

/** What must not get onto the wire unseen: CR, LF and NUL. A caller that lets one through has a bug, and throws here. */
const lineBreak = /[\r\n\0]/;

/** One command line. @throws Error on a line break: gateways have refused such arguments. */
export function commandLine(verb: string, argument: string): string {
  const line = argument === '' ? verb : `${verb} ${argument}`;
  if (lineBreak.test(line)) throw new Error(`a line break in an FTP command ${verb}`);
  return `${line.includes('\xff') ? line.replaceAll('\xff', '\xff\xff') : line}\r\n`;
}

function innerLine(line: string, code: number): string {
  const digit = line.charCodeAt(0);
  if (!(digit >= 48 && digit <= 57)) return line;
  // `220-text` on each line is what several servers write, and cannot be taken for an end.
  return line.startsWith(`${code}-`) ? line : ` ${line}`;
}

/** A reply of one or more lines. CR, LF and NUL in them become spaces. */
export function replyText(code: number, lines: readonly string[]): string {
  let text = '';
  const last = lines.length - 1;
  for (let i = 0; i <= last; i++) {
    const line = lines[i]!;
    if (i === last) text += `${code} ${line}\r\n`;
    else if (i === 0) text += `${code}-${line}\r\n`;
    else text += `${innerLine(line, code)}\r\n`;
  }
  if (/\r(?!\n)|(?<!\r)\n|\0/.test(text)) text = lines.length === 1 ? `${code} ${lines[0]!.replaceAll(/[\r\n\0]/g, ' ')}\r\n` : replyText(code,
    lines.map((line) => line.replaceAll(/[\r\n\0]/g, ' ')));
  return text.includes('\xff') ? text.replaceAll('\xff', '\xff\xff') : text;
}

export function serializeReply(reply: FtpReply): string {
  return replyText(reply.code, reply.lines);
}
