// Truncation of TLS data connections: an end of TCP that TLS did not announce (no close_notify) is no end of a file. Uploads
// and downloads, TLS 1.2 and 1.3, small and large, with the end in the last segment and on its own.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, test } from 'node:test';
import tls from 'node:tls';
import { makeCertificate, type TestCertificate } from '../../harness/certificates.ts';
import type { GatewayUnderTest } from '../../harness/gateway.ts';
import type { RawClient } from '../../harness/raw.ts';
import { FtpClient, passiveText, startFtp, startScriptedServer } from './peers.ts';

const made = makeCertificate(['localhost']);
const skip = made === undefined ? 'no openssl: apt-get install openssl' : false;
const certificate = made as TestCertificate;
const server = await startScriptedServer();
after(async () => { await server.close(); });
const profiles = skip ? '' : `tls:
  own: { certificates: [{ certificate: ${certificate.certificateFile}, key: ${certificate.keyFile} }] }
  servers: { ca: ${certificate.certificateFile}, serverName: localhost }`;
const big = Buffer.alloc(2_000_000, 't');
const factsOf = (record: unknown): Record<string, unknown> => (record as { facts: Record<string, unknown> }).facts;
type Version = 'TLSv1.2' | 'TLSv1.3';

/** How a sender ends: as TLS wants it, or by the end of TCP alone. */
type Ending = 'notified' | 'cut';

/** Sends over TLS on `transport` and ends. */
function sendAndEnd(secured: tls.TLSSocket, transport: net.Socket, bytes: Buffer, ending: Ending): void {
  if (ending === 'notified') secured.end(bytes);
  else secured.write(bytes, () => { transport.end(); });
}

async function upload(gateway: GatewayUnderTest, bytes: Buffer, ending: Ending, version: Version): Promise<{ reply: string; end: string; bytes: number }> {
  const raw = net.connect({ port: gateway.port(), host: '127.0.0.1' });
  await once(raw, 'connect');
  const plain = async (command: string): Promise<void> => {
    if (command !== '') raw.write(`${command}\r\n`);
    await once(raw, 'data');
  };
  await plain('');
  await plain('AUTH TLS');
  const control = tls.connect({ socket: raw, ca: certificate.certificate, servername: 'localhost', minVersion: version, maxVersion: version });
  let session: Buffer | undefined;
  control.on('session', (ticket: Buffer) => { session = ticket; });
  await once(control, 'secureConnect');
  let text = '';
  control.on('data', (chunk: Buffer) => { text += chunk.toString(); });
  const reply = async (command: string): Promise<string> => {
    if (command !== '') control.write(`${command}\r\n`);
    while (!text.includes('\r\n')) await once(control, 'data');
    const line = text.slice(0, text.indexOf('\r\n'));
    text = text.slice(line.length + 2);
    return line;
  };
  for (const command of ['PBSZ 0', 'PROT P', 'USER a', 'PASS b']) await reply(command);
  const port = Number(/\|\|\|(\d+)\|/.exec(await reply('EPSV'))![1]);
  const transport = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  transport.on('error', () => { /* reset */ });
  await once(transport, 'connect');
  const data = tls.connect({ socket: transport, ca: certificate.certificate, servername: 'localhost', session: session!, minVersion: version, maxVersion: version });
  data.on('error', () => { /* reset */ });
  const stands = once(data, 'secureConnect');
  assert.match(await reply('STOR x'), /^150/);
  await stands;
  sendAndEnd(data, transport, bytes, ending);
  const last = await reply('');
  control.destroy();
  transport.destroy();
  const stored = server.sessions.at(-1)!;
  return { reply: last, end: stored.storedEnd, bytes: stored.stored!.length };
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  for (const [name, bytes] of [['ten bytes', Buffer.alloc(10, 's')], ['two megabytes', big], ['nothing', Buffer.alloc(0)]] as const) {
    test(`an upload of ${name} over ${version}`, { skip }, async () => {
      for (const policy of ['require', 'any'] as const) {
        const gateway = await startFtp(server, `    clientTls: { mode: explicit, profile: own, closeNotify: ${policy} }`, '', profiles);
        assert.deepEqual(await upload(gateway, bytes, 'notified', version), { reply: '226 Stored.', end: 'fin', bytes: bytes.length }, 'with close_notify');
        const cut = await upload(gateway, bytes, 'cut', version);
        if (policy === 'require') {
          assert.match(cut.reply, /^426 /);
          assert.equal(cut.end, 'reset', 'what was cut looks cut to the server');
          const record = await gateway.record(({ rule }) => rule === 'ftp.data-truncated');
          assert.equal(record.outcome, 'aborted');
          assert.equal(factsOf(record)['sha256'], undefined);
        } else {
          assert.deepEqual(cut, { reply: '226 Stored.', end: 'fin', bytes: bytes.length });
          const record = await gateway.record((one) => one.verb === 'STOR' && String(factsOf(one)['clientTls']).includes('no-close-notify'));
          assert.equal(record.outcome, 'allowed');
        }
        assert.deepEqual(gateway.bugs, []);
        await gateway.stop();
      }
    });
  }
}

