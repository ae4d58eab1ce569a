// Problems of an FTP service's settings that its schema cannot see, and the names of other sections that it refers to.
import type { SettingsProblem } from '#contract/gateway.ts';
import type { FtpSettings } from './settings.ts';

export function checkFtpSettings(settings: FtpSettings): SettingsProblem[] {
  const problems: SettingsProblem[] = [];
  const problem = (path: (string | number)[], message: string, hint: string, severity: 'error' | 'warning' = 'error'): void => {
    problems.push({ path, message, hint, severity });
  };
  if ((settings.pool === undefined) === (settings.proxy === undefined)) {
    problem(['pool'], 'an FTP service needs either `pool` or `proxy`', 'give the pool of servers to forward to, or let clients choose with `proxy: {}`');
  }
  for (const side of ['clientTls', 'serverTls'] as const) {
    if (settings[side].mode !== 'off' && settings[side].profile === undefined) problem([side, 'profile'], `\`${side}\` needs a TLS profile`, 'name a profile of the section `tls`');
  }
  if (settings.clientTls.require !== 'nothing' && settings.clientTls.mode === 'off') {
    problem(['clientTls', 'require'], 'TLS is required and turned off: nobody can log in', 'set `clientTls.mode` to explicit or implicit');
  }
  if (settings.login.mode === 'gateway' && settings.login.serverLogins.length === 0) {
    problem(['login', 'serverLogins'], 'the gateway\'s users have no login at the server', 'add an entry, for example { user: "*", serverUser: same, serverPassword: same }');
  }
  if (settings.login.mode !== 'gateway' && settings.login.serverLogins.length > 0) {
    problem(['login', 'serverLogins'], `not used with \`login.mode: ${settings.login.mode}\``, 'set `login.mode: gateway`, or remove it', 'warning');
  }
  if (settings.names === 'windows' && settings.backslash === 'pass') {
    problem(['backslash'], 'to Windows a backslash divides directories: rules on paths would not hold', 'leave `backslash` out');
  }
  if (settings.preset === 'ftp:anonymous' && settings.login.anonymous === 'deny') {
    problem(['login', 'anonymous'], 'ftp:anonymous with anonymous logins denied: nobody can log in', 'leave `login.anonymous` out');
  }
  if (settings.clientTls.mode === 'off' && settings.login.mode !== 'pass') {
    problem(['clientTls'], 'passwords of the gateway\'s users travel in the clear', 'turn on `clientTls` and require it for login', 'warning');
  }
  if (!settings.clientData.passive && !settings.clientData.active) {
    problem(['clientData'], 'neither passive nor active data connections: no transfer can take place', 'allow one of them', 'warning');
  }
  return problems;
}

export function poolReferences(settings: FtpSettings): { path: readonly (string | number)[]; pool: string }[] {
  return settings.pool === undefined ? [] : [{ path: ['pool'], pool: settings.pool }];
}

export function tlsReferences({ clientTls, serverTls }: FtpSettings): { path: readonly (string | number)[]; profile: string }[] {
  const references: { path: readonly (string | number)[]; profile: string }[] = [];
  if (clientTls.profile !== undefined) references.push({ path: ['clientTls', 'profile'], profile: clientTls.profile });
  if (serverTls.profile !== undefined) references.push({ path: ['serverTls', 'profile'], profile: serverTls.profile });
  return references;
}
