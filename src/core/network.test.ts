// Tests of addresses and networks, with node:net as the judge of what an address is.
import assert from 'node:assert/strict';
import { BlockList, isIP } from 'node:net';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { NetworkSet, NetworkTable, addressFamily, canonicalAddress, networkOf, parseNetwork } from './network.ts';

test('addresses are written in one way', () => {
  const cases: [string, string | undefined][] = [
    ['10.0.0.1', '10.0.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['::FFFF:0a01:0203', '10.1.2.3'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['fe80::1%eth0', 'fe80::1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['10.0.0.01', undefined],
    ['10.0.1', undefined],
    ['0x7f.0.0.1', undefined],
    ['256.1.1.1', undefined],
    ['1.2.3.4.', undefined],
    ['1:2:3:4:5:6:7::8', '1:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7:8::', undefined],
    [':1::2', undefined],
    ['1:::2', undefined],
    ['12345::', undefined],
    ['', undefined],
    ['shop.example', undefined],
    ['cafe', undefined],
  ];
  for (const [text, wanted] of cases) {
    // A gap of no groups at all is a form that RFC 5952 forbids to write; what node:net says of it decides.
    const expected = isIP(text) === 0 ? undefined : wanted;
    assert.equal(canonicalAddress(text), expected, text);
  }
});

test('what is an address is what node:net calls one', () => {
  const piece = fc.constantFrom(':', '::', '.', '0', '1', '01', 'ffff', '255', '256', 'g', '1.2.3.4', '%eth0', 'a', '00000');
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    const text = pieces.join('');
    // Of scopes node:net takes any text; here they are names.
    if (text.includes('%')) assert.ok(addressFamily(text) === 0 || isIP(text) !== 0, text);
    else assert.equal(addressFamily(text) !== 0, isIP(text) !== 0, text);
  }), { numRuns: 4000 });
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
    const canonical = canonicalAddress(text)!;
    assert.notEqual(isIP(text), 0);
    assert.equal(canonicalAddress(canonical), canonical);
  }), { numRuns: 500 });
});

test('networks know their ends and ignore host bits', () => {
  assert.deepEqual(parseNetwork('10.1.2.3/8'), { family: 4, prefix: 8, first: 0x0A00_0000n, last: 0x0AFF_FFFFn });
  assert.deepEqual(parseNetwork('0.0.0.0/0'), { family: 4, prefix: 0, first: 0n, last: 0xFFFF_FFFFn });
  assert.equal(parseNetwork('::ffff:10.0.0.0/104')!.family, 4);
  assert.equal(parseNetwork('::ffff:10.0.0.0/104')!.prefix, 8);
  for (const bad of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/08', 'fd00::/129', '::ffff:0:0/95', 'fe80::1%eth0', 'office', '10.0.0.0/8/8', '/8', '']) {
    assert.equal(parseNetwork(bad), undefined, bad);
  }
});

test('a set says whether an address is inside', () => {
  const set = new NetworkSet(['10.0.0.0/8', '192.0.2.7', 'fd00::/8', '0.0.0.0/32', '255.255.255.255/32', 'ffff::/16']);
  const inside = ['10.0.0.0', '10.255.255.255', '::ffff:10.4.5.6', '192.0.2.7', 'fd00::', 'fdff:ffff::1', '0.0.0.0', '255.255.255.255',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'];
  const outside = ['9.255.255.255', '11.0.0.0', '192.0.2.6', '192.0.2.8', 'fc00::1', 'fe00::', '0.0.0.1', '255.255.255.254', 'no address', ''];
  for (const address of inside) assert.equal(set.has(address), true, address);
  for (const address of outside) assert.equal(set.has(address), false, address);
  assert.equal(new NetworkSet([]).has('10.0.0.1'), false);
  assert.equal(new NetworkSet(['::/0']).has('10.0.0.1'), false);
  assert.equal(new NetworkSet(['::/0']).has('2001:db8::1'), true);
});

test('a set answers as node:net BlockList does', () => {
  const network4 = fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 32 }))
    .map(([a, b, prefix]) => `10.${a}.${b}.0/${prefix}`);
  const network6 = fc.tuple(fc.integer({ min: 0, max: 0xFFFF }), fc.integer({ min: 1, max: 128 })).map(([group, prefix]) => `fd00:${group.toString(16)}::/${prefix}`);
  const address4 = fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 })).map(([a, b]) => `10.${a}.${b}.0`);
  const address6 = fc.integer({ min: 0, max: 0xFFFF }).map((group) => `fd00:${group.toString(16)}::`);
  fc.assert(fc.property(fc.array(fc.oneof(network4, network6), { maxLength: 12 }), fc.array(fc.oneof(address4, address6), { maxLength: 30 }), (networks, addresses) => {
    const set = new NetworkSet(networks);
    const judge = new BlockList();
    for (const network of networks) {
      const [address, prefix] = network.split('/');
      judge.addSubnet(address!, Number(prefix), address!.includes(':') ? 'ipv6' : 'ipv4');
    }
    for (const address of [...addresses, ...networks.map((network) => network.split('/')[0]!)]) {
      assert.equal(set.has(address), judge.check(address, address.includes(':') ? 'ipv6' : 'ipv4'), `${address} in ${networks.join(' ')}`);
    }
  }), { numRuns: 200 });
});

test('a table lists owners from the innermost network outwards', () => {
  const own = (text: string, owner: number) => ({ network: parseNetwork(text)!, owner });
  const table = new NetworkTable([own('10.0.0.0/8', 0), own('10.1.0.0/16', 1), own('10.1.2.0/24', 2), own('10.1.2.0/24', 3), own('fd00::/8', 4)]);
  const owners = (address: string) => table.lists[table.find(address)];
  assert.deepEqual(owners('10.1.2.3'), [2, 3, 1, 0]);
  assert.deepEqual(owners('10.1.3.3'), [1, 0]);
  assert.deepEqual(owners('10.2.0.0'), [0]);
  assert.deepEqual(owners('11.0.0.0'), []);
  assert.deepEqual(owners('fd12::1'), [4]);
});

test('the network of an address is a key', () => {
  assert.equal(networkOf('10.1.2.3', 24, 64), '10.1.2.0/24');
  assert.equal(networkOf('200.1.2.3', 1, 64), '128.0.0.0/1');
  assert.equal(networkOf('10.1.2.3', 0, 64), '0.0.0.0/0');
  assert.equal(networkOf('10.1.2.3', 32, 64), '10.1.2.3');
  assert.equal(networkOf('::ffff:10.1.2.3', 32, 64), '10.1.2.3');
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6', 32, 64), '2001:db8:1:2::/64');
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6', 32, 48), '2001:db8:1::/48');
  assert.equal(networkOf('2001:DB8::1', 32, 128), '2001:db8::1');
  assert.equal(networkOf('not one', 24, 64), 'not one');
});
