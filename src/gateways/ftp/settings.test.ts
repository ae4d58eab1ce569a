// Defaults of an FTP service, and settings that do not go together.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkFtpSettings, tlsReferences } from './settings-check.ts';
import { ftpSettings, type FtpSettingsInput } from './settings.ts';
import { FtpService } from './service.ts';

const problems = (input: FtpSettingsInput): string[] => checkFtpSettings(ftpSettings.parse(input)).map(({ path, severity }) => `${severity} ${path.join('.')}`);

test('what does not go together is said', () => {
  const rows: [FtpSettingsInput, string[]][] = [
    [{ pool: 'p' }, []], [{}, ['error pool']], [{ pool: 'p', proxy: {} }, ['error pool']], [{ proxy: {} }, []],
    [{ pool: 'p', clientTls: { mode: 'explicit' } }, ['error clientTls.profile']], [{ pool: 'p', clientTls: { require: 'login' } }, ['error clientTls.require']],
    [{ pool: 'p', login: { mode: 'gateway' } }, ['error login.serverLogins', 'warning clientTls']],
    [{ pool: 'p', login: { serverLogins: [{ user: '*', serverUser: 'same', serverPassword: 'same' }] } }, ['warning login.serverLogins']],
    [{ pool: 'p', preset: 'ftp:anonymous', login: { anonymous: 'deny' } }, ['error login.anonymous']],
    [{ pool: 'p', names: 'windows', backslash: 'pass' }, ['error backslash']], [{ pool: 'p', names: 'windows' }, []],
    [{ pool: 'p', clientData: { passive: false, active: false } }, ['warning clientData']],
  ];
  for (const [input, wanted] of rows) assert.deepEqual(problems(input), wanted, JSON.stringify(input));
  for (const input of [{ pool: 'p', nonsense: 1 }, { pool: 'p', clientData: { ports: '80-90' } },
    { pool: 'p', clientData: { ports: '60000-50000' } }, { pool: 'p', deniedPorts: ['x'] },
    { pool: 'p', deniedPorts: ['0'] }, { pool: 'p', deniedPorts: ['9000-8000'] }, { pool: 'p', deniedPorts: ['65536'] }, { pool: 'p', clientData: { address: '2001:db8::1' } },
    { pool: 'p', clientData: { address: '10.0.0' } }, { pool: 'p', listOptions: '-a' }]) {
    assert.equal(ftpSettings.safeParse(input).success, false, JSON.stringify(input));
  }
  for (const input of [{ pool: 'p', deniedPorts: ['1', '65535', '8000-8000'] }, { pool: 'p', clientData: { address: '203.0.113.7' } }]) {
    assert.equal(ftpSettings.safeParse(input).success, true, JSON.stringify(input));
  }
});

test('the TLS profiles that it refers to', () => {
  const settings = ftpSettings.parse({ pool: 'p', clientTls: { mode: 'explicit', profile: 'a' }, serverTls: { mode: 'implicit', profile: 'b' } });
  assert.deepEqual(tlsReferences(settings).map(({ path, profile }) => `${path.join('.')} ${profile}`), ['clientTls.profile a', 'serverTls.profile b']);
});

test('denied ports: below 1024, the list, and their edges', () => {
  const service = new FtpService('f', ftpSettings.parse({ pool: 'p', deniedPorts: ['2000-2002', '3000'] }), { product: '', observed: [] } as never);
  const denied = [0, 21, 1023, 2000, 2002, 3000];
  const permitted = [1024, 1999, 2003, 2999, 3001, 65_535];
  for (const port of denied) assert.ok(service.isDeniedPort(port), `${port}`);
  for (const port of permitted) assert.ok(!service.isDeniedPort(port), `${port}`);
});
