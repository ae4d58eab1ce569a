// The gate may only spare values that the scanner would call harmless: by the reason that its header gives, and by trial.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attackKeys, fingerprintText } from './sqli-fingerprints.ts';
import { cannotMatch, hotKinds } from './sqli-gate.ts';
import { KIND_LETTERS } from './sqli-tokens.ts';
import { eachWord } from './sqli-words.ts';
import { isInjectedByScanner } from './sqli.ts';

test('every fingerprint of the table has a token that the gate stops at', () => {
  const hot = [...hotKinds].map((kind) => KIND_LETTERS.charAt(kind));
  const stops = new Set([...hot, ...'sc()X']);
  let count = 0;
  for (const key of attackKeys()) {
    count++;
    const fingerprint = fingerprintText(key);
    assert.ok(/ov|^.k.$/.test(fingerprint) || [...fingerprint].some((letter) => stops.has(letter)), fingerprint);
  }
  assert.ok(count > 1000);
});

test('hot words begin with letters, or are character sets', () => {
  eachWord((text, kind) => {
    if (hotKinds.has(kind)) assert.match(text, /^([A-Z]+[0-9_ ]?|_[A-Z0-9]+$)/);
  });
});

test('the gate stops at words wherever they may begin', () => {
  const open = [
    '1 union select 2', '1UNION', '0xabUNION SELECT', '1.e5union', '1.fUNION', '1;if', 'a.b or c', '1--', 'a/*', '1&&1', 'or', "'", '@@x or 1',
    '-1/or', '1 - @x', '1 is@x', '2=@@version', '5/ null', '3 + current_user', '1 _utf8 a where b', '1 int4 a where b', '1 into outfile a',
  ];
  for (const value of open) {
    assert.equal(cannotMatch(value), false, value);
  }
  for (const value of ['', 'electronics', 'blue shoes', '2024-05-17T10:20:30.123Z', 'orange', 'a=1&b=2', 'jane.doe@example.com', 'é è',
  'selection']) {
    assert.equal(cannotMatch(value), true, value);
  }
});

test('values that the gate spares are harmless to the scanner', () => {
  const parts = [
    '1', '0x1f', '1.', '.5', 'e5', 'f', 'd', 'union', 'UNION', 'select', 'or', 'and', 'if', 'ifnull', 'foo', '_a', ' ', '  ',
    '-', '/', '*', '+', '=', '<', '>', ':', '::', '.',
    ',', ';', '@', '@@', '[', ']', '{', '}', '?', '!', '~', '%', '^', '|', '&', 'in', 'like', 'not', 'null', 'true', 'load', 'data',
    'waitfor', 'delay', 'group', 'by', 'limit', '\xa0', '\0', '\x80',
    'x', 'b', 'q', 'n', 'u', 'int', 'collate', 'a_b', 'exec', 'procedure', 'analyse', 'user', 'begin', '_utf8', '_ga', 'int4', 'text', 'current_user', 'current',
      'date', 'similar', 'to', 'from',
    'regexp', 'uescape', 'into', 'outfile', 'goto', 'having', 'case', 'when',
  ];
  let seed = 12345;
  const next = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >>> 8) % below;
  };
  let spared = 0;
  for (let round = 0; round < 60000; round++) {
    let value = '';
    for (let i = 1 + next(9); i > 0; i--) value += parts[next(parts.length)]!;
    if (!cannotMatch(value)) continue;
    spared++;
    assert.equal(isInjectedByScanner(value), false, JSON.stringify(value));
  }
  assert.ok(spared > 5000, `${spared}`);
});
