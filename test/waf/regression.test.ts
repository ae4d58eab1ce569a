// The rule set's own regression stages, in process. Every stage that fails must be listed, with its reason, in
// regression-exceptions.json, and every listed one must still fail: the list can only shrink.
// Then the second opinion: agreement with the ids that libmodsecurity matched, differences explained by class.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadTestRules } from './crs.ts';
import { classify, type Difference } from './differences.ts';
import { crsFolder, exceptionsFile, hasCrs } from './files.ts';
import { readStages, runStage } from './regression-run.ts';

/** Differences from libmodsecurity that no class explains; lower it when they become fewer. */
const maxUnexplained = 10;

test('regression stages of the Core Rule Set', { skip: hasCrs ? false : `SKIPPED: no rule set at ${crsFolder}` }, () => {
  const ruleSet = loadTestRules();
  const exceptions = new Map((JSON.parse(readFileSync(exceptionsFile, 'utf8')) as { stage: string; reason: string }[]).map((one) => [one.stage, one.reason]));
  const stages = readStages();
  assert.equal(stages.length, 3863);
  const failures: string[] = [];
  const healed = new Set(exceptions.keys());
  let passed = 0;
  for (const stage of stages) {
    const name = `${stage.rule}-${stage.test}-${stage.stage}`;
    const outcome = runStage(ruleSet, stage);
    if (outcome.passed) passed++;
    else if (exceptions.has(name)) healed.delete(name);
    else failures.push(`${name}: ${outcome.why}`);
  }
  console.log(`stages passed: ${passed} of ${stages.length}, ${exceptions.size} exceptions listed`);
  assert.deepEqual(failures, [], 'stages that fail and are not listed');
  assert.deepEqual([...healed], [], 'listed stages that pass: take them off the list');
});

test('agreement with libmodsecurity', { skip: hasCrs ? false : `SKIPPED: no rule set at ${crsFolder}` }, () => {
  const ruleSet = loadTestRules();
  const stages = readStages();
  const classes = new Map<string, number>();
  const unexplained: string[] = [];
  let agreed = 0;
  for (const stage of stages) {
    const outcome = runStage(ruleSet, stage);
    const differences: Difference[] = [];
    for (const id of stage.modsecurity_ids) if (!outcome.ids.includes(id)) differences.push({ id, ours: false });
    for (const id of outcome.ids) if (!stage.modsecurity_ids.includes(id)) differences.push({ id, ours: true });
    const named = differences.map((difference) => ({ difference, name: classify(stage, difference) }));
    for (const { difference, name } of named) {
      classes.set(name, (classes.get(name) ?? 0) + 1);
      if (name === 'unexplained') unexplained.push(`${stage.rule}-${stage.test}: ${difference.ours ? '+' : '-'}${difference.id}`);
    }
    if (named.every(({ name }) => name === 'reporting rule')) agreed++;
  }
  console.log(`stages with the same ids: ${agreed} of ${stages.length}`);
  for (const [name, count] of [...classes].sort((a, b) => b[1] - a[1])) console.log(`  ${String(count).padStart(5)}  ${name}`);
  console.log(`  unexplained: ${unexplained.join(' ')}`);
  assert.ok(unexplained.length <= maxUnexplained, `${unexplained.length} unexplained differences`);
});
