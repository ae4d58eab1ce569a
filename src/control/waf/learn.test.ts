// What is learned of arguments, and that the rules which come of it load and say what they should.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredRecord } from '#audit/record.ts';
import { loadRuleSet, memorySource } from '#inspection/waf/index.ts';
import { LearningBuilder, learningLimits, pathPattern, proposedRules } from './learn.ts';

function recordOf(path: string, params: string, more: Partial<StoredRecord> = {}): StoredRecord {
  return { time: 1, kind: 'operation', outcome: 'allowed', service: 'shop', verb: 'GET', path, params, client: '192.0.2.1', status: 200, ...more };
}

function learned(...records: StoredRecord[]) {
  const builder = new LearningBuilder();
  for (const record of records) builder.add(record);
  return builder.report(1);
}

test('segments that name one thing of many are alike', () => {
  assert.equal(pathPattern('/users/42/orders/0b7e4f5a-1c2d-4e3f-8a9b-0c1d2e3f4a5b'), '/users/*/orders/*');
  assert.equal(pathPattern('/static/0123456789abcdef/app.js'), '/static/*/app.js');
  assert.equal(pathPattern('/cafe/added'), '/cafe/added');
});

test('kinds, lengths, repetition; the narrowest kind that all values have been', () => {
  const { paths, skipped } = learned(
    recordOf('/search', 'q=garden+shed&page=2&sort=price&id=7&pw=***&on=true&at=2026-01-02'),
    recordOf('/search', 'q=x&page=10&sort=name_asc&id=7.5&tag=a&tag=b&on=no&at=2026-01-02T03:04:05Z'),
    recordOf('/search', 'page=&m=anna%40example.org&u=0b7e4f5a-1c2d-4e3f-8a9b-0c1d2e3f4a5b&h=deadbeef00'),
    recordOf('/item/1', 'x=1', { client: '192.0.2.2', verb: 'POST' }), recordOf('/item/2', 'x=2', { client: '192.0.2.3' }),
  );
  assert.equal(skipped, 0);
  const [search, item] = paths;
  assert.deepEqual(search!.arguments.map(({ name, requests, kind, maxLength, repeated }) => [name, requests, kind, maxLength, repeated]), [
    ['page', 3, 'integer', 2, false], ['at', 2, 'date', 20, false], ['id', 2, 'number', 3, false], ['on', 2, 'boolean', 4, false], ['q', 2, 'text', 11, false],
    ['sort', 2, 'word', 8, false], ['h', 1, 'hex', 10, false], ['m', 1, 'email', 16, false], ['pw', 1, 'secret', 0, false],
    ['tag', 1, 'word', 1, true], ['u', 1, 'uuid', 36, false],
  ]);
  assert.deepEqual([item!.path, item!.methods, item!.requests, item!.clients], ['/item/*', ['GET', 'POST'], 2, 2]);
});

test('only what was allowed, answered well and found harmless teaches; names in forms count too', () => {
  const waf = (rules: object[], form = ''): Partial<StoredRecord> => ({
    facts: { waf: { action: 'pass', rules, ...(form === '' ? {} : { request: { headers: {}, form } }) } },
  });
  const { paths, skipped } = learned(
    recordOf('/a', 'x=1', { outcome: 'denied' }), recordOf('/a', 'x=1', { status: 404 }),
    recordOf('/a', 'x=1', waf([{ id: 1, values: {} }])), recordOf('/b', '', waf([], '?c=1&d=2')),
  );
  assert.equal(skipped, 3);
  assert.deepEqual(paths.map(({ path, arguments: found }) => [path, found.map(({ name }) => name)]), [['/b', ['c', 'd']]]);
});

test('limits, at N and N+1', () => {
  const names = (count: number): string => Array.from({ length: count }, (_, index) => `n${index}=1`).join('&');
  assert.equal(learned(recordOf('/a', names(learningLimits.maxArguments))).paths[0]!.open, false);
  assert.equal(learned(recordOf('/a', names(learningLimits.maxArguments + 1))).paths[0]!.open, true);
  const many = Array.from({ length: learningLimits.maxPaths + 1 }, (_, index) => recordOf(`/p${index}x`, ''));
  assert.equal(learned(...many.slice(1)).skipped, 0);
  assert.equal(learned(...many).skipped, 1);
});

test('the rules load, report what is new or of another kind, and are silent otherwise; hostile names get into none', () => {
  const { paths } = learned(recordOf('/search', 'q=garden+shed&page=2&items[0]=a-b'), recordOf('/item/7', 'n=-5'), recordOf('/odd"\n', 'x=1'), recordOf('/bad', "a%22'%0a=1"));
  const text = proposedRules(paths, 9_000_000);
  assert.equal(text.match(/^# left out: /gm)?.length, 2);
  const loaded = loadRuleSet({ parts: [{ name: 'learned', text: `SecRuleEngine On\n${text}` }], source: memorySource({}) });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const found = (target: string): string[] => {
    const tx = loaded.ruleSet.begin({ clientAddress: '192.0.2.1', clientPort: 1, serverAddress: '192.0.2.2', serverPort: 80, uniqueId: 'x', nowMs: 0, reputation: null });
    tx.requestLine('GET', target, 'HTTP/1.1');
    assert.equal(tx.endRequestHeaders() ?? tx.endRequestBody(), null);
    return tx.finish(1).matches.map(({ message }) => message);
  };
  assert.deepEqual(found("/search?q=anything+at+all+'%3C&page=12345678&items[0]=c.d"), []);
  assert.deepEqual(found('/item/99?n=7'), []);
  assert.deepEqual(found('/elsewhere?new=1'), []);
  assert.deepEqual(found('/search?debug=1'), ['Argument that this path has not been seen with']);
  assert.deepEqual(found('/search?page=1+or+1'), ['Argument page is no integer of up to 8 characters']);
  assert.deepEqual(found('/search?page=1%0a%3Cscript%3E'), ['Argument page is no integer of up to 8 characters'], 'a value of which one line fits');
  assert.deepEqual(found('/item/1?n=123456789'), ['Argument n is no integer of up to 8 characters']);
  assert.deepEqual(found('/item/1/2?n=x'), []);
});
