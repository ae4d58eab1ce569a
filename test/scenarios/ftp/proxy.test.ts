// Clients that choose their server (`USER name@host:port`, OPEN), and logins at the gateway: its own users, mapped to logins
// of the server or asked in turn.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { startGateway } from '../../harness/gateway.ts';
import { hashPassword } from '../../../src/runtime/users.ts';
import { behaveAgain, FtpClient, shared, startScriptedServer } from './peers.ts';

const server = await startScriptedServer();
const gateway = await startGateway(`
listeners: { ftp: { bind: "127.0.0.1:0", service: out }, strict: { bind: "127.0.0.1:0", service: strict } }
services:
  out: { protocol: ftp, proxy: { ports: [${server.port}], denyNetworks: ["10.0.0.0/8"] }, login: { failureDelay: 10ms } }
  strict: { protocol: ftp, proxy: { ports: [${server.port}] }, login: { failureDelay: 10ms } }
policy:
  - { id: hosts, operation: { host: ["127.0.0.1", "localhost", "10.0.0.1"] }, then: allow }
  - { id: before-a-host, operation: { commands: [QUIT, PASS, FEAT] }, then: allow }
`);
let client: FtpClient;
shared(server, () => gateway, () => client);

test('USER name@host:port', async () => {
  client = new FtpClient(gateway.port('ftp'));
  await client.reply();
  assert.match(await client.command(`USER bob@home@127.0.0.1:${server.port}`), /^331/);
  assert.match(await client.command('PASS x'), /^230/);
  assert.deepEqual(server.sessions.at(-1)!.commands, ['USER bob@home', 'PASS x', 'PWD']);
  const data = await client.passive();
  await client.command('RETR /file');
  assert.equal(await data.untilEnd(), 'hello');
  const record = await gateway.record(({ verb }) => verb === 'RETR');
  assert.equal(record.host, '127.0.0.1');
  assert.equal(record.user, 'bob@home');
});

test('OPEN and SITE before USER', async () => {
  for (const command of [`OPEN localhost ${server.port}`, `SITE localhost:${server.port}`]) {
    client = new FtpClient(gateway.port('ftp'));
    await client.reply();
    assert.match(await client.command(command), /^220/);
    assert.match(await client.command('USER carl'), /^331/);
    assert.match(await client.command('PASS x'), /^230/, command);
    client.close();
  }
});

test('SITE names the server whatever the preset says of SITE', async () => {
  const own = await startGateway(`
listeners: { ftp: { bind: "127.0.0.1:0", service: out } }
services: { out: { protocol: ftp, preset: "ftp:read-only", proxy: { ports: [${server.port}], denyNetworks: ["10.0.0.0/8"] } } }
policy: [ { id: open, operation: { class: session }, then: allow } ]
`);
  client = new FtpClient(own.port());
  await client.reply();
  assert.match(await client.command(`SITE localhost:${server.port}`), /^220/);
  assert.match(await client.command('USER carl'), /^331/);
  assert.match(await client.command('PASS x'), /^230/);
  assert.match(await client.command('SITE CHMOD 777 x'), /^502/);
  assert.match(await client.command(`OPEN localhost:${server.port}`), /^503/);
  assert.deepEqual(own.bugs, []);
  await own.stop();
});

test('what should be a host and is none is no part of a name for the host before', async () => {
  client = new FtpClient(gateway.port('ftp'));
  await client.reply();
  assert.match(await client.command(`USER bob@127.0.0.1:${server.port}`), /^331/);
  for (const user of ['bob@127.0.0.1:99999', 'bob@127.0.0.1 2121', 'bob@', '@localhost', 'bob@-x']) assert.match(await client.command(`USER ${user}`), /^(501|530)/, user);
  assert.match(await client.command('PASS x'), /^230/);
  assert.equal(server.sessions.at(-1)!.commands[0], 'USER bob');
});

