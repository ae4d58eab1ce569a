// Several files in one TLS session of a real client, where each data connection has to resume the control connection's session:
// curl, whose OpenSSL takes a ticket of TLS 1.3 once, and lftp with GnuTLS. Explicit and implicit, TLS 1.2 and 1.3; fetched, stored, mixed and
// behind a listing; a thousand small uploads in a row. Files are compared byte by byte.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeCertificate, type TestCertificate } from '../../harness/certificates.ts';
import { startGateway, type GatewayUnderTest } from '../../harness/gateway.ts';
import { clients, isPresent, patienceMs, run, type Ran } from './clients.ts';
import { mega, startVsftpd, tiny, type RealServer } from './servers.ts';

/** What is done in one session, in turn. Files are kept under names of their own. */
interface Act { readonly act: 'list' | 'get' | 'put'; readonly local: string; readonly remote: string }
interface Way { readonly tls: 'TLSv1.2' | 'TLSv1.3'; readonly implicit: boolean }

const manyUploads = 1000;
const patienceOfMany = 240_000;
const patienceSeconds = String(patienceOfMany / 1000);
const certificate = makeCertificate() as TestCertificate;
const server = await startVsftpd({ tls: false }) as RealServer;
const skipped = certificate === undefined ? 'no openssl' : server === undefined ? 'no vsftpd' : false;
const places = mkdtempSync(join(tmpdir(), 'sallyport-ftp-sessions-'));
let gateway: GatewayUnderTest;

