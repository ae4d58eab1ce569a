// Every operator against its vectors (testdata/NAME.json); those that need files or facts have tests of their own below.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ArgumentError, findOperator, operatorDefinitions, type OperatorFacts, type OperatorSources } from './index.ts';

interface Vector { readonly argument: string; readonly value: string; readonly match: boolean }

const files: Record<string, string> = { 'words.data': '# words\nfoo\n\n  bar baz \n', 'nets.data': '# nets\n192.0.2.0/24\n2001:db8::/32\n' };
const sources: OperatorSources = {
  readFile: (path) => files[path] ?? null,
  geo: { lookup: (address) => (address === '192.0.2.1' ? { COUNTRY_CODE: 'AT' } : null) },
};
const elsewhere = new Set(['pmFromFile', 'pmf', 'ipMatchFromFile', 'ipMatchF', 'geoLookup', 'rbl']);

function match(name: string, argument: string, value: string, facts: OperatorFacts | null = null): boolean {
  const definition = findOperator(name)!;
  if (definition.kind === 'comparison') return definition.compare(value, argument);
  assert.equal(definition.kind, 'prepared');
  return definition.kind === 'prepared' && definition.prepare(argument, sources).test(value, facts);
}

for (const definition of operatorDefinitions()) {
  if (definition.kind === 'refused' || elsewhere.has(definition.name)) continue;
  test(`@${definition.name}`, () => {
    const file = new URL(`testdata/${definition.name}.json`, import.meta.url);
    assert.ok(existsSync(file), 'no vectors');
    for (const { argument, value, match: expected } of JSON.parse(readFileSync(file, 'utf8')) as Vector[]) {
      assert.equal(match(definition.name, argument, value), expected, `${JSON.stringify(argument)} over ${JSON.stringify(value)}`);
    }
  });
}

test('@pmFromFile and @ipMatchFromFile read lists, comments and blanks aside', () => {
  assert.equal(match('pmFromFile', 'words.data', 'a BAR BAZ b'), true);
  assert.equal(match('pmf', 'words.data', 'words'), false);
  assert.equal(match('ipMatchFromFile', 'nets.data', '192.0.2.77'), true);
  assert.equal(match('ipMatchF', 'nets.data', '198.51.100.1'), false);
  assert.throws(() => match('pmFromFile', 'absent.data', 'x'), ArgumentError);
});

test('@geoLookup hands over the record, @rbl looks at prepared answers only', () => {
  let geo: Readonly<Record<string, string>> | null = null;
  const facts: OperatorFacts = { clientAddress: '192.0.2.1', reputation: new Map([['dnsbl.example', '127.0.0.2']]), setGeo: (record) => { geo = record; } };
  assert.equal(match('geoLookup', '', '192.0.2.1', facts), true);
  assert.deepEqual(geo, { COUNTRY_CODE: 'AT' });
  assert.equal(match('geoLookup', '', '192.0.2.2', facts), false);
  assert.equal(match('rbl', 'dnsbl.example', '192.0.2.1', facts), true);
  assert.equal(match('rbl', 'other.example', '192.0.2.1', facts), false);
  assert.equal(match('rbl', 'dnsbl.example', '192.0.2.1', { clientAddress: '192.0.2.1', reputation: null, setGeo: () => {} }), false);
  assert.equal(match('rbl', 'dnsbl.example', '192.0.2.2', facts), false);
  for (const zone of ['', 'local', 'a b.example', `${'x'.repeat(150)}.example`]) assert.throws(() => match('rbl', zone, '192.0.2.1', facts), ArgumentError);
});
