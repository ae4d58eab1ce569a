// Whose turn it is: commands that wait, ABOR that does not, clients that have said all, servers that go as soon as they are done.
import assert from 'node:assert/strict';
import { finished } from 'node:stream/promises';
import { test } from 'node:test';
import { FtpClient, shared, startFtp, startScriptedServer, withFtp } from './peers.ts';

const big = Buffer.alloc(30_000_000, 'abcdefghij');
const server = await startScriptedServer();
server.files['/big'] = big;
const gateway = await startFtp(server);
let client: FtpClient;
shared(server, () => gateway, () => client);

test('ABOR behind commands that wait: the transfer is cut at once, and each is answered in its turn', async () => {
  client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  data.socket.pause();
  assert.match(await client.command('RETR /big'), /^150 /);
  client.raw.send('NOOP\r\nCWD /nowhere\r\nABOR\r\nPWD\r\n');
  server.answers['CWD'] = '550 no';
  assert.match(await client.reply(), /^426 /);
  assert.match(await client.reply(), /^200 /);
  assert.match(await client.reply(), /^550 /);
  assert.match(await client.reply(), /^226 Abort/);
  assert.match(await client.reply(), /^257 /);
  data.destroy();
  assert.equal((await gateway.record(({ verb }) => verb === 'ABOR')).status, 226);
});

test('two ABORs: the second finds nothing to abort', async () => {
  client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  data.socket.pause();
  assert.match(await client.command('RETR /big'), /^150 /);
  client.raw.send('ABOR\r\nABOR\r\n');
  assert.deepEqual([await client.reply(), await client.reply(), await client.reply()].map((reply) => reply.slice(0, 3)), ['426', '226', '225']);
  data.destroy();
});

test('a client that finishes sending behind its commands hears every answer', async () => {
  client = new FtpClient(gateway.port());
  client.raw.send('USER zoe\r\nPASS x\r\nPWD\r\nNOOP\r\n').end();
  assert.deepEqual((await client.rest()).split('\r\n').map((line) => line.slice(0, 3)), ['220', '331', '230', '257', '200', '']);
  assert.equal((await gateway.record(({ kind, user }) => kind === 'session' && user === 'zoe')).outcome, 'allowed');
});

test('so does one that had said more than may wait, the half of a command at the end left out', async () => {
  client = new FtpClient(gateway.port());
  client.raw.send(`USER alice\r\nPASS x\r\n${'NOOP\r\n'.repeat(100)}PW`).end();
  assert.deepEqual((await client.rest()).split('\r\n').map((line) => line.slice(0, 3)), ['220', '331', '230', ...Array.from({ length: 100 }, () => '200'), '']);
});

for (const [how, goodbye] of [['closes', ''], ['says 421 and closes', '421 That was all.\r\n']] as const) {
  test(`a server that ${how} right behind its 226: the file arrives whole, then the session ends`, async () => {
    client = await new FtpClient(gateway.port()).login(`late-${how.length}`);
    server.answers['RETR'] = (session) => {
      session.say('150 coming\r\n');
      void session.dataReady!.then((data) => {
        data.end(big);
        session.socket.end(`226 done\r\n${goodbye}`);
      });
    };
    const data = await client.passive();
    data.socket.pause();
    assert.match(await client.command('RETR /big'), /^150 /);
    client.raw.send('NOOP\r\n');
    // The server's last word is out; most of the file is still on its way.
    await finished(server.sessions.at(-1)!.socket, { readable: false });
    let bytes = 0;
    data.socket.on('data', (chunk: Buffer) => { bytes += chunk.length; });
    data.socket.resume();
    assert.match(await client.reply(), /^226 done/);
    assert.match(await client.reply(), /^421 /);
    await data.untilEnd();
    assert.equal(bytes, big.length);
    assert.equal((await gateway.record(({ verb, user }) => verb === 'RETR' && user === `late-${how.length}`)).outcome, 'allowed');
    assert.equal((await gateway.record(({ kind, user }) => kind === 'session' && user === `late-${how.length}`)).outcome, 'failed');
  });
}

test('an administrator ends the session: 421, and the record of the transfer says why', async () => {
  client = await new FtpClient(gateway.port()).login('killed');
  const data = await client.passive();
  data.socket.pause();
  assert.match(await client.command('RETR /big'), /^150 /);
  const { id } = (await gateway.sessions()).find(({ user }) => user === 'killed')!;
  gateway.worker.receive({ type: 'kill', session: id, reason: 'ended by root: not today' });
  assert.equal(await client.rest(), '421 The session was ended, closing control connection.\r\n');
  const record = await gateway.record(({ verb, session }) => verb === 'RETR' && session === id);
  assert.deepEqual([record.outcome, record.reason], ['aborted', 'ended by root: not today']);
  const end = await gateway.record(({ kind, session }) => kind === 'session' && session === id);
  assert.deepEqual([end.outcome, end.reason], ['aborted', 'ended by root: not today']);
  data.destroy();
});

test('the server\'s own greeting comes first, whatever a client says before it', async () => {
  await withFtp(server, '    banner: pass', async (own) => {
    server.answers[''] = (session) => { session.socket.once('greet', () => { session.say('120 soon\r\n220-hello\r\n220 there\r\n'); }); };
    const before = server.sessions.length;
    client = new FtpClient(own.port());
    client.raw.send('USER alice\r\nPASS x\r\n');
    while ((await own.sessions())[0]?.bytesIn !== 20 || server.sessions.length === before) await new Promise(setImmediate);
    server.sessions.at(-1)!.socket.emit('greet');
    assert.equal(await client.reply(), '220-hello\r\n220 there');
    assert.match(await client.reply(), /^331 /);
    assert.match(await client.reply(), /^230 /);
  });
});
