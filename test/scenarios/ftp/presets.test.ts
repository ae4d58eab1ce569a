// What each preset permits: every command that the gateway knows, under each of them. What a preset forbids is denied in its
// name with a code of FTP, and the server hears nothing of it.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { knownVerbs } from '#codecs/ftp/index.ts';
import { FtpClient, startScriptedServer, withFtp } from './peers.ts';

const server = await startScriptedServer();
after(async () => { await server.close(); });

const session = ['CWD', 'CDUP', 'PWD', 'ALLO', 'ABOR', 'PORT', 'PASV', 'EPRT', 'EPSV', 'TYPE', 'STRU', 'MODE', 'USER', 'PASS', 'ACCT', 'AUTH', 'PBSZ', 'PROT', 'CCC', 'FEAT',
  'OPTS', 'SYST', 'HELP', 'NOOP', 'QUIT', 'CLNT', 'OPEN'];
const readAndList = ['RETR', 'SIZE', 'MDTM', 'REST', 'LIST', 'NLST', 'MLSD', 'MLST', 'STAT'];
const change = ['STOR', 'APPE', 'STOU', 'MKD', 'RMD', 'DELE', 'RNFR', 'RNTO', 'MFMT'];
const permitted: Readonly<Record<string, readonly string[]>> = {
  'ftp:read-only': [...session, ...readAndList],
  'ftp:anonymous': [...session, ...readAndList],
  // Neither STAT of a path nor SIZE nor MDTM: a blind drop box says nothing of what is there; nor does anything overwrite it.
  'ftp:upload-only': [...session, 'STOR', 'STOU'],
  'ftp:read-write': [...session, ...readAndList, ...change],
};
const codes: Readonly<Record<string, number>> = { STOR: 553, STOU: 553, APPE: 553, RNTO: 553, SITE: 502, REST: 502 };
const of: Readonly<Record<string, string>> = {
  STAT: 'STAT /a', SITE: 'SITE CHMOD 644 /a', MFMT: 'MFMT 20200101000000 /a', STOU: 'STOU', LIST: 'LIST', REST: 'REST 5', USER: 'USER anonymous', PASS: 'PASS x', TYPE: 'TYPE I',
};

test('the lists above are of all commands', () => {
  assert.deepEqual([...session, ...readAndList, ...change, 'SITE'].toSorted(), [...knownVerbs].toSorted());
});

for (const [preset, verbs] of Object.entries(permitted)) {
  test(preset, async () => {
    await withFtp(server, `    preset: "${preset}"\n    site: [CHMOD]`, async (gateway) => {
      const client = await new FtpClient(gateway.port()).login('ftp', 'a@b');
      for (const verb of knownVerbs.filter((one) => one !== 'QUIT')) {
        const heard = server.commands().length;
        const reply = await client.command(of[verb] ?? `${verb} /a`);
        const denied = reply.endsWith('Permission denied.');
        assert.equal(denied, !verbs.includes(verb), `${verb}: ${reply}`);
        if (!denied) continue;
        assert.equal(Number(reply.slice(0, 3)), codes[verb] ?? 550, verb);
        assert.equal(server.commands().length, heard, `the server hears nothing of ${verb}`);
        const record = await gateway.record((one) => one.verb === verb && one.rule === preset);
        assert.equal(record.outcome, 'denied');
      }
      assert.match(await client.command('STAT'), /^211/, 'of the session, not of files');
      assert.match(await client.command('QUIT'), /^221/);
    });
  });
}

test('ftp:anonymous: nobody else, and no password travels for it', async () => {
  await withFtp(server, '    preset: "ftp:anonymous"', async (gateway) => {
    const client = new FtpClient(gateway.port());
    await client.reply();
    for (const name of ['alice', 'anonymous2', 'ftpuser', 'root']) assert.match(await client.command(`USER ${name}`), /^530/, name);
    assert.match(await client.command('PASS x'), /^503/);
    for (const name of ['anonymous', 'ANONYMOUS', 'ftp']) assert.match(await client.command(`USER ${name}`), /^331/, name);
    assert.match(await client.command('PASS a@b'), /^230/);
    client.close();
  });
});

test('a drop box lists no features that tell something of its files', async () => {
  await withFtp(server, '    preset: "ftp:upload-only"', async (gateway) => {
    server.answers['FEAT'] = '211-x\r\n SIZE\r\n MDTM\r\n MLST type*;\r\n REST STREAM\r\n MFMT\r\n UTF8\r\n211 z';
    const client = await new FtpClient(gateway.port()).login();
    assert.deepEqual((await client.command('FEAT')).split('\r\n'), ['211-Features:', ' UTF8', ' EPRT', ' EPSV', '211 End']);
    client.close();
  });
});
