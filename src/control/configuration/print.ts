// Problems of a configuration as text for people (the line of the file with a mark under the place) and as JSON.
// Returns strings; does not write to a terminal, and colours only when told to.
import type { LoadResult } from './load.ts';
import type { Place, Problem } from './problem.ts';
import { isSecretPath } from './problem.ts';
import type { Source } from './source.ts';

export interface PrintOptions {
  /** Escape sequences for colours: only for terminals. */
  colours: boolean;
  /** Longest list; further problems are counted. */
  maxProblems?: number;
}

const codes = { bold: '1', red: '31', yellow: '33', blue: '34', dim: '2' } as const;

export type Paint = (text: string, colour: keyof typeof codes) => string;

export function painter(colours: boolean): Paint {
  return (text, colour) => colours && text !== '' ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;
}

/** `file:line:column`, or the file alone. */
export function formatPlace(place: Place): string {
  return place.line > 0 ? `${place.file}:${place.line}:${place.column}` : place.file;
}

export function printProblems(result: Pick<LoadResult, 'problems' | 'sources'>, options: PrintOptions): string {
  const paint = painter(options.colours);
  const texts = new Map(result.sources.map((source) => [source.file, source]));
  const shown = result.problems.slice(0, options.maxProblems ?? 200);
  const blocks = shown.map((problem) => printProblem(problem, texts.get(problem.file), paint));
  if (shown.length < result.problems.length) blocks.push(`... and ${result.problems.length - shown.length} more`);
  const summary = printSummary(result.problems, paint);
  return [...blocks, ...summary === '' ? [] : [summary]].map((block) => `${block}\n`).join('\n');
}

function printProblem(problem: Problem, source: Source | undefined, paint: Paint): string {
  const label = problem.severity === 'error' ? paint('error', 'red') : paint('warning', 'yellow');
  const place = formatPlace(problem) || problem.path;
  const lines = [`${paint(printable(place), 'bold')}: ${label}: ${printable(problem.message)} ${paint(`[${problem.code}]`, 'dim')}`];
  if (source && problem.line > 0 && !isSecretPath(problem.path)) lines.push(...excerpt(source, problem, paint));
  if (problem.related) lines.push(`  ${paint(`${printable(formatPlace(problem.related))}: ${problem.related.message}`, 'blue')}`);
  if (problem.hint !== '') lines.push(`  ${paint('hint:', 'blue')} ${printable(problem.hint)}`);
  return lines.join('\n');
}

const widest = 120;

/** The line of the source with a caret below the place, cut to a window around it. */
function excerpt(source: Source, problem: Problem, paint: Paint): string[] {
  const full = lineOf(source.text, problem.line);
  if (full === undefined) return [];
  const start = Math.max(0, problem.column - 1 - widest / 2);
  const part = printable(masked(full).slice(start, start + widest));
  const gutter = String(problem.line);
  const colour = problem.severity === 'error' ? 'red' : 'yellow';
  const width = Math.max(1, Math.min(markWidth(full, problem.column - 1), widest));
  return [
    `  ${paint(`${gutter} |`, 'dim')} ${start > 0 ? '...' : ''}${part}`,
    `  ${paint(`${' '.repeat(gutter.length)} |`, 'dim')} ${' '.repeat((start > 0 ? 3 : 0) + problem.column - 1 - start)}${paint('^'.repeat(width), colour)}`,
  ];
}

/** Secrets that stand on the same line, covered without moving what follows. */
function masked(line: string): string {
  return line.replaceAll(/((?:token|secret|password|passphrase)\w*["']?\s*:\s*)([^\s,}{[\]]+)/gi, (_, key: string, value: string) => key + '*'.repeat(value.length));
}

function lineOf(text: string, line: number): string | undefined {
  let start = 0;
  for (let count = 1; count < line; count++) {
    const end = text.indexOf('\n', start);
    if (end < 0) return undefined;
    start = end + 1;
  }
  const end = text.indexOf('\n', start);
  return text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
}

/** Length of the word or quoted text that starts here. */
function markWidth(line: string, start: number): number {
  const rest = line.slice(start);
  return (/^"(?:[^"\\]|\\.)*"|^'[^']*'|^[^\s,:{}[\]]+(?::[^\s,:{}[\]]+)*/.exec(rest)?.[0] ?? '').length;
}

/** Control characters of hostile texts must not reach a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => character === '\t' ? ' ' : '\ufffd');
}

function printSummary(problems: readonly Problem[], paint: Paint): string {
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  const warnings = problems.length - errors;
  const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
  const parts = [errors > 0 ? paint(count(errors, 'error'), 'red') : '', warnings > 0 ? paint(count(warnings, 'warning'), 'yellow') : ''].filter(Boolean);
  return parts.join(', ');
}

/** One JSON object: what `check --json` prints. */
export function problemsAsJson(result: Pick<LoadResult, 'ok' | 'problems' | 'version'>): string {
  return JSON.stringify({ ok: result.ok, version: result.version, problems: result.problems }, undefined, 2);
}
