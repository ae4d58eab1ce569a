// Patterns for commands as people type them: first words, `*` for any text, `rel[oad]` for a word that may be cut short, or
// a regular expression between slashes. And a typed line taken apart into the commands that a shell or a device would run.
// Patterns come from the configuration, never from traffic. This is comparison of text, not a shell: see the documentation.

const regexForm = /^\/(.+)\/([imsu]*)$/s;

export function commandPatternProblem(pattern: string): string | undefined {
  const form = regexForm.exec(pattern);
  try {
    // oxlint-disable-next-line no-new
    if (form !== null) new RegExp(form[1]!, form[2]);
  } catch (error) {
    return `not a regular expression: ${(error as Error).message}`;
  }
  if (form !== null) return undefined;
  if (/^\s|\s$/.test(pattern)) return `"${pattern}" begins or ends with a space`;
  return /\[[^\]]*(?:\[|$)|^[^[]*\]/.test(pattern) ? `"${pattern}": square brackets do not match` : undefined;
}

function escaped(text: string): string { return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`); }

/** `oad` as `(?:o(?:a(?:d)?)?)?`. */
function optional(text: string): string {
  let expression = '';
  for (const letter of [...text].reverse()) expression = `(?:${escaped(letter)}${expression})?`;
  return expression;
}

/** @throws SyntaxError on a pattern that `commandPatternProblem` finds fault with. */
export function compileCommandPattern(pattern: string, caseSensitive: boolean): RegExp {
  const form = regexForm.exec(pattern);
  if (form !== null) return new RegExp(form[1]!, caseSensitive || form[2]!.includes('i') ? form[2] : `${form[2]}i`);
  let expression = '';
  for (const part of pattern.split(/(\*+|\[[^\]]*\]|\s+)/)) {
    if (part.startsWith('*')) expression += '.*';
    else if (part.startsWith('[')) expression += optional(part.slice(1, -1));
    else expression += /^\s+$/.test(part) ? String.raw`\s+` : escaped(part);
  }
  // A pattern names the beginning of a command, up to the end of a word.
  return new RegExp(String.raw`^${expression}(?![^\s])`, caseSensitive ? 's' : 'is');
}

/** Words that run the rest of the line. */
const carriers = new Set(['sudo', 'doas', 'do', 'nohup', 'exec', 'command', 'builtin', 'eval', 'env', 'time', 'nice', 'then', 'else', 'busybox', 'xargs']);

/** The commands in a line: each part between separators, without carriers in front and without the directory of a program. */
export function commandsIn(line: string): string[] {
  const whole = line.trim();
  const commands = whole === '' ? [] : [whole];
  for (const part of whole.split(/[;|&`(){}\n\r]+|\$\(/)) {
    let command = part.trim().replaceAll(/\s+/g, ' ');
    for (let depth = 0; depth < 8; depth++) {
      // Quotes and backslashes in a first word change nothing for a shell: r\m, "rm".
      const space = command.indexOf(' ');
      const word = (space < 0 ? command : command.slice(0, space)).replaceAll(/["'\\]/g, '');
      const rest = space < 0 ? '' : command.slice(space + 1);
      const program = word.slice(word.lastIndexOf('/') + 1) || word;
      const plain = rest === '' ? program : `${program} ${rest}`;
      if (plain !== '' && !commands.includes(plain)) commands.push(plain);
      const assignment = /^[A-Za-z_]\w*=/.test(word);
      if (rest === '' || (!assignment && !carriers.has(program.toLowerCase()))) break;
      command = rest.replace(/^(?:-\S+ )+/, '');
    }
  }
  return commands;
}

/** A list of names with `*`. */
export function compileNames(names: readonly string[] | undefined): RegExp | undefined {
  if (names === undefined) return undefined;
  return new RegExp(`^(?:${names.map((name) => name.split('*').map(escaped).join('.*')).join('|')})$`, 's');
}
