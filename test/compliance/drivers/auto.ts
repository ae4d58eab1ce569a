// The recognising gateway for the compliance suite: HTTP that arrives at a listener for everything.
import assert from 'node:assert/strict';
import type { ComplianceDriver } from '../driver.ts';
import type { Scene } from '../scene.ts';
import { httpDriver } from './http.ts';

/** A client that says nothing counts as silent when its time is over, not before. */
async function silent({ visit, pass, gateway, session, record }: Scene): Promise<void> {
  visit();
  await session();
  await pass(6999);
  await gateway.flushed();
  assert.deepEqual(gateway.records.filter(({ verb }) => verb === 'IDENTIFY'), []);
  await pass(2);
  assert.match((await record(({ verb }) => verb === 'IDENTIFY')).reason ?? '', /to service inner/);
}

export const autoDriver: ComplianceDriver = {
  ...httpDriver,
  protocol: 'auto',
  service: '    services: { http: inner }',
  services: `  inner:\n    protocol: http\n${httpDriver.service}`,
  stream: { ...httpDriver.stream, operations: ['IDENTIFY /http', ...httpDriver.stream.operations] },
  denied: { reply: /^$/, outcome: 'denied', rule: 'default', verb: 'IDENTIFY' },
  unit: { ...httpDriver.unit, denied: /^$/ },
  // The redirecting service of HTTP would have no service that leads to it.
  places: httpDriver.places.filter(({ options }) => options?.serviceInstead === undefined),
  content: { because: 'the service that takes over looks into content' },
  limits: {
    'wait': { own: { options: { service: '    silent: inner\n    wait: 7s\n    timeout: 30s' }, run: silent } },
    'timeout': { time: { set: '    timeout: 7s', ms: 7000, steps: 0, part: 'GET /', reply: /^$/ } },
  },
};
