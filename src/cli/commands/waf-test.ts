// `sallyport waf test`: runs requests of a file, of curl's arguments, or of the stored history through the rules in force and
// through a draft. Reading them is here; running them is the gateway's.
import { readFileSync } from 'node:fs';
import { parseHttpText } from '#control/waf/replay.ts';
import type { AdminClient } from '../client.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { count, formatNumber, printJson, visible, type Output } from '../output.ts';
import { parseTime } from './logs.ts';

export interface TestOptions { readonly curl?: boolean; readonly history?: string; readonly with?: string; readonly service?: string; readonly route?: string }

interface TestRequest { method: string; url: string; headers: [string, string][]; body: string }
interface Result { blocked: boolean; by: string; status: number; matches: { rule: number; message: string; variable: string; value: string; part: string;
  logOnly: boolean }[]; scores: Record<string, number> }
interface Difference { record: string; method: string; target: string; client: string; before: string; after: string; gone: number[]; new: number[] }
interface Answer {
  service: string;
  results: { method: string; url: string; now: Result; draft?: Result }[];
  history?: { replayed: number; notKept: number; masked: number; withoutBody: number; different: number; wouldPass: number; wouldBlock: number; differences: Difference[] };
}

export async function wafTest(client: AdminClient, file: string | undefined, rest: readonly string[], options: TestOptions, out: Output): Promise<number> {
  const requests = requestsOf(file, rest, options);
  if (requests.length === 0 && options.history === undefined) throw new CommandFailure('there is nothing to test',
    'give a file of requests, --curl, or --history 1h', exitCodes.usage);
  const answer = (await client.call('POST', '/v1/waf/test', {
    requests, route: options.route ?? '', ...(options.service === undefined ? {} : { service: options.service }),
    ...(options.with === undefined ? {} : { draft: readText(options.with) }),
    ...(options.history === undefined ? {} : { historyFrom: Math.floor(parseTime(options.history, Date.now())) }),
  })).body as Answer;
  if (out.json) printJson(out, answer);
  else out.write(answerText(answer, out));
  return answer.results.some(({ now, draft }) => (draft ?? now).blocked) ? exitCodes.failed : exitCodes.ok;
}

function readText(file: string): string {
  try { return readFileSync(file === '-' ? 0 : file, 'utf8'); } catch (error) { throw new CommandFailure(`${file} cannot be read: ${(error as Error).message}`, '',
    exitCodes.usage); }
}

function requestsOf(file: string | undefined, rest: readonly string[], options: TestOptions): TestRequest[] {
  if (options.curl === true) return [requestOfCurl([...file === undefined ? [] : [file], ...rest])];
  if (file === undefined) return [];
  return parseHttpText(readText(file)).map(({ method, target, headers, body }) => ({ method, url: target, headers: headers.map(([name, value]) => [name, value]), body }));
}

function latin1(text: string): string { return Buffer.from(text, 'utf8').toString('latin1'); }

const withValue: Readonly<Record<string, string>> = {
  '-X': 'method', '--request': 'method', '-H': 'header', '--header': 'header', '-d': 'data', '--data': 'data', '--data-raw': 'data', '--data-binary': 'data',
    '--data-ascii': 'data',
  '--data-urlencode': 'urlencode', '--json': 'json', '-b': 'cookie', '--cookie': 'cookie', '-A': 'agent', '--user-agent': 'agent', '-e': 'referer',
    '--referer': 'referer', '--url': 'url',
  '-o': 'ignored', '--output': 'ignored', '-m': 'ignored', '--max-time': 'ignored', '--connect-timeout': 'ignored',
};

