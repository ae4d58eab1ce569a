// Our engine and libmodsecurity over the same generated requests, with the same rules (Core Rule Set 4.28 at level 4, and Debian's 3.3 at
// levels 1 and 4): how many come out with the same ids. The numbers may only rise. Classes of what differs: docs/waf/differential.md.
// Where we read a body in more ways than libmodsecurity does, we may log more, never less; such requests are told apart by what they are.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { temporaryFolder } from '../peer.ts';
import { RequestMaker } from './generator.ts';
import { buildJudge, judge, needsJudge } from './judge.ts';
import { compared, extraReading, loaded, ruleFiles } from './rules.ts';

const seed = 2;

interface Run {
  readonly rules: '4.28' | '3.3';
  readonly level: number;
  readonly requests: number;
  /** Of a hundred values, how many are attacks. */
  readonly hostility: number;
  /** How many of the requests must come out the same, or with more ids where more was read. */
  readonly same: number;
}
const runs: readonly Run[] = [
  { rules: '4.28', level: 4, requests: 1000, hostility: 0, same: 977 }, { rules: '4.28', level: 4, requests: 1000, hostility: 10, same: 973 },
  { rules: '3.3', level: 1, requests: 500, hostility: 10, same: 494 }, { rules: '3.3', level: 4, requests: 500, hostility: 10, same: 488 },
];
const skip = needsJudge();
const folder = temporaryFolder();
after(() => { folder.remove(); });

for (const run of runs) {
  const { rules, level, requests, hostility } = run;
  test(`libmodsecurity over ${requests} requests, ${hostility} % hostile values, rule set ${rules}, level ${level}`, { skip }, async (context) => {
    const files = ruleFiles(folder.path, rules, level, rules === '4.28');
    if (files === null) { context.skip(`SKIPPED: no rule set ${rules}`); return; }
    const maker = new RequestMaker(seed, hostility);
    const exchanges = Array.from({ length: requests }, () => maker.next());
    const theirs = await judge(buildJudge(folder.path), files, exchanges);
    const { same, further, worst } = compared(loaded(files), exchanges, theirs, extraReading);
    const more = [...further.values()].reduce((sum, count) => sum + count, 0);
    const readings = [...further].map(([reading, count]) => `, more ids: ${count} (${reading})`).join('');
    const rulesThatDiffer = worst.slice(0, 20).map((pair) => pair.join(' ')).join(', ');
    console.log(`rule set ${rules}, level ${level}: same ids: ${same} of ${requests}${readings}; rules that differ: ${rulesThatDiffer}`);
    assert.ok(same + more >= run.same, `${same} of ${requests} requests come out the same, ${more} with more ids`);
    assert.ok(more <= requests / 50, `${more} of ${requests} requests log more because more was read`);
  });
}
