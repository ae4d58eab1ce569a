// Sessions as administrators handle them with the real command: leases, approval, words, watching, recordings, transcripts.
// An FTP and a Telnet service in front of the demonstration servers.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startDemoFtpServer } from '../../src/cli/quickstart/ftp-server.ts';
import type { LoopbackServer } from '../../src/cli/quickstart/loopback-server.ts';
import { startDemoTelnetHost } from '../../src/cli/quickstart/telnet-host.ts';
import { hashPassword } from '../../src/runtime/users.ts';
import { freePort, runGateway, sallyport, Staying, temporaryDirectory, type Ended } from './command.ts';

interface Listener { name: string; binds: { port: number }[] }
interface Session { id: string; doing: string }

/** A client that waits for text. Telnet negotiation is left out. */
class Talk {
  readonly socket: Socket;
  text = '';
  #from = 0;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (bytes: Buffer) => { this.text += bytes.toString('latin1').replaceAll(/\u00ff[\u00fb-\u00fe][^]/g, ''); });
    this.socket.on('error', () => { /* close follows */ });
  }

  /** The first match behind the last one. */
  async hears(pattern: RegExp): Promise<string[]> {
    for (;;) {
      const match = pattern.exec(this.text.slice(this.#from));
      if (match !== null) {
        this.#from += match.index + match[0].length;
        return match;
      }
      await once(this.socket, 'data');
    }
  }

  /** Key by key with the echo in between, as a person types. */
  async types(line: string): Promise<void> {
    for (const key of line) {
      this.socket.write(key);
      await this.hears(new RegExp(key.replace(/[^a-z ]/g, '\\$&')));
    }
    this.socket.write('\r\0');
  }
}

describe('sessions and the people in them', { timeout: 120_000 }, () => {
  const directory = temporaryDirectory();
  const cwd = directory.path;
  let ftp: LoopbackServer;
  let host: LoopbackServer;
  let gateway: Staying;
  let ports: Record<string, number> = {};
  let adminPort = 0;

  const command = async (...args: string[]): Promise<Ended> => await sallyport(args, { cwd });
  const answered = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await command(...args);
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const json = async <Value>(...args: string[]): Promise<Value> => JSON.parse(await answered(...args, '--json')) as Value;
  const session = async (service: string): Promise<Session> => (await json<{ sessions: Session[] }>('sessions', '--service', service)).sessions[0]!;

  /** Of two days ago. */
  function oldRecording(name: string): string {
    const path = join(cwd, `.sallyport/recordings/${name}.cast`);
    writeFileSync(path, '{}\n');
    utimesSync(path, Date.now() / 1000 - 2 * 86_400, Date.now() / 1000 - 2 * 86_400);
    return path;
  }
  let ancient = '';

  before(async () => {
    mkdirSync(join(cwd, '.sallyport/recordings'), { recursive: true });
    ancient = oldRecording('ancient');
    ftp = await startDemoFtpServer();
    host = await startDemoTelnetHost();
    writeFileSync(join(cwd, 'recordings.key'), randomBytes(32).toString('hex'));
    adminPort = await freePort();
    const token = (name: string): string => `{ name: ${name}, role: operator, tokenSha256: "${createHash('sha256').update(`token-of-${name}`).digest('hex')}" }`;
    writeFileSync(join(cwd, 'sallyport.yaml'), `
users: { joe: { password: "${hashPassword('secret')}" } }
admin: { http: { bind: "127.0.0.1:${adminPort}", tokens: [${token('anna')}, ${token('joe')}] } }
listeners:
  files: { bind: "127.0.0.1:0", service: files }
  terminal: { bind: "127.0.0.1:0", service: terminal }
  strict: { bind: "127.0.0.1:0", service: strict }
services:
  files: { protocol: ftp, preset: "ftp:anonymous", pool: files }
  terminal:
    protocol: telnet
    pool: hosts
    commands: { rules: [{ id: ask, commands: ["echo *"], then: approve }] }
  strict:
    protocol: telnet
    pool: hosts
    login: {}
    commands: { approvers: token, rules: [{ id: ask, commands: ["echo *"], then: approve }] }
pools:
  files: { servers: ["127.0.0.1:${ftp.port}"] }
  hosts: { servers: ["127.0.0.1:${host.port}"] }
policy: [{ id: all, then: allow }]
recordings: { enabled: true, keyFile: recordings.key, maxAge: 1d }
runtime: { drainTimeout: 1s }
`);
    const running = await runGateway(['sallyport.yaml', '--workers', '1'], { cwd });
    gateway = running.gateway;
    const { listeners } = running.started as unknown as { listeners: Listener[] };
    ports = Object.fromEntries(listeners.map(({ name, binds }) => [name, binds[0]!.port]));
  });
  after(async () => {
    await gateway.end();
    await ftp.close();
    await host.close();
    directory[Symbol.dispose]();
  });

  test('a line is approved or denied by a second person', async () => {
    const talk = new Talk(ports['terminal']!);
    await talk.hears(/demo> /);
    assert.match(await answered('approve'), /nothing waits/);
    await talk.types('echo one');
    const [, id] = await talk.hears(/waiting for approval by a second person \((\w+)\)/);
    assert.match(await answered('approve'), new RegExp(`${id!} +\\w+ +terminal .* echo one\\n`));
    assert.match(await answered('approve', id!), /^approved/);
    await talk.hears(/approved\r\n[^]*one\r\ndemo> /);
    await talk.types('echo two');
    await talk.hears(/waiting for approval/);
    const { id: terminal } = await session('terminal');
    assert.match(await answered('deny', terminal), /^denied/);
    await talk.hears(/not approved: by /);
    const nothing = await command('deny', terminal);
    assert.equal(nothing.code, 1);
    assert.match(nothing.stderr, /nothing waits/);
    assert.match((await command('control', terminal, 'approve', 'x')).stderr, /approvals/);
    talk.socket.destroy();
  });

  test('who may be the second person: never the user; where it is asked for, only a name that a token proves', async () => {
    const asks = async (name: string, id: string): Promise<Response> => await fetch(`http://127.0.0.1:${adminPort}/v1/approvals/${id}`, {
      method: 'POST', headers: { 'authorization': `Bearer token-of-${name}`, 'content-type': 'application/json' }, body: '{ "approve": true }',
    });
    const talk = new Talk(ports['strict']!);
    await talk.hears(/login: /);
    talk.socket.write('joe\r\0');
    await talk.hears(/assword: /);
    talk.socket.write('secret\r\0');
    await talk.hears(/demo> /);
    await talk.types('echo three');
    const [, id] = await talk.hears(/second person \((\w+)\)/);
    assert.match(await answered('approve'), new RegExp(`${id!} .* joe +echo three\\n`));
    const claimed = await command('approve', id!);
    assert.equal(claimed.code, 1);
    assert.match(claimed.stderr, /only names that a token proves may approve here/);
    const own = await asks('joe', id!);
    assert.equal(own.status, 403);
    assert.match(await own.text(), /joe is the user of session/);
    assert.equal((await asks('anna', id!)).status, 200);
    await talk.hears(/approved\r\n[^]*three\r\ndemo> /);
    talk.socket.destroy();
    let log = '';
    while (!/a token named them; line: echo three/.test(log)) log = await answered('logs', '--kind', 'control', '--verb', 'approve', '--json');
    const records = log.trim().split('\n').map((line) => JSON.parse(line) as Record<string, string>);
    const told = records.filter(({ path }) => path === records.find(({ reason }) => reason?.includes('echo three'))!.path).map(({ user, outcome }) => `${user} ${outcome}`);
    assert.deepEqual(told.filter((one) => /^(?:anna|joe) /.test(one)).sort(), ['anna allowed', 'joe failed']);
    assert.equal(told.filter((one) => one.endsWith(' failed')).length, 2, 'the one who claimed a name as well');
  });

  test('words to a session, watching it, and its recording', async () => {
    const talk = new Talk(ports['terminal']!);
    await talk.hears(/demo> /);
    const sessions = await json<{ sessions: Session[] }>('sessions', '--service', 'terminal');
    const { id } = sessions.sessions.at(-1)!;
    const watching = new Staying(['watch', id], { cwd });
    await watching.prints(/watching/, 'stderr');
    await talk.types('whoami');
    await talk.hears(/that is the gateway/);
    await watching.prints(/whoami[^]*that is the gateway/);
    assert.match(await answered('control', id, 'message', 'back', 'soon'), /shown/);
    await talk.hears(/back soon/);
    const unknown = await command('control', id, 'dance');
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /telnet\) does not understand "dance"/);
    await talk.types('quit');
    await once(talk.socket, 'close');
    assert.equal(await watching.ended, 0);
    assert.match(watching.stderr, /the session has ended/);
    assert.match((await command('watch', id)).stderr, /no session/);

    assert.match(await answered('replay'), new RegExp(`${id} .* yes\\n`));
    const closed = await command('replay', id);
    assert.equal(closed.code, 1);
    assert.match(closed.stderr, /encrypted[^]*--key-file/);
    const text = await answered('replay', id, '--key-file', 'recordings.key', '--text');
    assert.match(text, /Welcome[^]*whoami[^]*that is the gateway/);
    await answered('replay', id, '--key-file', 'recordings.key', '--export', 'plain.cast');
    assert.match(readFileSync(join(cwd, 'plain.cast'), 'utf8'), /^\{"version":2/);
    assert.equal((await command('replay', id, '--key-file', 'recordings.key', '--export', 'plain.cast')).code, 1);
    assert.match(await answered('replay', 'plain.cast', '--speed', '100', '--idle-limit', '0'), /whoami/);
    writeFileSync(join(cwd, 'wrong.key'), randomBytes(32).toString('hex'));
    assert.match((await command('replay', id, '--key-file', 'wrong.key')).stderr, /the key does not fit/);

    const log = await answered('logs', '--session', id);
    assert.match(log, /^session \w+ {2}telnet from 127\.0\.0\.1[^]*typed: whoami[^]*message by \S+\n +back soon[^]*typed: quit[^]*ended after/);
  });

  test('leases are listed and revoked; the log of the session reads in order', async () => {
    const talk = new Talk(ports['files']!);
    await talk.hears(/220 /);
    for (const [line, reply] of [['USER anonymous', /331 /], ['PASS a@b', /230 /], ['CWD pub', /250 /], ['PASV', /227 /]] as const) {
      talk.socket.write(`${line}\r\n`);
      await talk.hears(reply);
    }
    const [lease] = (await json<{ leases: { id: string; peer: string; cause: string; port: number; leftMs: number }[] }>('leases')).leases;
    assert.equal(lease!.peer, '127.0.0.1');
    assert.ok(lease!.leftMs > 0);
    assert.match(await answered('leases'), new RegExp(`${lease!.id} .* ftp-data \\(client\\) +127\\.0\\.0\\.1 +127\\.0\\.0\\.1:${lease!.port} `));
    assert.match(await answered('leases', 'revoke', lease!.id, '--reason', 'not now'), /was revoked/);
    const refused = connect(lease!.port, '127.0.0.1');
    const [error] = await once(refused, 'error') as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNREFUSED');
    assert.match(await answered('leases'), /no open leases/);
    assert.equal((await command('leases', 'revoke', lease!.id)).code, 1);
    const { id } = await session('files');
    talk.socket.write('QUIT\r\n');
    await once(talk.socket, 'close');
    // Records are kept in batches.
    let log = '';
    while (!/ended after/.test(log)) log = await answered('logs', '--session', id);
    assert.match(log, /USER anonymous +331 [^]*PASS \*\*\* +230 [^]*CWD pub +250 [^]*before {2}CWD pub\n +after {3}CWD \/pub\n[^]*PASV +227 [^]*QUIT +221 /);
    assert.doesNotMatch(log, /a@b/);
  });

  test('recordings past their age are removed, at the start and after a change', async () => {
    assert.equal(existsSync(ancient), false);
    const old = oldRecording('old');
    const file = join(cwd, 'sallyport.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('maxAge: 1d', 'maxAge: 23h'));
    await answered('reload');
    while (existsSync(old)) await answered('status');
    let log = '';
    while (log === '') log = await answered('logs', '--kind', 'control', '--verb', 'expire');
    assert.match(log, /past recordings\.maxAge were removed: 1/);
  });

  test('hashes of passwords from standard input', async () => {
    const { code, stdout } = await sallyport(['user', 'hash'], { cwd, input: 'correct horse\n' });
    assert.equal(code, 0);
    assert.match(stdout, /^scrypt:\d+:\d+:\d+:[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+\n$/);
    assert.equal((await sallyport(['user', 'hash'], { cwd, input: '\n' })).code, 2);
  });
});
