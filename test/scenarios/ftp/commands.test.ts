// The FTP gateway between a raw client and a scripted server: commands, paths, denials, pipelining, login, records.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FtpClient, shared, startFtp, startScriptedServer } from './peers.ts';

const server = await startScriptedServer();
const gateway = await startFtp(server, '    site: [CHMOD]', `
  - { id: no-secret, operation: { path: /secret/** }, then: deny }
  - { id: no-exe, operation: { class: write, ftp: { extension: exe } }, then: { deny: { status: 552, message: "No programs." } } }
  - { id: words, operation: { path: /geheim }, then: { deny: { message: "Für niemanden." } } }
  - { id: hidden, operation: { commands: MKD }, then: drop }
  - { id: enough, operation: { commands: RMD }, then: close }`);
let client: FtpClient;
shared(server, () => gateway, () => client);
const factsOf = (record: unknown): Record<string, unknown> => (record as { facts: Record<string, unknown> }).facts;

test('greeting, login and QUIT; the server hears of a name only with its password', async () => {
  const before = server.sessions.length;
  client = new FtpClient(gateway.port());
  assert.equal(await client.reply(), '220 FTP server ready.');
  assert.equal(await client.command('USER alice'), '331 Password required.');
  assert.equal(server.sessions.length, before);
  assert.equal(await client.command('PASS s3cr\xfft'.replace('\xff', '\xff\xff')), '230 Login successful.');
  assert.equal(await client.command('QUIT'), '221 Goodbye.');
  await client.rest();
  const session = server.sessions.at(-1)!;
  assert.deepEqual(session.commands.slice(0, 3), ['USER alice', 'PASS s3cr\xff\xfft', 'PWD']);
  const record = await gateway.record(({ verb, user }) => verb === 'PASS' && user === 'alice');
  assert.deepEqual(factsOf(record)['sent'], ['USER alice', 'PASS ***', 'PWD']);
  client.close();
  client = new FtpClient(gateway.port());
  await client.reply();
  for (const command of ['USER alice', 'PAS s3cret', 'ACCT s3cret', 'PASSs3cret']) await client.command(command);
  assert.equal(factsOf(await gateway.record(({ verb }) => verb === 'PAS'))['command'], 'PAS ***', 'a PASS that was misspelt');
  await gateway.flushed();
  assert.ok(!JSON.stringify(gateway.records).includes('s3cr'));
});

test('commands before login are refused, and not told to the server', async () => {
  client = new FtpClient(gateway.port());
  await client.reply();
  for (const command of ['PWD', 'RETR file', 'PORT 127,0,0,1,200,10', 'PASV', 'SITE CHMOD 777 x', 'DELE x']) assert.match(await client.command(command), /^530 /, command);
  assert.match(await client.command('PASS x'), /^503 /);
});

test('what the gateway answers itself', async () => {
  client = await new FtpClient(gateway.port()).login();
  const rows: [string, RegExp][] = [
    ['SYST', /^215 UNIX Type: L8$/], ['HELP', /^214 /], ['STAT', /^211-/], ['MODE S', /^200/], ['MODE B', /^504/], ['STRU F', /^200/], ['STRU R', /^504/], ['TYPE E',
      /^504/], ['AUTH TLS', /^502/], ['CCC', /^534/],
    ['PBSZ 0', /^503/], ['PROT P', /^503/], ['ABOR', /^225/], ['RNTO x', /^503/], ['ALLO 100', /^202/], ['ALLO x', /^501/], ['REST x', /^501/], ['REST 1e9', /^501/],
      ['OPTS UTF8 ON', /^200/], ['OPTS X', /^501/], ['LPSV', /^500/],
    ['LPRT 1', /^500/], ['XCWD a', /^250/], ['XPWD', /^257 "\/a"/], ['CLNT x', /^200/], ['ACCT x', /^503/], ['SITE EXEC ls', /^502/], ['RETR x', /^425/], ['EPSV 3',
      /^522/], ['EPSV x', /^501/], ['USER b', /^530/], ['PASS x', /^503/], ['TYPE', /^501/], ['MODE', /^501/], ['STRU  ', /^501/], ['MODE S ', /^200/],
  ];
  for (const [command, wanted] of rows) assert.match(await client.command(command), wanted, command);
  const told = server.sessions.at(-1)!.commands.slice(3);
  assert.deepEqual(told, ['CWD /a']);
});

