// `sallyport explain`: the whole decision on a described request, or on one that happened, as a tree.
import { isIP } from 'node:net';
import type { StoredRecord } from '#audit/record.ts';
import { consoleLine, humanDuration } from '#audit/sinks/console-line.ts';
import type { ExplainStep } from '#runtime/messages.ts';
import type { AdminClient } from '../client.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { foldText, humanTime, printJson, visible, type Colour, type Output } from '../output.ts';

export interface ExplainOptions { readonly from?: string; readonly header?: string[]; readonly listener?: string; readonly all?: boolean }

interface Decided { outcome: string; rule: string; configuration: string }
interface Comparison { same: boolean; then: Decided; now: Decided; unknown: string[] }

interface Explained {
  version: string;
  tookMs: number;
  steps: ExplainStep[];
  request: { verb: string; url: string; from: string; listener: string };
  record?: StoredRecord;
  comparison?: Comparison;
}

/** With one argument the id of a record, with two a verb and an address. */
export async function explain(client: AdminClient, given: readonly string[], options: ExplainOptions, out: Output): Promise<number> {
  const answer = (await client.call('POST', '/v1/explain', bodyOf(given, options))).body as Explained;
  if (out.json) printJson(out, answer);
  else {
    out.write(explanationText(answer, options.all === true, out));
    const hostless = given[1]?.startsWith('/') === true && !(options.header ?? []).some((line) => /^host\s*:/i.test(line));
    if (hostless && answer.steps.some(({ outcome }) => outcome === 'refused')) {
      out.write(`${out.paint('hint:', 'blue')} a path alone has no host: write ${visible(given[0]!)} http://HOST${visible(given[1]!)}, or add --header "Host: HOST"\n`);
    }
  }
  return exitCodes.ok;
}

function bodyOf(given: readonly string[], options: ExplainOptions): object {
  const [first = '', second] = given;
  if (options.from !== undefined && isIP(options.from) === 0) {
    throw new CommandFailure(`"${options.from}" is no IP address`, 'write for example: --from 203.0.113.9', exitCodes.usage);
  }
  if (second === undefined && !/^(https?:\/\/|\/)/.test(first)) return { id: first };
  const [verb, url] = second === undefined ? ['GET', first] : [first, withScheme(first, second)];
  return {
    verb, url, headers: (options.header ?? []).map(headerOf),
    ...(options.from === undefined ? {} : { from: options.from }), ...(options.listener === undefined ? {} : { listener: options.listener }),
  };
}

