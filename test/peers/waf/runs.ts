// One run of a comparison with libmodsecurity: requests of a maker, both engines with the same rules, and how many come out with the same
// ids. What is compared and how: rules.ts. The makers: generator.ts, traffic.ts.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { temporaryFolder } from '../peer.ts';
import { buildJudge, judge, needsJudge, type Exchange } from './judge.ts';
import { compared, extraReading, loaded, ruleFiles } from './rules.ts';

export interface Run {
  readonly rules: '4.28' | '3.3';
  readonly level: number;
  readonly requests: number;
  /** Of a hundred (requests or values, as the maker counts), how many are attacks. */
  readonly hostility: number;
  /** How many of the requests must come out the same, or with more ids where we read a body in a further way. The numbers may only rise. */
  readonly same: number;
}

/** `asTested`: whether the rule set has the settings of its own test suite. */
export function compareRuns(what: string, runs: readonly Run[], makerOf: (hostility: number) => { next(): Exchange }, asTested: (run: Run) => boolean): void {
  const skip = needsJudge();
  const folder = temporaryFolder();
  after(() => { folder.remove(); });
  for (const run of runs) {
    const { rules, level, requests, hostility } = run;
    test(`libmodsecurity over ${requests} ${what}, ${hostility} % hostile, rule set ${rules}, level ${level}`, { skip }, async (context) => {
      const files = ruleFiles(folder.path, rules, level, asTested(run));
      if (files === null) { context.skip(`SKIPPED: no rule set ${rules}`); return; }
      const maker = makerOf(hostility);
      const exchanges = Array.from({ length: requests }, () => maker.next());
      const theirs = await judge(buildJudge(folder.path), files, exchanges);
      assert.ok(theirs.filter((ids) => ids.length > 0).length > requests / 10, 'rules that match are compared');
      const { same, further, worst } = compared(loaded(files), exchanges, theirs, extraReading);
      const more = [...further.values()].reduce((sum, count) => sum + count, 0);
      const readings = [...further].map(([reading, count]) => `, more ids: ${count} (${reading})`).join('');
      const rulesThatDiffer = worst.slice(0, 20).map((pair) => pair.join(' ')).join(', ');
      console.log(`rule set ${rules}, level ${level}: same ids: ${same} of ${requests}${readings}; rules that differ: ${rulesThatDiffer}`);
      assert.ok(same + more >= run.same, `${same} of ${requests} requests come out the same, ${more} with more ids`);
      assert.ok(more <= requests / 50, `${more} of ${requests} requests log more because more was read`);
    });
  }
}
