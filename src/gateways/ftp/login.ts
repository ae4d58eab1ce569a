// USER, PASS, ACCT: who the client is, to the gateway and to the server. USER is always answered 331 alike (RFC 2577
// section 7), and nothing is said to a server before a password was given; a name that may not log in fails behind it.
import type { FtpReply } from '#codecs/ftp/index.ts';
import { addressFamily } from '#core/network.ts';
import { canonicalPath, encodeUtf8, parse257, readable } from '#codecs/ftp/index.ts';
import type { CommandRun } from './command-run.ts';
import type { FtpGateway } from './gateway.ts';
import { isAnonymous } from './presets.ts';
import { farewells, texts } from './replies.ts';
import { parseTarget, splitTarget, type Target } from './server-connection.ts';
import type { FtpService } from './service.ts';
import type { RefusedLogin } from './state.ts';

const connectedElsewhere = 'Connected to a server already; begin a new session.';

/** Takes the target out of `USER name@host` before rules are asked, so that they see name and host. */
export function beforeUser(gateway: FtpGateway, run: CommandRun): void {
  const { proxy } = gateway.service.settings;
  if (proxy === undefined || gateway.state.loggedIn) return;
  aimAt(run, splitTarget(run.argument));
}

/** OPEN host, SITE host: the other ways to say where to. */
export function beforeOpen(gateway: FtpGateway, run: CommandRun): void {
  if (gateway.service.settings.proxy === undefined || gateway.state.loggedIn) return;
  aimAt(run, parseTarget(run.argument.trim().replace(/^([^ ]+) +(\d+)$/, '$1:$2')));
}

/** The session's own target stays what it was until this command was permitted. */
function aimAt(run: CommandRun, target: Target | undefined): void {
  if (target === undefined) return;
  run.target = { host: target.host, port: target.port };
  run.operation.host = target.host;
}

/** Where the session is connected to it stays: a password meant for one server must not reach another. */
function isElsewhere({ server, state }: FtpGateway, { host, port }: Target): boolean {
  return server.link !== undefined && (host !== state.targetHost || port !== state.targetPort);
}

export function runOpen(gateway: FtpGateway, run: CommandRun): void {
  const { proxy } = gateway.service.settings;
  const { target } = run;
  if (proxy === undefined) return gateway.refuse(run, 502, texts.notImplemented, 'ftp.not-implemented');
  if (gateway.state.loggedIn) return gateway.refuse(run, 503, connectedElsewhere, 'ftp.sequence');
  if (target === undefined) return gateway.refuse(run, 501, 'Wanted a host.', 'ftp.target-syntax');
  if (!proxy.ports.includes(target.port)) return gateway.refuse(run, 550, 'The port is not permitted.', 'ftp.target-port');
  if (isElsewhere(gateway, target)) return gateway.refuse(run, 503, connectedElsewhere, 'ftp.sequence');
  gateway.state.aim(target);
  gateway.finish(run, 220, ['Now log in with USER and PASS.']);
}

export function runUser(gateway: FtpGateway, run: CommandRun): void {
  const { state, service } = gateway;
  const { login, clientTls, proxy } = service.settings;
  if (state.loggedIn) return gateway.refuse(run, 530, 'You are logged in already.', 'ftp.logged-in');
  if (clientTls.require !== 'nothing' && gateway.port.client.tls === undefined) return gateway.refuse(run, 530, 'Please use AUTH TLS first.', 'ftp.tls-required');
  if (run.argument.length > service.limits.maxUserBytes) return gateway.refuse(run, 501, 'The user name is too long.', 'ftp.limit.maxUserBytes');
  // A CR in it cannot be sent on; nobody's name has one.
  if (run.argument === '' || run.argument.includes('\r')) return gateway.refuse(run, 501, 'Wanted a user name.', 'ftp.syntax');
  // What should be a host and is none must not become part of a name at the host that was named before, with a password meant for another.
  if (proxy !== undefined && run.target === undefined && run.argument.includes('@')) return gateway.refuse(run, 501, 'Wanted name@host.', 'ftp.target-syntax');
  if (run.target !== undefined) {
    if (isElsewhere(gateway, run.target)) return gateway.refuse(run, 503, connectedElsewhere, 'ftp.sequence');
    state.aim(run.target);
  }
  const user = gateway.userPart(run.argument);
  // With two logins in turn the first is the gateway's own: the host may come with the second.
  const needsTarget = proxy !== undefined && (login.mode !== 'both' || state.gatewayUser !== '' || state.targetHost !== '');
  state.login = readable(user);
  state.serverUser = user;
  state.wantsAccount = false;
  state.refusedLogin = refusal(gateway, state.login, needsTarget);
  gateway.finish(run, 331, [texts.passwordWanted]);
}

/** Why the name will fail whatever the password, or undefined. Of the server that was asked for the client is told, of names nothing. */
function refusal({ state, service }: FtpGateway, user: string, needsTarget: boolean): RefusedLogin | undefined {
  const { proxy } = service.settings;
  if (needsTarget) {
    const { targetHost, targetPort } = state;
    if (targetHost === '') return { text: 'Name the server, too: USER name@host', reason: 'no host was named', rule: 'ftp.target-missing' };
    if (!proxy!.ports.includes(targetPort)) return { text: 'That port is not permitted.', reason: `port ${targetPort} is not permitted`, rule: 'ftp.target-port' };
    if (addressFamily(targetHost) !== 0 && service.proxyDenied.has(targetHost)) {
      return { text: 'That server is not permitted.', reason: `${targetHost} is in a network that is not connected to`, rule: 'ftp.target-network' };
    }
  }
  const reason = nameRefusal(service, user);
  return reason === '' ? undefined : { text: texts.loginFailed, reason, rule: 'ftp.login-failed' };
}

