// Names that are resolved again: by their time to live, within bounds, keeping what is known when DNS fails.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poolSettings } from '#upstream/settings.ts';
import type { PoolSettings, PoolSettingsInput } from '#upstream/settings.ts';
import { VirtualTimers } from '#test/simulation/upstream/virtual-timers.ts';
import { Resolver, systemDns } from './resolver.ts';
import type { DnsAnswer } from './resolver.ts';

const none = Object.assign(new Error('queryA ENODATA'), { code: 'ENODATA' });
const broken = Object.assign(new Error('queryA ETIMEOUT'), { code: 'ETIMEOUT' });

class Bench {
  readonly timers = new VirtualTimers();
  readonly changes: string[] = [];
  readonly failures: string[] = [];
  readonly asked: number[] = [];
  four: DnsAnswer[] | Error = none;
  six: DnsAnswer[] | Error = none;
  hosts: string[] | Error = new Error('getaddrinfo ENOTFOUND');
  readonly resolver = new Resolver({
    changed: ({ pool, server, addresses }) => { this.changes.push(`${this.timers.nowMs} ${pool} ${server} ${addresses.join(' ')}`); },
    failed: (host, reason) => { this.failures.push(`${host}: ${reason}`); },
    random: () => 0,
    timers: this.timers,
    dns: {
      resolve4: () => {
        this.asked.push(this.timers.nowMs);
        return answer(this.four);
      },
      resolve6: () => answer(this.six),
      lookup: () => answer(this.hosts),
    },
  });
}

function answer<T>(value: T | Error): Promise<T> {
  return value instanceof Error ? Promise.reject(value) : Promise.resolve(value);
}

function pools(settings: PoolSettingsInput): Record<string, PoolSettings> {
  return { web: poolSettings.parse(settings) };
}

const one = { servers: ['web.internal:80'], resolve: { minTtl: '2s', maxTtl: '60s' } } as const;

test('asks again when the answer expires, within the bounds', async () => {
  for (const [ttl, secondMs] of [[10, 10_000], [0, 2000], [86_400, 60_000]] as const) {
    const bench = new Bench();
    bench.four = [{ address: '10.0.0.1', ttl }];
    bench.resolver.update(pools({ ...one, servers: [...one.servers] }));
    await bench.timers.runUntilSettled(secondMs);
    assert.deepEqual(bench.asked, [0, secondMs], `ttl ${ttl}`);
    bench.resolver.stop();
    assert.equal(bench.timers.pending, 0);
  }
});

test('tells of other addresses, not of another order', async () => {
  const bench = new Bench();
  bench.four = [{ address: '10.0.0.2', ttl: 2 }, { address: '10.0.0.1', ttl: 9 }];
  bench.resolver.update(pools({ ...one, servers: [...one.servers] }));
  await bench.timers.runUntilSettled(1);
  bench.four = [{ address: '10.0.0.1', ttl: 2 }, { address: '10.0.0.2', ttl: 2 }];
  await bench.timers.runUntilSettled(3000);
  bench.four = [{ address: '10.0.0.9', ttl: 2 }];
  await bench.timers.runUntilSettled(5000);
  assert.deepEqual(bench.changes, ['0 web web.internal:80 10.0.0.1 10.0.0.2', '4000 web web.internal:80 10.0.0.9']);
  assert.deepEqual(bench.resolver.addressesOf('web', 'web.internal:80'), ['10.0.0.9']);
  assert.deepEqual(bench.resolver.current(), [{ pool: 'web', server: 'web.internal:80', addresses: ['10.0.0.9'] }]);
});

test('keeps the addresses when DNS fails, asks again later and later, and recovers', async () => {
  const bench = new Bench();
  bench.four = [{ address: '10.0.0.1', ttl: 5 }];
  bench.resolver.update(pools({ ...one, servers: [...one.servers] }));
  await bench.timers.runUntilSettled(1);
  bench.four = broken;
  bench.six = broken;
  await bench.timers.runUntilSettled(25_000);
  assert.deepEqual(bench.asked, [0, 5000, 7000, 9000, 13_000, 21_000]);
  assert.deepEqual(bench.resolver.addressesOf('web', 'web.internal:80'), ['10.0.0.1']);
  assert.equal(bench.failures.length, 5);
  bench.four = [{ address: '10.0.0.7', ttl: 5 }];
  bench.six = none;
  await bench.timers.runUntilSettled(40_000);
  assert.equal(bench.changes.at(-1), '37000 web web.internal:80 10.0.0.7');
  assert.equal(bench.asked.at(-1), 37_000);
  await bench.timers.runUntilSettled(42_000);
  assert.equal(bench.asked.at(-1), 42_000);
});

