// Tests of the style check: it must be able to fail.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { faultsIn } from './check-style.ts';

test('a file with a header passes', () => assert.deepEqual(faultsIn('src/core/x.ts', '// What it does.\nexport const a = 1;\n'), []));
test('a file without a header is a fault', () => assert.equal(faultsIn('src/core/x.ts', 'export const a = 1;\n').length, 1));
test('a file named utils is a fault', () => assert.equal(faultsIn('src/core/string-utils.ts', '// x\n').length, 1));
test('a file past reading is a fault', () => assert.equal(faultsIn('src/core/x.ts', `// x\n${'a;\n'.repeat(600)}`).length, 1));
