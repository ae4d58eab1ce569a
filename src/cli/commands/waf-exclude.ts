// `sallyport waf exclude` and `sallyport waf exclusions`: the narrowest exclusions for a record with their effect on the past,
// written into the configuration when confirmed; those that are there; and taking some away again.
import { createInterface } from 'node:readline/promises';
import type { AdminClient } from '../client.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { count, formatNumber, printJson, visible, type Output } from '../output.ts';
import { parseTime } from './logs.ts';

interface Exclusion { rule?: number | string | (number | string)[]; tag?: string; target?: string | string[]; path?: string; methods?: string[]; reason?: string }
interface Replay { refusedBefore: boolean; refusedAfter: boolean; rulesBefore: number[]; rulesAfter: number[]; asItWas: boolean }
interface Change { version: string; applied: boolean; change?: { number: number }; written?: { file: string; line: number }; fault?: string }
interface Proposal extends Change {
  record: { id: string; path: string; client: string; rule: string; rules: { id: number; msg: string; values: Record<string, string> }[] };
  exclusions: Exclusion[];
  effect: { records: number; refused: number; wouldPass: number; otherMatches: number; clients: number; samples: string[] };
  service: string; route: string; replay?: Replay;
}
interface Written { number: number; service: string; route: string; exclusion: Exclusion }

export interface ExcludeOptions {
  readonly rule?: string[]; readonly since?: string; readonly yes?: boolean; readonly reason?: string; readonly remove?: boolean;
  /** --no-file. */
  readonly file?: boolean;
}

export async function wafExclude(client: AdminClient, ids: readonly string[], options: ExcludeOptions, out: Output): Promise<number> {
  if (options.remove === true) return await remove(client, ids, options, out);
  if (ids.length !== 1) throw new CommandFailure('one record at a time', 'several are for --remove', exitCodes.usage);
  const rules = (options.rule ?? []).map(Number);
  if (rules.some((rule) => !Number.isInteger(rule))) throw new CommandFailure('--rule wants the id of a rule', '', exitCodes.usage);
  const body = { id: ids[0]!, rules, ...(options.since === undefined ? {} : { from: Math.floor(parseTime(options.since, Date.now())) }) };
  return await carryOut(client, '/v1/waf/exclude', body, options, out, proposalText);
}

/** Shows what would be done, asks, and does exactly that. */
async function carryOut<Answer extends Change>(client: AdminClient, address: string, body: object, options: ExcludeOptions, out: Output,
  text: (answer: Answer, out: Output) => string): Promise<number> {
  const common = { file: options.file !== false, reason: options.reason ?? '' };
  const ask = async (more: object): Promise<Answer> => (await client.call('POST', address, { ...body, ...common, ...more })).body as Answer;
  if (out.json) {
    const answer = await ask({ apply: options.yes === true });
    printJson(out, answer);
    return answer.fault === undefined ? exitCodes.ok : exitCodes.failed;
  }
  const shown = await ask({ apply: false });
  out.write(text(shown, out));
  if (options.yes !== true && !await confirmed(out, common.file)) {
    out.write('nothing was changed\n');
    return exitCodes.ok;
  }
  const { change, written, fault } = await ask({ apply: true, version: shown.version });
  out.write(`${out.paint('done', 'green')}: configuration ${change?.number ?? '?'} is in force`);
  if (written !== undefined) out.write(`, and written: ${visible(written.file)}:${written.line}\n`);
  else if (fault === undefined) out.write('; the file was left alone, and the next start will go by it\n');
  else out.write(`; ${out.paint('but the file was not changed', 'red')}: ${visible(fault)}\n`);
  return fault === undefined ? exitCodes.ok : exitCodes.failed;
}

async function remove(client: AdminClient, ids: readonly string[], options: ExcludeOptions, out: Output): Promise<number> {
  const numbers = ids.map((id) => (/^\d{1,5}$/.test(id) ? Number(id) : NaN));
  const listed = numbers.every((number) => !Number.isNaN(number));
  if (!listed && ids.length > 1) throw new CommandFailure('several at once only by number', 'numbers: sallyport waf exclusions', exitCodes.usage);
  return await carryOut<Change & { exclusions: Written[] }>(client, '/v1/waf/exclusions/remove', listed ? { numbers } : { id: ids[0]! }, options, out,
    ({ exclusions }) => `to be taken away:\n${writtenText(exclusions, out)}`);
}

