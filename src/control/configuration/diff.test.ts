// Differences by resource and what they interrupt, and changes of single resources.
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { describe, it } from 'node:test';
import { simpleDocument } from '#test/configuration/simple-manifest.ts';
import { versionOf } from './canonical.ts';
import { diffDocuments, printDiff } from './diff.ts';
import { impactOf, printImpact, unreachableServices } from './impact.ts';
import type { ConfigDocument } from './merge.ts';
import { applyPatches, isPatchFailure, patchResource, readResource } from './patch.ts';
import type { ResourcePatch } from './patch.ts';
import { sectionNames } from './schema.ts';

function patched(patches: ResourcePatch[], from: ConfigDocument = simpleDocument()): ConfigDocument {
  const result = applyPatches(from, patches);
  assert.ok(!isPatchFailure(result));
  return result.document;
}

function change(...patches: ResourcePatch[]) { return diffDocuments(simpleDocument(), patched(patches)); }

const denying: unknown = JSON.parse('{"then":"deny"}');

function rule(id: string): Record<string, unknown> { return JSON.parse(`{"id":"${id}","service":"echo","then":"allow"}`) as Record<string, unknown>; }

describe('the difference of two documents', () => {
  it('is none when they mean the same, whatever the order of keys', () => {
    const turned = Object.fromEntries(Object.entries(simpleDocument()).reverse());
    assert.equal(diffDocuments(simpleDocument(), turned).same, true);
    assert.equal(versionOf(turned), versionOf(simpleDocument()));
    assert.equal(printDiff(diffDocuments(simpleDocument(), turned), { colours: false }), 'no difference\n');
  });

  it('names added, removed and changed resources with their values', () => {
    const diff = change(
      { resource: 'pools/more', value: { servers: ['10.1.0.9:1'] } }, { resource: 'zones/office', value: undefined },
      { resource: 'services/echo', value: { protocol: 'simple', pool: 'more', greeting: 'hi' } }, { resource: 'runtime', value: { workers: 2 } },
    );
    assert.deepEqual(diff.resources.map((one) => `${one.kind} ${one.section}/${one.name}`), [
      'removed zones/office', 'changed services/echo', 'added pools/more', 'changed runtime/runtime',
    ]);
    assert.deepEqual(diff.resources[1]?.changes.map(({ path, before, after }) => [path, before, after]), [
      ['pool', 'back', 'more'], ['from', 'office', undefined], ['greeting', undefined, 'hi'],
    ]);
    assert.equal(printDiff(diff, { colours: false }), [
      '- zones/office  removed', '~ services/echo  changed', '    pool: back -> more', '    from: office -> (none)', '    greeting: (none) -> hi',
      '+ pools/more  added', '~ runtime  changed', '    workers: (none) -> 2', '',
    ].join('\n'));
  });

  it('shows line ends as such, and of long values the part that differs', () => {
    const body = (text: string) => ({ services: { site: { routes: [{ id: 'robots', body: text }] } } });
    const printed = (before: string, after: string): string => printDiff(diffDocuments(body(before), body(after)), { colours: false }).split('\n')[1]!.trim();
    assert.equal(printed('a\nb', 'a b'), 'routes[0].body: "a\\nb" -> a b');
    assert.equal(printed('\u001b[2J', 'x'), 'routes[0].body: "\\u001b[2J" -> x');
    const long = 'x'.repeat(150);
    assert.equal(printed(`${long}one`, `${long}two`), `routes[0].body: ...${'x'.repeat(20)}one -> ...${'x'.repeat(20)}two`);
    assert.equal(printed(`one${long}`, 'two'), `routes[0].body: one${'x'.repeat(94)}... -> two`);
  });

  it('pairs the entries of lists by what identifies them', () => {
    const before = { pools: { p: { servers: ['a:1', { address: 'b:1', weight: 1 }, 'c:1'] } } };
    const after = { pools: { p: { servers: [{ address: 'b:1', weight: 2 }, 'c:1', 'd:1'] } } };
    assert.deepEqual(diffDocuments(before, after).resources[0]?.changes.map(({ path, before: a, after: b }) => [path, a, b]), [
      ['servers[0]', 'a:1', undefined], ['servers[0].weight', 1, 2], ['servers[2]', undefined, 'd:1'],
    ]);
  });

  it('says when only the order of a list changed', () => {
    const changes = diffDocuments({ pools: { p: { servers: ['a:1', 'b:1'] } } }, { pools: { p: { servers: ['b:1', 'a:1'] } } }).resources[0]?.changes;
    assert.deepEqual(changes?.map((one) => one.path), ['servers (order)']);
  });

  it('of rules goes by id, and tells the fewest moves', () => {
    const before = { policy: ['a', 'b', 'c', 'd'].map(rule) };
    const after = { policy: ['d', 'a', 'x', 'b', 'c'].map(rule) };
    const diff = diffDocuments(before, after);
    assert.deepEqual(diff.resources.map((one) => `${one.kind} ${one.name}`), ['added x', 'moved d']);
    assert.match(printDiff(diff, { colours: false }), /> policy\/d {2}moved {2}after c -> first/);
  });

  it('does not show secrets, nor control characters', () => {
    const diff = diffDocuments({}, { admin: { http: { tokens: [{ name: 'a', tokenSha256: '00' }] } }, zones: { '\u001b[2J': {} } });
    const admin = (tokenSha256: string): ConfigDocument => ({ admin: { http: { tokens: [{ name: 'a', tokenSha256 }] } } });
    const text = printDiff(diffDocuments(admin('00'), admin('01')), { colours: false });
    assert.match(text, /tokens\[0\]\.tokenSha256: \(not shown\) -> \(not shown\)/);
    assert.doesNotMatch(printDiff(diff, { colours: false }), /\u001b/);
    assert.doesNotMatch(printDiff(diff, { colours: false }), /00/);
  });
});

