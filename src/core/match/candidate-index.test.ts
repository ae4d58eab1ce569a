// Tests of the candidate index against a plain walk over the same entries.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { CandidateIndex, HostPattern, PathPattern } from './index.ts';
import type { CandidateTest, IndexEntry } from './index.ts';

const always: CandidateTest = { test: () => true };

interface Query { host: string; path: string; verb: string; zones: string[]; service: string; listener: string }

function holds(entry: IndexEntry, query: Query): boolean {
  const wants = <Value>(values: readonly Value[] | undefined, match: (value: Value) => boolean): boolean =>
    values === undefined || values.length === 0 || values.some(match);
  return wants(entry.hosts, (host) => host.matches(query.host))
    && wants(entry.paths, (path) => path.matches(query.path))
    && wants(entry.verbs, (verb) => verb === query.verb)
    && wants(entry.zones, (zone) => query.zones.includes(zone))
    && wants(entry.services, (service) => service === query.service)
    && wants(entry.listeners, (listener) => listener === query.listener);
}

class Collector implements CandidateTest {
  seen: number[] = [];
  test(index: number): boolean {
    this.seen.push(index);
    return false;
  }
}

const list = <Value>(values: readonly Value[]) => fc.option(fc.array(fc.constantFrom(...values), { maxLength: 3 }), { nil: undefined });
const hostTexts = ['*', 'a.example', 'b.example', '*.example', '*.a.example', 'c.a.example', '*.c.a.example'];
const pathTexts = ['**', '/**', '/a', '/a/**', '/a/b', '/a/b/**', '/a/*', '/*/b', '/a/**/c', '/', '/a/', '*.iso', '/x/*.php'];
const entry = fc.record({
  hosts: list(hostTexts).map((texts) => texts?.map((text) => new HostPattern(text))),
  paths: list(pathTexts).map((texts) => texts?.map((text) => new PathPattern(text))),
  verbs: list(['GET', 'POST', 'RETR']),
  zones: list(['office', 'lab', 'any']),
  services: list(['shop', 'files']),
  listeners: list(['plain', 'tls']),
});
const query = fc.record({
  host: fc.constantFrom('', 'a.example', 'b.example', 'c.a.example', 'x.c.a.example', 'd.a.example', 'example', 'a.example.', 'z.test'),
  path: fc.constantFrom('', '/', '/a', '/a/', '/a/b', '/a/b/', '/a/b/c', '/a/x', '/x/b', '/ab', 'q.iso', '/x/i.php', '/x/i.phpx'),
  verb: fc.constantFrom('GET', 'POST', 'RETR', 'PUT'),
  zones: fc.subarray(['lab', 'office', 'any', 'unheard']),
  service: fc.constantFrom('shop', 'files', 'other', ''),
  listener: fc.constantFrom('plain', 'tls', ''),
});

test('visits exactly the entries that hold, in their order', () => {
  const entries = fc.oneof(fc.array(entry, { maxLength: 12 }), fc.array(entry, { minLength: 60, maxLength: 140 }));
  fc.assert(fc.property(entries, fc.array(query, { minLength: 1, maxLength: 20 }), (all, queries) => {
    const index = new CandidateIndex(all);
    for (const one of queries) {
      const wanted = all.flatMap((candidate, position) => holds(candidate, one) ? [position] : []);
      const collector = new Collector();
      assert.equal(index.first(one.host, one.path, one.verb, one.zones, collector, one.service, one.listener), -1);
      assert.deepEqual(collector.seen, wanted);
      assert.equal(index.first(one.host, one.path, one.verb, one.zones, always, one.service, one.listener), wanted[0] ?? -1);
    }
  }), { numRuns: 150 });
});

test('the boundaries of words and summaries', () => {
  for (const size of [0, 1, 31, 32, 33, 1023, 1024, 1025, 2100]) {
    const entries = Array.from({ length: size }, (_, position) => ({ paths: [new PathPattern(`/p${position}/**`)] }));
    const index = new CandidateIndex(entries);
    assert.equal(index.size, size);
    for (const position of [0, 30, 31, 32, 1022, 1023, 1024, size - 1]) {
      const wanted = position >= 0 && position < size ? position : -1;
      assert.equal(index.first('', `/p${position}/x`, 'GET', [], always), wanted, `${position} of ${size}`);
    }
    assert.equal(index.first('', '/none', 'GET', [], always), -1);
  }
});

test('an entry that wants a service does not hold where none is given', () => {
  const index = new CandidateIndex([{ services: ['shop'] }, {}]);
  assert.equal(index.first('', '', '', [], always), 1);
  assert.equal(index.first('', '', '', [], always, 'shop'), 0);
});

test('looks at few candidates among many entries', () => {
  const entries = Array.from({ length: 1000 }, (_, position) => ({
    hosts: [new HostPattern(`h${position % 50}.example`)],
    paths: [new PathPattern(`/area${position}/**`)],
    verbs: position % 2 === 0 ? ['GET'] : ['POST'],
  }));
  const collector = new Collector();
  new CandidateIndex(entries).first('h7.example', '/area57/x', 'POST', [], collector);
  assert.deepEqual(collector.seen, [57]);
});
