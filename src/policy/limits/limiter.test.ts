// Tests of limits: N passes and N + 1 does not, for every measure and key; release, reload, explanation, refusals.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { StepList, operation, vocabularies } from '../fixtures.ts';
import { zonesSettings } from '../settings.ts';
import { compileZones } from '../zones.ts';
import { compileLimits } from './limiter.ts';
import type { ConnectionFacts, Limiter } from './limiter.ts';
import { buildLimitSettings } from './settings.ts';

const zones = compileZones(zonesSettings().parse({ office: { networks: ['10.0.0.0/8'] } }));

function limiterOf(limits: unknown, previous?: Limiter): Limiter {
  return compileLimits(buildLimitSettings(vocabularies).parse(limits), zones, vocabularies, previous);
}

const client = (address: string, user?: string) => ({ subject: { address, zones: zones.zonesOf(address), user } });

/** How many pass at one moment before the first refusal. */
function passing(limiter: Limiter, make: () => ReturnType<typeof operation>, nowMs: number, atMost = 1000): number {
  let count = 0;
  while (count < atMost && limiter.admit(make(), nowMs) === undefined) count += 1;
  return count;
}

test('a rate lets its count through at once and no more, and again as time passes', () => {
  const limiter = limiterOf({ slow: { requests: '10/s' } });
  assert.equal(passing(limiter, operation, 0), 10);
  const refusal = limiter.admit(operation(), 0)!;
  assert.deepEqual(refusal, {
    limit: 'slow', retryAfterMs: 100, maximum: 10, remaining: 0, windowMs: 1000, reason: 'more than 10 in 1s, counted by address', action: 'deny', status: 0, message: '',
  });
  assert.equal(passing(limiter, operation, 99), 0);
  assert.equal(passing(limiter, operation, 100), 1);
  assert.equal(passing(limiter, operation, 1100), 10);
  assert.equal(passing(limiter, operation, 60_000), 10, 'what was not used is not saved up beyond the burst');
});

test('a refusal says when to come again, and then it is right', () => {
  const moment = fc.double({ min: 0, max: 1e9, noNaN: true });
  fc.assert(fc.property(fc.integer({ min: 1, max: 2000 }), fc.constantFrom('s', 'm', 'h'), fc.integer({ min: 1, max: 50 }), moment, (count, unit, burst, nowMs) => {
    const limiter = limiterOf({ a: { requests: `${count}/${unit}`, burst } });
    assert.equal(passing(limiter, operation, nowMs), burst);
    const refusal = limiter.admit(operation(), nowMs)!;
    assert.ok(refusal.retryAfterMs > 0);
    assert.equal(limiter.admit(operation(), nowMs + refusal.retryAfterMs), undefined);
  }), { numRuns: 200 });
});

test('burst is apart from the rate', () => {
  const limiter = limiterOf({ a: { requests: '60/m', burst: 3 } });
  assert.equal(passing(limiter, operation, 0), 3);
  assert.equal(passing(limiter, operation, 1000), 1);
  assert.equal(passing(limiter, operation, 10_000), 3);
});

test('concurrent operations: N and N + 1, and again after a release', () => {
  const limiter = limiterOf({ a: { concurrent: 3 } });
  const held = [operation(), operation(), operation()];
  for (const one of held) assert.equal(limiter.admit(one, 0), undefined);
  const refusal = limiter.admit(operation(), 0)!;
  assert.equal(refusal.maximum, 3);
  assert.equal(refusal.retryAfterMs, 1000);
  assert.match(refusal.reason, /more than 3 operations under way/);
  limiter.release(held[1]!);
  limiter.release(held[1]!);
  assert.equal(limiter.admit(held[1]!, 0), undefined);
  assert.notEqual(limiter.admit(operation(), 0), undefined, 'a second release gave nothing');
  assert.equal(limiter.admit(operation({ ...client('192.0.2.1') }), 0), undefined, 'another client has its own count');
});

test('a second release does nothing, also later', () => {
  const limiter = limiterOf({ a: { concurrent: 2 } });
  const first = operation();
  limiter.admit(first, 0);
  limiter.release(first);
  assert.equal(first.admission, undefined);
  limiter.release(first);
  const [second, third] = [operation(), operation()];
  limiter.admit(second, 0);
  limiter.admit(third, 0);
  assert.notEqual(second.admission, third.admission);
  limiter.release(second);
  assert.equal(limiter.admit(operation(), 0), undefined);
  assert.notEqual(limiter.admit(operation(), 0), undefined, 'the third still holds its place');
});

test('a refused operation holds and costs nothing', () => {
  const limiter = limiterOf({ rate: { requests: '5/s', key: 'none' }, same: { concurrent: 1 } });
  const first = operation();
  assert.equal(limiter.admit(first, 0), undefined);
  for (let round = 0; round < 20; round += 1) {
    const refused = operation();
    assert.equal(limiter.admit(refused, 0)!.limit, 'same');
    assert.equal(refused.admission, undefined);
    limiter.release(refused);
  }
  limiter.release(first);
  let host = 0;
  assert.equal(passing(limiter, () => operation({ path: '/', ...client(`192.0.2.${++host}`) }), 0), 4, 'four of five are left');
});

