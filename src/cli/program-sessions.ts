// Commands about single sessions and the people in them, as commander knows them: leases, control, approval, watching,
// replay, hashes of passwords. What they do is in commands/.
import type { Command } from 'commander';
import { changing, examples, found, outputFor, remote, withJson, type Finish } from './program-parts.ts';

export function addSessionCommands(program: Command, finish: Finish): void {
  addLeases(program, finish);
  addControl(program, finish);
  addReplay(program, finish);
  const user = program.command('user').description('Users of the gateway itself (section users of the configuration).');
  examples(withJson(user.command('hash').description('Print the hash of a password for the configuration: asks twice without echo, or reads the first line of standard input.')),
    'sallyport user hash', 'sallyport user hash < password-file')
    .action(async (_options, command: Command) => {
      const { userHash } = await import('./commands/user.ts');
      finish(await userHash(outputFor(command.optsWithGlobals())));
    });
}

function addLeases(program: Command, finish: Finish): void {
  const leases = examples(remote(program.command('leases').description('List the ports that are open for one expected connection of a session: for whom, why, how long.')),
    'sallyport leases', 'sallyport leases revoke 1k834h43200001d4e0');
  leases.action(async (options) => {
    const { leases: list } = await import('./commands/leases.ts');
    finish(await list(await found(options), outputFor(options)));
  });
  changing(leases.command('revoke').argument('<id>', 'lease, as shown by "sallyport leases"').description('Close the port of a lease at once; its session is told.'))
    .action(async (id: string, _options, command: Command) => {
      const options = command.optsWithGlobals();
      const { revoke } = await import('./commands/leases.ts');
      finish(await revoke(await found(options), id, options, outputFor(options)));
    });
}

function addControl(program: Command, finish: Finish): void {
  const session = 'session, as shown by "sallyport sessions"';
  examples(remote(program.command('watch').argument('<id>', session)
    .description('Follow a live session read-only, until Ctrl-C: what its terminal shows, or its records when it has no screen.')),
  'sallyport watch 1k834h43200001d4e0')
    .action(async (id: string, options) => {
      const { watch } = await import('./commands/watch.ts');
      finish(await watch(await found(options), id, outputFor(options)));
    });
  examples(remote(program.command('approve').argument('[id]', 'approval, or the session that waits for it; without one, list what waits')
    .description('Let a line pass that waits for a second person. The user of the session cannot approve it.')),
  'sallyport approve', 'sallyport approve 1k834h43200001d4e0')
    .action(async (id: string | undefined, options) => {
      const { approvals, decide } = await import('./commands/control.ts');
      const client = await found(options);
      finish(id === undefined ? await approvals(client, outputFor(options)) : await decide(client, id, true, outputFor(options)));
    });
  remote(program.command('deny').argument('<id>', 'approval, or the session that waits for it').description('Refuse a line that waits for a second person.'))
    .action(async (id: string, options) => {
      const { decide } = await import('./commands/control.ts');
      finish(await decide(await found(options), id, false, outputFor(options)));
    });
  examples(remote(program.command('control').argument('<id>', session).argument('<command>', 'what the protocol of the session understands').argument('[argument...]', 'the rest')
    .description('Say a word to a live session. Telnet understands "message TEXT", which is shown to the user.')),
  'sallyport control 1k834h43200001d4e0 message "maintenance in five minutes"')
    .action(async (id: string, word: string, rest: string[], options) => {
      const { control } = await import('./commands/control.ts');
      finish(await control(await found(options), id, word, rest.join(' '), outputFor(options)));
    });
}

function addReplay(program: Command, finish: Finish): void {
  examples(remote(program.command('replay').argument('[session]', 'session, or a file in asciicast format; without one, list the recordings')
    .description('Play the recording of a session in the terminal. Space pauses, + and - change the speed, q ends.'))
    .option('--speed <factor>', 'how fast: 2 is twice as fast (default 1)')
    .option('--idle-limit <seconds>', 'longest pause, or none (default 2)')
    .option('--from <seconds>', 'show everything up to there at once')
    .option('--input', 'show typed lines too, if they were recorded')
    .option('--text', 'print what was shown as plain text, without timing')
    .option('--export <file>', 'write it as an asciicast file instead of playing it')
    .option('--force', 'overwrite that file')
    .option('--key-file <file>', 'key of encrypted recordings (recordings.keyFile)'),
  'sallyport replay', 'sallyport replay 1k834h43200001d4e0 --speed 4', 'sallyport replay old.cast --export plain.cast --key-file recordings.key')
    .action(async (what: string | undefined, options) => {
      const { replay } = await import('./commands/replay.ts');
      finish(await replay(what, options, outputFor(options)));
    });
}
