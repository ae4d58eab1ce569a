// Rules about where a client comes from, in the real gateway: geographic databases, files of addresses. The databases are
// written by the test.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startGateway, type GatewayUnderTest } from '#test/harness/gateway.ts';
import { RawClient } from '#test/harness/raw.ts';
import { mmdb, type Entry } from '../../waf/mmdb.ts';
import { startNameServer } from '../../waf/name-server.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-waf-'));
after(() => { rmSync(directory, { recursive: true, force: true }); });
const places = { baseDirectory: directory, stateDirectory: directory };

const configuration = (waf: string): string => `
listeners: { web: { bind: "127.0.0.1:0", service: site } }
services: { site: { protocol: http, forwarded: { trustedProxies: [127.0.0.0/8] }, routes: [{ id: all, respond: { status: 200, body: ok } }], waf: ${waf} } }
policy: [{ id: all, then: allow }]
`;

async function ask(gateway: GatewayUnderTest, client = '192.0.2.1'): Promise<string> {
  const raw = new RawClient(gateway.port());
  raw.send(`GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${client}\r\n\r\n`);
  const answer = await raw.until((received) => received.includes('\r\n\r\n'));
  raw.destroy();
  return answer.slice(9, 12);
}

const country = (code: string): Entry => ({ country: { iso_code: code, names: { en: code } } });
const geoRules = `
SecRule REMOTE_ADDR "@geoLookup" "id:2001,phase:1,pass,nolog"
SecRule GEO:COUNTRY_CODE "@streq AT" "id:2002,phase:1,deny,status:403,log,msg:'From %{geo.country_name}'"
SecRule &GEO "@eq 0" "id:2003,phase:1,deny,status:404,log,msg:'From nowhere'"
`;

test('geoLookup: by a database of the configuration; a new one is read at the next load, a broken one leaves the old rules', async () => {
  const database = join(directory, 'a.mmdb');
  writeFileSync(join(directory, 'geo.conf'), geoRules);
  writeFileSync(database, mmdb({ '192.0.2.0/24': country('AT'), '2001:db8::/32': country('AT'), '198.51.100.0/24': country('NL') }));
  const text = configuration('{ ruleset: geo.conf, geo: { database: a.mmdb } }');
  const gateway = await startGateway(text, places);
  try {
    assert.deepEqual([await ask(gateway), await ask(gateway, '198.51.100.1'), await ask(gateway, '203.0.113.1'), await ask(gateway, '2001:db8::9')], ['403', '200', '404', '403']);
    const record = await gateway.record(({ rule }) => rule === 'waf.2002');
    assert.match(JSON.stringify(record.facts), /From AT/);
    writeFileSync(database, mmdb({ '192.0.2.0/24': country('NL') }));
    await gateway.configure(text);
    assert.deepEqual([await ask(gateway), await ask(gateway, '198.51.100.1')], ['200', '404']);
    writeFileSync(database, mmdb({ '192.0.2.0/24': country('AT') }).subarray(0, 300));
    await assert.rejects(gateway.configure(text), /a\.mmdb: no database in the format mmdb/);
    rmSync(database);
    await assert.rejects(gateway.configure(text), /a\.mmdb cannot be read/);
    assert.equal(await ask(gateway), '200');
  } finally { await gateway.stop(); }
  assert.deepEqual(gateway.bugs, []);
});

test('SecGeoLookupDb names one beside the rule file, before or behind the rules; the configuration wins', async () => {
  writeFileSync(join(directory, 'b.mmdb'), mmdb({ '192.0.2.0/24': country('AT') }));
  writeFileSync(join(directory, 'c.mmdb'), mmdb({ '192.0.2.0/24': country('NL') }));
  writeFileSync(join(directory, 'own.conf'), `${geoRules}\nSecGeoLookupDB b.mmdb\n`);
  const gateway = await startGateway(configuration('{ ruleset: own.conf }'), places);
  try {
    assert.equal(await ask(gateway), '403');
    await gateway.configure(configuration('{ ruleset: own.conf, geo: { database: c.mmdb } }'));
    assert.equal(await ask(gateway), '200');
    writeFileSync(join(directory, 'bad.conf'), `${geoRules}\nSecGeoLookupDB nowhere.mmdb\n`);
    await assert.rejects(gateway.configure(configuration('{ ruleset: bad.conf }')), /bad\.conf:\d+:\d+: .*nowhere\.mmdb cannot be read/);
    // Without any, nothing is ever found.
    await gateway.configure(configuration('{ ruleset: geo.conf }'));
    assert.equal(await ask(gateway), '404');
  } finally { await gateway.stop(); }
});

