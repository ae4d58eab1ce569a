// Whatever is given to the loader, it answers with problems and never throws: mutated texts, and documents of any shape
// as the admin API may receive them. Seeded: a failure prints what repeats it.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { diffDocuments, impactOf, loadConfiguration, printDiff, printImpact, printProblems } from '../../src/control/configuration/index.ts';
import type { ConfigDocument, LoadResult } from '../../src/control/configuration/index.ts';
import { gateways } from '../../src/standard.ts';

const directory = join(dirname(fileURLToPath(import.meta.url)), '../../examples');
const texts = readdirSync(directory).filter((name) => name.endsWith('.yaml')).map((name) => readFileSync(join(directory, name), 'utf8'));
const splinters = [
  '[', ']', '{', '}', ':', ' ', '\n', '\t', '-', '"', '\'', '*', '&a', '<<', '|', '>', '#', '!!map', '? ', '\u0000', '\ud800', '...\n', '---\n', '1e999', '.nan', 'null', '~', '0x',
];
// More with RUNS=20000.
const runs = Number(process.env.RUNS ?? 300);

function judge(result: LoadResult): void {
  assert.equal(result.ok, !result.problems.some((problem) => problem.severity === 'error'));
  assert.equal(result.configuration !== undefined, result.ok);
  // oxlint-disable-next-line no-control-regex -- what must not reach a terminal
  assert.doesNotMatch(printProblems(result, { colours: false }), /[\u0000-\u0009\u000b-\u001f\u007f]/);
}

describe('the loader', () => {
  it('answers any text', () => {
    const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.nat(12), put: fc.constantFrom('', ...splinters) });
    fc.assert(fc.property(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 6 }), (original, edits) => {
      let text = original;
      for (const { at, cut, put } of edits) {
        const place = Math.floor(at * text.length);
        text = text.slice(0, place) + put + text.slice(place + cut);
      }
      judge(loadConfiguration({ texts: [{ file: 'a.yaml', text }] }, gateways));
    }), { numRuns: runs, seed: 7 });
  });

  it('answers any document, and differences of any two can be told', () => {
    const names = [
      'zones', 'listeners', 'services', 'pools', 'policy', 'limits', 'audit', 'admin', 'runtime', 'protocol', 'http', 'routes', 'match', 'id', 'then', 'allow', 'pool', 'web',
      'from', 'unless', 'operation', 'path', 'servers', 'bind', 'service', 'networks', 'includes', 'toString', 'length', '',
    ];
    const value = fc.letrec<{ any: unknown; map: unknown }>((tie) => ({
      map: fc.dictionary(fc.constantFrom(...names), tie('any'), { maxKeys: 4 }),
      any: fc.oneof({ depthSize: 'small', withCrossShrink: true },
        fc.constantFrom<unknown>(...names, '127.0.0.1:80', '10.0.0.0/8', '5s', 'any', 0, 1, -1, 1.5, null, true), tie('map'), fc.array(tie('any'), { maxLength: 3 })),
    })).map;
    const content = fc.oneof(value, fc.dictionary(fc.constantFrom('web', 'http'), value), fc.array(value, { maxLength: 3 }));
    const section = fc.dictionary(fc.constantFrom(...names.slice(0, 9)), content);
    fc.assert(fc.property(section, section, (a, b) => {
      judge(loadConfiguration({ document: a as ConfigDocument }, gateways));
      const diff = diffDocuments(a as ConfigDocument, b as ConfigDocument);
      printDiff(diff, { colours: false });
      printImpact(impactOf(diff), { colours: false });
    }), { numRuns: runs, seed: 7 });
  });
});
