// Times of the FTP gateway on a clock that the test moves: one millisecond before the edge nothing has happened, at the edge it
// has. Those of login, idleness, greeting and replies are shown the same way by test/compliance.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { VirtualClock } from '#core/clock.ts';
import type { Inspector } from '#contract/inspection.ts';
import type { GatewayUnderTest } from '../../harness/gateway.ts';
import { behaveAgain, FtpClient, startFtp, startScriptedServer, type ScriptedSession } from './peers.ts';

const server = await startScriptedServer();
after(async () => { await server.close(); });

const limitMs = 7000;
/** Small enough for alarms that look several times in their time. */
const stepMs = 250;

interface Stage { readonly gateway: GatewayUnderTest; pass(ms: number): Promise<void> }

async function staged(settings: string, run: (stage: Stage) => Promise<void>, inspectors: readonly Inspector[] = []): Promise<void> {
  const clock = new VirtualClock(1_000_000);
  const gateway = await startFtp(server, settings, '', '', inspectors, clock);
  try {
    await run({
      gateway,
      pass: async (ms) => {
        for (let left = ms; left > 0; left -= stepMs) {
          clock.advance(Math.min(left, stepMs));
          gateway.worker.sweep();
        }
        await gateway.flushed();
      },
    });
    assert.deepEqual(gateway.bugs, []);
  } finally {
    await gateway.stop();
    behaveAgain(server);
  }
}

/** Answers RETR with 150 and leaves the rest to the test. */
function transferByHand(): { session(): ScriptedSession; readonly asked: Promise<unknown> } {
  let session: ScriptedSession | undefined;
  const { promise: asked, resolve } = Promise.withResolvers();
  server.answers['RETR'] = (one) => {
    session = one;
    one.say('150 coming\r\n');
    void one.dataReady!.then((data) => {
      data.once('close', () => { one.say('426 cut\r\n'); });
      resolve(undefined);
    });
  };
  return { session: () => session!, asked };
}

async function untilDoing(gateway: GatewayUnderTest, what: string): Promise<void> {
  while (!(await gateway.sessions()).some(({ doing }) => doing.endsWith(what))) await gateway.flushed();
}

/** The transfer goes on: STAT is answered in the middle of it. */
async function goesOn(client: FtpClient): Promise<void> { assert.match(await client.command('STAT'), /^213 /); }

test('dataConnect: a client that does not come', async () => {
  await staged('    timeouts: { dataConnect: 7s }', async ({ gateway, pass }) => {
    transferByHand();
    const client = await new FtpClient(gateway.port()).login();
    await client.passivePort();
    assert.match(await client.command('RETR /x'), /^150/);
    await pass(limitMs - 1);
    await goesOn(client);
    await pass(1);
    assert.match(await client.reply(), /^425 /);
    assert.match(await client.command('NOOP'), /^200/);
    client.close();
  });
});

test('dataConnect: a port that nobody uses is closed', async () => {
  await staged('    timeouts: { dataConnect: 7s }', async ({ gateway, pass }) => {
    const client = await new FtpClient(gateway.port()).login();
    await client.passivePort();
    const leases = async (): Promise<number> => {
      const answer = await gateway.ask({ what: 'leases' });
      return answer.what === 'leases' ? answer.leases.length : -1;
    };
    await pass(limitMs - 1);
    assert.equal(await leases(), 1);
    await pass(1);
    assert.equal(await leases(), 0);
    assert.match(await client.command('RETR /file'), /^425 /);
    client.close();
  });
});

test('dataStall: no byte at all, and no byte after one', async () => {
  await staged('    timeouts: { dataStall: 7s, idle: 5s }', async ({ gateway, pass }) => {
    const { session } = transferByHand();
    const client = await new FtpClient(gateway.port()).login();
    const still = await client.passive();
    assert.match(await client.command('RETR /x'), /^150/);
    await goesOn(client);
    await pass(limitMs - 1);
    await goesOn(client);
    await pass(1);
    assert.match(await client.reply(), /^426 No data/);
    await still.untilEnd();
    assert.ok(still.reset);
    const moving = await client.passive();
    assert.match(await client.command('RETR /x'), /^150/);
    for (let byte = 1; byte <= 5; byte++) {
      await pass(limitMs - stepMs);
      session().data!.write('x');
      await moving.until((text) => text.length === byte);
    }
    await pass(limitMs - 1);
    await goesOn(client);
    // Whether bytes moved is looked at four times in that time.
    await pass(limitMs / 4 + stepMs);
    assert.match(await client.reply(), /^426 No data/);
    client.close();
  });
});

test('transferEnd: the server does not say how it went', async () => {
  await staged('    timeouts: { transferEnd: 7s }', async ({ gateway, pass }) => {
    server.answers['RETR'] = (session) => {
      session.say('150 coming\r\n');
      void session.dataReady!.then((data) => { data.end('x'); });
    };
    const client = await new FtpClient(gateway.port()).login();
    const data = await client.passive();
    await client.command('RETR /x');
    assert.equal(await data.untilEnd(), 'x');
    data.end();
    await pass(limitMs - 1);
    await goesOn(client);
    await pass(1);
    assert.equal(await client.reply(), '421 No answer from the server in time, closing control connection.');
  });
});

