// `sallyport quickstart` (`npm start`): the gateway on its embedded configuration with web, FTP and Telnet servers inside,
// and what to try with it. Loopback only.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { makeDirectory } from '#audit/make-directory.ts';
import { loadConfiguration, printProblems } from '#control/configuration/index.ts';
import { gateways } from '../../standard.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { GatewayProcess } from '../gateway-process.ts';
import type { Output } from '../output.ts';
import { startDemoFtpServer } from '../quickstart/ftp-server.ts';
import { startOrigin } from '../quickstart/origins.ts';
import { startDemoTelnetHost } from '../quickstart/telnet-host.ts';
import { startTicker } from '../quickstart/ticker.ts';
import { noticePrinter, sayer } from './run.ts';

export interface QuickstartOptions { readonly port?: string; readonly ftpPort?: string; readonly telnetPort?: string; readonly stateDir?: string }

/** By the listener of quickstart.yaml. */
const doors = {
  web: { option: '--port', word: 'WEB_PORT', port: 8080 },
  files: { option: '--ftp-port', word: 'FTP_PORT', port: 2121 },
  terminal: { option: '--telnet-port', word: 'TELNET_PORT', port: 2323 },
} as const;
type Door = keyof typeof doors;

/** The servers that the gateway stands in front of. */
interface Behind { readonly addresses: Readonly<Record<string, string>>; nameFtp(url: string): void; close(): void }

async function startServers(): Promise<Behind> {
  const [one, two, ftp, telnet] = await Promise.all([startOrigin('one'), startOrigin('two'), startDemoFtpServer(), startDemoTelnetHost()]);
  return {
    addresses: { ORIGIN_ONE: one.address, ORIGIN_TWO: two.address, FTP_SERVER: `127.0.0.1:${ftp.port}`, TELNET_HOST: `127.0.0.1:${telnet.port}` },
    nameFtp: (url) => { ftp.nameGateway(url); },
    close: () => {
      one.close();
      two.close();
      void ftp.close();
      void telnet.close();
    },
  };
}

function portsOf(options: QuickstartOptions): Record<Door, number> {
  const given = { web: options.port, files: options.ftpPort, terminal: options.telnetPort };
  const port = (door: Door): number => {
    const number = Number(given[door] ?? doors[door].port);
    if (!Number.isInteger(number) || number < 0 || number > 65_535) throw new CommandFailure(`${doors[door].option} wants a number from 0 to 65535`, '', exitCodes.usage);
    return number;
  };
  return { web: port('web'), files: port('files'), terminal: port('terminal') };
}

function configurationText(addresses: Readonly<Record<string, string>>, ports: Record<Door, number>): string {
  let text = readFileSync(new URL('../quickstart/quickstart.yaml', import.meta.url), 'utf8');
  for (const [word, address] of Object.entries(addresses)) text = text.replace(`"${word}"`, `"${address}"`);
  for (const door of Object.keys(doors) as Door[]) text = text.replace(`:${doors[door].word}"`, `:${ports[door]}"`);
  return text;
}

export async function quickstart(options: QuickstartOptions, out: Output): Promise<number> {
  const ports = portsOf(options);
  const behind = await startServers();
  const state = stateDirectory(options.stateDir);
  try {
    const load = loadConfiguration({ texts: [{ file: 'quickstart.yaml', text: configurationText(behind.addresses, ports) }] }, gateways);
    if (load.configuration === undefined) throw new CommandFailure(`the embedded configuration has errors\n${printProblems(load, { colours: out.colours })}`, '', exitCodes.bug);
    const say = sayer();
    const notice = noticePrinter();
    let loud = (): void => { /* no line to clear yet */ };
    const gateway = await GatewayProcess.start({
      load: { ...load, configuration: load.configuration }, paths: [], stateDirectory: state.path,
      portHint: (listener) => {
        const { option, port } = doors[listener as Door];
        return `stop it, or choose another port: sallyport quickstart ${option} ${ports[listener as Door] === port ? port + 1 : port}`;
      },
      notice: (one) => {
        // Servers that come up are no news here.
        if (one.severity === 'info') return;
        loud();
        notice(one);
      },
    });
    behind.nameFtp(ftpOf(gateway));
    announce(gateway, out, state.path);
    if (!out.json) {
      const stop = startTicker(gateway.plane, out);
      if (out.terminal) loud = () => { out.write('\r\u001b[2K'); };
      gateway.onStop(stop);
    }
    return await gateway.runUntilSignal(say);
  } finally {
    behind.close();
    if (state.temporary) rmSync(state.path, { recursive: true, force: true });
  }
}