test('rules see the user without the host', async () => {
  const own = await startGateway(`
listeners: { ftp: { bind: "127.0.0.1:0", service: out } }
services: { out: { protocol: ftp, proxy: { ports: [${server.port}], denyNetworks: ["10.0.0.0/8"] } } }
policy: [ { id: only-bob, operation: { ftp: { login: bob } }, then: allow } ]
`);
  for (const [user, wanted] of [['bob', /^331/], ['eve', /^530/]] as const) {
    client = new FtpClient(own.port());
    await client.reply();
    assert.match(await client.command(`USER ${user}@127.0.0.1:${server.port}`), wanted, user);
    client.close();
  }
  await own.stop();
});

test('hosts, ports and networks that are not permitted are not connected to', async () => {
  const before = server.sessions.length;
  for (const [port, user, wanted] of [
    ['ftp', `bob@elsewhere.example:${server.port}`, /^530/], ['ftp', 'bob@127.0.0.1:1', /^331/], ['ftp', 'bob', /^530/], ['ftp', `bob@10.0.0.1:${server.port}`, /^331/],
    ['strict', `bob@127.0.0.1:${server.port}`, /^331/], ['strict', `bob@localhost:${server.port}`, /^331/],
  ] as const) {
    client = new FtpClient(gateway.port(port));
    await client.reply();
    const answer = await client.command(`USER ${user}`);
    assert.match(answer, wanted, user);
    if (answer.startsWith('331')) assert.match(await client.command('PASS x'), /^(530|421)/, user);
    client.close();
  }
  await new Promise((resolve) => { setTimeout(resolve, 50); });
  // `localhost` is only known to be loopback once it is connected to: nothing is said to it.
  assert.ok(server.sessions.slice(before).every(({ commands }) => commands.length === 0));
});

test('what is wrong with the server that was named is said, to the client and in the record', async () => {
  const { port: deadPort } = await new Promise<{ port: number }>((resolve) => {
    const listener = net.createServer();
    listener.listen(0, '127.0.0.1', () => {
      const address = listener.address() as net.AddressInfo;
      listener.close(() => { resolve(address); });
    });
  });
  const own = await startGateway(`
listeners: { ftp: { bind: "127.0.0.1:0", service: out } }
services: { out: { protocol: ftp, proxy: { ports: [21, ${deadPort}], denyNetworks: ["10.0.0.0/8"] }, login: { failureDelay: 10ms } } }
policy: [ { id: open, then: allow } ]
`);
  for (const [user, answer, outcome, rule, reason] of [
    ['bob@no-such-host.invalid', '530 Not connected: the name of the server was not found.', 'failed', 'not-found', /no-such-host\.invalid:21/],
    [`bob@127.0.0.1:${deadPort}`, '530 Not connected: the server refuses connections.', 'failed', 'refused', /127\.0\.0\.1:\d+: connection refused/],
    ['bob@10.0.0.1', '530 That server is not permitted.', 'denied', 'ftp.target-network', /10\.0\.0\.1 is in a network that is not connected to/],
    ['bob@127.0.0.1:22', '530 That port is not permitted.', 'denied', 'ftp.target-port', /port 22/],
    ['bob', '530 Name the server, too: USER name@host', 'denied', 'ftp.target-missing', /no host/],
  ] as const) {
    client = new FtpClient(own.port());
    await client.reply();
    assert.match(await client.command(`USER ${user}`), /^331/);
    assert.equal(await client.command('PASS x'), answer);
    const record = await own.record((one) => one.verb === 'PASS' && one.rule === rule);
    assert.equal(record.outcome, outcome);
    assert.equal(record.status, Number(answer.slice(0, 3)));
    assert.equal((record.facts as Record<string, unknown>)['reply'], answer);
    assert.match(String(record.reason), reason);
    if (outcome === 'failed') assert.match(await client.reply(), /^421 /, 'and that is the end');
    client.close();
  }
  client = new FtpClient(gateway.port('strict'));
  await client.reply();
  await client.command(`USER bob@localhost:${server.port}`);
  assert.equal(await client.command('PASS x'), '530 Not connected: that server is not permitted.', 'seen only when the name was looked up');
  assert.equal((await gateway.record(({ rule }) => rule === 'ftp.target-network')).outcome, 'denied');
  assert.deepEqual(own.bugs, []);
  await own.stop();
});

