// That a protocol is what CONTRIBUTING.md says: a codec, a gateway and a line in a list. A tiny one, made by those steps, runs in
// a real gateway with policy, limits, audit, TLS on both sides and explain, and passes the compliance suite.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import tls from 'node:tls';
import type { GatewayManifest } from '#contract/gateway.ts';
import { describeCompliance } from '../../compliance/suite.ts';
import { makeCertificate } from '../../harness/certificates.ts';
import { startGateway } from '../../harness/gateway.ts';
import { gateways } from '../../../src/standard.ts';
import { lineDriver } from './driver.ts';
import { lineManifest } from './gateway.ts';

const manifests: readonly GatewayManifest[] = [...gateways, lineManifest as unknown as GatewayManifest];

describeCompliance(lineDriver, manifests);

test('policy, limits, audit, explain and TLS on both sides come with the manifest', async () => {
  const certificate = makeCertificate(['localhost'], ['127.0.0.1']);
  assert.ok(certificate !== undefined, 'openssl makes certificates for tests');
  const server = tls.createServer({ cert: certificate.certificate, key: certificate.key }, (socket) => {
    socket.on('error', () => { /* the gateway ends it */ });
    socket.on('data', (bytes: Buffer) => { socket.write(`OK ${bytes.toString('latin1')}`); });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const gateway = await startGateway(`
listeners: { here: { bind: "127.0.0.1:0", service: lines, tls: outside } }
services: { lines: { protocol: line, pool: servers } }
pools: { servers: { servers: ["127.0.0.1:${port}"], tls: inside } }
tls:
  outside: { certificates: [{ certificate: "${certificate.certificateFile}", key: "${certificate.keyFile}" }] }
  inside: { ca: "${certificate.certificateFile}" }
limits: { sets: { operation: { class: write }, key: address, requests: 1/m } }
policy:
  - { id: short, operation: { verbs: [DROP] }, then: deny }
  - { id: open, protocol: line, then: allow }
`, undefined, { manifests });
  const client = tls.connect({ port: gateway.port(), host: '127.0.0.1', ca: certificate.certificate, servername: 'localhost' });
  await once(client, 'secureConnect');
  const replies: string[] = [];
  for (const line of ['LOOKUP a', 'SET b', 'SET c', 'DROP d']) {
    client.write(`${line}\r\n`);
    const [bytes] = await once(client, 'data') as [Buffer];
    replies.push(bytes.toString('latin1').trim());
  }
  assert.deepEqual(replies, ['OK LOOKUP a', 'OK SET b', 'ERR busy', 'ERR denied']);
  const denied = await gateway.record(({ rule }) => rule === 'short');
  assert.deepEqual([denied.protocol, denied.service, denied.verb, denied.path, denied.outcome], ['line', 'lines', 'DROP', '/d', 'denied']);
  const answer = await gateway.ask({ what: 'explain', listener: 'here', client: { address: '127.0.0.1', port: 1 }, request: { verb: 'DROP', url: 'd', headers: [] } });
  assert.ok(answer.what === 'explain' && answer.explanation.steps.some(({ subject, outcome }) => subject === 'short' && outcome === 'deny'));
  client.destroy();
  await gateway.stop();
  server.close();
});
