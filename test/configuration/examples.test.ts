// Every configuration in examples/ loads without errors or warnings, and its services compile. Traffic through them is
// tested elsewhere.
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { diffDocuments, loadConfiguration } from '../../src/control/configuration/index.ts';
import type { WebInspector } from '#contract/web-inspection.ts';
import { gateways } from '../../src/standard.ts';

const directory = join(dirname(fileURLToPath(import.meta.url)), '../../examples');
const examples = readdirSync(directory).filter((name) => name.endsWith('.yaml') || statSync(join(directory, name)).isDirectory()).sort();

describe('examples', () => {
  it('are numbered without gaps, each protocol from a ten on', () => {
    const numbers = examples.map((name) => Number(name.slice(0, 2)));
    numbers.forEach((number, index) => { assert.ok(number === (numbers[index - 1] ?? 0) + 1 || (number % 10 === 0 && number > numbers[index - 1]!), `${number}`); });
  });

  for (const name of examples) {
    it(name, () => {
      const result = loadConfiguration({ paths: [join(directory, name)] }, gateways);
      assert.deepEqual(result.problems.map((problem) => `${problem.file}:${problem.line} ${problem.message}`), []);
      const environment = { product: 'sallyport', observed: [], webInspector: () => ({}) as WebInspector };
      for (const [service, { protocol, settings }] of Object.entries(result.configuration?.services ?? {})) {
        const plan = gateways.find((manifest) => manifest.protocol === protocol)?.compile(service, settings, environment);
        assert.equal(plan?.name, service);
      }
      const again = loadConfiguration({ document: result.document }, gateways);
      assert.deepEqual(again.configuration, result.configuration);
      assert.equal(diffDocuments(again.document, result.document).same, true);
    });
  }
});
