// What a preset permits at most, before rules are asked. Classes of commands: codecs/ftp/verbs.ts.
import type { VerbEntry } from '#codecs/ftp/index.ts';
import type { PresetName } from './settings.ts';

/** A blind drop box: names and contents of what is there stay unknown, nothing there is touched. */
const uploadOnlyVerbs = new Set(['STOR', 'STOU']);
const readWriteClasses = new Set(['read', 'list', 'write', 'delete', 'rename', 'session']);
const readOnlyClasses = new Set(['read', 'list', 'session']);

export function presetPermits(preset: PresetName | undefined, entry: VerbEntry, user: string): boolean {
  switch (preset) {
    case undefined: return true;
    case 'ftp:read-write': return readWriteClasses.has(entry.class);
    case 'ftp:upload-only': return (entry.class === 'session' && entry.verb !== 'REST') || uploadOnlyVerbs.has(entry.verb);
    case 'ftp:anonymous':
      if (entry.verb === 'USER') return isAnonymous(user);
      return readOnlyClasses.has(entry.class);
    case 'ftp:read-only': return readOnlyClasses.has(entry.class);
  }
}

/** RFC 1635 section 2. */
export function isAnonymous(user: string): boolean {
  const name = user.toLowerCase();
  return name === 'anonymous' || name === 'ftp';
}
