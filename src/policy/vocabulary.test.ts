// Verbs and attributes that a protocol lists as all that there are: a rule or limit for another is refused, since it would never match.
/* oxlint-disable unicorn/no-thenable -- `then` is the word that rules use */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { files, web } from './fixtures.ts';
import { buildLimitSettings } from './limits/settings.ts';
import { buildRuleSettings } from './settings.ts';
import { keysOf, verbsOf, type Vocabulary } from './vocabulary.ts';

const closed: Vocabulary = {
  protocol: 'tape', verbsKey: 'moves', verbs: ['WIND', 'PLAY'], attributes: [{ kind: 'tape', description: 'Facts.', caseInsensitiveKey: true, keys: ['side'] }],
};
const all = [web, files, closed];

test('what is listed is all that there is; what lists nothing takes anything', () => {
  const rules = buildRuleSettings(all);
  const passes = (operation: object): boolean => rules.safeParse([{ id: 'a', operation, then: 'deny' }]).success;
  for (const operation of [{ moves: 'WIND' }, { moves: ['WIND', 'PLAY'], tape: { side: 'b' } }, { methods: 'ANY' }, { header: { 'x-any': 'a' } }]) {
    assert.ok(passes(operation), JSON.stringify(operation));
  }
  for (const operation of [{ moves: 'wind' }, { moves: ['WIND', 'REWIND'] }, { tape: { sides: 'b' } }]) assert.ok(!passes(operation), JSON.stringify(operation));
  const limits = buildLimitSettings(all);
  for (const [key, good] of [['tape:side', true], ['tape:SIDE', true], ['tape:speed', false], ['header:x-any', true]] as const) {
    assert.equal(limits.safeParse({ l: { key, requests: '1/s' } }).success, good, key);
  }
});

test('of two protocols with one word, both have to list', () => {
  const open: Vocabulary = { protocol: 'disc', verbsKey: 'moves', attributes: [{ kind: 'tape', description: 'Facts.', caseInsensitiveKey: true }] };
  assert.deepEqual(verbsOf([closed, { ...closed, protocol: 'reel', verbs: ['CUT', 'PLAY'] }], 'moves'), ['WIND', 'PLAY', 'CUT']);
  assert.equal(verbsOf([closed, open], 'moves'), undefined);
  assert.deepEqual(keysOf([closed], 'tape'), ['side']);
  assert.equal(keysOf([closed, open], 'tape'), undefined);
});
