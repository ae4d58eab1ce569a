// The generated page of violations is current.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeTelnet } from './describe.ts';

test('docs/violations/telnet.md is what describe.ts says', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/violations/telnet.md'), 'utf8');
  assert.equal(page, describeTelnet(), 'run: node src/codecs/telnet/describe.ts > docs/violations/telnet.md');
});
