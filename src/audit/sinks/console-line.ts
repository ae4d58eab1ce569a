// One record -> one line for people: aligned, coloured if asked. A pure function. Every character that a terminal could act
// on is shown as a visible escape, whatever the text came from.
import type { StoredRecord } from '../record.ts';

export interface ConsoleLineOptions {
  colours?: boolean;
  /** Show the date before the time of day. */
  date?: boolean;
  /** Show times in UTC instead of local time. */
  utc?: boolean;
  /** Cut the line to so many visible columns; 0 for never. */
  columns?: number;
}

const reset = '\u001b[0m';
const dim = '\u001b[2m';
const outcomeColours: Record<string, string> = {
  allowed: '\u001b[32m', denied: '\u001b[31m', refused: '\u001b[31m', limited: '\u001b[33m', failed: '\u001b[35m', aborted: '\u001b[36m', error: '\u001b[41m',
};

/** Text without anything that acts on a terminal: controls, DEL, C1, bidirectional and other format characters. */
export function visible(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (character) => {
    const code = character.charCodeAt(0);
    // Letters beyond ASCII stay readable; everything invisible or with an effect does not.
    if (code > 0xa0 && /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(character)) return character;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

function two(value: number): string { return String(value).padStart(2, '0'); }

function clock(timeMs: number, options: ConsoleLineOptions): string {
  const time = new Date(timeMs);
  if (Number.isNaN(time.getTime())) return '??:??:??.???';
  const iso = options.utc === true ? time.toISOString()
    : `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}T${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
      + `.${String(time.getMilliseconds()).padStart(3, '0')}`;
  return options.date === true ? iso.slice(0, 23).replace('T', ' ') : iso.slice(11, 23);
}

export function humanBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)}${units[unit]}`;
}

export function humanDuration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)}ms`;
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`;
  return `${Math.floor(ms / 60_000)}m${two(Math.floor(ms / 1000) % 60)}s`;
}

/** What was done to what: `GET shop.example/a?b=1`. */
function object(record: StoredRecord): string {
  const target = `${record.host ?? ''}${record.path ?? ''}${record.params === undefined ? '' : `?${record.params}`}`;
  const act = [record.verb, target].filter((part) => part !== undefined && part !== '').join(' ');
  return act === '' ? record.kind : record.kind === 'operation' ? act : `${record.kind} ${act}`;
}

function why(record: StoredRecord): string {
  if (record.kind === 'control' || (record.outcome === 'allowed' && (record.kind === 'health' || record.kind === 'system'))) return record.reason ?? '';
  if (record.outcome === 'allowed') {
    const server = record.server === undefined ? '' : `-> ${record.server}`;
    // An operation that was carried out in another way than it was asked for, or ended in a way worth a word.
    return record.kind !== 'operation' || (record.reason ?? '') === '' ? server : `${server} (${record.reason})`.trim();
  }
  return [record.rule, record.reason].filter((part) => part !== undefined && part !== '').join(': ');
}

export function consoleLine(record: StoredRecord, options: ConsoleLineOptions = {}): string {
  const colour = (code: string | undefined, text: string): string => options.colours === true && code !== undefined && text !== '' ? code + text + reset : text;
  const outcome = visible(String(record.outcome));
  const facts = [
    [dim, clock(record.time, options)],
    [outcomeColours[outcome], outcome.padEnd(7)],
    [undefined, (record.status === undefined ? '-' : String(record.status)).padStart(3)],
    [dim, (record.ms === undefined ? '-' : humanDuration(record.ms)).padStart(7)],
    [dim, humanBytes(record.out ?? 0).padStart(7)],
    [undefined, visible(record.client ?? record.user ?? '-').padEnd(15)],
    [dim, visible(record.service ?? '-').padEnd(8)],
    [undefined, visible(object(record))],
    [dim, visible(why(record))],
  ] as const;
  let left = options.columns === undefined || options.columns === 0 ? Infinity : options.columns;
  let line = '';
  for (const [code, text] of facts) {
    if (text === '' || left <= 0) continue;
    const shown = text.length > left ? `${text.slice(0, Math.max(0, left - 3))}...`.slice(0, left) : text;
    line += (line === '' ? '' : ' ') + colour(code, shown);
    left -= shown.length + 1;
  }
  return line;
}
