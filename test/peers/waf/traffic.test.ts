// Our engine and libmodsecurity over requests as sites get them (traffic.ts), honest and attacking, with the Core Rule Set at the levels that
// sites run: how many come out with the same ids. The numbers may only rise. Classes of what differs: docs/waf/differential.md.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { temporaryFolder } from '../peer.ts';
import { buildJudge, judge, needsJudge } from './judge.ts';
import { compared, loaded, ruleFiles } from './rules.ts';
import { TrafficMaker } from './traffic.ts';

const seed = 31;

interface Run {
  readonly rules: '4.28' | '3.3';
  readonly level: number;
  readonly requests: number;
  /** Of a hundred requests, how many carry an attack. */
  readonly hostility: number;
  /** How many of the requests must come out the same. */
  readonly same: number;
}
const runs: readonly Run[] = [
  { rules: '4.28', level: 1, requests: 1000, hostility: 0, same: 1000 }, { rules: '4.28', level: 1, requests: 1000, hostility: 40, same: 998 },
  { rules: '4.28', level: 4, requests: 700, hostility: 0, same: 699 }, { rules: '4.28', level: 4, requests: 700, hostility: 40, same: 697 },
  { rules: '3.3', level: 1, requests: 500, hostility: 40, same: 499 },
];
const skip = needsJudge();
const folder = temporaryFolder();
after(() => { folder.remove(); });

for (const run of runs) {
  const { rules, level, requests, hostility } = run;
  test(`libmodsecurity over ${requests} requests of sites, ${hostility} % with an attack, rule set ${rules}, level ${level}`, { skip }, async (context) => {
    const files = ruleFiles(folder.path, rules, level, false);
    if (files === null) { context.skip(`SKIPPED: no rule set ${rules}`); return; }
    const maker = new TrafficMaker(seed, hostility);
    const exchanges = Array.from({ length: requests }, () => maker.next());
    const theirs = await judge(buildJudge(folder.path), files, exchanges);
    assert.ok(theirs.filter((ids) => ids.length > 0).length > requests / 10, 'rules that match are compared');
    const { same, worst } = compared(loaded(files), exchanges, theirs);
    console.log(`rule set ${rules}, level ${level}: same ids: ${same} of ${requests}; rules that differ: ${worst.slice(0, 20).map((pair) => pair.join(' ')).join(', ')}`);
    assert.ok(same >= run.same, `${same} of ${requests} requests come out the same`);
  });
}
