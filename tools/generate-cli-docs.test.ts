// The references of the command line and of the admin API are current and complete.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { generatedFiles, outdatedFiles } from './generate-cli-docs.ts';

describe('the references of command line and admin API', () => {
  it('are current (else: node tools/generate-cli-docs.ts)', async () => {
    assert.deepEqual(await outdatedFiles(), []);
  });

  it('say something about every option and resource', async () => {
    const files = await generatedFiles();
    const silent = Object.entries(files).filter(([file]) => file.endsWith('.md'))
      .flatMap(([file, text]) => text.split('\n').filter((line) => line.startsWith('| `') && /\|\s*\|$/.test(line)).map((line) => `${file}: ${line}`));
    assert.deepEqual(silent, []);
    const commands = ['run', 'quickstart', 'check', 'explain', 'backends drain', 'rollback', 'completion'];
    for (const command of commands) assert.match(files['docs/reference/cli.md']!, new RegExp(`^## ${command}$`, 'm'));
  });
});
