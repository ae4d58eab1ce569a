// Which server a request goes to, as seen by real servers behind a gateway: what a hash goes by and how little moves when a
// server leaves, and names that come to mean another address. The choice itself is tested in src/upstream.
import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { statusesIn, withSite, type Site } from '../../harness/site.ts';

function closing(t: TestContext, server: Server): void {
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
}

/** Answers everything with its name. Gives its address. */
async function namedServer(t: TestContext, name: string, host = '127.0.0.1', port = 0): Promise<string> {
  const server = createServer((_request, response) => { response.end(`<${name}>`); });
  closing(t, server);
  server.listen(port, host);
  await once(server, 'listening');
  return `${host}:${(server.address() as AddressInfo).port}`;
}

async function fiveServers(t: TestContext): Promise<string[]> { return await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => namedServer(t, name))); }

interface Asked { readonly target?: string; readonly fields?: readonly string[] }

/** The servers that answered, in order. */
async function answered(site: Site, requests: readonly Asked[]): Promise<string[]> {
  const peer = site.client();
  const names: string[] = [];
  for (const { target = '/', fields = [] } of requests) {
    peer.received = '';
    peer.send(`GET ${target} HTTP/1.1\r\n${['Host: shop.example', ...fields].map((line) => `${line}\r\n`).join('')}\r\n`);
    await peer.until((text) => statusesIn(text).length === 1 && text.endsWith('>'));
    names.push(/<(.*)>$/.exec(peer.received)![1]!);
  }
  return names;
}

const keys = Array.from({ length: 40 }, (_, index) => `key${index}`);

const sources: readonly { hash: string; request(key: string): Asked }[] = [
  { hash: 'header:X-User', request: (key: string) => ({ fields: [`x-user: ${key}`] }) },
  { hash: 'cookie:SID', request: (key: string) => ({ fields: [`Cookie: other=1; SID=${key}`] }) },
  { hash: 'uri', request: (key: string) => ({ target: `/${key}?not=${Math.floor(Math.random() * 1000)}` }) },
];

for (const { hash, request } of sources) {
  test(`hash by ${hash}: one server a key, keys spread over all, and only those of a server that leaves move`, async (t) => {
    const addresses = await fiveServers(t);
    await withSite({ servers: addresses, pool: `balance: { hash: "${hash}" }` }, async (site) => {
      const first = await answered(site, keys.map((key) => request(key)));
      assert.equal(new Set(first).size, 5, first.join());
      assert.deepEqual(await answered(site, keys.map((key) => request(key))), first, 'the same keys go to the same servers');
      await site.configure({ servers: addresses.slice(0, 4), pool: `balance: { hash: "${hash}" }` });
      const without = await answered(site, keys.map((key) => request(key)));
      const moved = keys.filter((_, index) => first[index] !== without[index]);
      const orphans = keys.filter((_, index) => first[index] === 'e');
      assert.ok(orphans.every((key) => moved.includes(key)));
      // Maglev: of the others as good as none.
      assert.ok(moved.length <= orphans.length + keys.length / 8, `${moved.length} moved, ${orphans.length} had to`);
    });
    });
}

test('hash by address: all requests of a client go to one server, whatever they hold', async (t) => {
  const servers = await fiveServers(t);
  await withSite({ servers, pool: 'balance: hash' }, async (site) => {
    const names = await answered(site, keys.map((key) => ({ target: `/${key}`, fields: [`Cookie: SID=${key}`] })));
    assert.equal(new Set(names).size, 1, names.join());
  });
});

test('what the service or the route says of affinity goes before what the pool says', async (t) => {
  const servers = await fiveServers(t);
  await withSite({
    servers, pool: 'balance: { hash: "header:X-User" }', service: '    affinity: "cookie:SID"',
  }, async (site) => {
    const byCookie = await answered(site, keys.map((key) => ({ fields: [`Cookie: SID=${key}`, 'X-User: one'] })));
    assert.equal(new Set(byCookie).size, 5, byCookie.join());
    const withoutCookie = await answered(site, keys.map((key) => ({ fields: [`X-User: ${key}`] })));
    assert.equal(new Set(withoutCookie).size, 1, 'then the client\'s address');
  });
});

test('a name that comes to mean another address: kept connections to the old one are used no more', async (t) => {
  const old = await namedServer(t, 'old');
  const port = Number(old.split(':')[1]);
  await namedServer(t, 'next', '127.0.0.2', port);
  const name = `shop.test:${port}`;
  await withSite({ servers: [name], pool: 'passive: { failures: 0 }' }, async (site) => {
    const resolved = (...addresses: string[]): void => { site.gateway.worker.receive({ type: 'addresses', reports: [{ pool: 'web', server: name, addresses }] }); };
    resolved('127.0.0.1');
    assert.deepEqual(await answered(site, [{}, {}]), ['old', 'old']);
    resolved('127.0.0.2');
    assert.deepEqual(await answered(site, [{}, {}]), ['next', 'next']);
    // Both: the connection that stands is as good as a new one.
    resolved('127.0.0.2', '127.0.0.1');
    assert.deepEqual(await answered(site, [{}, {}]), ['next', 'next']);
    resolved('127.0.0.1');
    assert.deepEqual(await answered(site, [{}]), ['old']);
    // None is no news: old addresses are better than none.
    resolved();
    assert.deepEqual(await answered(site, [{}]), ['old']);
  });
});

test('a request under way when the name moves is finished, and its connection is not kept', async (t) => {
  const held = Promise.withResolvers<ServerResponse>();
  const old = createServer((_request, response) => { held.resolve(response); });
  closing(t, old);
  old.listen(0, '127.0.0.1');
  await once(old, 'listening');
  const { port } = old.address() as AddressInfo;
  await namedServer(t, 'next', '127.0.0.2', port);
  const name = `shop.test:${port}`;
  await withSite({ servers: [name] }, async (site) => {
    const resolved = (...addresses: string[]): void => { site.gateway.worker.receive({ type: 'addresses', reports: [{ pool: 'web', server: name, addresses }] }); };
    resolved('127.0.0.1');
    const first = answered(site, [{}]);
    const response = await held.promise;
    resolved('127.0.0.2');
    response.end('<old>');
    assert.deepEqual(await first, ['old']);
    assert.deepEqual(await answered(site, [{}]), ['next']);
  });
});
