// Exit codes of the command, the same for every subcommand. docs/cli.md lists them.
export const exitCodes = {
  ok: 0,
  /** It was tried and did not work, or the answer is no: a configuration with errors, a change that was refused. */
  failed: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** No gateway could be reached. */
  notRunning: 3,
  /** A fault of the command itself. */
  bug: 70,
} as const;

/** Ends the command with a message for people on standard error. */
export class CommandFailure extends Error {
  readonly exitCode: number;
  /** What to do next, or ''. */
  readonly hint: string;
  /** For --json. */
  readonly more: Readonly<Record<string, unknown>>;

  constructor(message: string, hint = '', exitCode: number = exitCodes.failed, more: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.hint = hint;
    this.exitCode = exitCode;
    this.more = more;
  }
}
