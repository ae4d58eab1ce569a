// Sums of counters over processes that come and go.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CounterTotals } from './counter-totals.ts';

function look(totals: CounterTotals, values: Readonly<Record<number, Readonly<Record<string, number>>>>, alive = Object.keys(values).map(Number)): void {
  totals.begin();
  for (const [pid, counters] of Object.entries(values)) for (const [counter, value] of Object.entries(counters)) totals.add(Number(pid), counter, value);
  totals.end(alive);
}

test('the sum never falls: not when a process dies, is replaced, does not answer, or counts anew', () => {
  const totals = new CounterTotals();
  look(totals, { 1: { a: 10 }, 2: { a: 20 } });
  assert.equal(totals.total('a'), 30);
  look(totals, { 1: { a: 11 }, 3: { a: 2 } });
  assert.equal(totals.total('a'), 33, 'process 2 died, 3 came');
  look(totals, { 1: { a: 15 } }, [1, 3]);
  assert.equal(totals.total('a'), 37, 'process 3 has not answered');
  look(totals, { 1: { a: 15 }, 3: { a: 5 } });
  assert.equal(totals.total('a'), 40, 'what it counted meanwhile counts');
  look(totals, { 1: { a: 4 }, 3: { a: 1 } });
  assert.equal(totals.total('a'), 45, 'both were compiled anew and began at nought');
});

test('counters that nobody has any more are forgotten, a look that nobody answered forgets none', () => {
  const totals = new CounterTotals();
  look(totals, { 1: { a: 10, b: 5 } });
  look(totals, {}, [1]);
  assert.deepEqual([totals.total('a'), totals.total('b')], [10, 5]);
  look(totals, { 1: { a: 10 } });
  assert.deepEqual([totals.total('a'), totals.total('b')], [10, 0]);
  look(totals, { 1: { a: 10, b: 3 } });
  assert.equal(totals.total('b'), 3, 'made anew under the same name');
});

test('what is kept under a prefix outlives the process that counted it, until it is kept no more', () => {
  const totals = new CounterTotals();
  const hits = (): (readonly [string, number])[] => [...totals.under('waf\nhits\n')];
  const look2 = (values: Parameters<typeof look>[1], keep: boolean): void => {
    totals.begin();
    if (keep) totals.keep('waf\n');
    for (const [pid, counters] of Object.entries(values)) for (const [counter, value] of Object.entries(counters)) totals.add(Number(pid), counter, value);
    totals.end(Object.keys(values).map(Number));
  };
  look2({ 1: { 'waf\nhits\n1001': 3, other: 1 } }, true);
  look2({ 2: { other: 1 } }, true);
  assert.deepEqual(hits(), [['1001', 3]], 'process 1 died, and 2 has no such hit');
  look2({ 2: { 'waf\nhits\n1001': 2, other: 1 } }, true);
  assert.deepEqual(hits(), [['1001', 5]]);
  look2({ 2: { other: 1 } }, false);
  assert.deepEqual(hits(), [], 'the firewall was taken out of the configuration');
  assert.equal(totals.total('other'), 2);
});

test('who counts anew under the same name is not taken for the one before', () => {
  const totals = new CounterTotals();
  const add = (value: number, instance: string): void => { totals.begin(); totals.add(1, 'a', value, instance); totals.end([1]); };
  add(10, 'first');
  add(15, 'second');
  assert.equal(totals.total('a'), 25);
  add(16, 'second');
  assert.equal(totals.total('a'), 26);
});
