// How commands print: aligned tables, durations and sizes for people, colours on terminals only, JSON when asked, and no
// text from outside that could act on a terminal.
import { humanBytes, humanDuration, visible } from '#audit/sinks/console-line.ts';

export { humanBytes, visible };

const codes = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33', blue: '34', magenta: '35', cyan: '36' } as const;
export type Colour = keyof typeof codes;

/** Where a command writes. The tests give their own. */
export interface Output {
  readonly json: boolean;
  readonly colours: boolean;
  /** Columns of the terminal, or 0. */
  readonly columns: number;
  readonly terminal: boolean;
  write(text: string): void;
  paint(text: string, ...colours: Colour[]): string;
}

export function coloursWanted(stream: { isTTY?: boolean | undefined }, environment: NodeJS.ProcessEnv): boolean {
  // https://no-color.org: any value that is not empty.
  if ((environment.NO_COLOR ?? '') !== '') return false;
  if ((environment.FORCE_COLOR ?? '') !== '' && environment.FORCE_COLOR !== '0') return true;
  return stream.isTTY === true && environment.TERM !== 'dumb';
}

export function paintWith(colours: boolean): Output['paint'] {
  return (text, ...names) => colours && text !== '' && names.length > 0 ? `\u001b[${names.map((name) => codes[name]).join(';')}m${text}\u001b[0m` : text;
}

export function standardOutput(json: boolean): Output {
  const colours = coloursWanted(process.stdout, process.env);
  return {
    json, colours, columns: process.stdout.columns ?? 0, terminal: process.stdout.isTTY === true,
    write: (text) => { process.stdout.write(text); },
    paint: paintWith(colours),
  };
}

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly right?: boolean;
  readonly colours?: (row: Row) => readonly Colour[];
  /** On a narrow terminal the column with the highest number goes first. Without one it stays. */
  readonly drop?: number;
}

/** What the last column must have before others are dropped for it. */
const leastForLast = 32;

/** The columns that find room, by the widths that they want. */
function fitting<Row>(out: Output, columns: readonly Column<Row>[], widths: readonly number[]): number[] {
  const shown = columns.map((_, at) => at);
  if (out.columns === 0) return shown;
  const wanted = (): number => shown.reduce((sum, at, place) => sum + (place === shown.length - 1 ? Math.min(leastForLast, widths[at]!) : widths[at]! + 2), 0);
  while (wanted() > out.columns) {
    const drop = Math.max(...shown.map((at) => columns[at]!.drop ?? 0));
    if (drop === 0) break;
    shown.splice(shown.findIndex((at) => columns[at]!.drop === drop), 1);
  }
  return shown;
}

/** Aligned by what is visible. On a narrow terminal columns are left out as they say, then the last one is cut. Every value
 *  is made harmless. */
export function table<Row>(out: Output, allColumns: readonly Column<Row>[], rows: readonly Row[]): string {
  const allCells = rows.map((row) => allColumns.map((column) => visible(column.value(row))));
  const allWidths = allColumns.map((column, at) => Math.max(column.title.length, ...allCells.map((row) => row[at]!.length)));
  const shown = fitting(out, allColumns, allWidths);
  const columns = shown.map((at) => allColumns[at]!);
  const widths = shown.map((at) => allWidths[at]!);
  const cells = allCells.map((row) => shown.map((at) => row[at]!));
  const line = (texts: readonly string[], paint: (text: string, at: number) => string): string => {
    let left = out.columns === 0 ? Infinity : out.columns;
    const parts = texts.map((text, at) => {
      const last = at === texts.length - 1;
      const padded = columns[at]!.right === true ? text.padStart(widths[at]!) : last ? text : text.padEnd(widths[at]!);
      const cut = padded.length > left ? `${padded.slice(0, Math.max(0, left - 1))}…`.slice(0, Math.max(0, left)) : padded;
      left -= cut.length + 2;
      return paint(cut, at);
    });
    return `${parts.join('  ').trimEnd()}\n`;
  };
  const head = line(columns.map((column) => column.title), (text) => out.paint(text, 'dim'));
  return head + cells.map((row, index) => line(row, (text, at) => out.paint(text, ...columns[at]!.colours?.(rows[index]!) ?? []))).join('');
}

/** Words of a text in lines of at most so many columns; a longer word is cut into several. */
export function foldText(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (let word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length <= columns) {
      line += ` ${word}`;
      continue;
    }
    if (line !== '') lines.push(line);
    for (; word.length > columns; word = word.slice(columns)) lines.push(word.slice(0, columns));
    line = word;
  }
  return [...lines, line];
}

export function count(number: number, word: string, words = `${word}s`): string { return `${formatNumber(number)} ${number === 1 ? word : words}`; }

export function formatNumber(number: number): string { return number.toLocaleString('en-US', { maximumFractionDigits: 1 }); }

/** `4.2ms`, `12s`, `3m05s`, `2h10m`, `5d3h`: two units at most. */
export function humanTime(ms: number): string {
  if (ms < 3_600_000) return ms >= 1000 && ms < 60_000 ? `${Math.round(ms / 1000)}s` : humanDuration(ms);
  const hours = Math.floor(ms / 3_600_000);
  if (hours < 48) return `${hours}h${String(Math.floor(ms / 60_000) % 60).padStart(2, '0')}m`;
  return `${Math.floor(hours / 24)}d${hours % 24}h`;
}

/** Local date and time to the second. */
export function humanDate(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** JSON in which nothing acts on a terminal either: C1 controls, and what turns the direction of text, are written as escapes. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent)
    .replaceAll(/[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function printJson(out: Output, value: unknown): void { out.write(`${jsonText(value, 2)}\n`); }
