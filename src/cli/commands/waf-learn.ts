// `sallyport waf learn`: what the stored records say of the arguments of each path, as a table, or as rules.
import type { AdminClient } from '../client.ts';
import { count, formatNumber, printJson, table, visible, type Output } from '../output.ts';
import { parseTime } from './logs.ts';

interface Argument { name: string; requests: number; kind: string; maxLength: number; repeated: boolean }
interface Path { service: string; path: string; methods: string[]; requests: number; clients: number; arguments: Argument[]; open: boolean }
interface Learned { records: number; skipped: number; paths: Path[]; rules: string }

export interface LearnOptions { readonly since?: string; readonly service?: string; readonly min?: string; readonly rules?: boolean; readonly firstId?: string }

export async function wafLearn(client: AdminClient, options: LearnOptions, out: Output): Promise<number> {
  const query = new URLSearchParams({ from: String(Math.floor(parseTime(options.since ?? '7d', Date.now()))) });
  for (const [name, value] of [['service', options.service], ['min', options.min], ['firstId', options.firstId]] as const) if (value !== undefined) query.set(name, value);
  const learned = await client.get<Learned>(`/v1/waf/learned?${query.toString()}`);
  if (out.json) printJson(out, learned);
  else out.write(options.rules === true ? learned.rules : learnedText(learned, out));
  return 0;
}

function learnedText({ records, skipped, paths }: Learned, out: Output): string {
  let text = `${count(paths.length, 'path')} with enough requests, of ${count(records, 'record')}; ${formatNumber(skipped)} teach nothing (refused, failed, or with a match)\n`;
  for (const { service, path, methods, requests, clients, arguments: found, open } of paths) {
    text += `\n${out.paint(`${visible(service)} ${visible(path)}`, 'bold')}  ${methods.map(visible).join(' ')}  ${count(requests, 'request')}, ${count(clients, 'client')}\n`;
    if (found.length > 0) text += table(out, [
      { title: '  ARGUMENT', value: ({ name }) => `  ${name}`, colours: () => ['cyan'] },
      { title: 'REQUESTS', value: (row) => formatNumber(row.requests), right: true },
      { title: 'KIND', value: ({ kind }) => kind },
      { title: 'LONGEST', value: ({ kind, maxLength }) => (kind === 'secret' ? 'masked' : formatNumber(maxLength)), right: true },
      { title: '', value: ({ repeated }) => (repeated ? 'several at once' : '') },
    ], found);
    if (open) text += out.paint('  takes more names than are kept apart\n', 'yellow');
  }
  return text;
}
