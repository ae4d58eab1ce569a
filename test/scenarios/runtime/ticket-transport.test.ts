// A TLS server whose transport gives the ticket again, and real clients of TLS: Node's, and openssl s_client for the change of keys.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { after, test } from 'node:test';
import tls from 'node:tls';
import { TicketTransport } from '#runtime/tls/ticket-transport.ts';
import { makeCertificate, type TestCertificate } from '../../harness/certificates.ts';
import { pathOf } from '../../harness/installed.ts';

const made = makeCertificate(['localhost']);
const skip = made === undefined ? 'no openssl: apt-get install openssl' : false;
const certificate = made as TestCertificate;

interface Served { readonly raw: net.Socket; readonly transport: TicketTransport; readonly secured: tls.TLSSocket }

const listener = net.createServer();
const secureContext = skip === false ? tls.createSecureContext({ cert: certificate.certificate, key: certificate.key }) : undefined;
let serve: (served: Served) => void = () => { /* set by each test */ };
listener.on('connection', (raw) => {
  const transport = new TicketTransport(raw);
  raw.on('data', (bytes: Buffer) => { transport.deliver(bytes, 0, bytes.length); });
  const secured = new tls.TLSSocket(transport, { isServer: true, secureContext: secureContext! });
  transport.serves(secured);
  secured.on('error', () => { /* seen by the client */ });
  secured.once('secure', () => { serve({ raw, transport, secured }); });
});
listener.listen(0, '127.0.0.1');
await once(listener, 'listening');
const { port } = listener.address() as net.AddressInfo;
after(() => { listener.close(); });

const sizes = [1, 100, 16_384, 16_385, 100_000, 7];

/** Connects, and gathers what comes until the server ends. */
async function gathered(options: tls.ConnectionOptions): Promise<{ bytes: Buffer; tickets: Buffer[]; failure: Error | undefined }> {
  const client = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: certificate.certificate, ...options });
  const pieces: Buffer[] = [];
  const tickets: Buffer[] = [];
  let failure: Error | undefined;
  client.on('data', (bytes: Buffer) => { pieces.push(bytes); });
  client.on('session', (ticket: Buffer) => { tickets.push(ticket); });
  client.on('error', (error) => { failure = error; });
  await once(client, 'close');
  return { bytes: Buffer.concat(pieces), tickets, failure };
}

/** Each piece behind a ticket, when nothing waits any more; a ticket that nothing follows stays. */
function sendAll({ transport, secured }: Served): void {
  let at = 0;
  const next = (): void => {
    transport.giveTicket();
    if (at === sizes.length) secured.end();
    else secured.write(Buffer.alloc(sizes[at]!, at++), () => { setImmediate(next); });
  };
  setImmediate(next);
}

const all = Buffer.concat(sizes.map((size, index) => Buffer.alloc(size, index)));

for (const ciphers of ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']) {
  test(`tickets between records of any size, ${ciphers}: all arrives, each resumes`, { skip }, async () => {
    serve = sendAll;
    const { bytes, tickets, failure } = await gathered({ minVersion: 'TLSv1.3', ciphers });
    assert.equal(failure, undefined);
    assert.ok(bytes.equals(all));
    // Two of the handshake, and one before each piece.
    assert.equal(tickets.length, 2 + sizes.length);
    for (const session of [tickets[0]!, tickets.at(-1)!]) {
      const resumed = new Promise<boolean>((resolve) => {
        serve = ({ secured }) => {
          resolve(secured.isSessionReused());
          secured.end();
        };
      });
      await gathered({ minVersion: 'TLSv1.3', ciphers, session });
      assert.equal(await resumed, true);
    }
  });
}

test('TLS 1.2 passes untouched and gets no further ticket', { skip }, async () => {
  serve = sendAll;
  const { bytes, tickets, failure } = await gathered({ maxVersion: 'TLSv1.2' });
  assert.equal(failure, undefined);
  assert.ok(bytes.equals(all));
  assert.equal(tickets.length, 1);
});

test('what the client sends arrives, its end too; its reset is an error of the transport, as of a socket', { skip }, async () => {
  const heard = new Promise<string>((resolve) => {
    serve = ({ secured }) => {
      let text = '';
      secured.on('data', (bytes: Buffer) => { text += bytes.toString('latin1'); });
      secured.on('end', () => {
        resolve(text);
        secured.end();
      });
    };
  });
  const client = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: certificate.certificate });
  client.resume();
  client.end('x'.repeat(300_000));
  assert.equal(await heard, 'x'.repeat(300_000));
  await once(client, 'close');

  const raw = net.connect({ port, host: '127.0.0.1' });
  const failed = new Promise<NodeJS.ErrnoException>((resolve) => {
    serve = ({ transport }) => {
      transport.on('error', resolve);
      raw.resetAndDestroy();
    };
  });
  tls.connect({ socket: raw, servername: 'localhost', ca: certificate.certificate }).on('error', () => { /* own doing */ });
  assert.equal((await failed).code, 'ECONNRESET');
});

test('after its end nothing more is given', { skip }, async () => {
  const gone = new Promise<void>((resolve) => {
    serve = ({ transport, secured }) => {
      secured.end('bye');
      secured.once('close', () => {
        transport.giveTicket();
        resolve();
      });
    };
  });
  const { bytes, tickets, failure } = await gathered({ minVersion: 'TLSv1.3' });
  assert.deepEqual([bytes.toString(), tickets.length, failure], ['bye', 2, undefined]);
  await gone;
});

test('a change of keys, asked for by the client, is followed: tickets and data behind it', { skip }, async () => {
  serve = ({ transport, secured }) => {
    transport.giveTicket();
    secured.write('first\n');
    secured.on('data', (bytes: Buffer) => {
      // OpenSSL answers with its own change of keys before the next record.
      transport.giveTicket();
      secured.write(`again ${bytes.toString()}`);
      if (bytes.includes('last')) secured.end();
    });
  };
  const client = spawn(pathOf('openssl'), ['s_client', '-connect', `127.0.0.1:${port}`, '-tls1_3', '-CAfile', certificate.certificateFile, '-servername', 'localhost'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let text = '';
  let told = (): void => { /* nobody waits */ };
  const hear = (bytes: Buffer): void => {
    text += bytes.toString('latin1');
    told();
  };
  client.stdout.on('data', hear);
  client.stderr.on('data', hear);
  client.stdin.on('error', () => { /* it has gone */ });
  const exit = once(client, 'exit');
  const shown = async (what: string): Promise<void> => {
    while (!text.includes(what)) {
      if (client.exitCode !== null) throw new Error(`s_client has gone: ${text.slice(-600)}`);
      await new Promise<void>((resolve) => {
        told = resolve;
        client.once('exit', () => { resolve(); });
      });
    }
  };
  await shown('first\n');
  for (const [index, command] of ['K\n', 'K\n'].entries()) {
    client.stdin.write(command);
    await shown('KEYUPDATE');
    text = text.replaceAll('KEYUPDATE', '');
    client.stdin.write(`word ${index}\n`);
    await shown(`again word ${index}`);
  }
  client.stdin.write('last\n');
  await shown('again last');
  client.stdin.end();
  await exit;
  assert.doesNotMatch(text, /bad record|decryption failed/i);
});
