// The commands `sallyport waf ...`, with options, help and examples. What they do is in commands/waf.ts and commands/waf-install.ts.
import type { Command } from 'commander';
import { changing, collect, examples, found, outputFor, remote, withJson, type Finish } from './program-parts.ts';

export function addWafCommands(program: Command, finish: Finish): void {
  // So that --version behind install-crs is the version to install, and not a question about this program's.
  program.enablePositionalOptions();
  const waf = program.command('waf').description('The web application firewall: rules and their hits, reports, exclusions for false alarms, tests, installing the Core Rule Set.');
  examples(remote(waf.command('rules').description('List the rule sets in force, and the rules that have matched, with hits and refusals.'))
    .option('--all', 'also rules without a hit'), 'sallyport waf rules', 'sallyport waf rules --all --json')
    .action(async (options) => {
      const { wafRules } = await import('./commands/waf.ts');
      finish(await wafRules(await found(options), options, outputFor(options)));
    });
  examples(remote(waf.command('report').description('What the firewall found lately: by rule, URL and parameter, and what looks like false alarms.'))
    .option('--since <time>', 'from then on (1h, 7d, a date; default 24h)')
    .option('--service <name>', 'only this service')
    .option('-n, --limit <n>', 'rules and candidates to list (default 20)'), 'sallyport waf report', 'sallyport waf report --since 7d --service shop')
    .action(async (options) => {
      const { wafReport } = await import('./commands/waf.ts');
      finish(await wafReport(await found(options), options, outputFor(options)));
    });
  examples(changing(waf.command('exclude').argument('<id...>', 'a record: the incident id of a refused request; with --remove also numbers of `waf exclusions`')
    .description('Propose the narrowest exclusion for a false alarm, show what it would have changed over the stored history, and write it into the configuration '
      + 'file when confirmed: nothing else in the file changes, and it is in force at once.'))
    .option('--rule <id>', 'only this rule; may be repeated', collect)
    .option('--since <time>', 'history to judge by (default: all that is stored)')
    .option('--remove', 'take exclusions away again: those made for the record, or by number')
    .option('--no-file', 'change only what runs, and leave the file alone')
    .option('-y, --yes', 'write it without asking'), 'sallyport waf exclude 1k834h43200001d4e0',
      'sallyport waf exclude 1k834h43200001d4e0 --yes --reason "search box takes SQL words"', 'sallyport waf exclude --remove 3')
    .action(async (ids: string[], options) => {
      const { wafExclude } = await import('./commands/waf-exclude.ts');
      finish(await wafExclude(await found(options), ids, options, outputFor(options)));
    });
  examples(remote(waf.command('exclusions').description('List the exclusions that are configured, with their numbers and reasons.')), 'sallyport waf exclusions')
    .action(async (options) => {
      const { wafExclusions } = await import('./commands/waf-exclude.ts');
      finish(await wafExclusions(await found(options), outputFor(options)));
    });
  examples(remote(waf.command('learn').description('Which arguments the paths have been seen with, of what kind and how long, from stored records; and rules that say so.'))
    .option('--since <time>', 'from then on (1h, 7d, a date; default 7d)')
    .option('--service <name>', 'only this service')
    .option('--min <n>', 'only paths with as many requests (default 10)')
    .option('--rules', 'print rules instead, which report whatever is new; to be watched before they deny')
    .option('--first-id <n>', 'id of the first of them (default 9000000)'),
  'sallyport waf learn', 'sallyport waf learn --since 30d --service shop --rules > learned.conf', 'sallyport waf test --history 7d --with learned.conf')
    .action(async (options) => {
      const { wafLearn } = await import('./commands/waf-learn.ts');
      finish(await wafLearn(await found(options), options, outputFor(options)));
    });
  examples(remote(waf.command('test').argument('[file]', 'requests in .http form (request line, fields, empty line, body; parted by ###), - for standard input')
    .description('Run requests through the rules in force, and through a draft of them. Nothing is sent. Exit code 1 when a request would be refused.'))
    .option('--curl', 'the request is what curl would send with the arguments behind --')
    .option('--history <time>', 'replay the requests that records have kept since then (1h, 7d, a date)')
    .option('--with <file>', 'rules and directives to add behind those in force')
    .option('--service <name>', 'whose rules (default: the first service with a firewall)')
    .option('--route <id>', 'whose rules, when a route has its own'),
  'sallyport waf test request.http', 'sallyport waf test --curl -- -d "q=1 or 1=1" http://shop.example/search', 'sallyport waf test --history 1h --with draft.conf')
    .argument('[arguments...]', 'arguments of --curl')
    .action(async (file: string | undefined, rest: string[], options) => {
      const { wafTest } = await import('./commands/waf-test.ts');
      finish(await wafTest(await found(options), file, rest, options, outputFor(options)));
    });
  examples(withJson(waf.command('install-crs').description('Install the OWASP Core Rule Set into the state directory: an archive at hand, a release from GitHub or '
    + 'from a mirror, checked by SHA-256 and, where gpg knows the key of the project, by its signature.'))
    .option('--file <archive>', 'a .tar.gz of the rule set')
    .option('--version <number>', 'release to fetch, such as 4.28.0')
    .option('--from <url>', 'folder of a mirror with coreruleset-VERSION-minimal.tar.gz, and .sha256 and .asc beside it (or set SALLYPORT_CRS_MIRROR)')
    .option('--sha256 <hex>', 'checksum that the archive must have')
    .option('--key <fingerprint>', 'key that must have signed it, instead of the project\'s')
    .option('--require-signature', 'install nothing whose signature cannot be checked')
    .option('--config <files...>', 'configuration, to find its state directory')
    .option('--state-dir <dir>', 'state directory, instead of runtime.stateDirectory'),
  'sallyport waf install-crs --file coreruleset-4.28.0-minimal.tar.gz', 'sallyport waf install-crs --version 4.28.0',
  'sallyport waf install-crs --version 4.28.0 --from https://mirror.example/crs --require-signature')
    .action(async (options) => {
      const { installCrs } = await import('./commands/waf-install.ts');
      finish(await installCrs(options, outputFor(options)));
    });
}
