// Who the client is: trusted chains from the right, forged entries, broken and hostile headers, both header forms.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { contextOf, facts, requestHead, settingsOf } from '#test/http/messages.ts';
import { ForwardedReader, parseForwarded, parseNode } from './forwarded.ts';
import { compileRoutes } from './routing.ts';
import type { Route } from './routing.ts';
import type { RequestContext } from './variables.ts';

const proxy = { address: '10.0.0.1', port: 5000 };

function identified(headers: string[], forwarded: object = {}, client = proxy): RequestContext {
  const settings = settingsOf({ pool: 'web', forwarded: { trustedProxies: ['10.0.0.0/8', 'fd00::/8'], ...forwarded } });
  return contextOf(requestHead('GET / HTTP/1.1', headers), settings, client);
}

test('an untrusted peer is the client, whatever it says', () => {
  const context = identified(['X-Forwarded-For: 192.0.2.66', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: bank.example'], {}, facts.client);
  assert.equal(context.trusted, false);
  assert.equal(context.clientAddress, '203.0.113.9');
  assert.equal(context.clientPort, 40_000);
  assert.equal(context.forwardedFor, '203.0.113.9');
  assert.equal(context.scheme, 'http');
  assert.equal(context.forwardedHost, '');
});

test('a trusted proxy vouches for the nearest address that is not trusted; what stands left of it is dropped', () => {
  const context = identified(['X-Forwarded-For: 1.1.1.1, 198.51.100.7, 10.0.0.2', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: shop.example:8443']);
  assert.equal(context.clientAddress, '198.51.100.7');
  assert.equal(context.clientPort, 0);
  assert.equal(context.forwardedFor, '198.51.100.7, 10.0.0.2, 10.0.0.1');
  assert.equal(context.scheme, 'https');
  assert.equal(context.forwardedHost, 'shop.example:8443');
});

test('lines are one list; the last value of proto and host counts', () => {
  const context = identified(['X-Forwarded-For: 1.1.1.1', 'X-Forwarded-For: 198.51.100.7, 10.3.3.3', 'X-Forwarded-Proto: https, http']);
  assert.equal(context.clientAddress, '198.51.100.7');
  assert.equal(context.scheme, 'http');
});

test('an entry that is no address ends the search at the last proxy', () => {
  for (const entry of ['unknown', '_hidden', '', '300.1.1.1', '1.2.3.4/8', 'localhost', '1.2.3.4:99999', '[1.2.3.4]:80', 'fe80::1%eth0']) {
    const context = identified([`X-Forwarded-For: 198.51.100.7, ${entry}, 10.0.0.2`]);
    assert.equal(context.clientAddress, '10.0.0.2', entry);
    assert.equal(context.forwardedFor, '10.0.0.2, 10.0.0.1', entry);
  }
});

test('addresses are taken in their canonical form, with ports', () => {
  assert.deepEqual(parseNode('[2001:DB8::1]:443'), { address: '2001:db8::1', port: 443 });
  assert.deepEqual(parseNode('2001:db8:0:0::1'), { address: '2001:db8::1', port: 0 });
  assert.deepEqual(parseNode('::ffff:192.0.2.1'), { address: '192.0.2.1', port: 0 });
  assert.deepEqual(parseNode('192.0.2.1:8080'), { address: '192.0.2.1', port: 8080 });
});

test('at most maxHops proxies are followed', () => {
  const chain = Array.from({ length: 40 }, (_, i) => `10.1.0.${i}`).join(', ');
  assert.equal(identified([`X-Forwarded-For: ${chain}`], { maxHops: 2 }).clientAddress, '10.1.0.38');
  assert.equal(identified([`X-Forwarded-For: ${chain}`], { maxHops: 3 }).clientAddress, '10.1.0.37');
});

test('only the header that is to be read counts', () => {
  assert.equal(identified(['Forwarded: for=198.51.100.7']).clientAddress, '10.0.0.1');
  assert.equal(identified(['X-Forwarded-For: 198.51.100.7'], { read: 'forwarded' }).clientAddress, '10.0.0.1');
});

test('Forwarded: element of the client gives host and scheme', () => {
  const context = identified(['Forwarded: for=1.1.1.1;proto=http, For="[2001:db8::7]:4711";Proto=https;host="shop.example", for=10.0.0.9'], { read: 'forwarded' });
  assert.equal(context.clientAddress, '2001:db8::7');
  assert.equal(context.clientPort, 4711);
  assert.equal(context.scheme, 'https');
  assert.equal(context.forwardedHost, 'shop.example');
});

test('Forwarded is parsed strictly or not at all', () => {
  assert.deepEqual(parseForwarded('for="a\\"b";by=x, for=_y'), [{ for: 'a"b', by: 'x', host: '', proto: '' }, { for: '_y', by: '', host: '', proto: '' }]);
  for (const text of ['', 'for', 'for=', 'for=a;', 'for=a,', ',for=a', 'for=a b', 'for="a', 'for=a;for=b', 'for=[::1]', 'for = a', 'x=1;;y=2']) {
    assert.equal(parseForwarded(text), undefined, text);
  }
  assert.equal(identified(['Forwarded: for=198.51.100.7, broken'], { read: 'forwarded' }).clientAddress, '10.0.0.1');
});

test('any text is survived, in time that grows with its length only', () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'for="\\;,:. []1a\t'), maxLength: 200 }), (text) => { parseForwarded(text); parseNode(text); }), { numRuns: 500 });
  assert.equal(parseForwarded(`for="${'\\"'.repeat(4000)}`), undefined);
});

test('a new configuration on the same connection forgets what the old one trusted', () => {
  const context = identified(['X-Forwarded-For: 198.51.100.7']);
  assert.equal(context.clientAddress, '198.51.100.7');
  const changed = new ForwardedReader(settingsOf({ pool: 'web' }).forwarded).identify(context);
  assert.equal(changed, true);
  assert.equal(context.trusted, false);
  assert.equal(context.clientAddress, '10.0.0.1');
  assert.equal(context.forwardedFor, '10.0.0.1');
});

test('a connection of a trusted proxy carries several clients', () => {
  const settings = settingsOf({ pool: 'web', forwarded: { trustedProxies: ['10.0.0.0/8'] } });
  const reader = new ForwardedReader(settings.forwarded);
  const route = compileRoutes(settings).routes[0] as Route;
  const context = contextOf(requestHead('GET / HTTP/1.1', []), settings, proxy);
  reader.identify(context);
  const seen = ['198.51.100.7', '198.51.100.7', '198.51.100.8'].map((address) => {
    context.view.begin(requestHead('GET / HTTP/1.1', [`X-Forwarded-For: ${address}`]));
    const changed = reader.identify(context);
    return [changed, context.clientAddress, /X-Forwarded-For: ([0-9.]+)/.exec(route.request.build(context))?.[1]];
  });
  assert.deepEqual(seen, [
    [true, '198.51.100.7', '198.51.100.7'], [false, '198.51.100.7', '198.51.100.7'], [true, '198.51.100.8', '198.51.100.8'],
  ]);
});
