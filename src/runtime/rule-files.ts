// Rule files on disk: the engine's source over node:fs, and where rule sets are found: the Core Rule Set at Debian's place, where
// `sallyport waf install-crs` put it, or in a directory that was named; the baseline that comes with the gateway. Compiles nothing.
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { WebInspectionSettings } from '#contract/web-inspection.ts';
import type { FoundRules, InspectionSource } from '#inspection/web/rule-files.ts';

/** Larger files are no rules. */
const maxFileBytes = 16 * 1024 * 1024;

/** Reads as latin1, so that a byte is a character. */
export const diskSource: InspectionSource = {
  read: (path) => {
    try {
      const { size } = statSync(path);
      return size > maxFileBytes ? null : readFileSync(path, 'latin1');
    } catch { return null; }
  },
  glob: (pattern) => (/[*?[]/.test(pattern) ? globSync(pattern).sort() : existsSync(pattern) ? [pattern] : []),
  bytes: (path) => databaseAt(path),
};

interface KnownDatabase { readonly stamp: string; readonly bytes: Uint8Array }

/** Databases are large and shared by rule sets: what is unchanged on disk is not read again. */
const databases = new Map<string, KnownDatabase>();
const maxDatabases = 4;

function databaseAt(path: string): Uint8Array | null {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    const stamp = `${mtimeMs} ${size} ${ino}`;
    const before = databases.get(path);
    if (before?.stamp === stamp) return before.bytes;
    const bytes = readFileSync(path);
    databases.delete(path);
    if (databases.size >= maxDatabases) databases.delete(databases.keys().next().value!);
    databases.set(path, { stamp, bytes });
    return bytes;
  } catch { return null; }
}

export interface RulePlaces {
  /** Where relative paths of the configuration start. */
  readonly baseDirectory: string;
  readonly stateDirectory: string;
}

/** In the state directory; `current` in it is the version in use. */
export const installedFolder = 'crs';

const debianDirectory = '/usr/share/modsecurity-crs';
const debianSetup = '/etc/modsecurity/crs';

function crsDirectories({ path }: WebInspectionSettings, places: RulePlaces): string[] {
  if (path !== '') return [within(places.baseDirectory, path)];
  return [join(places.stateDirectory, installedFolder, 'current'), debianDirectory, '/usr/share/coreruleset', '/etc/coreruleset', '/opt/coreruleset'];
}

/** The geographic database of the settings, or ''. */
export function geoPath({ geoDatabase }: WebInspectionSettings, places: RulePlaces): string {
  return geoDatabase === '' ? '' : within(places.baseDirectory, geoDatabase);
}

function within(directory: string, path: string): string {
  return isAbsolute(path) ? path : join(directory, path);
}

function existing(...paths: string[]): string[] {
  return paths.filter((path) => existsSync(path));
}

/** @throws Error saying where was looked. */
export function findRules(settings: WebInspectionSettings, places: RulePlaces): FoundRules[] {
  return settings.ruleset.map((name): FoundRules => {
    if (name === 'crs') return findCrs(settings, places);
    if (name === 'baseline') return { setup: [], before: [], baseline: true, rules: [], after: [] };
    const path = within(places.baseDirectory, name);
    if (diskSource.glob(path).length === 0) throw new Error(`there are no rule files at ${path}`);
    return { setup: [], before: [], baseline: false, rules: [path], after: [] };
  });
}

function findCrs(settings: WebInspectionSettings, places: RulePlaces): FoundRules {
  const looked = crsDirectories(settings, places);
  const directory = looked.find((one) => existsSync(join(one, 'rules')));
  if (directory === undefined) {
    throw new Error(`the Core Rule Set was not found; looked at ${looked.join(', ')}. Install it with "sallyport waf install-crs" or the package modsecurity-crs, `
      + `or use "ruleset: baseline"`);
  }
  const debian = directory === debianDirectory;
  const setups = settings.setup !== '' ? [within(places.baseDirectory, settings.setup)]
    : [join(directory, 'crs-setup.conf'), ...debian ? [join(debianSetup, 'crs-setup.conf')] : [], join(directory, 'crs-setup.conf.example')];
  const [setup] = existing(...setups);
  if (setup === undefined) throw new Error(`the setup file of the Core Rule Set was not found; looked at ${setups.join(', ')}`);
  const plugins = settings.plugins === '' ? join(directory, 'plugins') : within(places.baseDirectory, settings.plugins);
  if (settings.plugins !== '' && !existsSync(plugins)) throw new Error(`the plugins directory ${plugins} is not there`);
  const own = debian ? debianSetup : directory;
  return {
    setup: [setup], baseline: false,
    before: [join(plugins, '*-config.conf'), join(plugins, '*-before.conf'), ...existing(join(own, 'REQUEST-900-EXCLUSION-RULES-BEFORE-CRS.conf'))],
    rules: [join(directory, 'rules', '*.conf')],
    after: [...existing(join(own, 'RESPONSE-999-EXCLUSION-RULES-AFTER-CRS.conf')), join(plugins, '*-after.conf')],
  };
}
