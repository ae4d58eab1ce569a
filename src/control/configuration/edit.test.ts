// Lists inside YAML texts: what is put in and taken out, in every style of writing, and that not a byte elsewhere changes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { appendToList, removeFromList } from './edit.ts';

const path = ['services', 'shop', 'waf'];
const entry = { rule: 942_100, target: 'ARGS:q', path: '/search' };
const written = '{ rule: 942100, target: ARGS:q, path: /search }';

interface Case { name: string; before: string; after: string }

const head = '# mine\nservices:\n    shop:   # the shop\n';
const tail = '\n\n# pools\npools: { a: {servers: ["127.0.0.1:1"]} }\n';

const cases: Case[] = [
  { name: 'block list of flow maps',
    before: '        waf:\n            ruleset: crs\n            exclusions: # tuned\n              # by hand\n              - { rule: 1 } # one\n            mode: block',
    after: '        waf:\n            ruleset: crs\n            exclusions: # tuned\n'
      + `              # by hand\n              - { rule: 1 } # one\n              - ${written}\n            mode: block` },
  { name: 'block list of block maps',
    before: '        waf:\n            exclusions:\n            - rule: 1\n              reason: |\n                long\n                story\n\n            mode: block',
    after: '        waf:\n            exclusions:\n            - rule: 1\n              reason: |\n                long\n                story\n'
      + '            - rule: 942100\n              target: ARGS:q\n              path: /search\n\n            mode: block' },
  { name: 'no list yet, block map', before: '        waf:\n            ruleset: crs # good\n            # more here',
    after: `        waf:\n            ruleset: crs # good\n            exclusions:\n              - ${written}\n            # more here` },
  { name: 'no list yet, flow map', before: '        waf: { ruleset: crs, mode: detect }', after: `        waf: { ruleset: crs, mode: detect, exclusions: [${written}] }` },
  { name: 'no list yet, flow map with a comma at the end', before: '        waf: { ruleset: crs, }', after: `        waf: { ruleset: crs, exclusions: [${written}], }` },
  { name: 'no list yet, flow map that is long', before: `        waf: { ruleset: [${'"/etc/x.conf", '.repeat(7)}crs], mode: detect }`,
    after: `        waf: { ruleset: [${'"/etc/x.conf", '.repeat(7)}crs], mode: detect, exclusions: [\n            ${written}\n          ] }` },
  { name: 'flow list on one line', before: '        waf: { exclusions: [{rule: 1}], ruleset: crs }', after: `        waf: { exclusions: [{rule: 1}, ${written}], ruleset: crs }` },
  { name: 'flow list, empty', before: '        waf: { exclusions: [], ruleset: crs }', after: `        waf: { exclusions: [${written}], ruleset: crs }` },
  { name: 'flow list, one entry a line, with a comma behind the last',
    before: '        waf:\n            exclusions: [\n                {rule: 1},\n                {rule: 2}, # two\n            ]',
    after: `        waf:\n            exclusions: [\n                {rule: 1},\n                {rule: 2}, # two\n                ${written},\n            ]` },
  { name: 'flow list, one entry a line, without one',
    before: '        waf:\n            exclusions: [\n                {rule: 1},\n                {rule: 2} # two\n            ]',
    after: `        waf:\n            exclusions: [\n                {rule: 1},\n                {rule: 2}, # two\n                ${written}\n            ]` },
  { name: 'a key without value', before: '        waf:\n            exclusions: # none yet\n            ruleset: crs',
    after: `        waf:\n            exclusions: # none yet\n              - ${written}\n            ruleset: crs` },
  { name: 'JSON', before: '        waf: {"ruleset":"crs"}', after: `        waf: {"ruleset":"crs", "exclusions": [${JSON.stringify(entry)}]}` },
];

type Waf = { exclusions?: { rule: number }[] | null };
function wafOf(text: string): Waf { return (parse(text) as { services: { shop: { waf: Waf } } }).services.shop.waf; }

for (const eol of ['\n', '\r\n']) {
  for (const { name, before, after } of cases) {
    test(`${name}${eol === '\n' ? '' : ', CR LF'}: put in, and taken out again`, () => {
      const [first, wanted] = [head + before + tail, head + after + tail].map((text) => text.replaceAll('\n', eol)) as [string, string];
      const result = appendToList(first, path, 'exclusions', [entry]);
      assert.ok(result.ok);
      assert.equal(result.text, wanted);
      const had = wafOf(first).exclusions ?? [];
      assert.deepEqual(wafOf(wanted).exclusions, [...had, entry]);
      assert.match(wanted.split('\n')[result.line - 1]!, /942100|exclusions/);
      const back = removeFromList(wanted, path, 'exclusions', [had.length]);
      assert.ok(back.ok);
      assert.deepEqual(wafOf(back.text).exclusions, had);
      for (const comment of first.match(/#.*/g)!) assert.ok(back.text.includes(comment), comment);
      if (had.length > 0) {
        const none = removeFromList(wanted, path, 'exclusions', Array.from({ length: had.length + 1 }, (_, index) => index));
        assert.ok(none.ok);
        assert.deepEqual(wafOf(none.text), { ...wafOf(wanted), exclusions: [] });
      }
    });
  }
}

test('a file without a line break at its end', () => {
  const result = appendToList('services:\n  shop:\n    waf:\n      ruleset: crs', path, 'exclusions', [entry]);
  assert.ok(result.ok);
  assert.deepEqual(wafOf(result.text), { ruleset: 'crs', exclusions: [entry] });
});

test('texts that mean something in YAML are quoted', () => {
  const odd = { rule: [1, 2], path: '/a: b #c', reason: '*no* "quotes", {yes}' };
  const result = appendToList('services: { shop: { waf: { ruleset: crs } } }\n', path, 'exclusions', [odd, entry]);
  assert.ok(result.ok);
  assert.deepEqual(wafOf(result.text).exclusions, [odd, entry]);
});

test('what is not written out is refused with a reason', () => {
  const aliased = 'x: &w { ruleset: crs }\nservices: { shop: { waf: *w } }\n';
  assert.deepEqual(appendToList(aliased, path, 'exclusions', [entry]), { ok: false, reason: 'services.shop.waf is not written out there (an alias?)' });
  const list = 'x: &l [{ rule: 1 }]\nservices: { shop: { waf: { exclusions: *l } } }\n';
  assert.equal(appendToList(list, path, 'exclusions', [entry]).ok, false);
  assert.equal(removeFromList(list, path, 'exclusions', [0]).ok, false);
  assert.equal(removeFromList('services: { shop: { waf: { exclusions: [] } } }\n', path, 'exclusions', [0]).ok, false);
  assert.equal(appendToList('services: [', path, 'exclusions', [entry]).ok, false);
});
