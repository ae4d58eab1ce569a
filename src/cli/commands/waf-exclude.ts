// `sallyport waf exclude`: shows the narrowest exclusions for a record with their effect on the past, and writes them when
// confirmed.
import { createInterface } from 'node:readline/promises';
import type { AdminClient } from '../client.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { count, formatNumber, printJson, visible, type Output } from '../output.ts';
import { parseTime } from './logs.ts';

interface Exclusion { rule: number | number[]; target?: string; path: string }
interface Answer {
  record: { id: string; path: string; client: string; rule: string; rules: { id: number; msg: string; values: Record<string, string> }[] };
  exclusions: Exclusion[];
  effect: { records: number; refused: number; wouldPass: number; otherMatches: number; clients: number; samples: string[] };
  service: string; route: string; applied: boolean;
  change?: { number: number; version: string };
}

export interface ExcludeOptions { readonly rule?: string[]; readonly since?: string; readonly yes?: boolean; readonly reason?: string }

export async function wafExclude(client: AdminClient, id: string, options: ExcludeOptions, out: Output): Promise<number> {
  const rules = (options.rule ?? []).map(Number);
  if (rules.some((rule) => !Number.isInteger(rule))) throw new CommandFailure('--rule wants the id of a rule', '', exitCodes.usage);
  const body = { id, rules, ...(options.since === undefined ? {} : { from: Math.floor(parseTime(options.since, Date.now())) }) };
  const ask = async (apply: boolean): Promise<Answer> => (await client.call('POST', '/v1/waf/exclude', { ...body, apply, reason: options.reason ?? '' })).body as Answer;
  if (out.json) {
    printJson(out, await ask(options.yes === true));
    return exitCodes.ok;
  }
  const proposal = await ask(false);
  out.write(proposalText(proposal, out));
  if (options.yes !== true && !await confirmed(out)) {
    out.write('nothing was changed\n');
    return exitCodes.ok;
  }
  const { change } = await ask(true);
  out.write(`${out.paint('done', 'green')}: configuration ${change?.number ?? '?'} is in force. For the next start, add this to the file of service `
    + `${visible(proposal.service)}:\n${yamlOf(proposal)}`);
  return exitCodes.ok;
}

function yamlOf({ exclusions }: Answer): string {
  return `    waf:\n      exclusions:\n${exclusions.map((one) => `        - ${flowOf(one)}\n`).join('')}`;
}

function flowOf({ rule, target, path }: Exclusion): string {
  return `{ rule: ${Array.isArray(rule) ? `[${rule.join(', ')}]` : rule}${target === undefined ? '' : `, target: ${JSON.stringify(target)}`}, path: ${JSON.stringify(path)} }`;
}

function proposalText(proposal: Answer, out: Output): string {
  const { record, exclusions, effect, service, route } = proposal;
  const lines = [`record ${visible(record.id)}: ${visible(record.path)} from ${visible(record.client)}, refused by ${visible(record.rule)}`];
  for (const { id, msg, values } of record.rules) {
    lines.push(`  ${out.paint(String(id), 'bold')} ${visible(msg)}`);
    for (const [variable, value] of Object.entries(values)) lines.push(`      ${visible(variable)} ${out.paint(visible(value), 'dim')}`);
  }
  lines.push('', `the narrowest exclusion for service ${visible(service)}${route === '' ? '' : `, route ${visible(route)}`}:`);
  for (const one of exclusions) lines.push(`  - ${visible(flowOf(one))}`);
  const { refused, wouldPass, otherMatches, clients, records, samples } = effect;
  lines.push('', `over ${count(records, 'stored record')}: would have let through ${formatNumber(wouldPass)} of ${count(refused, 'refused request')}, `
    + `${count(otherMatches, 'other match', 'other matches')}, from ${count(clients, 'client')}`);
  if (samples.length > 0) lines.push('what it would no longer find:', ...samples.map((sample) => `  ${out.paint(visible(sample), 'dim')}`));
  if (exclusions.some(({ target }) => target === undefined)) lines.push(out.paint('A rule without a target does not run at all on that path: its match has no '
    + 'variable that can be named.', 'yellow'));
  return `${lines.join('\n')}\n`;
}

async function confirmed(out: Output): Promise<boolean> {
  if (!out.terminal || !process.stdin.isTTY) return false;
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  try { return /^y(es)?$/i.test((await reader.question('write it into the running configuration? [y/N] ')).trim()); } finally { reader.close(); }
}
