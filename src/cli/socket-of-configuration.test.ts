// The socket that commands look for is the one that the gateway of the same files opens.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { test } from 'node:test';
import { socketPathOf } from '#control/api/socket-file.ts';
import { loadConfiguration } from '#control/configuration/index.ts';
import { gateways } from '../standard.ts';
import { socketOfConfiguration } from './socket-of-configuration.ts';

const base = 'listeners: { main: { bind: "127.0.0.1:0", service: site } }\nservices: { site: { protocol: http, routes: [ { respond: { status: 200 } } ] } }\n';

test('it is the one of the schema, with and without defaults', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sp-'));
  try {
    const additions = ['', 'runtime: { stateDirectory: state }', 'runtime: { stateDirectory: /var/lib/x }', 'admin: { socket: /run/x.sock }',
      'admin: { socket: y.sock }\nruntime: { stateDirectory: /z }'];
    for (const [at, addition] of additions.entries()) {
      const file = join(directory, `${at}.yaml`);
      writeFileSync(file, base + addition);
      const { configuration, baseDirectory } = loadConfiguration({ paths: [file] }, gateways);
      assert.ok(configuration);
      const { stateDirectory } = configuration.runtime;
      assert.equal(socketOfConfiguration([file]), socketPathOf(configuration.admin, isAbsolute(stateDirectory) ? stateDirectory : join(baseDirectory, stateDirectory)));
    }
    assert.equal(socketOfConfiguration([join(directory, 'none.yaml')]), undefined);
  } finally { rmSync(directory, { recursive: true, force: true }); }
});