before(async () => {
  if (skipped !== false) return;
  gateway = await startGateway(`
tls: { own: { certificates: [{ certificate: ${certificate.certificateFile}, key: ${certificate.keyFile} }] } }
listeners: { explicit: { bind: "127.0.0.1:0", service: explicit }, implicit: { bind: "127.0.0.1:0", service: implicit } }
services:
${['explicit', 'implicit'].map((mode) => `  ${mode}: { protocol: ftp, pool: servers, preset: "ftp:read-write", clientTls: { mode: ${mode}, profile: own, require: data }, `
    + 'limits: { maxCommandsPerSecond: 10000 } }').join('\n')}
pools: { servers: { servers: ["127.0.0.1:${server.port}"] } }
policy: [ { id: open, then: allow } ]
`);
});

after(async () => {
  if (skipped !== false) return;
  await gateway.stop();
  await server.stop();
  rmSync(places, { recursive: true });
});

function portOf({ implicit }: Way): number { return gateway.port(implicit ? 'implicit' : 'explicit'); }

const drivers: Readonly<Record<string, (way: Way, acts: readonly Act[]) => Promise<Ran>>> = {
  curl(way, acts) {
    const url = `${way.implicit ? 'ftps' : 'ftp'}://127.0.0.1:${portOf(way)}`;
    const base = [
      'silent', 'show-error', 'insecure', 'ssl-reqd', `user = "${server.user}:${server.password}"`, `tlsv${way.tls.slice(4)}`, `tls-max = ${way.tls.slice(4)}`,
      `max-time = ${patienceSeconds}`,
    ];
    const lines = acts.flatMap(({ act, local, remote }, at) => [
      ...at === 0 ? [] : ['next'], ...base, `url = "${url}/${remote}"`, act === 'put' ? `upload-file = "${local}"` : `output = "${local}"`,
    ]);
    // In a file: a thousand of them are too long for a command line.
    const file = `${acts[0]!.local}.curl`;
    writeFileSync(file, `${lines.join('\n')}\n`);
    return run('curl', ['-q', '-K', file], '', patienceOfMany);
  },
  lftp(way, acts) {
    const lines = acts.map(({ act, local, remote }) => act === 'put' ? `put ${local} -o ${remote}` : act === 'get' ? `get ${remote} -o ${local}` : `ls > ${local}`);
    const file = `${acts[0]!.local}.lftp`;
    writeFileSync(file, [
      'set cmd:fail-exit true', 'set net:max-retries 1', 'set net:timeout 40', 'set ssl:verify-certificate no', 'set ftp:ssl-force true', 'set ftp:ssl-protect-data true',
      'set ftp:ssl-protect-list true', 'set ftp:use-allo false', `set ssl:priority "NORMAL:-VERS-ALL:+VERS-${way.tls.replace('v', '')}"`,
      `open -u ${server.user},${server.password} ${way.implicit ? 'ftps' : 'ftp'}://127.0.0.1:${portOf(way)}`, ...lines, '',
    ].join('\n'));
    return run('lftp', ['--norc', '-f', file], '', patienceOfMany);
  },
};

/** Every act has done what it should, over a data connection that was resumed. */
async function check(name: string, way: Way, acts: readonly Act[]): Promise<void> {
  const from = gateway.records.length;
  const ran = await drivers[name]!(way, acts);
  assert.equal(ran.code, 0, ran.output.slice(-500));
  for (const { act, local, remote } of acts) {
    if (act === 'list') assert.match(readFileSync(local, 'latin1'), / mega\r?$/m);
    else assert.ok(readFileSync(local).equals(readFileSync(join(server.root, remote))), `${act} ${remote}`);
  }
  await gateway.flushed();
  const transfers = gateway.records.slice(from).filter(({ kind, verb }) => kind === 'operation' && ['LIST', 'RETR', 'STOR'].includes(verb!));
  const own = transfers.filter(({ path }) => acts.some(({ act, remote }) => path === (act === 'list' ? '/' : `/${remote}`)));
  assert.ok(own.length >= acts.length, `${own.length} records of ${acts.length} acts`);
  for (const record of own) {
    assert.equal(record.outcome, 'allowed');
    assert.match(String((record as unknown as { facts: Record<string, unknown> }).facts['clientTls']), new RegExp(`^${way.tls} \\S+ resumed$`));
  }
}

let number = 0;
function actsOf(kind: string): Act[] {
  const directory = join(places, `visit${++number}`);
  mkdirSync(directory);
  const place = (name: string): string => join(directory, name);
  const get = (name: string, at: number): Act => ({ act: 'get', local: place(`got${at}`), remote: name });
  const put = (bytes: Buffer, at: number): Act => {
    writeFileSync(place(`put${at}`), bytes);
    return { act: 'put', local: place(`put${at}`), remote: `incoming/visit${number}-${at}` };
  };
  const list: Act = { act: 'list', local: place('list'), remote: '' };
  if (kind === 'down') return [get('mega', 0), get('one', 1), get('mega', 2)];
  if (kind === 'up') return [put(mega, 0), put(tiny, 1), put(mega.subarray(0, 50_000), 2), put(Buffer.alloc(0), 3), put(mega, 4)];
  if (kind === 'mixed') return [get('one', 0), put(mega, 1), list, put(tiny, 2), get('mega', 3), put(mega, 4)];
  return [list, get('mega', 0)];
}

describe('several files in one session', { skip: skipped }, () => {
  for (const { name } of clients.filter((one) => drivers[one.name] !== undefined)) {
    for (const tls of ['TLSv1.3', 'TLSv1.2'] as const) {
      for (const implicit of [false, true]) {
        test(`${name}, ${tls}, ${implicit ? 'implicit' : 'explicit'}`, { timeout: 8 * patienceMs }, async (context) => {
          if (!isPresent(clients.find((one) => one.name === name)!)) {
            context.skip(`no ${name}`);
            return;
          }
          for (const kind of ['down', 'up', 'mixed', 'listing']) await check(name, { tls, implicit }, actsOf(kind));
        });
      }
    }
  }
});

/** At once, so that the machine is busy: that is when the ends of uploads were lost while data connections gave tickets. */
describe('a thousand uploads in a row', { skip: skipped, concurrency: 2 }, () => {
  for (const { name } of clients.filter((one) => drivers[one.name] !== undefined)) {
    test(name, { timeout: patienceOfMany + patienceMs }, async (context) => {
      if (!isPresent(clients.find((one) => one.name === name)!)) {
        context.skip(`no ${name}`);
        return;
      }
      const directory = join(places, `many-${name}`);
      mkdirSync(directory);
      const acts = Array.from({ length: manyUploads }, (_, at): Act => {
        const local = join(directory, String(at));
        // From nothing to more than the kernel sends at once, each with bytes of its own.
        writeFileSync(local, mega.subarray(at, at + (at * 37) % 40_000));
        return { act: 'put', local, remote: `incoming/many-${name}-${at}` };
      });
      await check(name, { tls: 'TLSv1.3', implicit: false }, acts);
    });
  }
});
