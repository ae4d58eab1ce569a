// Every transformation against its vectors (testdata/NAME.json): inputs and outputs as latin1 strings. One without vectors
// is a failure. Then, for all of them: the trigger classes must not hide a change.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { classesIn } from './contract.ts';
import { findTransformation, transformationNames } from './index.ts';

const hostile = ['%', '%u', '&#', '\\', '\\x', '\\u', '/*', '*/', '--', '<!--', '..', './', '//', ' ', '\0', '+', ';', '"', "'", '^', '0x41'];

interface Vector { readonly input: string; readonly output: string }

for (const name of transformationNames()) {
  const transformation = findTransformation(name)!;
  test(`t:${name}`, () => {
    const vectors = JSON.parse(readFileSync(new URL(`testdata/${name}.json`, import.meta.url), 'utf8')) as Vector[];
    assert.ok(vectors.length > 0);
    for (const { input, output } of vectors) assert.equal(transformation.apply(input), output, JSON.stringify(input));
  });

  test(`t:${name} leaves alone what it has no trigger for, and never throws`, () => {
    const pieces = fc.array(fc.oneof(fc.constantFrom(...hostile), fc.string({ maxLength: 6 })), { maxLength: 12 });
    fc.assert(fc.property(pieces, (parts) => {
      const value = parts.join('').replaceAll(/[^\x00-\xff]/g, '\xe9');
      const result = transformation.apply(value);
      assert.ok(!/[^\x00-\xff]/.test(result));
      if (transformation.triggers >= 0 && (classesIn(value) & transformation.triggers) === 0) assert.equal(result, value);
      if (transformation.foldsOnly) assert.equal(result.toLowerCase(), value.toLowerCase());
    }), { numRuns: 150 });
  });
}
