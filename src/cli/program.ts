// The command line as commander knows it: every command with its options, help and examples. What commands do is in
// commands/, loaded only when it runs.
import { Command } from 'commander';
import { AdminClient } from './client.ts';
import { standardOutput, type Output } from './output.ts';
import { productVersion } from './version.ts';

type Finish = (exitCode: number) => void;

export interface CommonOptions { readonly json?: boolean; readonly socket?: string; readonly config?: string[] }

const rootHelp = `
Start here:
  $ sallyport quickstart                    a gateway to try, with two web servers inside
  $ sallyport init                          write a first configuration
  $ sallyport check sallyport.yaml          is it right?
  $ sallyport run sallyport.yaml            start the gateway

While it runs:
  $ sallyport status
  $ sallyport logs --follow --outcome denied
  $ sallyport explain GET http://shop.example/admin --from 203.0.113.9
  $ sallyport reload

Commands find the running gateway by --socket PATH, SALLYPORT_SOCKET, --config FILE, sallyport.yaml or .sallyport/ in the
current directory, or /run/sallyport/admin.sock. Exit codes: 0 done, 1 it did not work or the answer is no, 2 wrong usage,
3 no running gateway was found.`;

export function buildProgram(finish: Finish): Command {
  const program = new Command('sallyport')
    .description('An application-level gateway: ends every connection, understands the protocol inside, and lets through what policy permits.')
    .version(productVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', rootHelp)
    .showHelpAfterError('(sallyport --help, or sallyport COMMAND --help)')
    .showSuggestionAfterError(true)
    .exitOverride();
  addServerCommands(program, finish);
  addFileCommands(program, finish);
  addStateCommands(program, finish);
  return program;
}

function outputFor(options: CommonOptions): Output { return standardOutput(options.json === true); }

function withJson(command: Command): Command { return command.option('--json', 'print JSON'); }

/** Options of every command that speaks to the running gateway. */
function remote(command: Command): Command {
  return withJson(command)
    .option('--socket <path>', 'admin socket of the gateway')
    .option('--config <files...>', 'configuration that the gateway was started with, to find its socket');
}

async function found(options: CommonOptions, files?: readonly string[]): Promise<AdminClient> {
  return await AdminClient.find({ socket: options.socket, files: options.config ?? files });
}

function examples(command: Command, ...lines: string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`);
}

function addServerCommands(program: Command, finish: Finish): void {
  examples(withJson(program.command('run').argument('<files...>', 'configuration files, or directories of *.yaml')
    .description('Start the gateway. SIGHUP reloads the files; SIGTERM or Ctrl-C drains and stops, a second one ends at once.'))
    .option('--watch', 'reload when the files change')
    .option('--workers <n>', 'worker processes instead of runtime.workers: a number, auto, or 0 for everything in one process')
    .option('--state-dir <dir>', 'directory for history, audit store and admin socket, instead of runtime.stateDirectory'),
  'sallyport run sallyport.yaml', 'sallyport run /etc/sallyport/ --workers 4 --state-dir /var/lib/sallyport')
    .action(async (files: string[], options) => {
      const { run } = await import('./commands/run.ts');
      finish(await run(files, options, outputFor(options)));
    });
  examples(withJson(program.command('quickstart')
    .description('Run a gateway to try, on loopback, with two web servers inside and a configuration that shows what there is.'))
    .option('--port <port>', 'port on 127.0.0.1 (default 8080)')
    .option('--state-dir <dir>', 'directory for history, audit store and admin socket (default .sallyport/quickstart)'),
  'sallyport quickstart', 'sallyport quickstart --port 8081')
    .action(async (options) => {
      const { quickstart } = await import('./commands/quickstart.ts');
      finish(await quickstart(options, outputFor(options)));
    });
}

function addFileCommands(program: Command, finish: Finish): void {
  examples(withJson(program.command('check').argument('<files...>', 'configuration files, or directories of *.yaml')
    .description('Check a configuration: every problem with file:line:column and a hint. Exit code 0 when there are no errors, 1 when there are.'))
    .option('--strict', 'exit with 1 on warnings too'),
  'sallyport check sallyport.yaml', 'sallyport check /etc/sallyport/ --json')
    .action(async (files: string[], options) => {
      const { check } = await import('./commands/check.ts');
      finish(check(files, options, outputFor(options)));
    });
}

function addStateCommands(program: Command, finish: Finish): void {
  remote(program.command('status').description('Show the gateway as a whole: configuration, listeners, workers, audit log.'))
    .action(async (options) => {
      const { status } = await import('./commands/status.ts');
      finish(await status(await found(options), outputFor(options)));
    });
}
