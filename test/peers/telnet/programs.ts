// Real Telnet servers and clients of Debian for the tests. Those that are not installed are fetched (`apt-get download`, as
// root on Debian) and unpacked in a temporary directory; what cannot be had is skipped by name.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = join(tmpdir(), 'sallyport-peers-telnet');
const unpacked = join(folder, 'root');

const packages: Readonly<Record<string, { readonly path: string; readonly debs: readonly string[] }>> = {
  'socat': { path: 'usr/bin/socat', debs: ['socat', 'libwrap0'] },
  'telnetd': { path: 'usr/sbin/telnetd', debs: ['inetutils-telnetd'] },
  'in.telnetd': { path: 'usr/sbin/in.telnetd', debs: ['telnetd-ssl'] },
  'inetutils-telnet': { path: 'usr/bin/inetutils-telnet', debs: ['inetutils-telnet'] },
  'telnet-ssl': { path: 'usr/bin/telnet-ssl', debs: ['telnet-ssl'] },
  'busybox': { path: 'bin/busybox', debs: ['busybox'] },
  'plink': { path: 'usr/bin/plink', debs: ['putty-tools'] },
  'python3': { path: 'usr/bin/python3', debs: [] },
  'openssl': { path: 'usr/bin/openssl', debs: [] },
};

function find(name: string): string | undefined {
  const { path } = packages[name]!;
  return [`/${path}`, `/usr/${path}`, join(unpacked, path), join(unpacked, 'usr', path)].find((file) => existsSync(file));
}

/** Path of the program, or undefined when there is none and none could be fetched. */
export function program(name: string): string | undefined {
  const found = find(name);
  if (found !== undefined || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return found;
  mkdirSync(unpacked, { recursive: true });
  for (const deb of packages[name]!.debs) {
    try { execFileSync('apt-get', ['download', deb], { cwd: folder, stdio: 'ignore', timeout: 60_000 }); } catch { /* what is missing is told by the skip */ }
  }
  for (const file of readdirSync(folder)) if (file.endsWith('.deb')) execFileSync('dpkg-deb', ['-x', join(folder, file), unpacked]);
  return find(name);
}
