// Files compared byte by byte through the gateway: 1 byte, 1 MiB and 1 GiB, up and down, plain and over TLS on both sides. The
// large one is generated and hashed as it streams on both ends and stored nowhere; the memory of the process, both ends
// included, has to stay flat. Over TLS, which this process does four times over, it is 256 MiB; with FTP_LARGE=full 1 GiB too.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';
import { makeCertificate, type TestCertificate } from '../../harness/certificates.ts';
import { startGateway } from '../../harness/gateway.ts';

const mebibyte = 1024 * 1024;
const largeBytes = (secure: boolean): number => (secure && process.env['FTP_LARGE'] !== 'full' ? 256 : 1024) * mebibyte;
/** How much more than at its beginning the process may hold while a gibibyte passes. */
const maxGrowthBytes = 160 * mebibyte;
const made = makeCertificate(['localhost']);
const certificate = made as TestCertificate;

/** Content that repeats at no power of two: a piece that is lost, doubled or out of turn changes the sum. */
const pattern = Buffer.from(Array.from({ length: mebibyte + 17 }, (_, i) => (i * 131 + (i >> 7) * 29) & 255));

/** Writes so many bytes of the pattern, with back-pressure, and ends. Gives their SHA-256. */
async function generate(socket: net.Socket, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  for (let left = bytes; left > 0;) {
    const piece = pattern.subarray(0, Math.min(left, pattern.length));
    hash.update(piece);
    left -= piece.length;
    if (!socket.write(piece)) await once(socket, 'drain');
  }
  socket.end();
  return hash.digest('hex');
}

async function digest(socket: net.Socket): Promise<string> {
  const hash = createHash('sha256');
  socket.on('data', (bytes: Buffer) => { hash.update(bytes); });
  await once(socket, 'end');
  socket.end();
  return hash.digest('hex');
}

interface Moved { sum: string }

/** A server whose every file is the pattern; `/N` has N bytes. TLS from the first byte, or none. */
async function patternServer(secure: boolean): Promise<{ port: number; moved: Moved; close(): void }> {
  const moved: Moved = { sum: '' };
  const context = secure ? tls.createSecureContext({ cert: certificate.certificate, key: certificate.key }) : undefined;
  const wrap = (socket: net.Socket): net.Socket => (context === undefined ? socket : new tls.TLSSocket(socket, { isServer: true, secureContext: context }));
  const listener = net.createServer((raw) => {
    const control = wrap(raw);
    for (const one of new Set([raw, control])) one.on('error', () => { /* the client's end tells */ });
    control.write('220 x\r\n');
    let coming: Promise<net.Socket>;
    const transfer = (verb: string, argument: string): void => {
      control.write('150 x\r\n');
      void coming.then(async (connection) => {
        const data = wrap(connection);
        for (const one of new Set([connection, data])) one.on('error', () => { /* the client's end tells */ });
        moved.sum = verb === 'RETR' ? await generate(data, Number(argument.slice(1))) : await digest(data);
        control.write('226 done\r\n');
      });
    };
    control.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString('latin1').split('\r\n').filter((one) => one !== '')) {
        const [verb, argument = ''] = line.split(' ') as [string, string?];
        if (verb === 'PASV') {
          const data = net.createServer({ allowHalfOpen: true });
          coming = once(data, 'connection').then(([connection]) => { data.close(); return connection as net.Socket; });
          data.listen(0, '127.0.0.1', () => {
            const { port } = data.address() as net.AddressInfo;
            control.write(`227 (127,0,0,1,${port >> 8},${port & 255})\r\n`);
          });
        } else if (verb === 'RETR' || verb === 'STOR') transfer(verb, argument);
        else control.write(({ USER: '331 x\r\n', PASS: '230 x\r\n', PWD: '257 "/"\r\n' } as Record<string, string>)[verb] ?? '200 x\r\n');
      }
    });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return { port: (listener.address() as net.AddressInfo).port, moved, close: () => { listener.close(); } };
}

