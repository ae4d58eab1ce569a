// IPv6 towards clients, IPv4 towards the server, and the other way round (RFC 2428, RFC 6384): each side in its own family.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { startGateway } from '../../harness/gateway.ts';
import { RawClient } from '../../harness/raw.ts';
import { FtpClient, startScriptedServer } from './peers.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'));
const skip = hasIpv6 ? false : 'no ::1 on this machine';

async function collect(socket: net.Socket): Promise<string> {
  let text = '';
  socket.on('data', (bytes: Buffer) => { text += bytes.toString('latin1'); });
  await once(socket, 'end');
  socket.end();
  return text;
}

test('an IPv6 client in front of an IPv4 server: EPSV and EPRT, no PASV and PORT', { skip }, async () => {
  const server = await startScriptedServer();
  const gateway = await startGateway(`
listeners: { ftp: { bind: "[::1]:0", service: files } }
services: { files: { protocol: ftp, pool: files } }
pools: { files: { servers: ["127.0.0.1:${server.port}"] } }
policy: [ { id: open, then: allow } ]
`);
  const client = new FtpClient(gateway.port(), undefined, '::1');
  await client.login();
  assert.match(await client.command('PASV'), /^425/);
  assert.match(await client.command('PORT 127,0,0,1,200,10'), /^501/);
  assert.match(await client.command('EPSV 1'), /^522 .*\(2\)/);
  assert.match(await client.command('EPRT |1|127.0.0.1|5000|'), /^522/);
  assert.match(await client.command('EPRT |2|::2|5000|'), /^500/);
  const port = Number(/\|\|\|(\d+)\|/.exec(await client.command('EPSV 2'))![1]);
  const data = new RawClient(port, '::1');
  assert.match(await client.command('RETR /file'), /^150/);
  assert.equal(await data.untilEnd(), 'hello');
  data.end();
  assert.match(await client.reply(), /^226/);
  const listener = net.createServer();
  listener.listen(0, '::1');
  await once(listener, 'listening');
  const arrives = once(listener, 'connection').then(([socket]) => collect(socket as net.Socket));
  assert.match(await client.command(`EPRT |2|::1|${(listener.address() as net.AddressInfo).port}|`), /^200/);
  await client.command('RETR /file');
  assert.equal(await arrives, 'hello');
  listener.close();
  client.close();
  assert.deepEqual(gateway.bugs, []);
  await gateway.stop();
  await server.close();
});

test('an IPv4 client in front of an IPv6 server: the gateway says EPSV, or EPRT', { skip }, async () => {
  const server = await startScriptedServer('::1');
  server.answers['EPSV'] = (session) => { void session.passive('::1').then((port) => { session.say(`229 ok (|||${port}|)\r\n`); }); };
  let target = 0;
  server.answers['EPRT'] = (session, argument) => {
    target = Number(/^\|2\|::1\|(\d+)\|$/.exec(argument)![1]);
    session.say('200 ok\r\n');
  };
  for (const mode of ['passive', 'active']) {
    if (mode === 'active') {
      server.answers['RETR'] = (session) => {
        session.say('150 coming\r\n');
        net.connect({ port: target, host: '::1' }).on('error', () => { /* cut */ }).once('close', () => { session.say('226 sent\r\n'); }).end('hello');
      };
    }
    const gateway = await startGateway(`
listeners: { ftp: { bind: "127.0.0.1:0", service: files } }
services: { files: { protocol: ftp, pool: files, serverData: { mode: ${mode} } } }
pools: { files: { servers: ["[::1]:${server.port}"] } }
policy: [ { id: open, then: allow } ]
`);
    const client = await new FtpClient(gateway.port()).login();
    const data = await client.passive();
    await client.command('RETR /file');
    assert.equal(await data.untilEnd(), 'hello');
    assert.match(server.sessions.at(-1)!.commands.at(-2)!, mode === 'passive' ? /^EPSV$/ : /^EPRT /);
    client.close();
    assert.deepEqual(gateway.bugs, []);
    await gateway.stop();
  }
  await server.close();
});
