// Programs of Debian that tests call: found, or installed when the tests run as root on Debian, or skipped by name with the
// command that would install them. On continuous integration (CI=true) one that is not there is a failure. Packages that
// conflict with one another are unpacked instead: test/peers/packages.ts.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const packages = {
  nginx: 'nginx-light', haproxy: 'haproxy', apache2: 'apache2', wrk: 'wrk', curl: 'curl', ip: 'iproute2', nft: 'nftables', conntrack: 'conntrack',
  gpg: 'gnupg', 'gpg-agent': 'gnupg', promtool: 'prometheus', openssl: 'openssl',
} as const;
export type PeerName = keyof typeof packages;

const folders = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/sbin', '/bin'];
const installTimeoutMs = 180_000;

/** Path of a program, or undefined. */
function find(name: string): string | undefined {
  return [...(process.env.PATH ?? '').split(':'), ...folders].map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function aptGet(...args: string[]): boolean {
  // Runlevel 1: services that come with packages are not started (invoke-rc.d).
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  return spawnSync('apt-get', ['-y', '-o', 'DPkg::Lock::Timeout=120', ...args], { env: environment, stdio: 'ignore', timeout: installTimeoutMs }).status === 0;
}

const tried = new Set<PeerName>();

function provide(name: PeerName): string | undefined {
  const found = find(name);
  if (found !== undefined || tried.has(name)) return found;
  tried.add(name);
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return undefined;
  const install = ['install', '--no-install-recommends', packages[name]];
  if (!aptGet(...install)) {
    aptGet('update');
    aptGet(...install);
  }
  return find(name);
}

/** For the options of a test: `{ skip: needs('nginx') }`. False when all are there. */
export function needs(...names: PeerName[]): false | string {
  const missing = names.filter((name) => provide(name) === undefined);
  if (missing.length === 0) return false;
  const how = `${missing.join(', ')} not installed: apt-get install -y --no-install-recommends ${missing.map((name) => packages[name]).join(' ')}`;
  if (process.env.CI === 'true') throw new Error(`a peer is missing: ${how}`);
  return how;
}

export function pathOf(name: PeerName): string {
  return provide(name) ?? name;
}