/** The request that curl would send, of the options that say what is in it. */
export function requestOfCurl(given: readonly string[]): TestRequest {
  let method = '';
  let url = '';
  const headers: [string, string][] = [];
  const data: string[] = [];
  let json = false;
  const take = (kind: string, value: string): void => {
    switch (kind) {
      case 'method': method = value; break;
      case 'header': headers.push([value.slice(0, Math.max(0, value.indexOf(':'))).trim(), latin1(value.slice(value.indexOf(':') + 1).trim())]); break;
      case 'json': json = true; data.push(value); break;
      case 'data': data.push(value); break;
      case 'urlencode': data.push(value.replace(/^([^=]*=)?([^]*)$/, (_, name: string | undefined, rest: string) => `${name ?? ''}${encodeURIComponent(rest)}`)); break;
      case 'cookie': headers.push(['Cookie', latin1(value)]); break;
      case 'agent': headers.push(['User-Agent', latin1(value)]); break;
      case 'referer': headers.push(['Referer', latin1(value)]); break;
      case 'url': url = value; break;
    }
  };
  for (let at = 0; at < given.length; at++) {
    const word = given[at]!;
    const [long = '', inline] = word.startsWith('--') ? word.split(/=(.*)/s, 2) : [word.slice(0, 2), word.length > 2 && word.startsWith('-') ? word.slice(2) : undefined];
    const kind = withValue[long];
    if (kind !== undefined && word.startsWith('-')) take(kind, inline ?? given[++at] ?? '');
    else if (!word.startsWith('-') && word !== 'curl') url = word;
  }
  const has = (name: string): boolean => headers.some(([field]) => field.toLowerCase() === name);
  if (!has('user-agent')) headers.unshift(['User-Agent', 'curl/8.0']);
  if (!has('accept')) headers.push(['Accept', json ? 'application/json' : '*/*']);
  const body = data.join('&');
  if (body !== '' && !has('content-type')) headers.push(['Content-Type', json ? 'application/json' : 'application/x-www-form-urlencoded']);
  if (url === '') throw new CommandFailure('--curl names no address', 'for example: --curl -- -d "a=b" http://shop.example/form', exitCodes.usage);
  return { method: method || (body === '' ? 'GET' : 'POST'), url: latin1(url.replaceAll(' ', '%20')), headers, body: latin1(body) };
}

function resultText(label: string, result: Result, out: Output): string {
  const { blocked, by, status, matches, scores } = result;
  const shown = Object.entries(scores).filter(([name]) => /inbound_anomaly_score$|^anomaly_score$|sally_score/.test(name)).map(([name, value]) => `${name} ${value}`).join(', ');
  const lines = [`  ${label}${blocked ? out.paint(`refused with ${status} by ${by}`, 'red') : out.paint('passes', 'green')}${shown === '' ? '' : out.paint(`  ${shown}`, 'dim')}`];
  for (const { rule, message, variable, value, part, logOnly } of matches) {
    lines.push(`    ${String(rule).padStart(6)} ${visible(variable)} = ${visible(value)}${part === '' || part === value ? '' : `  found ${visible(part)}`}`);
    lines.push(out.paint(`           ${visible(message)}${logOnly ? ' (log only)' : ''}`, 'dim'));
  }
  return `${lines.join('\n')}\n`;
}

function answerText({ results, history }: Answer, out: Output): string {
  let text = '';
  for (const { method, url, now, draft } of results) {
    text += `${out.paint(`${visible(method)} ${visible(url)}`, 'bold')}\n${resultText(draft === undefined ? '' : 'now:   ', now, out)}`;
    if (draft !== undefined) text += resultText('draft: ', draft, out);
  }
  if (history === undefined) return text;
  const { replayed, notKept, masked, withoutBody, different, wouldPass, wouldBlock, differences } = history;
  text += `${count(replayed, 'recorded request')} replayed, ${formatNumber(different)} differ: ${formatNumber(wouldPass)} would pass, ${formatNumber(wouldBlock)} `
    + `would be refused\n`;
  if (masked + withoutBody + notKept > 0) {
    text += out.paint(`not as they were: ${formatNumber(masked)} with masked values, ${formatNumber(withoutBody)} without their whole body; `
      + `${formatNumber(notKept)} more were not kept (waf.keep)\n`, 'dim');
  }
  for (const one of differences) {
    const changes = [one.gone.length === 0 ? '' : `-${one.gone.join(' -')}`, one.new.length === 0 ? '' : `+${one.new.join(' +')}`].filter((part) => part !== '').join(' ');
    const verdict = one.before === one.after ? one.after : out.paint(`${one.before} -> ${one.after}`, one.after === 'pass' ? 'green' : 'red');
    text += `  ${verdict}  ${visible(one.method)} ${visible(one.target)}  ${changes}  ${out.paint(visible(one.record), 'dim')}\n`;
  }
  return text;
}