function connection(address: string): ConnectionFacts { return { listener: 'plain', service: 'shop', address, zones: zones.zonesOf(address), admission: undefined }; }

test('connections: N and N + 1 per address, exceptions, release', () => {
  const limiter = limiterOf({ a: { connections: 2, service: 'shop', unless: { from: 'office' } } });
  const held = [connection('192.0.2.1'), connection('192.0.2.1')];
  for (const one of held) assert.equal(limiter.admitConnection(one, 0), undefined);
  assert.match(limiter.admitConnection(connection('192.0.2.1'), 0)!.reason, /more than 2 connections/);
  assert.equal(limiter.admitConnection(connection('192.0.2.2'), 0), undefined);
  for (let count = 0; count < 5; count += 1) assert.equal(limiter.admitConnection(connection('10.0.0.1'), 0), undefined);
  assert.equal(limiter.admitConnection({ ...connection('192.0.2.1'), service: 'other' }, 0), undefined);
  limiter.releaseConnection(held[0]!);
  assert.equal(limiter.admitConnection(connection('192.0.2.1'), 0), undefined);
  assert.equal(limiter.admit(operation(), 0), undefined, 'operations are not counted by it');
});

const keys: [unknown, Parameters<typeof operation>[0], Parameters<typeof operation>[0], Parameters<typeof operation>[0]][] = [
  // key, an operation, one that shares its count, one that does not
  ['address', client('192.0.2.1'), client('192.0.2.1'), client('192.0.2.2')],
  ['address', client('2001:db8::1'), client('2001:db8::2'), client('2001:db8:0:1::1')],
  ['address/24', client('192.0.2.1'), client('192.0.2.9'), client('192.0.3.1')],
  ['address/48', client('2001:db8:1::1'), client('2001:db8:1:2::1'), client('2001:db8:2::1')],
  ['address/16/128', client('2001:db8::1'), client('2001:db8::1'), client('2001:db8::2')],
  ['address/16/128', client('192.0.2.1'), client('192.0.3.1'), client('192.1.2.1')],
  ['host', { host: 'a' }, { host: 'a', path: '/x' }, { host: 'b' }],
  ['path', { path: '/a' }, { path: '/a', ...client('192.0.2.2') }, { path: '/b' }],
  ['verb', { verb: 'GET' }, { verb: 'GET', path: '/x' }, { verb: 'PUT' }],
  ['user', client('192.0.2.1', 'ann'), client('192.0.2.2', 'ann'), client('192.0.2.1', 'bob')],
  ['header:X-Key', { attributes: { 'header:x-key': 'a' } }, { attributes: { 'header:x-key': 'a' }, path: '/x' }, { attributes: { 'header:x-key': 'b' } }],
  ['header:x-key', {}, client('192.0.2.2'), { attributes: { 'header:x-key': 'b' } }],
  [['host', 'path'], { host: 'a', path: 'b' }, { host: 'a', path: 'b', verb: 'PUT' }, { host: 'ab', path: '' }],
  [['host', 'path'], { host: '', path: '1:a' }, { host: '', path: '1:a' }, { host: '3:', path: 'a' }],
  ['path', { path: `/${'x'.repeat(500)}a` }, { path: `/${'x'.repeat(500)}a`, verb: 'PUT' }, { path: `/${'x'.repeat(500)}b` }],
  ['path', { path: '/ž' }, { path: '/ž' }, { path: '/~' }],
  ['path', { path: '\uD800' }, { path: '\uD800' }, { path: '\uD801' }],
];

test('keys', () => {
  for (const [key, first, same, other] of keys) {
    const limiter = limiterOf({ a: { key, requests: '1/s' } });
    assert.equal(limiter.admit(operation(first), 0), undefined);
    assert.notEqual(limiter.admit(operation(same), 0), undefined, JSON.stringify([key, same]));
    assert.equal(limiter.admit(operation(other), 0), undefined, JSON.stringify([key, other]));
  }
  const all = limiterOf({ a: { key: 'none', requests: '1/s' } });
  assert.equal(all.admit(operation(client('192.0.2.1')), 0), undefined);
  assert.notEqual(all.admit(operation({ ...client('10.0.0.1'), path: '/x' }), 0), undefined);
});

test('limits apply where their conditions hold, and the tightest is reported', () => {
  const limiter = limiterOf({
    wide: { requests: '100/s' },
    login: { operation: { methods: 'POST', path: '/login' }, requests: '3/m', burst: 3 },
    off: { requests: '1/h', enabled: false },
  });
  assert.equal(limiter.admit(operation(), 0), undefined);
  assert.deepEqual({ ...limiter.facts }, { limit: 'wide', maximum: 100, remaining: 99, resetMs: 10, windowMs: 1000 });
  assert.equal(limiter.admit(operation({ verb: 'POST', path: '/login' }), 0), undefined);
  assert.deepEqual({ ...limiter.facts }, { limit: 'login', maximum: 3, remaining: 2, resetMs: 20_000, windowMs: 60_000 });
  assert.equal(limiterOf({}).admit(operation(), 0), undefined);
  assert.equal(limiterOf({}).facts.limit, '');
  const looking = limiterOf({ a: { requests: '1/s', key: 'header:X-Key', operation: { query: { id: '1' } } } });
  assert.deepEqual(looking.observed, [{ kind: 'query', key: 'id' }, { kind: 'header', key: 'x-key' }]);
});

