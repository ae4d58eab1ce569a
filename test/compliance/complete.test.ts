// Whether every gateway that ships has its place in the suite.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { GatewayManifest } from '#contract/gateway.ts';
import { gateways } from '../../src/standard.ts';
import { faultOfPointer } from './checks/setting-limits.ts';
import { drivers } from './drivers/index.ts';

/** What is missing for one gateway, in words, or ''. */
export function missingFor({ protocol }: Pick<GatewayManifest, 'protocol'>): string {
  if (drivers[protocol] === undefined) {
    return `gateway ${protocol} has no compliance driver: write test/compliance/drivers/${protocol}.ts (a ComplianceDriver, see driver.ts: a scripted server, the canonical `
      + 'session, one operation that can be denied, counted and held, what failures look like, an edge for each limit), list it in drivers/index.ts, and call '
      + `describeCompliance with it in test/compliance/${protocol}.test.ts`;
  }
  if (!existsSync(join(import.meta.dirname, `${protocol}.test.ts`)))
    return `the driver of ${protocol} is never run: call describeCompliance with it in test/compliance/${protocol}.test.ts`;
  return '';
}

for (const manifest of gateways) {
  test(`${manifest.protocol} has a compliance driver that is run`, () => { assert.equal(missingFor(manifest), ''); });
}

test('a gateway without one is told what to write', () => {
  assert.match(missingFor({ protocol: 'gopher' }), /write test\/compliance\/drivers\/gopher\.ts/);
});

test('a limit that is shown elsewhere is shown there', () => {
  const text = `
test('the edge of maxThings', async () => { check(1); });
describe('more', () => {
  it('it\\'s of time', () => {
    limits({ maxTime: 7 });
  });
  it.skip('maxSkipped at its edge', () => {});
});
test('of nothing', () => {});
`;
  const fault = (path: string, name: string, as?: string): string => faultOfPointer(path, { file: 'x.test.ts', test: name, ...as === undefined ? {} : { as } }, text);
  assert.equal(fault('limits.maxThings', 'the edge of maxThings'), '');
  assert.equal(fault('maxTime', 'it\'s of time'), '');
  assert.equal(fault('timeouts.other', 'it\'s of time', 'maxTime'), '');
  assert.match(fault('limits.maxThings', 'the edge of'), /has no test "the edge of"/);
  assert.match(fault('limits.maxSkipped', 'maxSkipped at its edge'), /is skip: it shows nothing/);
  assert.match(fault('limits.maxThings', 'it\'s of time'), /does not speak of maxThings/);
  assert.match(fault('limits.maxTime', 'of nothing'), /does not speak of maxTime/);
  assert.match(faultOfPointer('limits.maxThings', { file: 'test/nowhere.test.ts', test: 'x' }), /there is no test\/nowhere/);
});
