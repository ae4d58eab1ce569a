// `sallyport init`: writes a commented first configuration, from a few questions on a terminal or from flags.
import { existsSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { isNetwork, parseHostPort } from '#core/settings/primitives.ts';
import { loadConfiguration, printProblems } from '#control/configuration/index.ts';
import { starterDefaults, starterText, type StarterAnswers } from '#control/configuration/starter.ts';
import { parseBind } from '#runtime/settings.ts';
import { gateways } from '../../standard.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { printJson, type Output } from '../output.ts';

export interface InitOptions {
  readonly listen?: string;
  readonly origin?: string[];
  readonly host?: string[];
  readonly adminNetwork?: string[];
  readonly healthPath?: string;
  readonly output?: string;
  readonly force?: boolean;
}

interface Question { readonly key: keyof StarterAnswers; readonly ask: string; readonly fallback: string; readonly fault: (text: string) => string }

const listOf = (text: string): string[] => text.split(/[\s,]+/).filter((part) => part !== '');

const questions: readonly Question[] = [
  {
    key: 'listen', ask: 'Address and port where clients arrive (0.0.0.0:80 is port 80 of the whole machine)', fallback: starterDefaults.listen,
    fault: (text) => parseBind(text) === undefined ? 'wanted an IP address and a port, for example 127.0.0.1:8080' : '',
  },
  {
    key: 'origins', ask: 'Your web servers, host:port, several with commas', fallback: starterDefaults.origins.join(', '),
    fault: (text) => listOf(text).some((one) => parseHostPort(one) === undefined) ? 'wanted host:port, for example 10.1.0.10:8080' : '',
  },
  {
    key: 'hosts', ask: 'Host names of the site, several with commas (empty: any)', fallback: '',
    fault: (text) => listOf(text).some((one) => !/^(\*\.)?[a-z0-9.-]+$/i.test(one)) ? 'wanted names such as shop.example or *.shop.example' : '',
  },
  {
    key: 'adminNetworks', ask: 'Networks that may use paths below /admin (empty: no such rule)', fallback: '',
    fault: (text) => listOf(text).some((one) => !isNetwork(one)) ? 'wanted networks such as 10.0.0.0/8' : '',
  },
  {
    key: 'healthPath', ask: 'Path that a healthy server answers (empty: no health checks)', fallback: '',
    fault: (text) => text !== '' && !text.startsWith('/') ? 'wanted a path such as /healthz' : '',
  },
];

export async function init(options: InitOptions, out: Output): Promise<number> {
  const file = options.output ?? 'sallyport.yaml';
  if (file !== '-' && existsSync(file) && options.force !== true)
    throw new CommandFailure(`${file} exists already`, 'choose another name with --output, or overwrite it with --force');
  const flags: StarterAnswers = {
    listen: options.listen, origins: options.origin, hosts: options.host, adminNetworks: options.adminNetwork, healthPath: options.healthPath,
  };
  const given = Object.values(flags).some((value) => value !== undefined);
  const asking = !given && process.stdin.isTTY === true && process.stdout.isTTY === true && !out.json;
  const answers = asking ? await ask(out) : checked(flags);
  const text = starterText(answers);
  const load = loadConfiguration({ texts: [{ file, text }] }, gateways);
  if (!load.ok) throw new CommandFailure(`these answers make no sound configuration:\n${printProblems(load, { colours: false })}`, 'answer anew');
  if (file === '-') {
    out.write(text);
    return exitCodes.ok;
  }
  try {
    writeFileSync(file, text, { flag: options.force === true ? 'w' : 'wx' });
  } catch (error) { throw new CommandFailure(`${file} cannot be written: ${(error as NodeJS.ErrnoException).code ?? String(error)}`); }
  if (out.json) printJson(out, { written: file, version: load.version });
  else out.write(`${out.paint(`wrote ${file}`, 'green')}: read it, it says what can be changed. Then:\n  sallyport check ${file}\n  sallyport run ${file}\n`);
  return exitCodes.ok;
}

/** Flags by the same rules as answers. */
function checked(flags: StarterAnswers): StarterAnswers {
  for (const { key, fault } of questions) {
    const value = flags[key];
    const text = typeof value === 'string' ? value : (value ?? []).join(', ');
    const wrong = value === undefined ? '' : fault(text);
    if (wrong !== '') throw new CommandFailure(`"${text}": ${wrong}`, '', exitCodes.usage);
  }
  return flags;
}

async function ask(out: Output): Promise<StarterAnswers> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answers: Record<string, string | string[] | undefined> = {};
  // Without this a Ctrl-C or Ctrl-D at a question would leave the command hanging, or end it with success.
  const closed = new Promise<never>((_, reject) => { terminal.once('close', () => { reject(new CommandFailure('nothing was written')); }); });
  closed.catch(() => { /* told below */ });
  try {
    for (const { key, ask: question, fallback, fault } of questions) {
      for (;;) {
        const suggestion = fallback === '' ? '' : out.paint(` [${fallback}]`, 'dim');
        const text = (await Promise.race([terminal.question(`${question}${suggestion}: `), closed])).trim() || fallback;
        const wrong = fault(text);
        if (wrong === '') {
          answers[key] = key === 'listen' || key === 'healthPath' ? text || undefined : listOf(text);
          break;
        }
        out.write(`${out.paint(wrong, 'yellow')}\n`);
      }
    }
  } finally { terminal.close(); }
  return answers as StarterAnswers;
}
