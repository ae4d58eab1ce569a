// One command of a client from its first byte to its reply: what is decided about, what was sent to the server for it,
// what came of it. Filled by the session machine and its handlers, written out by records.ts.
import type { Outcome } from '#contract/audit-record.ts';
import { readable, type CanonicalPath, type FtpReply, type VerbEntry } from '#codecs/ftp/index.ts';
import type { FtpOperation } from './operations.ts';
import type { Target } from './server-connection.ts';

/** Facts of a transfer, for the record. */
export interface TransferFacts {
  direction: 'upload' | 'download';
  /** A list of files, not a file. */
  listing: boolean;
  bytes: number;
  /** From the first to the last byte; 0 when it took no time that can be measured. */
  bytesPerSecond: number;
  /** Hexadecimal, or '' when it was not taken. */
  sha256: string;
  type: string;
  declaredType: string;
  restOffset: number;
  clientMode: string;
  serverMode: string;
  /** Ids of the leases used, client's and server's; '' for dialled connections. */
  clientLease: string;
  serverLease: string;
  clientTls: string;
  serverTls: string;
  verdict: string;
}

export class CommandRun {
  readonly id: string;
  readonly startedMs: number;
  readonly timeMs: number;
  /** As the client spelt it, upper case. */
  readonly sentVerb: string;
  /** Undefined: not understood. */
  readonly entry: VerbEntry | undefined;
  readonly operation: FtpOperation;
  /** Latin1. */
  argument: string;
  /** The object of commands that have one. */
  path: CanonicalPath | undefined = undefined;
  /** What else a server may take the argument for. */
  readings: readonly CanonicalPath[] = [];
  /** Of a proxy: the server that this command names. */
  target: Target | undefined = undefined;
  /** What goes to the server as argument, latin1. */
  wire = '';
  outcome: Outcome = 'allowed';
  rule = '';
  reason = '';
  status = 0;
  replyLine = '';
  /** Commands that went to the server for this one, passwords masked. */
  readonly sent: string[] = [];
  /** First lines of the server's replies. */
  readonly received: string[] = [];
  transfer: TransferFacts | undefined = undefined;
  /** Servers that were asked, when there was none yet. */
  attempts = 0;
  audited = true;
  admitted = false;
  finished = false;

  constructor(id: string, nowMs: number, wallMs: number, sentVerb: string, entry: VerbEntry | undefined, argument: string, operation: FtpOperation) {
    this.id = id;
    this.startedMs = nowMs;
    this.timeMs = wallMs;
    this.sentVerb = sentVerb;
    this.entry = entry;
    this.argument = argument;
    this.operation = operation;
  }

  get verb(): string { return this.entry?.verb ?? this.sentVerb; }

  note(reply: FtpReply): void {
    this.received.push(readable(`${reply.code} ${reply.lines[0] ?? ''}`).slice(0, 200));
  }
}