/** A server over TLS from the first byte, with one file. */
async function implicitServer(version: Version, content: Buffer, ending: Ending): Promise<{ port: number; close(): void }> {
  const context = tls.createSecureContext({ cert: certificate.certificate, key: certificate.key, minVersion: version, maxVersion: version });
  const listener = net.createServer((socket) => {
    const stream = new tls.TLSSocket(socket, { isServer: true, secureContext: context });
    stream.on('error', () => { /* cut */ });
    stream.write('220 x\r\n');
    let coming: Promise<net.Socket>;
    stream.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString('latin1').split('\r\n').filter((one) => one !== '')) {
        const verb = line.split(' ')[0]!;
        if (verb === 'PASV') {
          const data = net.createServer({ allowHalfOpen: true });
          coming = once(data, 'connection').then(([connection]) => { data.close(); return connection as net.Socket; });
          data.listen(0, '127.0.0.1', () => { stream.write(`${passiveText((data.address() as net.AddressInfo).port)}\r\n`); });
        } else if (verb === 'RETR') {
          stream.write('150 x\r\n');
          void coming.then((connection) => {
            const secured = new tls.TLSSocket(connection, { isServer: true, secureContext: context });
            for (const one of [secured, connection]) one.on('error', () => { /* reset */ });
            secured.once('secure', () => {
              sendAndEnd(secured, connection, content, ending);
              stream.write('226 done\r\n');
            });
          });
        } else stream.write(({ USER: '331 x\r\n', PASS: '230 x\r\n', PWD: '257 "/"\r\n' } as Record<string, string>)[verb] ?? '200 x\r\n');
      }
    });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return { port: (listener.address() as net.AddressInfo).port, close: () => { listener.close(); } };
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a download from a server that cuts ${version}`, { skip }, async () => {
    for (const content of [Buffer.alloc(10, 's'), big]) {
      for (const ending of ['notified', 'cut'] as const) {
        const peer = await implicitServer(version, content, ending);
        const gateway = await startFtp({ ...server, port: peer.port }, '    serverTls: { mode: implicit, profile: servers }', '', profiles);
        const client = await new FtpClient(gateway.port()).login();
        const data: RawClient = await client.passive();
        assert.match(await client.command('RETR /x'), /^150/);
        const last = await client.reply();
        while (!data.ended && !data.closed) await Promise.race([once(data.socket, 'end'), once(data.socket, 'close')]).catch(() => undefined);
        if (ending === 'notified') {
          assert.match(last, /^226/);
          assert.equal(data.received.length, content.length);
        } else {
          assert.match(last, /^426/);
          assert.ok(data.reset && !data.ended, 'the client sees a reset, not an end');
          await gateway.record(({ rule, outcome }) => rule === 'ftp.data-truncated' && outcome === 'failed');
        }
        assert.deepEqual(gateway.bugs, []);
        client.close();
        data.destroy();
        await gateway.stop();
        peer.close();
      }
    }
  });
}
