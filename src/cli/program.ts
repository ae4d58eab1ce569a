// The command line as commander knows it: every command with its options, help and examples. What commands do is in
// commands/, loaded only when it runs.
import { Command } from 'commander';
import { visible } from './output.ts';
import { changing, collect, collectNames, examples, firstSentence, found, outputFor, remote, withJson, type Finish } from './program-parts.ts';
import { addSessionCommands } from './program-sessions.ts';
import { addWafCommands } from './program-waf.ts';
import { productVersion } from './version.ts';

const rootHelp = `
Start here:
  $ sallyport quickstart                    a gateway to try, with servers inside
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

/** `quiet`: what is wrong with a command line is told by the caller. */
export function buildProgram(finish: Finish, quiet = false): Command {
  const program = new Command('sallyport')
    .description('An application-level gateway: ends every connection, understands the protocol inside, and lets through what policy permits.')
    .version(productVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', rootHelp)
    .showHelpAfterError('(sallyport --help, or sallyport COMMAND --help)')
    .showSuggestionAfterError(true)
    // What was typed is in it, and may have come from anywhere by way of a script.
    .configureOutput({ outputError: (text, write) => { write(text.split('\n').map(visible).join('\n')); } })
    .exitOverride();
  if (quiet) program.configureOutput({ writeErr: () => { /* told by the caller */ } });
  // One line a command in the list; the help of a command has all of it.
  program.configureHelp({ subcommandDescription: (command) => firstSentence(command.description()) });
  program.commandsGroup('A gateway and its files:');
  addServerCommands(program, finish);
  addFileCommands(program, finish);
  program.commandsGroup('What happens, and why:');
  addStateCommands(program, finish);
  program.commandsGroup('Single sessions:');
  addSessionCommands(program, finish);
  program.commandsGroup('Changes while it runs:');
  addChangeCommands(program, finish);
  program.commandsGroup('More:');
  program.helpCommand('help [command]', 'Print the help of a command');
  addWafCommands(program, finish);
  return program;
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
    .description('Run a gateway to try, on loopback, with web, FTP and Telnet servers inside and a configuration that shows what there is.'))
    .option('--port <port>', 'port for HTTP on 127.0.0.1 (default 8080)')
    .option('--ftp-port <port>', 'port for FTP (default 2121)')
    .option('--telnet-port <port>', 'port for Telnet (default 2323)')
    .option('--state-dir <dir>', 'directory for history, audit store and admin socket (default .sallyport/quickstart)'),
  'sallyport quickstart', 'sallyport quickstart --port 8081 --ftp-port 2122 --telnet-port 2324')
    .action(async (options) => {
      const { quickstart } = await import('./commands/quickstart.ts');
      finish(await quickstart(options, outputFor(options)));
    });
}

function addFileCommands(program: Command, finish: Finish): void {
  examples(withJson(program.command('init')
    .description('Write a commented first configuration: asks a few questions on a terminal, or takes the answers as options.'))
    .option('--listen <address:port>', 'where clients arrive')
    .option('--origin <host:port>', 'a web server behind; may be repeated', collect)
    .option('--host <name>', 'a host name of the site; may be repeated', collect)
    .option('--admin-network <network>', 'network that may use paths below /admin; may be repeated', collect)
    .option('--health-path <path>', 'path that a healthy server answers')
    .option('-o, --output <file>', 'file to write, - for standard output (default sallyport.yaml)')
    .option('--force', 'overwrite the file'),
  'sallyport init', 'sallyport init --listen 0.0.0.0:80 --origin 10.1.0.10:8080 --origin 10.1.0.11:8080 --host shop.example')
    .action(async (options) => {
      const { init } = await import('./commands/init.ts');
      finish(await init(options, outputFor(options)));
    });
  examples(withJson(program.command('check').argument('<files...>', 'configuration files, or directories of *.yaml')
    .description('Check a configuration and the certificates, keys and lists that it names: every problem with file:line:column and a hint. '
      + 'Exit code 0 when there are no errors, 1 when there are.'))
    .option('--strict', 'exit with 1 on warnings too'),
  'sallyport check sallyport.yaml', 'sallyport check /etc/sallyport/ --json')
    .action(async (files: string[], options) => {
      const { check } = await import('./commands/check.ts');
      finish(check(files, options, outputFor(options)));
    });
  examples(withJson(program.command('schema').description('Print the JSON Schema of configurations, for completion and checks in editors.')),
    'sallyport schema > sallyport.schema.json')
    .action(async (options) => {
      const { schema } = await import('./commands/check.ts');
      finish(schema(outputFor(options)));
    });
  examples(program.command('completion').argument('<shell>', 'bash, zsh or fish').description('Print a completion script for the shell.'),
    'source <(sallyport completion bash)', 'sallyport completion fish > ~/.config/fish/completions/sallyport.fish')
    .action(async (shell: string) => {
      const { completion } = await import('./commands/completion.ts');
      process.stdout.write(completion(program, shell));
    });
  withJson(program.command('version').description('Print the version.'))
    .action((options) => {
      const out = outputFor(options);
      out.write(out.json ? `${JSON.stringify({ version: productVersion(), node: process.versions.node })}\n` : `sallyport ${productVersion()} (Node ${process.versions.node})\n`);
    });
}

const withinHelp = 'go back by itself after this time (60s, 5m) unless "sallyport confirm" comes first';

function addChangeCommands(program: Command, finish: Finish): void {
  examples(remote(program.command('diff').argument('<files...>', 'configuration files, or directories of *.yaml')
    .description('Compare the running configuration with files: what would change, and what it would interrupt. Changes nothing.'))
    .option('--exit-code', 'exit with 1 when there is a difference'),
  'sallyport diff sallyport.yaml')
    .action(async (files: string[], options) => {
      const { diff } = await import('./commands/changes.ts');
      finish(await diff(await found(options, files), files, options, outputFor(options)));
    });
  examples(changing(program.command('reload')
    .description('Read the files that the gateway was started with again, and put them in force: all or nothing, and no connection is dropped.'))
    .option('--confirm-within <duration>', withinHelp),
  'sallyport reload', 'sallyport reload --confirm-within 60s')
    .action(async (options) => {
      const { reload } = await import('./commands/changes.ts');
      finish(await reload(await found(options), options, outputFor(options)));
    });
  examples(changing(program.command('apply').argument('<files...>', 'configuration files, or directories of *.yaml')
    .description('Put a configuration in force: all or nothing. Until the next start, which takes the files that it is given.'))
    .option('--confirm-within <duration>', withinHelp),
  'sallyport apply next.yaml --confirm-within 60s --reason "new shop servers"', 'sallyport confirm')
    .action(async (files: string[], options) => {
      const { apply } = await import('./commands/changes.ts');
      finish(await apply(await found(options, files), files, options, outputFor(options)));
    });
  remote(program.command('confirm').description('Keep the change that waits for confirmation.'))
    .action(async (options) => {
      const { confirm } = await import('./commands/changes.ts');
      finish(await confirm(await found(options), outputFor(options)));
    });
  changing(program.command('revert').description('Take back the change that waits for confirmation, at once.'))
    .action(async (options) => {
      const { revert } = await import('./commands/changes.ts');
      finish(await revert(await found(options), options, outputFor(options)));
    });
  examples(remote(program.command('history').argument('[number]', 'one version, with what it changed')
    .description('List the configurations that were applied: time, author, reason. The one in force has a star.'))
    .option('-n, --limit <n>', 'versions to list (default 20)'),
  'sallyport history', 'sallyport history 12')
    .action(async (number: string | undefined, options) => {
      const { history } = await import('./commands/changes.ts');
      finish(await history(await found(options), number, options, outputFor(options)));
    });
  examples(changing(program.command('rollback').argument('<number>', 'version in the history').description('Put an earlier version in force again, as a new one.'))
    .option('--confirm-within <duration>', withinHelp),
  'sallyport rollback 11 --reason "shop was slow"')
    .action(async (number: string, options) => {
      const { rollback } = await import('./commands/changes.ts');
      finish(await rollback(await found(options), number, options, outputFor(options)));
    });
}

function addStateCommands(program: Command, finish: Finish): void {
  remote(program.command('status').description('Show the gateway as a whole: configuration, listeners, workers, audit log.'))
    .action(async (options) => {
      const { status } = await import('./commands/status.ts');
      finish(await status(await found(options), outputFor(options)));
    });
  examples(remote(program.command('sessions').description('List open sessions: who is connected, to what, since when, doing what.'))
    .option('-w, --watch', 'redraw every second until Ctrl-C')
    .option('--service <name>', 'only those of this service')
    .option('--client <address>', 'only those whose client address starts like this')
    .option('-n, --limit <n>', 'the longest list (default 1000)'),
  'sallyport sessions --watch')
    .action(async (options) => {
      const { sessions } = await import('./commands/traffic.ts');
      finish(await sessions(await found(options), options, outputFor(options)));
    });
  changing(program.command('kill').argument('<id>', 'session, as shown by "sallyport sessions"').description('End a session at once.'))
    .action(async (id: string, options) => {
      const { kill } = await import('./commands/traffic.ts');
      finish(await kill(await found(options), id, options, outputFor(options)));
    });
  examples(remote(program.command('rules').description('List the policy rules in their order with how many operations each decided, and the limits.')), 'sallyport rules')
    .action(async (options) => {
      const { rules } = await import('./commands/traffic.ts');
      finish(await rules(await found(options), outputFor(options)));
    });
  addBackends(program, finish);
  addLogs(program, finish);
  examples(remote(program.command('explain').argument('<what...>', 'METHOD URL, or the id of a record')
    .description('Print the whole decision on a request: listener, zone, limits, every rule and why it did or did not match, route, rewrites, server. Nothing is sent.'))
    .option('--from <address>', 'address of the client (default 127.0.0.1)')
    .option('-H, --header <header>', 'header line "Name: value"; may be repeated', collect)
    .option('--listener <name>', 'where it arrives (default: by protocol and port of the URL, else the first listener)')
    .option('--all', 'print also long lists of what did not decide'),
  'sallyport explain GET http://shop.example/api/x --from 203.0.113.9 --header "X-Tenant: a"', 'sallyport explain 1k834h43200001d4e0')
    .action(async (what: string[], options) => {
      if (what.length > 2) program.error('error: explain wants METHOD URL, or one id', { exitCode: 2 });
      const { explain } = await import('./commands/explain.ts');
      finish(await explain(await found(options), what, options, outputFor(options)));
    });
}

function addBackends(program: Command, finish: Finish): void {
  const backends = examples(remote(program.command('backends').description('List the servers of all pools: state, health with its reason, load, failures.'))
    .option('--pool <name>', 'only this pool'),
  'sallyport backends', 'sallyport backends drain api/10.1.0.10:8080 --reason "new kernel"', 'sallyport backends ready api/10.1.0.10:8080');
  backends.action(async (options) => {
    const { backends: list } = await import('./commands/traffic.ts');
    finish(await list(await found(options), options, outputFor(options)));
  });
  const states = {
    drain: 'Give a server no new requests; those under way are finished.',
    maintenance: 'Take a server out for work on it: like drain, and it is not probed or reported as a fault.',
    ready: 'Give a server requests again.',
  } as const;
  for (const [state, about] of Object.entries(states) as [keyof typeof states, string][]) {
    changing(backends.command(state).argument('<pool/server>', 'server, as shown by "sallyport backends"').description(about))
      .action(async (target: string, _options, command: Command) => {
        const options = command.optsWithGlobals();
        const { setState } = await import('./commands/traffic.ts');
        finish(await setState(await found(options), state, target, options, outputFor(options)));
      });
  }
}

function addLogs(program: Command, finish: Finish): void {
  examples(remote(program.command('logs').description('Search the audit log, and follow it: every operation with its outcome and the rule that decided.'))
    .option('-f, --follow', 'go on with what happens, until Ctrl-C')
    .option('-n, --lines <n>', 'the newest records that fit (default 50; 10 with --follow)')
    .option('--since <time>', 'how long ago (30s, 10m, 2h, 1d), or a date')
    .option('--until <time>', 'the same')
    .option('--service <name>', 'service; may be repeated, or a list with commas', collectNames)
    .option('--outcome <outcome>', 'allowed, denied, refused, limited, failed, aborted or error; may be repeated, or a list with commas', collectNames)
    .option('--rule <id>', 'rule, limit or violation that decided; may be repeated, or a list with commas', collectNames)
    .option('--client <address>', 'address or network; may be repeated, or a list with commas', collectNames)
    .option('--kind <kind>', 'operation, session, violation, control, health or system; may be repeated, or a list with commas', collectNames)
    .option('--verb <verb>', 'for HTTP the method; may be repeated, or a list with commas', collectNames)
    .option('--status <status>', 'reply code, range or class: 404, 400-499, 5xx')
    .option('--host <host>', 'host asked for: exact, or *.example.org')
    .option('--path <text>', 'part of the path')
    .option('--user <name>', 'user')
    .option('--session <id>', 'one session')
    .option('--text <text>', 'text that occurs anywhere in the record'),
  'sallyport logs --follow', 'sallyport logs --since 1h --outcome denied,limited', 'sallyport logs --kind control --json')
    .action(async (options) => {
      const { logs } = await import('./commands/logs.ts');
      finish(await logs(await found(options), options, outputFor(options)));
    });
}
