// Limits of the FTP gateway, each at its edge: N passes, N + 1 does not. Times: timers.test.ts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { startGateway } from '../../harness/gateway.ts';
import { FtpClient, startScriptedServer, withFtp } from './peers.ts';

const server = await startScriptedServer();
after(async () => { await server.close(); });

test('data connections: the client that does not come, the server that is not there', async () => {
  await withFtp(server, '    timeouts: { dataConnect: 300ms }', async (gateway) => {
    server.answers['RETR'] = (session) => {
      session.say('150 coming\r\n');
      void session.dataReady!.then((data) => { data.once('close', () => { session.say('426 cut\r\n'); }); });
    };
    const client = await new FtpClient(gateway.port()).login();
    await client.passivePort();
    assert.match(await client.command('RETR /x'), /^150/);
    assert.match(await client.reply(), /^425 /);
    assert.match(await client.command('NOOP'), /^200/);
    // A port where nobody listens any more.
    server.answers['PASV'] = '227 (127,0,0,1,234,96)';
    await client.passivePort();
    assert.match(await client.command('RETR /x'), /^425 /);
    client.close();
  });
});

test('numbers at their edges', async () => {
  await withFtp(server, '    limits: { maxCommandBytes: 40, maxUserBytes: 8, maxPasswordBytes: 8, maxUnknownCommands: 2, maxPathBytes: 16, maxPathSegments: 3, maxWildcards: 1, '
    + 'maxUploadBytes: 10 }', async (gateway) => {
    const client = new FtpClient(gateway.port());
    await client.reply();
    assert.match(await client.command(`USER ${'a'.repeat(9)}`), /^501/);
    assert.match(await client.command(`USER ${'a'.repeat(8)}`), /^331/);
    assert.match(await client.command(`PASS ${'b'.repeat(9)}`), /^501/);
    assert.match(await client.command(`PASS ${'b'.repeat(8)}`), /^230/);
    assert.match(await client.command(`DELE ${'c'.repeat(15)}`), /^250/);
    assert.match(await client.command(`DELE ${'c'.repeat(16)}`), /^501/);
    assert.match(await client.command('DELE a/b/c'), /^250/);
    assert.match(await client.command('DELE a/b/c/d'), /^501/);
    assert.match(await client.command('NLST *'), /^425/);
    assert.match(await client.command('NLST **'), /^501/);
    assert.match(await client.command('ALLO 10'), /^202/);
    assert.match(await client.command('ALLO 11'), /^552/);
    assert.match(await client.command('XXXX'), /^500/);
    assert.match(await client.command('YYYY'), /^500/);
    assert.match(await client.command('ZZZZ'), /^421/);
    const long = await new FtpClient(gateway.port()).login('u', 'p');
    assert.match(await long.command(`RMD ${'c'.repeat(36)}`), /^501/);
    assert.match(await long.command(`RMD ${'c'.repeat(37)}`), /^500/);
    await long.rest();
    await gateway.record(({ rule }) => rule === 'ftp.limit.maxCommandBytes');
  });
});

test('a download limit is to the byte', async () => {
  await withFtp(server, '    limits: { maxDownloadBytes: 5 }', async (gateway) => {
    server.files['/six'] = Buffer.from('sixsix');
    for (const [name, wanted] of [['/file', /^226/], ['/six', /^451/]] as const) {
      const client = await new FtpClient(gateway.port()).login();
      const data = await client.passive();
      await client.command(`RETR ${name}`);
      assert.match(await client.reply(), wanted, name);
      while (!data.closed && !data.ended) await Promise.race([once(data.socket, 'close'), once(data.socket, 'end')]).catch(() => undefined);
      client.close();
      data.destroy();
    }
  });
});

test('a download that is known to be larger is refused before its first byte', async () => {
  await withFtp(server, '    limits: { maxDownloadBytes: 5 }', async (gateway) => {
    server.files['/six'] = Buffer.from('sixsix');
    server.answers['SIZE'] = (session, name) => { session.say(`213 ${server.files[name]?.length ?? 0}\r\n`); };
    const client = await new FtpClient(gateway.port()).login();
    await client.command('TYPE I');
    const fetch = async (sized: string, name: string): Promise<string> => {
      if (sized !== '') await client.command(`SIZE ${sized}`);
      await client.passivePort();
      const heard = server.commands().length;
      const reply = await client.command(`RETR ${name}`);
      if (reply.startsWith('550')) assert.equal(server.commands().length, heard);
      return reply;
    };
    assert.equal(await fetch('/six', '/six'), '550 The file is larger than permitted.');
    assert.equal((await gateway.record(({ verb, outcome }) => verb === 'RETR' && outcome === 'limited')).rule, 'ftp.limit.maxDownloadBytes');
    await client.command('REST 1');
    assert.match(await fetch('/six', '/six'), /^150/, 'only so much of it is asked for');
    client.close();
    const other = await new FtpClient(gateway.port()).login();
    await other.command('TYPE A');
    await other.command('SIZE /six');
    await other.passivePort();
    assert.match(await other.command('RETR /six'), /^150/, 'in ASCII a size says nothing');
    other.close();
  });
});

test('limits of the rules hold for commands', async () => {
  const gateway = await startGateway(`
listeners: { ftp: { bind: "127.0.0.1:0", service: files } }
services: { files: { protocol: ftp, pool: files } }
pools: { files: { servers: ["127.0.0.1:${server.port}"] } }
limits: { deletes: { operation: { class: delete }, key: address, requests: 2/m } }
policy: [ { id: open, then: allow } ]
`);
  const client = await new FtpClient(gateway.port()).login();
  assert.match(await client.command('DELE a'), /^250/);
  assert.match(await client.command('DELE b'), /^250/);
  assert.match(await client.command('DELE c'), /^450/);
  assert.equal((await gateway.record(({ rule }) => rule === 'deletes')).outcome, 'limited');
  client.close();
  await gateway.stop();
});

test('drain: what is under way is finished, then 421', async () => {
  await withFtp(server, '', async (gateway) => {
    const client = await new FtpClient(gateway.port()).login();
    let finish = (): void => { /* set below */ };
    server.answers['RETR'] = (session) => {
      session.say('150 coming\r\n');
      void session.dataReady!.then((data) => { finish = () => { data.end('end'); session.say('226 done\r\n'); }; });
    };
    const data = await client.passive();
    await client.command('RETR /x');
    const configured = gateway.configure(`
listeners: { other: { bind: "127.0.0.1:0", service: files } }
services: { files: { protocol: ftp, pool: files } }
pools: { files: { servers: ["127.0.0.1:${server.port}"] } }
policy: [ { id: open, then: allow } ]
`);
    await configured;
    finish();
    assert.match(await client.reply(), /^226/);
    assert.equal(await data.untilEnd(), 'end');
    assert.match(await client.reply(), /^421/);
  });
});

