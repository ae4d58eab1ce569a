// Real Telnet servers and clients of Debian for the tests: those of the machine, else unpacked packages. What cannot be had
// is skipped by name.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { unpackedPackages } from '../packages.ts';

const packages: Readonly<Record<string, { readonly path: string; readonly debs: readonly string[] }>> = {
  'socat': { path: 'usr/bin/socat', debs: ['socat'] },
  'telnetd': { path: 'usr/sbin/telnetd', debs: ['inetutils-telnetd'] },
  'in.telnetd': { path: 'usr/sbin/in.telnetd', debs: ['telnetd-ssl'] },
  'inetutils-telnet': { path: 'usr/bin/inetutils-telnet', debs: ['inetutils-telnet'] },
  'telnet-ssl': { path: 'usr/bin/telnet-ssl', debs: ['telnet-ssl'] },
  'busybox': { path: 'bin/busybox', debs: ['busybox'] },
  'plink': { path: 'usr/bin/plink', debs: ['putty-tools'] },
  'python3': { path: 'usr/bin/python3', debs: ['python3'] },
  'asciinema': { path: 'usr/bin/asciinema', debs: ['asciinema'] },
};

export interface Program { readonly file: string; readonly environment: NodeJS.ProcessEnv }

/** The program, or undefined when there is none and none can be had. */
export function program(name: string): Program | undefined {
  const { path, debs } = packages[name]!;
  const installed = [`/${path}`, `/usr/${path}`].find((file) => existsSync(file));
  if (installed !== undefined) return { file: installed, environment: process.env };
  const unpacked = debs.length > 0 ? unpackedPackages(debs) : undefined;
  const own = unpacked === undefined ? undefined : [path, join('usr', path)].map((each) => join(unpacked.root, each)).find((file) => existsSync(file));
  return own === undefined ? undefined : { file: own, environment: unpacked!.environment };
}

/** For a program that starts others: it sees the libraries of all of them. */
export function environmentOf(...programs: readonly Program[]): NodeJS.ProcessEnv {
  const libraries = [...new Set(programs.flatMap(({ environment }) => environment.LD_LIBRARY_PATH?.split(':') ?? []))].join(':');
  return libraries === '' ? process.env : { ...process.env, LD_LIBRARY_PATH: libraries };
}

/** For the skip of a test. @throws On CI, where nothing may be missing. */
export function missingProgram(name: string): string {
  const how = `${name} is not here: apt-get install -y ${packages[name]?.debs[0] ?? name}`;
  if (process.env.CI === 'true') throw new Error(`a peer is missing: ${how}`);
  return how;
}
