// The retry budget: a share of the traffic and a small minimum over time, never more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryBudget } from './retry-budget.ts';

function drain(budget: RetryBudget, nowMs: number): number {
  let granted = 0;
  while (granted < 100_000 && budget.take(nowMs)) granted++;
  return granted;
}

test('every request earns its share of a retry', () => {
  const budget = new RetryBudget(20, 0);
  assert.equal(drain(budget, 0), 0);
  for (let index = 0; index < 45; index++) budget.earn();
  assert.equal(drain(budget, 0), 9);
  for (let index = 0; index < 4; index++) budget.earn();
  assert.equal(budget.take(0), false);
  budget.earn();
  assert.equal(budget.take(0), true);
  assert.equal(budget.granted, 10);
});

test('time earns the minimum, saved up for ten seconds at most', () => {
  const budget = new RetryBudget(0, 10);
  assert.equal(drain(budget, 5000), 10);
  assert.equal(drain(budget, 5099), 0);
  assert.equal(drain(budget, 6000), 10);
  assert.equal(drain(budget, 1_000_000), 100);
});

test('savings from requests are bounded too', () => {
  const budget = new RetryBudget(100, 10);
  for (let index = 0; index < 100_000; index++) budget.earn();
  assert.equal(drain(budget, 0), 100);
});

test('zero means no retries', () => {
  const budget = new RetryBudget(0, 0);
  for (let index = 0; index < 1000; index++) budget.earn();
  assert.equal(budget.take(1_000_000), false);
  assert.equal(budget.refused, 1);
});

test('new settings keep what was saved, up to the new bound', () => {
  const budget = new RetryBudget(100, 10);
  for (let index = 0; index < 1000; index++) budget.earn();
  budget.configure(20, 2);
  assert.equal(drain(budget, 0), 20);
});

test('time that goes backwards earns nothing and takes nothing', () => {
  const budget = new RetryBudget(0, 10);
  drain(budget, 10_000);
  assert.equal(budget.take(0), false);
});
