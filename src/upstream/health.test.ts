// The rise and fall machine: when health turns, what is reported and with which words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HealthMonitor } from './health.ts';

const good = { healthy: true, reason: 'HTTP 200 in 3 ms' };
const bad = { healthy: false, reason: 'HTTP 503, wanted 200-299' };

test('the first result decides alone', () => {
  assert.equal(new HealthMonitor('p', 's', 2, 3, 0).observe(good, 1)?.health, 'up');
  assert.deepEqual(new HealthMonitor('p', 's', 2, 3, 0).observe(bad, 1), {
    pool: 'p', server: 's', health: 'down', reason: 'HTTP 503, wanted 200-299', forMs: 0, changed: true,
  });
});

test('falls after `fall` failures in a row and not one earlier', () => {
  const monitor = new HealthMonitor('p', 's', 2, 3, 0);
  monitor.observe(good, 0);
  assert.equal(monitor.observe(bad, 1)?.reason, '1 of 3 failures that change it: HTTP 503, wanted 200-299');
  assert.equal(monitor.observe(bad, 2)?.health, 'up');
  assert.deepEqual(monitor.observe(bad, 3), { pool: 'p', server: 's', health: 'down', reason: bad.reason, forMs: 0, changed: true });
});

test('a success in between starts the count anew', () => {
  const monitor = new HealthMonitor('p', 's', 2, 3, 0);
  monitor.observe(good, 0);
  monitor.observe(bad, 1);
  monitor.observe(bad, 2);
  assert.deepEqual(monitor.observe(good, 3), { pool: 'p', server: 's', health: 'up', reason: good.reason, forMs: 3, changed: false });
  monitor.observe(bad, 4);
  monitor.observe(bad, 5);
  assert.equal(monitor.health, 'up');
});

test('rises after `rise` successes in a row', () => {
  const monitor = new HealthMonitor('p', 's', 2, 3, 0);
  monitor.observe(bad, 0);
  assert.equal(monitor.observe(good, 1)?.health, 'down');
  assert.equal(monitor.observe(bad, 2)?.health, 'down');
  assert.equal(monitor.observe(good, 3)?.health, 'down');
  assert.deepEqual(monitor.observe(good, 4), { pool: 'p', server: 's', health: 'up', reason: good.reason, forMs: 0, changed: true });
});

test('reports no news once', () => {
  const monitor = new HealthMonitor('p', 's', 2, 3, 0);
  monitor.observe(good, 0);
  assert.equal(monitor.observe({ healthy: true, reason: 'HTTP 200 in 9 ms' }, 1), undefined);
  monitor.observe(bad, 2);
  monitor.observe(bad, 3);
  monitor.observe(bad, 4);
  assert.equal(monitor.observe(bad, 5), undefined);
  assert.equal(monitor.observe({ healthy: false, reason: 'connection refused' }, 6)?.reason, 'connection refused');
  assert.equal(monitor.report(14).forMs, 10);
});

test('after a break the next result decides alone again', () => {
  const monitor = new HealthMonitor('p', 's', 2, 3, 0);
  monitor.observe(bad, 0);
  monitor.forget();
  assert.equal(monitor.report(1).health, 'unknown');
  assert.equal(monitor.observe(good, 2)?.health, 'up');
});
