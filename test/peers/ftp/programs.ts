// Real FTP servers and clients of Debian for the tests: those of the machine, else unpacked packages.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { unpackedPackages } from '../packages.ts';

interface Package { readonly paths: readonly string[]; readonly debs: readonly string[] }

const packages: Readonly<Record<string, Package>> = {
  'vsftpd': { paths: ['usr/sbin/vsftpd'], debs: ['vsftpd'] },
  'proftpd': { paths: ['usr/sbin/proftpd'], debs: ['proftpd-core', 'proftpd-mod-crypto'] },
  'pure-ftpd': { paths: ['usr/sbin/pure-ftpd'], debs: ['pure-ftpd', 'pure-ftpd-common'] },
  'pure-pw': { paths: ['usr/bin/pure-pw'], debs: ['pure-ftpd', 'pure-ftpd-common'] },
  'curl': { paths: ['usr/bin/curl'], debs: ['curl'] },
  'lftp': { paths: ['usr/bin/lftp'], debs: ['lftp'] },
  'tnftp': { paths: ['usr/bin/tnftp'], debs: ['tnftp'] },
  'inetutils-ftp': { paths: ['usr/bin/inetutils-ftp'], debs: ['inetutils-ftp'] },
  'ncftpget': { paths: ['usr/bin/ncftpget'], debs: ['ncftp'] },
  'ncftpput': { paths: ['usr/bin/ncftpput'], debs: ['ncftp'] },
  'ncftpls': { paths: ['usr/bin/ncftpls'], debs: ['ncftp'] },
  'python3': { paths: ['usr/bin/python3', 'usr/local/bin/python3'], debs: ['python3'] },
};

export interface Program { readonly file: string; readonly environment: NodeJS.ProcessEnv; readonly modules: string }

/** The program, or undefined when there is none and none can be had: tests skip, with the name. */
export function program(name: string): Program | undefined {
  const { paths, debs } = packages[name]!;
  const installed = paths.find((path) => existsSync(`/${path}`));
  if (installed !== undefined) return { file: `/${installed}`, environment: process.env, modules: '/usr/lib/proftpd' };
  const unpacked = debs.length > 0 ? unpackedPackages(debs) : undefined;
  const own = paths.find((path) => unpacked !== undefined && existsSync(join(unpacked.root, path)));
  if (own === undefined) return undefined;
  return { file: join(unpacked!.root, own), environment: unpacked!.environment, modules: join(unpacked!.root, 'usr/lib/proftpd') };
}
