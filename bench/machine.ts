// What a result must say of the machine that it comes from, and whether everything that the benchmark needs is there, or can
// be installed.
// Names no host and no path.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { productVersion } from '#cli/version.ts';
import { program } from '../test/peers/ftp/programs.ts';

export interface Machine {
  readonly processors: number;
  readonly model: string;
  readonly architecture: string;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly commit: string;
  /** Load average of the last minute when the benchmark began: above 0.5 somebody else was working. */
  readonly loadBefore: number;
}

const tools = [
  { name: 'wrk', package: 'wrk', version: ['-v'] }, { name: 'nginx', package: 'nginx', version: ['-v'] },
  { name: 'haproxy', package: 'haproxy', version: ['-v'] }, { name: 'taskset', package: 'util-linux', version: ['--version'] },
  { name: 'curl', package: 'curl', version: ['--version'] },
] as const;
type ToolName = typeof tools[number]['name'];

/** What needs what. vsftpd need not be installed: the tests unpack it beside the system. */
const neededBy: Readonly<Record<'http' | 'ftp' | 'telnet', readonly ToolName[]>> = {
  http: ['wrk', 'nginx', 'haproxy', 'taskset'], ftp: ['haproxy', 'taskset', 'curl'], telnet: ['haproxy', 'taskset'],
};
export type Part = keyof typeof neededBy;
const saidLimitMs = 10_000;
const installLimitMs = 300_000;

function said(name: string, args: readonly string[]): string | undefined {
  const result = spawnSync(name, [...args], { encoding: 'utf8', timeout: saidLimitMs });
  return result.error === undefined ? `${result.stdout}${result.stderr}` : undefined;
}

/** Debian packages that are missing for these parts. */
function missingPackages(parts: readonly Part[]): string[] {
  const needed = tools.filter(({ name }) => parts.some((part) => neededBy[part].includes(name)));
  const missing: string[] = needed.filter(({ name, version }) => said(name, version) === undefined).map((tool) => tool.package);
  if (parts.includes('ftp') && program('vsftpd') === undefined) missing.push('vsftpd');
  return missing;
}

/** Packages that are still missing when those that can be installed are: as root on Debian. `told` is told what is done. */
export function providePackages(parts: readonly Part[], told: (text: string) => void): string[] {
  // vsftpd would push another FTP server of the machine aside: it is only unpacked, and that was tried.
  const missing = missingPackages(parts);
  const installable = missing.filter((name) => name !== 'vsftpd');
  if (installable.length === 0 || process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return missing;
  told(`installing ${installable.join(', ')} (apt-get)\n`);
  // Runlevel 1: services that come with packages are not started.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const aptGet = (...args: string[]): boolean =>
    spawnSync('apt-get', ['-y', '-o', 'DPkg::Lock::Timeout=120', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'], timeout: installLimitMs }).status === 0;
  const install = ['install', '--no-install-recommends', ...installable];
  if (!aptGet(...install) && aptGet('update')) aptGet(...install);
  return missingPackages(parts);
}

export function describeMachine(loadBefore: number): Machine {
  const versions: Record<string, string> = { node: process.version.slice(1), sallyport: productVersion() };
  for (const { name, version } of tools.filter((tool) => tool.name !== 'taskset')) versions[name] = /\d+\.\d+(\.\d+)?/.exec(said(name, version) ?? '')?.[0] ?? 'unknown';
  return {
    processors: availableParallelism(), model: cpus()[0]?.model.trim() ?? 'unknown', architecture: process.arch, memoryGiB: Math.round(totalmem() / 1024 ** 3),
    kernel: release().split('-')[0]!, versions, commit: commitOf(), loadBefore,
  };
}

function commitOf(): string {
  try {
    const git = (...args: string[]): string => execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--', '../src') === '' ? '' : ' with changes');
  } catch { return 'unknown'; }
}

export function shapeOf(machine: Machine): string {
  return `${machine.processors}-core-${machine.architecture}`;
}
