// Transfers through the FTP gateway: both directions, each side passive or active, cut from either end, content rules,
// sizes, hashes and leases in the records.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { RawClient } from '../../harness/raw.ts';
import { FtpClient, type ScriptedSession, shared, startFtp, startScriptedServer } from './peers.ts';

const big = Buffer.alloc(3_000_000, 'abcdefghij');
const server = await startScriptedServer();
server.files['/big'] = big;
server.files['/empty'] = Buffer.alloc(0);
let gateway = await startFtp(server);
let client: FtpClient;
shared(server, () => gateway, () => client);
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const factsOf = (record: unknown): Record<string, unknown> => (record as { facts: Record<string, unknown> }).facts;

/** Listens as an active client does. */
async function listen(): Promise<{ argument: string; accept: Promise<net.Socket>; port: number }> {
  const listener = net.createServer({ allowHalfOpen: true });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as net.AddressInfo;
  return { port, argument: `127,0,0,1,${port >> 8},${port & 255}`, accept: once(listener, 'connection').then(([socket]) => { listener.close(); return socket as net.Socket; }) };
}

async function collect(socket: net.Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => { chunks.push(bytes); });
  await once(socket, 'end');
  socket.end();
  return Buffer.concat(chunks);
}

/** A server that connects to what PORT named, and sends. */
function activeServer(content: Buffer): void {
  let target = { host: '', port: 0 };
  server.answers['PORT'] = (session: ScriptedSession, argument: string) => {
    const numbers = argument.split(',').map(Number);
    target = { host: numbers.slice(0, 4).join('.'), port: numbers[4]! * 256 + numbers[5]! };
    session.say('200 ok\r\n');
  };
  server.answers['RETR'] = (session) => {
    session.say('150 coming\r\n');
    const data = net.connect(target);
    data.on('error', () => { /* cut */ });
    data.end(content);
    data.once('close', () => { session.say('226 sent\r\n'); });
  };
}

test('a server that cuts an upload and says why: the client hears it', async () => {
  server.answers['STOR'] = (session) => {
    session.say('150 Go on.\r\n');
    void session.dataReady!.then((data) => {
      data.once('data', () => {
        data.resetAndDestroy();
        session.say('452 No room left.\r\n');
      });
    });
  };
  client = await new FtpClient(gateway.port()).login('fullup');
  const data = await client.passive();
  assert.match(await client.command('STOR full'), /^150 /);
  data.send(big);
  assert.equal(await client.reply(), '452 No room left.');
  await data.untilEnd();
  assert.ok(data.reset);
  const record = await gateway.record(({ verb, user }) => verb === 'STOR' && user === 'fullup');
  assert.deepEqual([record.outcome, record.status], ['failed', 452]);
  assert.match(record.reason!, /the server answered 452/);
});

test('no port is free: 425, and the record says so', async () => {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as net.AddressInfo;
  const own = await startFtp(server, `    clientData: { ports: ${port}-${port} }`);
  client = await new FtpClient(own.port()).login();
  assert.match(await client.command('PASV'), /^425 /);
  assert.match(await client.command('NOOP'), /^200 /);
  assert.match((await own.record(({ verb }) => verb === 'PASV')).reason!, /^no free port between/);
  await own.stop();
  taken.close();
});

test('a download, passive: bytes, record, lease gone', async () => {
  client = await new FtpClient(gateway.port()).login('dora');
  const data = await client.passive();
  const arrives = collect(data.socket);
  assert.match(await client.command('RETR /big'), /^150 /);
  assert.ok((await arrives).equals(big));
  assert.match(await client.reply(), /^226 /);
  const record = await gateway.record(({ verb, path }) => verb === 'RETR' && path === '/big');
  assert.equal(record.out, big.length);
  const facts = factsOf(record);
  assert.equal(facts['sha256'], sha256(big));
  assert.equal(facts['type'], 'text');
  assert.equal(facts['clientMode'], 'passive');
  assert.notEqual(facts['clientLease'], undefined);
});

test('an empty file is a file', async () => {
  client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  const arrives = collect(data.socket);
  await client.command('RETR /empty');
  assert.equal((await arrives).length, 0);
  assert.match(await client.reply(), /^226 /);
});

test('an upload; the server gets all of it and an orderly end', async () => {
  client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  data.send('early ');
  assert.match(await client.command('STOR up.txt'), /^150 /);
  data.send(big).end();
  assert.match(await client.reply(), /^226 /);
  const session = server.sessions.at(-1)!;
  assert.ok(session.stored!.equals(Buffer.concat([Buffer.from('early '), big])));
  assert.equal(session.storedEnd, 'fin');
  const record = await gateway.record(({ verb, path }) => verb === 'STOR' && path === '/up.txt');
  assert.equal(record.in, big.length + 6);
});

test('an active client in front of a passive server', async () => {
  client = await new FtpClient(gateway.port()).login();
  const { argument, accept } = await listen();
  assert.match(await client.command(`PORT ${argument}`), /^200 /);
  const arrives = accept.then(collect);
  assert.match(await client.command('RETR /big'), /^150 /);
  assert.ok((await arrives).equals(big));
  assert.match(await client.reply(), /^226 /);
  assert.deepEqual(server.sessions.at(-1)!.commands.slice(3), ['PASV', 'RETR /big']);
});

