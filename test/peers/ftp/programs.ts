// Real FTP servers and clients of Debian for the tests. Their packages conflict with one another, so those that are not
// installed are fetched (`apt-get download`, as root on Debian) and unpacked beside each other in a temporary directory.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = join(tmpdir(), 'sallyport-peers-ftp');
const unpacked = join(folder, 'root');

interface Package { readonly paths: readonly string[]; readonly debs: readonly string[] }

const packages: Readonly<Record<string, Package>> = {
  'vsftpd': { paths: ['usr/sbin/vsftpd'], debs: ['vsftpd'] },
  'proftpd': { paths: ['usr/sbin/proftpd'], debs: ['proftpd-core', 'proftpd-mod-crypto', 'libhiredis0.14', 'libmemcached11', 'libmemcachedutil2', 'libhashkit2',
    'libpcre2-posix3'] },
  'pure-ftpd': { paths: ['usr/sbin/pure-ftpd'], debs: ['pure-ftpd', 'pure-ftpd-common'] },
  'pure-pw': { paths: ['usr/bin/pure-pw'], debs: ['pure-ftpd', 'pure-ftpd-common'] },
  'curl': { paths: ['usr/bin/curl'], debs: [] },
  'lftp': { paths: ['usr/bin/lftp'], debs: ['lftp'] },
  'tnftp': { paths: ['usr/bin/tnftp'], debs: ['tnftp'] },
  'inetutils-ftp': { paths: ['usr/bin/inetutils-ftp'], debs: ['inetutils-ftp'] },
  'ncftpget': { paths: ['usr/bin/ncftpget'], debs: ['ncftp'] },
  'ncftpput': { paths: ['usr/bin/ncftpput'], debs: ['ncftp'] },
  'ncftpls': { paths: ['usr/bin/ncftpls'], debs: ['ncftp'] },
  'python3': { paths: ['usr/bin/python3', 'usr/local/bin/python3'], debs: [] },
};

export interface Program { readonly file: string; readonly environment: NodeJS.ProcessEnv; readonly modules: string }

function find(name: string): Program | undefined {
  for (const path of packages[name]!.paths) {
    if (existsSync(`/${path}`)) return { file: `/${path}`, environment: process.env, modules: '/usr/lib/proftpd' };
    const own = join(unpacked, path);
    const libraries = [join(unpacked, 'usr/lib/x86_64-linux-gnu'), join(unpacked, 'usr/lib/aarch64-linux-gnu')].filter((one) => existsSync(one)).join(':');
    if (existsSync(own)) return { file: own, environment: { ...process.env, LD_LIBRARY_PATH: libraries }, modules: join(unpacked, 'usr/lib/proftpd') };
  }
  return undefined;
}

function fetch(debs: readonly string[]): void {
  mkdirSync(unpacked, { recursive: true });
  for (const deb of debs) {
    try {
      execFileSync('apt-get', ['download', deb], { cwd: folder, stdio: 'ignore', timeout: 60_000 });
    } catch { /* part of another package in this release, or not reachable: what is missing is told by the skip */ }
  }
  for (const file of readdirSync(folder)) if (file.endsWith('.deb')) execFileSync('dpkg-deb', ['-x', join(folder, file), unpacked]);
}

/** The program, or undefined when there is none and none could be fetched: tests skip, with the name. */
export function program(name: string): Program | undefined {
  const found = find(name);
  if (found !== undefined || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return found;
  fetch(packages[name]!.debs);
  return find(name);
}
