// `sallyport diff`, `reload`, `apply`, `confirm`, `revert`, `rollback` and `history`: the configuration of the running
// gateway, looked at and changed as one transaction.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  loadConfiguration, printDiff, printImpact, printProblems, shortVersion,
  type ConfigurationDiff, type HistorySummary, type ImpactReport, type LoadResult, type PendingConfirmation, type Problem,
} from '#control/configuration/index.ts';
import { gateways } from '../../standard.ts';
import type { AdminClient } from '../client.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { coloursWanted, humanDate, humanTime, printJson, table, visible, type Output } from '../output.ts';

export interface ChangeOptions { readonly reason?: string; readonly confirmWithin?: string }

interface Plan { ok: boolean; version: string; current: string; problems: Problem[]; diff: ConfigurationDiff; impact: ImpactReport }
interface Applied { changed: boolean; number: number; version: string; diff: ConfigurationDiff; impact: ImpactReport; problems: Problem[]; pending?: PendingConfirmation }

/** Reads and checks here, where the files are: problems then have their lines. */
function loadFiles(files: readonly string[]): LoadResult {
  const load = loadConfiguration({ paths: files }, gateways);
  if (load.problems.length > 0) process.stderr.write(`${printProblems(load, { colours: coloursWanted(process.stderr, process.env) })}\n`);
  if (!load.ok) throw new CommandFailure('the configuration has errors', '', exitCodes.failed, { problems: load.problems });
  return load;
}

export async function diff(client: AdminClient, files: readonly string[], options: { exitCode?: boolean }, out: Output): Promise<number> {
  const load = loadFiles(files);
  const plan = (await client.call('POST', '/v1/configuration/plan', { document: load.document })).body as Plan;
  if (out.json) printJson(out, plan);
  else if (plan.diff.same) out.write(`no difference: version ${shortVersion(plan.current)} runs\n`);
  else {
    out.write(`running ${shortVersion(plan.current)} against ${files.join(', ')} (${shortVersion(plan.version)}):\n\n${printDiff(plan.diff, out)}\n`);
    out.write(`If it is applied:\n${printImpact(plan.impact, out)}`);
  }
  return options.exitCode === true && !plan.diff.same ? exitCodes.failed : exitCodes.ok;
}

export async function apply(client: AdminClient, files: readonly string[], options: ChangeOptions, out: Output): Promise<number> {
  const load = loadFiles(files);
  const { version } = await client.get<{ version: string }>('/v1/configuration');
  const source = files.map((file) => resolve(file)).join(', ');
  return await change(client, '/v1/configuration/apply', {
    document: load.document, expectedVersion: version, source, reason: options.reason ?? '', ...confirming(options),
  }, out);
}

export async function reload(client: AdminClient, options: ChangeOptions, out: Output): Promise<number> {
  return await change(client, '/v1/configuration/reload', { ...(options.reason === undefined ? {} : { reason: options.reason }), ...confirming(options) }, out);
}

export async function rollback(client: AdminClient, given: string, options: ChangeOptions, out: Output): Promise<number> {
  const number = Number(given);
  if (!Number.isInteger(number) || number < 1) throw new CommandFailure(`"${given}" is no version`, 'versions are shown by: sallyport history', exitCodes.usage);
  return await change(client, '/v1/configuration/rollback', { number, ...(options.reason === undefined ? {} : { reason: options.reason }), ...confirming(options) }, out);
}

export async function confirm(client: AdminClient, out: Output): Promise<number> {
  const { body } = await client.call('POST', '/v1/configuration/confirm', {});
  if (out.json) printJson(out, body);
  else out.write(`version ${(body as Applied).number} stays\n`);
  return exitCodes.ok;
}

export async function revert(client: AdminClient, options: ChangeOptions, out: Output): Promise<number> {
  return await change(client, '/v1/configuration/revert', options.reason === undefined ? {} : { reason: options.reason }, out);
}

