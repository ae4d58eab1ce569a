// Questions to block lists, against a name server of the test: names, answers that count, what is remembered, limits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startNameServer, type NameServer } from '#test/waf/name-server.ts';
import { BlockListLookup, blockListLimits, reversedAddress } from './block-lists.ts';

const zones = ['a.example', 'b.example'];

interface Setting { server: NameServer; lookup: BlockListLookup; clock: { ms: number }; ask(address: string, timeoutMs?: number): Promise<string[]> }

async function withServer(names: Record<string, string>, run: (setting: Setting) => Promise<void>): Promise<void> {
  const server = await startNameServer(names);
  const clock = { ms: 0 };
  const lookup = new BlockListLookup(() => clock.ms);
  const lists = (timeoutMs: number) => ({ zones, servers: [`127.0.0.1:${server.port}`], timeoutMs });
  const ask = async (address: string, timeoutMs = 5000): Promise<string[]> => await new Promise((resolve) => {
    const done = (listed: ReadonlyMap<string, string>): void => { resolve([...listed].map(([zone, answer]) => `${zone} ${answer}`).sort()); };
    const known = lookup.listed(address, lists(timeoutMs), done);
    if (known !== undefined) done(known);
  });
  try { await run({ server, lookup, clock, ask }); } finally {
    lookup.stop();
    await server.close();
  }
}

test('names of addresses (RFC 5782)', () => {
  assert.equal(reversedAddress('192.0.2.7'), '7.2.0.192');
  assert.equal(reversedAddress('2001:db8::1'), '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2');
  assert.equal(reversedAddress('1:2:3:4:5:6:7:8'), '8.0.0.0.7.0.0.0.6.0.0.0.5.0.0.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0');
  assert.equal(reversedAddress('::1:0').length, 63);
});

test('listed, not listed, an answer that is none, IPv6', async () => {
  await withServer({
    '7.2.0.192.a.example': '127.0.0.4', '8.2.0.192.a.example': '127.0.0.2', '8.2.0.192.b.example': '127.0.0.3', '9.2.0.192.a.example': '203.0.113.1',
    '10.2.0.192.a.example': '127.255.255.254', '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.b.example': '127.0.0.9',
  }, async ({ ask }) => {
    assert.deepEqual(await ask('192.0.2.7'), ['a.example 127.0.0.4']);
    assert.deepEqual(await ask('192.0.2.8'), ['a.example 127.0.0.2', 'b.example 127.0.0.3']);
    for (const address of ['192.0.2.9', '192.0.2.10', '192.0.2.11']) assert.deepEqual(await ask(address), [], address);
    assert.deepEqual(await ask('2001:DB8::1'), ['b.example 127.0.0.9']);
  });
});

test('nobody is asked about this machine, private networks and what is no address', async () => {
  await withServer({}, async ({ ask, server }) => {
    for (const address of ['127.0.0.1', '10.1.2.3', '172.20.0.1', '192.168.1.1', '169.254.1.1', '100.64.0.1', '::1', 'fe80::1', 'fd00::1', 'unknown', '']) {
      assert.deepEqual(await ask(address), [], address);
    }
    assert.deepEqual(server.asked, []);
  });
});

test('answers are remembered for their time; the same question under way is asked once', async () => {
  await withServer({ '7.2.0.192.a.example': '127.0.0.4' }, async ({ ask, server, clock, lookup }) => {
    const answers = await Promise.all([ask('192.0.2.7'), ask('192.0.2.7'), ask('::ffff:192.0.2.7')]);
    assert.deepEqual(answers, [['a.example 127.0.0.4'], ['a.example 127.0.0.4'], ['a.example 127.0.0.4']]);
    assert.equal(server.asked.length, 2);
    const lists = { zones, servers: [`127.0.0.1:${server.port}`], timeoutMs: 5000 };
    assert.equal(lookup.listed('192.0.2.7', lists, () => { assert.fail('asked again'); })?.size, 1);
    clock.ms = 59_999;
    await ask('192.0.2.7');
    assert.equal(server.asked.length, 2);
    clock.ms = 60_001;
    await ask('192.0.2.7');
    assert.equal(server.asked.length, 4);
  });
});

test('who does not answer in time has not listed; what is known of others counts, and it is tried again soon', async () => {
  await withServer({ '7.2.0.192.a.example': '127.0.0.4', '7.2.0.192.b.example': 'silent' }, async ({ ask, server, clock }) => {
    const timeoutMs = 100;
    const startedMs = performance.now();
    assert.deepEqual(await ask('192.0.2.7', timeoutMs), ['a.example 127.0.0.4']);
    // Timers may be a millisecond early.
    assert.ok(performance.now() - startedMs >= timeoutMs - 1, 'not before its time');
    server.names.set('7.2.0.192.b.example', '127.0.0.5');
    assert.deepEqual(await ask('192.0.2.7', timeoutMs), ['a.example 127.0.0.4']);
    clock.ms = 10_001;
    assert.deepEqual(await ask('192.0.2.7'), ['a.example 127.0.0.4', 'b.example 127.0.0.5']);
  });
});

test('questions under way, at the limit and one more', async () => {
  const names = Object.fromEntries(zones.map((zone) => [`0.0.0.198.${zone}`, 'silent']));
  await withServer(names, async ({ lookup, server }) => {
    const lists = { zones, servers: [`127.0.0.1:${server.port}`], timeoutMs: 5000 };
    const before = blockListLimits.maxUnderWay;
    blockListLimits.maxUnderWay = 2;
    try {
      assert.equal(lookup.listed('198.0.0.0', lists, () => {}), undefined);
      assert.equal(lookup.listed('198.0.0.1', lists, () => {}), undefined);
      assert.equal(lookup.listed('198.0.0.2', lists, () => {})?.size, 0);
      // The same as one under way needs no place of its own.
      assert.equal(lookup.listed('198.0.0.0', lists, () => {}), undefined);
    } finally { blockListLimits.maxUnderWay = before; }
  });
});
