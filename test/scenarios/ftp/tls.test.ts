// TLS on either side of the FTP gateway: explicit and implicit, data connections bound to their control connection, server
// sessions continued, nothing injected before TLS, ALPN, what is required before a login.
import assert from 'node:assert/strict';
import { constants } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { after, test } from 'node:test';
import tls from 'node:tls';
import { makeCertificate, type TestCertificate } from '../../harness/certificates.ts';
import type { GatewayUnderTest } from '../../harness/gateway.ts';
import { RawClient } from '../../harness/raw.ts';
import { FtpClient, startFtp, startScriptedServer } from './peers.ts';

const made = makeCertificate(['localhost', 'ftp.example']);
const skip = made === undefined ? 'no openssl: apt-get install openssl' : false;
const certificate = made as TestCertificate;
const server = await startScriptedServer();
after(async () => { await server.close(); });

const profiles = skip ? '' : `tls:
  own: { certificates: [{ certificate: ${certificate.certificateFile}, key: ${certificate.keyFile} }], handshakeTimeoutMs: 1000 }
  servers: { ca: ${certificate.certificateFile}, serverName: localhost, handshakeTimeoutMs: 1000 }`;

async function within(settings: string, run: (gateway: GatewayUnderTest) => Promise<void>): Promise<void> {
  const gateway = await startFtp(server, settings, '', profiles);
  try {
    await run(gateway);
    assert.deepEqual(gateway.bugs, []);
  } finally { await gateway.stop(); }
}

/** Lines of a TLS control connection. */
class SecureClient {
  readonly socket: tls.TLSSocket;
  session: Buffer | undefined = undefined;
  /** Tickets so far. */
  tickets = 0;
  #text = '';

  constructor(socket: tls.TLSSocket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => { this.#text += bytes.toString('latin1'); });
    socket.on('session', (session: Buffer) => {
      this.session = session;
      this.tickets++;
    });
    socket.on('error', () => { /* told by close */ });
    socket.setMaxListeners(0);
  }

  async reply(): Promise<string> {
    while (!/^\d{3} .*\r\n/m.test(this.#text)) {
      if (this.socket.destroyed) throw new Error(`closed with ${this.#text}`);
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'close')]);
    }
    const text = this.#text;
    this.#text = '';
    return text.trimEnd();
  }

  async command(text: string): Promise<string> {
    this.socket.write(`${text}\r\n`);
    return this.reply();
  }
}

async function secure(raw: net.Socket, options: tls.ConnectionOptions = {}): Promise<SecureClient> {
  raw.removeAllListeners('data');
  const socket = tls.connect({ socket: raw, ca: certificate.certificate, servername: 'ftp.example', ...options });
  const client = new SecureClient(socket);
  await once(socket, 'secureConnect');
  return client;
}

async function loggedIn(port: number, options: tls.ConnectionOptions = {}): Promise<SecureClient> {
  const plain = new FtpClient(port);
  await plain.reply();
  assert.match(await plain.command('AUTH TLS'), /^234/);
  const client = await secure(plain.raw.socket, options);
  for (const command of ['PBSZ 0', 'PROT P', 'USER a']) await client.command(command);
  assert.match(await client.command('PASS b'), /^230/);
  return client;
}

async function passivePort(client: SecureClient): Promise<number> {
  return Number(/\|\|\|(\d+)\|/.exec(await client.command('EPSV'))![1]);
}

const explicit = '    clientTls: { mode: explicit, profile: own }';

test('explicit TLS: control and data, the file arrives, FEAT says what there is', { skip }, async () => {
  server.files['/big'] = Buffer.alloc(2_000_000, 'z');
  await within(explicit, async (gateway) => {
    const client = await loggedIn(gateway.port());
    assert.match(await client.command('FEAT'), / AUTH TLS\r\n[\s\S]* PBSZ\r\n PROT\r\n/);
    const port = await passivePort(client);
    const data = tls.connect({ port, host: '127.0.0.1', ca: certificate.certificate, servername: 'ftp.example', session: client.session! });
    let bytes = 0;
    data.on('data', (chunk: Buffer) => { bytes += chunk.length; });
    assert.match(await client.command('RETR /big'), /^150/);
    await once(data, 'end');
    assert.equal(bytes, 2_000_000);
    assert.match(await client.reply(), /^226/);
    const record = await gateway.record(({ verb }) => verb === 'RETR');
    assert.match(String((record as unknown as { facts: Record<string, unknown> }).facts['clientTls']), /resumed/);
    client.socket.destroy();
  });
});

