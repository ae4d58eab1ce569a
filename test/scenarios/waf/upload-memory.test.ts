// Memory of uploads that are inspected: parallel multipart bodies of 10 MiB. What a gateway must hold before its verdict is the
// body itself, once; the engine keeps names and sizes of files, not their content. Measured, garbage collected before each look.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { formatFault, loadRuleSet, memorySource, type RuleSet } from '#inspection/waf/index.ts';
import { startGateway } from '#test/harness/gateway.ts';
import { RawClient } from '#test/harness/raw.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const mebibyte = 1_048_576;
const uploads = 4;
const fileBytes = 10 * mebibyte;

function live(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const head = '--b\r\nContent-Disposition: form-data; name="f"; filename="x.bin"\r\nContent-Type: application/octet-stream\r\n\r\n';
const foot = '\r\n--b\r\nContent-Disposition: form-data; name="q"\r\n\r\nfield\r\n--b--\r\n';
const body = Buffer.concat([Buffer.from(head), Buffer.alloc(fileBytes, 'x\n'), Buffer.from(foot)]);

const directory = mkdtempSync(join(tmpdir(), 'sallyport-waf-memory-'));
after(() => { rmSync(directory, { recursive: true, force: true }); });
const rules = `SecRule FILES_SIZES "@eq ${fileBytes}" "id:1,phase:2,pass,log,msg:'size'"
SecRule ARGS:q "@streq field" "id:2,phase:2,pass,log,msg:'field'"
SecRule FILES "@streq x.bin" "id:3,phase:2,pass,log,msg:'name'"
`;

function engine(more: string): RuleSet {
  const text = `SecRuleEngine On\nSecRequestBodyAccess On\nSecRequestBodyLimit 13107200\nSecRequestBodyNoFilesLimit 131072\n${rules}${more}`;
  const result = loadRuleSet({ parts: [{ name: 'memory', text }], source: memorySource({}) });
  assert.ok(result.ok, result.ok ? '' : result.errors.map(formatFault).join('\n'));
  return result.ruleSet;
}

/** Live bytes that `uploads` transactions hold together when all of their bodies have been fed and looked at. */
function heldByEngine(ruleSet: RuleSet, ids: number[]): number {
  const before = live();
  const open = Array.from({ length: uploads }, (_, i) => {
    const tx = ruleSet.begin({ clientAddress: '192.0.2.1', clientPort: i, serverAddress: '192.0.2.9', serverPort: 80, uniqueId: `${i}`, nowMs: 0, reputation: null });
    tx.requestLine('POST', '/', 'HTTP/1.1');
    tx.requestHeader('Content-Type', 'multipart/form-data; boundary=b');
    assert.equal(tx.endRequestHeaders(), null);
    for (let at = 0; at < body.length; at += 65_536) assert.equal(tx.requestBody(body.subarray(at, at + 65_536)), null);
    return tx;
  });
  const fed = live() - before;
  for (const tx of open) assert.equal(tx.endRequestBody(), null);
  const held = Math.max(fed, live() - before);
  for (const tx of open) assert.deepEqual(tx.finish(0).matches.map(({ ruleId }) => ruleId), ids);
  return held;
}

test('the engine keeps no content of files, unless a rule looks at it', () => {
  const without = heldByEngine(engine(''), [1, 2, 3]);
  console.log(`engine, ${uploads} uploads of 10 MiB: ${(without / mebibyte).toFixed(2)} MiB held`);
  assert.ok(without < uploads * mebibyte, `${(without / mebibyte).toFixed(1)} MiB`);
  const content = heldByEngine(engine('SecRule FILES_TMP_CONTENT "@endsWith x" "id:4,phase:2,pass,log,msg:\'content\'"\n'), [1, 2, 3]);
  assert.ok(content > uploads * fileBytes * 0.9, 'a rule that reads contents gets them');
});

interface Sink { readonly port: number; readonly received: () => number; close(): Promise<void> }

/** Takes requests and keeps nothing but the count; answers when a body's end is there. */
async function startSink(): Promise<Sink> {
  let received = 0;
  const server = net.createServer((socket) => {
    let tail = '';
    socket.on('data', (bytes: Buffer) => {
      received += bytes.length;
      tail = (tail + bytes.subarray(-foot.length).toString('latin1')).slice(-foot.length);
      if (tail === foot) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
    });
    socket.on('error', () => { /* the gateway went away */ });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as net.AddressInfo).port, received: () => received, close: async () => { server.close(); await once(server, 'close'); } };
}

test('the gateway holds each upload once', async () => {
  const file = join(directory, 'own.conf');
  writeFileSync(file, rules);
  const sink = await startSink();
  const gateway = await startGateway(`
listeners: { web: { bind: "127.0.0.1:0", service: site } }
services: { site: { protocol: http, pool: one, limits: { maxBodyBytes: 12MiB }, waf: { ruleset: "${file}", mode: block } } }
pools: { one: { servers: ["127.0.0.1:${sink.port}"] } }
policy: [{ id: all, then: allow }]
`, { baseDirectory: directory, stateDirectory: directory });
  const before = live();
  let most = 0;
  const sampler = setInterval(() => { most = Math.max(most, live() - before); }, 20);
  const clients = Array.from({ length: uploads }, () => new RawClient(gateway.port()));
  const requestHead = `POST /up HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  for (const client of clients) client.send(requestHead).send(body);
  try {
    for (const client of clients) assert.match(await client.until((text) => text.endsWith('ok')), /^HTTP\/1.1 200 /);
  } finally {
    clearInterval(sampler);
    for (const client of clients) client.destroy();
    await gateway.stop();
    await sink.close();
  }
  assert.ok(sink.received() > uploads * body.length, 'the server got every byte');
  console.log(`gateway, ${uploads} uploads of 10 MiB at a time: at most ${(most / mebibyte).toFixed(1)} MiB held`);
  assert.ok(most < uploads * body.length * 1.5, `${(most / mebibyte).toFixed(1)} MiB for ${uploads} uploads`);
  assert.deepEqual(gateway.bugs, []);
});
