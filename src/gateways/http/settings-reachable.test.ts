// Routes that no request can take.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unreachableRoutes, zoneReferences } from './settings-reachable.ts';
import { httpSettings } from './settings.ts';
import type { HttpSettingsInput } from './settings.ts';

const warnings = (input: HttpSettingsInput): string[] => unreachableRoutes(httpSettings.parse(input)).map((one) => `${one.path.join('.')} ${one.severity ?? ''}`);

describe('unreachable routes', () => {
  const cases: [string, HttpSettingsInput, string[]][] = [
    ['none', { routes: [{ match: { host: 'a.example' }, pool: 'p' }, { match: {}, pool: 'q' }] }, []],
    ['the same conditions twice', { routes: [{ match: { host: 'a.example' }, pool: 'p' }, { match: { host: ['a.example'] }, pool: 'q' }] }, ['routes.1 warning']],
    ['the same conditions with another priority', { routes: [{ match: { host: 'a.example' }, pool: 'p' }, { match: { host: 'a.example' }, priority: 1, pool: 'q' }] }, []],
    ['a catch-all of higher priority', { routes: [{ match: { path: '/x' }, pool: 'p' }, { priority: 1, pool: 'q' }] }, ['routes.0 warning']],
    ['a catch-all of the same priority', { routes: [{ pool: 'q' }, { match: { path: '/x' }, pool: 'p' }] }, []],
    ['a pool behind a catch-all', { pool: 'p', routes: [{ pool: 'q' }] }, ['pool warning']],
    ['patterns that differ', { routes: [{ match: { pathRegex: '^/a' }, pool: 'p' }, { match: { pathRegex: '^/b' }, pool: 'q' }] }, []],
  ];
  for (const [what, input, expected] of cases) it(what, () => { assert.deepEqual(warnings(input), expected); });
});

describe('zones of routes', () => {
  it('have their place', () => {
    const settings = httpSettings.parse({ routes: [{ pool: 'p' }, { match: { from: ['office', 'lab'] }, pool: 'q' }] });
    assert.deepEqual(zoneReferences(settings).map(({ path, zone }) => [path.join('.'), zone]), [['routes.1.match.from.0', 'office'], ['routes.1.match.from.1', 'lab']]);
  });
});
