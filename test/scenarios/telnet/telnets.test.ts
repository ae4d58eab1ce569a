// Telnet over TLS (992), on either side by itself: client plain or TLS, host plain or TLS, all four.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import tls from 'node:tls';
import { makeCertificate, type TestCertificate } from '../../harness/certificates.ts';
import { startGateway, type GatewayUnderTest } from '../../harness/gateway.ts';
import { tlsOnEitherSide, waitFor } from './peers.ts';

const made = makeCertificate(['localhost']);
const skip = made === undefined ? 'no openssl: apt-get install openssl' : false;
const certificate = made as TestCertificate;
const servers: net.Server[] = [];
let gateway: GatewayUnderTest;

/** Asks for the terminal type, greets, and echoes in capitals. */
function serve(socket: Socket): void {
  socket.write(Buffer.from('\u00ff\u00fd\u0018ready>', 'latin1'));
  socket.on('data', (bytes: Buffer) => { socket.write(Buffer.from(bytes.toString('latin1').replaceAll(/\u00ff[^][^]/g, '').toUpperCase(), 'latin1')); });
  socket.on('error', () => { /* the client side is what is looked at */ });
}

before(async () => {
  if (made === undefined) return;
  servers.push(net.createServer(serve), tls.createServer({ cert: certificate.certificate, key: certificate.key }, serve));
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.push((server.address() as AddressInfo).port);
  }
  gateway = await startGateway(tlsOnEitherSide(certificate, [ports[0]!, ports[1]!]));
});

after(async () => {
  if (made === undefined) return;
  await gateway.stop();
  for (const server of servers) server.close();
});

describe('Telnet over TLS', { timeout: 120_000, skip }, () => {
  for (const listener of ['plain-plain', 'plain-tls', 'tls-plain', 'tls-tls']) {
    it(listener, async () => {
      const port = gateway.port(listener);
      const socket = listener.startsWith('tls') ? tls.connect({ port, host: '127.0.0.1', ca: certificate.certificate, servername: 'localhost' }) : net.connect(port, '127.0.0.1');
      let received = '';
      socket.on('data', (bytes: Buffer) => { received += bytes.toString('latin1'); });
      await waitFor(() => received, (text) => text.endsWith('ready>'));
      assert.equal(received, '\u00ff\u00fd\u0018ready>');
      socket.write(Buffer.from('\u00ff\u00fc\u0018quiet', 'latin1'));
      await waitFor(() => received, (text) => text.endsWith('QUIET'));
      socket.destroy();
      assert.deepEqual(gateway.bugs, []);
    });
  }
});