test('AUTH SSL and AUTH TLS-P stand for PROT P as well, AUTH TLS and TLS-C do not', { skip }, async () => {
  await within(explicit, async (gateway) => {
    for (const [mechanism, protects] of [['SSL', true], ['tls-p ', true], ['TLS', false], ['TLS-C', false]] as const) {
      const plain = new FtpClient(gateway.port());
      await plain.reply();
      assert.match(await plain.command(`AUTH ${mechanism}`), /^234/);
      const client = await secure(plain.raw.socket);
      await client.command('USER a');
      assert.match(await client.command('PASS b'), /^230/);
      const data = net.connect(await passivePort(client), '127.0.0.1');
      data.on('error', () => { /* TLS was wanted */ });
      client.socket.write('RETR /file\r\n');
      const [first] = protects ? [Buffer.alloc(0)] : await once(data, 'data') as [Buffer];
      assert.equal(first.toString(), protects ? '' : 'hello', mechanism);
      if (protects) data.write('no TLS');
      await once(data, 'close');
      client.socket.destroy();
    }
  });
});

test('a data port that was stolen is of no use without the control connection\'s TLS session', { skip }, async () => {
  await within(explicit, async (gateway) => {
    const other = await loggedIn(gateway.port());
    for (const session of [undefined, other.session]) {
      const client = await loggedIn(gateway.port());
      const port = await passivePort(client);
      const thief = tls.connect({ port, host: '127.0.0.1', ca: certificate.certificate, servername: 'ftp.example', ...session === undefined ? {} : { session } });
      let stolen = 0;
      thief.on('data', (bytes: Buffer) => { stolen += bytes.length; });
      thief.on('error', () => { /* reset */ });
      await once(thief, 'secureConnect');
      const answer = await client.command('RETR /file');
      const last = /^522/m.test(answer) ? answer : await client.reply();
      assert.match(last, /^522/m);
      assert.equal(stolen, 0);
      client.socket.destroy();
    }
    other.socket.destroy();
    const record = await gateway.record(({ rule }) => rule === 'ftp.data-session');
    assert.equal(record.outcome, 'denied');
  });
});

/** Ways in which clients resume. OpenSSL's take each ticket of TLS 1.3 once; curl takes none in TLS 1.2. */
const resuming: readonly { name: string; options: tls.ConnectionOptions; once: boolean }[] = [
  { name: 'TLS 1.3, each ticket once', options: { minVersion: 'TLSv1.3' }, once: true },
  { name: 'TLS 1.3, one ticket for all', options: { minVersion: 'TLSv1.3' }, once: false },
  { name: 'TLS 1.2 by ticket', options: { maxVersion: 'TLSv1.2' }, once: false },
  { name: 'TLS 1.2 by session id', options: { maxVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_TICKET }, once: false },
];

interface Fetched {
  readonly reply: string;
  readonly text: string;
  /** What the data connection gave to resume it by. */
  readonly given: Buffer | undefined;
}

/** Fetches `/file` over a data connection that offers a TLS session, or none. */
async function fetchWith(client: SecureClient, session: Buffer | undefined, options: tls.ConnectionOptions): Promise<Fetched> {
  const data = tls.connect({
    port: await passivePort(client), host: '127.0.0.1', ca: certificate.certificate, servername: 'ftp.example', ...session === undefined ? {} : { session }, ...options,
  });
  let text = '';
  let given: Buffer | undefined;
  // A session of TLS 1.3 without a ticket resumes nothing; one of TLS 1.2 may have an id.
  data.on('secureConnect', () => { if (options.minVersion === undefined) given = data.getSession(); });
  data.on('session', (one: Buffer) => { given = one; });
  data.on('data', (bytes: Buffer) => { text += bytes.toString('latin1'); });
  data.on('error', () => { /* reset */ });
  const closed = new Promise((resolve) => { data.once('close', resolve); });
  let reply = await client.command('RETR /file');
  if (!/^(?:226|522)/m.test(reply)) reply = await client.reply();
  await closed;
  return { reply, text, given };
}

