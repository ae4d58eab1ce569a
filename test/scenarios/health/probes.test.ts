// Health probes of FTP and Telnet against servers that are well, unwell, slow, endless, silent or something else: one
// verdict each, with its reason, within the time and the bytes that a probe has. And a pool whose server goes down and comes back.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import tls from 'node:tls';
import { makeCertificate } from '../../harness/certificates.ts';
import { startCluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/site.ts';
import { maxProbeBytes } from '#runtime/probes/conversation.ts';
import { gateways } from '../../../src/standard.ts';
import { loadConfiguration } from '#control/configuration/index.ts';
import { poolSettingsWith } from '#upstream/settings.ts';
import { check, declared, trusting } from './probes.ts';

const servers: net.Server[] = [];
after(() => { for (const server of servers) server.close(); });

async function listen(server: net.Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

interface Scripted { readonly port: number; readonly heard: string[]; readonly closed: Promise<void>[] }

/** Says `greeting`, then what `answers` has for each line. */
async function scripted(greeting: string, answers: Readonly<Record<string, string>> = {}, made?: (serve: (socket: Socket) => void) => net.Server): Promise<Scripted> {
  const heard: string[] = [];
  const closed: Promise<void>[] = [];
  const serve = (socket: Socket): void => {
    socket.on('error', () => { /* the probe went away */ });
    closed.push(new Promise((resolve) => { socket.on('close', () => { resolve(); }); }));
    socket.on('end', () => { socket.end(); });
    if (greeting !== '') socket.write(Buffer.from(greeting, 'latin1'));
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        heard.push(line);
        const answer = answers[line];
        if (answer === undefined) continue;
        if (answer === '') socket.end();
        else socket.write(Buffer.from(answer, 'latin1'));
      }
    });
  };
  const server = made === undefined ? net.createServer(serve) : made(serve);
  return { port: await listen(server), heard, closed };
}

const login = { 'USER joe': '331 pw\r\n', 'PASS s e c': '230-hi\r\n230 in\r\n', 'NOOP': '200 ok\r\n', 'QUIT': '221 bye\r\n' };