test('commands of FTP that nobody here performs: 502, and not one of those that another protocol may be speaking', async () => {
  client = await new FtpClient(gateway.port()).login();
  for (let round = 0; round < 3; round++) {
    for (const command of ['REIN', 'SMNT /', 'HOST a', 'LANG en', 'ADAT x', 'CONF x', 'ENC x', 'MIC x']) assert.match(await client.command(command), /^502 /, command);
  }
  assert.equal((await gateway.record(({ verb }) => verb === 'REIN')).rule, 'ftp.not-implemented');
});

test('a second login in the same session is refused, and guesses nothing', async () => {
  client = await new FtpClient(gateway.port()).login('alice');
  for (const command of ['PASS other', 'ACCT x']) assert.match(await client.command(command), /^503 /, command);
  assert.match(await client.command('USER root'), /^530 /);
  assert.deepEqual(server.sessions.at(-1)!.commands, ['USER alice', 'PASS x', 'PWD']);
});

test('ACCT completes a login once; one that failed begins with USER again', async () => {
  server.answers['PASS'] = '332 account';
  server.answers['ACCT'] = (session, argument) => { session.say(argument === '42' ? '230 in\r\n' : '530 no\r\n'); };
  client = new FtpClient(gateway.port());
  await client.reply();
  for (const [command, code] of [
    ['USER alice', 331], ['PASS x', 332], ['PWD', 530], ['ACCT 7', 530], ['ACCT 42', 503], ['USER acctuser', 331], ['PASS x', 332], ['ACCT 42', 230], ['ACCT 42', 503],
    ['NOOP', 200],
  ] as const) assert.ok((await client.command(command)).startsWith(String(code)), command);
  assert.equal((await gateway.record(({ verb, status }) => verb === 'ACCT' && status === 230)).user, 'acctuser');
  await gateway.flushed();
  assert.doesNotMatch(JSON.stringify(gateway.records), /ACCT 42|ACCT 7/);
});

test('a file may be called as the end of a request line of another protocol', async () => {
  client = await new FtpClient(gateway.port()).login();
  assert.match(await client.command('DELE rfc/HTTP/1.1'), /^250 /);
  assert.match(await client.command('CWD SIP/2.0'), /^250 /);
  client.raw.send('PROPFIND /x HTTP/1.1\r\n');
  assert.equal(await client.rest(), '');
});

test('passwords in SITE commands are in no record', async () => {
  const own = await startFtp(server, '    site: [PSWD]');
  client = await new FtpClient(own.port()).login();
  assert.match(await client.command('SITE pswd 0ld-one n3w-one'), /^200 /);
  assert.match(await client.command('SITE GPASS gr0up'), /^502 /);
  assert.equal(server.sessions.at(-1)!.commands.at(-1), 'SITE pswd 0ld-one n3w-one');
  const record = await own.record(({ verb }) => verb === 'SITE');
  assert.equal(factsOf(record)['command'], 'SITE pswd ***');
  assert.deepEqual(factsOf(record)['sent'], ['SITE pswd ***']);
  await own.flushed();
  assert.doesNotMatch(JSON.stringify(own.records), /0ld-one|n3w-one|gr0up/);
  await own.stop();
});

test('a server whose directory cannot be read is told to go to the root, where names are resolved from', async () => {
  for (const [answer, directory] of [['257 "/home/a""b"', '/home/a"b'], ['257 "C:\\ftp"', '/'], ['257 /home', '/'], ['257 "/\xe9"', '/'], ['550 no', '/']] as const) {
    server.answers['PWD'] = answer;
    client = await new FtpClient(gateway.port()).login();
    assert.deepEqual(server.sessions.at(-1)!.commands.slice(2), directory === '/' ? ['PWD', 'CWD /'] : ['PWD'], answer);
    assert.ok((await client.command('PWD')).startsWith(`257 "${directory.replaceAll('"', '""')}"`), answer);
    client.close();
  }
});

test('names: windows: rules hold for every spelling', async () => {
  const own = await startFtp(server, '    names: windows', '  - { id: no-secret, operation: { path: [/secret, /secret/**] }, then: deny }');
  client = await new FtpClient(own.port()).login();
  for (const [command, code] of [
    ['DELE /Secret/x', 550], ['DELE secret./x', 501], ['DELE SECRET~1/x', 501], ['MKD secret::$INDEX_ALLOCATION', 501], ['DELE /Public/X', 250], ['CWD SECRET', 550],
  ] as const) assert.ok((await client.command(command)).startsWith(String(code)), command);
  assert.deepEqual(server.sessions.at(-1)!.commands.slice(3), ['DELE /Public/X']);
  assert.equal((await own.record(({ verb, outcome }) => verb === 'DELE' && outcome === 'allowed')).path, '/public/x');
  await own.stop();
});