for (const { name, options, once: onlyOnce } of resuming) {
  test(`file after file over data connections that resume: ${name}`, { skip }, async () => {
    await within(explicit, async (gateway) => {
      const client = await loggedIn(gateway.port(), options);
      let session = client.session ?? client.socket.getSession()!;
      for (let file = 1; file <= 5; file++) {
        const tickets = client.tickets;
        const { reply, text, given } = await fetchWith(client, session, options);
        assert.match(reply, /^226/m, `file ${file}`);
        assert.equal(text, 'hello');
        if (options.minVersion !== 'TLSv1.3') continue;
        assert.equal(given, undefined, 'nothing is sent to a client that may have gone: its file would suffer');
        assert.equal(client.tickets, tickets + 1, 'one on the control connection');
        if (onlyOnce) session = client.session!;
      }
      // What another session was given opens nothing here, by whatever way.
      const other = await loggedIn(gateway.port(), options);
      await fetchWith(other, other.session ?? other.socket.getSession()!, options);
      const stolen = await fetchWith(client, other.session ?? other.socket.getSession()!, options);
      assert.match(stolen.reply, /^522/m);
      assert.equal(stolen.text, '');
      client.socket.destroy();
      other.socket.destroy();
    });
  });

  test(`a stolen port gives nothing that opens the next one: ${name}`, { skip }, async () => {
    await within(explicit, async (gateway) => {
      const client = await loggedIn(gateway.port(), options);
      const session = client.session ?? client.socket.getSession()!;
      let held: Buffer | undefined;
      // Also with what it got where the owner had been before, and once more with what it was refused with.
      for (const round of [1, 2, 3]) {
        const thief = await fetchWith(client, held, options);
        assert.match(thief.reply, /^522/m, `round ${round}`);
        assert.equal(thief.text, '');
        if (options.minVersion !== undefined) assert.equal(thief.given, undefined);
        held = thief.given;
        const owner = await fetchWith(client, session, options);
        assert.match(owner.reply, /^226/m);
      }
      client.socket.destroy();
    });
  });
}

test('a client that was handed no session is given no ticket with its upload where any may come: it could be reset by one', { skip }, async () => {
  await within(`${explicit.replace(' }', ', dataSession: any }')}`, async (gateway) => {
    const client = await loggedIn(gateway.port(), { minVersion: 'TLSv1.3' });
    const { reply, text, given } = await fetchWith(client, undefined, { minVersion: 'TLSv1.3' });
    assert.match(reply, /^226/m);
    assert.deepEqual([text, given], ['hello', undefined]);
    client.socket.destroy();
  });
});

test('a session may be resumed for a week: as long as any control connection lives', { skip }, async () => {
  await within(explicit, async (gateway) => {
    const client = await loggedIn(gateway.port(), { minVersion: 'TLSv1.3' });
    // The lifetime in the session's own ASN.1: [9] INTEGER, tag a9, in seconds.
    assert.ok(client.session!.includes(Buffer.from('a9050203093a80', 'hex')), 'ticket_lifetime_hint 604800');
    client.socket.destroy();
  });
});

test('a plain connection to a protected data port gets nothing', { skip }, async () => {
  await within(explicit, async (gateway) => {
    const client = await loggedIn(gateway.port());
    const thief = new RawClient(await passivePort(client));
    thief.send('hello\r\n');
    client.socket.write('RETR /file\r\n');
    assert.match(await client.reply(), /^(150|425)/);
    assert.ok(!thief.received.includes('hello'));
    client.socket.destroy();
    thief.destroy();
  });
});

test('bytes behind AUTH TLS end the session (command injection before TLS)', { skip }, async () => {
  await within(explicit, async (gateway) => {
    for (const bytes of ['AUTH TLS\r\nUSER evil\r\n', 'AUTH TLS\r\nU', 'AUTH TLS\r\n\xff']) {
      const client = new FtpClient(gateway.port());
      await client.reply();
      client.raw.send(bytes);
      assert.doesNotMatch(await client.rest(), /234/);
    }
    const { outcome } = await gateway.record(({ kind, rule }) => kind === 'violation' && rule === 'ftp.bytes-before-tls');
    assert.equal(outcome, 'refused');
  });
});

test('what was said before TLS is forgotten', { skip }, async () => {
  await within(explicit, async (gateway) => {
    const plain = new FtpClient(gateway.port());
    await plain.reply();
    await plain.command('USER early');
    await plain.command('AUTH TLS');
    const client = await secure(plain.raw.socket);
    assert.match(await client.command('PASS x'), /^503/);
    assert.match(await client.command('AUTH TLS'), /^503/);
    assert.match(await client.command('PROT P'), /^503/);
    assert.match(await client.command('CCC'), /^534/);
    client.socket.destroy();
  });
});

