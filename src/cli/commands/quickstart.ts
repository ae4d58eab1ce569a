// `sallyport quickstart` (`npm start`): the gateway on its embedded configuration with two web servers inside, and what to
// try with it. Loopback only.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { loadConfiguration, printProblems } from '#control/configuration/index.ts';
import { gateways } from '../../standard.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { GatewayProcess } from '../gateway-process.ts';
import type { Output } from '../output.ts';
import { startOrigin } from '../quickstart/origins.ts';
import { startTicker } from '../quickstart/ticker.ts';
import { noticePrinter, sayer } from './run.ts';

export interface QuickstartOptions { readonly port?: string; readonly stateDir?: string }

const defaultPort = 8080;

export async function quickstart(options: QuickstartOptions, out: Output): Promise<number> {
  const port = Number(options.port ?? defaultPort);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new CommandFailure('--port wants a number from 0 to 65535', '', exitCodes.usage);
  const origins = [await startOrigin('one'), await startOrigin('two')];
  const state = stateDirectory(options.stateDir);
  try {
    const text = readFileSync(new URL('../quickstart/quickstart.yaml', import.meta.url), 'utf8')
      .replace('ORIGIN_ONE"', `${origins[0]!.address}"`).replace('ORIGIN_TWO"', `${origins[1]!.address}"`).replace(':PORT"', `:${port}"`);
    const load = loadConfiguration({ texts: [{ file: 'quickstart.yaml', text }] }, gateways);
    if (load.configuration === undefined) throw new CommandFailure(`the embedded configuration has errors\n${printProblems(load, { colours: out.colours })}`, '', exitCodes.bug);
    const say = sayer();
    const notice = noticePrinter();
    let loud = (): void => { /* no line to clear yet */ };
    const gateway = await GatewayProcess.start({
      load: { ...load, configuration: load.configuration }, paths: [], stateDirectory: state.path,
      portHint: `stop it, or choose another port: sallyport quickstart --port ${port === defaultPort ? 8081 : defaultPort}`,
      notice: (one) => {
        // Servers that come up are no news here.
        if (one.severity === 'info') return;
        loud();
        notice(one);
      },
    });
    announce(gateway, out, state.path);
    if (!out.json) {
      const stop = startTicker(gateway.plane, out);
      if (out.terminal) loud = () => { out.write('\r\u001b[2K'); };
      gateway.onStop(stop);
    }
    return await gateway.runUntilSignal(say);
  } finally {
    for (const origin of origins) origin.close();
    if (state.temporary) rmSync(state.path, { recursive: true, force: true });
  }
}

/** In the current directory, where other commands look; in a temporary one when that cannot be written. */
function stateDirectory(given: string | undefined): { path: string; temporary: boolean } {
  const path = resolve(given ?? '.sallyport/quickstart');
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    // The system allows only short paths for the admin socket.
    if (Buffer.byteLength(path) <= 80) return { path, temporary: false };
  } catch (error) {
    if (given !== undefined) throw new CommandFailure(`${path} cannot be made: ${(error as Error).message}`);
  }
  return { path: mkdtempSync(join(tmpdir(), 'sallyport-')), temporary: true };
}

function announce(gateway: GatewayProcess, out: Output, state: string): void {
  const { plane, api } = gateway;
  const [listener] = plane.supervisor.listeners;
  const base = `http://127.0.0.1:${listener!.binds[0]!.port}`;
  if (out.json) {
    out.write(`${JSON.stringify({ event: 'started', pid: process.pid, url: `${base}/`, socket: api.socketPath })}\n`);
    return;
  }
  const found = api.socketPath === resolve('.sallyport/quickstart/admin.sock') ? '' : ` --socket ${api.socketPath}`;
  const shown = relative(process.cwd(), state).startsWith('..') ? state : relative(process.cwd(), state);
  const command = (text: string, why: string): string => `  ${out.paint(text.padEnd(62), 'cyan')} ${out.paint(`# ${why}`, 'dim')}\n`;
  out.write([
    `${out.paint(`Sallyport ${plane.options.version}`, 'bold')} is listening on ${out.paint(`${base}/`, 'bold')} (this machine only)\n`,
    '\nTry, in another terminal:\n',
    command(`curl ${base}/`, 'allowed, and forwarded to one of two servers'),
    command(`curl -i ${base}/admin/users`, 'denied by the rule no-admin-pages'),
    command(`curl ${base}/who`, 'run it twice: the other server answers'),
    command(`curl "${base}/?q=1'+or+'1'='1"`, 'SQL injection, refused by the firewall'),
    '\nThen look at it (in this directory):\n',
    command(`npx sallyport sessions${found}`, 'who is connected now'),
    command(`npx sallyport logs${found}`, 'what happened, with the rule that decided'),
    command(`npx sallyport explain GET ${base}/admin/users${found}`, 'why'),
    command(`npx sallyport backends${found}`, 'the two servers and their health'),
    `\nThe configuration behind it: src/cli/quickstart/quickstart.yaml. State: ${shown}\n`,
    'Your own: npx sallyport init, then npx sallyport run sallyport.yaml\n',
    `Ctrl-C drains and stops.\n\n`,
  ].join(''));
}
