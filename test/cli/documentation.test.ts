// Commands that README and docs/ print can be typed: the command is there, takes these options and as many arguments. What
// they would do is not tested here.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CommanderError, type Command } from 'commander';
import { buildProgram } from '../../src/cli/program.ts';

const root = join(import.meta.dirname, '../..');
const pages = ['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md', ...globSync('docs/**/*.md', { cwd: root }).sort()];

interface Typed { readonly place: string; readonly words: readonly string[] }

/** Words of a shell line up to a comment, a pipe, a redirection or the next command. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [, double, single, plain] of line.matchAll(/"([^"]*)"|'([^']*)'|([^\s"']+)/g)) {
    if (plain !== undefined && /^[#|><]/.test(plain)) break;
    words.push((double ?? single ?? plain)!.replace(/;$/, ''));
    if (plain?.endsWith(';') === true) break;
  }
  return words;
}

function typedIn(page: string): Typed[] {
  const found: Typed[] = [];
  let inBlock = false;
  for (const [index, line] of readFileSync(join(root, page), 'utf8').split('\n').entries()) {
    const place = `${page}:${index + 1}`;
    if (line.startsWith('```')) inBlock = !inBlock;
    // Lines of usage say `[options]`; lines of prose, what a command is called.
    const texts = inBlock ? line.split(/; (?=sallyport )/) : [...line.matchAll(/`((?:npx )?sallyport [^`]+)`/g)].map((match) => match[1]!);
    for (const text of texts) {
      const command = /^(?:\s*\$ )?\s*(?:npx )?sallyport ([a-z-].*)$/.exec(text)?.[1];
      if (command !== undefined && !/\[options\]|\[command\]|…|\.\.\./.test(command)) found.push({ place, words: wordsOf(command) });
    }
  }
  return found;
}

/** Prose names options without their values. */
function parsed(command: Command, words: readonly string[]): { operands: string[]; unknown: string[] } {
  command.configureOutput({ writeErr: () => { /* the exception says it */ } });
  try {
    return command.parseOptions([...words]);
  } catch (error) {
    if (error instanceof CommanderError && error.code === 'commander.optionMissingArgument') return { operands: [], unknown: [] };
    throw error;
  }
}

/** What is wrong with a command line, or ''. A name alone, as in prose, is right if there is such a command. */
function faultOf(program: Command, words: readonly string[]): string {
  let command = program;
  let rest = words;
  for (;;) {
    const next = command.commands.find((one) => one.name() === rest[0]);
    if (next === undefined) break;
    command = next;
    rest = rest.slice(1);
  }
  if (command === program) return words[0]?.startsWith('-') === true ? '' : `there is no command ${words[0] ?? ''}`;
  const { operands, unknown } = parsed(command, rest);
  const odd = unknown.filter((word) => word !== '--help' && word !== '-h');
  if (odd.length > 0) return `${command.name()} has no ${odd.join(' ')}`;
  const most = command.registeredArguments.some(({ variadic }) => variadic) ? Infinity : command.registeredArguments.length;
  if (operands.length > most) return `${command.name()} takes no ${operands.slice(most).join(' ')}`;
  return '';
}

test('printed commands exist, with their options and arguments', () => {
  const typed = pages.flatMap(typedIn);
  assert.ok(typed.length > 100, `${typed.length} commands`);
  const faults = typed.flatMap(({ place, words }) => {
    // An option that was parsed stays: a program for each.
    const fault = faultOf(buildProgram(() => { /* nothing runs */ }), words);
    return fault === '' ? [] : [`${place}: ${fault} (sallyport ${words.join(' ')})`];
  });
  assert.deepEqual(faults, []);
});

test('what cannot be typed is found', () => {
  const fault = (line: string): string => faultOf(buildProgram(() => { /* nothing runs */ }), wordsOf(line));
  assert.equal(fault('stauts'), 'there is no command stauts');
  assert.equal(fault('logs --outcom denied'), 'logs has no --outcom denied');
  assert.equal(fault('kill a b'), 'kill takes no b');
  assert.equal(fault('backends drain a/b --reason "new kernel" # c'), '');
});
