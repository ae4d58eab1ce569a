// Attacks on and through FTP, each from a real case: what reaches the other side, and what opens. Sources in docs/protocols/ftp.md.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { RawClient } from '../../harness/raw.ts';
import { FtpClient, passiveText, shared, startFtp, startScriptedServer } from './peers.ts';

const server = await startScriptedServer();
let gateway = await startFtp(server);
let client: FtpClient;
shared(server, () => gateway, () => client);

const violation = (code: string) => gateway.record(({ kind, rule }) => kind === 'violation' && rule === code);
const toldServer = (): string[] => server.sessions.at(-1)!.commands.slice(3);

/** Whether anything listens there, asked from another address so that a lease is not used up. */
async function isOpen(port: number): Promise<boolean> {
  const probe = new RawClient(port, '127.0.0.1', '127.0.0.2');
  while (!probe.closed) await once(probe.socket, 'close').catch(() => undefined);
  return probe.reset;
}

test('bounce: PORT and EPRT to a third host, to services, below 1024 (CA-1997-27, RFC 2577)', async () => {
  client = await new FtpClient(gateway.port()).login();
  for (const command of ['PORT 10,0,0,1,200,10', 'PORT 127,0,0,2,200,10', 'EPRT |1|10.0.0.1|2000|', 'PORT 127,0,0,1,0,25', 'PORT 127,0,0,1,3,255', 'EPRT |1|127.0.0.1|22|',
    'PORT 127,0,0,1,24,235', 'PORT 127,0,0,1,23,112', 'EPRT |1|127.0.0.1|3306|']) assert.match(await client.command(command), /^500 /, command);
  assert.match(await client.command('PORT 0,0,0,0,200,10'), /^500 /);
  assert.match(await client.command('EPRT |2|::1|2000|'), /^522 /);
  assert.match(await client.command('RETR /file'), /^425 /);
  assert.deepEqual(toldServer(), []);
  const record = await gateway.record(({ rule }) => rule === 'ftp.bounce');
  assert.equal(record.outcome, 'refused');
});

test('bounce the other way: a 227 to a third host, to a service, below 1024', async () => {
  for (const [port, address] of [[40_000, '10.0.0.1'], [40_000, '127.0.0.2'], [22, '127.0.0.1'], [6379, '127.0.0.1'], [40_000, '0.0.0.0']] as const) {
    server.answers['PASV'] = passiveText(port, address);
    client = await new FtpClient(gateway.port()).login();
    assert.match(await client.command('PASV'), /^425 /, `${address}:${port}`);
    assert.match(await client.command('RETR /file'), /^425 /);
    client.close();
  }
  const record = await gateway.record(({ rule }) => rule === 'ftp.passive-address');
  assert.match(String(record.reason), /10\.0\.0\.1/);
});

test('a 227, 229 or 234 as the answer to another command does not get through to whoever looks on', async () => {
  for (const answer of ['227 Entering Passive Mode (127,0,0,1,200,200)', '229 ok (|||51400|)', '234 go ahead']) {
    for (const command of ['NOOP', 'DELE x', 'CWD /a']) {
      server.answers[command.split(' ')[0]!] = answer;
      client = await new FtpClient(gateway.port()).login();
      assert.match(await client.command(command), /^421 /, `${command}: ${answer}`);
      client.close();
    }
  }
  assert.equal((await gateway.record(({ rule, kind }) => rule === 'ftp.reply-order' && kind === 'violation')).outcome, 'refused');
});

test('stolen data port: another address is sent away and the owner still gets his file', async () => {
  client = await new FtpClient(gateway.port()).login();
  const port = await client.passivePort();
  const thief = new RawClient(port, '127.0.0.1', '127.0.0.3');
  while (!thief.closed) await once(thief.socket, 'close').catch(() => undefined);
  assert.ok(thief.reset);
  assert.equal(thief.received, '');
  const owner = new RawClient(port);
  await once(owner.socket, 'connect');
  await client.command('RETR /file');
  assert.equal(await owner.untilEnd(), 'hello');
  const record = await gateway.record(({ rule, client: address }) => rule === 'lease.stranger' && address === '127.0.0.3');
  assert.notEqual(record, undefined);
});

