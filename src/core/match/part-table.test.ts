// Tests of part-table.ts: what a Map of the cut-out texts would say.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { partHash, PartTable } from './part-table.ts';

interface Numbered { readonly part: string; readonly hash: number; readonly number: number }

function tableOf(parts: readonly string[], hash: (part: string) => number = partHash): PartTable<Numbered> {
  const table = new PartTable<Numbered>();
  parts.forEach((part, number) => { table.add({ part, hash: hash(part), number }); });
  return table;
}

test('finds what a map finds, in the middle of other text', () => {
  const word = fc.string({ maxLength: 4, unit: fc.constantFrom('a', 'b', '-', 'ü', '\u0000') });
  fc.assert(fc.property(fc.uniqueArray(word, { maxLength: 60 }), fc.array(word, { maxLength: 20 }), word, word, (parts, asked, before, behind) => {
    const map = new Map(parts.map((part, number) => [part, number]));
    const table = tableOf(parts);
    assert.equal(table.entries.length, map.size);
    for (const part of [...parts, ...asked]) {
      assert.equal(table.find(`${before}${part}${behind}`, before.length, before.length + part.length)?.number, map.get(part));
    }
  }), { numRuns: 300 });
});

test('a thousand parts, and parts that meet in one slot', () => {
  const table = tableOf(Array.from({ length: 1000 }, (_, number) => `route-${number}`));
  for (let number = 0; number < 1000; number++) assert.equal(table.find(`/route-${number}/`, 1, 7 + String(number).length)?.number, number);
  assert.equal(table.find('/route-1000/', 1, 11), undefined);
  assert.equal(table.find('', 0, 0), undefined);
  const parts = Array.from({ length: 200 }, (_, number) => `x${number}`);
  const meeting = tableOf(parts, (part) => partHash(part) & ~0xff);
  assert.deepEqual(meeting.entries.map(({ part }) => part), parts);
});
