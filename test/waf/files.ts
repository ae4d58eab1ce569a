// Where the WAF's tests find rule sets, and a rule source over the disk. The rule set is test data beside the project and
// is never copied into it; tests that need it are skipped by name where it is absent.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RuleSource } from '#inspection/waf/index.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const crsFolder = process.env['SALLYPORT_CRS'] ?? join(root, '..', 'shared', 'data', 'coreruleset-4.28');
export const debianFolder = '/usr/share/modsecurity-crs';
export const debianSetup = '/etc/modsecurity/crs/crs-setup.conf';
export const exceptionsFile = join(root, 'test', 'waf', 'regression-exceptions.json');

export const hasCrs = existsSync(join(crsFolder, 'rules'));
export const hasDebianCrs = existsSync(join(debianFolder, 'rules')) && existsSync(debianSetup);

export const diskSource: RuleSource = {
  read: (path) => {
    try { return readFileSync(path, 'latin1'); } catch { return null; }
  },
  glob: (pattern) => (/[*?]/.test(pattern) ? globSync(pattern).sort() : existsSync(pattern) ? [pattern] : []),
};