class Control {
  readonly socket: net.Socket;
  session: Buffer | undefined = undefined;
  #text = '';

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => { this.#text += bytes.toString('latin1'); });
    socket.on('session', (ticket: Buffer) => { this.session = ticket; });
  }

  async command(text: string): Promise<string> {
    if (text !== '') this.socket.write(`${text}\r\n`);
    while (!this.#text.includes('\r\n')) await once(this.socket, 'data');
    const line = this.#text.slice(0, this.#text.indexOf('\r\n'));
    this.#text = this.#text.slice(line.length + 2);
    return line;
  }
}

for (const secure of [false, true]) {
  const skip = secure && made === undefined ? 'no openssl: apt-get install openssl' : false;
  test(`1 byte, 1 MiB, ${largeBytes(secure) / mebibyte} MiB ${secure ? 'over TLS on both sides' : 'in the clear'}`, { skip, timeout: 300_000 }, async () => {
    const server = await patternServer(secure);
    const gateway = await startGateway(`
${secure ? `tls: { own: { certificates: [{ certificate: ${certificate.certificateFile}, key: ${certificate.keyFile} }] }, servers: { ca: ${certificate.certificateFile}, `
  + 'serverName: localhost } }' : ''}
listeners: { ftp: { bind: "127.0.0.1:0", service: files } }
services: { files: { protocol: ftp, pool: files${secure ? ', clientTls: { mode: implicit, profile: own }, serverTls: { mode: implicit, profile: servers }' : ''} } }
pools: { files: { servers: ["127.0.0.1:${server.port}"] } }
policy: [ { id: open, then: allow } ]
`);
    const options = { ca: made?.certificate, servername: 'localhost' } as tls.ConnectionOptions;
    const raw = net.connect(gateway.port(), '127.0.0.1');
    const control = new Control(secure ? tls.connect({ socket: raw, ...options }) : raw);
    await control.command('');
    for (const command of [...secure ? ['PBSZ 0', 'PROT P'] : [], 'USER a', 'PASS b', 'TYPE I']) await control.command(command);
    for (const bytes of [1, mebibyte, largeBytes(secure)]) {
      for (const verb of ['RETR', 'STOR'] as const) {
        const port = Number(/\|\|\|(\d+)\|/.exec(await control.command('EPSV'))![1]);
        const transport = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
        const data: net.Socket = secure ? tls.connect({ socket: transport, ...options, session: control.session! }) : transport;
        const before = process.memoryUsage().rss;
        let most = before;
        const sampler = setInterval(() => { most = Math.max(most, process.memoryUsage().rss); }, 50);
        const ours = verb === 'RETR' ? digest(data) : Promise.resolve('');
        assert.match(await control.command(`${verb} /${bytes}`), /^150/);
        const sum = verb === 'RETR' ? await ours : await generate(data, bytes);
        assert.match(await control.command(''), /^226/);
        clearInterval(sampler);
        assert.equal(sum, server.moved.sum, `${verb} of ${bytes} bytes`);
        const record = await gateway.record((one) => one.verb === verb && one.path === `/${bytes}`);
        assert.equal((record as unknown as { facts: Record<string, unknown> }).facts['sha256'], sum, 'as recorded');
        assert.equal((verb === 'RETR' ? record.out : record.in) ?? 0, bytes);
        const grown = `${verb} of ${bytes / mebibyte} MiB ${secure ? 'over TLS' : 'in the clear'}: gateway and both ends grew by ${((most - before) / mebibyte).toFixed(0)} MiB`;
        assert.ok(most - before < maxGrowthBytes, grown);
        if (bytes > mebibyte) console.log(grown);
      }
    }
    assert.deepEqual(gateway.bugs, []);
    control.socket.destroy();
    await gateway.stop();
    server.close();
  });
}
