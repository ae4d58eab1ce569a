// What the definitions of commands share: common options, output, examples in the help, the running gateway.
import type { Command } from 'commander';
import { AdminClient } from './client.ts';
import { standardOutput, type Output } from './output.ts';

export type Finish = (exitCode: number) => void;

export interface CommonOptions { readonly json?: boolean; readonly socket?: string; readonly config?: string[] }

export function outputFor(options: CommonOptions): Output { return standardOutput(options.json === true); }

export function withJson(command: Command): Command { return command.option('--json', 'print JSON'); }

/** Options of every command that speaks to the running gateway. */
export function remote(command: Command): Command {
  return withJson(command)
    .option('--socket <path>', 'admin socket of the gateway')
    .option('--config <files...>', 'configuration that the gateway was started with, to find its socket');
}

/** Of commands that change something. */
export function changing(command: Command): Command {
  return remote(command).option('--reason <text>', 'why, for the history and the audit log');
}

export async function found(options: CommonOptions, files?: readonly string[]): Promise<AdminClient> {
  return await AdminClient.find({ socket: options.socket, files: options.config ?? files });
}

export function examples(command: Command, ...lines: string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`);
}

export function firstSentence(text: string): string { return text.split(/[.:] /)[0]!.replace(/\.$/, ''); }

/** For options that may be repeated. */
export function collect(value: string, before: string[] | undefined): string[] { return [...before ?? [], value]; }

/** The same, also with commas: for names, which hold none. */
export function collectNames(value: string, before: string[] | undefined): string[] {
  return [...before ?? [], ...value.split(',').map((name) => name.trim()).filter((name) => name !== '')];
}