function confirming({ confirmWithin }: ChangeOptions): { confirmWithin?: string } {
  if (confirmWithin === undefined) return {};
  if (!/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(confirmWithin)) throw new CommandFailure(`"${confirmWithin}" is no duration`, 'write for example 60s or 5m', exitCodes.usage);
  return { confirmWithin };
}

async function change(client: AdminClient, path: string, body: object, out: Output): Promise<number> {
  let applied: Applied;
  try {
    applied = (await client.call('POST', path, body)).body as Applied;
  } catch (error) {
    if (error instanceof CommandFailure && Array.isArray(error.more['problems']) && !out.json) printRemote(error.more['problems'] as Problem[]);
    throw error;
  }
  if (out.json) {
    printJson(out, applied);
    return exitCodes.ok;
  }
  if (!applied.changed) {
    out.write(`nothing to change: version ${applied.number} (${shortVersion(applied.version)}) runs\n`);
    return exitCodes.ok;
  }
  out.write(`${printDiff(applied.diff, out)}\n${printImpact(applied.impact, out)}`);
  out.write(`${out.paint(`version ${applied.number} (${shortVersion(applied.version)}) is in force`, 'green')}\n`);
  if (applied.pending !== undefined) {
    const within = humanTime(Math.max(0, applied.pending.deadlineMs - Date.now()));
    out.write(out.paint(`It goes back to version ${applied.pending.revertTo} in ${within} unless you say: sallyport confirm\n`, 'yellow'));
  }
  return exitCodes.ok;
}

/** Problems that the gateway found in its files; with the lines where the files can be read here. */
function printRemote(problems: Problem[]): void {
  const sources = [...new Set(problems.map(({ file }) => file))].flatMap((file) => {
    try { return [{ file, text: readFileSync(file, 'utf8') }]; } catch { return []; }
  });
  process.stderr.write(`${printProblems({ problems, sources }, { colours: coloursWanted(process.stderr, process.env) })}\n`);
}

interface Version extends HistorySummary { document?: unknown; diff?: ConfigurationDiff; against?: number }

export async function history(client: AdminClient, given: string | undefined, options: { limit?: string }, out: Output): Promise<number> {
  if (given !== undefined) return await historyEntry(client, given, out);
  const answer = await client.get<{ versions: HistorySummary[]; current: number }>(`/v1/configuration/history?limit=${encodeURIComponent(options.limit ?? '20')}`);
  if (out.json) {
    printJson(out, answer);
    return exitCodes.ok;
  }
  out.write(table(out, [
    { title: 'VERSION', value: ({ number }) => `${number === answer.current ? '* ' : '  '}${number}`, right: true },
    { title: 'TIME', value: ({ timeMs }) => humanDate(timeMs) },
    { title: 'STATE', value: ({ state }) => state, colours: ({ state }) => state === 'applied' ? ['green'] : state === 'failed' ? ['red'] : ['yellow'] },
    { title: 'AUTHOR', drop: 1, value: ({ author }) => author },
    { title: 'HASH', drop: 2, value: ({ version }) => shortVersion(version) },
    { title: 'REASON', value: ({ reason, source }) => reason || source },
  ], answer.versions));
  return exitCodes.ok;
}

async function historyEntry(client: AdminClient, given: string, out: Output): Promise<number> {
  const entry = await client.get<Version>(`/v1/configuration/history/${encodeURIComponent(given)}`);
  if (out.json) {
    printJson(out, entry);
    return exitCodes.ok;
  }
  out.write(`version ${entry.number} (${shortVersion(entry.version)})  ${humanDate(entry.timeMs)}  ${visible(entry.author)}  ${entry.state}\n`);
  out.write(`reason: ${visible(entry.reason)}\nsource: ${visible(entry.source)}\n`);
  if (entry.diff !== undefined) out.write(`\nagainst version ${entry.against}:\n${printDiff(entry.diff, out)}`);
  return exitCodes.ok;
}
