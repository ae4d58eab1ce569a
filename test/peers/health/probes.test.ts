// Health probes of FTP and Telnet against real servers of Debian: vsftpd in the clear and with TLS both ways, telnetd of inetutils,
// telnetd-ssl; each also with what makes it unwell.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeCertificate } from '../../harness/certificates.ts';
import { check, trusting } from '../../scenarios/health/probes.ts';
import { startVsftpd } from '../ftp/servers.ts';
import { startTelnetd } from '../telnet/hosts.ts';
import { missingProgram } from '../telnet/programs.ts';

const certificate = makeCertificate(['localhost']);
/** Long enough for a machine that is busy. */
const timeout = '10s';

describe('health of real servers', { timeout: 120_000 }, () => {
  it('vsftpd: greeting, login, command; wrong password, missing directory', async (test) => {
    const server = await startVsftpd({ tls: false });
    if (server === undefined) {
      test.skip('vsftpd is not here: apt-get install -y vsftpd');
      return;
    }
    const { port, user, password } = server;
    try {
      assert.match((await check(port, { ftp: { greeting: 'vsftpd' }, timeout })).reason, /^FTP 220 in/);
      assert.match((await check(port, { ftp: { user, password, command: 'CWD /' }, timeout })).reason, /^FTP 220, logged in, CWD 250 in/);
      assert.match((await check(port, { ftp: { user, password, command: 'SIZE no-such-file' }, timeout })).reason, /^SIZE: 550 /);
      assert.match((await check(port, { ftp: { user: 'nobody-at-all', password: 'x' }, timeout })).reason, /^(?:USER|PASS): 530 /);
    } finally {
      await server.stop();
    }
  });

  it('vsftpd with TLS: AUTH TLS and from the first byte', async (test) => {
    const server = await startVsftpd({ ...certificate === undefined ? {} : { certificate }, tls: true });
    if (server === undefined || certificate === undefined) {
      test.skip('vsftpd or openssl is not here: apt-get install -y vsftpd openssl');
      return;
    }
    const { port, user, password } = server;
    const profiles = { own: trusting(certificate.certificate) };
    try {
      assert.match((await check(port, { ftp: { tls: 'own', user, password, command: 'NOOP' }, timeout }, { profiles })).reason, /^FTP 220, AUTH TLS, logged in, NOOP 200 in/);
      assert.match((await check(port, { ftp: { user, password }, timeout }, { profiles })).reason, /^(?:USER|PASS): 530 /, 'not in the clear');
    } finally {
      await server.stop();
    }
    const implicit = (await startVsftpd({ certificate, tls: true, implicit: true }))!;
    try {
      assert.match((await check(implicit.port, { ftp: { user, password }, timeout }, { profiles, first: 'own' })).reason, /^FTP 220, logged in in/);
    } finally {
      await implicit.stop();
    }
  });

  for (const name of ['telnetd', 'in.telnetd'] as const) {
    it(`${name}: its prompt behind negotiation`, async (test) => {
      const host = await startTelnetd(name, []);
      if (host === undefined) {
        test.skip(missingProgram(name));
        return;
      }
      try {
        assert.match((await check(host.port, { telnet: { prompt: ['Password:'] }, timeout })).reason, /^prompt "Password:" in/);
        const other = await check(host.port, { telnet: { prompt: ['*login:'] }, timeout: '300ms' });
        assert.equal(other.healthy, false, other.reason);
      } finally {
        host.stop();
      }
    });
  }
});