test('drop, status and message are passed on', () => {
  const limiter = limiterOf({ a: { requests: '1/s', action: 'drop', status: 503, message: 'later' } });
  limiter.admit(operation(), 0);
  const refusal = limiter.admit(operation(), 0)!;
  assert.deepEqual([refusal.action, refusal.status, refusal.message], ['drop', 503, 'later']);
});

test('an explanation looks and counts nothing', () => {
  const limiter = limiterOf({ a: { requests: '2/s', concurrent: 5 }, b: { service: 'other', requests: '1/s' }, c: { unless: { from: 'office' }, concurrent: 1 } });
  for (let round = 0; round < 5; round += 1) {
    const trace = new StepList();
    assert.equal(limiter.admit(operation({ ...client('10.0.0.1') }), 0, trace), undefined);
    assert.deepEqual(trace.steps, [
      'a within: 2 of 2 left, 0 of 5 held, counted by address', 'b no-match: service shop is not other', 'c excepted: client 10.0.0.1 is in zone office',
    ]);
  }
  const one = operation({ ...client('10.0.0.1') });
  limiter.admit(one, 0);
  limiter.admit(operation({ ...client('10.0.0.1') }), 0);
  const trace = new StepList();
  assert.equal(limiter.admit(operation({ ...client('10.0.0.1') }), 0, trace)!.limit, 'a');
  assert.equal(trace.steps[0], 'a exceeded: more than 2 in 1s, counted by address');
  assert.deepEqual(limiter.limits, [
    { limit: 'a', measure: 'operations', keys: 1, admitted: 2, refused: 0, overflowed: 0 },
    { limit: 'b', measure: 'operations', keys: 0, admitted: 0, refused: 0, overflowed: 0 },
    { limit: 'c', measure: 'operations', keys: 0, admitted: 0, refused: 0, overflowed: 0 },
  ]);
});

test('a new configuration goes on counting where name, measure and key are the same', () => {
  const first = limiterOf({ a: { requests: '5/h', concurrent: 4 }, b: { requests: '1/h' }, c: { connections: 1 } });
  const under = operation();
  assert.equal(first.admit(under, 0), undefined);
  const link = connection('192.0.2.1');
  first.admitConnection(link, 0);
  const second = limiterOf({ a: { requests: '5/h', concurrent: 1 }, b: { requests: '1/h', key: 'host' }, c: { connections: 1 } }, first);
  assert.equal(second.admit(operation(), 0)!.limit, 'a', 'the one under way counts');
  assert.notEqual(second.admitConnection(connection('192.0.2.1'), 0), undefined);
  second.release(under);
  second.releaseConnection(link);
  assert.equal(second.admit(operation(), 0), undefined, 'and b counts by host now: afresh');
  assert.equal(second.admitConnection(connection('192.0.2.1'), 0), undefined);
});

test('what no limit applies to makes nothing', () => {
  const limiter = limiterOf({ a: { operation: { path: '/x' }, requests: '1/s', concurrent: 1 }, b: { requests: '1000/s' } });
  const one = operation();
  limiter.admit(one, 0);
  assert.equal(one.admission, undefined, 'a rate holds nothing');
});

test('the schema refuses what cannot be meant, with its place', () => {
  const problem = (limits: unknown): string => {
    const parsed = buildLimitSettings(vocabularies).safeParse(limits);
    assert.equal(parsed.success, false, JSON.stringify(limits));
    return parsed.error!.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n');
  };
  assert.match(problem({ a: {} }), /^a: a limit needs/);
  assert.match(problem({ a: { concurrent: 1, burst: 2 } }), /^a\.burst/);
  assert.match(problem({ a: { requests: '0/s' } }), /^a\.requests/);
  assert.match(problem({ a: { requests: '1/s', key: 'cookie:x' } }), /^a\.key.*|wanted address/);
  assert.match(problem({ a: { requests: '1/s', key: 'address/129' } }), /address\/24/);
  assert.match(problem({ a: { requests: '1/s', key: 'address/33/64' } }), /address\/24/);
  assert.match(problem({ a: { requests: '1/s', key: ['none', 'host'] } }), /none cannot/);
  assert.match(problem({ a: { connections: 1, key: 'path' } }), /^a\.key: connections/);
  assert.match(problem({ a: { connections: 1, operation: { path: '/' } } }), /^a\.operation/);
  assert.match(problem({ a: { connections: 1, unless: { user: 'x' } } }), /^a\.unless/);
  assert.match(problem({ a: { requests: '1/s', when: {} } }), /when/);
  assert.throws(() => compileLimits({ a: { concurrent: 1, from: 'moon' } }, zones, vocabularies), /moon/);
});
