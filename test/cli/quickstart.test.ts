// What a newcomer sees first: everything that quickstart prints works as printed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { needs, pathOf } from '../harness/installed.ts';
import { entry, freePort, sallyport, Staying, temporaryDirectory } from './command.ts';

const run = promisify(execFile);

/** FTP and Telnet on any port, so that nothing that runs already is in the way. */
const anyPorts = ['--ftp-port', '0', '--telnet-port', '0'];

test('everything that is printed works as printed', { timeout: 120_000, skip: needs('curl') }, async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const port = await freePort();
  const gateway = new Staying(['quickstart', '--port', String(port), ...anyPorts], { cwd });
  try {
    const begun = performance.now();
    await gateway.prints(/Ctrl-C drains and stops/);
    assert.ok(performance.now() - begun < 20_000);
    const lines = gateway.stdout.split('\n').map((line) => line.replace(/#.*/, '').trim());
    const curls = lines.filter((line) => line.startsWith('curl '));
    assert.equal(curls.length, 6);
    const curl = async (line: string): Promise<string> => (await run(pathOf('curl'), ['-s', ...line.replaceAll('"', '').split(' ').slice(1)])).stdout;
    assert.match(await curl(curls[0]!), /^Origin (one|two) answers GET \//);
    assert.match(await curl(curls[1]!), /^HTTP\/1\.1 403 [\s\S]*no-admin-pages/);
    assert.match(await curl(curls[3]!), /^403 Forbidden/);
    const [first, second] = [await curl(curls[2]!), await curl(curls[2]!)];
    assert.deepEqual([/^Origin (\w+)/.exec(first)![1], /^Origin (\w+)/.exec(second)![1]].sort(), ['one', 'two']);
    assert.match(await curl(curls[4]!), /welcome\.txt[\s\S]* pub\r?\n/);
    const tried = /^Try: (curl .*)$/m.exec(await curl(`${curls[4]!}welcome.txt`))![1]!;
    assert.match(await curl(tried), /^0,0\n1,1\n2,4\n/, 'the welcome names this gateway');
    // curl's own exit code for an upload that was refused.
    await assert.rejects(run(pathOf('curl'), ['-s', '-T', entry, ...curls[5]!.split(' ').slice(3)]), { code: 25 });
    const telnet = lines.find((line) => line.startsWith('telnet '))!.split(' ');
    const terminal = connect(Number(telnet[2]), telnet[1]!);
    await terminalShows(terminal, /demo> $/);
    terminal.write('reload\r\0');
    await terminalShows(terminal, /reload is not for everybody \(rule no-reload\)/);
    terminal.write('quit\r\0');
    assert.match(await terminalShows(terminal, /Bye\./), /quit/);
    const commands = lines.filter((line) => line.startsWith('npx sallyport ') && !/init|run/.test(line));
    assert.equal(commands.length, 5);
    const results = await Promise.all(commands.map(async (line) => await sallyport(line.split(' ').slice(2), { cwd })));
    for (const [at, { code, stderr }] of results.entries()) assert.equal(code, 0, `${commands[at]!}: ${stderr}`);
    assert.match(results[2]!.stdout, /no-admin-pages +matched/);
    assert.match(results[3]!.stdout, /origins +one +up[\s\S]*origins +two +up/);
    assert.match(results[4]!.stdout, /SESSION[\s\S]+ no\n/);
    const head = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
    assert.equal(head.status, 200);
    gateway.signal('SIGINT');
    assert.equal(await gateway.ended, 0);
    assert.equal(existsSync(join(cwd, '.sallyport/quickstart/admin.sock')), false);
  } finally { await gateway.end('SIGKILL'); }
});

/** What a terminal has shown since the last time, once it fits. Negotiation is left out. */
async function terminalShows(terminal: Socket, pattern: RegExp): Promise<string> {
  let text = '';
  for (;;) {
    const [bytes] = await once(terminal, 'data') as [Buffer];
    text += bytes.toString('latin1').replaceAll(/\u00ff[\u00fb-\u00fe][^]/g, '');
    if (pattern.test(text)) return text;
  }
}

test('SIGTERM ends it with 0 too', { timeout: 60_000 }, async () => {
  using directory = temporaryDirectory();
  const gateway = new Staying(['quickstart', '--port', '0', ...anyPorts, '--json'], { cwd: directory.path });
  const [line] = await gateway.prints(/^\{.*\}$/m);
  const { url } = JSON.parse(line) as { url: string };
  assert.equal((await fetch(url, { headers: { connection: 'close' } })).status, 200);
  assert.equal(await gateway.end(), 0);
});

test('one Ctrl-C that comes twice drains; another one later ends at once', { timeout: 60_000 }, async () => {
  using directory = temporaryDirectory();
  const gateway = new Staying(['quickstart', '--port', '0', ...anyPorts, '--json'], { cwd: directory.path });
  const [line] = await gateway.prints(/^\{.*\}$/m);
  const { port } = new URL((JSON.parse(line) as { url: string }).url);
  // A request that never ends keeps the gateway draining.
  const client = connect(Number(port), '127.0.0.1');
  await once(client, 'connect');
  client.write('POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345');
  const closed = once(client, 'close');
  client.on('error', () => { /* it is cut off */ });
  while ((JSON.parse((await sallyport(['sessions', '--json'], { cwd: directory.path })).stdout) as { total: number }).total === 0) { /* until it is there */ }
  gateway.signal('SIGINT');
  gateway.signal('SIGINT');
  await gateway.prints(/draining/, 'stderr');
  const begun = performance.now();
  // The state while it drains is told by the API, which takes longer than what counts as the same Ctrl-C.
  while (performance.now() - begun < 600) await sallyport(['status', '--json'], { cwd: directory.path });
  assert.equal(gateway.child.exitCode, null);
  gateway.signal('SIGINT');
  assert.equal(await gateway.ended, 130);
  await closed;
});

for (const option of ['--port', '--ftp-port', '--telnet-port']) {
  test(`a busy port is a clear error with a way out: ${option}`, { timeout: 60_000 }, async () => {
    using directory = temporaryDirectory();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ended = await sallyport(['quickstart', '--port', '0', ...anyPorts, option, String(port)], { cwd: directory.path });
    server.close();
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, new RegExp(`127\\.0\\.0\\.1:${port} is in use[\\s\\S]* ${option} \\d`));
  });
}
