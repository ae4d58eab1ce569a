// A server that cannot be had is no server: before anything was said to it, another one of the pool is taken.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startGateway, type GatewayUnderTest } from '../../harness/gateway.ts';
import { FtpClient, startScriptedServer } from './peers.ts';

const good = await startScriptedServer();
const bad = await startScriptedServer();
after(async () => {
  await good.close();
  await bad.close();
});

async function within(servers: readonly string[], run: (gateway: GatewayUnderTest) => Promise<void>, more = ''): Promise<void> {
  const gateway = await startGateway(`
listeners: { ftp: { bind: "127.0.0.1:0", service: files } }
services: { files: { protocol: ftp, pool: files, timeouts: { serverGreeting: 300ms } } }
pools: { files: { servers: [${servers.map((server) => `"${server}"`).join(', ')}]${more} } }
policy: [ { id: open, then: allow } ]
`);
  try {
    await run(gateway);
    assert.deepEqual(gateway.bugs, []);
  } finally { await gateway.stop(); }
}

const ill: Readonly<Record<string, (end: () => void) => string>> = {
  'greets with 421': () => '421 too many users\r\n', 'greets with 530': () => '530 not you\r\n230 injected\r\n', 'closes': (end) => { end(); return ''; }, 'says nothing': () => '',
};

for (const [name, greet] of Object.entries(ill)) {
  test(`a server that ${name}: the next one`, async () => {
    bad.answers[''] = (session) => { session.say(greet(() => { session.socket.destroy(); })); };
    await within([`127.0.0.1:${bad.port}`, `127.0.0.1:${good.port}`], async (gateway) => {
      // In turn: one of the two logins meets the ill one first.
      for (let i = 0; i < 2; i++) {
        const client = await new FtpClient(gateway.port()).login();
        assert.match(await client.command('NOOP'), /^200/);
        client.close();
      }
      const record = await gateway.record(({ verb, attempts }) => verb === 'PASS' && attempts === 2);
      assert.equal(record.server, `127.0.0.1:${good.port}`);
      assert.ok(!bad.commands().some((line) => line.startsWith('PASS')), 'no password went to it');
    });
  });
}

test('a server that refuses connections: the next one; none that does not: what was wrong with the last', async () => {
  await within(['127.0.0.1:1', `127.0.0.1:${good.port}`], async (gateway) => {
    for (let i = 0; i < 4; i++) (await new FtpClient(gateway.port()).login()).close();
  });
  bad.answers[''] = '421 busy';
  await within(['127.0.0.1:1', `127.0.0.1:${bad.port}`], async (gateway) => {
    const client = new FtpClient(gateway.port());
    await client.reply();
    await client.command('USER a');
    assert.match(await client.command('PASS x'), /^421 /);
    const record = await gateway.record(({ verb }) => verb === 'PASS');
    assert.equal(record.attempts, 2);
    assert.match(record.reason!, /greeted with 421 busy|connection refused/);
  });
});

test('no further server behind the retry budget', async () => {
  await within(['127.0.0.1:1', '127.0.0.1:2', `127.0.0.1:${good.port}`], async (gateway) => {
    const replies = [];
    for (let i = 0; i < 3; i++) {
      const client = new FtpClient(gateway.port());
      await client.reply();
      await client.command('USER a');
      replies.push((await client.command('PASS x')).slice(0, 3));
      client.close();
    }
    assert.ok(replies.includes('421'), replies.join(' '));
  }, ', retryBudget: { percent: 0, minimumPerSecond: 0 }');
});