test('paths are resolved; what is decided about is what is sent', async () => {
  client = await new FtpClient(gateway.port()).login();
  await client.command('CWD pub');
  const rows: [string, string][] = [
    ['DELE ../a//./b', '/a/b'], ['DELE x', '/pub/x'], ['DELE /../../etc/passwd', '/etc/passwd'], ['DELE ~root/x', '/pub/~root/x'], ['DELE -f', '/pub/-f'], ['CDUP', '/'],
  ];
  for (const [command, path] of rows) {
    assert.match(await client.command(command), /^250/, command);
    assert.equal(server.sessions.at(-1)!.commands.at(-1), `${command === 'CDUP' ? 'CWD' : 'DELE'} ${path}`, command);
  }
  assert.match(await client.command('PWD'), /^257 "\/"/);
  for (const command of ['DELE a\r\0b', 'DELE \xc0\xaf', 'DELE a\\b', 'DELE \xe2\x80\xaeexe', 'DELE', `DELE ${'a'.repeat(1100)}`, `DELE ${'a/'.repeat(70)}x`,
    'MDTM 20200101000000 x', 'LIST -R',
    'LIST */../*/../*?*[*', 'NLST {a,b}{a,b}{a,b}{a,b}{a,b}']) assert.match(await client.command(command), /^501/, JSON.stringify(command));
  assert.equal(server.sessions.at(-1)!.commands.at(-1), 'CWD /');
});

test('rules deny with codes of FTP, and the server hears nothing', async () => {
  client = await new FtpClient(gateway.port()).login();
  assert.equal(await client.command('DELE secret/a'), '550 Permission denied.');
  assert.equal(await client.command('RETR /x/../secret/a'), '550 Permission denied.');
  assert.equal(await client.command('STOR secret/a'), '553 Permission denied.');
  assert.equal(await client.command('STOR tool.EXE'), '552 No programs.');
  assert.equal(await client.command('CWD /secret'), '550 Permission denied.');
  client.raw.send('MKD x\r\nNOOP\r\n');
  assert.equal(await client.reply(), '200 noop');
  assert.equal(await client.command('RMD x'), '421 Service closing control connection.');
  await client.rest();
  assert.deepEqual(server.sessions.at(-1)!.commands.slice(3), ['NOOP', 'QUIT']);
  const record = await gateway.record(({ rule }) => rule === 'no-exe');
  assert.equal(record.outcome, 'denied');
  assert.equal(record.status, 552);
});

test('pipelined commands run one after another, in order', async () => {
  client = new FtpClient(gateway.port());
  client.raw.send('USER a\r\nPASS b\r\nCWD one\r\nCWD two\r\nPWD\r\nNOOP\r\nQUIT\r\n');
  const codes = [...(await client.rest()).matchAll(/^(\d{3}) /gm)].map(([, code]) => code);
  assert.deepEqual(codes, ['220', '331', '230', '250', '250', '257', '200', '221']);
  assert.deepEqual(server.sessions.at(-1)!.commands, ['USER a', 'PASS b', 'PWD', 'CWD /one', 'CWD /one/two', 'NOOP', 'QUIT']);
});

test('more commands than may wait are not lost', async () => {
  client = await new FtpClient(gateway.port()).login();
  const many = 150;
  client.raw.send('PWD\r\n'.repeat(many));
  for (let i = 0; i < many; i++) assert.match(await client.reply(), /^257/);
});

test('a rename is two operations in turn', async () => {
  client = await new FtpClient(gateway.port()).login();
  assert.match(await client.command('RNFR a'), /^350/);
  assert.match(await client.command('RNTO secret/b'), /^553/);
  assert.match(await client.command('RNFR a'), /^350/);
  assert.match(await client.command('RNTO b'), /^250/);
  assert.match(await client.command('RNTO c'), /^503/);
  assert.match(await client.command('RNFR a'), /^350/);
  assert.match(await client.command('RNFR secret/x'), /^550/);
  assert.match(await client.command('RNTO c'), /^503/);
  assert.deepEqual(server.sessions.at(-1)!.commands.slice(3), ['RNFR /a', 'RNFR /a', 'RNTO /b', 'RNFR /a']);
});

test('SITE commands by list, their paths resolved', async () => {
  client = await new FtpClient(gateway.port()).login();
  assert.match(await client.command('SITE CHMOD 644 ../x'), /^200/);
  assert.match(await client.command('SITE chmod 7777777 x'), /^501/);
  assert.match(await client.command('SITE CPFR /etc/passwd'), /^502/);
  assert.match(await client.command('SITE CHMOD 644 /secret/x'), /^502/);
  assert.deepEqual(server.sessions.at(-1)!.commands.slice(3), ['SITE CHMOD 644 /x']);
});

