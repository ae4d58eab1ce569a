// Leases and dials on real loopback sockets: one peer, one connection, a time to live, gone with the session.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import type { Lease, LeaseRequest } from '#contract/gateway.ts';
import type { Link } from '#contract/link.ts';
import type { OperationalFailure } from '#core/failure.ts';
import { Channels, type ChannelHolder } from './channels.ts';
import { TlsProfiles } from './tls/profiles.ts';

interface Fixture { channels: Channels; holder: ChannelHolder; taken: Link[]; strangers: string[]; clock: { nowMs: number } }

function fixture(): Fixture {
  const clock = { nowMs: 0 };
  const strangers: string[] = [];
  const taken: Link[] = [];
  let ids = 0;
  const channels = new Channels({
    nowMs: () => clock.nowMs, nextId: () => `lease-${ids++}`, security: () => new TlsProfiles({}), stranger: (_lease, address) => { strangers.push(address); },
  });
  const holder: ChannelHolder = { id: 's1', service: 'files', bug: (error) => { throw error; }, took: (link) => { taken.push(link); } };
  return { channels, holder, taken, strangers, clock };
}

const wanted: LeaseRequest = { purpose: 'ftp-data', side: 'client', address: '127.0.0.1', ports: [42_000, 42_999], peer: '127.0.0.1', ttlMs: 1000, cause: 'PASV' };

async function open({ channels, holder }: Fixture, request: LeaseRequest): Promise<{ lease: Lease; connected: Promise<Link>; ended: Promise<string> }> {
  const connected = Promise.withResolvers<Link>();
  const ended = Promise.withResolvers<string>();
  const lease = await new Promise<Lease>((resolve) => {
    channels.lease(request, { leaseConnected: connected.resolve, leaseEnded: ended.resolve }, resolve, holder);
  });
  return { lease, connected: connected.promise, ended: ended.promise };
}

test('the expected peer gets in once, from the configured range; the port is closed behind it', async () => {
  const setting = fixture();
  const { lease, connected } = await open(setting, wanted);
  assert.ok(lease.port >= 42_000 && lease.port <= 42_999);
  assert.equal(setting.channels.reports()[0]?.cause, 'PASV');
  const client = net.connect(lease.port, '127.0.0.1');
  const link = await connected;
  const got = new Promise<string>((resolve) => {
    link.handler = {
      received: (_link, bytes, start, end) => { resolve(bytes.toString('latin1', start, end)); }, ended() {}, drained() {}, relayed() {}, closed() {},
    };
  });
  client.write('data');
  assert.equal(await got, 'data');
  assert.deepEqual(setting.channels.reports(), []);
  const second = net.connect(lease.port, '127.0.0.1');
  const [error] = await once(second, 'error') as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNREFUSED');
  client.destroy();
  link.reset();
});

test('a stranger is reset and reported, and does not use up the lease', async () => {
  const setting = fixture();
  const { lease, connected } = await open(setting, wanted);
  const thief = net.connect({ port: lease.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  thief.on('error', () => { /* reset */ });
  await new Promise((resolve) => { thief.on('close', resolve); });
  assert.deepEqual(setting.strangers, ['127.0.0.2']);
  assert.equal(setting.channels.reports()[0]?.strangers, 1);
  const client = net.connect(lease.port, '127.0.0.1');
  const link = await connected;
  assert.equal(link.peer.address, '127.0.0.1');
  client.destroy();
  link.reset();
});

test('a lease that nobody uses ends with its time to live, not before', async () => {
  const setting = fixture();
  const { ended } = await open(setting, wanted);
  setting.clock.nowMs = 999;
  setting.channels.sweep(999);
  assert.equal(setting.channels.reports().length, 1);
  setting.clock.nowMs = 1000;
  setting.channels.sweep(1000);
  assert.match(await ended, /nobody came within 1000 ms/);
  assert.equal(setting.channels.reports().length, 0);
});

test('leases end with their session and by revocation', async () => {
  const setting = fixture();
  const first = await open(setting, wanted);
  const second = await open(setting, wanted);
  assert.equal(setting.channels.revoke(first.lease.id, 'revoked by a test'), true);
  assert.equal(await first.ended, 'revoked by a test');
  setting.channels.sessionEnded(setting.holder);
  assert.equal(await second.ended, 'the session ended');
  assert.equal(setting.channels.revoke(first.lease.id, 'again'), false);
});

test('a range without a free port is told, not waited for', async () => {
  const setting = fixture();
  const blocker = net.createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const { port } = blocker.address() as net.AddressInfo;
  const reason = await new Promise<string>((resolve) => {
    setting.channels.lease({ ...wanted, ports: [port, port] }, { leaseConnected() {}, leaseEnded: resolve }, () => { assert.fail('opened'); }, setting.holder);
  });
  assert.match(reason, /no free port/);
  blocker.close();
});

test('a dialled channel is in the hands of the session; a refused one is an operational failure', async () => {
  const setting = fixture();
  const server = net.createServer((socket) => { socket.on('error', () => { /* reset at the end */ }).end('hello'); }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const request = { host: '127.0.0.1', port, localAddress: '', timeoutMs: 1000 };
  const link = await new Promise<Link>((resolve, reject) => {
    setting.channels.dial(request, { dialed: resolve, dialFailed: (failure) => { reject(new Error(failure.message)); } }, setting.holder);
  });
  assert.deepEqual(setting.taken, [link]);
  link.reset();
  server.close();
  await once(server, 'close');
  const failure = await new Promise<string>((resolve) => {
    setting.channels.dial(request, { dialed: () => { resolve('dialed'); }, dialFailed: ({ code }) => { resolve(code); } }, setting.holder);
  });
  assert.equal(failure, 'refused');
});

test('a dial that nobody answers fails when its time is over', async () => {
  const setting = fixture();
  // TEST-NET-1 (RFC 5737) is routed nowhere; where the network says so at once, that is the answer instead.
  const request = { host: '192.0.2.1', port: 81, localAddress: '', timeoutMs: 100 };
  const failure = await new Promise<OperationalFailure>((resolve) => {
    setting.channels.dial(request, { dialed: () => { assert.fail('connected'); }, dialFailed: resolve }, setting.holder);
  });
  assert.deepEqual([failure.kind, failure.side, failure.phase], ['operational', 'server', 'connect']);
  if (failure.code === 'timeout') assert.match(failure.message, /no connection within 100 ms/);
});
