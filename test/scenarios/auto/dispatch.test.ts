// One listener, many protocols: each client reaches the service of what it speaks, and what speaks something else is closed
// without a byte.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startGateway } from '../../harness/gateway.ts';
import { RawClient, startFixedServer, startRawServer } from '../../harness/raw.ts';

const policy = 'policy:\n  - { id: open, then: allow }\n';

async function scene(auto: string, rules = policy) {
  const web = await startFixedServer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi');
  const host = await startRawServer((socket) => {
    socket.write(Buffer.from('\u00ff\u00fd\u0018\u00ff\u00fd\u0020login: ', 'latin1'));
    socket.on('end', () => socket.end());
  });
  const gateway = await startGateway(`listeners:\n  front: { bind: 127.0.0.1:0, service: front }\nservices:\n  front: { protocol: auto, ${auto} }\n`
    + `  web: { protocol: http, pool: web }\n  console: { protocol: telnet, pool: hosts }\n`
    + `pools:\n  web: { servers: [127.0.0.1:${web.port}] }\n  hosts: { servers: [127.0.0.1:${host.port}] }\n${rules}`);
  return { web, host, gateway, stop: async () => { await gateway.stop(); await web.close(); await host.close(); } };
}

describe('identification at a listener', { timeout: 30_000 }, () => {
  it('gives each client to the service of its protocol, with what it said already', async () => {
    const { gateway, host, stop } = await scene('services: { http: web, telnet: console }');
    const http = new RawClient(gateway.port());
    for (const part of ['G', 'ET /a HT', 'TP/1.1\r\nHo', 'st: a\r\n\r\n']) http.send(part);
    await http.until((text) => text.endsWith('hi'));
    http.send('GET /b HTTP/1.1\r\nHost: a\r\n\r\n');
    await http.until((text) => text.split('200 OK').length === 3);
    http.end();
    const record = await gateway.record(({ verb, path }) => verb === 'GET' && path === '/b');
    assert.deepEqual([record.service, record.protocol], ['web', 'http']);
    const telnet = new RawClient(gateway.port());
    telnet.send('\u00ff\u00fb\u001fx');
    await telnet.until((text) => text.includes('login: '));
    while (!host.received[0]!.includes('x')) await new Promise((resolve) => { setImmediate(resolve); });
    telnet.destroy();
    const session = await gateway.record(({ kind, service }) => kind === 'session' && service === 'console');
    assert.equal(session.protocol, 'telnet');
    const identified = await gateway.record(({ verb, path }) => verb === 'IDENTIFY' && path === '/telnet');
    assert.deepEqual([identified.service, identified.outcome], ['front', 'allowed']);
    assert.deepEqual(gateway.bugs, []);
    await stop();
  });

  it('closes what leads nowhere, without a byte, and says so', async () => {
    const { gateway, web, host, stop } = await scene('services: { http: web, telnet: console }');
    for (const [bytes, path] of [['SSH-2.0-OpenSSH_9\r\n', '/ssh'], ['\u0005\u0001\0', '/socks'], ['hello there\r\n', '/unknown'], ['\u0000\u0001\u0002', '/unknown']] as const) {
      const client = new RawClient(gateway.port());
      client.send(bytes);
      await new Promise((resolve) => { client.socket.once('connect', resolve); });
      const port = client.socket.localPort;
      assert.equal(await client.untilEnd(), '');
      const record = await gateway.record((one) => one.verb === 'IDENTIFY' && one.port === port);
      assert.deepEqual([record.path, record.outcome, record.rule, record.kind], [path, 'refused', 'auto.mismatch', 'violation']);
    }
    assert.equal(web.connections.length + host.connections.length, 0);
    await stop();
  });

  it('silent clients go where servers speak first, named or asked for', async () => {
    for (const auto of ['services: { http: web }, silent: console, wait: 100ms', 'services: { http: web, telnet: console }, ask: hosts, wait: 100ms']) {
      const { gateway, host, stop } = await scene(auto);
      const client = new RawClient(gateway.port());
      await client.until((text) => text.includes('login: '));
      assert.equal(host.connections.length, auto.includes('ask') ? 2 : 1);
      if (auto.includes('ask')) assert.equal(host.received[0], '', 'nothing of the client was sent before the verdict');
      client.destroy();
      await stop();
    }
  });

  it('FTP by asking the server; what else comes to that port is not FTP: closed, reported, and the server is not even asked', async () => {
    const files = await startRawServer((socket) => {
      socket.write('220 (vsFTPd 3.0.3)\r\n');
      socket.on('end', () => socket.end());
    });
    const gateway = await startGateway('listeners:\n  front: { bind: 127.0.0.1:0, service: front }\nservices:\n  front: { protocol: auto, services: { '
      + 'ftp: files }, ask: files, wait: 100ms }\n'
      + `  files: { protocol: ftp, preset: "ftp:anonymous", pool: files }\npools:\n  files: { servers: [127.0.0.1:${files.port}] }\n${policy}`);
    const client = new RawClient(gateway.port());
    await client.until((text) => text.startsWith('220 '));
    client.send('SYST\r\n');
    await client.until((text) => /\r\n\d{3} /.test(text));
    client.end();
    assert.equal((await gateway.record(({ verb }) => verb === 'SYST')).protocol, 'ftp');
    const asked = files.connections.length;
    for (const [bytes, path] of [
      ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', '/http'], ['SSH-2.0-x\r\n', '/ssh'], ['EHLO x\r\n', '/smtp'], ['\u0016\u0003\u0001\u0001\0\u0001\0\0\u00fc\u0003\u0003', '/tls'],
        ['\u0005\u0001\0', '/socks'],
    ] as const) {
      const other = new RawClient(gateway.port());
      other.send(bytes);
      assert.equal(await other.untilEnd(), '');
      const record = await gateway.record((one) => one.verb === 'IDENTIFY' && one.path === path);
      assert.deepEqual([record.outcome, record.rule, record.kind, record.service], ['refused', 'auto.mismatch', 'violation', 'front']);
    }
    assert.equal(files.connections.length, asked);
    assert.deepEqual(gateway.bugs, []);
    await gateway.stop();
    await files.close();
  });

  it('a server that is asked and speaks something else: closed, reported', async () => {
    const { gateway, host, stop } = await scene('services: { http: web, ftp: console }, ask: hosts, wait: 50ms');
    assert.equal(await new RawClient(gateway.port()).untilEnd(), '');
    const record = await gateway.record(({ verb }) => verb === 'IDENTIFY');
    assert.deepEqual([record.outcome, record.rule, record.path], ['refused', 'auto.mismatch', '/telnet']);
    assert.equal(host.connections.length, 1);
    await stop();
  });

  it('silent clients end where nothing is meant for them, and slow ones where they are too slow', async () => {
    const { gateway, stop } = await scene('services: { http: web }, wait: 50ms, timeout: 200ms');
    const silent = new RawClient(gateway.port());
    assert.equal(await silent.untilEnd(), '');
    const slow = new RawClient(gateway.port());
    slow.send('GET /');
    assert.equal(await slow.untilEnd(), '');
    await stop();
  });

  it('policy may refuse what was recognised', async () => {
    const rules = 'policy:\n  - { id: no-telnet, then: deny, operation: { actions: IDENTIFY, path: /telnet } }\n  - { id: open, then: allow }\n';
    const { gateway, host, stop } = await scene('services: { http: web, telnet: console }', rules);
    const client = new RawClient(gateway.port());
    client.send('\u00ff\u00fb\u001f');
    assert.equal(await client.untilEnd(), '');
    assert.equal((await gateway.record(({ verb }) => verb === 'IDENTIFY')).rule, 'no-telnet');
    assert.equal(host.connections.length, 0);
    await stop();
  });

  it('survives a change of the configuration between two requests', async () => {
    const { gateway, web, stop } = await scene('services: { http: web }');
    const client = new RawClient(gateway.port());
    client.send('GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until((text) => text.endsWith('hi'));
    await gateway.configure(`listeners:\n  front: { bind: 127.0.0.1:0, service: front }\nservices:\n  front: { protocol: auto, services: { http: web } }\n`
      + `  web: { protocol: http, pool: web }\npools:\n  web: { servers: [127.0.0.1:${web.port}] }\npolicy:\n  - { id: other, then: allow }\n`);
    client.send('GET /c HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until((text) => text.split('200 OK').length === 3);
    assert.equal((await gateway.record(({ path }) => path === '/c')).rule, 'other');
    client.destroy();
    await stop();
  });
});