/** `GET shop.example/x` is what people write. */
function withScheme(verb: string, url: string): string {
  return /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(verb) && !/^[/*]|^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? `http://${url}` : url;
}

function headerOf(text: string): [string, string] {
  const colon = text.indexOf(':');
  if (colon <= 0) throw new CommandFailure(`"${text}" is no header`, 'write it as: --header "X-Name: value"', exitCodes.usage);
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

const titles: Record<string, string> = {
  listener: 'Listener', codec: 'Protocol', client: 'Client', zone: 'Zone', limit: 'Limits', rule: 'Rules', route: 'Routes', rewrite: 'Rewrites', upgrade: 'Upgrade',
  upstream: 'Servers', waf: 'Firewall', decision: 'Decision', service: 'Service',
};

const good = new Set(['matched', 'chosen', 'within', 'found', 'arrives', 'understood', 'allowed', 'passed on', 'vouched-for', 'answered']);
const bad = new Set(['deny', 'denied', 'drop', 'close', 'limited', 'exceeded', 'refused', 'missing']);
/** What did not decide; many of them are cut unless all are asked for. */
const passedOver = new Set(['no-match', 'not-reached', 'skipped', 'disabled', 'not-applicable']);
const maxPassedOver = 20;

function colourOf(step: ExplainStep): Colour[] {
  if (bad.has(step.outcome) || (step.outcome === 'matched' && /^(deny|drop|close)/.test(step.detail))) return ['red'];
  if (good.has(step.outcome)) return ['green'];
  return passedOver.has(step.outcome) ? ['dim'] : ['cyan'];
}

export function explanationText(answer: Explained, all: boolean, out: Output): string {
  const { request, steps, record, comparison } = answer;
  const lines = [`${out.paint(`${visible(request.verb)} ${visible(request.url)}`, 'bold')}  from ${visible(request.from)}`];
  if (record !== undefined) lines.push(`as it happened:${out.columns === 0 ? ' ' : '\n'}${consoleLine(record, { colours: out.colours, columns: out.columns, date: true })}`);
  const timings = record === undefined ? '' : timingsOf(record);
  if (timings !== '') lines.push(...foldText(`timings: ${timings}`, out.columns === 0 ? Infinity : out.columns));
  const groups = groupsOf(steps);
  groups.forEach(({ stage, steps: members }, at) => {
    const last = at === groups.length - 1;
    lines.push(`${last ? '└─' : '├─'} ${out.paint(titles[stage] ?? stage, 'bold')}`);
    const trunk = last ? '   ' : '│  ';
    lines.push(...groupLines(members, all, out, out.columns === 0 ? Infinity : out.columns - trunk.length).map((line) => trunk + line));
  });
  const columns = out.columns === 0 ? Infinity : out.columns;
  if (comparison !== undefined) lines.push('', ...comparisonLines(comparison, columns, out));
  const end = `configuration ${answer.version.slice(0, 12)}; explained in ${humanTime(answer.tookMs)} by the engine that decides live traffic`;
  lines.push(...foldText(end, columns).map((text) => out.paint(text, 'dim')));
  return `${lines.join('\n')}\n`;
}

/** Where the time of a request that happened went, all counted from its beginning. */
function timingsOf({ connectMs, firstByteMs, ms, attempts }: StoredRecord): string {
  const stages = [
    connectMs === undefined ? '' : `connection to the server after ${humanDuration(connectMs)}`,
    firstByteMs === undefined ? '' : `first byte of its answer after ${humanDuration(firstByteMs)}`,
    ms === undefined ? '' : `done after ${humanDuration(ms)}`,
    attempts === undefined || attempts < 2 ? '' : `${attempts} servers tried`,
  ];
  return stages.filter((text) => text !== '').join(', ');
}

/** Neighbours of one stage. */
function groupsOf(steps: readonly ExplainStep[]): { stage: string; steps: ExplainStep[] }[] {
  const groups: { stage: string; steps: ExplainStep[] }[] = [];
  for (const step of steps) {
    const group = groups.at(-1);
    if (group?.stage === step.stage) group.steps.push(step);
    else groups.push({ stage: step.stage, steps: [step] });
  }
  return groups;
}

/** Less than this beside the outcome, and the detail goes below. */
const leastForDetail = 30;

function groupLines(steps: readonly ExplainStep[], all: boolean, out: Output, columns: number): string[] {
  const idle = steps.filter(({ outcome }) => passedOver.has(outcome));
  const shown = all || idle.length <= maxPassedOver ? steps : steps.filter((step) => !passedOver.has(step.outcome) || idle.indexOf(step) < maxPassedOver);
  const width = Math.min(40, Math.max(...shown.map(({ subject }) => visible(subject).length)));
  const outcomeWidth = Math.max(...shown.map(({ outcome }) => outcome.length));
  const lines = shown.flatMap((step, at) => {
    const last = at === shown.length - 1 && shown.length === steps.length;
    const colours = colourOf(step);
    const subject = visible(step.subject).padEnd(width);
    const before = `${last ? '└─' : '├─'} ${subject}  ${out.paint(step.outcome.padEnd(outcomeWidth), ...colours)}`;
    const branch = last ? '   ' : '│  ';
    const room = columns - branch.length - subject.length - outcomeWidth - 4;
    const beside = room >= leastForDetail;
    const [first = '', ...more] = step.detail === '' ? [] : foldText(visible(step.detail), Math.max(leastForDetail / 2, beside ? room : columns - branch.length - 2));
    const paint = (text: string): string => colours[0] === 'dim' ? out.paint(text, 'dim') : text;
    if (beside) return [`${before}  ${paint(first)}`.trimEnd(), ...more.map((text) => `${branch}${' '.repeat(subject.length + outcomeWidth + 4)}${paint(text)}`)];
    return [before.trimEnd(), ...[first, ...more].filter((text) => text !== '').map((text) => `${branch}  ${paint(text)}`)];
  });
  if (shown.length < steps.length) lines.push(`└─ ... and ${steps.length - shown.length} more that did not decide (--all)`);
  return lines;
}

function comparisonLines({ same, then, now, unknown }: Comparison, columns: number, out: Output): string[] {
  const told = ({ outcome, rule, configuration }: Decided): string => `${visible(outcome)} by ${visible(rule || 'nothing')} (configuration ${visible(configuration)})`;
  const verdict = same ? out.paint('the decision today is the one that was taken', 'green') : out.paint('the decision today is another one', 'yellow');
  const missing = foldText(`not known: ${unknown.join('; ')}`, columns - 4).map((text, at) => out.paint(`${at === 0 ? '  ' : '    '}${text}`, 'dim'));
  return [`${verdict}`, `  then: ${told(then)}`, `  now:  ${told(now)}`, ...missing];
}
