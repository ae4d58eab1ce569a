// Where the WAF's tests find rule sets, and a rule source over the disk. The Core Rule Set is test data beside the project and
// is never copied into it; tests that need it are skipped by name where it is absent. Debian's is the installed one, or its
// package unpacked.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RuleSource } from '#inspection/waf/index.ts';
import { Pattern } from '#inspection/waf/regex/pattern.ts';
import { unpackedPackages } from '../peers/packages.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const crsFolder = process.env['SALLYPORT_CRS'] ?? join(root, '..', 'shared', 'data', 'coreruleset-4.28');
const debianPaths = { rules: 'usr/share/modsecurity-crs', setup: 'etc/modsecurity/crs/crs-setup.conf' };
const debianRoot = existsSync(join('/', debianPaths.rules, 'rules')) && existsSync(join('/', debianPaths.setup)) ? '/' : unpackedPackages(['modsecurity-crs'], true)?.root;
export const hasDebianCrs = debianRoot !== undefined;
export const debianFolder = join(debianRoot ?? '/', debianPaths.rules);
export const debianSetup = join(debianRoot ?? '/', debianPaths.setup);
export const exceptionsFile = join(root, 'test', 'waf', 'regression-exceptions.json');

export const hasCrs = existsSync(join(crsFolder, 'rules'));

export const diskSource: RuleSource = {
  read: (path) => {
    try { return readFileSync(path, 'latin1'); } catch { return null; }
  },
  glob: (pattern) => (/[*?]/.test(pattern) ? globSync(pattern).sort() : existsSync(pattern) ? [pattern] : []),
};

/** The patterns of the rule set with the ids of their rules, compiled; for the benchmarks and the fuzz of the gates. */
export function crsPatterns(folder = join(crsFolder, 'rules')): { id: number; text: string; pattern: Pattern }[] {
  const found: { id: number; text: string; pattern: Pattern }[] = [];
  for (const file of globSync(join(folder, '*.conf')).sort()) {
    const source = readFileSync(file, 'latin1');
    let id = 0;
    for (const match of source.matchAll(/^\s*SecRule [^\n"]*"!?@rx ((?:[^"\\]|\\[^])*)"|\bid:(\d+)/gm)) {
      if (match[2] !== undefined) { id = Number(match[2]); if (found[found.length - 1]?.id === 0) found[found.length - 1]!.id = id; continue; }
      // A chained rule has no id of its own and belongs to the one before; a head's id follows it.
      const text = match[1]!.replaceAll('\\"', '"');
      const chained = /^\s+SecRule/.test(match[0].replace(/^\n+/, ''));
      found.push({ id: chained ? id : 0, text, pattern: new Pattern(text) });
    }
  }
  return found;
}