export async function wafExclusions(client: AdminClient, out: Output): Promise<number> {
  const answer = await client.get<{ exclusions: Written[] }>('/v1/waf/exclusions');
  if (out.json) printJson(out, answer);
  else out.write(answer.exclusions.length === 0 ? 'no exclusions are configured\n' : writtenText(answer.exclusions, out));
  return exitCodes.ok;
}

function writtenText(exclusions: readonly Written[], out: Output): string {
  let text = '';
  let place = '';
  for (const { number, service, route, exclusion } of exclusions) {
    const here = `service ${visible(service)}${route === '' ? '' : `, route ${visible(route)}`}`;
    if (here !== place) text += `${out.paint(here, 'bold')}\n`;
    place = here;
    const { reason, ...rest } = exclusion;
    text += `  ${String(number).padStart(3)}  ${visible(flowOf(rest))}${reason === undefined ? '' : `  ${out.paint(visible(reason), 'dim')}`}\n`;
  }
  return text;
}

function flowOf(exclusion: Exclusion): string {
  const shown = (value: unknown): string => (Array.isArray(value) ? `[${value.map(shown).join(', ')}]` : typeof value === 'number' ? String(value) : JSON.stringify(value));
  return `{ ${Object.entries(exclusion).map(([key, value]) => `${key}: ${shown(value)}`).join(', ')} }`;
}

function proposalText(proposal: Proposal, out: Output): string {
  const { record, exclusions, effect, service, route } = proposal;
  const lines = [`record ${visible(record.id)}: ${visible(record.path)} from ${visible(record.client)}, ${record.rule?.startsWith('waf.') === true
    ? `refused by ${visible(record.rule)}` : 'not refused by the firewall'}`];
  for (const { id, msg, values } of record.rules) {
    lines.push(`  ${out.paint(String(id), 'bold')} ${visible(msg)}`);
    for (const [variable, value] of Object.entries(values)) lines.push(`      ${visible(variable)} ${out.paint(visible(value), 'dim')}`);
  }
  lines.push('', `the narrowest exclusion for service ${visible(service)}${route === '' ? '' : `, route ${visible(route)}`}:`);
  for (const one of exclusions) lines.push(`  - ${out.paint(visible(flowOf(one)), 'cyan')}`);
  const { refused, wouldPass, otherMatches, clients, records, samples } = effect;
  lines.push('', `over ${count(records, 'stored record')}: would have let through ${formatNumber(wouldPass)} of ${count(refused, 'refused request')}, `
    + `${count(otherMatches, 'other match', 'other matches')}, from ${count(clients, 'client')}`);
  if (proposal.replay !== undefined) lines.push(replayText(proposal.replay, out));
  if (samples.length > 0) lines.push('what it would no longer find:', ...samples.map((sample) => `  ${out.paint(visible(sample), 'dim')}`));
  if (exclusions.some(({ target }) => target === undefined)) lines.push(out.paint('A rule without a target does not run at all on that path: its match has no '
    + 'variable that can be named.', 'yellow'));
  return `${lines.join('\n')}\n`;
}

function replayText({ refusedBefore, refusedAfter, rulesBefore, rulesAfter, asItWas }: Replay, out: Output): string {
  const kept = asItWas ? 'the same request' : 'the same request, as far as it was kept';
  if (refusedAfter) return out.paint(`${kept}, tried again: still refused, by what ${rulesAfter.join(', ')} found`, 'yellow');
  if (refusedBefore) return `${kept}, tried again: ${out.paint('passes', 'green')}`;
  const gone = rulesBefore.filter((rule) => !rulesAfter.includes(rule));
  return `${kept}, tried again: ${gone.length > 0 ? `${gone.join(', ')} no longer ${gone.length === 1 ? 'matches' : 'match'}` : 'passes without it, too'}`;
}

async function confirmed(out: Output, intoFile: boolean): Promise<boolean> {
  if (!out.terminal || !process.stdin.isTTY) return false;
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  const question = intoFile ? 'write it into the configuration file, and put it in force? [y/N] ' : 'put it in force? [y/N] ';
  try { return /^y(es)?$/i.test((await reader.question(question)).trim()); } finally { reader.close(); }
}
