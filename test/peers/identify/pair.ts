// What a pair of real peers is, and what making them takes: programs, command lines, files in their directory.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Needed } from './programs.ts';

export interface Place { readonly directory: string; readonly port: number; readonly environment: NodeJS.ProcessEnv; path(name: string): string }

export interface ServerPeer {
  readonly name: string;
  readonly programs: readonly Needed[];
  /** Command line; files it needs are written before. */
  command(place: Place): string[];
  /** Users of the system that it insists on: they are there for it alone, in a mount namespace of its own. */
  readonly users?: readonly string[];
  /** Needs its files at their places, as if it were installed. */
  readonly installed?: boolean;
  /** Runs under socat for each connection. */
  readonly inetd?: boolean;
}

export interface ClientPeer {
  readonly name: string;
  readonly programs: readonly Needed[];
  command(place: Place): string[];
  readonly input?: string;
}

export interface Pair { readonly protocol: string; readonly quick: boolean; readonly server: ServerPeer; readonly clients: readonly ClientPeer[] }

export const program = (file: string, name: string = file): Needed => ({ file, package: name });
export const client = (name: string, needed: Needed, command: (place: Place) => string[], input?: string): ClientPeer => ({
  name, programs: [needed], command: (place) => [place.path(needed.file), ...command(place)], ...input === undefined ? {} : { input },
});

export function write(place: Place, name: string, text: string, mode = 0o644): string {
  const file = join(place.directory, name);
  writeFileSync(file, text, { mode });
  return file;
}

export function make(place: Place, file: string, args: readonly string[]): void { execFileSync(file, args, { stdio: 'ignore', env: place.environment, timeout: 60_000 }); }

/** A key and a certificate by openssl. */
export function certificate(place: Place): { key: string; certificate: string } {
  const [key, crt] = [join(place.directory, 'key.pem'), join(place.directory, 'crt.pem')];
  make(place, place.path('openssl'), ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', crt, '-subj', '/CN=localhost', '-days', '2']);
  return { key, certificate: crt };
}

export const curl = program('curl');
export const openssl = program('openssl');
export const curlClient = (name: string, args: (place: Place) => string[]): ClientPeer => client(`curl ${name}`, curl, (place) => ['-sk', '-m', '5', ...args(place)]);
