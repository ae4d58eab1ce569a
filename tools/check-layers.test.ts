// Tests of the layer check: it must be able to fail.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { faultsIn } from './check-layers.ts';

test('a downward import passes', () => {
  assert.deepEqual(faultsIn('src/gateways/http/gateway.ts', "import { x } from '#codecs/http1/parser.ts';"), []);
});
test('an upward import is a fault with its line', () => {
  const faults = faultsIn('src/codecs/http1/parser.ts', "// head\nimport { x } from '#policy/evaluate.ts';");
  assert.equal(faults.length, 1);
  assert.equal(faults[0]?.line, 2);
});
test('a multi-line import is seen at its closing line', () => {
  assert.equal(faultsIn('src/core/a.ts', "import {\n  x,\n} from '#session/session.ts';").length, 1);
});
test('sockets in a gateway are a fault', () => {
  assert.equal(faultsIn('src/gateways/http/gateway.ts', "import net from 'node:net';").length, 1);
});
test('one gateway may not import another', () => {
  assert.equal(faultsIn('src/gateways/http/gateway.ts', "import { x } from '#gateways/ftp/gateway.ts';").length, 1);
});