/** In the current directory, where other commands look; in a temporary one when that cannot be written. */
function stateDirectory(given: string | undefined): { path: string; temporary: boolean } {
  const path = resolve(given ?? '.sallyport/quickstart');
  try {
    makeDirectory(path, 0o700);
    // The system allows only short paths for the admin socket.
    if (Buffer.byteLength(path) <= 80) return { path, temporary: false };
  } catch (error) {
    if (given !== undefined) throw new CommandFailure(`${path} cannot be made: ${(error as Error).message}`);
  }
  return { path: mkdtempSync(join(tmpdir(), 'sallyport-')), temporary: true };
}

/** Of the longest command that is printed. */
const commandWidth = 60;
const longestNote = 54;

/** A command and what it is for: in columns where the terminal is wide, else beside each other where both fit, else below. */
function commandLine(text: string, note: string, width: number, out: Output): string {
  const columns = out.columns === 0 ? Infinity : out.columns;
  const command = out.paint(text, 'cyan');
  const painted = out.paint(note, 'dim');
  if (columns >= 2 + width + 1 + longestNote) return `${command}${' '.repeat(Math.max(0, width - text.length))} ${painted}`;
  return columns >= 2 + text.length + 2 + note.length ? `${command}  ${painted}` : `${command}\n      ${painted}`;
}

function portAt(gateway: GatewayProcess, door: Door): number {
  return gateway.plane.supervisor.listeners.find(({ name }) => name === door)!.binds[0]!.port;
}

function ftpOf(gateway: GatewayProcess): string { return `ftp://127.0.0.1:${portAt(gateway, 'files')}`; }

function announce(gateway: GatewayProcess, out: Output, state: string): void {
  const { plane, api } = gateway;
  const portOf = (door: Door): number => portAt(gateway, door);
  const base = `http://127.0.0.1:${portOf('web')}`;
  const ftp = ftpOf(gateway);
  if (out.json) {
    const telnet = `telnet://127.0.0.1:${portOf('terminal')}`;
    out.write(`${JSON.stringify({ event: 'started', pid: process.pid, url: `${base}/`, ftp: `${ftp}/`, telnet, socket: api.socketPath })}\n`);
    return;
  }
  const found = api.socketPath === resolve('.sallyport/quickstart/admin.sock') ? '' : ` --socket ${api.socketPath}`;
  const shown = relative(process.cwd(), state).startsWith('..') ? state : relative(process.cwd(), state);
  const command = (text: string, why: string): string => `  ${commandLine(text, `# ${why}`, commandWidth + found.length, out)}\n`;
  out.write([
    `${out.paint(`Sallyport ${plane.options.version}`, 'bold')} is listening on ${out.paint(`${base}/`, 'bold')} (this machine only)\n`,
    '\nTry, in another terminal:\n',
    command(`curl ${base}/`, 'allowed, and forwarded to one of two servers'),
    command(`curl -i ${base}/admin/users`, 'denied by the rule no-admin-pages'),
    command(`curl ${base}/who`, 'run it twice: the other server answers'),
    command(`curl "${base}/?q=1'+or+'1'='1"`, 'SQL injection, refused by the firewall'),
    command(`curl ${ftp}/`, 'a list of files, through the FTP gateway'),
    command(`curl -T /etc/hostname ${ftp}/`, 'refused: the service is read-only'),
    command(`telnet 127.0.0.1 ${portOf('terminal')}`, 'a host behind the Telnet gateway; type reload there'),
    '\nThen look at it (in this directory):\n',
    command(`npx sallyport sessions${found}`, 'who is connected now'),
    command(`npx sallyport logs${found}`, 'what happened, with the rule that decided'),
    command(`npx sallyport explain GET ${base}/admin/users${found}`, 'why'),
    command(`npx sallyport backends${found}`, 'the servers and their health'),
    command(`npx sallyport replay${found}`, 'recorded Telnet sessions; add an id to play one'),
    `\nThe configuration behind it: src/cli/quickstart/quickstart.yaml. State: ${shown}\n`,
    'Your own: npx sallyport init, then npx sallyport run sallyport.yaml\n',
    `Ctrl-C drains and stops.\n\n`,
  ].join(''));
}
