// Every operator by itself: libmodsecurity and ours over the same seeded values and arguments, verdicts compared. The injection detectors
// have tests of their own (test/waf-injection); patterns are compared over what the rule set's own patterns match.
// Where libmodsecurity differs by a fault, `odd` says for which values and why.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findOperator, type OperatorSources } from '#inspection/waf/operators/index.ts';
import { Random } from '../../waf/pattern-samples.ts';
import { temporaryFolder } from '../peer.ts';
import { buildJudge, judge, needsJudge, plainResponse, type Exchange } from './judge.ts';

const seed = 7;
const values = 3000;
const uses: readonly (readonly [name: string, argument: string])[] = [
  ['beginsWith', 'ab'], ['contains', 'ab'], ['containsWord', 'ab'], ['endsWith', 'ab'], ['streq', 'ab'], ['strmatch', 'ab'], ['within', 'ab 1 12 x,y GET POST'],
  ['eq', '1'], ['ge', '1'], ['gt', '1'], ['le', '1'], ['lt', '1'], ['eq', '0'], ['lt', '0'], ['pm', 'ab 12 x,y select'], ['ipMatch', '192.0.2.0/24,10.0.0.1,2001:db8::/32'],
  ['validateByteRange', '9,10,13,32-126,128-255'], ['validateByteRange', '32-36,38-126'], ['validateUrlEncoding', ''], ['validateUtf8Encoding', ''],
  ['rx', 'a.b'], ['rx', '^ab$'], ['rx', '(?i)AB\\b'], ['rx', '[^\\w\\s]{2,}'], ['rx', 'a\\s+b'], ['rx', '(?:^|\\n)x'], ['rx', '\\xe9|\\x{c3}'],
  ['rx', 'a(?=b)'], ['rx', '^[\\d.]+$'], ['rx', '\\Aab\\z'],
  ['rx', 'a(?:[^)(b]++b)'], ['rx', '(a)++(b)++x'], ['rx', '(?>a(b)\\s*+)a++b'], ['rx', '(a|b)\\1'], ['rx', '(?i:ab)(?-i:AB)?x'],
];
const pieces = [
  'a', 'b', 'ab', 'AB', 'Ab', ' ', '\n', '\r\n', '\v', '\xa0', '\0', '\xe9', '\xc3\xa9', '\xe2\x80\x99', '\xc0\xaf', '\xed\xa0\x80',
  '\xf0\x9f\x98\x80', '\xf4\x90\x80\x80', '\xff', '1', '12', '0', '-1', '+1', '.', '1.5', 'x', ',', 'x,y',
  '%', '%41', '%4', '%zz', '_', '-', '"', "'", 'select', 'GET', '192.0.2.7', '10.0.0.1', '2001:db8::1', '::1', '/24', '%25',
];

interface Odd { readonly when: (value: string) => boolean; readonly why: string }
const odd: Readonly<Record<string, Odd>> = {
  containsWord: { when: (value) => /[\d_]ab|ab[\d_]/.test(value), why: 'digits and the underscore count as word characters for us, as for \\b' },
  ipMatch: { when: (value) => /[\0%]/.test(value), why: 'the address ends at a NUL, a zone is no part of it' },
  validateUtf8Encoding: { when: (value) => value.includes('\xf4\x90'), why: 'it lets code points above U+10FFFF pass' },
};

function valuesOf(random: Random): string[] {
  return Array.from({ length: values }, (_, i) => Array.from({ length: 1 + random.below(i % 3 === 0 ? 2 : 7) }, () => pieces[random.below(pieces.length)]!).join(''));
}

const sources: OperatorSources = { readFile: () => null, geo: null };

function ours(name: string, argument: string, value: string): boolean {
  const definition = findOperator(name)!;
  if (definition.kind === 'comparison') return definition.compare(value, argument);
  assert.equal(definition.kind, 'prepared');
  return definition.kind === 'prepared' && definition.prepare(argument, sources).test(value, null);
}

const folder = temporaryFolder();
after(() => { folder.remove(); });

test(`operators: libmodsecurity over ${values} values`, { skip: needsJudge() }, async () => {
  const rules = join(folder.path, 'rules.conf');
  const all = uses.map(([name, argument], i) => `SecRule REQUEST_BODY "@${name} ${argument}" "id:${i + 1},phase:2,pass,log,t:none"`);
  writeFileSync(rules, ['SecRuleEngine On', 'SecRequestBodyAccess On', ...all, ''].join('\n'));
  const inputs = valuesOf(new Random(seed));
  const exchanges = inputs.map((body): Exchange => ({
    method: 'POST', target: '/', version: '1.1',
    headers: [['Host', 'a'], ['Content-Type', 'application/octet-stream'], ['Content-Length', String(body.length)]],
    body, response: plainResponse,
  }));
  const answers = await judge(buildJudge(folder.path), [rules], exchanges);
  const faults = new Map<string, string[]>();
  inputs.forEach((value, k) => {
    uses.forEach(([name, argument], i) => {
      const our = ours(name, argument, value);
      if (our === answers[k]!.includes(i + 1) || odd[name]?.when(value) === true) return;
      const use = `${name} ${argument}`;
      faults.set(use, [...faults.get(use) ?? [], `${JSON.stringify(value)}: ours ${our}`]);
    });
  });
  const report = [...faults].map(([name, list]) => `${name}: ${list.length} differ\n  ${list.sort((a, b) => a.length - b.length).slice(0, 8).join('\n  ')}`);
  assert.deepEqual(report, [], report.join('\n'));
});
