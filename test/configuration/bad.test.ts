// Faulty configurations as a table: bad/NAME.yaml and what must be said of it in bad/NAME.expected. `UPDATE=1` writes the
// expected texts anew, to be read before they are committed.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadConfiguration } from '../../src/control/configuration/index.ts';
import type { Problem } from '../../src/control/configuration/index.ts';
import type { GatewayManifest } from '#contract/gateway.ts';
import { httpManifest } from '#gateways/http/manifest.ts';

// Of one protocol, so that the texts do not change with every protocol that is added.
const gateways: readonly GatewayManifest[] = [httpManifest as unknown as GatewayManifest];

const directory = join(dirname(fileURLToPath(import.meta.url)), 'bad');
const files = globSync('*.yaml', { cwd: directory }).sort();

function line(problem: Problem): string {
  const related = problem.related ? ` (${problem.related.line}:${problem.related.column} ${problem.related.message})` : '';
  const hint = problem.hint === '' ? '' : ` | ${problem.hint}`;
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.severity}: ${problem.message} [${problem.code}]${hint}${related}`;
}

describe('faulty configurations', () => {
  it('are of at least 40 kinds', () => { assert.ok(files.length >= 40); });

  for (const name of files) {
    it(basename(name, '.yaml'), () => {
      const text = readFileSync(join(directory, name), 'utf8');
      const result = loadConfiguration({ texts: [{ file: name, text }] }, gateways);
      const seen = `${result.problems.map(line).join('\n')}\n`;
      const expectedFile = join(directory, name.replace('.yaml', '.expected'));
      if (process.env.UPDATE === '1') writeFileSync(expectedFile, seen);
      assert.ok(existsSync(expectedFile), 'no expected text: run with UPDATE=1, and read it');
      assert.equal(seen, readFileSync(expectedFile, 'utf8'));
      assert.equal(result.ok, name.startsWith('warning-'));
      assert.equal(result.configuration === undefined, !result.ok);
      for (const problem of result.problems) assert.ok(problem.line > 0 && problem.column > 0 && problem.message !== '');
    });
  }
});
