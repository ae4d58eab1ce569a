// The scan in front of all patterns against a plain search for every literal: short values and long ones, which are read in
// four lanes, with a literal at every place, across the borders of the lanes too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classesIn } from '../transformations/contract.ts';
import { Automaton, ScanResult, type GateLiterals } from './automaton.ts';

const gates: readonly GateLiterals[] = [
  { gate: 0, sets: [['select', 'union'], ['from', '(']] },
  { gate: 1, sets: [['x']] },
  { gate: 2, sets: [['electron', 'lectr']] },
  { gate: 40, sets: [['\xe9\x00'], ['=']] },
  { gate: 41, sets: [['abababab', 'baba']] },
];
const automaton = new Automaton([...gates, ...Array.from({ length: 60 }, (_, i) => ({ gate: 42 + i, sets: [[`never${i}`]] }))]);
const into = new ScanResult(automaton.words);

function isLive(gate: number): boolean {
  return ((into.first[gate >> 5]! & into.second[gate >> 5]!) >> (gate & 31) & 1) === 1;
}

function agrees(value: string): void {
  automaton.scan(value, into);
  const folded = value.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  for (const { gate, sets } of gates) {
    const expected = sets.every((set) => set.some((literal) => folded.includes(literal)));
    assert.equal(isLive(gate), expected, `gate ${gate} of ${JSON.stringify(value.slice(0, 60))}, ${value.length} bytes`);
  }
  assert.equal(into.classes, classesIn(value));
}

test('a literal is found at every place of a value of any length', () => {
  for (const length of [0, 1, 7, 8, 159, 160, 161, 163, 200, 255]) {
    const blank = '.'.repeat(length);
    agrees(blank);
    for (const literal of ['SELECT', 'electron', 'x', '\xe9\x00', 'ababababa']) {
      for (let at = 0; at + literal.length <= length; at++) agrees(blank.slice(0, at) + literal + blank.slice(at + literal.length));
    }
  }
});

test('both sets of a gate count, wherever they stand', () => {
  for (const length of [50, 400, 401, 402, 403]) {
    for (const at of [0, 11, length - 20]) agrees(`${'-'.repeat(at)}union${'-'.repeat(length - at - 9)}from`);
    agrees(`${'-'.repeat(length)}union`);
  }
});

test('a value that overlaps its own literals', () => {
  for (let length = 150; length < 180; length++) agrees('selelectron'.repeat(40).slice(0, length));
});
