// What an explanation of an FTP command says: the listener that the address leads to, and the same answer as live traffic gets,
// for each thing that may refuse it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from '../../harness/free-port.ts';
import { startGateway } from '../../harness/gateway.ts';
import { FtpClient, startScriptedServer } from './peers.ts';

test('an explanation and the live answer agree', async () => {
  const server = await startScriptedServer();
  const [port, boxPort] = [await freePort(), await freePort()];
  const gateway = await startGateway(`
listeners:
  web: { bind: "127.0.0.1:0", service: web }
  files: { bind: "127.0.0.1:${port}", service: files }
  box: { bind: "127.0.0.1:${boxPort}", service: box }
services:
  web: { protocol: http, routes: [{ respond: { status: 200 } }] }
  files: { protocol: ftp, pool: files, site: [CHMOD], login: { users: ["a*"], failureDelay: 10ms } }
  box: { protocol: ftp, pool: files, preset: "ftp:upload-only" }
pools: { files: { servers: ["127.0.0.1:${server.port}"] } }
inspectors: { small: { service: files, maxBytes: 100 } }
policy:
  - { id: no-secret, operation: { path: /secret/** }, then: deny }
  - { id: no-exe, operation: { class: write, ftp: { extension: exe } }, then: { deny: { status: 552 } } }
  - { id: only-anna, user: anna, operation: { path: /anna/** }, then: allow }
  - { id: nobody, operation: { path: /anna/** }, then: deny }
  - { id: open, then: allow }
`);
  const explained = async (verb: string, url: string, listener = ''): Promise<{ service: string; decision: string }> => {
    const answer = await gateway.ask({ what: 'explain', request: { verb, url, headers: [] }, listener, client: { address: '127.0.0.1', port: 4000 } });
    assert.ok(answer.what === 'explain');
    const { steps } = answer.explanation;
    const last = steps.at(-1)!;
    return { service: /to service (\S+)/.exec(steps[0]!.detail)![1]!, decision: `${last.subject} ${last.outcome} ${/\b\d{3}\b/.exec(last.detail)?.[0] ?? ''}`.trim() };
  };
  const client = await new FtpClient(gateway.port('files')).login('alice');
  for (const [verb, argument, decision] of [
    ['DELE', '/secret/x', 'no-secret deny 550'], ['DELE', '/a/../secret/x', 'no-secret deny 550'], ['STOR', '/tool.exe', 'no-exe deny 552'], ['DELE', '/x', 'open allowed'],
    ['LIST', '-R', 'LIST refused 501'], ['LIST', '-la', 'open allowed'], ['NLST', '/*/*/*/*/*', 'NLST refused 501'], ['MKD', '/anna/x', 'nobody deny 550'],
    ['MFMT', '20200101000000 /secret/x', 'no-secret deny 550'], ['SITE', 'CHMOD 644 /secret/x', 'no-secret deny 502'], ['SITE', 'CHMOD 644 /x', 'open allowed'],
    ['SITE', 'EXEC ls', 'ftp.site refused 502'], ['FOO', 'x', 'FOO refused 500'], ['APPE', '/x', 'ftp.partial-upload refused 551'],
  ] as const) {
    assert.equal((await explained(verb, argument, 'files')).decision, decision, `${verb} ${argument}`);
    if (argument.startsWith('/')) assert.equal((await explained(verb, `ftp://127.0.0.1:${port}${argument}`)).decision, decision, `${verb} ${argument} as an address`);
    if (verb === 'APPE') await client.passivePort();
    const live = await client.command(`${verb} ${argument}`);
    if (decision.endsWith('allowed')) assert.match(live, /^(?:2|425)/, `${verb} ${argument}`);
    else assert.equal(live.slice(0, 3), decision.slice(-3), `${verb} ${argument}`);
  }
  assert.equal((await explained('MKD', 'ftp://anna@127.0.0.1/anna/x')).decision, 'only-anna allowed', 'a user of the address');
  assert.equal((await explained('USER', 'bob', 'files')).decision, 'ftp.login-failed refused 530');
  assert.equal((await explained('USER', 'alice', 'files')).decision, 'open allowed');
  assert.deepEqual(await explained('LIST', `ftp://127.0.0.1:${boxPort}/`), { service: 'box', decision: 'ftp:upload-only deny 550' }, 'by its port');
  assert.equal((await explained('LIST', 'ftp://ftp.example/')).service, 'files', 'by its protocol');
  assert.equal((await explained('GET', 'http://shop.example/')).service, 'web');
  assert.equal((await explained('GET', 'http://shop.example:9/')).service, 'web');
  assert.equal((await explained('GET', '/x')).service, 'web', 'the first');
  client.close();
  assert.deepEqual(gateway.bugs, []);
  await gateway.stop();
  await server.close();
});
