// TLS of the runtime through the HTTP gateway: towards clients (listener), towards servers (pool), verification both ways.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import tls from 'node:tls';
import type { AddressInfo } from 'node:net';
import { makeCertificate, type TestCertificate } from '../../harness/certificates.ts';
import { startGateway, type GatewayUnderTest } from '../../harness/gateway.ts';
import { RawClient } from '../../harness/raw.ts';

const made = makeCertificate(['localhost', 'site.example']);
const skip = made === undefined ? 'no openssl: apt-get install openssl' : false;
const certificate = made as TestCertificate;
let server: tls.Server;
let gateway: GatewayUnderTest;

before(async () => {
  if (made === undefined) return;
  server = tls.createServer({ cert: certificate.certificate, key: certificate.key }, (socket) => {
    socket.on('data', () => { socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n${socket.getProtocol() === 'TLSv1.3' ? 'secret' : 'older.'}`); });
    socket.on('error', () => { /* the client side is what is looked at */ });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = (server.address() as AddressInfo).port;
  gateway = await startGateway(`
listeners:
  secure: { bind: "127.0.0.1:0", service: site, tls: site }
  plain: { bind: "127.0.0.1:0", service: site }
  distrustful: { bind: "127.0.0.1:0", service: distrustful }
tls:
  site: { certificates: [{ certificate: ${certificate.certificateFile}, key: ${certificate.keyFile} }], handshakeTimeoutMs: 300 }
  servers: { ca: ${certificate.certificateFile}, serverName: localhost }
  strangers: { serverName: localhost }
services:
  site: { protocol: http, pool: web }
  distrustful: { protocol: http, pool: unknown-authority }
pools:
  web: { servers: ["127.0.0.1:${port}"], tls: servers }
  unknown-authority: { servers: ["127.0.0.1:${port}"], tls: strangers }
policy: [{ id: open, then: allow }]
`);
});
after(async () => {
  if (made === undefined) return;
  await gateway.stop();
  server.close();
});

async function secureRequest(options: tls.ConnectionOptions): Promise<{ text: string; protocol: string }> {
  const socket = tls.connect({ host: '127.0.0.1', port: gateway.port('secure'), ca: certificate.certificate, servername: 'site.example', ...options });
  await once(socket, 'secureConnect');
  const protocol = socket.getProtocol() ?? '';
  socket.write('GET /s HTTP/1.1\r\nHost: site.example\r\n\r\n');
  let text = '';
  for await (const bytes of socket) {
    text += String(bytes);
    if (text.endsWith('secret')) break;
  }
  socket.destroy();
  return { text, protocol };
}

test('a client speaks TLS 1.3 or 1.2 to the gateway, and the gateway TLS to a verified server', { skip }, async () => {
  for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
    const { text, protocol } = await secureRequest({ maxVersion });
    assert.equal(protocol, maxVersion);
    assert.match(text, /^HTTP\/1\.1 200 OK/);
  }
});

test('a server whose certificate is not trusted gets no request', { skip }, async () => {
  const client = new RawClient(gateway.port('distrustful')).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await client.until((text) => text.includes('incident'));
  assert.match(client.received, /^HTTP\/1\.1 502/);
  client.destroy();
  const record = await gateway.record(({ service, kind }) => service === 'distrustful' && kind === 'operation');
  assert.match(record.reason!, /TLS: .*self.signed/);
});

test('plain HTTP on a TLS port is refused and recorded', { skip }, async () => {
  const client = new RawClient(gateway.port('secure')).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await client.untilEnd();
  client.destroy();
  const record = await gateway.record(({ outcome, listener }) => outcome === 'refused' && listener === 'secure');
  assert.match(record.reason!, /TLS/);
});

test('a handshake that never comes is given up', { skip }, async () => {
  const client = new RawClient(gateway.port('secure'));
  await client.untilEnd();
  client.destroy();
  const record = await gateway.record(({ reason }) => reason?.includes('no TLS handshake within 300 ms') === true);
  assert.equal(record.outcome, 'refused');
});

test('a client that offers only other application protocols is refused', { skip }, async () => {
  const socket = tls.connect({ host: '127.0.0.1', port: gateway.port('secure'), ca: certificate.certificate, servername: 'site.example', ALPNProtocols: ['ftp'] });
  const [error] = await once(socket, 'error') as [NodeJS.ErrnoException];
  assert.match(error.message, /no application protocol/i);
});

test('nothing is left over', { skip }, () => {
  assert.deepEqual(gateway.bugs, []);
});
