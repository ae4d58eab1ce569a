// The sliding window of outcomes: what counts, what has slid out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutcomeWindow } from './outcome-window.ts';

test('counts requests and failures within the window', () => {
  const window = new OutcomeWindow(1000);
  window.add(true, 0);
  window.add(false, 500);
  window.add(true, 900);
  assert.deepEqual([window.requests(999), window.failures(999)], [3, 2]);
});

test('forgets slot by slot', () => {
  const window = new OutcomeWindow(1000);
  for (let ms = 0; ms < 1000; ms += 100) window.add(true, ms);
  assert.equal(window.failures(999), 10);
  assert.equal(window.failures(1000), 9);
  assert.equal(window.failures(1450), 5);
  assert.equal(window.failures(5000), 0);
});

test('a long silence or a clock that goes back leaves nothing behind', () => {
  const window = new OutcomeWindow(1000);
  window.add(true, 10_000);
  window.add(true, 3_600_000);
  assert.equal(window.failures(3_600_000), 1);
  window.add(false, 1000);
  assert.deepEqual([window.requests(1000), window.failures(1000)], [1, 0]);
});