test('an active client with EPRT', async () => {
  client = await new FtpClient(gateway.port()).login();
  const { port, accept } = await listen();
  assert.match(await client.command(`EPRT |1|127.0.0.1|${port}|`), /^200 /);
  const arrives = accept.then(collect);
  await client.command('RETR /file');
  assert.equal(String(await arrives), 'hello');
});

test('a passive client in front of an active server', async () => {
  await gateway.stop();
  gateway = await startFtp(server, '    serverData: { mode: active }');
  activeServer(big);
  client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  const arrives = collect(data.socket);
  assert.match(await client.command('RETR /big'), /^150 /);
  assert.ok((await arrives).equals(big));
  assert.match(await client.reply(), /^226 /);
  const record = await gateway.record(({ verb }) => verb === 'RETR');
  assert.notEqual(factsOf(record)['serverLease'], undefined);
});

test('both active', async () => {
  activeServer(big);
  client = await new FtpClient(gateway.port()).login();
  const { argument, accept } = await listen();
  await client.command(`PORT ${argument}`);
  const arrives = accept.then(collect);
  await client.command('RETR /big');
  assert.ok((await arrives).equals(big));
  assert.match(await client.reply(), /^226 /);
  await gateway.stop();
  gateway = await startFtp(server);
});

test('EPSV, and EPSV ALL', async () => {
  client = await new FtpClient(gateway.port()).login();
  assert.match(await client.command('EPSV ALL'), /^200/);
  assert.match(await client.command('PASV'), /^503/);
  assert.match(await client.command('PORT 127,0,0,1,200,10'), /^503/);
  assert.match(await client.command('EPRT |1|127.0.0.1|2000|'), /^503/);
  const port = Number(/\|\|\|(\d+)\|/.exec(await client.command('EPSV 1'))![1]);
  const data = new RawClient(port);
  const arrives = collect(data.socket);
  await client.command('RETR /file');
  assert.equal(String(await arrives), 'hello');
});

test('a file that is not there leaves the session as it was', async () => {
  client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  assert.match(await client.command('RETR /none'), /^550 none/);
  await data.untilEnd();
  assert.match(await client.command('NOOP'), /^200/);
  assert.match(await client.command('RETR /file'), /^425/);
});

test('ABOR cuts both sides and is answered twice', async () => {
  server.answers['RETR'] = (session) => {
    session.say('150 endless\r\n');
    void session.dataReady!.then((data) => {
      data.write(Buffer.alloc(100_000));
      data.once('close', () => { session.say('426 cut\r\n'); });
    });
  };
  client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  await client.command('RETR /endless');
  await data.until((text) => text.length >= 1000);
  client.raw.send('\xff\xf4\xffABOR\r\n');
  assert.match(await client.reply(), /^426 /);
  assert.match(await client.reply(), /^226 /);
  while (!data.closed) await once(data.socket, 'close');
  assert.ok(data.reset, 'a truncated file must look truncated');
  assert.match(await client.command('NOOP'), /^200/);
});

test('an ABOR whose LF was TCP\'s urgent byte, and got lost (ftplib); one whose LF comes late', async () => {
  server.answers['RETR'] = (session) => {
    session.say('150 endless\r\n');
    void session.dataReady!.then((data) => {
      data.write(Buffer.alloc(100_000));
      data.once('close', () => { session.say('426 cut\r\n'); });
    });
  };
  for (const behind of ['NOOP\r\n', '\nNOOP\r\n']) {
    client = await new FtpClient(gateway.port()).login();
    const data = await client.passive();
    await client.command('RETR /endless');
    await data.until((text) => text.length >= 1000);
    client.raw.send('ABOR\r');
    assert.match(await client.reply(), /^426 /);
    assert.match(await client.reply(), /^226 /);
    client.raw.send(behind);
    assert.match(await client.reply(), /^200/);
    client.close();
  }
  // Without a transfer it is a line that is not finished, and a bare CR is a bare CR.
  client = await new FtpClient(gateway.port()).login();
  client.raw.send('ABOR\rNOOP\r\n');
  assert.match(await client.reply(), /^500/);
  await gateway.record(({ rule }) => rule === 'ftp.bare-cr');
});

test('a server that answers a reset with a second 150 and nothing else (pure-ftpd)', async () => {
  server.answers['RETR'] = (session) => {
    session.say('150 endless\r\n');
    void session.dataReady!.then((data) => {
      data.write(Buffer.alloc(100_000));
      data.once('close', () => { session.say('150 0.004 seconds (measured here)\r\n'); });
    });
  };
  client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  await client.command('RETR /endless');
  await data.until((text) => text.length >= 1000);
  client.raw.send('ABOR\r\n');
  assert.match(await client.reply(), /^426 /);
  assert.match(await client.reply(), /^226 /);
  assert.match(await client.command('NOOP'), /^200/);
  // In a transfer that goes on it is a breach of the protocol as before.
  server.answers['RETR'] = (session) => { session.say('150 one\r\n150 two\r\n'); };
  await client.passive();
  assert.match(await client.command('RETR /x'), /^150/);
  assert.match(await client.reply(), /^421/);
  await gateway.record(({ rule }) => rule === 'ftp.reply-order');
});

