// The attack scripts against the gateway: for each, exactly what the server was told behind the login, what the client was
// told, and that the connection which the attack is after never comes about.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { makeCertificate } from '../../harness/certificates.ts';
import type { GatewayUnderTest } from '../../harness/gateway.ts';
import { attackScripts, type AttackScript, type Scene } from './attack-scripts.ts';
import { playClient, playServer, type Played } from './attack-play.ts';
import { startFtp, type ScriptedServer } from './peers.ts';

const certificate = makeCertificate();
const own = '127.0.0.1';
const other = '127.0.0.5';
let scene: Scene;
let gateway: GatewayUnderTest;
/** Where the attacks want to get to; every connection counts. */
const goals: net.Server[] = [];
let reached = 0;
let script: AttackScript;
let atServer: Played[] = [];
const server = net.createServer({ allowHalfOpen: true }, (socket) => { atServer.push(playServer(socket, script, scene)); });

/** Behind the login: what the server was told, and what the client. A text for the whole of it, a pattern for what floods. */
/** Closing with bytes unread is a reset, which may overtake the greeting of a client that did not wait for it. */
const greetingAtMost = /^(?:220 [^\r\n]*\r\n)?$/;

const outcomes: Readonly<Record<string, { server: string; client: RegExp; rule?: string }>> = {
  'control: PORT of the client itself': { server: '', client: /^200 PORT command successful\.\r\n$/ },
  'control: PASV as it should be': { server: 'PASV\r\n', client: /^227 Entering Passive Mode \(127,0,0,1,\d+,\d+\)\.\r\n$/ },
  'bounce: PORT to a third host': { server: '', client: /^500 The address is not yours\.\r\n$/, rule: 'ftp.bounce' },
  'bounce: EPRT to a third host': { server: '', client: /^500 The address is not yours\.\r\n$/, rule: 'ftp.bounce' },
  'bounce: PORT to a service of the client\'s own host': { server: '', client: /^500 The port is not permitted\.\r\n$/, rule: 'ftp.port-denied' },
  'bounce back: 227 to a third host': { server: 'PASV\r\n', client: /^425 /, rule: 'ftp.passive-address' },
  'bounce back: 227 to a service of the server': { server: 'PASV\r\nPASV\r\nPASV\r\nPASV\r\n', client: /^425 /, rule: 'ftp.port-denied' },
  'a 227 echoed in the reply to another command': { server: '', client: /^214 See FEAT\.\r\n$/ },
  'a 227 echoed in the text of an error about a file': { server: 'DELE /x\r\n', client: /^550-the file\r\n 227 Entering[^\r\n]*\r\n550 is not there\r\n$/ },
  'a 227 that nobody asked for': { server: 'DELE /x\r\n', client: /^250 gone\r\n421 [^\r\n]*\r\n$/, rule: 'ftp.reply-unasked' },
  'a 227 before anybody has logged in': { server: '', client: /^220 [^\r\n]*\r\n200 OK\.\r\n$/ },
  'PORT split over segments, to a third host': { server: '', client: /^500 The address is not yours\.\r\n$/, rule: 'ftp.bounce' },
  'a long argument whose tail begins a segment with PORT': { server: `RNFR /${'a'.repeat(200)} PORT 127,0,0,1,#\r\n`, client: /^502 / },
  'NAT slipstreaming: a form that a browser posts to port 21': { server: '', client: greetingAtMost, rule: 'ftp.other-protocol' },
  'PORT before a login': { server: '', client: /^220 [^\r\n]*\r\n530 /, rule: 'ftp.not-logged-in' },
  'PORT behind a line break in a path': { server: '', client: /^500 [^\r\n]*\r\n$/, rule: 'ftp.bare-lf' },
  'a second command behind a bare CR': { server: '', client: /^500 [^\r\n]*\r\n$/, rule: 'ftp.bare-cr' },
  'a NUL in a path': { server: '', client: /^500 [^\r\n]*\r\n$/, rule: 'ftp.nul' },
  'stolen data port: another host is first': { server: 'PASV\r\n', client: /^227 /, rule: 'lease.stranger' },
  'HTTP on the port': { server: '', client: greetingAtMost, rule: 'ftp.other-protocol' },
  'commands behind AUTH TLS': { server: '', client: /^220 [^\r\n]*\r\n$/, rule: 'ftp.bytes-before-tls' },
  'a reply of a million lines': { server: 'DELE /x\r\n', client: /^421 [^\r\n]*\r\n$/, rule: 'ftp.limit.maxReplyLines' },
  'a FEAT flood': { server: 'FEAT\r\n', client: /^421 [^\r\n]*\r\n$/, rule: 'ftp.limit.maxReplyLines' },
  'escapes for the terminal in a reply': { server: 'DELE /x\r\n', client: /^550 \?\]0;owned\?\?\[2J\r\n$/ },
};

