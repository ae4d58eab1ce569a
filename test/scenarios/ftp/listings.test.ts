// What servers may take the argument of LIST, NLST and STAT for, past rules on paths: wildcards, two names divided by a space,
// options. Real servers: test/peers/ftp/listings.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FtpClient, shared, startFtp, startScriptedServer, withFtp } from './peers.ts';

const server = await startScriptedServer();
const rules = '  - { id: no-secret, operation: { path: [/secret, /secret/**] }, then: deny }';
const gateway = await startFtp(server, '', rules);
let client: FtpClient;
shared(server, () => gateway, () => client);

/** Runs a listing; the reply's code, and what the server was told. */
async function list(command: string): Promise<[code: string, sent: string]> {
  const before = server.sessions.at(-1)!.commands.length;
  const data = await client.passive();
  let code = (await client.command(command)).slice(0, 3);
  if (code === '150') code = (await client.reply()).slice(0, 3);
  data.destroy();
  return [code, server.sessions.at(-1)!.commands.slice(before).filter((line) => line !== 'PASV').join('; ')];
}

test('a wildcard stands in the last part of a name, and what fits is not entered', async () => {
  client = await new FtpClient(gateway.port()).login();
  for (const [command, code, sent] of [
    ['LIST s*', '226', 'LIST -d s*'], ['NLST *.txt', '226', 'NLST -d *.txt'], ['LIST -la pub/?', '226', 'LIST -lad pub/?'], ['LIST {secret,pub}', '226', 'LIST -d {secret,pub}'],
    ['LIST /pub/[a-c]', '226', 'LIST -d /pub/[a-c]'],
    ['LIST s*/', '226', 'LIST -d s*'], ['LIST s*/*', '501', ''], ['LIST */deep', '501', ''], ['NLST [s]ecret/x', '501', ''], ['LIST {secret/deep,pub}', '501', ''],
    ['LIST /secret/*', '550', ''], ['LIST secret*', '226', 'LIST -d secret*'], ['LIST pub', '226', 'LIST pub'],
  ] as const) assert.deepEqual(await list(command), [code, sent], command);
  server.answers['STAT'] = '213 status';
  for (const [command, code] of [['STAT s*', '213'], ['STAT s*/*', '501'], ['STAT secret', '550']] as const) {
    assert.equal((await client.command(command)).slice(0, 3), code, command);
  }
  assert.equal(server.commands().at(-1), 'STAT -d s*');
});

test('listing by wildcard is listing the directory', async () => {
  client = await new FtpClient(gateway.port()).login();
  await client.command('CWD /secret/..');
  assert.deepEqual(await list('LIST secret/k*'), ['550', '']);
  const record = await gateway.record(({ verb, outcome }) => verb === 'LIST' && outcome === 'denied');
  assert.equal(record.rule, 'no-secret');
});

test('a space may divide two names: both are asked about', async () => {
  client = await new FtpClient(gateway.port()).login();
  for (const [command, code, sent] of [
    ['LIST a b', '226', 'LIST a b'], ['LIST zz secret', '550', ''], ['NLST zz /secret/deep', '550', ''], ['LIST secret zz', '550', ''], ['LIST zz ../secret', '550', ''],
    ['LIST zz -R pub', '501', ''], ['LIST zz -a pub', '226', 'LIST zz -a pub'], ['LIST zz ~root', '501', ''], ['LIST zz secret*', '226', 'LIST -d zz secret*'],
    ['LIST zz secret/*', '550', ''], ['LIST pub/* /secret', '501', ''],
  ] as const) assert.deepEqual(await list(command), [code, sent], command);
  assert.equal((await gateway.record(({ verb, path, outcome }) => verb === 'LIST' && path === '/secret' && outcome === 'denied')).rule, 'no-secret');
});

test('MLSD and MLST take a name and nothing else: stars and spaces are letters', async () => {
  server.answers['MLST'] = '250 fact';
  client = await new FtpClient(gateway.port()).login();
  for (const name of ['[1] {2} *?*', 'zz secret', '-R']) assert.match(await client.command(`MLST ${name}`), /^250/, name);
  assert.deepEqual(server.sessions.at(-1)!.commands.slice(-3), ['MLST [1] {2} *?*', 'MLST zz secret', 'MLST /-R']);
});

test('listWildcards: none at all, or as the server likes', async () => {
  await withFtp(server, '    listWildcards: refuse', async (own) => {
    client = await new FtpClient(own.port()).login();
    assert.deepEqual(await list('LIST *'), ['501', '']);
    client.close();
  });
  await withFtp(server, '    listWildcards: any', async (own) => {
    client = await new FtpClient(own.port()).login();
    assert.deepEqual(await list('LIST a*/*'), ['226', 'LIST a*/*']);
    client.close();
  });
});
