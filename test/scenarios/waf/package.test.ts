// The engine as other Node servers get it: `sallyport/waf` from this checkout, and from a copy below node_modules, where Node
// strips no types and the build has to be there.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const program = `
import { baselineParts, loadRuleSet, memorySource } from 'sallyport/waf';
const { ok, ruleSet } = loadRuleSet({ parts: baselineParts(), source: memorySource({}) });
const tx = ruleSet.begin({ clientAddress: '127.0.0.1', clientPort: 1, serverAddress: '127.0.0.1', serverPort: 80, uniqueId: 'x', nowMs: 0, reputation: null });
tx.requestLine('GET', "/?q=1'+or+'1'='1", 'HTTP/1.1');
tx.endRequestHeaders();
console.log(ok, tx.endRequestBody().status);
`;

test('sallyport/waf in the checkout', () => {
  assert.equal(execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: root, encoding: 'utf8' }), 'true 403\n');
});

test('sallyport/waf below node_modules, as it is packed', { timeout: 60_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-packed-'));
  try {
    const packed = join(directory, 'node_modules', 'sallyport');
    mkdirSync(packed, { recursive: true });
    execFileSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', join(root, 'tsconfig.waf.json'), '--outDir', join(packed, 'dist', 'waf')]);
    for (const path of ['package.json', 'bin']) cpSync(join(root, path), join(packed, path), { recursive: true });
    symlinkSync(join(root, 'node_modules', '@eslint-community'), join(directory, 'node_modules', '@eslint-community'));
    symlinkSync(join(root, 'node_modules', 'ipaddr.js'), join(directory, 'node_modules', 'ipaddr.js'));
    writeFileSync(join(directory, 'server.mjs'), program);
    assert.equal(execFileSync(process.execPath, [join(directory, 'server.mjs')], { cwd: directory, encoding: 'utf8' }), 'true 403\n');
  } finally { rmSync(directory, { recursive: true, force: true }); }
});
