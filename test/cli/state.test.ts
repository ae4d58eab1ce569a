// Starts that must be refused, in a moment and in words: state directories and other files that cannot be used, ports and
// directories that somebody has.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { freePort, runGateway, sallyport, temporaryDirectory, type Ended } from './command.ts';

const directory = temporaryDirectory();
const cwd = directory.path;
let count = 0;

async function configuration(more = '', listener = ''): Promise<string> {
  const file = `${++count}.yaml`;
  writeFileSync(join(cwd, file), `listeners: { plain: { bind: "127.0.0.1:${await freePort()}", service: site${listener} } }
services: { site: { protocol: http, routes: [{ match: {}, respond: { status: 200 } }] } }
policy: [{ id: open, then: allow }]
${more}
`);
  return file;
}

const run = async (...args: string[]): Promise<Ended> => sallyport(['run', '--workers', '1', ...args], { cwd });

function refused({ code, stderr, stdout }: Ended, wanted: RegExp, hint: RegExp): void {
  assert.equal(code, 1, `${stdout}${stderr}`);
  assert.match(stderr, wanted);
  assert.match(stderr, hint);
  assert.doesNotMatch(stderr, /^\s+at /m);
}

/** A file system of its own, or why there can be none. */
function mounted(name: string, options: string): { readonly path: string; [Symbol.dispose](): void } | string {
  const path = join(cwd, name);
  mkdirSync(path);
  try { execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'pipe' }); } catch (error) { return `no mount: ${String(error).split('\n')[0]}`; }
  return { path, [Symbol.dispose]: () => { execFileSync('umount', ['-l', path]); } };
}

describe('a start that is refused', { timeout: 120_000 }, () => {
  test('below /proc', { skip: process.platform === 'linux' ? false : 'no /proc' }, async () => {
    refused(await run(await configuration(), '--state-dir', '/proc/sallyport'), /state directory \/proc\/sallyport cannot be made: .*ENOENT/, /hint: choose a directory/);
    refused(await run(await configuration(), '--state-dir', '/proc'), /state directory \/proc cannot be written/, /hint: choose a directory/);
    const file = await configuration('runtime: { stateDirectory: /proc/sallyport/deep }');
    refused(await run(file), new RegExp(`${file}:4:28: the state directory /proc/sallyport/deep cannot be made`), /hint: /);
    refused(await run(await configuration('admin: { socket: /proc/sallyport/admin.sock }')), /no place for the admin socket \/proc\/sallyport\/admin\.sock/, /Set admin\.socket/);
    refused(await run(await configuration('recordings: { enabled: true, directory: /proc/sallyport }')), /recordings\.directory: \/proc\/sallyport cannot be made/, /./);
  });

  test('a file where a directory should be, and the other way round', async () => {
    writeFileSync(join(cwd, 'file'), '');
    refused(await run(await configuration(), '--state-dir', 'file'), /cannot be made: there is a file of that name/, /hint: choose/);
    refused(await run(await configuration(), '--state-dir', 'file/below'), /cannot be made: something on the way there is a file/, /hint: choose/);
    mkdirSync(join(cwd, 'odd/history.db'), { recursive: true });
    refused(await run(await configuration(), '--state-dir', 'odd'), /holds a history\.db that cannot be used: it is a directory/, /hint: move it away/);
    mkdirSync(join(cwd, 'odder/admin.sock'), { recursive: true });
    refused(await run(await configuration(), '--state-dir', 'odder'), /admin\.sock is in the way/, /it is no socket/);
  });

  test('a read-only and a full file system', async (t) => {
    using readOnly = mounted('read-only', 'ro,size=1m') as { path: string; [Symbol.dispose](): void };
    if (typeof readOnly === 'string') { t.skip(readOnly); return; }
    refused(await run(await configuration(), '--state-dir', readOnly.path), /cannot be written: the file system is read-only/, /hint: choose/);
    using small = mounted('small', 'size=1m') as { path: string; [Symbol.dispose](): void };
    writeFileSync(join(small.path, 'filler'), Buffer.alloc(900 * 1024));
    refused(await run(await configuration(), '--state-dir', small.path), /cannot be written: the disk is full/, /hint: make room there \(256 KiB at least\)/);
  });

  test('a directory of another gateway, whatever socket that has', async () => {
    const { gateway } = await runGateway([await configuration('admin: { socket: elsewhere.sock }'), '--workers', '1', '--state-dir', 'shared'], { cwd });
    refused(await run(await configuration(), '--state-dir', 'shared'), new RegExp(`another gateway \\(pid ${gateway.pid}\\) runs with the state directory`), /hint: stop it first/);
    assert.equal(await gateway.end('SIGKILL'), null);
    // Nothing of it is in the way: neither its lock nor its socket.
    const next = await runGateway([await configuration('admin: { socket: elsewhere.sock }'), '--workers', '1', '--state-dir', 'shared'], { cwd });
    assert.equal(await next.gateway.end('SIGTERM'), 0);
  });

  test('a port in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    writeFileSync(join(cwd, 'port.yaml'), `listeners: { plain: { bind: "127.0.0.1:${port}", service: site } }
services: { site: { protocol: http, routes: [{ match: {}, respond: { status: 200 } }] } }
policy: [{ id: open, then: allow }]
`);
    refused(await run('port.yaml'), new RegExp(`listener plain: 127\\.0\\.0\\.1:${port} is in use by another program`), /hint: stop what has it/);
    taken.close();
  });

  test('a certificate that cannot be read', async () => {
    const file = await configuration('tls: { own: { certificates: [{ certificate: missing.pem, key: missing.key }] } }', ', tls: own');
    refused(await run(file), /missing\.pem/, new RegExp(`${file}:4:\\d+`));
  });
});
