// `sallyport run`: loads the configuration, starts the gateway, prints what is listening, and stays until a signal.
import { resolve } from 'node:path';
import { loadConfiguration, printProblems, shortVersion, type Configuration } from '#control/configuration/index.ts';
import type { Notice } from '#control/control-plane.ts';
import { formatBind } from '#runtime/settings.ts';
import { gateways } from '../../standard.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { GatewayProcess } from '../gateway-process.ts';
import { coloursWanted, count, paintWith, visible, type Output } from '../output.ts';
import { watchFiles } from '../watch-files.ts';

export interface RunOptions { readonly watch?: boolean; readonly workers?: string; readonly stateDir?: string }

/** Lines about the gateway itself go to standard error: standard output may carry audit records. */
export function sayer(): (text: string) => void {
  return (text) => { process.stderr.write(`${text}\n`); };
}

export function noticePrinter(): (notice: Notice) => void {
  const paint = paintWith(coloursWanted(process.stderr, process.env));
  return ({ severity, message }) => {
    const time = new Date().toTimeString().slice(0, 8);
    const label = severity === 'error' ? paint('error', 'red') : severity === 'warning' ? paint('warning', 'yellow') : paint('info', 'blue');
    process.stderr.write(`${paint(time, 'dim')} ${label} ${message.split('\n').map(visible).join('\n  ')}\n`);
  };
}

export function parseWorkers(text: string | undefined): number | undefined {
  if (text === undefined || text === 'auto') return undefined;
  const workers = Number(text);
  if (!Number.isInteger(workers) || workers < 0 || workers > 256) throw new CommandFailure('--workers wants a number from 0 to 256, or auto', '', 2);
  return workers;
}

export async function run(files: readonly string[], options: RunOptions, out: Output): Promise<number> {
  const workers = parseWorkers(options.workers);
  const paths = files.map((file) => resolve(file));
  const load = loadConfiguration({ paths: files }, gateways, { withFiles: true });
  // As JSON they are part of the answer.
  if (load.problems.length > 0 && !(out.json && !load.ok)) process.stderr.write(`${printProblems(load, { colours: coloursWanted(process.stderr, process.env) })}\n`);
  if (load.configuration === undefined) {
    throw new CommandFailure('the configuration has errors: nothing was started', '', exitCodes.failed, { problems: load.problems });
  }
  const say = sayer();
  const configuration = load.configuration;
  const start = async (): Promise<GatewayProcess> => await GatewayProcess.start({
    load: { ...load, configuration }, paths, workers, notice: noticePrinter(), stateDirectory: options.stateDir === undefined ? undefined : resolve(options.stateDir),
  });
  const gateway = await startWatched(paths, (current) => options.watch === true || current.runtime.watch, configuration, start, say);
  announce(gateway, out);
  return await gateway.runUntilSignal(say);
}

/** With files that are watched as long as the configuration in force says so: from before the start, so that no change is missed. */
async function startWatched(paths: readonly string[], wanted: (configuration: Configuration) => boolean, configuration: Configuration,
  start: () => Promise<GatewayProcess>, say: (text: string) => void): Promise<GatewayProcess> {
  let gateway: GatewayProcess | undefined;
  let early = false;
  let stop: (() => void) | undefined;
  const changed = (): void => {
    if (gateway === undefined) early = true;
    else void gateway.reload('files changed', say);
  };
  const watchIf = (watched: boolean): void => {
    if (watched) stop ??= watchFiles(paths, changed);
    else {
      stop?.();
      stop = undefined;
    }
  };
  watchIf(wanted(configuration));
  try {
    gateway = await start();
  } catch (error) {
    watchIf(false);
    throw error;
  }
  const { plane } = gateway;
  const follow = (): void => { watchIf(wanted(plane.transactions.active!.configuration)); };
  plane.onChange(follow);
  gateway.onStop(() => {
    plane.offChange(follow);
    watchIf(false);
  });
  if (early) changed();
  return gateway;
}

function announce(gateway: GatewayProcess, out: Output): void {
  const { plane, api } = gateway;
  const active = plane.transactions.active!;
  const { pids, listeners } = plane.supervisor;
  if (out.json) {
    const { version, number } = active;
    out.write(`${JSON.stringify({ event: 'started', pid: process.pid, workers: pids, version, number, listeners, socket: api.socketPath, http: api.httpAddress })}\n`);
    return;
  }
  out.write(`${out.paint(`sallyport ${plane.options.version}`, 'bold')} is running: pid ${process.pid}, ${count(pids.length, 'worker')}, `
    + `configuration ${active.number} (${shortVersion(active.version)})\n`);
  for (const { name, service, protocol, binds } of listeners) {
    for (const bind of binds) out.write(`  listening  ${out.paint(`${protocol}://${formatBind(bind)}`, 'cyan')}  (listener ${name}, service ${service})\n`);
  }
  out.write(`  admin      ${api.socketPath}${api.httpAddress === '' ? '' : `, http://${api.httpAddress}`}\n`);
}
