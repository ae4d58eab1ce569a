// The generated documentation is current, and says something about every setting.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { generatedFiles, outdatedFiles } from './generate-reference.ts';

describe('the generated reference', () => {
  it('is current (else: node tools/generate-reference.ts)', () => {
    assert.deepEqual(outdatedFiles(), []);
  });

  it('describes every key of every section', () => {
    const text = generatedFiles()['docs/reference/configuration.md'] ?? '';
    const silent = text.split('\n').filter((line) => /^\| `[^`]+` \|/.test(line) && /\|\s+\|$/.test(line));
    assert.deepEqual(silent, []);
    for (const key of ['drainTimeout', 'maxBodyBytes', 'networks', 'balance', 'unless', 'tokenSha256']) assert.match(text, new RegExp(`\`${key}\``));
  });

  it('lists limits with their defaults', () => {
    const text = generatedFiles()['docs/limits.md'] ?? '';
    const rows = [/`drainTimeout` \| `30s`/, /`maxConnections` \| `512`/, /`maxBodyBytes` \| `10MiB`/, /`maxHeaderCount` \| `\d+`/, /`maxDepth` \| 32/];
    for (const row of rows) assert.match(text, row);
  });
});
