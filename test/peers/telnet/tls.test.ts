// Telnet over TLS with real peers: telnet-ssl and a plain client before the gateway, telnetd-ssl in TLS and in the clear behind
// it, each side by itself. And a recording of one session in the real asciinema.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeCertificate } from '../../harness/certificates.ts';
import { startGateway, type GatewayUnderTest } from '../../harness/gateway.ts';
import { tlsOnEitherSide, waitFor } from '../../scenarios/telnet/peers.ts';
import { startTelnetd, type Host } from './hosts.ts';
import { missingProgram, program } from './programs.ts';
import { Terminal } from './terminal.ts';

const certificate = makeCertificate(['localhost']);
const recordings = mkdtempSync(join(tmpdir(), 'sallyport-telnets-'));
const hosts: Host[] = [];
/** What each client's terminal showed, from the password prompt to the last one of the shell, by its way through the gateway. */
const shown = new Map<string, string>();
let gateway: GatewayUnderTest | undefined;

const needed = ['socat', 'in.telnetd', 'telnet-ssl', 'inetutils-telnet'];
const missing = [...needed.filter((name) => program(name) === undefined), ...certificate === undefined ? ['openssl'] : []];

before(async () => {
  if (missing.length > 0) return;
  const plain = await startTelnetd('in.telnetd', missing);
  const secure = await startTelnetd('in.telnetd', missing, certificate);
  for (const host of [plain, secure]) if (host !== undefined) hosts.push(host);
  if (hosts.length < 2) return;
  gateway = await startGateway(tlsOnEitherSide(certificate!, [hosts[0]!.port, hosts[1]!.port], ', recording: { input: true }',
    `recordings: { enabled: true, directory: "${recordings}" }\n`));
});

after(async () => {
  await gateway?.stop();
  for (const host of hosts) host.stop();
  rmSync(recordings, { recursive: true, force: true });
});

type Event = readonly [at: number, kind: string, text: string];

/** Events of an asciicast: a header line, then one a line. */
function eventsOf(file: string): Event[] {
  return readFileSync(file, 'utf8').split('\n').slice(1).filter((line) => line !== '').map((line) => JSON.parse(line) as Event);
}

function outputOf(file: string): string {
  return eventsOf(file).filter(([, kind]) => kind === 'o').map(([, , text]) => text).join('');
}

describe('Telnet over TLS with real peers', { timeout: 200_000 }, () => {
  for (const clientSide of ['plain', 'tls']) {
    for (const serverSide of ['plain', 'tls']) {
      it(`client ${clientSide}, host ${serverSide}`, async (test) => {
        if (gateway === undefined) {
          test.skip(missingProgram(missing[0] ?? 'in.telnetd'));
          return;
        }
        const port = gateway.port(`${clientSide}-${serverSide}`);
        const client = program(clientSide === 'tls' ? 'telnet-ssl' : 'inetutils-telnet')!;
        const to = clientSide === 'tls' ? `-z ssl -z secure -z cacert=${certificate!.certificateFile} localhost` : '127.0.0.1';
        const terminal = new Terminal(client, `${client.file} ${to} ${port}`);
        try {
          await terminal.until(/Password: $/);
          terminal.type('s3cr3t-pw\r');
          await terminal.until(/peer> $/);
          terminal.type(`echo ${clientSide}-hi-$((6*7)) $TERM\r`);
          await terminal.until(/hi-42 [^]*peer> $/);
          terminal.type('exit\r');
          await terminal.ended;
          // What follows the last prompt is a matter of chance: telnetd goes when the shell has gone, with or without its last line.
          shown.set(`${clientSide}-${serverSide}`, terminal.output.slice(terminal.output.indexOf('Password: '), terminal.output.lastIndexOf('peer> ') + 'peer> '.length));
          assert.doesNotMatch(terminal.output, /s3cr3t/);
          assert.deepEqual(gateway.bugs, []);
        } finally {
          terminal.kill();
        }
      });
    }
  }

  it('asciinema plays a recording: every line of the session, in time, and no password', async (test) => {
    const asciinema = program('asciinema');
    if (gateway === undefined || asciinema === undefined) {
      test.skip(missingProgram(asciinema === undefined ? 'asciinema' : missing[0] ?? 'in.telnetd'));
      return;
    }
    const session = shown.get('plain-plain');
    assert.ok(session !== undefined, 'the session to be played has been held');
    const recorded = (): string | undefined => readdirSync(recordings).map((file) => join(recordings, file)).find((file) => outputOf(file).includes(session));
    await waitFor(() => recorded() ?? '', (found) => found !== '');
    const file = recorded()!;
    const times = eventsOf(file).map(([at]) => at);
    assert.deepEqual(times, times.toSorted((a, b) => a - b), 'time does not go back');
    assert.ok(times[0]! >= 0, `it begins at ${times[0]!}`);
    // Unpacked, its modules lie beside it.
    const modules = join(dirname(asciinema.file), '../lib/python3/dist-packages');
    const environment = { PYTHONPATH: modules, ASCIINEMA_CONFIG_HOME: recordings, LC_ALL: 'C.UTF-8' };
    for (const how of ['play -s 50 -i 0.1', 'cat']) {
      const terminal = new Terminal(asciinema, `${program('python3')!.file} ${asciinema.file} ${how} ${file}`, environment);
      try {
        await terminal.ended;
        assert.ok(terminal.output.includes(session), `${how}: ${JSON.stringify(terminal.output)} without ${JSON.stringify(session)}`);
        assert.doesNotMatch(terminal.output, /s3cr3t|Traceback|error/i);
      } finally {
        terminal.kill();
      }
    }
  });
});
