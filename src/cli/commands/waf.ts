// `sallyport waf rules` and `sallyport waf report`: what the firewall has and what it found, as tables.
import type { AdminClient } from '../client.ts';
import { count, formatNumber, humanTime, printJson, table, visible, type Output } from '../output.ts';
import { parseTime } from './logs.ts';

interface RuleRow { id: number; phase: number; message: string; hits: number; blocked: number; logOnly: boolean; file: string; line: number }
interface RuleSet {
  place: string; ruleset: string[]; mode: string; onEngineError: string; loadMs: number; warnings: string[]; requests: number; blocked: number; errors: number;
    passedOnError: number;
  rulesLoaded: number; rules: RuleRow[];
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
    { title: 'MESSAGE', value: ({ message }) => message.split('%{')[0]!.slice(0, 100) },
  ], rules);
}

interface Place { service: string; path: string; variable: string; requests: number; blocked: number; clients: number; sample: string; record: string }
interface Report {
  requests: number; blocked: number; errors: number;
  rules: { rule: number; message: string; requests: number; blocked: number; clients: number; logOnly: boolean; places: Place[] }[];
  candidates: (Place & { rule: number; message: string; reasons: string[] })[];
}

export async function wafReport(client: AdminClient, options: { since?: string; service?: string; limit?: string }, out: Output): Promise<number> {
  const query = new URLSearchParams({ from: String(Math.floor(parseTime(options.since ?? '24h', Date.now()))), limit: options.limit ?? '20' });
  if (options.service !== undefined) query.set('service', options.service);
  const report = await client.get<Report>(`/v1/waf/report?${query.toString()}`);
  if (out.json) {
    printJson(out, report);
    return 0;
  }
  out.write(`${count(report.requests, 'request')} with a match, ${formatNumber(report.blocked)} refused${report.errors === 0 ? '' : out.paint(`,
    ${count(report.errors, 'engine fault')}`, 'red')}\n\n`);
  for (const { rule, message, requests, blocked, clients, logOnly, places } of report.rules) {
    out.write(`${out.paint(String(rule), 'bold')}  ${visible(message)}${logOnly ? out.paint('  log only', 'cyan') : ''}\n`);
    out.write(`  ${count(requests, 'request')}, ${formatNumber(blocked)} refused, ${count(clients, 'client')}\n`);
    for (const place of places) out.write(`  ${placeText(place, out)}\n`);
  }
  if (report.candidates.length > 0) out.write(`\n${out.paint('Perhaps false alarms', 'yellow')} (many clients, few rules at a time, after login):\n`);
  for (const candidate of report.candidates) {
    out.write(`  ${candidate.rule}  ${placeText(candidate, out)}\n      ${candidate.reasons.join(', ')}; look at it: sallyport waf exclude ${visible(candidate.record)}\n`);
  }
  return 0;
}

function placeText({ service, path, variable, requests, clients, sample }: Place, out: Output): string {
  return `${formatNumber(requests).padStart(6)}x  ${visible(service)} ${visible(path)}  ${visible(variable)}  ${count(clients, 'client')}  `
    + `${out.paint(visible(sample.slice(0, 60)), 'dim')}`;
}
