// The generated page of violations is current.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeFtp } from './describe.ts';

test('docs/violations/ftp.md is what describe.ts says', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/violations/ftp.md'), 'utf8');
  assert.equal(page, describeFtp(), 'run: node src/codecs/ftp/describe.ts > docs/violations/ftp.md');
});
