// `sallyport waf rules` and `sallyport waf report`: what the firewall has and what it found, as tables.
import type { AdminClient } from '../client.ts';
import { count, formatNumber, humanDate, humanTime, printJson, table, visible, type Output } from '../output.ts';
import { parseTime } from './logs.ts';

interface RuleRow { id: number; phase: number; message: string; hits: number; blocked: number; logOnly: boolean; file: string; line: number }
interface RuleSet {
  place: string; ruleset: string[]; mode: string; onEngineError: string; loadMs: number; warnings: string[]; requests: number; blocked: number; errors: number;
    passedOnError: number;
  rulesLoaded: number; rules: RuleRow[];
}

/** The text of a rule without what a request fills in: "Score Exceeded (Total Score: %{TX.SCORE})" is "Score Exceeded". */
function plainMessage(message: string): string {
  const at = message.indexOf('%{');
  return (at < 0 ? message : message.slice(0, at).replace(/\s*(?:\([^()]*|[:(,-]\s*)*$/, '')).slice(0, 100);
}

export async function wafRules(client: AdminClient, options: { all?: boolean }, out: Output): Promise<number> {
  const answer = await client.get<{ sets: RuleSet[] }>(`/v1/waf/rules?all=${options.all === true}`);
  if (out.json) {
    printJson(out, answer);
    return 0;
  }
  if (answer.sets.length === 0) out.write('no service has a firewall; give one: waf: { ruleset: crs }\n');
  for (const set of answer.sets) {
    out.write(`${out.paint(visible(set.place), 'bold')}  ${set.ruleset.map(visible).join(', ')}, mode ${set.mode}: ${formatNumber(set.rulesLoaded)} rules, loaded `
      + `in ${humanTime(set.loadMs)}\n`);
    out.write(`${formatNumber(set.requests)} requests looked at, ${formatNumber(set.blocked)} refused, `
      + `${count(set.errors, 'engine fault')}${set.onEngineError === 'pass' ? out.paint(`; faults let requests pass (${set.passedOnError} so far)`, 'red') : ''}\n`);
    for (const warning of set.warnings.slice(0, 5)) out.write(out.paint(`  ${visible(warning)}\n`, 'yellow'));
    if (set.rules.length > 0) out.write(rulesTable(out, set.rules));
    out.write('\n');
  }
  return 0;
}

function rulesTable(out: Output, rules: readonly RuleRow[]): string {
  return table(out, [
    { title: 'HITS', value: ({ hits }) => formatNumber(hits), right: true },
    { title: 'REFUSED', value: ({ blocked }) => formatNumber(blocked), right: true, colours: ({ blocked }) => blocked > 0 ? ['red'] : [] },
    { title: 'RULE', value: ({ id }) => String(id), right: true },
    { title: '', value: ({ logOnly }) => logOnly ? 'log only' : '' },
    { title: 'MESSAGE', value: ({ message }) => plainMessage(message) },
  ], rules);
}

interface Place { service: string; path: string; paths: number; variable: string; requests: number; blocked: number; clients: number; sample: string; record: string }
interface RulesAtPlace extends Place { rules: number[]; messages: string[] }
interface Report {
  requests: number; blocked: number; errors: number; clients: number; firstMs: number; lastMs: number;
  rules: { rule: number; message: string; requests: number; blocked: number; clients: number; logOnly: boolean; places: Place[] }[];
  places: RulesAtPlace[];
  candidates: (RulesAtPlace & { reasons: string[] })[];
}

export async function wafReport(client: AdminClient, options: { since?: string; service?: string; limit?: string }, out: Output): Promise<number> {
  const query = new URLSearchParams({ from: String(Math.floor(parseTime(options.since ?? '24h', Date.now()))), limit: options.limit ?? '20' });
  if (options.service !== undefined) query.set('service', options.service);
  const report = await client.get<Report>(`/v1/waf/report?${query.toString()}`);
  if (out.json) printJson(out, report);
  else out.write(reportText(report, out));
  return 0;
}

const shownSample = 48;

function reportText(report: Report, out: Output): string {
  const { requests, blocked, errors, clients, firstMs, lastMs, rules, places, candidates } = report;
  if (requests === 0) return 'the firewall found nothing in that time\n';
  let text = `${count(requests, 'request')} with a match, ${formatNumber(blocked)} refused, from ${count(clients, 'client')}, ${humanDate(firstMs)} to ${humanDate(lastMs)}\n`;
  if (errors > 0) text += out.paint(`${count(errors, 'engine fault')}\n`, 'red');
  text += `\n${out.paint('Rules', 'bold')}\n${table(out, [
    { title: 'REQUESTS', value: (row) => formatNumber(row.requests), right: true },
    { title: 'REFUSED', value: (row) => formatNumber(row.blocked), right: true, colours: (row) => row.blocked > 0 ? ['red'] : [] },
    { title: 'CLIENTS', value: (row) => formatNumber(row.clients), right: true },
    { title: 'RULE', value: (row) => String(row.rule), right: true },
    { title: 'MESSAGE', value: (row) => `${row.message}${row.logOnly ? '  (log only)' : ''}` },
  ], rules)}`;
  text += `\n${out.paint('Where', 'bold')}\n${table(out, [
    { title: 'REQUESTS', value: (row) => formatNumber(row.requests), right: true },
    { title: 'CLIENTS', value: (row) => formatNumber(row.clients), right: true },
    { title: 'SERVICE', value: (row) => row.service },
    { title: 'PATH', value: (row) => (row.path === '' ? `(${row.paths} paths)` : row.path.slice(0, shownSample)) },
    { title: 'VARIABLE', value: (row) => row.variable, colours: () => ['cyan'] },
    { title: 'RULES', value: (row) => rulesOf(row, 3) },
    { title: 'FOUND', value: (row) => row.sample.slice(0, shownSample), colours: () => ['dim'] },
  ], places)}`;
  if (candidates.length === 0) return text;
  text += `\n${out.paint('Perhaps false alarms', 'yellow')}\n`;
  for (const candidate of candidates) text += candidateText(candidate, out);
  return text;
}

function rulesOf({ rules }: { rules: readonly number[] }, most: number): string {
  return `${rules.slice(0, most).join(' ')}${rules.length > most ? ` +${rules.length - most}` : ''}`;
}

function candidateText(candidate: Report['candidates'][number], out: Output): string {
  const { service, path, paths, variable, sample, reasons, record, rules, messages, requests, blocked } = candidate;
  const place = `${visible(service)} ${path === '' ? `on ${paths} paths` : visible(path)}`;
  const lines = [`  ${out.paint(`${place}  ${visible(variable)}`, 'bold')}  ${out.paint(visible(sample.slice(0, shownSample)), 'dim')}`,
    `    ${count(requests, 'request')}, ${formatNumber(blocked)} refused: ${reasons.join(', ')}`];
  for (const [at, rule] of rules.slice(0, 4).entries()) lines.push(`    ${rule}  ${visible(messages[at] ?? '')}`);
  if (rules.length > 4) lines.push(`    and ${count(rules.length - 4, 'more rule')}`);
  lines.push(path === '' ? `    everywhere alike: exclusions: [{ rule: ${rules[0]}, target: ${JSON.stringify(variable)} }]`
    : `    if it is one: sallyport waf exclude ${visible(record)}${requests > 0 && blocked === 0 ? '   (nothing was refused so far)' : ''}`);
  return `${lines.join('\n')}\n`;
}