test('a lease is for one connection', async () => {
  client = await new FtpClient(gateway.port()).login();
  const port = await client.passivePort();
  const first = new RawClient(port);
  await once(first.socket, 'connect');
  assert.equal(await isOpen(port), false);
  first.destroy();
});

test('nothing opens without the matching reply: a 227 inside another reply, with another code, in several lines (VU#328867)', async () => {
  const listening = net.createServer();
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as net.AddressInfo;
  let connections = 0;
  listening.on('connection', (socket) => { connections++; socket.destroy(); });
  client = await new FtpClient(gateway.port()).login();
  for (const answer of [`500 ${passiveText(port)}`, `227-x\r\n${passiveText(port)}`, `550-no\r\n${passiveText(port)}\r\n550 no`, `200 ${passiveText(port)}`, '227 none',
    `${passiveText(port)} ${passiveText(port)}`]) {
    server.answers['PASV'] = answer;
    assert.match(await client.command('PASV'), /^425 /, answer);
  }
  server.answers['DELE'] = `550-the file\r\n${passiveText(port)}\r\n550 is not there`;
  const reply = await client.command('DELE x');
  assert.equal(reply, `550-the file\r\n ${passiveText(port)}\r\n550 is not there`, 'the line cannot be taken for a reply');
  assert.match(await client.command('RETR /file'), /^425 /);
  assert.equal(connections, 0);
  listening.close();
});

test('a reply that nobody asked for ends the session', async () => {
  client = await new FtpClient(gateway.port()).login();
  server.sessions.at(-1)!.say(`${passiveText(40_000)}\r\n`);
  assert.equal(await client.reply(), '421 The server broke the protocol, closing control connection.');
  await client.rest();
  await violation('ftp.reply-unasked');
});

test('two replies to one command', async () => {
  client = await new FtpClient(gateway.port()).login();
  server.answers['NOOP'] = `200 noop\r\n${passiveText(40_000)}`;
  assert.match(await client.command('NOOP'), /^200/);
  assert.equal(await client.reply(), '421 The server broke the protocol, closing control connection.');
});

test('a 1xx where none can be', async () => {
  client = await new FtpClient(gateway.port()).login();
  server.answers['DELE'] = '150 opening';
  assert.equal(await client.command('DELE x'), '421 The server broke the protocol, closing control connection.');
  await violation('ftp.reply-order');
});

test('commands split over segments are the same commands', async () => {
  client = await new FtpClient(gateway.port()).login();
  client.raw.socket.setNoDelay(true);
  for (const byte of 'PORT 10,0,0,1,1,187\r\n') {
    client.raw.send(byte);
    await new Promise((resolve) => { setImmediate(resolve); });
  }
  assert.match(await client.reply(), /^500 /);
  assert.deepEqual(toldServer(), []);
});

test('HTTP on the FTP port: closed without a word (ALPACA, CVE-2021-3618)', async () => {
  const sessions = server.sessions.length;
  client = new FtpClient(gateway.port());
  client.raw.send('POST /<script> HTTP/1.1\r\nHost: ftp.example\r\n\r\nUSER a\r\nPASS b\r\nPORT 127,0,0,1,200,10\r\n');
  assert.equal(await client.rest(), '220 FTP server ready.\r\n');
  assert.equal(server.sessions.length, sessions);
  await violation('ftp.other-protocol');
});

test('NAT slipstreaming: a PORT that begins a segment of something else opens nothing', async () => {
  client = new FtpClient(gateway.port());
  await client.reply();
  client.raw.send(`X-Padding: ${'a'.repeat(1400)}\r\n`);
  client.raw.send('PORT 127,0,0,1,200,10\r\n');
  assert.equal(await client.rest(), '');
});

test('a path with a line break is two commands to nobody (Java and Python URL injection)', async () => {
  for (const [bytes, code] of [['RETR a\rDELE b\r\n', 'ftp.bare-cr'], ['RETR a\nDELE b\r\n', 'ftp.bare-lf'], ['RETR a\0DELE b\r\n', 'ftp.nul']] as const) {
    client = await new FtpClient(gateway.port()).login();
    client.raw.send(bytes);
    assert.match(await client.rest(), /^500 /, code);
    assert.deepEqual(toldServer().filter((line) => line !== 'QUIT'), []);
    await violation(code);
  }
});

