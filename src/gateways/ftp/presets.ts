// What a preset permits at most, before rules are asked. Classes of commands: codecs/ftp/verbs.ts.
import type { PresetName } from './settings.ts';

/** A blind drop box: names and contents of what is there stay unknown. Whether STOR may replace a file is the server's to say. */
const uploadOnlyVerbs = new Set(['STOR', 'STOU']);
const readWriteClasses = new Set(['read', 'list', 'write', 'delete', 'rename', 'session']);
const readOnlyClasses = new Set(['read', 'list', 'session']);

/** `verbClass` of the operation: STAT without a path is of class session, elsewhere of class list. */
export function presetPermits(preset: PresetName | undefined, verb: string, verbClass: string, user: string): boolean {
  switch (preset) {
    case undefined: return true;
    case 'ftp:read-write': return readWriteClasses.has(verbClass);
    case 'ftp:upload-only': return (verbClass === 'session' && verb !== 'REST') || uploadOnlyVerbs.has(verb);
    case 'ftp:anonymous':
      if (verb === 'USER') return isAnonymous(user);
      return readOnlyClasses.has(verbClass);
    case 'ftp:read-only': return readOnlyClasses.has(verbClass);
  }
}

/** RFC 1635 section 2. */
export function isAnonymous(user: string): boolean {
  const name = user.toLowerCase();
  return name === 'anonymous' || name === 'ftp';
}
