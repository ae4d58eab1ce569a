// The plan (profiles, gates, remembered outcomes) against no plan at all: every rule evaluated on every value, in order.
// Both must log the same rules with the same values. Over regression stages, and over hostile values of our own making.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Program } from '#inspection/waf/compile/program.ts';
import type { RuleSet, Summary } from '#inspection/waf/index.ts';
import { loadSiteRules, loadTestRules } from './crs.ts';
import { crsFolder, crsPatterns, hasCrs } from './files.ts';
import { mutate, Random, sampleOf } from './pattern-samples.ts';
import { readRequest, type RawRequest } from './raw-request.ts';
import { readStages, runRequest } from './regression-run.ts';

/** Takes the plan away: all rules are always evaluated. */
function withoutPlan(ruleSet: RuleSet): RuleSet {
  const { program } = ruleSet as unknown as { program: { phases: { plan: { variables: unknown[]; always: Int32Array } }[] } & Program };
  for (const { plan } of program.phases) {
    plan.variables.length = 0;
    plan.always.fill(-1);
  }
  return ruleSet;
}

const logged = (summary: Summary): string => JSON.stringify(summary.matches.map(({ ruleId, values }) => [ruleId, values.map(({ variable, value }) => [variable, value])]));

test('with and without the plan the same rules match the same values', { skip: hasCrs ? false : `SKIPPED: no rule set at ${crsFolder}` }, () => {
  const planned = loadTestRules();
  const plain = withoutPlan(loadTestRules());
  let compared = 0;
  let matches = 0;
  const compare = (request: RawRequest): void => {
    const first = runRequest(planned, request);
    assert.equal(logged(first), logged(runRequest(plain, request)), request.target);
    // Again, now that outcomes are remembered.
    assert.equal(logged(runRequest(planned, request)), logged(first), request.target);
    compared++;
    matches += first.matches.length;
  };
  for (const [i, stage] of readStages().entries()) if (i % 14 === 0) compare(readRequest(Buffer.from(stage.req, 'base64')));
  const random = new Random(5);
  for (const { pattern } of crsPatterns()) {
    const value = mutate(sampleOf(pattern.node, random), random).slice(0, 150);
    const encoded = Buffer.from(value, 'latin1').toString('hex').replaceAll(/../g, '%$&');
    const part = encoded.slice(0, 60);
    compare(readRequest(Buffer.from(`GET /x?a=${encoded}&b[${part}]=1 HTTP/1.1\r\nHost: a\r\nCookie: c=${part}\r\nReferer: ${encoded}\r\n\r\n`, 'latin1')));
  }
  assert.ok(compared > 500 && matches > 1000, `${compared} requests, ${matches} matches`);
});

for (const level of [1, 3]) {
  test(`level ${level}: what is resolved at load has the outcome that it has at run time`, { skip: hasCrs ? false : `SKIPPED: no rule set at ${crsFolder}` }, () => {
    const resolved = loadSiteRules(level, 'DetectionOnly');
    const late = loadSiteRules(level, 'DetectionOnly', false);
    assert.equal(late.stats.rulesResolved, 0);
    assert.ok(resolved.stats.rulesKept < late.stats.rulesKept - 100);
    for (const [i, stage] of readStages().entries()) {
      if (i % 9 !== level) continue;
      const request = readRequest(Buffer.from(stage.req, 'base64'));
      const [first, second] = [runRequest(resolved, request), runRequest(late, request)];
      assert.equal(logged(first), logged(second), request.target);
      for (const [name, score] of Object.entries(second.scores)) assert.equal(first.scores[name], score, name);
    }
  });
}
