// Detect mode holds nothing back: bodies pass as they come, in both directions, and what they were is looked at all the same.
// A fault of the engine still refuses (fail closed), as long as the client has had no answer.
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { StoredRecord } from '#audit/record.ts';
import { startGateway, type GatewayUnderTest } from '#test/harness/gateway.ts';
import { RawClient, startRawServer, type RawServer } from '#test/harness/raw.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-waf-detect-'));
after(() => { rmSync(directory, { recursive: true, force: true }); });
const rulesFile = join(directory, 'own.conf');
writeFileSync(rulesFile, `
SecRule ARGS "@rx attack" "id:1001,phase:2,deny,status:403,t:none,log,msg:'Attack in an argument'"
SecRule REQBODY_ERROR "!@eq 0" "id:1002,phase:2,deny,log,msg:'Broken body'"
SecRule RESPONSE_BODY "@rx secret-leak" "id:1004,phase:4,deny,status:502,log,msg:'Leak'"
SecRule REQUEST_HEADERS:X-Block "@streq yes" "id:1005,phase:1,pass,nolog,ctl:ruleEngine=On"
`);
const places = { baseDirectory: directory, stateDirectory: directory };

/** A server whose connections do what the test says; `arrived` waits for bytes. */
class Origin {
  readonly server: RawServer;
  readonly #events: EventEmitter;

  constructor(server: RawServer, events: EventEmitter) {
    this.server = server;
    this.#events = events;
  }

  static async start(): Promise<Origin> {
    const events = new EventEmitter();
    const server = await startRawServer((socket) => {
      socket.on('data', () => { events.emit('data'); });
      socket.on('end', () => { socket.end(); });
    });
    return new Origin(server, events);
  }