test('a target that was not permitted is not the target: PASS goes to the one before, or nowhere', async () => {
  const allowed = `bob@127.0.0.1:${server.port}`;
  for (const [command, wanted, rest] of [
    [`USER bob@elsewhere.example:${server.port}`, /^530/, /^230/], [`OPEN elsewhere.example:${server.port}`, /^(502|530|550)/, /^230/],
    ['OPEN 127.0.0.1:1', /^550/, /^230/], ['OPEN', /^501/, /^230/], ['SITE 127.0.0.1:1', /^550/, /^230/],
    // Permitted, but the name was given for another server.
    [`OPEN localhost:${server.port}`, /^220/, /^503/],
  ] as const) {
    client = new FtpClient(gateway.port('ftp'));
    await client.reply();
    assert.match(await client.command(`USER ${allowed}`), /^331/);
    assert.match(await client.command(command), wanted, command);
    assert.match(await client.command('PASS x'), rest, command);
    client.close();
  }
});

test('a session that is connected stays with its server', async () => {
  client = new FtpClient(gateway.port('ftp'));
  await client.reply();
  server.answers['PASS'] = '530 no';
  await client.command(`USER bob@127.0.0.1:${server.port}`);
  assert.match(await client.command('PASS x'), /^530/);
  behaveAgain(server);
  assert.match(await client.command(`OPEN localhost:${server.port}`), /^503/);
  assert.match(await client.command(`USER bob@localhost:${server.port}`), /^503/);
  assert.match(await client.command(`USER bob@127.0.0.1:${server.port}`), /^331/);
  assert.match(await client.command('PASS x'), /^230/);
});

test('two logins in turn at a proxy: the host may come with either', async () => {
  const own = await startGateway(`
listeners: { ftp: { bind: "127.0.0.1:0", service: out } }
services: { out: { protocol: ftp, proxy: { ports: [${server.port}], denyNetworks: ["10.0.0.0/8"] }, login: { mode: both, failureDelay: 10ms } } }
users: { alice: { password: "${hashPassword('open')}" } }
policy: [ { id: open, then: allow } ]
`);
  for (const [first, second] of [['alice', `bob@127.0.0.1:${server.port}`], [`alice@127.0.0.1:${server.port}`, 'bob']] as const) {
    client = new FtpClient(own.port());
    await client.reply();
    assert.match(await client.command(`USER ${first}`), /^331/);
    assert.match(await client.command('PASS open'), /^230/, first);
    assert.match(await client.command(`USER ${second}`), /^331/);
    assert.match(await client.command('PASS x'), /^230/, second);
    assert.deepEqual(server.sessions.at(-1)!.commands, ['USER bob', 'PASS x', 'PWD']);
    client.close();
  }
  await own.stop();
});

