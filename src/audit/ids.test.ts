// Tests of ids.ts: unique, sortable by time as text, also when the clock goes back.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { idLength, idTimeMs, isId, makeIdSource } from './ids.ts';

test('ids are unique and sort in the order in which they were made', () => {
  let nowMs = 1_700_000_000_000;
  const source = makeIdSource(3, () => nowMs);
  const ids: string[] = [];
  for (let number = 0; number < 100_000; number++) {
    if (number % 1000 === 0) nowMs += number % 7000 === 0 ? -500 : 1_048_577;
    ids.push(source.next());
  }
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual([...ids].sort(), ids);
  assert.ok(ids.every((id) => id.length === idLength && isId(id)));
});

test('more ids in one millisecond than its counter holds', () => {
  const source = makeIdSource(1, () => 1_700_000_000_000);
  const ids = Array.from({ length: 70_000 }, () => source.next());
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual([...ids].sort(), ids);
});

test('workers and restarts do not meet', () => {
  const make = (worker: number, salt: number): string => makeIdSource(worker, () => 1_700_000_000_000, salt).next();
  const ids = [make(0, 1), make(1, 1), make(1, 2), make(1023, 1), make(1, (1 << 20) - 1)];
  assert.equal(new Set(ids).size, ids.length);
});

test('the time of an id', () => {
  for (const time of [0, 1, 1_048_575, 1_048_576, 1_700_000_000_123, 32_000_000_000_000]) {
    const id = makeIdSource(5, () => time + 0.7).next();
    assert.equal(idTimeMs(id), time, id);
  }
  assert.ok(Number.isNaN(idTimeMs('nonsense')));
  assert.ok(Number.isNaN(idTimeMs('1JQ4V0A0000001ABCD')));
});
