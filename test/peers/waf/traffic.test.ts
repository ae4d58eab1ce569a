// Our engine and libmodsecurity over requests as sites get them (traffic.ts), honest and attacking, with the Core Rule Set at the levels that
// sites run: how many come out with the same ids. The numbers may only rise. Classes of what differs: docs/waf/differential.md.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { temporaryFolder } from '../peer.ts';
import { buildJudge, judge, needsJudge } from './judge.ts';
import { compared, extraReading, loaded, ruleFiles } from './rules.ts';
import { TrafficMaker } from './traffic.ts';

const seed = 31;

interface Run {
  readonly rules: '4.28' | '3.3';
  readonly level: number;
  readonly requests: number;
  /** Of a hundred requests, how many carry an attack. */
  readonly hostility: number;
  /** How many of the requests must come out the same, or with more ids where we read a body in a further way. */
  readonly same: number;
}
const runs: readonly Run[] = [
  { rules: '4.28', level: 1, requests: 1000, hostility: 0, same: 999 }, { rules: '4.28', level: 1, requests: 1000, hostility: 40, same: 995 },
  { rules: '4.28', level: 4, requests: 700, hostility: 0, same: 698 }, { rules: '4.28', level: 4, requests: 700, hostility: 40, same: 696 },
  { rules: '3.3', level: 1, requests: 500, hostility: 40, same: 498 },
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
    const { same, further, worst } = compared(loaded(files), exchanges, theirs, extraReading);
    const more = [...further.values()].reduce((sum, count) => sum + count, 0);
    const rulesThatDiffer = worst.slice(0, 20).map((pair) => pair.join(' ')).join(', ');
    console.log(`rule set ${rules}, level ${level}: same ids: ${same} of ${requests}, more ids where more is read: ${more}; rules that differ: ${rulesThatDiffer}`);
    assert.ok(same + more >= run.same, `${same} of ${requests} requests come out the same, ${more} with more ids`);
    assert.ok(more <= requests / 50, `${more} of ${requests} requests log more because more was read`);
  });
}