test('TLS required for login, and for data', { skip }, async () => {
  await within('    clientTls: { mode: explicit, profile: own, require: data }', async (gateway) => {
    const plain = new FtpClient(gateway.port());
    await plain.reply();
    assert.match(await plain.command('USER a'), /^530/);
    await plain.command('AUTH TLS');
    const client = await secure(plain.raw.socket);
    await client.command('USER a');
    await client.command('PASS b');
    await passivePort(client);
    assert.match(await client.command('RETR /file'), /^521/);
    await client.command('PBSZ 0');
    assert.match(await client.command('PROT C'), /^534/);
    assert.match(await client.command('PROT S'), /^536/);
    assert.match(await client.command('PROT P'), /^200/);
    client.socket.destroy();
  });
});

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`the certificate is that of the name which the client asks for, and data resume: ${maxVersion}`, { skip }, async () => {
    const other = makeCertificate(['files.example'])!;
    server.files['/small'] = Buffer.from('small');
    const both = profiles.replace('certificates: [', `certificates: [{ certificate: ${other.certificateFile}, key: ${other.keyFile} }, `);
    const gateway = await startFtp(server, explicit, '', both);
    try {
      // Verified against one certificate only: the second of the profile, then the first.
      for (const [servername, ca] of [['ftp.example', certificate.certificate], ['files.example', other.certificate]] as const) {
        const client = await loggedIn(gateway.port(), { servername, ca, maxVersion });
        assert.equal(client.socket.authorized, true);
        for (let file = 0; file < 2; file++) {
          const port = await passivePort(client);
          const data = tls.connect({ port, host: '127.0.0.1', ca, servername, maxVersion, session: client.session! });
          let text = '';
          data.on('data', (chunk: Buffer) => { text += chunk.toString(); });
          assert.match(await client.command('RETR /small'), /^150/);
          await once(data, 'end');
          // Without the control connection's session it would be 522.
          assert.match(await client.reply(), /^226/);
          assert.equal(text, 'small');
        }
        const thief = tls.connect({ port: await passivePort(client), host: '127.0.0.1', ca, servername, maxVersion });
        let given = 0;
        thief.on('session', () => { given++; }).on('error', () => { /* reset */ });
        const answer = await client.command('RETR /small');
        assert.match(/^522/m.test(answer) ? answer : await client.reply(), /^522/m);
        if (!thief.closed) await once(thief, 'close');
        assert.equal(given, 0);
        client.socket.destroy();
      }
      assert.deepEqual(gateway.bugs, []);
    } finally { await gateway.stop(); }
  });
}

test('implicit TLS: no word before the handshake', { skip }, async () => {
  await within('    clientTls: { mode: implicit, profile: own }', async (gateway) => {
    const raw = net.connect({ port: gateway.port(), host: '127.0.0.1' });
    await once(raw, 'connect');
    const client = await secure(raw);
    assert.match(await client.reply(), /^220/);
    assert.match(await client.command('USER a'), /^331/);
    client.socket.destroy();
    const plain = new RawClient(gateway.port());
    plain.send('USER a\r\n');
    assert.equal((await plain.untilEnd()).includes('220'), false);
  });
});

test('ALPN: a client that offers other protocols is refused (ALPACA)', { skip }, async () => {
  await within(explicit, async (gateway) => {
    for (const [offered, passes] of [[['http/1.1'], false], [['ftp'], true], [['h2', 'ftp'], true]] as const) {
      const plain = new FtpClient(gateway.port());
      await plain.reply();
      await plain.command('AUTH TLS');
      plain.raw.socket.removeAllListeners('data');
      const socket = tls.connect({ socket: plain.raw.socket, ca: certificate.certificate, servername: 'ftp.example', ALPNProtocols: [...offered] });
      socket.on('error', () => { /* refused */ });
      const stood = await Promise.race([once(socket, 'secureConnect').then(() => true, () => false), once(socket, 'close').then(() => false, () => false)]);
      assert.equal(stood, passes, offered.join());
      socket.destroy();
    }
  });
});

