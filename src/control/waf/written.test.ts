// Exclusions in a configuration document: found, added and taken away where the rules are configured.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredRecord } from '#audit/record.ts';
import { exclusionsFor, wafPlace, withEntries, withoutEntries, writtenExclusions } from './written.ts';

const service = { waf: { ruleset: 'crs', exclusions: [{ rule: 9 }, { rule: [942_100, 942_200], target: 'ARGS:q', path: '/search' }] },
  routes: [{ id: 'all' }, { waf: { mode: 'detect', exclusions: [{ rule: '942000-942999', path: '/search' }] } }] };
const document = { services: { shop: service, plain: { pool: 'x' }, odd: null } };
const entry = { rule: 1, target: 'ARGS:a', path: '/' };

test('they are added where the rules are configured', () => {
  assert.deepEqual(wafPlace(service, 'all'), ['waf']);
  assert.deepEqual(wafPlace(service, 'route-2'), ['routes', 1, 'waf']);
  assert.equal(wafPlace({ routes: [] }, ''), undefined);
  assert.equal(wafPlace({ waf: 'off' }, ''), undefined);
  assert.deepEqual(withEntries(service, ['waf'], [entry]), { ...service, waf: { ...service.waf, exclusions: [...service.waf.exclusions, entry] } });
  assert.deepEqual((withEntries({ waf: { ruleset: 'crs' } }, ['waf'], [entry])['waf'] as object), { ruleset: 'crs', exclusions: [entry] });
});

test('all are listed with their places, and taken away by them', () => {
  const all = writtenExclusions(document);
  assert.deepEqual(all.map(({ number, service: name, route, path, index }) => [number, name, route, path.join('.'), index]),
    [[1, 'shop', '', 'services.shop.waf', 0], [2, 'shop', '', 'services.shop.waf', 1], [3, 'shop', 'route-2', 'services.shop.routes.1.waf', 0]]);
  assert.deepEqual((withoutEntries(service, [all[0]!])['waf'] as { exclusions: unknown }).exclusions, [service.waf.exclusions[1]]);
  assert.deepEqual((withoutEntries(service, [all[2]!])['routes'] as unknown[])[1], { waf: { mode: 'detect', exclusions: [] } });
});

test('those of a record: same service, path, rule and variable; what the route has goes first', () => {
  const record = (route: string, id: number, variable: string, path = '/search'): StoredRecord => ({
    time: 1, id: 'r', kind: 'operation', outcome: 'denied', service: 'shop', route, path,
    facts: { waf: { action: 'deny', by: '949110', rules: [{ id, values: { [variable]: 'x' } }] } },
  });
  const numbers = (one: StoredRecord): number[] => exclusionsFor(one, writtenExclusions(document)).map(({ number }) => number);
  assert.deepEqual(numbers(record('all', 942_100, 'ARGS:q')), [2]);
  assert.deepEqual(numbers(record('route-2', 942_100, 'ARGS:q')), [3]);
  assert.deepEqual(numbers(record('all', 942_100, 'ARGS:other')), []);
  assert.deepEqual(numbers(record('all', 942_101, 'ARGS:q')), []);
  assert.deepEqual(numbers(record('all', 942_100, 'ARGS:q', '/elsewhere')), []);
});