test('idle: never while data flows, and again behind it', async () => {
  await staged('    timeouts: { idle: 7s, dataStall: 60s }', async ({ gateway, pass }) => {
    const { session } = transferByHand();
    const client = await new FtpClient(gateway.port()).login();
    const data = await client.passive();
    await client.command('RETR /x');
    await pass(5 * limitMs);
    session().data!.end('all');
    session().say('226 done\r\n');
    assert.match(await client.reply(), /^226/);
    assert.equal(await data.untilEnd(), 'all');
    const soFar = client.raw.received.length;
    await pass(limitMs - 1);
    assert.equal(client.raw.received.length, soFar);
    await pass(1);
    assert.equal(await client.reply(), '421 No command in time, closing control connection.');
  });
});

test('heldReply: a client that fetches a held file is told in time that it is coming', async () => {
  const held: Inspector = {
    name: 'held',
    open: () => ({
      holdsBytes: 1000, needsSha256: false, feed() { return undefined; }, abandon() { /* nothing kept */ },
      finish(done) { done({ inspector: 'held', action: 'pass', code: '', evidence: '' }); },
    }),
  };
  await staged('    timeouts: { heldReply: 7s }', async ({ gateway, pass }) => {
    const { session, asked } = transferByHand();
    const client = await new FtpClient(gateway.port()).login();
    const data = await client.passive();
    client.raw.send('RETR /x\r\n');
    await asked;
    session().data!.write('h');
    await untilDoing(gateway, 'RETR /x, 1 bytes');
    await pass(limitMs - 1);
    await goesOn(client);
    await pass(1);
    assert.equal(await client.reply(), '150 coming');
    session().data!.end('eld');
    session().say('226 done\r\n');
    assert.equal(await data.untilEnd(), 'held');
    data.end();
    assert.equal(await client.reply(), '226 done');
    client.close();
  }, [held]);
});

test('failureDelay: a failed login is answered late', async () => {
  await staged('    timeouts: { idle: 1m }', async ({ gateway, pass }) => {
    const client = new FtpClient(gateway.port());
    await client.reply();
    await client.command('USER eve');
    const heard = client.raw.received;
    client.raw.send('PASS nobody has\r\0that\r\n');
    await untilDoing(gateway, 'not logged in: PASS');
    // The gateway of these tests waits 10 ms.
    await pass(9);
    assert.equal(client.raw.received, heard);
    await pass(1);
    assert.match(await client.reply(), /^530/);
    client.close();
  });
});

test('maxCommandsPerSecond: the one too many waits for the next second', async () => {
  await staged('    limits: { maxCommandsPerSecond: 20 }', async ({ gateway, pass }) => {
    const client = await new FtpClient(gateway.port()).login();
    await pass(1000);
    client.raw.send('PWD\r\n'.repeat(21));
    for (let i = 0; i < 20; i++) await client.reply();
    const heard = client.raw.received;
    await pass(999);
    assert.equal(client.raw.received, heard);
    await pass(1);
    assert.match(await client.reply(), /^257/);
    client.close();
  });
});

test('maxCommandsPerSecond: STAT in the middle of a transfer counts as well; ABOR never waits for it', async () => {
  await staged('    limits: { maxCommandsPerSecond: 10, maxPipelinedCommands: 4 }', async ({ gateway, pass }) => {
    transferByHand();
    const client = await new FtpClient(gateway.port()).login();
    await client.passive();
    await client.command('RETR /x');
    await pass(1000);
    client.raw.send('STAT\r\n'.repeat(10));
    for (let i = 0; i < 10; i++) assert.match(await client.reply(), /^213/);
    client.raw.send('ABOR\r\n');
    assert.match(await client.reply(), /^426/);
    assert.match(await client.reply(), /^226/);
    await pass(1000);
    await client.passive();
    assert.match(await client.command('RETR /x'), /^150/);
    await pass(1000);
    client.raw.send('STAT\r\n'.repeat(11));
    for (let i = 0; i < 10; i++) assert.match(await client.reply(), /^213/);
    const heard = client.raw.received;
    await pass(999);
    assert.equal(client.raw.received, heard);
    client.close();
  });
});

for (const [name, behind, sent] of [
  ['says nothing to a reset (pure-ftpd, when it had sent nothing yet)', '200 noop\r\n', 'NOOP'], ['answers a reset late', '426 late\r\n200 noop\r\n', 'NOOP'],
] as const) {
  test(`a server that ${name}: ABOR is answered all the same, and the next reply is the next command's`, async () => {
    await staged('', async ({ gateway, pass }) => {
      server.answers['RETR'] = (session) => { session.say('150 coming\r\n'); };
      const client = await new FtpClient(gateway.port()).login();
      const data = await client.passive();
      assert.match(await client.command('RETR /file'), /^150 /);
      await untilDoing(gateway, 'RETR /file, 0 bytes');
      server.answers['NOOP'] = behind.slice(0, -2);
      const { bytesIn } = (await gateway.sessions())[0]!;
      client.raw.send('ABOR\r\nDELE x\r\n');
      while ((await gateway.sessions())[0]!.bytesIn < bytesIn + 14) await gateway.flushed();
      await pass(750);
      assert.notEqual(server.commands().at(-1), sent);
      await pass(250);
      assert.match(await client.reply(), /^426 /);
      assert.match(await client.reply(), /^226 /);
      assert.match(await client.reply(), /^250 gone/);
      assert.deepEqual(server.sessions.at(-1)!.commands.slice(-3), ['RETR /file', 'NOOP', 'DELE /x']);
      data.destroy();
      client.close();
    });
  });
}