test('a password with commands behind it: they meet a session that is not logged in', async () => {
  server.answers['PASS'] = '530 no';
  client = new FtpClient(gateway.port());
  client.raw.send('USER a\r\nPASS b\r\nPORT 127,0,0,1,200,10\r\nRETR /file\r\nQUIT\r\n');
  const text = await client.rest();
  assert.deepEqual([...text.matchAll(/^(\d{3}) /gm)].map(([, code]) => code), ['220', '331', '530', '530', '530', '221']);
  assert.deepEqual(server.sessions.at(-1)!.commands, ['USER a', 'PASS b', 'QUIT']);
});

test('a reply of a million lines, a line without an end, a FEAT flood', async () => {
  for (const [verb, flood, code] of [
    ['DELE', `550-x\r\n${'y\r\n'.repeat(1_000_000)}550 z`, 'ftp.limit.maxReplyLines'],
    ['DELE', `550 ${'y'.repeat(1_000_000)}`, 'ftp.limit.maxReplyLineBytes'],
    ['FEAT', `211-x\r\n${' SIZE\r\n'.repeat(100_000)}211 z`, 'ftp.limit.maxReplyLines'],
  ] as const) {
    server.answers[verb] = flood;
    client = await new FtpClient(gateway.port()).login();
    assert.equal(await client.command(verb === 'FEAT' ? 'FEAT' : 'DELE x'), '421 The server broke the protocol, closing control connection.', code);
    await violation(code);
    client.close();
  }
  server.answers['FEAT'] = `211-x\r\n${' SIZE\r\n'.repeat(500)}211 z`;
  client = await new FtpClient(gateway.port()).login();
  assert.ok((await client.command('FEAT')).split('\r\n').length < 80);
});

test('a server that answers with controls and escapes: nothing of it reaches the client', async () => {
  client = await new FtpClient(gateway.port()).login();
  server.answers['DELE'] = '550 \x1b]0;owned\x07\xff\xfb\x01x';
  assert.equal(await client.command('DELE x'), '550 ?]0;owned?x');
});

test('a server that is another protocol', async () => {
  server.answers[''] = 'SSH-2.0-OpenSSH_9.2';
  client = new FtpClient(gateway.port());
  await client.reply();
  await client.command('USER a');
  assert.equal(await client.command('PASS b'), '421 The server broke the protocol, closing control connection.');
  await violation('ftp.reply-syntax');
});

test('NOOPs do not keep a transfer that stands still', async () => {
  await gateway.stop();
  gateway = await startFtp(server, '    timeouts: { dataStall: 400ms }');
  server.answers['RETR'] = (session) => {
    session.say('150 slow\r\n');
    void session.dataReady!.then((data) => {
      data.write('x');
      data.once('close', () => { session.say('426 cut\r\n'); });
    });
  };
  client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  await client.command('RETR /x');
  client.raw.send('NOOP\r\n'.repeat(5));
  assert.match(await client.reply(), /^426 No data/);
  while (!data.closed) await once(data.socket, 'close').catch(() => undefined);
  assert.ok(data.reset);
  await gateway.stop();
  gateway = await startFtp(server);
});

test('a server that happens to draw a denied port is asked again, not for ever', async () => {
  let asked = 0;
  const real = server.answers['PASV'] as (session: unknown, argument: string) => void;
  server.answers['PASV'] = (session) => {
    if (++asked < 3) session.say(`${passiveText(6379)}\r\n`);
    else real(session, '');
  };
  client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  await client.command('RETR /file');
  assert.equal(await data.untilEnd(), 'hello');
  assert.match(await client.reply(), /^226/);
  server.answers['PASV'] = passiveText(6379);
  assert.match(await client.command('PASV'), /^425/);
  assert.equal(toldServer().filter((line) => line === 'PASV').length, 7);
});
