// Tests of zones: nesting by containment, inclusion, order, and what the schema refuses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zonesSettings } from './settings.ts';
import { compileZones } from './zones.ts';

const zones = (settings: unknown) => compileZones(zonesSettings().parse(settings));

test('the innermost zone comes first, any last', () => {
  const all = zones({
    office: { networks: ['10.0.0.0/8', 'fd00::/8'] },
    servers: { networks: ['10.1.0.0/16'] },
    database: { networks: ['10.1.2.3'] },
  });
  assert.deepEqual(all.zonesOf('10.1.2.3'), ['database', 'servers', 'office', 'any']);
  assert.deepEqual(all.zonesOf('::ffff:10.1.2.4'), ['servers', 'office', 'any']);
  assert.deepEqual(all.zonesOf('fd12::1'), ['office', 'any']);
  assert.deepEqual(all.zonesOf('192.0.2.1'), ['any']);
  assert.deepEqual(all.zonesOf(''), ['any']);
  assert.equal(all.zonesOf('10.1.9.9'), all.zonesOf('10.1.8.8'), 'one shared list');
  assert.ok(Object.isFrozen(all.zonesOf('10.1.9.9')));
  assert.equal(all.has('any') && all.has('servers') && !all.has('nowhere'), true);
});

test('a zone that includes others lies outside of them', () => {
  const all = zones({
    company: { networks: ['10.1.2.0/24'], includes: ['inside', 'outside'] },
    inside: { includes: ['office'] },
    office: { networks: ['10.0.0.0/8'] },
    outside: { networks: ['198.51.100.0/24'] },
  });
  assert.deepEqual(all.zonesOf('10.1.2.3'), ['office', 'inside', 'company', 'any']);
  assert.deepEqual(all.zonesOf('198.51.100.9'), ['outside', 'company', 'any']);
  assert.deepEqual(all.zones.find((zone) => zone.name === 'company')!.networks, ['10.1.2.0/24', '10.0.0.0/8', '198.51.100.0/24']);
});

test('of zones with the same network the one declared first is the inner', () => {
  assert.deepEqual(zones({ a: { networks: ['10.0.0.0/8'] }, b: { networks: ['10.0.0.0/8', '10.1.0.0/16'] } }).zonesOf('10.1.2.3'), ['a', 'b', 'any']);
});

test('settings that cannot be meant are refused with their place', () => {
  const problem = (settings: unknown): string => {
    const parsed = zonesSettings().safeParse(settings);
    assert.equal(parsed.success, false, JSON.stringify(settings));
    const issue = parsed.error!.issues[0]!;
    return `${issue.path.join('.')}: ${issue.message}`;
  };
  assert.match(problem({ any: { networks: ['10.0.0.0/8'] } }), /^any: .*built in/);
  assert.match(problem({ a: {} }), /^a: .*networks/);
  assert.match(problem({ a: { networks: ['10.0.0.0/40'] } }), /^a\.networks\.0: /);
  assert.match(problem({ a: { includes: ['b'] } }), /^a\.includes\.0: there is no zone "b"/);
  assert.match(problem({ a: { includes: ['b'] }, b: { includes: ['c'] }, c: { includes: ['a'] } }), /circle/);
  assert.match(problem({ a: { includes: ['a'] } }), /circle/);
  assert.match(problem({ a: { networks: ['10.0.0.0/8'], net: [] } }), /net/);
  assert.throws(() => compileZones({ a: { networks: [], includes: ['b'] }, b: { networks: [], includes: ['a'] } }), /includes itself/);
});
