// Tests of references from rules and limits to other sections.
/* oxlint-disable unicorn/no-thenable -- `then` is the word that rules use */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLimits, checkRules } from './check.ts';

const known = { zones: ['office'], services: ['shop', 'files'], listeners: ['plain'], protocols: ['web'] };

test('names that do not exist are found with their place and a hint', () => {
  const problems = checkRules([
    { id: 'a', service: 'shop', listener: 'plain', protocol: 'web', from: ['office', 'any', '10.0.0.0/8'], then: 'allow' },
    { id: 'b', service: ['shop', 'shpo'], from: 'Office', unless: [{ user: 'x' }, { from: ['any', 'moon'] }], then: 'deny' },
    { id: 'c', listener: 'tls', protocol: 'ftp', unless: { from: 'moon' }, then: 'deny' },
  ], known);
  assert.deepEqual(problems.map((problem) => [problem.path.join('.'), problem.message]), [
    ['1.service.1', 'there is no service "shpo"'],
    ['1.from', 'there is no zone "Office"'],
    ['1.unless.1.from.1', 'there is no zone "moon"'],
    ['2.listener', 'there is no listener "tls"'],
    ['2.protocol', 'there is no protocol "ftp"'],
    ['2.unless.from', 'there is no zone "moon"'],
  ]);
  assert.equal(problems[1]!.hint, 'did you mean "office"?');
  assert.deepEqual(checkLimits({ slow: { requests: { count: 1, perMs: 1000 }, service: 'web' } }, known).map((problem) => problem.path), [['slow', 'service']]);
});
