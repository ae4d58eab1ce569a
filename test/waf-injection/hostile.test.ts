// Hostile input: nothing throws on any mixture of bytes, and time grows with length, not faster.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detectSqli, detectXss } from '#inspection/waf/injection/index.ts';

/** CPU milliseconds of both detectors on one value, the best of three. */
function cost(value: string): number {
  let best = Infinity;
  for (let round = 0; round < 3; round++) {
    const from = process.cpuUsage();
    detectSqli(value);
    detectXss(value);
    const used = process.cpuUsage(from);
    best = Math.min(best, (used.user + used.system) / 1000);
  }
  return best;
}

const units = [
  "'", '"', '`', "''", "\\'", '\\', '-', '--', '-- \n', '/*', '*/', '/**/', '/*!', '#', '#\n', 'a', 'a ', 'a.', 'select.', 'select ', '1', '1+',
  '1,', '1;', '1e', '(', ')', '()', '((1))', '{a ', '}', '[', ']', '[a',
  '$', '$a', '$$', '$a$', '@', "@'", '@`', "q'[", "x'00", "b'0", "u&'", '=', '=-', ' ', '\0', '\xa0', '\xff', ';if(', 'in ', 'not in ', 'and ',
  'and not ', 'collate a_', ',-', '.', ':', '::', '<', '<a', '<a ', '<a b=', '<!--',
  '<!-', '--!', '<%', '%', '<?', '<![CDATA[', ']]', '</', '</>', '<!doctype', '>', '<>', '/', '=/', 'a=', 'a=b ', "a='", '&#', '&#x0', 'href=&#0',
  ' href=\n', 'on\0', '-\0', "<a b='", '<a b="c"',
];

test('time is linear in runs of every unit', () => {
  for (const unit of units) {
    const run = (length: number): string => `${unit.repeat(Math.ceil(length / unit.length))}' "<x y=' or`;
    for (let i = 0; i < 20; i++) cost(run(1000));
    const short = cost(run(10_000));
    const long = cost(run(100_000));
    assert.ok(long < Math.max(30, short * 40), `${JSON.stringify(unit)}: ${short} ms for 10 kB, ${long} ms for 100 kB`);
  }
});

test('nothing throws on random bytes and fragments', () => {
  let seed = 7;
  const next = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >>> 8) % below;
  };
  let matches = 0;
  for (let round = 0; round < 40_000; round++) {
    let value = '';
    for (let i = next(14); i > 0; i--) value += next(3) === 0 ? String.fromCharCode(next(256)) : units[next(units.length)]!;
    const verdict = detectSqli(value);
    assert.equal(verdict.match, verdict.fingerprint !== '');
    assert.ok(verdict.fingerprint.length <= 5);
    if (detectXss(value) || verdict.match) matches++;
  }
  assert.ok(matches > 100 && matches < 40_000, `${matches}`);
});