before(async () => {
  server.listen(0, own);
  await once(server, 'listening');
  const toServer = { port: (server.address() as net.AddressInfo).port } as ScriptedServer;
  gateway = certificate === undefined ? await startFtp(toServer) : await startFtp(toServer, '    clientTls: { mode: explicit, profile: own }', '',
    `tls: { own: { certificates: [{ certificate: ${certificate.certificateFile}, key: ${certificate.keyFile} }] } }`);
  // One port that is free on both hosts; a denied one (6379, or another of the list) need not be listened to.
  const first = net.createServer();
  first.listen(0, own);
  await once(first, 'listening');
  const { port } = first.address() as net.AddressInfo;
  const second = net.createServer();
  second.listen(port, other);
  await once(second, 'listening');
  goals.push(first, second);
  for (const goal of goals) goal.on('connection', (socket) => { reached++; socket.destroy(); });
  scene = { client: own, server: own, other, port, servicePort: 3306 };
});
after(async () => {
  await gateway.stop();
  for (const listener of [server, ...goals]) listener.close();
});

/** Whether a connection from there can be had and is not reset at once. */
async function connects(from: string, port: number): Promise<boolean> {
  const socket = net.connect({ port, host: own, localAddress: from });
  const outcome = await new Promise<boolean>((resolve) => {
    socket.on('error', () => { resolve(false); });
    socket.on('close', () => { resolve(false); });
    socket.on('connect', () => { setImmediate(() => setImmediate(() => { if (!socket.destroyed && from === own) resolve(true); })); });
  });
  socket.destroy();
  return outcome;
}

test('every script has its outcome here', () => {
  assert.deepEqual(Object.keys(outcomes).sort(), attackScripts.map(({ name }) => name).sort());
});

for (const one of attackScripts) {
  test(one.name, { skip: one.name.includes('TLS') && certificate === undefined ? 'no openssl: apt-get install openssl' : false }, async () => {
    script = one;
    atServer = [];
    reached = 0;
    const outcome = outcomes[one.name]!;
    const seen = gateway.records.length;
    const socket = net.connect({ host: own, port: gateway.port(), allowHalfOpen: true });
    const played = await playClient(socket, one, scene);
    const { aim } = one;
    if (aim?.port === 'data') assert.equal(await connects(scene[aim.from], played.passivePort), !one.hostile, 'the data port');
    const toClient = played.received.slice(one.loggedIn ? played.received.indexOf('230 ') : 0).replace(/^230 [^\r\n]*\r\n/, '');
    // A transfer is what would bring the connection about.
    if (aim !== undefined && aim.port !== 'data' && one.hostile && !socket.destroyed) {
      const answered = Promise.race([once(socket, 'data'), once(socket, 'end'), once(socket, 'close')]).catch(() => undefined);
      if (socket.readable) {
        socket.write('RETR x\r\n');
        await answered;
      }
    }
    // A session that has not been ended by the gateway is ended here; its server then has heard everything.
    if (!socket.readableEnded && !socket.destroyed) {
      const ended = Promise.race([once(socket, 'end'), once(socket, 'close')]).catch(() => undefined);
      socket.write('QUIT\r\n');
      socket.end();
      await ended;
    }
    socket.destroy();
    await gateway.flushed();
    const heard = atServer.map(({ received }) => received).join('');
    const behind = heard.replace(/^USER alice\r\nPASS secret\r\nPWD\r\n/, '').replace(/QUIT\r\n$/, '');
    if (outcome.server.includes('#')) assert.equal(behind.replace(/,\d+,\d+\r\n$/, ',#\r\n'), outcome.server);
    else assert.equal(behind, outcome.server, 'what the server was told');
    assert.match(toClient, outcome.client);
    if (one.neverToServer !== undefined) assert.doesNotMatch(heard.replace(/^USER alice\r\nPASS secret\r\n/, ''), one.neverToServer);
    if (one.neverToClient !== undefined) assert.doesNotMatch(played.received, one.neverToClient);
    if (outcome.rule !== undefined) assert.ok(gateway.records.slice(seen).some(({ rule }) => rule === outcome.rule), `no record of ${outcome.rule}`);
    assert.equal(reached, 0, 'nothing was connected to');
    assert.deepEqual(gateway.bugs, []);
  });
}
