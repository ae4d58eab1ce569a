// `sallyport completion`: scripts for bash, zsh and fish, made from the command definitions themselves.
import type { Command } from 'commander';
import { CommandFailure, exitCodes } from '../exit-codes.ts';

interface Known { readonly name: string; readonly about: string; readonly options: readonly { long: string; about: string }[]; readonly words: readonly string[] }

function knownOf(program: Command): Known[] {
  return program.commands.map((command) => ({
    name: command.name(), about: firstSentence(command.description()),
    options: command.options.flatMap(({ long, description }) => long === null || long === undefined ? [] : [{ long, about: firstSentence(description) }]),
    words: command.commands.map((one) => one.name()),
  }));
}

function firstSentence(text: string): string { return text.split(/[.:] /)[0]!.replace(/\.$/, ''); }

export function completion(program: Command, shell: string): string {
  const commands = knownOf(program);
  switch (shell) {
    case 'bash': return bash(commands);
    case 'zsh': return zsh(commands);
    case 'fish': return fish(commands);
    default: throw new CommandFailure(`there is no completion for "${shell}"`, 'there is one for bash, zsh and fish', exitCodes.usage);
  }
}

function bash(commands: readonly Known[]): string {
  const cases = commands.map(({ name, options, words }) => `      ${name}) words="${[...words, ...options.map(({ long }) => long)].join(' ')}" ;;`).join('\n');
  return `# bash completion for sallyport: source <(sallyport completion bash)
_sallyport() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${commands.map(({ name }) => name).join(' ')} --help --version"
  else
    case "\${COMP_WORDS[1]}" in
${cases}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  # Anything else is a file.
  if [ "\${#COMPREPLY[@]}" -eq 0 ] && [ "\${word#-}" = "$word" ]; then COMPREPLY=($(compgen -f -- "$word")); fi
}
complete -o filenames -F _sallyport sallyport
`;
}

/** Inside single quotes of a shell, and harmless in what zsh reads as \`name:description\`. */
function quoted(text: string): string { return text.replaceAll('\'', '\'\\\'\'').replaceAll(':', '\\:').replaceAll('[', '(').replaceAll(']', ')'); }

function zsh(commands: readonly Known[]): string {
  const cases = commands.map(({ name, options, words }) => {
    const parts = [...options.map(({ long, about }) => `'${long}[${quoted(about)}]'`), words.length > 0 ? `'1:what:(${words.join(' ')})'` : '\'*:file:_files\''];
    return `    ${name}) _arguments ${parts.join(' ')} ;;`;
  }).join('\n');
  return `#compdef sallyport
# zsh completion for sallyport: sallyport completion zsh > "\${fpath[1]}/_sallyport"
_sallyport() {
  if (( CURRENT == 2 )); then
    local -a commands=(
${commands.map(({ name, about }) => `      '${name}:${quoted(about)}'`).join('\n')}
    )
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases}
  esac
}
if [ "$funcstack[1]" = "_sallyport" ]; then _sallyport "$@"; else compdef _sallyport sallyport; fi
`;
}

function fish(commands: readonly Known[]): string {
  const plain = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\'', '\\\'');
  const lines = commands.flatMap(({ name, about, options, words }) => [
    `complete -c sallyport -n __fish_use_subcommand -f -a ${name} -d '${plain(about)}'`,
    ...words.map((word) => `complete -c sallyport -n '__fish_seen_subcommand_from ${name}' -f -a ${word}`),
    ...options.map(({ long, about: option }) => `complete -c sallyport -n '__fish_seen_subcommand_from ${name}' -l ${long.slice(2)} -d '${plain(option)}'`),
  ]);
  return `# fish completion for sallyport: sallyport completion fish > ~/.config/fish/completions/sallyport.fish\n${lines.join('\n')}\n`;
}
