// Finding the running gateway: what is said when there is nothing, and when one may not look.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AdminClient } from './client.ts';
import { CommandFailure } from './exit-codes.ts';

const nobody = 65_534;

test('a socket in a directory that only its user may enter is not said to be missing', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sp-'));
  t.after(() => { rmSync(directory, { recursive: true }); });
  chmodSync(directory, 0o755);
  const closed = join(directory, 'state');
  mkdirSync(closed, { mode: 0o700 });
  const socket = join(closed, 'admin.sock');
  const told = async (): Promise<string> => await AdminClient.find({ socket }).then(() => 'found', (error: unknown) => {
    assert.ok(error instanceof CommandFailure);
    return error.message;
  });
  assert.equal(await told(), `no running gateway was found; looked at:\n  ${socket}`);
  if (process.getuid!() !== 0) {
    // Not root: a directory that nobody may enter, oneself included, does as well.
    chmodSync(closed, 0o000);
    assert.match(await told(), /no permission to look there/);
    chmodSync(closed, 0o700);
    return;
  }
  process.seteuid!(nobody);
  try {
    assert.match(await told(), /no permission to look there: run the command as the user of the gateway, or with sudo/);
  } finally { process.seteuid!(0); }
});
