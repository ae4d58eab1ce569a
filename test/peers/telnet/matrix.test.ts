// Real Telnet clients of Debian against real hosts of Debian, through the gateway: login without echo, a command, the
// terminal type, window size, interrupt, and the end. Prints the matrix. What is missing is named, and skipped.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { hashPassword } from '#runtime/users.ts';
import { startGateway, type GatewayUnderTest } from '../../harness/gateway.ts';
import { waitFor } from '../../scenarios/telnet/peers.ts';
import { startDevice, startTelnetd, type Host } from './hosts.ts';
import { missingProgram, program, type Program } from './programs.ts';
import { Terminal } from './terminal.ts';

interface Client {
  readonly name: string;
  readonly program: string;
  /** False: it leaves the terminal as it is, so that the local one echoes, and ^C ends the client itself. */
  readonly ownTerminal?: boolean;
  /** Command line; it runs on a terminal of its own (socat makes one). */
  command(path: string, port: number): string;
}

const clients: Client[] = [
  { name: 'inetutils-telnet', program: 'inetutils-telnet', command: (path, port) => `${path} 127.0.0.1 ${port}` },
  { name: 'telnet-ssl', program: 'telnet-ssl', command: (path, port) => `${path} -z nossl 127.0.0.1 ${port}` },
  { name: 'busybox', program: 'busybox', command: (path, port) => `${path} telnet 127.0.0.1 ${port}` },
  { name: 'plink', program: 'plink', command: (path, port) => `${path} -telnet -P ${port} 127.0.0.1` },
  { name: 'python', program: 'python3', ownTerminal: false, command: (path, port) => `${path} ${join(import.meta.dirname, 'client.py')} ${port}` },
];

const results = new Map<string, string>();
const missing: string[] = [];
const hosts: Host[] = [];
const recordings = mkdtempSync(join(tmpdir(), 'sallyport-telnet-peers-'));
let gateway: GatewayUnderTest | undefined;

before(async () => {
  for (const host of [await startTelnetd('telnetd', missing), await startTelnetd('in.telnetd', missing), await startDevice(missing)]) if (host !== undefined) hosts.push(host);
  if (hosts.length === 0) return;
  const rules = 'commands: { rules: [{ id: no, commands: [forbidden], then: block }] }';
  const section = (line: (host: Host, id: string) => string): string => hosts.map((host, index) => `  ${line(host, `h${index}`)}\n`).join('');
  const service = (id: string, login: string): string => `{ protocol: telnet, pool: ${id}, offerFirst: false, recording: { input: true }, ${rules}${login} }`;
  gateway = await startGateway(`listeners:\n${section((_, id) => `${id}: { bind: 127.0.0.1:0, service: ${id} }`)}`
    + section((_, id) => `${id}-login: { bind: 127.0.0.1:0, service: ${id}-login }`)
    + `services:\n${section((_, id) => `${id}: ${service(id, '')}`)}${section((_, id) => `${id}-login: ${service(id, ', login: {}')}`)}`
    + `users: { joe: { password: "${hashPassword('s3cr3t-gw')}" } }\npools:\n${section(({ port }, id) => `${id}: { servers: [127.0.0.1:${port}] }`)}`
    + `recordings: { enabled: true, directory: "${recordings}" }\npolicy:\n  - { id: open, then: allow }\n`);
});

after(async () => {
  await gateway?.stop();
  for (const host of hosts) host.stop();
  rmSync(recordings, { recursive: true, force: true });
  const names = ['telnetd', 'in.telnetd', 'device'];
  console.log(`\n${'client'.padEnd(18)}${names.map((name) => name.padEnd(14)).join('')}`);
  for (const { name } of clients) console.log(`${name.padEnd(18)}${names.map((host) => (results.get(`${name} ${host}`) ?? 'skipped').padEnd(14)).join('')}`);
  if (missing.length > 0) console.log(`missing here: ${missing.join(', ')}`);
});