test('ipMatchFromFile: beside the rule file, read again when it changes; a file that is not there, and what is no address', async () => {
  writeFileSync(join(directory, 'ip.conf'), `SecRule REMOTE_ADDR "@ipMatchFromFile lists/bad.txt" "id:2101,phase:1,deny,status:403,log,msg:'Listed'"\n`);
  const text = configuration('{ ruleset: ip.conf }');
  const list = join(directory, 'lists', 'bad.txt');
  mkdirSync(join(directory, 'lists'));
  writeFileSync(list, '# ours\r\n192.0.2.0/25\n\n  198.51.100.7  \n2001:db8::/32\n');
  const gateway = await startGateway(text, places);
  try {
    const answers = async (...clients: string[]): Promise<string[]> => {
      const found: string[] = [];
      for (const client of clients) found.push(await ask(gateway, client));
      return found;
    };
    assert.deepEqual(await answers('192.0.2.1', '192.0.2.128', '198.51.100.7', '198.51.100.8', '2001:db8::1', '2001:db9::1'), ['403', '200', '403', '200', '403', '200']);
    writeFileSync(list, '198.51.100.8\n');
    await gateway.configure(text);
    assert.deepEqual(await answers('192.0.2.1', '198.51.100.8'), ['200', '403']);
    writeFileSync(list, '198.51.100.8\nsomewhere\n');
    await assert.rejects(gateway.configure(text), /ip\.conf:1:\d+: .*not an address or network: somewhere/);
    rmSync(list);
    await assert.rejects(gateway.configure(text), /ip\.conf:1:\d+: .*lists\/bad\.txt/);
    assert.equal(await ask(gateway, '198.51.100.8'), '403');
  } finally { await gateway.stop(); }
});

const listRules = `
SecRule REMOTE_ADDR "@rbl bl.example" "id:2201,phase:1,deny,status:403,log,msg:'On a block list'"
SecRule ARGS "@rx attack" "id:2202,phase:2,deny,status:406,log,msg:'Attack'"
`;

test('rbl: asked when configured, before the first request of a client; the wait has a limit', async () => {
  writeFileSync(join(directory, 'list.conf'), listRules);
  const server = await startNameServer({ '1.2.0.192.bl.example': '127.0.0.2', '3.2.0.192.bl.example': 'silent' });
  const waf = `{ ruleset: list.conf, rbl: { servers: ["127.0.0.1:${server.port}"], timeout: 200ms } }`;
  const gateway = await startGateway(configuration('{ ruleset: list.conf }'), places);
  try {
    assert.equal(await ask(gateway, '192.0.2.1'), '200');
    assert.deepEqual(server.asked, []);
    await gateway.configure(configuration(waf));
    assert.equal(await ask(gateway, '192.0.2.1'), '403');
    assert.equal((await gateway.record(({ rule }) => rule === 'waf.2201')).client, '192.0.2.1');
    assert.equal(await ask(gateway, '192.0.2.2'), '200');
    assert.equal(await ask(gateway, '192.0.2.3'), '200');
    assert.deepEqual(server.asked, ['1.2.0.192.bl.example', '2.2.0.192.bl.example', '3.2.0.192.bl.example']);
    assert.equal(await ask(gateway, '192.0.2.1'), '403');
    assert.equal(await ask(gateway, '127.0.0.9'), '200');
    assert.equal(server.asked.length, 3);
    await assert.rejects(gateway.configure(configuration(waf.replace('127.0.0.1:', 'somewhere:'))), /name server/);
  } finally {
    await gateway.stop();
    await server.close();
  }
  assert.deepEqual(gateway.bugs, []);
});

test('rbl: what comes during the wait is kept: bodies whole and in pieces, further requests; who leaves meanwhile harms nobody', async () => {
  writeFileSync(join(directory, 'list.conf'), listRules);
  const server = await startNameServer({});
  const gateway = await startGateway(configuration(`{ ruleset: list.conf, rbl: { servers: ["127.0.0.1:${server.port}"], timeout: 150ms } }`), places);
  const form = (last: number, body: string, length = body.length): string => {
    server.names.set(`${last}.2.0.192.bl.example`, 'silent');
    return `POST / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.${last}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${length}\r\n\r\n${body}`;
  };
  const next = 'GET /next?q=attack HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.99\r\n\r\n';
  const answers = async (wanted: number, ...pieces: string[]): Promise<string> => {
    const client = new RawClient(gateway.port());
    const before = server.asked.length;
    client.send(pieces[0]!);
    await server.questions(before + 1);
    for (const piece of pieces.slice(1)) client.send(piece);
    const received = await client.until((text) => text.split('HTTP/1.1 ').length > wanted);
    client.destroy();
    return [...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status).join(' ');
  };
  try {
    assert.equal(await answers(1, form(1, 'q=attack')), '406');
    assert.equal(await answers(1, form(2, 'q=hello')), '200');
    assert.equal(await answers(1, form(3, '', 8), 'q=at', 'tack'), '406');
    assert.equal(await answers(2, form(4, 'q=hello') + next), '200 406');
    assert.equal(await answers(2, form(5, '', 7), `q=hello${next}`), '200 406');
    server.names.set('6.2.0.192.bl.example', 'silent');
    assert.equal(await answers(1, 'POST / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.6\r\nContent-Type: application/x-www-form-urlencoded\r\n'
      + 'Transfer-Encoding: chunked\r\n\r\n4\r\nq=at\r\n', '4\r\ntack\r\n0\r\n\r\n'), '406');
    // Gone before the answer: closed in good order, and reset.
    for (const last of [7, 8]) {
      const client = new RawClient(gateway.port());
      const before = server.asked.length;
      client.send(form(last, 'q=hello'));
      await server.questions(before + 1);
      if (last === 7) client.end();
      else client.destroy();
    }
    assert.equal(await ask(gateway, '192.0.2.50'), '200');
  } finally {
    await gateway.stop();
    await server.close();
  }
  assert.deepEqual(gateway.bugs, []);
});
