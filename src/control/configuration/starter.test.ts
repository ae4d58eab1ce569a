// The starter configuration loads without errors or warnings, whatever sound answers it is made from.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gateways } from '../../standard.ts';
import { loadConfiguration } from './load.ts';
import { starterText } from './starter.ts';
import type { StarterAnswers } from './starter.ts';

const cases: [string, StarterAnswers][] = [
  ['no answers', {}],
  ['all answers', {
    listen: '0.0.0.0:80', origins: ['10.1.0.10:8080', 'web.internal:80', '[fd00::1]:80'], hosts: ['shop.example', '*.shop.example'],
    adminNetworks: ['10.0.0.0/8', 'fd00::/8', '192.0.2.7'], healthPath: '/healthz',
  }],
  ['IPv6', { listen: '[::]:8080', origins: ['[::1]:9000'] }],
  ['a host that YAML could take for something else', { hosts: ['no', '1.2.3.4', '0x10', '1e5'] }],
  ['a health path with a query', { healthPath: '/health?full=1&x=#' }],
];

describe('the starter configuration', () => {
  for (const [what, answers] of cases) {
    it(`from ${what} loads without problems`, () => {
      const result = loadConfiguration({ texts: [{ file: 'starter.yaml', text: starterText(answers) }] }, gateways);
      assert.deepEqual(result.problems.map((problem) => `${problem.line}:${problem.column} ${problem.message}`), []);
      assert.equal(result.configuration?.pools.web?.servers.length, answers.origins?.length ?? 1);
    });
  }

  it('keeps hosts as they were answered', () => {
    const text = starterText({ hosts: ['no', '1.2.3.4', '0x10', '1e5', '~'] });
    const result = loadConfiguration({ texts: [{ file: 'starter.yaml', text }] }, gateways);
    const services = result.document.services as { site: { routes: { match: { host: string[] } }[] } };
    assert.deepEqual(services.site.routes[0]?.match.host, ['no', '1.2.3.4', '0x10', '1e5', '~']);
  });

  it('cannot be made to say something else by an answer', () => {
    const hostile = 'x\n  evil: { networks: [0.0.0.0/0] }';
    const text = starterText({ adminNetworks: [hostile], hosts: [hostile], origins: [hostile], healthPath: hostile, listen: hostile });
    const result = loadConfiguration({ texts: [{ file: 'starter.yaml', text }] }, gateways);
    assert.ok(result.problems.every((problem) => problem.code !== 'yaml.syntax'));
    assert.deepEqual(Object.keys(result.document.zones as object), ['admins']);
  });
});
