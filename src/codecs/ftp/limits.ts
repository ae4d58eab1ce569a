// Limits of the FTP codec: what one command or reply may cost at most before its meaning is known. All on by default.
// Times and numbers of commands are the gateway's.

export interface FtpLimits {
  /** A command line without its CRLF, Telnet sequences removed. */
  maxCommandBytes: number;
  /** One line of a reply without its CRLF. */
  maxReplyLineBytes: number;
  maxReplyLines: number;
  /** All lines of one reply. */
  maxReplyBytes: number;
  /** Telnet option offers, urgent marks and the like that one side of a control connection may send. */
  maxTelnetCommands: number;
  /** Bytes inside one Telnet subnegotiation. */
  maxSubnegotiationBytes: number;
}

export const defaultFtpLimits: Readonly<FtpLimits> = Object.freeze({
  maxCommandBytes: 4096,
  maxReplyLineBytes: 4096,
  maxReplyLines: 1000,
  maxReplyBytes: 131_072,
  maxTelnetCommands: 64,
  maxSubnegotiationBytes: 64,
});