test('a client that resets an upload resets it at the server too', async () => {
  client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  await client.command('STOR x');
  data.send('half');
  await new Promise<void>((resolve) => { data.socket.write('', () => { resolve(); }); });
  data.socket.resetAndDestroy();
  assert.match(await client.reply(), /^426 /);
  const session = server.sessions.at(-1)!;
  assert.equal(session.storedEnd, 'reset');
});

test('a server that cuts a download: the client sees a reset, not an end', async () => {
  server.answers['RETR'] = (session) => {
    session.say('150 coming\r\n');
    void session.dataReady!.then((data) => {
      data.write('half', () => {
        data.resetAndDestroy();
        session.say('451 disk\r\n');
      });
    });
  };
  client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  await client.command('RETR /x');
  assert.match(await client.reply(), /^4(26|51) /);
  while (!data.closed) await once(data.socket, 'close');
  assert.ok(data.reset);
});

test('data against the direction ends the transfer', async () => {
  server.answers['RETR'] = (session) => {
    session.say('150 coming\r\n');
    void session.dataReady!.then((data) => { data.once('close', () => { session.say('426 cut\r\n'); }); });
  };
  client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  await client.command('RETR /x');
  data.send('GET / HTTP/1.1\r\n');
  assert.match(await client.reply(), /^426 Data in the wrong direction/);
});

test('a REST is for the next transfer, whatever becomes of that', async () => {
  await gateway.stop();
  gateway = await startFtp(server, '', '  - { id: no-secret, operation: { path: /secret }, then: deny }');
  client = await new FtpClient(gateway.port()).login();
  for (const [refused, answer] of [['RETR /secret', /^550/], ['RETR /file', /^425/]] as const) {
    assert.equal(await client.command('REST 3'), '350 Restarting at 3.');
    assert.match(await client.command(refused), answer);
    const data = await client.passive();
    await client.command('RETR /file');
    assert.match(await client.reply(), /^226/);
    assert.equal(await data.untilEnd(), 'hello', `whole behind ${refused}`);
  }
  assert.ok(!server.sessions.at(-1)!.commands.some((command) => command.startsWith('REST')));
  const data = await client.passive();
  await client.command('REST 3');
  await client.command('RETR /file');
  assert.match(await client.reply(), /^226/);
  await data.untilEnd();
  assert.deepEqual(server.sessions.at(-1)!.commands.slice(-2), ['REST 3', 'RETR /file']);
  server.answers['REST'] = '501 not here';
  await client.passive();
  await client.command('REST 3');
  assert.equal(await client.command('RETR /file'), '501 not here');
  const record = await gateway.record(({ verb, status }) => verb === 'RETR' && status === 501);
  assert.equal(record.outcome, 'failed');
  await gateway.stop();
  gateway = await startFtp(server);
});

test('QUIT behind a download to a slow client: it still gets all of it', async () => {
  server.files['/slow'] = Buffer.alloc(400_000, 's');
  client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  data.socket.pause();
  await client.command('RETR /slow');
  assert.match(await client.reply(), /^226/);
  assert.match(await client.command('QUIT'), /^221/);
  await client.rest();
  data.socket.resume();
  assert.equal((await data.untilEnd()).length, 400_000);
  assert.equal(data.reset, false);
});

test('thirty transfers in one session', async () => {
  client = await new FtpClient(gateway.port()).login();
  for (let i = 0; i < 30; i++) {
    const data = await client.passive();
    await client.command('RETR /file');
    assert.equal(await data.untilEnd(), 'hello');
    data.end();
    assert.match(await client.reply(), /^226/);
  }
});

test('the hash is taken of the directions that are asked for, and of all where sums are denied', async () => {
  const sum = sha256(Buffer.from('hello'));
  for (const [content, down, up] of [
    ['hash: sha256', sum, sum], ['hash: sha256-downloads', sum, undefined], ['hash: sha256-uploads', undefined, sum], ['hash: off', undefined, undefined],
    ['hash: off ', sum, sum],
  ] as const) {
    await gateway.stop();
    gateway = await startFtp(server, `    content: { ${content} }`, '', content.endsWith(' ') ? `inspectors: { sums: { denySha256: ["${sha256(big)}"] } }` : '');
    client = await new FtpClient(gateway.port()).login();
    const fetching = await client.passive();
    await client.command('RETR /file');
    assert.equal(await fetching.untilEnd(), 'hello');
    assert.match(await client.reply(), /^226/);
    const storing = await client.passive();
    await client.command('STOR /new');
    storing.send('hello').end();
    assert.match(await client.reply(), /^226/);
    const sumOf = async (verb: string): Promise<unknown> => factsOf(await gateway.record((record) => record.kind === 'operation' && record.verb === verb))['sha256'];
    assert.deepEqual([await sumOf('RETR'), await sumOf('STOR')], [down, up], content);
    client.close();
  }
});