describe('the impact of a change', () => {
  const cases: [string, ResourcePatch[], string, RegExp][] = [
    ['a listener removed', [{ resource: 'listeners/main', value: undefined }], 'drain', /main: stops listening on 127\.0\.0\.1:7777; its connections are drained/],
    ['a listener moved', [{ resource: 'listeners/main', value: { bind: '127.0.0.1:7778', service: 'echo' } }], 'drain',
      /stops listening on 127\.0\.0\.1:7777.*\n.*starts to listen on 127\.0\.0\.1:7778/],
    ['an address added', [{ resource: 'listeners/main', value: { bind: ['127.0.0.1:7777', '[::1]:7777'], service: 'echo' } }], 'none', /starts to listen on \[::1\]:7777/],
    ['a listener led elsewhere', [{ resource: 'listeners/main', value: { bind: '127.0.0.1:7777', service: 'other' } }], 'new-sessions', /new connections go to service other/],
    ['a service changed', [{ resource: 'services/echo', value: { protocol: 'simple' } }], 'new-sessions', /no session is interrupted/],
    ['a service of another protocol', [{ resource: 'services/echo', value: { protocol: 'http' } }], 'drain', /another protocol/],
    ['a service added', [{ resource: 'services/new', value: { protocol: 'simple' } }], 'none', /nothing is interrupted/],
    ['a server removed', [{ resource: 'pools/back', value: { servers: ['10.1.0.10:7777'] } }], 'drain', /server 10\.1\.0\.11:7777 gets no new requests/],
    ['a server added', [{ resource: 'pools/back', value: { servers: ['10.1.0.10:7777', '10.1.0.11:7777', '10.1.0.12:7777'] } }], 'none', /gets server 10\.1\.0\.12:7777/],
    ['a server written as an object', [{ resource: 'pools/back', value: { servers: [{ address: '10.1.0.10:7777' }, '10.1.0.11:7777'] } }], 'none', /nothing/],
    ['a pool removed', [{ resource: 'pools/back', value: undefined }], 'drain', /its connections are drained/],
    ['a rule changed', [{ resource: 'policy/open', value: denying }], 'new-sessions', /decides for new sessions/],
    ['the state directory', [{ resource: 'runtime', value: { stateDirectory: '/x' } }], 'restart', /runtime\.stateDirectory: counts from the next start/],
    ['nothing', [], 'none', /nothing is interrupted/],
  ];
  for (const [what, patches, kind, text] of cases) {
    it(`of ${what}: ${kind}`, () => {
      const report = impactOf(change(...patches));
      assert.equal(report.kind, kind);
      assert.match(printImpact(report, { colours: false }), text);
    });
  }

  it('is said for every section, under its name', () => {
    const impacts = (before: ConfigDocument, after: ConfigDocument): string[] => impactOf(diffDocuments(before, after)).impacts.map(({ kind, resource }) => `${kind} ${resource}`);
    for (const section of sectionNames) {
      const one = section === 'policy' ? [{ id: 'a', enabled: false }] : { a: section === 'runtime' || section === 'recordings' ? 1 : { x: 1 } };
      const other = section === 'policy' ? [{ id: 'a', enabled: true }] : { a: section === 'runtime' || section === 'recordings' ? 2 : { x: 2 } };
      const resource = section === 'runtime' ? 'runtime.a' : ['audit', 'admin', 'recordings'].includes(section) ? section : `${section}/a`;
      assert.match(impacts({ [section]: one }, { [section]: other }).join(), new RegExp(`^(none|new-sessions|drain|restart) ${resource}(,|$)`), section);
    }
    assert.deepEqual(impacts({}, { tls: { edge: {} }, users: { ada: {} } }), ['new-sessions tls/edge', 'new-sessions users/ada']);
  });

  for (const [before, after, kind, text] of [
    [4, 6, 'none', '2 more workers will be started'], [4, 3, 'drain', '1 worker will be retired: its sessions are drained'],
    [4, 0, 'drain', 'one worker inside the process of the gateway takes over: the sessions of the others are drained'],
    [0, 4, 'drain', 'worker processes take over: the sessions inside the process of the gateway are drained'],
    [availableParallelism(), undefined, 'none', `as many as before (auto is ${availableParallelism()} here)`],
    ['auto', availableParallelism() + 2, 'none', `2 more workers will be started (auto is ${availableParallelism()} here)`],
  ] as const) {
    it(`of ${before} workers made ${after ?? 'unsaid'}: ${kind}`, () => {
      const report = impactOf(diffDocuments({ runtime: { workers: before } }, { runtime: { workers: after } }));
      assert.deepEqual(report.impacts, [{ kind, resource: 'runtime.workers', effect: text }]);
    });
  }

  it('knows services that lose their last listener', () => {
    assert.deepEqual(unreachableServices(simpleDocument(), patched([{ resource: 'listeners/main', value: undefined }])), ['echo']);
  });
});

