// The rules of a service on typed commands, compiled: a line and a user in, the first rule that fits out. Pure.
import { commandsIn, compileCommandPattern, compileNames } from './command-pattern.ts';
import type { CommandControlSettings, CommandRuleSettings } from './settings-watch.ts';

export interface CommandVerdict {
  readonly action: CommandRuleSettings['then'] | 'policy';
  /** Id of the rule; '' when none fitted. */
  readonly rule: string;
  readonly message: string;
  /** The command within the line that it fitted. */
  readonly command: string;
  /** `policy`: an alert that another reading of the line calls for. */
  readonly noticed?: CommandVerdict;
}

interface CompiledRule { readonly settings: CommandRuleSettings; readonly patterns: readonly RegExp[]; readonly users: RegExp | undefined }

export class CommandRules {
  readonly #rules: readonly CompiledRule[];
  readonly #otherwise: CommandVerdict;

  constructor(settings: CommandControlSettings) {
    this.#rules = settings.rules.map((rule) => ({
      settings: rule, patterns: rule.commands.map((pattern) => compileCommandPattern(pattern, settings.caseSensitive)), users: compileNames(rule.users),
    }));
    this.#otherwise = settings.otherwise === 'block'
      ? { action: 'block', rule: 'otherwise', message: '', command: '' } : { action: 'policy', rule: '', message: '', command: '' };
  }

  /** `lines`: the ways in which what was typed can be read. Each is judged by itself, and the strictest verdict counts. */
  judge(lines: readonly string[], user: string | undefined): CommandVerdict {
    if (lines.length === 0) return this.#otherwise;
    let verdict: CommandVerdict | undefined = undefined;
    for (const line of lines) verdict = stricter(verdict, this.#judgeOne(line, user));
    return verdict!;
  }

  #judgeOne(line: string, user: string | undefined): CommandVerdict {
    const commands = commandsIn(line);
    for (const { settings, patterns, users } of this.#rules) {
      if (users !== undefined && (user === undefined || !users.test(user))) continue;
      const fits = (command: string): boolean => patterns.some((pattern) => pattern.test(command));
      const command = settings.then === 'allow' ? allowedCommand(line, fits) : commands.find(fits);
      if (command !== undefined) return { action: settings.then, rule: settings.id, message: settings.message ?? '', command };
    }
    return this.#otherwise;
  }
}

const strictness = ['allow', 'alert', 'policy', 'approve', 'block', 'close'] as const;

function stricter(one: CommandVerdict | undefined, other: CommandVerdict): CommandVerdict {
  if (one === undefined) return other;
  const [less, more] = strictness.indexOf(one.action) >= strictness.indexOf(other.action) ? [other, one] : [one, other];
  // What policy permits is still noticed.
  return more.action === 'policy' && less.action === 'alert' ? { ...more, noticed: less } : more;
}

/** `show version; reload` is not permitted by `show *`: each part has to be. */
function allowedCommand(line: string, fits: (command: string) => boolean): string | undefined {
  let first: string | undefined;
  for (const part of line.split(/[;|&`(){}\n\r]+|\$\(/)) {
    const command = part.trim().replaceAll(/\s+/g, ' ');
    if (command === '') continue;
    if (!fits(command)) return undefined;
    first ??= command;
  }
  return first;
}
