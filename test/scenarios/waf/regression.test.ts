// The Core Rule Set's own regression stages through the real gateway on real sockets. A stage that does not come out as its
// authors expect is listed with its reason in regression-exceptions.json, by class; the list may only shrink. Most are requests
// that the gateway's parser refuses before any rule sees them, which is the stronger verdict.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { crsFolder, hasCrs } from '../../waf/files.ts';
import { readStages } from '../../waf/regression-run.ts';
import { judge, RegressionGateway } from './regression-run.ts';

interface Exceptions { readonly classes: readonly { readonly class: string; readonly reason: string; readonly stages: readonly string[] }[] }

const connectionsAtOnce = 4;
const maxSeconds = 90;

test('regression stages through the gateway', { skip: hasCrs ? false : `SKIPPED: no rule set at ${crsFolder}`, timeout: maxSeconds * 1000 }, async () => {
  const exceptions = JSON.parse(readFileSync(new URL('regression-exceptions.json', import.meta.url), 'utf8')) as Exceptions;
  const listed = new Map(exceptions.classes.flatMap(({ class: name, stages }) => stages.map((stage) => [stage, name] as const)));
  const gateway = await RegressionGateway.start();
  const stages = readStages();
  assert.equal(stages.length, 3863);
  const failures: string[] = [];
  const healed = new Set(listed.keys());
  let passed = 0;
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < stages.length; at = next++) {
      const stage = stages[at]!;
      const name = `${stage.rule}-${stage.test}-${stage.stage}`;
      const seen = await gateway.send(Buffer.from(stage.req, 'base64'));
      const result = judge(stage, seen);
      if (result.passed) passed++;
      else if (listed.has(name)) healed.delete(name);
      else failures.push(`${name}: ${result.why}${result.refused === '' ? '' : ` (${result.refused})`}`);
    }
  };
  await Promise.all(Array.from({ length: connectionsAtOnce }, work));
  const { bugs } = gateway;
  await gateway.stop();
  console.log(`stages through the gateway: ${passed} of ${stages.length} pass, ${listed.size} are listed as exceptions`);
  for (const { class: name, stages: some } of exceptions.classes) console.log(`  ${String(some.length).padStart(4)}  ${name}`);
  assert.deepEqual(bugs, []);
  assert.deepEqual(failures, [], 'stages that fail and are not listed');
  assert.deepEqual([...healed], [], 'listed stages that pass: take them off the list');
});
