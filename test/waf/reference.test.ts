// The reference page is what the registries say.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { reference, referenceFile } from './reference.ts';

test('docs/waf/reference.md is up to date', () => {
  assert.equal(readFileSync(referenceFile, 'utf8'), reference(), 'run: node test/waf/reference.ts');
});
