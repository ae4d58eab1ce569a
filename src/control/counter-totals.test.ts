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