/** Why somebody of that name may not log in, or ''. */
export function nameRefusal(service: FtpService, user: string): string {
  const { anonymous } = service.settings.login;
  if (isAnonymous(user)) {
    if (anonymous === 'deny') return 'anonymous logins are denied';
  } else if (anonymous === 'only') return 'only anonymous logins are permitted';
  return service.mayLogIn(user) ? '' : 'the user name is not one that may log in';
}

export function runPassword(gateway: FtpGateway, run: CommandRun): void {
  const { state, service } = gateway;
  const { login } = service.settings;
  // A second login in the same session would be judged as the first user, and guess passwords past the limit of attempts.
  if (state.loggedIn || state.login === '') return gateway.refuse(run, 503, state.loggedIn ? 'You are logged in already.' : 'USER first.', 'ftp.sequence');
  if (run.argument.length > service.limits.maxPasswordBytes) return gateway.refuse(run, 501, 'The password is too long.', 'ftp.limit.maxPasswordBytes');
  if (state.refusedLogin !== undefined) return fail(gateway, run, state.refusedLogin.reason, 'denied', state.refusedLogin);
  // A password with a CR in it cannot be sent on; nobody has one.
  if (run.argument.includes('\r')) return fail(gateway, run, 'CR in the password', 'denied');
  if (login.mode === 'pass' || (login.mode === 'both' && state.gatewayUser !== '')) return toServer(gateway, run, state.serverUser, run.argument);
  const password = run.argument;
  gateway.port.authenticate(state.login, readable(password), (subject) => {
    if (run.finished) return;
    if (subject === undefined) return fail(gateway, run, 'not a user of the gateway, or another password', 'denied');
    gateway.port.subject = subject;
    if (login.mode === 'both') {
      state.gatewayUser = state.login;
      state.login = '';
      return gateway.finish(run, 230, ['Gateway login accepted. Log in to the server with USER and PASS.']);
    }
    const mapped = service.serverLogins.find(({ fits }) => fits(state.login));
    if (mapped === undefined) return fail(gateway, run, 'no login at the server for this user', 'denied');
    if (mapped.user !== 'same') state.serverUser = encodeUtf8(mapped.user);
    toServer(gateway, run, state.serverUser, mapped.password === 'same' ? password : encodeUtf8(mapped.password));
  });
}

function toServer(gateway: FtpGateway, run: CommandRun, user: string, password: string): void {
  gateway.withServer(run, () => {
    gateway.server.command('USER', user, (reply) => {
      run.note(reply);
      if (reply.code === 331) {
        gateway.server.command('PASS', password, (answer) => {
          run.note(answer);
          answered(gateway, run, answer);
        }, undefined, '***');
      } else answered(gateway, run, reply);
    });
  });
}

export function runAccount(gateway: FtpGateway, run: CommandRun): void {
  if (!gateway.state.wantsAccount) return gateway.refuse(run, 503, 'Not now.', 'ftp.sequence');
  if (run.argument.includes('\r') || run.argument === '') return gateway.refuse(run, 501, 'Wanted an account.', 'ftp.syntax');
  gateway.server.command('ACCT', run.argument, (reply) => {
    run.note(reply);
    answered(gateway, run, reply);
  }, undefined, '***');
}

function answered(gateway: FtpGateway, run: CommandRun, reply: FtpReply): void {
  const { state } = gateway;
  if (reply.code === 332) {
    state.wantsAccount = true;
    return gateway.finish(run, 332, ['Account required.']);
  }
  if (reply.code !== 230 && reply.code !== 202 && reply.code !== 232) return fail(gateway, run, `the server answered ${reply.code}`, 'failed');
  const { address, port } = gateway.port.client.peer;
  if (gateway.service.settings.login.mode === 'pass') gateway.port.subject = gateway.port.subjectFor(address, port, state.login);
  findDirectory(gateway, run, () => {
    state.loggedIn = true;
    state.wantsAccount = false;
    gateway.clearAlarm('login');
    const welcome = gateway.service.settings.serverTexts === 'pass' ? reply.lines : ['Login successful.'];
    gateway.finish(run, 230, welcome);
  });
}

/** Where the server has put the user: names are resolved against it from now on. A server that does not say it so that it can be read
 *  (another form, a drive letter, a name that would be refused) is told to go to the root: a LIST without a name is about the
 *  directory that rules were asked about. */
function findDirectory(gateway: FtpGateway, run: CommandRun, then: () => void): void {
  gateway.server.command('PWD', '', (reply) => {
    run.note(reply);
    const named = reply.code === 257 ? parse257(reply.lines[0] ?? '') : undefined;
    const found = named?.startsWith('/') ? canonicalPath('/', named, gateway.service.paths) : undefined;
    gateway.state.cwd = typeof found === 'object' ? found.wire : '/';
    if (typeof found === 'object') return then();
    gateway.server.command('CWD', '/', (answer) => {
      run.note(answer);
      then();
    });
  });
}

/** Answered late and always alike; too many end the session (RFC 2577 section 5). */
function fail(gateway: FtpGateway, run: CommandRun, reason: string, outcome: 'denied' | 'failed', refused?: RefusedLogin): void {
  const { state, service } = gateway;
  const { login } = service.settings;
  state.failedLogins++;
  state.login = '';
  state.wantsAccount = false;
  run.outcome = outcome;
  run.rule = refused?.rule ?? 'ftp.login-failed';
  run.reason = reason;
  gateway.delay(login.failureDelay, () => {
    if (run.finished) return;
    gateway.finish(run, 530, [refused?.text ?? texts.loginFailed]);
    if (state.failedLogins >= login.maxAttempts) gateway.end('limited', 'too many failed logins', farewells.logins);
  });
}
