// What a worker that is started later is told of servers.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { RunConfiguration } from '#session/configuration.ts';
import { ServerFindings } from './server-findings.ts';

const health = (server: string, state: 'up' | 'down') => ({ pool: 'web', server, health: state, reason: '', forMs: 0, changed: false });

test('findings and orders are kept for servers that there are', () => {
  const findings = new ServerFindings();
  assert.deepEqual(findings.messages(), []);
  assert.equal(findings.found(health('a:1', 'up')), true);
  assert.equal(findings.found(health('a:1', 'up')), false);
  assert.equal(findings.found(health('a:1', 'down')), true);
  findings.found(health('b:1', 'up'));
  findings.ordered({ pool: 'web', server: 'a:1', state: 'drain' });
  findings.ordered({ pool: 'web', server: 'b:1', state: 'maintenance' });
  findings.ordered({ pool: 'web', server: 'b:1', state: 'ready' });
  assert.deepEqual(findings.messages(), [
    { type: 'health', reports: [health('a:1', 'down'), health('b:1', 'up')] }, { type: 'administrative', report: { pool: 'web', server: 'a:1', state: 'drain' } },
  ]);
  findings.keepOnly({ web: { servers: [{ name: 'b:1' }] } } as unknown as RunConfiguration['pools']);
  assert.deepEqual(findings.messages(), [{ type: 'health', reports: [health('b:1', 'up')] }]);
  findings.keepOnly({});
  assert.deepEqual(findings.messages(), []);
});
