// Tests of query.ts: each filter field admits what it should, and the quick looks never rule out what matches.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { AuditRecord } from '#contract/audit-record.ts';
import type { Outcome } from '#contract/audit-record.ts';
import { encodeRecord } from './encode.ts';
import { linesOf } from './lines.ts';
import { CompiledFilter, FilterError } from './query.ts';
import type { AuditFilter } from './query.ts';
import { parseRecord } from './record.ts';
import { indexBlock } from './store/block-index.ts';

const record = Object.assign(new AuditRecord(), {
  id: 'i1', session: 's1', timeMs: 5000, service: 'shop', client: '203.0.113.9', user: 'eve', verb: 'GET', host: 'www.shop.example',
  path: '/cart/"x"/add', status: 404, rule: 'no-cart', outcome: 'denied', reason: 'Not today',
});
const line = encodeRecord(record);

const cases: [AuditFilter, boolean][] = [
  [{}, true],
  [{ fromMs: 5000 }, true], [{ fromMs: 5001 }, false], [{ toMs: 5000 }, false], [{ toMs: 5001 }, true],
  [{ kinds: ['operation'] }, true], [{ kinds: ['session', 'control'] }, false],
  [{ services: ['shop'] }, true], [{ services: ['blog', 'shop'] }, true], [{ services: ['sho'] }, false], [{ services: [] }, true],
  [{ outcomes: ['denied', 'refused'] }, true], [{ outcomes: ['allowed'] }, false],
  [{ rules: ['no-cart'] }, true], [{ rules: ['cart'] }, false],
  [{ clients: ['203.0.113.9'] }, true], [{ clients: ['203.0.113.90'] }, false], [{ clients: ['10.0.0.0/8', '203.0.113.0/24'] }, true],
  [{ clients: ['2001:db8::/32'] }, false], [{ clients: ['::ffff:203.0.113.9'] }, true],
  [{ session: 's1' }, true], [{ session: 's' }, false], [{ user: 'eve' }, true], [{ user: 'bob' }, false],
  [{ verbs: ['POST'] }, false], [{ verbs: ['GET', 'POST'] }, true],
  [{ host: 'WWW.shop.example' }, true], [{ host: '*.shop.example' }, true], [{ host: '*.example' }, true], [{ host: 'shop.example' }, false],
  [{ path: '"x"' }, true], [{ path: 'CART' }, false],
  [{ statusFrom: 404, statusTo: 404 }, true], [{ statusFrom: 400, statusTo: 499 }, true], [{ statusFrom: 405 }, false], [{ statusTo: 403 }, false],
  [{ statusFrom: 200, statusTo: 499 }, true],
  [{ text: 'not TODAY' }, true], [{ text: 'CART/"X"' }, true], [{ text: 'tomorrow' }, false],
];
for (const [filter, wanted] of cases) {
  test(`${JSON.stringify(filter)} is ${wanted}`, () => {
    assert.equal(new CompiledFilter(filter).matchLine(line, parseRecord) !== undefined, wanted);
  });
}

test('a wrong network is said', () => {
  assert.throws(() => new CompiledFilter({ clients: ['10.0.0.0/33'] }), FilterError);
  assert.throws(() => new CompiledFilter({ clients: ['shop'] }), FilterError);
});

test('neither the block index nor the text rules out a record that matches', () => {
  const name = fc.constantFrom('a', 'b', 'c"');
  const outcome = fc.constantFrom<Outcome>('allowed', 'denied', 'error');
  const made = fc.record({ timeMs: fc.integer({ min: 1000, max: 1010 }), service: name, outcome, rule: name, path: name, status: fc.constantFrom(0, 200, 404, 500) });
  const asked = fc.record({
    fromMs: fc.integer({ min: 999, max: 1011 }), toMs: fc.integer({ min: 999, max: 1011 }), services: fc.array(name, { maxLength: 2 }),
    outcomes: fc.array(outcome, { maxLength: 2 }), rules: fc.array(name, { maxLength: 2 }), path: name, statusFrom: fc.constantFrom(200, 400, 500),
    statusTo: fc.constantFrom(299, 404, 599), text: name,
  }, { requiredKeys: [] });
  fc.assert(fc.property(fc.array(made, { minLength: 1, maxLength: 6 }), asked, (records, query) => {
    const filter = new CompiledFilter(query);
    const lines = records.map((change) => encodeRecord(Object.assign(new AuditRecord(), change)));
    const text = `${lines.join('\n')}\n`;
    const matching = lines.filter((each) => filter.matches(parseRecord(each)!) && (query.text === undefined || each.includes(JSON.stringify(query.text).slice(1, -1))));
    if (matching.length === 0) return;
    assert.ok(filter.blockMayMatch(indexBlock(linesOf(text))));
    assert.ok(filter.textMayMatch(text));
    for (const each of matching) assert.ok(filter.matchLine(each, parseRecord));
  }), { numRuns: 1000 });
});
