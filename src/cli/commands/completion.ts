// `sallyport completion`: scripts for bash, zsh and fish, made from the command definitions themselves. Asks no running
// gateway: names of servers, sessions and services are not completed.
import type { Command, Option } from 'commander';
import { outcomes, recordKinds } from '#audit/record.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { firstSentence } from '../program-parts.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = typeof shells[number];

/** What comes next: one of some words, a file, or what only the user knows. */
type Values = { readonly words: readonly string[] } | 'file' | 'anything';

interface KnownOption { readonly long: string; readonly short: string; readonly about: string; readonly repeated: boolean; readonly values: Values | undefined }

/** `path` is `logs` or `waf exclude`. */
interface Known { readonly path: string; readonly about: string; readonly options: readonly KnownOption[]; readonly words: readonly string[]; readonly files: boolean }

const valuesOf: Readonly<Record<string, readonly string[]>> = { '--outcome': outcomes, '--kind': recordKinds };

function knownOption({ long, short, description, flags, required, optional }: Option): KnownOption {
  const listed = valuesOf[long ?? ''];
  const values = !required && !optional ? undefined : listed !== undefined ? { words: listed } : /[<[](path|file|files|dir)(\.\.\.)?[>\]]/.test(flags) ? 'file' : 'anything';
  return { long: long ?? '', short: short ?? '', about: firstSentence(description), repeated: description.includes('may be repeated'), values };
}

function knownOf(program: Command, above = ''): Known[] {
  return program.commands.flatMap((command) => {
    const path = `${above}${command.name()}`;
    const words = [...command.commands.map((one) => one.name()), ...(path === 'completion' ? shells : [])];
    const files = command.registeredArguments.some((argument) => /^(files?|archive)$/.test(argument.name()) || argument.description.includes('a file'));
    const options = command.options.map(knownOption).filter(({ long }) => long !== '');
    return [{ path, about: firstSentence(command.description()), options, words, files }, ...knownOf(command, `${path} `)];
  });
}

export function completion(program: Command, shell: string): string {
  if (!shells.includes(shell as Shell)) throw new CommandFailure(`there is no completion for "${shell}"`, 'there is one for bash, zsh and fish', exitCodes.usage);
  return { bash, zsh, fish }[shell as Shell](knownOf(program));
}

const isTop = ({ path }: Known): boolean => !path.includes(' ');
const below = (commands: readonly Known[]): string => commands.filter((one) => !isTop(one)).map(({ path }) => `'${path}'`).join('|');

function bashCase({ path, options, words, files }: Known): string {
  const cases = options.flatMap(({ long, short, values }) => {
    if (values === undefined) return [];
    const then = values === 'file' ? 'words="" files=yes' : values === 'anything' ? 'words="" files=""' : `words="${values.words.join(' ')}" files=""`;
    return [`        ${short === '' ? '' : `${short}|`}${long}) ${then} ;;`];
  });
  const all = [...words, ...options.map(({ long }) => long), '--help'].join(' ');
  return [`    '${path}')`, `      words="${all}" files=${files ? 'yes' : '""'}`, '      case "$before" in', ...cases, '      esac ;;'].join('\n');
}

function bash(commands: readonly Known[]): string {
  return `# bash completion for sallyport: source <(sallyport completion bash)
_sallyport() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}" words="" files=""
  if [ "$COMP_CWORD" -gt 2 ]; then
    case "$command \${COMP_WORDS[2]}" in ${below(commands)}) command="$command \${COMP_WORDS[2]}" ;; esac
  fi
  [ "$COMP_CWORD" -eq 1 ] && command=""
  case "$command" in
    '') words="${commands.filter(isTop).map(({ path }) => path).join(' ')} --help --version" ;;
${commands.map(bashCase).join('\n')}
  esac
  # Options beside files only when one is begun.
  [ -n "$files" ] && [ "\${word#-}" = "$word" ] && words=""
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  if [ "\${#COMPREPLY[@]}" -eq 0 ] && [ -n "$files" ]; then
    # Only here: a directory that is named like a command must not become "logs/".
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}
complete -F _sallyport sallyport
`;
}

/** Inside single quotes of a shell, and harmless in what zsh reads as \`name:description\`. */
function quoted(text: string): string { return text.replaceAll('\'', '\'\\\'\'').replaceAll(':', '\\:').replaceAll('[', '(').replaceAll(']', ')'); }

function zshCase({ path, options, words, files }: Known): string {
  const parts = options.map(({ long, about, repeated, values }) => {
    const value = values === undefined ? '' : values === 'file' ? ':file:_files' : values === 'anything' ? ':value: ' : `:value:(${values.words.join(' ')})`;
    return `'${repeated ? '*' : ''}${long}[${quoted(about)}]${value}'`;
  });
  if (words.length > 0) parts.push(`'1:what:(${words.join(' ')})'`);
  else if (files) parts.push('\'*:file:_files\'');
  return `    '${path}') _arguments ${[...parts, '\'--help[help]\''].join(' ')} ;;`;
}

function zsh(commands: readonly Known[]): string {
  return `#compdef sallyport
# zsh completion for sallyport: sallyport completion zsh > "\${fpath[1]}/_sallyport"
_sallyport() {
  if (( CURRENT == 2 )); then
    local -a commands=(
${commands.filter(isTop).map(({ path, about }) => `      '${path}:${quoted(about)}'`).join('\n')}
    )
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  if (( CURRENT > 2 )); then
    case "$command \${words[2]}" in
      ${below(commands)}) command="$command \${words[2]}"; shift words; (( CURRENT-- )) ;;
    esac
  fi
  case "$command" in
${commands.map(zshCase).join('\n')}
  esac
}
if [ "$funcstack[1]" = "_sallyport" ]; then _sallyport "$@"; else compdef _sallyport sallyport; fi
`;
}

function fish(commands: readonly Known[]): string {
  const plain = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\'', '\\\'');
  const lines = commands.flatMap(({ path, about, options, words, files }) => {
    const inside = `complete -c sallyport -n '__sallyport_in ${path}'`;
    return [
      ...(path.includes(' ') ? [] : [`complete -c sallyport -n __sallyport_at -f -a ${path} -d '${plain(about)}'`]),
      ...words.map((word) => `complete -c sallyport -n '__sallyport_at ${path}' -f -a ${word}`),
      ...(files ? [] : [`${inside} -f`]),
      ...options.map(({ long, short, about: option, values }) => {
        const value = values === undefined ? '' : values === 'file' ? ' -r -F' : values === 'anything' ? ' -x' : ` -x -a '${values.words.join(' ')}'`;
        return `${inside} -l ${long.slice(2)}${short === '' ? '' : ` -s ${short.slice(1)}`}${value} -d '${plain(option)}'`;
      }),
    ];
  });
  return `# fish completion for sallyport: sallyport completion fish > ~/.config/fish/completions/sallyport.fish
function __sallyport_at
    set -l given (commandline -opc)
    test "$given[2..]" = "$argv"
end
function __sallyport_in
    set -l given (commandline -opc)
    string match -q -- "$argv *" "$given[2..] "
end
${lines.join('\n')}
`;
}
