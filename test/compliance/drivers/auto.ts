// The recognising gateway for the compliance suite: HTTP that arrives at a listener for everything.
import type { ComplianceDriver } from '../driver.ts';
import { httpDriver } from './http.ts';

export const autoDriver: ComplianceDriver = {
  ...httpDriver,
  protocol: 'auto',
  service: '    services: { http: inner }',
  services: `  inner:\n    protocol: http\n${httpDriver.service}`,
  stream: { ...httpDriver.stream, operations: ['IDENTIFY /http', ...httpDriver.stream.operations] },
  denied: { reply: /^$/, outcome: 'denied', rule: 'default', verb: 'IDENTIFY' },
  unit: { ...httpDriver.unit, denied: /^$/ },
  content: { because: 'the service that takes over looks into content' },
  limits: {
    'wait': { time: { set: '    wait: 7s\n    timeout: 9s', ms: 9000, steps: 0, reply: /^$/ } },
    'timeout': { time: { set: '    timeout: 7s', ms: 7000, steps: 0, part: 'GET /', reply: /^$/ } },
  },
};
