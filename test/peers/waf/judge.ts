// libmodsecurity as a second opinion: builds judge.cc against Debian's library, feeds it requests, collects the ids that it
// logged. Installed when the tests run as root on Debian, skipped by name otherwise; with CI=true its absence is a failure.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A request taken apart, and the response to it. Texts are latin1, one character a byte. */
export interface Exchange {
  readonly method: string;
  readonly target: string;
  /** Without "HTTP/". */
  readonly version: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly response: { readonly status: number; readonly headers: readonly (readonly [string, string])[]; readonly body: string };
}

export const plainResponse: Exchange['response'] = { status: 200, headers: [['Content-Type', 'text/plain']], body: '' };

const source = join(dirname(fileURLToPath(import.meta.url)), 'judge.cc');
const header = '/usr/include/modsecurity/modsecurity.h';
const packages = ['libmodsecurity-dev', 'g++'];
const installTimeoutMs = 300_000;
let tried = false;

function isThere(): boolean {
  return existsSync(header) && spawnSync('g++', ['--version'], { stdio: 'ignore' }).status === 0;
}

function aptGet(...args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  return spawnSync('apt-get', ['-y', '-o', 'DPkg::Lock::Timeout=120', ...args], { env, stdio: 'ignore', timeout: installTimeoutMs }).status === 0;
}

/** For the options of a test: `{ skip: needsJudge() }`. */
export function needsJudge(): false | string {
  if (!isThere() && !tried && process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    const install = ['install', '--no-install-recommends', ...packages];
    if (!aptGet(...install)) {
      aptGet('update');
      aptGet(...install);
    }
  }
  tried = true;
  if (isThere()) return false;
  const how = `SKIPPED: libmodsecurity is not installed: apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.env.CI === 'true') throw new Error(how);
  return how;
}

/** Compiles the judge into `folder`; returns its path. */
export function buildJudge(folder: string): string {
  const program = join(folder, 'judge');
  const built = spawnSync('g++', ['-O1', '-std=c++17', source, '-o', program, '-lmodsecurity'], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`judge.cc: ${built.stderr}`);
  return program;
}

export function framed(texts: readonly string[]): Buffer {
  const pieces: Buffer[] = [];
  for (const text of texts) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    pieces.push(length, Buffer.from(text, 'latin1'));
  }
  return Buffer.concat(pieces);
}

export function frameOf(exchange: Exchange): Buffer {
  const { response } = exchange;
  return framed([
    exchange.method, exchange.target, exchange.version, exchange.body, String(response.status), response.body, String(exchange.headers.length),
    String(response.headers.length), ...exchange.headers.flat(), ...response.headers.flat(),
  ]);
}

async function answers(program: string, args: readonly string[], exchanges: readonly Exchange[]): Promise<string[]> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (text: Buffer) => { output += text.toString('latin1'); });
  child.stderr.on('data', (text: Buffer) => { errors += String(text); });
  child.stdin.on('error', () => { /* it ended early, and says why below */ });
  const code = new Promise<number | null>((resolve) => { child.on('close', resolve); });
  child.stdin.end(Buffer.concat(exchanges.map(frameOf)));
  if (await code !== 0) throw new Error(`judge ended with ${await code}: ${errors}`);
  const lines = output.split('\n').slice(0, -1);
  if (lines.shift() !== 'ready' || lines.length !== exchanges.length) throw new Error(`judge answered ${lines.length} of ${exchanges.length}: ${errors}`);
  return lines;
}

/** The ids that libmodsecurity logs for each exchange, in rising order. */
export async function judge(program: string, ruleFiles: readonly string[], exchanges: readonly Exchange[]): Promise<number[][]> {
  const lines = await answers(program, ruleFiles, exchanges);
  return lines.map((line) => (line === '' ? [] : line.split(' ').map(Number)));
}

/** A logged match with its logdata. */
export interface Logged { readonly id: number; readonly data: string }

/** What libmodsecurity logs for each exchange, match by match in order. */
export async function judgeData(program: string, ruleFiles: readonly string[], exchanges: readonly Exchange[]): Promise<Logged[][]> {
  const lines = await answers(program, ['--data', ...ruleFiles], exchanges);
  return lines.map((line) => (line === '' ? [] : line.split(' ').map((part) => {
    const [id, hex] = part.split('=');
    return { id: Number(id), data: Buffer.from(hex!, 'hex').toString('latin1') };
  })));
}
