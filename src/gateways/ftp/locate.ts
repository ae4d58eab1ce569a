// What a command is about: the resolved path that rules see, and what would go to the server as its argument. Pure: live
// commands (judge.ts) and explained ones (explain.ts) are read alike. RFC 959 section 4.1.3, RFC 3659 section 7.
import { below, canonicalPath, type CanonicalPath, type VerbEntry } from '#codecs/ftp/index.ts';
import type { FtpService } from './service.ts';

export interface Located {
  /** Undefined for commands that are about no file. */
  readonly path: CanonicalPath | undefined;
  /** Argument for the server, latin1; '' when the command goes without or is the gateway's own. */
  readonly wire: string;
}

const nowhere: Located = { path: undefined, wire: '' };
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
  return typeof path === 'string' ? path : { path, wire: '' };
}

function withWire(path: CanonicalPath | string): Located | string {
  return typeof path === 'string' ? path : { path, wire: path.wire };
}

/** A command whose path follows something else. */
function behind(service: FtpService, cwd: string, argument: string, form: RegExp): Located | string {
  const match = form.exec(argument);
  if (match === null) return 'empty';
  const path = canonicalPath(cwd, match[2]!, service.paths);
  return typeof path === 'string' ? path : { path, wire: `${match[1]} ${path.wire}` };
}

/** `LIST -la dir`: options by letter, then perhaps a path, in which servers see wildcards. */
function locateListed({ settings, limits, paths }: FtpService, cwd: string, verb: string, given: string): Located | string {
  if (verb === 'STAT' && given === '') return nowhere;
  const takesOptions = verb === 'LIST' || verb === 'NLST' || verb === 'STAT';
  const leading = takesOptions ? /^(?:-[A-Za-z0-9]*(?: +|$))+/.exec(given)?.[0] ?? '' : '';
  const options = leading.replaceAll(/[- ]/g, '');
  for (const letter of options) if (!settings.listOptions.includes(letter)) return 'option';
  const argument = given.slice(leading.length);
  if (argument.replaceAll(/[^*?[{]/g, '').length > limits.maxWildcards) return 'wildcards';
  const path = canonicalPath(cwd, argument === '' ? '.' : argument, paths);
  if (typeof path === 'string') return path;
  const written = options === '' ? '' : `-${options}`;
  if (argument === '') return { path, wire: written };
  // Names in the listing come back as they were asked for, so below the current directory the short form goes on.
  const part = argument.startsWith('/') ? undefined : below(cwd, path.wire);
  const name = part === undefined || /^[-~]/.test(part) ? path.wire : part;
  return { path, wire: written === '' ? name : `${written} ${name}` };
}
