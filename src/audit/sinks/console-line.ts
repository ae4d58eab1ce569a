// One record -> one line for people: aligned, coloured if asked, folded where the terminal is narrow. A pure function. Every
// character that a terminal could act on is shown as a visible escape, whatever the text came from.
import type { StoredRecord } from '../record.ts';

export interface ConsoleLineOptions {
  colours?: boolean;
  /** Show the date before the time of day. */
  date?: boolean;
  /** Show times in UTC instead of local time. */
  utc?: boolean;
  /** Columns of the terminal: less is shown on narrow ones, and what does not fit goes on in the next line. 0: one long line. */
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

function clock(timeMs: number, options: ConsoleLineOptions, short: boolean): string {
  const time = new Date(timeMs);
  if (Number.isNaN(time.getTime())) return '??:??:??.???'.slice(0, short ? 8 : 12);
  const iso = options.utc === true ? time.toISOString()
    : `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}T${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
      + `.${String(time.getMilliseconds()).padStart(3, '0')}`;
  return iso.slice(options.date !== true ? 11 : short ? 5 : 0, short ? 19 : 23).replace('T', ' ');
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

/** What was done to what: `GET shop.example/a?b=1`; `USER alice` where the record keeps what was said, and it was about no path. */
function object(record: StoredRecord): string {
  const said = record.path === undefined ? record.facts?.['command'] : undefined;
  if (typeof said === 'string') return said;
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
  // A rule without a description has nothing but its name to say for itself.
  const reason = record.reason === `rule ${record.rule}` ? '' : record.reason;
  return [record.rule, reason].filter((part) => part !== undefined && part !== '').join(': ');
}

interface Part { code: string | undefined; text: string }

function words(code: string | undefined, text: string): Part[] {
  return text.split(' ').filter((word) => word !== '').map((word) => ({ code, text: word }));
}

const continued = '    ';
/** Below this the columns that matter least are left out. */
const wideColumns = 110;

/** Lines of at most so many columns. A word that is longer than a line is cut into several. */
function folded(parts: readonly Part[], columns: number, indent: number): Part[][] {
  let line: Part[] = [];
  const lines = [line];
  let left = columns;
  const begin = (): void => {
    lines.push(line = []);
    left = columns - indent;
  };
  for (const { code, text } of parts) {
    let rest = text;
    if (line.length > 0 && 1 + rest.trimEnd().length > left) begin();
    for (;;) {
      if (line.length > 0) left--;
      const taken = rest.slice(0, left);
      line.push({ code, text: taken });
      left -= taken.length;
      rest = rest.slice(taken.length);
      if (rest.trim() === '') break;
      begin();
    }
  }
  return lines;
}

export function consoleLine(record: StoredRecord, options: ConsoleLineOptions = {}): string {
  const columns = options.columns ?? 0;
  const short = columns > 0 && columns < wideColumns;
  const outcome = visible(String(record.outcome));
  // What the gateway or an administrator did has no reply, size or time.
  const done = record.kind === 'control' || record.kind === 'health' || record.kind === 'system';
  const field = (text: string | undefined, width: number): string => (done ? '' : text ?? '-').padStart(width);
  const parts: Part[] = [
    { code: dim, text: clock(record.time, options, short) },
    { code: outcomeColours[outcome], text: outcome.padEnd(7) },
    { code: undefined, text: field(record.status === undefined ? undefined : String(record.status), 3) },
    ...(short ? [] : [
      { code: dim, text: field(record.ms === undefined ? undefined : humanDuration(record.ms), 7) },
      { code: dim, text: field(humanBytes(record.out ?? 0), 7) },
    ]),
    { code: undefined, text: visible(record.client ?? record.user ?? '-').padEnd(15) },
    ...(short ? [] : [{ code: dim, text: visible(record.service ?? '-').padEnd(8) }]),
    ...words(undefined, visible(object(record))), ...words(dim, visible(why(record))),
  ];
  const indent = columns > 3 * continued.length ? continued : '';
  const lines = columns === 0 ? [parts] : folded(parts, columns, indent.length);
  return lines.map((line, at) => (at === 0 ? '' : indent) + painted(line, options.colours === true)).join('\n');
}

/** Neighbours of one colour are painted at once. */
function painted(parts: readonly Part[], colours: boolean): string {
  let line = '';
  let code: string | undefined;
  parts.forEach((part, at) => {
    const wanted = colours ? part.code : undefined;
    const space = at === 0 ? '' : ' ';
    const text = at === parts.length - 1 ? part.text.trimEnd() : part.text;
    if (wanted === code) line += space + text;
    else line += `${code === undefined ? '' : reset}${space}${wanted ?? ''}${text}`;
    code = wanted;
  });
  return code === undefined ? line : line + reset;
}
