// Entry of the command line: parses the arguments, runs one command, prints what went wrong, and sets the exit code.
import { CommanderError } from 'commander';
import { CommandFailure, exitCodes } from './exit-codes.ts';
import { coloursWanted, jsonText, paintWith, visible } from './output.ts';
import { buildProgram } from './program.ts';

export async function main(argv: readonly string[]): Promise<void> {
  // Whoever reads our output may go before we are done (`| head`).
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const exitCode = await runCommand(argv);
  process.exitCode = exitCode;
}

export async function runCommand(argv: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const json = wantsJson(argv);
  const program = buildProgram((code) => { exitCode = code; }, json);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.ok;
      if (json) printFailure(usageFailure(error), true);
      return exitCodes.usage;
    }
    if (error instanceof CommandFailure) {
      printFailure(error, json);
      return error.exitCode;
    }
    if (json) printFailure(new CommandFailure(`a fault of the command itself: ${error instanceof Error ? error.message : String(error)}`), true);
    process.stderr.write(`sallyport: a fault of the command itself\n${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
    return exitCodes.bug;
  }
}

/** Behind -- are arguments of others. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}

/** What commander says of a command line, which it would print for people: `error: ...`, then a suggestion in brackets. */
function usageFailure({ code, message }: CommanderError): CommandFailure {
  if (code === 'commander.help') return new CommandFailure('no command was given', 'sallyport --help');
  const [first = '', ...rest] = message.split('\n');
  return new CommandFailure(first.replace(/^error: /, ''), rest.join(' ').replace(/^\((.*)\)$/, '$1') || 'sallyport --help, or sallyport COMMAND --help');
}

/** One line: whoever reads line by line (`run`, `logs`) finds a whole value in each. */
function printFailure(failure: CommandFailure, json: boolean): void {
  if (json) {
    process.stdout.write(`${jsonText({ ok: false, error: failure.message, hint: failure.hint, ...failure.more })}\n`);
    return;
  }
  const paint = paintWith(coloursWanted(process.stderr, process.env));
  // Names of files, and what a gateway or a peer said, may be in it.
  const lines = (text: string): string => text.split('\n').map(visible).join('\n');
  process.stderr.write(`${paint('error:', 'red')} ${lines(failure.message)}\n`);
  if (failure.hint !== '') process.stderr.write(`${paint('hint:', 'blue')} ${lines(failure.hint)}\n`);
}
