// What a result must say of the machine that it comes from, and whether everything that the benchmark needs is there.
// Names no host and no path.
import { execFileSync, spawnSync } from 'node:child_process';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { productVersion } from '#cli/version.ts';

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
] as const;

function said(name: string, args: readonly string[]): string | undefined {
  const result = spawnSync(name, [...args], { encoding: 'utf8' });
  return result.error === undefined ? `${result.stdout}${result.stderr}` : undefined;
}

/** Debian packages that are missing. */
export function missingPackages(): string[] {
  return tools.filter(({ name, version }) => said(name, version) === undefined).map((tool) => tool.package);
}

export function describeMachine(loadBefore: number): Machine {
  const versions: Record<string, string> = { node: process.version.slice(1), sallyport: productVersion() };
  for (const { name, version } of tools.slice(0, 3)) versions[name] = /\d+\.\d+(\.\d+)?/.exec(said(name, version) ?? '')?.[0] ?? 'unknown';
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
