// Peers that go away by a reset while they are not read from: on their way to a server, in relays, over TLS. Time is virtual:
// two seconds at most, and places at servers, in queues and in the session table are free.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';
import { VirtualClock } from '#core/clock.ts';
import { makeCertificate } from '../../harness/certificates.ts';
import { startGateway, type GatewayUnderTest } from '../../harness/gateway.ts';
import { RawClient, startRawServer } from '../../harness/raw.ts';
import { eventually, get } from '../../harness/site.ts';
import { startScriptedServer } from '../ftp/peers.ts';

const certificate = makeCertificate(['localhost']);
const flood = Buffer.alloc(1024 * 1024, 'x');

interface Stage { readonly gateway: GatewayUnderTest; readonly clock: VirtualClock; twoSeconds(): Promise<void> }

async function withGateway(configuration: string, run: (stage: Stage) => Promise<void>): Promise<void> {
  const clock = new VirtualClock(1000, Date.now());
  const gateway = await startGateway(`${configuration}\npolicy: [{ id: open, then: allow }]\n`, undefined, { clock });
  const turn = async (): Promise<void> => { for (let count = 0; count < 3; count++) await new Promise((resolve) => { setImmediate(resolve); }); };
  try {
    await run({
      gateway, clock,
      twoSeconds: async () => {
        for (let ms = 0; ms < 2000; ms += 100) {
          await turn();
          clock.advance(100);
          gateway.worker.sweep();
        }
        await turn();
      },
    });
    assert.deepEqual(gateway.bugs, []);
  } finally { await gateway.stop(); }
}

/** Requests under way and connections at all servers, and requests that wait for one. */
function places(gateway: GatewayUnderTest): { active: number; connections: number; waiting: number } {
  const { pools, idleServerLinks } = gateway.status();
  const servers = pools.flatMap((pool) => pool.servers);
  return {
    active: servers.reduce((sum, server) => sum + server.activeRequests, 0), connections: servers.reduce((sum, server) => sum + server.connections, 0) - idleServerLinks,
    waiting: pools.reduce((sum, pool) => sum + pool.waiting, 0),
  };
}

/** Sends until nobody takes any more of it: nothing has moved for a while of real time, as kernels do not say. */
async function fill(socket: net.Socket): Promise<void> {
  for (let still = 0, before = -1; still < 5;) {
    if (socket.writableLength < flood.length) socket.write(flood);
    await new Promise((resolve) => { setTimeout(resolve, 10); });
    const { writableLength } = socket;
    still = writableLength >= flood.length && writableLength === before ? still + 1 : 0;
    before = writableLength;
  }
}

const http = (port: number, pool = ''): string => `
listeners: { plain: { bind: "127.0.0.1:0", service: site } }
services: { site: { protocol: http, routes: [{ match: {}, pool: web }], limits: { maxBodyBytes: unlimited } } }
pools: { web: { servers: ["127.0.0.1:${port}"], maxConnections: 1, queue: { timeout: 1h }${pool} } }`;

const body = 'POST /waits HTTP/1.1\r\nHost: site.example\r\nContent-Length: 1000\r\n\r\nbegun';

test('an upload that waits in the queue for a server gives up its place', async () => {
  const server = await startRawServer(() => { /* never answers */ });
  await withGateway(http(server.port), async ({ gateway, twoSeconds }) => {
    const first = new RawClient(gateway.port()).send(get('/first'));
    await eventually('it is asked', () => server.received[0]?.includes('/first') === true);
    const second = new RawClient(gateway.port()).send(body);
    await eventually('it waits', () => places(gateway).waiting === 1);
    second.abort();
    await eventually('gone', () => second.closed);
    assert.equal(gateway.status().sessions, 2, 'nothing says so by itself');
    await twoSeconds();
    assert.deepEqual([gateway.status().sessions, places(gateway).waiting], [1, 0]);
    assert.match((await gateway.record(({ path }) => path === '/waits')).reason ?? '', /reset/);
    first.abort();
  });
  await server.close();
});