describe('a change of a single resource', () => {
  it('creates, replaces and removes, and leaves the document it was given alone', () => {
    const document = simpleDocument();
    const frozen = JSON.stringify(document);
    const patches = [{ resource: 'pools/new', value: { servers: [] } }, { resource: 'pools/back', value: undefined }, { resource: 'audit', value: { console: true } }];
    const next = patched(patches, document);
    assert.deepEqual(Object.keys(next.pools as object), ['new']);
    assert.deepEqual(readResource(next, 'audit'), { console: true });
    assert.equal(readResource(next, 'pools/back'), undefined);
    assert.equal(JSON.stringify(document), frozen);
  });

  it('puts rules where they are wanted', () => {
    const ids = (document: ConfigDocument): unknown => (document.policy as { id: string }[]).map((one) => one.id);
    const two = patched([{ resource: 'policy/last', value: rule('last') }, { resource: 'policy/first', value: denying, before: 'open' }]);
    assert.deepEqual(ids(two), ['first', 'open', 'last']);
    assert.deepEqual(ids(patched([{ resource: 'policy/first', value: denying, after: 'last' }], two)), ['open', 'last', 'first']);
    assert.deepEqual(ids(patched([{ resource: 'policy/open', value: rule('open') }], two)), ['first', 'open', 'last']);
    assert.deepEqual(ids(patched([{ resource: 'policy/open', value: undefined }], two)), ['first', 'last']);
  });

  const failures: [ResourcePatch, string][] = [
    [{ resource: 'pool/x', value: {} }, 'bad-resource'], [{ resource: 'pools', value: {} }, 'bad-resource'], [{ resource: 'audit/x', value: {} }, 'bad-resource'],
    [{ resource: 'pools/__proto__', value: {} }, 'bad-resource'], [{ resource: 'pools/back', value: {}, mode: 'create' }, 'exists'],
    [{ resource: 'pools/toString', value: undefined }, 'not-found'], [{ resource: 'pools/x', value: {}, mode: 'replace' }, 'not-found'],
    [{ resource: 'policy/x', value: {}, after: 'y' }, 'not-found'],
  ];
  for (const [patch, code] of failures) {
    it(`refuses ${JSON.stringify(patch)}: ${code}`, () => {
      const result = applyPatches(simpleDocument(), [{ resource: 'pools/fine', value: {} }, patch]);
      assert.ok(isPatchFailure(result));
      assert.equal(result.code, code);
    });
  }

  it('refuses values that are too deep to be walked, or of too many parts', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 200_000; level++) deep = [deep];
    for (const value of [deep, Array.from({ length: 500_001 }, () => 1), JSON.parse('{"a":{"__proto__":1}}')]) {
      const result = applyPatches(simpleDocument(), [{ resource: 'pools/x', value }]);
      assert.ok(isPatchFailure(result));
      assert.equal(result.code, 'bad-value');
    }
  });

  it('has a short form', () => {
    assert.deepEqual(patchResource({}, 'zones/a', 1), { document: { zones: { a: 1 } } });
  });
});