describe('FTP health', { timeout: 60_000 }, () => {
  it('greeting alone, with a login, with a command; QUIT at the end', async () => {
    const server = await scripted('220-Welcome\r\n220 to Example FTPd\r\n', login);
    assert.match((await check(server.port, { ftp: {} })).reason, /^FTP 220 in \d+ ms$/);
    const result = await check(server.port, { ftp: { greeting: 'example ftpd', user: 'joe', password: 's e c', command: 'NOOP' } });
    assert.equal(result.healthy, true);
    assert.match(result.reason, /^FTP 220, logged in, NOOP 200 in \d+ ms$/);
    await Promise.all(server.closed);
    assert.deepEqual(server.heard, ['QUIT', 'USER joe', 'PASS s e c', 'NOOP', 'QUIT']);
  });

  it('a server that says no: with its words, and nothing of the password', async () => {
    for (const [greeting, answers, health, wanted] of [
      ['421 too many users\r\n', {}, {}, /^greeting: 421 too many users$/],
      ['530 no\r\n', {}, {}, /^greeting: 530 no$/],
      ['220 other\r\n', {}, { greeting: 'vsFTPd' }, /^the greeting does not contain "vsFTPd": 220 other$/],
      ['220 x\r\n', { 'USER joe': '331 pw\r\n', 'PASS s e c': '530 Login incorrect\u001b[2J.\r\n' }, { user: 'joe', password: 's e c' }, /^PASS: 530 Login incorrect\?\[2J\.$/],
      ['220 x\r\n', { ...login, NOOP: '550 disk\r\n' }, { user: 'joe', password: 's e c', command: 'noop' }, /^NOOP: 550 disk$/],
      ['220 x\r\n', { 'USER joe': '' }, { user: 'joe' }, /^connection closed before the answer to USER$/],
      ['220 x\r\n', { 'AUTH TLS': '502 no\r\n' }, { tls: 'own' }, /^AUTH TLS: 502 no$/],
    ] as const) {
      const server = await scripted(greeting, answers);
      const result = await check(server.port, { ftp: health }, { profiles: { own: trusting('') } });
      assert.equal(result.healthy, false);
      assert.match(result.reason, wanted);
      assert.doesNotMatch(result.reason, /s e c/);
    }
  });

  it('what is no FTP, and what never ends, within its bounds', async () => {
    for (const [greeting, wanted] of [
      ['SSH-2.0-OpenSSH_9.2\r\n', /^not FTP: /], ['\u0000\u0001\u0002\r\n', /^not FTP: /], [`220 ${'x'.repeat(70_000)}`, /^not FTP: /], ['220-a\r\n'.repeat(20_000), /^not FTP: /],
      ['120 soon\r\n'.repeat(20), /^the server keeps saying 120 soon$/], [`220-${'\u00ff\u00f1'.repeat(40_000)}`, /sent more than|not FTP/],
    ] as const) {
      const server = await scripted(greeting);
      const result = await check(server.port, { ftp: {}, timeout: '3s' });
      assert.equal(result.healthy, false);
      assert.match(result.reason, wanted);
      await Promise.all(server.closed);
    }
    for (const drip of ['', '2']) {
      const server = await scripted(drip);
      const result = await check(server.port, { ftp: {}, timeout: '200ms' });
      assert.deepEqual(result, { healthy: false, reason: 'timed out after 200 ms waiting for the greeting' });
    }
  });

  it('a slow drip has the time of one probe in all', async () => {
    const port = await listen(net.createServer((socket) => {
      const timer = setInterval(() => { socket.write('220-more\r\n'); }, 20);
      socket.on('error', () => { /* ended by the probe */ });
      socket.on('close', () => { clearInterval(timer); });
    }));
    const startedMs = performance.now();
    assert.equal((await check(port, { ftp: {}, timeout: '300ms' })).reason, 'timed out after 300 ms waiting for the greeting');
    assert.ok(performance.now() - startedMs < 3000);
  });

  it('takes no command that opens data connections or changes something, and one kind of probe', () => {
    const parse = (health: unknown): boolean => poolSettingsWith(declared).safeParse({ servers: ['a:1'], health }).success;
    for (const command of ['PASV', 'PORT 1,2,3,4,5,6', 'DELE x', 'STOR x', 'QUIT', 'NOOP\r\nDELE x', 'LIST', 'SITE CHMOD 777 x']) {
      assert.equal(parse({ ftp: { command } }), false, command);
    }
    for (const command of ['NOOP', 'CWD /incoming', 'SIZE a b.txt', 'STAT']) assert.equal(parse({ ftp: { command } }), true, command);
    assert.equal(parse({ ftp: { user: 'a\r\nDELE x' } }), false);
    assert.equal(parse({ ftp: {}, tcp: true }), false);
    assert.equal(parse({ ftp: {}, telnet: {} }), false);
  });
});

describe('Telnet health', { timeout: 60_000 }, () => {
  it('a prompt, raw or behind negotiation, each option answered once', async () => {
    for (const [greeting, prompt, wanted] of [
      ['Welcome\r\n\r\nlogin: ', undefined, /^prompt "login:" in /], ['router>', ['router>'], /^prompt "router>" in /], ['sw1(config)# ', ['sw*#'], /^prompt "sw1\(config\)#"/],
    ] as const) {
      const server = await scripted(greeting);
      const result = await check(server.port, { telnet: prompt === undefined ? {} : { prompt } });
      assert.equal(result.healthy, true, result.reason);
      assert.match(result.reason, wanted);
    }
    const asks = '\u00ff\u00fd\u0018\u00ff\u00fb\u0001\u00ff\u00fb\u0001\u00ff\u00fb\u0003\u00ff\u00fb\u0026';
    let heard = '';
    const port = await listen(net.createServer((socket) => {
      socket.write(Buffer.from(asks, 'latin1'));
      socket.on('error', () => { /* ended by the probe */ });
      socket.on('data', (bytes: Buffer) => {
        heard += bytes.toString('latin1');
        if (heard.length === 12) socket.write('debian login: ');
      });
    }));
    assert.match((await check(port, { telnet: { prompt: ['*login:'] } })).reason, /^prompt "debian login:" in/);
    assert.equal(heard, '\u00ff\u00fc\u0018\u00ff\u00fd\u0001\u00ff\u00fd\u0003\u00ff\u00fe\u0026');
  });

  it('no prompt: closed, silent, another one, or noise', async () => {
    const closing = await listen(net.createServer((socket) => { socket.end('too many users\r\nbye'); }));
    assert.equal((await check(closing, { telnet: {} })).reason, 'connection closed; the last line is no prompt: "bye"');
    const empty = await listen(net.createServer((socket) => { socket.end(); }));
    assert.equal((await check(empty, { telnet: {} })).reason, 'connection closed before a prompt');
    for (const [greeting, wanted] of [
      ['', /^timed out after 200 ms waiting for a prompt$/], ['Password: ', /^timed out after 200 ms/], ['x'.repeat(maxProbeBytes + 10), /^the server sent more than 65536 bytes/],
      ['\u00ff\u00fd\u0018'.repeat(101), /^more than 100 negotiations before a prompt$/], [`\u00ff\u00fa\u0018${'x'.repeat(2000)}`, /^not Telnet: /],
    ] as const) {
      const server = await scripted(greeting);
      const result = await check(server.port, { telnet: { prompt: ['*login:'] }, timeout: '200ms' });
      assert.equal(result.healthy, false);
      assert.match(result.reason, wanted);
      await Promise.all(server.closed);
    }
  });

  it('as many negotiations and bytes as are allowed', async () => {
    assert.equal((await check((await scripted(`${'\u00ff\u00fd\u0018'.repeat(100)}login: `)).port, { telnet: {} })).healthy, true);
    const room = maxProbeBytes - 'login: '.length;
    assert.equal((await check((await scripted(`${'x'.repeat(room - 1)}\nlogin: `)).port, { telnet: {} })).healthy, true);
  });
});

const made = makeCertificate(['localhost']);
describe('health over TLS', { skip: made === undefined ? 'no openssl: apt-get install openssl' : false, timeout: 60_000 }, () => {
  const own = made!;
  const overTls = (serve: (socket: Socket) => void): net.Server => tls.createServer({ cert: own.certificate, key: own.key }, serve);

  it('as the pool has it, for every kind of probe; certificates are verified', async () => {
    const profiles = { own: trusting(own.certificate), other: trusting(own.certificate, 'other.example') };
    const ftp = await scripted('220 x\r\n', {}, overTls);
    assert.equal((await check(ftp.port, { ftp: {} }, { profiles, first: 'own' })).healthy, true);
    assert.match((await check(ftp.port, { ftp: {} }, { profiles, first: 'other' })).reason, /^TLS: .*other\.example/);
    assert.equal((await check(ftp.port, { tcp: true }, { profiles, first: 'own' })).healthy, true);
    assert.match((await check(ftp.port, { tcp: true }, { profiles, first: 'other' })).reason, /^TLS: /);
    const telnet = await scripted('login: ', {}, overTls);
    assert.equal((await check(telnet.port, { telnet: {} }, { profiles, first: 'own' })).healthy, true);
    const http = await scripted('', { '': 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' }, overTls);
    assert.match((await check(http.port, { http: {} }, { profiles, first: 'own' })).reason, /^HTTP 200 in/);
    const plain = await scripted('220 x\r\n');
    assert.equal((await check(plain.port, { ftp: {} }, { profiles, first: 'own' })).healthy, false);
    const silent = await scripted('');
    assert.equal((await check(silent.port, { ftp: {}, timeout: '200ms' }, { profiles, first: 'own' })).reason, 'timed out after 200 ms waiting for the TLS handshake');
  });

  it('AUTH TLS, and no byte in the clear behind its answer', async () => {
    const context = tls.createSecureContext({ cert: own.certificate, key: own.key });
    const heard: string[] = [];
    const serve = (answer: string) => (socket: Socket): void => {
      socket.on('error', () => { /* the probe went away */ });
      socket.write('220 x\r\n');
      socket.once('data', () => {
        socket.write(answer);
        const secured = new tls.TLSSocket(socket, { isServer: true, secureContext: context });
        secured.on('error', () => { /* the probe went away */ });
        secured.on('data', (bytes: Buffer) => {
          heard.push(bytes.toString('latin1').trim());
          secured.write('230 in\r\n');
        });
      });
    };
    const profiles = { own: trusting(own.certificate) };
    const port = await listen(net.createServer(serve('234 go\r\n')));
    assert.match((await check(port, { ftp: { tls: 'own', user: 'joe' } }, { profiles })).reason, /^FTP 220, AUTH TLS, logged in in/);
    assert.equal(heard[0], 'USER joe');
    const injecting = await listen(net.createServer(serve('234 go\r\n230 in\r\n')));
    assert.equal((await check(injecting, { ftp: { tls: 'own', user: 'joe' } }, { profiles })).reason, 'the server sent bytes in the clear behind its answer to AUTH TLS');
  });
});

describe('health in a configuration', { timeout: 60_000 }, () => {
  const document = (pool: unknown): Record<string, unknown> => ({
    listeners: { ftp: { bind: '127.0.0.1:0', service: 'files' } }, services: { files: { protocol: 'ftp', preset: 'ftp:read-only', pool: 'files' } },
    pools: { files: pool }, policy: [{ id: 'all', then: 'allow' }],
  });

  it('names of TLS profiles are checked', () => {
    const problems = (pool: unknown): string[] => loadConfiguration({ document: document(pool) }, gateways).problems.map(({ code, path }) => `${code} ${path}`);
    assert.deepEqual(problems({ servers: ['a:21'], health: { ftp: { tls: 'gone' } } }), ['reference.unknown-tls-profile pools.files.health.ftp.tls']);
    assert.deepEqual(problems({ servers: ['a:21'], tls: 'gone' }), ['reference.unknown-tls-profile pools.files.tls']);
  });

  it('a server that no longer lets anybody in is taken down, and comes back', async () => {
    let full = true;
    const port = await listen(net.createServer((socket) => {
      socket.on('error', () => { /* the probe went away */ });
      socket.write(full ? '421 too many users\r\n' : '220 ready\r\n');
      socket.on('end', () => { socket.end(); });
      socket.resume();
    }));
    const cluster = await startCluster(JSON.stringify(document({ servers: [`127.0.0.1:${port}`], health: { ftp: {}, interval: '100ms', rise: 1, fall: 1 } })), 1);
    const health = async (): Promise<string> => {
      const [pool] = await cluster.plane.backends();
      return `${pool!.servers[0]!.health} ${pool!.servers[0]!.healthReason}`;
    };
    await eventually('down', async () => (await health()).startsWith('down greeting: 421 too many users'));
    full = false;
    await eventually('up', async () => (await health()).startsWith('up FTP 220'));
    await cluster.stop();
  });
});
