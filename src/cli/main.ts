// Entry of the command line: parses the arguments, runs one command, prints what went wrong, and sets the exit code.
import { CommanderError } from 'commander';
import { CommandFailure, exitCodes } from './exit-codes.ts';
import { coloursWanted, paintWith } from './output.ts';
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
  const program = buildProgram((code) => { exitCode = code; });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (error instanceof CommandFailure) {
      printFailure(error, argv.includes('--json'));
      return error.exitCode;
    }
    process.stderr.write(`sallyport: a fault of the command itself\n${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
    return exitCodes.bug;
  }
}

function printFailure(failure: CommandFailure, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ ok: false, error: failure.message, hint: failure.hint, ...failure.more }, undefined, 2)}\n`);
    return;
  }
  const paint = paintWith(coloursWanted(process.stderr, process.env));
  process.stderr.write(`${paint('error:', 'red')} ${failure.message}\n`);
  if (failure.hint !== '') process.stderr.write(`${paint('hint:', 'blue')} ${failure.hint}\n`);
}