test('users of the gateway, mapped to logins of the server', async () => {
  const users = `users: { alice: { password: "${hashPassword('open')}" }, bob: { password: "${hashPassword('b')}" } }`;
  const own = await startGateway(`
listeners: { ftp: { bind: "127.0.0.1:0", service: files } }
services:
  files: { protocol: ftp, pool: files, login: { mode: gateway, failureDelay: 10ms, serverLogins: [{ user: "al*", serverUser: upload, serverPassword: "s3rver" }] } }
pools: { files: { servers: ["127.0.0.1:${server.port}"] } }
${users}
policy: [ { id: alice, user: alice, then: allow }, { id: login, operation: { commands: [USER, PASS, QUIT] }, then: allow } ]
`);
  const sessions = server.sessions.length;
  for (const [user, password] of [['alice', 'wrong'], ['nobody', 'open'], ['bob', 'b']] as const) {
    client = new FtpClient(own.port());
    await client.reply();
    assert.equal(await client.command(`USER ${user}`), '331 Password required.');
    assert.equal(await client.command(`PASS ${password}`), '530 Login incorrect.');
    client.close();
  }
  assert.equal(server.sessions.length, sessions);
  client = await new FtpClient(own.port()).login('alice', 'open');
  assert.deepEqual(server.sessions.at(-1)!.commands, ['USER upload', 'PASS s3rver', 'PWD']);
  assert.match(await client.command('DELE x'), /^250/);
  const record = await own.record(({ verb }) => verb === 'DELE');
  assert.equal(record.user, 'alice');
  assert.equal(record.rule, 'alice');
  assert.ok(!JSON.stringify(own.records).includes('s3rver'));
  assert.deepEqual(own.bugs, []);
  await own.stop();
});

test('the gateway first, then the server', async () => {
  const own = await startGateway(`
listeners: { ftp: { bind: "127.0.0.1:0", service: files } }
services: { files: { protocol: ftp, pool: files, login: { mode: both, failureDelay: 10ms } } }
pools: { files: { servers: ["127.0.0.1:${server.port}"] } }
users: { alice: { password: "${hashPassword('open')}" } }
policy: [ { id: all, then: allow } ]
`);
  const sessions = server.sessions.length;
  client = new FtpClient(own.port());
  await client.reply();
  await client.command('USER alice');
  assert.match(await client.command('PASS open'), /^230 Gateway login accepted/);
  assert.equal(server.sessions.length, sessions);
  assert.match(await client.command('PWD'), /^530/);
  await client.command('USER root');
  assert.match(await client.command('PASS toor'), /^230/);
  assert.deepEqual(server.sessions.at(-1)!.commands, ['USER root', 'PASS toor', 'PWD']);
  await client.command('NOOP');
  const record = await own.record(({ verb }) => verb === 'NOOP');
  assert.equal(record.user, 'alice');
  assert.deepEqual(own.bugs, []);
  await own.stop();
});

test('login rules: names by pattern, anonymous or not', async () => {
  for (const [login, user, passes] of [
    ['{ users: ["dev-*"], failureDelay: 10ms }', 'dev-a', true], ['{ users: ["dev-*"], failureDelay: 10ms }', 'root', false],
    ['{ users: ["dev-*"], failureDelay: 10ms }', 'Dev-a', false], ['{ users: ["dev-*"], failureDelay: 10ms }', 'xdev-a', false],
    ['{ users: ["jör*"], failureDelay: 10ms }', Buffer.from('jörg').toString('latin1'), true], ['{ users: ["a.c"], failureDelay: 10ms }', 'abc', false],
    ['{ users: ["b*"], anonymous: deny, failureDelay: 10ms }', 'ftp', false],
    ['{ anonymous: only, failureDelay: 10ms }', 'ftp', true], ['{ anonymous: only, failureDelay: 10ms }', 'root', false],
    ['{ anonymous: deny, failureDelay: 10ms }', 'Anonymous', false], ['{ anonymous: deny, failureDelay: 10ms }', 'root', true],
  ] as const) {
    const own = await startGateway(`
listeners: { ftp: { bind: "127.0.0.1:0", service: files } }
services: { files: { protocol: ftp, pool: files, login: ${login} } }
pools: { files: { servers: ["127.0.0.1:${server.port}"] } }
policy: [ { id: all, then: allow } ]
`);
    const sessions = server.sessions.length;
    client = new FtpClient(own.port());
    await client.reply();
    assert.equal(await client.command(`USER ${user}`), '331 Password required.');
    assert.match(await client.command('PASS x'), passes ? /^230/ : /^530/, `${login} ${user}`);
    if (!passes) assert.equal(server.sessions.length, sessions);
    client.close();
    await own.stop();
  }
});