test('FEAT lists what is understood, and what the gateway performs', async () => {
  client = await new FtpClient(gateway.port()).login();
  assert.deepEqual((await client.command('FEAT')).split('\r\n'), ['211-Features:', ' SIZE', ' EPRT', ' EPSV', '211 End']);
});

test('Telnet sequences are answered and not passed on', async () => {
  client = await new FtpClient(gateway.port()).login();
  client.raw.send('\xff\xfd\x01NO\xff\xf1OP\r\n');
  await client.raw.until((text) => text.endsWith('200 noop\r\n'));
  assert.ok(client.raw.received.includes('\xff\xfc\x01'));
  assert.ok(!Buffer.concat(server.sessions.at(-1)!.raw).includes(0xff));
});

test('failed logins look alike, and the third ends the session', async () => {
  server.answers['PASS'] = '530 no such user, but bob exists';
  client = new FtpClient(gateway.port());
  await client.reply();
  for (let i = 0; i < 3; i++) {
    await client.command('USER eve');
    assert.equal(await client.command(`PASS ${i}`), '530 Login incorrect.');
  }
  assert.equal(await client.reply(), '421 Too many failed logins, closing control connection.');
  const end = await gateway.record(({ kind, outcome }) => kind === 'session' && outcome === 'limited');
  assert.match(String(end.reason), /failed logins/);
});

test('421 of the server reaches the client, with the command that it ended', async () => {
  client = await new FtpClient(gateway.port()).login();
  server.answers['DELE'] = '421 going down';
  assert.equal(await client.command('DELE x'), '421 The server ended the session, closing control connection.');
  await client.rest();
  const record = await gateway.record(({ verb, outcome }) => verb === 'DELE' && outcome === 'failed');
  assert.match(String(record.reason), /going down/);
});

test('421 of the server between commands ends the session', async () => {
  client = await new FtpClient(gateway.port()).login();
  server.sessions.at(-1)!.say('421 idle\r\n');
  assert.equal(await client.reply(), '421 The server ended the session, closing control connection.');
});

test('a name with a CR is no name: refused, and the session goes on', async () => {
  client = new FtpClient(gateway.port());
  await client.reply();
  assert.match(await client.command('USER al\r\0ice'), /^501/);
  assert.match(await client.command('PASS x'), /^503/);
  assert.match(await client.command('USER alice'), /^331/);
  assert.match(await client.command('PASS a\r\0b'), /^530/);
  assert.match(await client.command('USER alice'), /^331/);
  assert.match(await client.command('PASS x'), /^230/);
  assert.deepEqual(server.sessions.at(-1)!.commands.slice(0, 2), ['USER alice', 'PASS x']);
});

test('names and files beyond ASCII: bytes on the wire as they came, text in rules and records', async () => {
  const wire = (text: string): string => Buffer.from(text).toString('latin1');
  client = new FtpClient(gateway.port());
  await client.reply();
  await client.command(wire('USER jörg'));
  assert.match(await client.command(wire('PASS süß')), /^230/);
  assert.deepEqual(server.sessions.at(-1)!.commands.slice(0, 2), [wire('USER jörg'), wire('PASS süß')]);
  assert.match(await client.command(wire('DELE Öl.txt')), /^250/);
  const record = await gateway.record(({ verb, user }) => verb === 'DELE' && user === 'jörg');
  assert.equal(record.path, '/Öl.txt');
  assert.equal(factsOf(record)['command'], 'DELE Öl.txt');
  assert.deepEqual(factsOf(record)['sent'], ['DELE /Öl.txt']);
  assert.equal(await client.command(wire('MKD geheim')), wire('550 Für niemanden.'));
});

test('421 of the server in the middle of a transfer: said, and the file looks cut', async () => {
  server.answers['RETR'] = (session) => {
    session.say('150 coming\r\n');
    void session.dataReady!.then((data) => {
      data.on('error', () => { /* it is reset */ });
      data.write('part of a file', () => { session.say('421 going down\r\n'); });
    });
  };
  client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  await client.command('RETR /x');
  assert.equal(await client.reply(), '421 The server ended the session, closing control connection.');
  await data.untilEnd();
  assert.ok(data.reset, 'a reset, not an end');
  const record = await gateway.record(({ verb, outcome }) => verb === 'RETR' && outcome === 'failed');
  assert.equal(record.status, 421);
  assert.match(String(record.reason), /going down/);
});