  async arrived(what: RegExp): Promise<net.Socket> {
    while (!this.server.received.some((text) => what.test(text))) await once(this.#events, 'data');
    return this.server.connections[this.server.received.findIndex((text) => what.test(text))]!;
  }
}

async function started(more = '') {
  const origin = await Origin.start();
  const gateway = await startGateway(`
listeners: { web: { bind: "127.0.0.1:0", service: site } }
services: { site: { protocol: http, pool: one, waf: { ruleset: "${rulesFile}", mode: detect${more} } } }
pools: { one: { servers: ["127.0.0.1:${origin.server.port}"] } }
policy: [{ id: all, then: allow }]
`, places);
  const stop = async (): Promise<void> => {
    await gateway.stop();
    await origin.server.close();
    assert.deepEqual(gateway.bugs, []);
  };
  return { origin, gateway, stop };
}

async function found(gateway: GatewayUnderTest): Promise<{ record: StoredRecord; rules: number[] }> {
  const record = await gateway.record((one) => one.facts?.waf !== undefined);
  return { record, rules: (record.facts!.waf as { rules: { id: number }[] }).rules.map(({ id }) => id) };
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const form = 'POST /save HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n';
const halves: Record<string, readonly [string, RegExp, string, RegExp]> = {
  'of known length': [`${form}Content-Length: 17\r\n\r\na=1&b=an+`, /\r\n\r\na=1&b=an\+$/, 'attack+b', /b=an\+attack\+b$/],
  chunked: [`${form}Transfer-Encoding: chunked\r\n\r\n9\r\na=1&b=an+\r\n`, /\r\n\r\n9\r\na=1&b=an\+\r\n$/, '8\r\nattack+b\r\n0\r\n\r\n', /8\r\nattack\+b\r\n0\r\n\r\n$/],
};

for (const [name, [first, firstThere, second, secondThere]] of Object.entries(halves)) {
  test(`a request body ${name} is at the server before the client has sent the rest, and is looked at as a whole`, async () => {
    const { origin, gateway, stop } = await started();
    const client = new RawClient(gateway.port());
    client.send(first);
    await origin.arrived(firstThere);
    client.send(second);
    const socket = await origin.arrived(secondThere);
    socket.write(ok);
    assert.match(await client.until((received) => received.endsWith('ok')), /^HTTP\/1.1 200 /);
    const { record, rules } = await found(gateway);
    assert.deepEqual(rules, [1001]);
    assert.deepEqual([record.outcome, record.status], ['allowed', 200]);
    client.destroy();
    await stop();
  });
}

test('a body that came with its head is looked at, and one that nothing is found in leaves no trace', async () => {
  const { origin, gateway, stop } = await started();
  const client = new RawClient(gateway.port());
  client.send(`${form}Content-Length: 3\r\n\r\na=1`);
  (await origin.arrived(/a=1$/)).write(ok);
  await client.until((received) => received.endsWith('ok'));
  client.send(`${form}Content-Length: 8\r\n\r\na=attack`);
  (await origin.arrived(/a=attack$/)).write(ok);
  await client.until((received) => received.split('ok').length === 3);
  const records = [await gateway.record(({ verb }) => verb === 'POST'), (await found(gateway)).record];
  assert.equal(records[0]!.facts?.waf, undefined);
  assert.notEqual(records[0]!.id, records[1]!.id);
  client.destroy();
  await stop();
});

test('the server is asked whether it wants the body, and answers', async () => {
  const { origin, gateway, stop } = await started();
  const client = new RawClient(gateway.port());
  client.send(`${form}Expect: 100-continue\r\nContent-Length: 8\r\n\r\n`);
  const socket = await origin.arrived(/Expect: 100-continue\r\n[^]*\r\n\r\n$/);
  socket.write('HTTP/1.1 100 Continue\r\n\r\n');
  await client.until((received) => received.endsWith('100 Continue\r\n\r\n'));
  client.send('a=attack');
  await origin.arrived(/a=attack$/);
  socket.write(ok);
  await client.until((received) => received.endsWith('ok'));
  assert.deepEqual((await found(gateway)).rules, [1001]);
  client.destroy();
  await stop();
});

test('an answer before the end of the request passes; what came until then was looked at', async () => {
  const { origin, gateway, stop } = await started();
  const client = new RawClient(gateway.port());
  client.send(`${form}Content-Length: 100\r\n\r\na=attack&`);
  (await origin.arrived(/a=attack&$/)).write('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n');
  assert.match(await client.until((received) => received.includes('\r\n\r\n')), /^HTTP\/1.1 413 /);
  assert.deepEqual((await found(gateway)).rules, [1001]);
  client.destroy();
  await stop();
});

test('more than the limit passes, and the part within it is looked at', async () => {
  const { origin, gateway, stop } = await started(', requestBody: { noFilesLimit: 1000 }');
  const client = new RawClient(gateway.port());
  const rest = `${'x'.repeat(200_000)}end`;
  client.send(`${form}Content-Length: ${9 + rest.length}\r\n\r\na=attack&`);
  const socket = await origin.arrived(/a=attack&$/);
  client.send(rest);
  await origin.arrived(/end$/);
  socket.write(ok);
  await client.until((received) => received.endsWith('ok'));
  assert.deepEqual((await found(gateway)).rules, [1001]);
  client.destroy();
  await stop();
});

test('a client that goes away in the middle has sent no broken body', async () => {
  const { origin, gateway, stop } = await started();
  const client = new RawClient(gateway.port());
  client.send('POST /save HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a":');
  await origin.arrived(/\{"a":$/);
  client.abort();
  const record = await gateway.record(({ verb }) => verb === 'POST');
  assert.equal(record.outcome, 'aborted');
  assert.equal(record.facts?.waf, undefined);
  await stop();
});

test('what was found is recorded when the server gives no answer', async () => {
  const { origin, gateway, stop } = await started();
  const client = new RawClient(gateway.port());
  client.send(`${form}Content-Length: 8\r\n\r\na=attack`);
  (await origin.arrived(/a=attack$/)).resetAndDestroy();
  assert.match(await client.until((received) => received.includes('\r\n\r\n')), /^HTTP\/1.1 502 /);
  assert.deepEqual((await found(gateway)).rules, [1001]);
  client.destroy();
  await stop();
});

for (const [name, first, second, all] of [
  ['of known length', 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 22\r\n\r\n0123456secret', '-leak3456', /0123456secret-leak3456$/],
  ['chunked', 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsecret\r\n', '5\r\n-leak\r\n0\r\n\r\n', /5\r\n-leak\r\n0\r\n\r\n$/],
] as const) {
  test(`a response ${name} is at the client before the server has sent the rest, and is looked at as a whole`, async () => {
    const { origin, gateway, stop } = await started(', responseBody: { inspect: true }');
    const client = new RawClient(gateway.port());
    client.send('GET /page HTTP/1.1\r\nHost: a\r\n\r\n');
    const socket = await origin.arrived(/\r\n\r\n$/);
    socket.write(first);
    await client.until((received) => /secret(?:\r\n)?$/.test(received));
    socket.write(second);
    await client.until((received) => all.test(received));
    const { record, rules } = await found(gateway);
    assert.deepEqual(rules, [1004]);
    assert.equal(record.outcome, 'allowed');
    client.destroy();
    await stop();
  });
}

test('a rule that turns blocking on for its request has the body held', async () => {
  const { origin, gateway, stop } = await started();
  const client = new RawClient(gateway.port());
  client.send(`${form}X-Block: yes\r\nContent-Length: 8\r\n\r\na=attack`);
  assert.match(await client.until((received) => received.includes('\r\n\r\n')), /^HTTP\/1.1 403 /);
  assert.deepEqual(origin.server.received, []);
  client.destroy();
  await stop();
});

for (const [setting, status] of [['', 500], [', onEngineError: pass', 200]] as const) {
  test(`a fault of the engine while the body passes: ${status}`, async () => {
    const { origin, gateway } = await started(setting);
    const { ruleSet } = gateway.worker.plan.webInspectors.all()[0]!;
    const begin = ruleSet.begin.bind(ruleSet);
    ruleSet.begin = (connection) => {
      const transaction = begin(connection);
      transaction.requestBody = () => { throw new Error('broken on purpose'); };
      return transaction;
    };
    const client = new RawClient(gateway.port());
    client.send(`${form}Content-Length: 8\r\n\r\na=attack`);
    (await origin.arrived(/a=attack$/)).write(ok);
    assert.equal(Number((await client.until((received) => received.includes('\r\n\r\n'))).slice(9, 12)), status);
    assert.equal(gateway.bugs.length, 1);
    client.destroy();
    await gateway.stop();
    await origin.server.close();
  });
}
