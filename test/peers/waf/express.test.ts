// The example for Express in a real Express, which is installed for this test alone: bodies are parsed for the application and seen by
// the rules as they were received.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, test } from 'node:test';
import { bodyAttacks, ordinaryBody, queryAttack } from '../../waf/example-requests.ts';
import { temporaryFolder } from '../peer.ts';

const version = '5.3.0';
const installTimeoutMs = 120_000;
const folder = temporaryFolder();
after(() => { folder.remove(); });

function needsExpress(): false | string {
  writeFileSync(join(folder.path, 'package.json'), '{ "private": true }');
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', `express@${version}`], {
    cwd: folder.path, stdio: 'ignore', timeout: installTimeoutMs });
  if (status === 0) return false;
  const how = `SKIPPED: Express cannot be installed: npm install express@${version}`;
  if (process.env['CI'] === 'true') throw new Error(how);
  return how;
}

const program = `
import express from 'express';
import { keepBody, waf } from ${JSON.stringify(fileURLToPath(new URL('../../../examples/waf-express.ts', import.meta.url)))};
const app = express();
const keep = { verify: keepBody };
app.use(express.json(keep), express.urlencoded({ ...keep, extended: true }), express.raw({ ...keep, type: () => true }), waf());
app.use((request, response) => { response.json({ got: request.body ?? null }); });
const server = app.listen(0, '127.0.0.1', () => { console.log(server.address().port); });
`;

test(`Express ${version}`, { skip: needsExpress() }, async () => {
  writeFileSync(join(folder.path, 'server.mjs'), program);
  const child = spawn(process.execPath, ['server.mjs'], { cwd: folder.path, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = await once(child.stdout, 'data') as [Buffer];
    const base = `http://127.0.0.1:${String(port).trim()}`;
    assert.deepEqual(await (await fetch(`${base}/?q=hello`)).json(), { got: null });
    assert.equal((await fetch(base + queryAttack)).status, 403);
    for (const request of bodyAttacks) assert.equal((await fetch(base, request)).status, 403, request.body);
    assert.deepEqual(await (await fetch(base, ordinaryBody)).json(), { got: JSON.parse(ordinaryBody.body) });
  } finally {
    child.kill();
    await once(child, 'exit');
  }
});