async function session(client: Client, telnet: Program, host: Host, port: number, login: boolean): Promise<string> {
  const terminal = new Terminal(telnet, client.command(telnet.file, port));
  const until = (fits: RegExp): Promise<string> => terminal.until(fits);
  try {
    if (login) {
      await until(/login: $/);
      terminal.type('joe\r');
      await until(/Password: $/);
      terminal.type('s3cr3t-gw\r');
    }
    if (host.password) {
      await until(login ? /Password: [^]*Password: $/ : /Password: $/);
      terminal.type('s3cr3t-pw\r');
    }
    await until(/peer> $/);
    terminal.type('echo hi-$((6*7)) $TERM\r');
    await until(/hi-42 [^]*peer> $/);
    if (host.password) {
      // Blocked by the gateway: cleared, told, and the shell goes on.
      terminal.type('forbidden thing\r');
      await until(/blocked \(rule no\)/);
      // At once, while the echo of the blocked line may still be on its way.
      terminal.type('\u0015echo still-$((1+1))\r');
      await until(/still-2[^]*peer> $/);
      // Key by key, and without waiting for the answer.
      for (const key of 'forbidden too\recho behind-$((2+2))\r') {
        terminal.type(key);
        await new Promise((resolve) => { setImmediate(resolve); });
      }
      await until(/behind-4[^]*peer> $/);
    }
    if (host.password && client.ownTerminal !== false) {
      // Interrupted when it certainly runs: cat has given a line back.
      terminal.type('cat\r');
      await until(/cat\r/);
      terminal.type('mark\r');
      await until(/mark\r\n+mark/);
      terminal.type('\u0003');
      await until(/mark[^]*peer> $/);
    }
    terminal.type('exit\r');
    await Promise.race([terminal.ended, new Promise((resolve) => { setTimeout(resolve, 3000).unref(); })]);
    return terminal.output;
  } finally {
    terminal.kill();
  }
}

describe('Telnet peers', { timeout: 400_000 }, () => {
  for (const client of clients) {
    for (const [name, login] of ['telnetd', 'in.telnetd', 'device'].flatMap((host) => [[host, false], [host, true]] as const)) {
      it(`${client.name} to ${name}${login ? ', behind the login of the gateway' : ''}`, async (test) => {
        const telnet = program(client.program);
        const host = hosts.find((one) => one.name === name);
        if (telnet === undefined || host === undefined || program('socat') === undefined) {
          test.skip(missingProgram(telnet === undefined ? client.program : program('socat') === undefined ? 'socat' : name === 'device' ? 'python3' : name));
          return;
        }
        results.set(`${client.name} ${name}`, 'FAILED');
        const output = await session(client, telnet, host, gateway!.port(`h${hosts.indexOf(host)}${login ? '-login' : ''}`), login);
        if (host.password) assert.doesNotMatch(output, /not found/, 'the blocked line did not run');
        assert.equal([...output.matchAll(/blocked \(rule/g)].length, host.password ? 2 : 0, 'no other line was blocked');
        if (client.ownTerminal !== false) assert.doesNotMatch(output, /s3cr3t/);
        assert.deepEqual(gateway!.bugs, []);
        results.set(`${client.name} ${name}`, 'ok');
      });
    }
  }

  it('recorded without passwords', async (test) => {
    if (gateway === undefined || ![...results.values()].includes('ok')) {
      test.skip('nothing ran');
      return;
    }
    await waitFor(() => readdirSync(recordings).map((file) => readFileSync(join(recordings, file), 'utf8')).join('\n'), (text) => text.includes('hi-42'));
    for (const file of readdirSync(recordings)) assert.doesNotMatch(readFileSync(join(recordings, file), 'utf8'), /s3cr3t/);
    for (const record of gateway.records) assert.doesNotMatch(JSON.stringify(record), /s3cr3t/);
  });
});
