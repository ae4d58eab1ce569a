// Which request to watch a session is a beginning.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Watchers } from './watchers.ts';

test('a beginning is the first request of somebody, whatever position it asks for', () => {
  const watchers = new Watchers();
  assert.equal(watchers.begins('s1', 'anna', '', 0), true);
  assert.equal(watchers.begins('s1', 'anna', '10', 200), false);
  assert.equal(watchers.begins('s1', 'bert', '10', 300), true, 'with the position of somebody else');
  assert.equal(watchers.begins('s2', 'anna', '0', 300), true, 'another session');
  assert.equal(watchers.begins('s1', 'anna', '', 400), true, 'once more');
  assert.equal(watchers.begins('s1', 'anna', '20', 30_400), false);
  assert.equal(watchers.begins('s1', 'anna', '20', 60_401), true, 'after a pause');
});

test('those who have stopped asking are forgotten', () => {
  const watchers = new Watchers();
  for (let i = 0; i < 5000; i++) watchers.begins(`s${i}`, 'anna', '', i * 1000);
  assert.equal(watchers.begins('s4999', 'anna', '1', 4_999_100), false);
  assert.equal(watchers.begins('s0', 'anna', '1', 4_999_100), true);
});