test('the same over TLS', { skip: certificate === undefined ? 'no openssl' : false }, async () => {
  const server = await startRawServer(() => { /* never answers */ });
  const { certificateFile, keyFile } = certificate!;
  const secure = http(server.port).replace('service: site }', 'service: site, tls: own }')
    + `\ntls: { own: { certificates: [{ certificate: ${certificateFile}, key: ${keyFile} }] } }`;
  await withGateway(secure, async ({ gateway, twoSeconds }) => {
    const transports: net.Socket[] = [];
    const client = async (bytes: string | Buffer): Promise<void> => {
      const transport = net.connect(gateway.port(), '127.0.0.1');
      transports.push(transport);
      const secured = tls.connect({ socket: transport, rejectUnauthorized: false });
      secured.on('error', () => { /* reset by this test */ });
      await once(secured, 'secureConnect');
      secured.write(bytes);
    };
    await client(get('/first'));
    await eventually('it is asked', () => server.received[0]?.includes('/first') === true);
    // More than TLS decrypts ahead for a reader that has paused.
    await client(Buffer.concat([Buffer.from(body.replace('1000', '100000000')), flood, flood]));
    await eventually('it waits', () => places(gateway).waiting === 1);
    await fill(transports[1]!);
    transports[1]!.resetAndDestroy();
    await eventually('gone', () => transports[1]!.destroyed);
    await new Promise((resolve) => { setImmediate(resolve); });
    assert.equal(gateway.status().sessions, 2, 'nothing says so by itself');
    await twoSeconds();
    await eventually('noticed', () => gateway.status().sessions === 1);
    assert.equal(places(gateway).waiting, 0);
    transports[0]!.resetAndDestroy();
  });
  await server.close();
});

test('an upload that the server does not take gives up its place there', async () => {
  const server = await startRawServer((socket) => { socket.pause(); });
  await withGateway(http(server.port), async ({ gateway, twoSeconds }) => {
    const client = new RawClient(gateway.port()).send('POST /upload HTTP/1.1\r\nHost: site.example\r\nContent-Length: 1000000000\r\n\r\n');
    await fill(client.socket);
    assert.deepEqual(places(gateway), { active: 1, connections: 1, waiting: 0 });
    client.abort();
    await eventually('gone', () => client.closed);
    await twoSeconds();
    await eventually('all is free', () => gateway.status().sessions === 0 && places(gateway).connections === 0 && places(gateway).active === 0, 1000);
  });
  await server.close();
});

for (const [framing, head] of [['of known length', 'Content-Length: 1000000000\r\n\r\n'], ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n3b9aca00\r\n']] as const) {
  test(`a server that resets in a response ${framing} that the client does not take: its place is free`, async () => {
    const server = await startRawServer((socket) => { socket.on('data', () => { socket.write(`HTTP/1.1 200 OK\r\n${head}`); }); });
    await withGateway(http(server.port), async ({ gateway, twoSeconds }) => {
      const client = new RawClient(gateway.port());
      client.socket.pause();
      client.send(get('/download'));
      await eventually('it is asked', () => server.connections[0] !== undefined && server.received[0] !== '');
      await fill(server.connections[0]!);
      server.connections[0]!.resetAndDestroy();
      await eventually('gone', () => server.connections[0]!.destroyed);
      await twoSeconds();
      await eventually('all is free', () => places(gateway).connections === 0 && places(gateway).active === 0, 1000);
      assert.match((await gateway.record(({ path }) => path === '/download')).reason ?? '', /in the middle of a response/);
      client.destroy();
    });
    await server.close();
  });
}

const ftp = (port: number): string => `
listeners: { control: { bind: "127.0.0.1:0", service: files } }
services: { files: { protocol: ftp, pool: servers, timeouts: { dataStall: 1h, serverReply: 1h, idle: 1h } } }
pools: { servers: { servers: ["127.0.0.1:${port}"] } }`;

/** Logged in, with a data connection. */
async function ftpClient(gateway: GatewayUnderTest): Promise<{ control: RawClient; data: RawClient }> {
  const control = new RawClient(gateway.port()).send('USER alice\r\nPASS x\r\nPASV\r\n');
  const text = await control.until((received) => /227 .*\r\n/.test(received));
  const [, high, low] = /(\d+),(\d+)\)/.exec(text)!;
  return { control, data: new RawClient(Number(high) * 256 + Number(low)) };
}

