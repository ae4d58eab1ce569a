// Debian's rule set (modsecurity-crs 3.3), from its own place: loads without a fault, blocks, lets through.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchCases } from '../../bench/waf/requests.ts';
import { transact } from '../../bench/waf/engine.ts';
import { loadDebianRules, loadSiteRules } from './crs.ts';
import { crsFolder, debianFolder, hasCrs, hasDebianCrs } from './files.ts';

const sets = [
  ['Debian rule set', hasDebianCrs ? false : `SKIPPED: no rule set at ${debianFolder}`, loadDebianRules],
  ['Core Rule Set', hasCrs ? false : `SKIPPED: no rule set at ${crsFolder}`, loadSiteRules],
] as const;

for (const [name, skip, load] of sets) {
  test(`${name}: ordinary requests pass at level 1, the attack does not`, { skip }, () => {
    const ruleSet = load(1);
    assert.ok(ruleSet.stats.rulesResolved > 100, `${ruleSet.stats.rulesResolved} rules resolved at load`);
    for (const [title, make] of Object.entries(benchCases)) {
      for (let n = 0; n < 5; n++) {
        const status = transact(ruleSet, make(n), n);
        assert.equal(status, title.startsWith('attack') ? 403 : 0, title);
      }
    }
  });
}
