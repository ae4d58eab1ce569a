// The messages of an FTP control connection as the parsers hand them out. RFC 959 section 4 and 5.3.
// Strings are latin1, one char a byte, Telnet sequences removed; paths.ts makes UTF-8 of names.

/** push(): everything up to `end` was taken and kept inside; call again with what follows. */
export const NEED_MORE = -1;
/** push(): the peer broke the protocol or a limit; `fault` says how. The parser stays refused. */
export const VIOLATION = -2;

/** One command. */
export interface FtpCommand {
  /** Upper case letters and digits; '' for an empty line. */
  verb: string;
  /** Behind the first space, or '' . May hold a CR (CR NUL on the wire, RFC 2640 section 3.1) and bytes above 0x7f. */
  argument: string;
  /** Whether there was a space behind the verb. */
  hasArgument: boolean;
}

/** One reply, all its lines. */
export interface FtpReply {
  /** 100 to 599. */
  code: number;
  /** Text of each line. First and last without code; inner ones as they came. One for a reply of one line. */
  lines: string[];
}

export type CodecSide = 'client' | 'server';
