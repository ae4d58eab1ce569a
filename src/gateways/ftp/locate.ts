// What a command is about: the resolved path that rules see, and what would go to the server as its argument. Pure: live
// commands (judge.ts) and explained ones (explain.ts) are read alike. RFC 959 section 4.1.3, RFC 3659 section 7.
import { below, canonicalPath, type CanonicalPath, type VerbEntry } from '#codecs/ftp/index.ts';
import type { FtpService } from './service.ts';

export interface Located {
  /** Undefined for commands that are about no file. */
  readonly path: CanonicalPath | undefined;
  /** Argument for the server, latin1; '' when the command goes without or is the gateway's own. */
  readonly wire: string;
  /** Other paths that a server may take the argument for: rules have to permit them as well. */
  readonly readings: readonly CanonicalPath[];
}

const nowhere: Located = { path: undefined, wire: '', readings: [] };
/** Commands whose path is what is listed, or the current directory without one. */
const ofDirectory = new Set(['LIST', 'NLST', 'MLSD', 'MLST', 'STOU', 'PWD']);
const timesAndPath = /^(\d{14}(?:\.\d{1,6})?) (.+)$/s;
const siteWithPath = /^(CHMOD [0-7]{3,4}|UTIME \d{8,14}) (.+)$/is;

/** `argument` is latin1. A text is the word for why the argument is refused (`pathTexts` in replies.ts). */
export function locate(service: FtpService, cwd: string, entry: VerbEntry, argument: string): Located | string {
  const { paths } = service;
  if (entry.argument === 'list') return locateListed(service, cwd, entry.verb, argument);
  if (entry.argument === 'path') {
    // MDTM with a time in front of the name sets it, at some servers.
    if (entry.verb === 'MDTM' && /^\d{14}\s/.test(argument)) return 'control';
    return withWire(canonicalPath(cwd, argument, paths));
  }
  if (entry.verb === 'CDUP') return withWire(canonicalPath(cwd, '..', paths));
  if (entry.verb === 'MFMT') return behind(service, cwd, argument, timesAndPath);
  if (entry.verb === 'SITE' && /^(?:CHMOD|UTIME) /i.test(argument)) return behind(service, cwd, argument, siteWithPath);
  if (!ofDirectory.has(entry.verb)) return nowhere;
  const path = canonicalPath(cwd, '.', paths);
  return typeof path === 'string' ? path : { path, wire: '', readings: [] };
}

function withWire(path: CanonicalPath | string): Located | string {
  return typeof path === 'string' ? path : { path, wire: path.wire, readings: [] };
}

/** A command whose path follows something else. */
function behind(service: FtpService, cwd: string, argument: string, form: RegExp): Located | string {
  const match = form.exec(argument);
  if (match === null) return 'empty';
  const path = canonicalPath(cwd, match[2]!, service.paths);
  return typeof path === 'string' ? path : { path, wire: `${match[1]} ${path.wire}`, readings: [] };
}

/** MLSD and MLST take one name and nothing else (RFC 3659 section 7.2); LIST, NLST and STAT options by letter and what `readListed` makes of the rest. */
function locateListed(service: FtpService, cwd: string, verb: string, given: string): Located | string {
  const { settings, paths } = service;
  if (verb === 'STAT' && given === '') return nowhere;
  const likeShell = verb === 'LIST' || verb === 'NLST' || verb === 'STAT';
  const leading = likeShell ? /^(?:-[A-Za-z0-9]*(?: +|$))+/.exec(given)?.[0] ?? '' : '';
  const options = leading.replaceAll(/[- ]/g, '');
  if (!areListOptions(settings, options)) return 'option';
  const argument = given.slice(leading.length);
  const path = canonicalPath(cwd, argument === '' ? '.' : argument, paths);
  if (typeof path === 'string') return path;
  if (argument === '') return { path, wire: options === '' ? '' : `-${options}`, readings: [] };
  // Names in the listing come back as they were asked for, so below the current directory the short form goes on.
  const part = argument.startsWith('/') ? undefined : below(cwd, path.wire);
  const name = part === undefined || /^[-~]/.test(part) ? path.wire : part;
  return likeShell ? readListed(service, cwd, path, options, name) : { path, wire: name, readings: [] };
}

function areListOptions({ listOptions }: FtpService['settings'], letters: string): boolean {
  for (const letter of letters) if (!listOptions.includes(letter)) return false;
  return true;
}

/**
 * Servers read the name of a LIST as a shell would: `*` and its kin stand for names, and a directory that fits is listed with all
 * that is in it (pure-ftpd; `s*` shows what is in /secret); a space divides two names (pure-ftpd, and who runs ls). Wildcards
 * are for the last part of a name, and the option `d` has what fits named and not entered; whatever else a server may list has to
 * be permitted, too.
 */
function readListed({ settings, limits, paths }: FtpService, cwd: string, path: CanonicalPath, given: string, name: string): Located | string {
  const wildcards = name.replaceAll(/[^*?[{]/g, '').length;
  if (wildcards > limits.maxWildcards) return 'wildcards';
  let options = given;
  if (wildcards > 0) {
    if (settings.listWildcards === 'refuse' || (settings.listWildcards === 'names' && /[*?[{][^]*\//.test(name))) return 'wildcard';
    if (settings.listWildcards === 'names' && !options.includes('d')) options += 'd';
  }
  const readings: CanonicalPath[] = [];
  const words = name.includes(' ') ? name.split(' ') : [];
  for (const word of words) {
    if (word === '') continue;
    if (word.startsWith('~') || (word.startsWith('-') && !areListOptions(settings, word.slice(1)))) return 'ambiguous';
    const reading = canonicalPath(cwd, word, paths);
    if (typeof reading === 'string') return reading;
    readings.push(reading);
  }
  // What fits is named, and so the directory that it is in is listed.
  if (wildcards > 0) for (const { wire } of [path, ...readings]) readings.push(canonicalPath(wire, '..', paths) as CanonicalPath);
  return { path, wire: options === '' ? name : `-${options} ${name}`, readings };
}