/** A server that speaks TLS after AUTH; `behind` is sent with the 234. */
async function secureServer(behind: string): Promise<{ port: number; commands: string[]; resumed: boolean[]; close(): void }> {
  const commands: string[] = [];
  const resumed: boolean[] = [];
  const context = tls.createSecureContext({ cert: certificate.certificate, key: certificate.key });
  const listener = net.createServer((socket) => {
    socket.on('error', () => { /* cut */ });
    socket.write('220 tls server\r\n');
    let data: net.Server | undefined;
    const speak = (stream: net.Socket): void => {
      stream.on('error', () => { /* cut */ });
      stream.on('data', (bytes: Buffer) => {
        for (const line of bytes.toString('latin1').split('\r\n').filter((one) => one !== '')) {
          commands.push(line);
          const verb = line.split(' ')[0]!;
          if (verb === 'AUTH') {
            stream.write(`234 go${behind === '' ? '' : `\r\n${behind}`}\r\n`);
            stream.removeAllListeners('data');
            speak(new tls.TLSSocket(stream, { isServer: true, secureContext: context }));
          } else if (verb === 'PASV') {
            data = net.createServer((connection) => {
              data!.close();
              const secured = new tls.TLSSocket(connection, { isServer: true, secureContext: context });
              secured.on('error', () => { /* cut */ });
              secured.on('secure', () => {
                resumed.push(secured.isSessionReused());
                secured.end('secret file');
                stream.write('226 done\r\n');
              });
            });
            data.listen(0, '127.0.0.1', () => {
              const { port } = data!.address() as net.AddressInfo;
              stream.write(`227 (127,0,0,1,${port >> 8},${port & 255})\r\n`);
            });
          } else stream.write(({ USER: '331 x', PASS: '230 x', PWD: '257 "/"', RETR: '150 x' } as Record<string, string>)[verb] === undefined ? '200 ok\r\n'
            : `${({ USER: '331 x', PASS: '230 x', PWD: '257 "/"', RETR: '150 x' } as Record<string, string>)[verb]}\r\n`);
        }
      });
    };
    speak(socket);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return { port: (listener.address() as net.AddressInfo).port, commands, resumed, close: () => { listener.close(); } };
}

test('TLS towards the server only: AUTH, PBSZ, PROT by the gateway, data resume the control session', { skip }, async () => {
  const peer = await secureServer('');
  const gateway = await startFtp({ ...server, port: peer.port }, '    serverTls: { mode: explicit, profile: servers }', '', profiles);
  const client = await new FtpClient(gateway.port()).login();
  const data = await client.passive();
  assert.match(await client.command('RETR /file'), /^150/);
  assert.equal(await data.untilEnd(), 'secret file');
  assert.match(await client.reply(), /^226/);
  assert.deepEqual(peer.commands, ['AUTH TLS', 'PBSZ 0', 'PROT P', 'USER alice', 'PASS x', 'PWD', 'PASV', 'RETR /file']);
  assert.deepEqual(peer.resumed, [true]);
  client.close();
  assert.deepEqual(gateway.bugs, []);
  await gateway.stop();
  peer.close();
});

test('bytes of the server behind its 234 end the session (response injection)', { skip }, async () => {
  for (const behind of ['230 you are in', '2']) {
    const peer = await secureServer(behind);
    const gateway = await startFtp({ ...server, port: peer.port }, '    serverTls: { mode: explicit, profile: servers }', '', profiles);
    const client = new FtpClient(gateway.port());
    await client.reply();
    await client.command('USER a');
    assert.match(await client.command('PASS secret'), /^421/);
    assert.deepEqual(peer.commands, ['AUTH TLS']);
    await gateway.record(({ kind, rule }) => kind === 'violation' && rule === 'ftp.response-before-tls');
    assert.deepEqual(gateway.bugs, []);
    await gateway.stop();
    peer.close();
  }
});

test('a server that has no TLS gets no password', { skip }, async () => {
  const gateway = await startFtp(server, '    serverTls: { mode: explicit, profile: servers }', '', profiles);
  const client = new FtpClient(gateway.port());
  await client.reply();
  await client.command('USER a');
  assert.match(await client.command('PASS secret'), /^421/);
  assert.ok(!server.commands().some((line) => line.includes('secret')));
  await gateway.stop();
});

test('a reset of a TLS connection that stood is a reset, not a failure of TLS', { skip }, async () => {
  await within(explicit, async (gateway) => {
    const plain = new FtpClient(gateway.port());
    await plain.reply();
    await plain.command('AUTH TLS');
    const client = await secure(plain.raw.socket);
    await client.command('NOOP');
    plain.raw.socket.resetAndDestroy();
    const record = await gateway.record(({ kind }) => kind === 'session');
    assert.equal(record.outcome, 'aborted');
    assert.doesNotMatch(String(record.reason), /TLS/);
  });
});
