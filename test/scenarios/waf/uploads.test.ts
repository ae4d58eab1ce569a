// Bodies in which rules can read nothing but bytes (files, pictures, frames): their beginning is looked at, the rest passes without
// being held. What a rule could read as a whole is refused when it is longer than what is looked at.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { EventEmitter, once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { startGateway } from '#test/harness/gateway.ts';
import { RawClient, startRawServer } from '#test/harness/raw.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-waf-uploads-'));
after(() => { rmSync(directory, { recursive: true, force: true }); });
const rulesFile = join(directory, 'own.conf');
writeFileSync(rulesFile, `SecRule REQUEST_BODY "@contains attack" "id:1001,phase:2,deny,status:403,t:none,log,msg:'Attack in a body'"\n`);
const limit = 1000;

async function started() {
  const events = new EventEmitter();
  const server = await startRawServer((socket, _index, received) => {
    socket.on('data', () => {
      events.emit('data');
      if (received().endsWith('END') || received().endsWith('0\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  });
  const gateway = await startGateway(`
listeners: { web: { bind: "127.0.0.1:0", service: site } }
services: { site: { protocol: http, pool: one, waf: { ruleset: "${rulesFile}", requestBody: { noFilesLimit: ${limit} } } } }
pools: { one: { servers: ["127.0.0.1:${server.port}"] } }
policy: [{ id: all, then: allow }]
`, { baseDirectory: directory, stateDirectory: directory });
  const stop = async (): Promise<void> => {
    await gateway.stop();
    await server.close();
    assert.deepEqual(gateway.bugs, []);
  };
  return { server, events, gateway, stop };
}

const head = (type: string, length: number, more = ''): string => `POST /up HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\n${more}Content-Length: ${length}\r\n\r\n`;
const bytes = (length: number): string => `${'\x01\x02\x03\x04'.repeat(length / 4)}END`;

test('a file longer than what is looked at begins to go out before all of it is here', async () => {
  const { server, events, gateway, stop } = await started();
  const client = new RawClient(gateway.port());
  const body = bytes(40_000);
  client.send(head('application/octet-stream', body.length) + body.slice(0, limit + 1));
  while (!server.received.join('').includes('\x01')) await once(events, 'data');
  client.send(body.slice(limit + 1));
  assert.match(await client.until((received) => received.endsWith('ok')), /^HTTP\/1.1 200 /);
  assert.ok(server.received.join('').endsWith(`\r\n\r\n${body}`));
  client.destroy();
  await stop();
});

async function statusOf(request: string): Promise<string> {
  const { gateway, stop } = await started();
  const client = new RawClient(gateway.port());
  client.send(Buffer.from(request, 'latin1'));
  const answer = await client.until((received) => /\r\n\r\n/.test(received));
  client.destroy();
  await stop();
  return answer.slice(9, 12);
}

const over = bytes(limit);
const chunked = (type: string, body: string): string => `POST /up HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`
  + `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
const cases: readonly (readonly [what: string, request: string, status: string])[] = [
  ['a picture', head('image/png', over.length) + over, '200'],
  ['a picture in chunks', chunked('image/png', over), '200'],
  ['what rules find at its beginning', head('image/png', over.length) + `attack${over.slice(6)}`, '403'],
  ['what rules find within the limit', head('image/png', 1003) + `${over.slice(0, limit - 6)}attackEND`, '403'],
  ['text', head('text/plain', over.length) + over, '413'],
  ['text in chunks', chunked('text/plain', over), '413'],
  ['no type', `POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: ${over.length}\r\n\r\n${over}`, '413'],
  ['a form', head('application/x-www-form-urlencoded', over.length) + over, '413'],
  ['another multipart type', head('multipart/related; boundary=b', over.length) + over, '413'],
  ['what begins like JSON', head('application/octet-stream', over.length) + ` [${over.slice(2)}`, '413'],
  ['what begins like JSON, in chunks', chunked('application/octet-stream', `{${over.slice(1)}`), '413'],
  ['a text document of an office program', head('application/vnd.openxmlformats-officedocument.wordprocessingml.document', over.length) + over, '200'],
  ['XML under a type without a processor', head('image/svg+xml', over.length) + over, '413'],
];
for (const [what, request, status] of cases) {
  test(`longer than the limit: ${what}: ${status}`, async () => { assert.equal(await statusOf(request), status); });
}

test('as long as the limit: what begins like JSON, and text', async () => {
  assert.equal(await statusOf(`${head('application/octet-stream', limit)}[${'x'.repeat(limit - 4)}END`), '200');
  assert.equal(await statusOf(`${head('text/plain', limit)}${'x'.repeat(limit - 3)}END`), '200');
});

test('what has to be unpacked is looked at as a whole', async () => {
  const packed = gzipSync(Buffer.from(over, 'latin1')).toString('latin1');
  assert.equal(await statusOf(head('application/octet-stream', packed.length, 'Content-Encoding: gzip\r\n') + packed), '413');
});