test('a name that vanished keeps its addresses too', async () => {
  const bench = new Bench();
  bench.four = [{ address: '10.0.0.1', ttl: 5 }];
  bench.resolver.update(pools({ ...one, servers: [...one.servers] }));
  await bench.timers.runUntilSettled(1);
  bench.four = Object.assign(new Error('queryA ENOTFOUND'), { code: 'ENOTFOUND' });
  await bench.timers.runUntilSettled(6000);
  assert.deepEqual(bench.resolver.addressesOf('web', 'web.internal:80'), ['10.0.0.1']);
  assert.deepEqual(bench.failures, ['web.internal: getaddrinfo ENOTFOUND']);
});

test('names that only the hosts file knows are looked up there, again after maxTtl', async () => {
  const bench = new Bench();
  bench.hosts = ['127.0.0.9'];
  bench.resolver.update(pools({ ...one, servers: [...one.servers] }));
  await bench.timers.runUntilSettled(60_000);
  assert.deepEqual(bench.changes, ['0 web web.internal:80 127.0.0.9']);
  assert.deepEqual(bench.asked, [0, 60_000]);
  assert.deepEqual(bench.failures, []);
});

test('one family at a time unless both are wanted', async () => {
  for (const [family, wanted] of [['prefer-ipv4', '10.0.0.1'], ['prefer-ipv6', 'fd00::1'], ['both', '10.0.0.1 fd00::1']] as const) {
    const bench = new Bench();
    bench.four = [{ address: '10.0.0.1', ttl: 5 }];
    bench.six = [{ address: 'fd00::1', ttl: 5 }];
    bench.resolver.update(pools({ servers: ['web.internal:80'], resolve: { family } }));
    await bench.timers.runUntilSettled(1);
    assert.deepEqual(bench.changes, [`0 web web.internal:80 ${wanted}`]);
  }
  const bench = new Bench();
  bench.six = [{ address: 'fd00::1', ttl: 5 }];
  bench.resolver.update(pools({ servers: ['web.internal:80'] }));
  await bench.timers.runUntilSettled(1);
  assert.deepEqual(bench.changes, ['0 web web.internal:80 fd00::1']);
});

test('a failing family does not take the other one away', async () => {
  const bench = new Bench();
  bench.four = [{ address: '10.0.0.1', ttl: 5 }];
  bench.six = [{ address: 'fd00::1', ttl: 5 }];
  bench.resolver.update(pools({ servers: ['web.internal:80'], resolve: { family: 'both' } }));
  await bench.timers.runUntilSettled(1);
  bench.six = broken;
  bench.four = [{ address: '10.0.0.2', ttl: 5 }];
  await bench.timers.runUntilSettled(5000);
  assert.equal(bench.changes.at(-1), '5000 web web.internal:80 10.0.0.2 fd00::1');
});

test('addresses are left alone, shared names are asked once, gone ones no more', async () => {
  const bench = new Bench();
  bench.four = [{ address: '10.0.0.1', ttl: 5 }];
  bench.resolver.update(pools({ servers: ['10.0.0.9:80', '[fd00::9]:80'] }));
  assert.equal(bench.asked.length, 0);
  bench.resolver.update(pools({ servers: ['WEB.internal:80', 'web.internal:81'] }));
  await bench.timers.runUntilSettled(1);
  assert.equal(bench.asked.length, 1);
  assert.equal(bench.changes.length, 2);
  bench.resolver.update(pools({ servers: ['web.internal:81', 'web.internal:82'] }));
  assert.deepEqual(bench.changes.slice(2), ['1 web web.internal:82 10.0.0.1']);
  bench.resolver.update(pools({ servers: ['10.0.0.9:80'] }));
  await bench.timers.runUntilSettled(60_000);
  assert.equal(bench.asked.length, 1);
});

test('an answer that comes after the stop changes nothing and starts nothing', async () => {
  const bench = new Bench();
  bench.four = [{ address: '10.0.0.1', ttl: 5 }];
  bench.resolver.update(pools({ servers: ['web.internal:80'] }));
  bench.resolver.stop();
  await bench.timers.runUntilSettled(10_000);
  assert.deepEqual([bench.changes, bench.asked, bench.timers.pending], [[], [0], 0]);
});

test('with the system: localhost', async () => {
  const addresses = await new Promise<string[]>((resolve) => {
    const hold = setInterval(() => { /* nothing */ }, 50);
    const resolver = new Resolver({
      random: () => 0,
      // No question leaves the machine: only the hosts file is read.
      dns: { ...systemDns(), resolve4: () => Promise.reject(none), resolve6: () => Promise.reject(none) },
      changed: (report) => {
        clearInterval(hold);
        resolver.stop();
        resolve(report.addresses);
      },
    });
    resolver.update(pools({ servers: ['localhost:80'] }));
  });
  assert.ok(addresses.includes('127.0.0.1') || addresses.includes('::1'));
});
