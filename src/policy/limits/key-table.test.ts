// Tests of the bounded table: growth, N and N + 1 keys, what may be forgotten, the overflow.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyTable, overflowSlot } from './key-table.ts';

test('holds its maximum of keys in use, and one more shares the overflow', () => {
  const table = new KeyTable('t', 300);
  for (let index = 0; index < 300; index += 1) table.take(table.slotFor(`k${index}`, 0), 0, 1000);
  assert.equal(table.size, 300);
  assert.equal(table.overflowed, 0);
  assert.equal(table.slotFor('one more', 0), overflowSlot);
  assert.equal(table.slotFor('yet another', 0), overflowSlot);
  assert.equal(table.overflowed, 2);
  for (let index = 0; index < 300; index += 1) assert.equal(table.fullAtMs[table.find(`k${index}`)], 1000, 'nobody was pushed out');
});

test('only idle keys give up their place', () => {
  const table = new KeyTable('t', 4);
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((key) => table.slotFor(key, 0));
  table.take(a!, 0, 1000);
  table.hold(b!, 1);
  table.apply('c', 0, 2, 0, 0);
  table.take(d!, 0, 10);
  assert.equal(table.slotFor('e', 5), overflowSlot);
  assert.equal(table.slotFor('e', 10), d, 'full again: nothing is lost by forgetting it');
  assert.equal(table.find('d'), -1);
  table.take(d!, 10, 1000);
  assert.equal(table.slotFor('f', 10), overflowSlot);
  table.hold(b!, -1);
  assert.equal(table.slotFor('f', 10), b);
  table.take(b!, 10, 1000);
  table.apply('c', 0, -2, 10, 0);
  assert.equal(table.slotFor('g', 10), c);
  assert.equal(table.heldAt(c!), 0);
});

test('a key with something unsent keeps its place', () => {
  const table = new KeyTable('t', 1);
  table.share();
  table.take(table.slotFor('a', 0), 0, 1);
  assert.equal(table.slotFor('b', 100), overflowSlot);
  assert.deepEqual(table.collect(), { keys: ['a'], admitted: [1], held: [0] });
  assert.notEqual(table.slotFor('b', 100), overflowSlot);
});

test('what was taken and let go between two exchanges is not told, and nothing twice', () => {
  const table = new KeyTable('t', 10);
  table.share();
  const slot = table.slotFor('a', 0);
  table.hold(slot, 1);
  table.hold(slot, -1);
  assert.equal(table.collect(), undefined);
  table.hold(slot, 1);
  assert.deepEqual(table.collect(), { keys: ['a'], admitted: [0], held: [1] });
  assert.equal(table.collect(), undefined);
});

test('what others let go of never makes a count negative or a place out of nothing', () => {
  const table = new KeyTable('t', 10);
  table.apply('unheard', 0, -3, 0, 0);
  assert.equal(table.size, 0);
  table.apply('a', 0, 2, 0, 0);
  table.apply('a', 0, -5, 0, 0);
  const slot = table.find('a');
  assert.equal(table.heldAt(slot), 0);
  table.apply('a', 0, 1, 0, 0);
  assert.equal(table.heldAt(slot), 1);
  const full = new KeyTable('t', 1);
  full.hold(full.slotFor('x', 0), 1);
  full.apply('y', 0, 4, 0, 0);
  assert.equal(full.heldAt(overflowSlot), 0, 'nobody could take it back from there');
});

test('a flood of new keys costs a bounded time and a bounded table', () => {
  const table = new KeyTable('t', 20_000);
  const started = process.cpuUsage();
  for (let index = 0; index < 300_000; index += 1) {
    const slot = table.slotFor(`k${index}`, index / 100);
    table.take(slot, index / 100, 10_000);
  }
  assert.ok(process.cpuUsage(started).user < 4e6);
  assert.equal(table.size, 20_000);
  assert.ok(table.overflowed > 200_000);
});

test('who begins to share tells first what is held already, once', () => {
  const table = new KeyTable('t', 100);
  const before = table.slotFor('before', 0);
  table.hold(before, 1);
  table.hold(before, 1);
  table.take(table.slotFor('only a rate', 0), 0, 1000);
  assert.equal(table.collect(), undefined, 'alone: nothing is noted');
  table.share();
  table.share();
  table.hold(before, -1);
  assert.deepEqual(table.collect(), { keys: ['before'], admitted: [0], held: [1] });
  assert.equal(table.collect(), undefined);
});
