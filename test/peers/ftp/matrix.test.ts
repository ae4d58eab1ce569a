// The matrix of real servers and real clients: {vsftpd, ProFTPD, pure-ftpd} x {curl, lftp, ftplib, tnftp, inetutils-ftp,
// ncftp} x {passive, extended, active} x {plain, TLS on either side, on both}, each listing, fetching (1 byte, 1 MiB), storing,
// resuming, renaming and aborting through the gateway, files compared byte by byte. Prints a table. Peers that are not there are named.
import { chmodSync, closeSync, openSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makeCertificate, type TestCertificate } from '../../harness/certificates.ts';
import { startGateway, type GatewayUnderTest } from '../../harness/gateway.ts';
import { clients, isPresent, patienceMs, type DataMode, type RealClient, type Visit } from './clients.ts';
import { startProftpd, startPureFtpd, startVsftpd, type RealServer } from './servers.ts';

const starts = { 'vsftpd': startVsftpd, 'proftpd': startProftpd, 'pure-ftpd': startPureFtpd };
const only = process.env['FTP_MATRIX']?.split(',');
const wants = (name: string): boolean => only === undefined || only.includes(name);
const modes: readonly DataMode[] = ['passive', 'extended', 'active'];

interface Cell { server: RealServer; secure: boolean }
const wanted = Object.entries(starts).filter(([name]) => only === undefined || !Object.keys(starts).some((one) => only.includes(one)) || wants(name))
  .flatMap(([name, start]) => [{ name, start, secure: false }, { name, start, secure: true }]);
const servers: Cell[] = [];
let gateway: GatewayUnderTest;
const rows: string[] = [];
let number = 0;

before(async () => {
  const certificate = makeCertificate() as TestCertificate;
  await Promise.all(wanted.map(async ({ name, start, secure }) => {
    const server = await start({ certificate, tls: secure });
    if (server === undefined) rows.push(`${name}: NOT THERE, skipped`);
    else servers.push({ server, secure });
  }));
  for (const client of clients) if (!isPresent(client)) rows.push(`${client.name}: NOT THERE, skipped`);
  const named = servers.map(({ server, secure }) => ({ name: `${server.name}-${secure ? 'tls' : 'plain'}`, port: server.port, secure }));
  const services = named.flatMap(({ name, secure }) => ['passive', 'active'].map((way) => `  ${name}-${way}: { protocol: ftp, pool: ${name}, preset: "ftp:read-write", `
    + `clientTls: { mode: explicit, profile: own }, serverTls: { mode: ${secure ? 'explicit, profile: servers' : 'off'} }, serverData: { mode: ${way} } }`));
  gateway = await startGateway(`
tls:
  own: { certificates: [{ certificate: ${certificate.certificateFile}, key: ${certificate.keyFile} }] }
  servers: { ca: ${certificate.certificateFile}, serverName: localhost }
listeners:
${named.flatMap(({ name }) => ['passive', 'active'].map((way) => `  ${name}-${way}: { bind: "127.0.0.1:0", service: ${name}-${way} }`)).join('\n')}
services:
${services.join('\n')}
pools:
${named.map(({ name, port }) => `  ${name}: { servers: ["127.0.0.1:${port}"] }`).join('\n')}
policy: [ { id: open, then: allow } ]
`);
});

after(async () => {
  await gateway.stop();
  for (const { server } of servers) await server.stop();
  console.log(['', ...rows.sort(), ''].join('\n'));
});

/** Larger than any client takes before it is stopped; takes no room on the disk. */
const hugeBytes = 64 * 1024 ** 3;
function makeHuge(path: string): void {
  closeSync(openSync(path, 'w'));
  chmodSync(path, 0o644);
  truncateSync(path, hugeBytes);
}

/** Resolves when bytes of the transfer flow through the gateway. */
async function flowing(unique: string): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    if ((await gateway.sessions()).some(({ doing }) => new RegExp(`huge-${unique}, [1-9]`).test(doing))) return;
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}

/** The gateway has to have seen the transfer cut in the middle, and to have let go of both sides. '' when so. */
async function abortFault(unique: string): Promise<string> {
  const record = await gateway.record(({ verb, path }) => verb === 'RETR' && path?.endsWith(`/huge-${unique}`) === true);
  const bytes = record.out ?? 0;
  if (record.outcome !== 'aborted' || bytes === 0 || bytes >= hugeBytes) return `the record says ${record.outcome} after ${bytes} bytes, ${record.reason}`;
  return '';
}

async function visit(client: RealClient, cell: Cell, tls: boolean, mode: DataMode, way: string): Promise<string[]> {
  const faults: string[] = [];
  const { server, secure } = cell;
  const sides = `${tls ? 'TLS' : 'plain'}>${secure ? 'TLS' : 'plain'}`;
  const cellName = `${server.name.padEnd(10)} ${client.name.padEnd(14)} ${mode.padEnd(9)} server ${way.padEnd(8)} ${sides.padEnd(12)}`;
  const lack = client.lacks?.(tls, mode) ?? '';
  if (lack !== '') {
    rows.push(`${cellName} none: ${lack}`);
    return faults;
  }
  const port = gateway.port(`${server.name}-${secure ? 'tls' : 'plain'}-${way}`);
  const unique = `file${++number}`;
  const visited: Visit = { port, user: server.user, password: server.password, tls, mode, unique, flowing: () => flowing(unique) };
  const found = await client.visit(visited, server.root);
  const huge = join(server.root, `huge-${unique}`);
  makeHuge(huge);
  const stopped = await client.abort(visited) || await abortFault(unique);
  rmSync(huge);
  for (const [act, fault] of Object.entries(stopped === '' ? found : { ...found, abort: stopped })) faults.push(`${cellName.replaceAll(/ +/g, ' ')} ${act}: ${fault}`);
  rows.push(`${cellName} ${faults.length === 0 ? `ok (${client.acts.join(', ')})` : `FAILED ${faults.join('; ')}`}`);
  return faults;
}

/** Every client at every server is a test of its own. Clients mostly wait: several at once keep the cores busy. */
describe('the matrix', { concurrency: 6 }, () => {
  for (const client of clients.filter(({ name }) => only === undefined || !clients.some((one) => only.includes(one.name)) || wants(name))) {
    // ftplib chooses between PASV and EPSV by itself; inetutils-ftp and ncftp know PASV only.
    const known = client.name === 'curl' || client.name === 'lftp' || client.name === 'tnftp' ? modes : modes.filter((mode) => mode !== 'extended');
    for (const { name, secure } of wanted) {
      test(`${client.name} at ${name}${secure ? ' with TLS' : ''}`, { timeout: 300_000 }, async (context) => {
        const cell = servers.find((one) => one.server.name === name && one.secure === secure);
        if (!isPresent(client) || cell === undefined) {
          context.skip(`no ${isPresent(client) ? name : client.name}`);
          return;
        }
        const faults: string[] = [];
        for (const tls of client.speaksTls ? [false, true] : [false]) {
          for (const mode of known) {
            faults.push(...await visit(client, cell, tls, mode, 'passive'));
            if (client.name === 'curl' && mode !== 'extended') faults.push(...await visit(client, cell, tls, mode, 'active'));
          }
        }
        assert.deepEqual(faults, []);
        assert.deepEqual(gateway.bugs, []);
      });
    }
  }
});