/** Connections that the session holds besides its own: to the server, and for data of either side. */
async function linksOf(gateway: GatewayUnderTest): Promise<number> { return (await gateway.sessions())[0]!.servers.length; }

test('FTP: an upload that the server does not take is cut when the client resets it', async () => {
  const server = await startScriptedServer();
  server.answers['STOR'] = '150 go on';
  await withGateway(ftp(server.port), async ({ gateway, twoSeconds }) => {
    const { control, data } = await ftpClient(gateway);
    control.send('STOR /big\r\n');
    await control.until((text) => text.includes('\r\n150 '));
    await fill(data.socket);
    assert.equal(await linksOf(gateway), 3);
    data.abort();
    await eventually('gone', () => data.closed);
    assert.doesNotMatch(control.received, /^4\d\d /m, 'nothing says so by itself');
    await twoSeconds();
    await eventually('the transfer is cut', async () => await linksOf(gateway) === 1, 1000);
    server.sessions[0]!.say('426 of the server\r\n');
    await control.until((text) => /\r\n4\d\d .*\r\n$/.test(text));
    control.abort();
  });
  await server.close();
});

test('FTP: a download that the client does not take is cut when the server resets it', async () => {
  const server = await startScriptedServer();
  server.answers['RETR'] = '150 here it comes';
  await withGateway(ftp(server.port), async ({ gateway, twoSeconds }) => {
    const { control, data } = await ftpClient(gateway);
    data.socket.pause();
    control.send('RETR /big\r\n');
    await control.until((text) => text.includes('\r\n150 '));
    const socket = await server.sessions[0]!.dataReady!;
    await fill(socket);
    assert.equal(await linksOf(gateway), 3);
    socket.resetAndDestroy();
    await eventually('gone', () => socket.destroyed);
    assert.doesNotMatch(control.received, /^4\d\d /m, 'nothing says so by itself');
    await twoSeconds();
    await eventually('the transfer is cut', async () => await linksOf(gateway) === 1, 1000);
    // Whose words those are is shown by test/scenarios/ftp.
    server.sessions[0]!.say('451 disk trouble\r\n');
    await control.until((text) => /\r\n4\d\d .*\r\n$/.test(text));
    data.destroy();
    control.abort();
  });
  await server.close();
});

const telnet = (port: number): string => `
listeners: { terminal: { bind: "127.0.0.1:0", service: hosts } }
services: { hosts: { protocol: telnet, pool: servers, commands: { match: typed } } }
pools: { servers: { servers: ["127.0.0.1:${port}"] } }`;

test('Telnet: a client whose host reads nothing, and a host whose client reads nothing', async () => {
  const host = await startRawServer((socket) => { socket.pause(); });
  await withGateway(telnet(host.port), async ({ gateway, twoSeconds }) => {
    const client = new RawClient(gateway.port());
    await eventually('connected', () => host.connections.length === 1);
    await fill(client.socket);
    client.abort();
    await eventually('gone', () => client.closed);
    assert.equal(gateway.status().sessions, 1);
    await twoSeconds();
    // What had been typed is still the host's, for as long as a connection that closes may take.
    await eventually('its places are free', () => gateway.status().sessions === 0 && places(gateway).active === 0, 1000);

    const deaf = new RawClient(gateway.port());
    deaf.socket.pause();
    await eventually('connected', () => host.connections.length === 2);
    await fill(host.connections[1]!);
    host.connections[1]!.resetAndDestroy();
    await eventually('gone', () => host.connections[1]!.destroyed);
    assert.equal(places(gateway).active, 1);
    await twoSeconds();
    assert.equal((await gateway.sessions())[0]!.doing, 'closing');
    await twoSeconds();
    await eventually('its place is free', () => places(gateway).active === 0, 1000);
    deaf.destroy();
  });
  await host.close();
});
