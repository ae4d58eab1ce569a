// Limits of the FTP gateway at N and N + 1 that concern the server's replies, waiting commands and failed logins, and the
// sub-commands of SITE and OPTS.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FtpClient, startScriptedServer, withFtp } from './peers.ts';

const server = await startScriptedServer();
after(async () => { await server.close(); });

test('replies of the server: lines, bytes of a line, bytes of all', async () => {
  const inner = (count: number, text = 'y'): string => `550-x\r\n${`${text}\r\n`.repeat(count - 2)}550 z`;
  const rows: [string, string, string][] = [
    ['maxReplyLines: 5', inner(5), inner(6)],
    ['maxReplyLineBytes: 50', `550 ${'y'.repeat(46)}`, `550 ${'y'.repeat(47)}`],
    // 5 bytes of the first line, 5 of the last, what is between them.
    ['maxReplyBytes: 30', inner(4, 'y'.repeat(10)), inner(4, 'y'.repeat(11))],
  ];
  for (const [limit, most, more] of rows) {
    await withFtp(server, `    limits: { ${limit} }`, async (gateway) => {
      server.answers['DELE'] = most;
      const client = await new FtpClient(gateway.port()).login();
      assert.match(await client.command('DELE x'), /^550/, limit);
      server.answers['DELE'] = more;
      assert.match(await client.command('DELE x'), /^421 /, limit);
      await gateway.record(({ rule }) => rule === `ftp.limit.${limit.split(':')[0]!}`);
      client.close();
    });
  }
});

test('features that are looked at', async () => {
  await withFtp(server, '    limits: { maxFeatures: 2 }', async (gateway) => {
    server.answers['FEAT'] = '211-x\r\n SIZE\r\n MDTM\r\n MLST\r\n211 z';
    const client = await new FtpClient(gateway.port()).login();
    const text = await client.command('FEAT');
    assert.match(text, / SIZE\r\n MDTM\r\n/);
    assert.doesNotMatch(text, /MLST/);
    client.close();
  });
});

test('failed logins: the last one that is permitted, and the one that ends the session; always the same words', async () => {
  await withFtp(server, '', async (gateway) => {
    server.answers['PASS'] = '530 no such user here';
    const client = new FtpClient(gateway.port());
    await client.reply();
    for (let attempt = 1; attempt <= 3; attempt++) {
      assert.match(await client.command(`USER u${attempt}`), /^331 Password required\.$/);
      assert.equal(await client.command('PASS x'), '530 Login incorrect.');
    }
    assert.match(await client.rest(), /^421 /);
    await gateway.record(({ rule, outcome }) => rule === 'ftp.login-failed' && outcome === 'failed');
  });
});

test('commands that wait: as many as may, and further ones are not lost', async () => {
  await withFtp(server, '    limits: { maxPipelinedCommands: 2 }', async (gateway) => {
    const client = await new FtpClient(gateway.port()).login();
    const waiting: (() => void)[] = [];
    server.answers['DELE'] = (session, name) => { waiting.push(() => { session.say(`250 ${name}\r\n`); }); };
    client.raw.send(['a', 'b', 'c', 'd', 'e'].map((name) => `DELE ${name}\r\n`).join(''));
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      while (waiting.length === 0) await new Promise((resolve) => { setImmediate(resolve); });
      assert.equal(waiting.length, 1, 'one at a time');
      waiting.shift()!();
      assert.equal(await client.reply(), `250 /${name}`);
    }
    client.close();
  });
});

test('SITE: only what is listed, its path resolved and judged; OPTS: what is understood', async () => {
  await withFtp(server, '    site: [CHMOD, UMASK]', async (gateway) => {
    const client = await new FtpClient(gateway.port()).login();
    await client.command('CWD /a');
    assert.match(await client.command('SITE CHMOD 644 ../b/./c'), /^200/);
    assert.match(await client.command('site umask 022'), /^200/);
    for (const command of ['SITE EXEC ls', 'SITE CPFR /etc/passwd', 'SITE CPTO /x', 'SITE', 'SITE CHMODX 644 a']) assert.match(await client.command(command), /^502/, command);
    for (const command of ['SITE CHMOD 9999 a', 'SITE CHMOD 644', 'SITE CHMOD 644 a\\b']) assert.match(await client.command(command), /^501/, command);
    for (const command of ['OPTS UTF8 ON', 'OPTS utf8']) assert.match(await client.command(command), /^200/, command);
    for (const command of ['OPTS', 'OPTS HASH MD5', 'OPTS MLST a/b', 'OPTS UTF8 OFF']) assert.match(await client.command(command), /^501/, command);
    server.answers['OPTS'] = '200 opts';
    assert.match(await client.command('OPTS MLST type;size;'), /^200/);
    const told = server.sessions.at(-1)!.commands.slice(3);
    assert.deepEqual(told, ['CWD /a', 'SITE CHMOD 644 /b/c', 'SITE umask 022', 'OPTS MLST type;size;']);
    client.close();
  });
});

test('uploads: sizes to the byte', async () => {
  await withFtp(server, '    limits: { maxUploadBytes: 2000 }', async (gateway) => {
    for (const [bytes, wanted, end] of [[2000, /^226 /, 'fin'], [2001, /^552 /, 'reset']] as const) {
      const client = await new FtpClient(gateway.port()).login();
      const data = await client.passive();
      await client.command('STOR x');
      data.send(Buffer.alloc(bytes, 'u')).end();
      assert.match(await client.reply(), wanted);
      assert.equal(server.sessions.at(-1)!.storedEnd, end);
      client.close();
    }
  });
});
