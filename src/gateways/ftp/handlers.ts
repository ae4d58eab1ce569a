// What each command does, once it is permitted. Those that the gateway answers itself, those that it performs at the server,
// and the settings of a session; transfers begin in transfer-handlers.ts, data connections in data-handlers.ts, logins in login.ts.
import type { FtpReply } from '#codecs/ftp/index.ts';
import { featureLines, parseFeatures, quotedPath, verbEntry, type Feature } from '#codecs/ftp/index.ts';
import type { CommandRun } from './command-run.ts';
import { handleActive, handlePassive } from './data-handlers.ts';
import type { FtpGateway } from './gateway.ts';
import { beforeOpen, beforeUser, runAccount, runOpen, runPassword, runUser } from './login.ts';
import { presetPermits } from './presets.ts';
import { texts } from './replies.ts';
import { handleTransfer } from './transfer-handlers.ts';

export interface Handler {
  run(gateway: FtpGateway, run: CommandRun): void;
  /** Before rules are asked: puts facts in order. */
  before?(gateway: FtpGateway, run: CommandRun): void;
}

/** Performs the command at the server and gives its reply. `onSuccess` for what changes with it; `masked` is what records show of the argument. */
function perform(gateway: FtpGateway, run: CommandRun, verb: string, argument: string, onSuccess?: (reply: FtpReply) => void, masked = argument): void {
  gateway.withServer(run, () => {
    gateway.server.command(verb, argument, (reply) => {
      run.note(reply);
      if (reply.code < 400) onSuccess?.(reply);
      else {
        run.outcome = 'failed';
        run.reason = `the server answered ${reply.code}`;
      }
      gateway.finish(run, reply.code, reply.lines);
    }, undefined, masked);
  });
}

function forward(gateway: FtpGateway, run: CommandRun): void { perform(gateway, run, run.verb, run.wire); }

function changeDirectory(gateway: FtpGateway, run: CommandRun): void {
  perform(gateway, run, 'CWD', run.wire, () => { gateway.state.cwd = run.wire; });
}

/** A parameter that is a word: in capitals, without the spaces that some clients leave behind it. */
function word({ argument }: CommandRun): string { return argument.trimEnd().toUpperCase(); }

/** RFC 959 section 5.4: 501 without a parameter, 504 for one that nobody here knows. */
function notThatParameter(gateway: FtpGateway, run: CommandRun): void {
  if (word(run) === '') gateway.refuse(run, 501, 'Wanted a parameter.', 'ftp.syntax');
  else gateway.refuse(run, 504, 'Not implemented for that parameter.', 'ftp.parameter');
}

/** MODE, STRU: the one value that there is. */
function onlyValue(value: string): Handler {
  return {
    run(gateway, run) {
      if (word(run) === value) gateway.finish(run, 200, ['OK.']);
      else notThatParameter(gateway, run);
    },
  };
}

function type(gateway: FtpGateway, run: CommandRun): void {
  const canonical = ({ 'A': 'A', 'A N': 'A', 'I': 'I', 'L 8': 'I', 'L8': 'I' } as Record<string, string>)[word(run)];
  if (canonical === undefined) return notThatParameter(gateway, run);
  perform(gateway, run, 'TYPE', canonical, () => { gateway.state.type = canonical; });
}

function allocate(gateway: FtpGateway, run: CommandRun): void {
  const match = /^(\d{1,15})(?: R \d{1,15})? *$/i.exec(run.argument);
  if (match === null) return gateway.refuse(run, 501, 'Wanted a number of bytes.', 'ftp.syntax');
  if (Number(match[1]) > gateway.service.limits.maxUploadBytes) return gateway.refuse(run, 552, 'The file is larger than permitted.', 'ftp.limit.maxUploadBytes');
  gateway.state.announcedBytes = Number(match[1]);
  gateway.finish(run, 202, ['No storage allocation necessary.']);
}

function restart(gateway: FtpGateway, run: CommandRun): void {
  if (!/^\d{1,15} *$/.test(run.argument)) return gateway.refuse(run, 501, 'Wanted a number.', 'ftp.syntax');
  // Goes to the server with the transfer that it is for: one that is denied must leave nothing behind for the next.
  gateway.state.restOffset = Number(run.argument);
  gateway.finish(run, 350, [`Restarting at ${gateway.state.restOffset}.`]);
}

/** In ASCII a size depends on line ends (RFC 3659 section 4): it announces nothing then. */
function size(gateway: FtpGateway, run: CommandRun): void {
  const { state } = gateway;
  perform(gateway, run, 'SIZE', run.wire, (reply) => {
    const known = reply.code === 213 && state.type === 'I' && /^\d{1,15}$/.test(reply.lines[0]!.trim());
    state.sizedPath = known ? run.operation.path : '';
    state.sizedBytes = known ? Number(reply.lines[0]) : -1;
  });
}

function renameFrom(gateway: FtpGateway, run: CommandRun): void {
  perform(gateway, run, 'RNFR', run.wire, (reply) => { gateway.state.renameFrom = reply.code === 350 ? run.wire : ''; });
}

function renameTo(gateway: FtpGateway, run: CommandRun): void {
  if (gateway.state.renameFrom === '') return gateway.refuse(run, 503, 'RNFR first.', 'ftp.sequence');
  gateway.state.renameFrom = '';
  forward(gateway, run);
}

function auth(gateway: FtpGateway, run: CommandRun): void {
  const { clientTls } = gateway.service.settings;
  const mechanism = word(run);
  if (clientTls.mode !== 'explicit') return gateway.refuse(run, 502, texts.notImplemented, 'ftp.tls-off');
  if (gateway.port.client.tls !== undefined) return gateway.refuse(run, 503, 'TLS is on already.', 'ftp.sequence');
  if (!['TLS', 'TLS-C', 'SSL', 'TLS-P'].includes(mechanism)) return gateway.refuse(run, 504, 'Mechanism not known.', 'ftp.parameter');
  if (gateway.state.loggedIn) return gateway.refuse(run, 503, 'Not after login.', 'ftp.sequence');
  // Commands that stand behind it were not said under TLS, and would be taken for it.
  if (gateway.hasMoreFromClient) {
    run.outcome = 'refused';
    run.rule = 'ftp.bytes-before-tls';
    gateway.finishSilently(run);
    gateway.violate('bytes-before-tls', 'client');
    return;
  }
  gateway.securesAfter(run, 234, ['Begin TLS now.'], mechanism === 'SSL' || mechanism === 'TLS-P');
}

function bufferSize(gateway: FtpGateway, run: CommandRun): void {
  if (gateway.port.client.tls === undefined) return gateway.refuse(run, 503, 'AUTH TLS first.', 'ftp.sequence');
  if (!/^\d{1,10} *$/.test(run.argument)) return gateway.refuse(run, 501, 'Wanted a number.', 'ftp.syntax');
  gateway.state.bufferSizeSet = true;
  gateway.finish(run, 200, ['PBSZ=0']);
}

function protection(gateway: FtpGateway, run: CommandRun): void {
  if (gateway.port.client.tls === undefined || !gateway.state.bufferSizeSet) return gateway.refuse(run, 503, 'PBSZ first.', 'ftp.sequence');
  const level = word(run);
  if (level === 'P') gateway.state.protectedData = true;
  else if (level === 'C') {
    if (gateway.service.settings.clientTls.require === 'data') return gateway.refuse(run, 534, 'Data connections must be protected.', 'ftp.tls-required');
    gateway.state.protectedData = false;
  } else if (level === 'S' || level === 'E') return gateway.refuse(run, 536, 'Level not supported.', 'ftp.parameter');
  else return notThatParameter(gateway, run);
  gateway.state.replaceSetup(undefined);
  gateway.finish(run, 200, ['OK.']);
}

const passedFeatures = new Map([['SIZE', 'SIZE'], ['MDTM', 'MDTM'], ['MFMT', 'MFMT'], ['REST', 'REST'], ['MLST', 'MLST'], ['MLSD', 'MLSD'], ['UTF8', ''], ['TVFS', '']]);

/** What of a server's list is understood and permitted, and what the gateway itself performs. */
function offered(gateway: FtpGateway, fromServer: readonly Feature[]): Feature[] {
  const { settings } = gateway.service;
  const features = fromServer.filter(({ name }) => {
    const verb = passedFeatures.get(name);
    return verb === '' || (verb !== undefined && presetPermits(settings.preset, verb, verbEntry(verb)!.class, gateway.state.login));
  });
  const own = [...settings.clientData.active ? ['EPRT'] : [], ...settings.clientData.passive ? ['EPSV'] : []];
  if (settings.clientTls.mode === 'explicit') own.unshift('AUTH TLS');
  if (settings.clientTls.mode !== 'off') own.push('PBSZ', 'PROT');
  return [...features, ...own.map((text) => ({ name: text, parameters: '' }))];
}

function features(gateway: FtpGateway, run: CommandRun): void {
  const { state, service } = gateway;
  const answer = (list: readonly Feature[]): void => { gateway.finish(run, 211, featureLines(offered(gateway, list))); };
  if (state.features !== undefined) return answer(state.features);
  // Nobody who is a stranger to the gateway makes it speak to a server; a proxy does not know yet to which.
  if (!state.loggedIn && (service.settings.login.mode !== 'pass' || service.settings.proxy !== undefined)) return answer([{ name: 'UTF8', parameters: '' }]);
  gateway.withServer(run, () => {
    gateway.server.command('FEAT', '', (reply) => {
      run.note(reply);
      state.features = reply.code === 211 ? parseFeatures(reply, service.limits.maxFeatures) : [];
      answer(state.features);
    });
  });
}

function options(gateway: FtpGateway, run: CommandRun): void {
  const wanted = word(run);
  if (wanted === 'UTF8 ON' || wanted === 'UTF8' || wanted === 'UTF-8 ON') return gateway.finish(run, 200, ['Always in UTF-8.']);
  if (!gateway.state.loggedIn || !/^MLST(?: [A-Z0-9.;-]{0,200})?$/.test(wanted)) return gateway.refuse(run, 501, 'Option not understood.', 'ftp.parameter');
  perform(gateway, run, 'OPTS', run.argument);
}

function site(gateway: FtpGateway, run: CommandRun): void {
  if (!gateway.state.loggedIn) return runOpen(gateway, run);
  const command = /^\S*/.exec(run.argument)![0].toUpperCase();
  // What has a path was resolved (judge.ts); other arguments go on as they are, and must be plain text.
  if (!gateway.service.settings.site.includes(command)) return gateway.deny(run, 502, texts.notImplemented, 'ftp.site', `SITE ${command} is not listed`);
  if (!/^[\x20-\x7e]*$/.test(run.argument) && run.wire === '') return gateway.refuse(run, 501, 'Wanted plain text.', 'ftp.syntax');
  perform(gateway, run, 'SITE', run.wire === '' ? run.argument : run.wire, undefined, run.wire === '' ? run.operation.argument : run.wire);
}

function status(gateway: FtpGateway, run: CommandRun): void {
  if (run.operation.verbClass === 'list') {
    if (!gateway.state.loggedIn) return gateway.refuse(run, 530, texts.loginFirst, 'ftp.not-logged-in');
    return forward(gateway, run);
  }
  const { transfer } = gateway;
  if (transfer !== undefined) return gateway.finish(run, 213, [`Transfer under way, ${transfer.tap.bytes} bytes so far.`]);
  gateway.finish(run, 211, ['Status:', ` ${gateway.state.loggedIn ? 'Logged in' : 'Not logged in'}`, ` TYPE ${gateway.state.type}, STRU F, MODE S`, 'End']);
}

function abort(gateway: FtpGateway, run: CommandRun): void {
  if (gateway.transfer !== undefined) return gateway.abortTransfer(run);
  gateway.state.replaceSetup(undefined);
  gateway.finish(run, 225, ['No transfer to abort.']);
}

function quit(gateway: FtpGateway, run: CommandRun): void {
  gateway.finish(run, 221, ['Goodbye.']);
  gateway.end('allowed', 'QUIT', '');
}

function noop(gateway: FtpGateway, run: CommandRun): void {
  if (gateway.server.isUp && !gateway.server.isBusy) perform(gateway, run, 'NOOP', '');
  else gateway.finish(run, 200, ['OK.']);
}

function local(code: number, text: (gateway: FtpGateway) => string): Handler {
  return { run(gateway, run) { gateway.finish(run, code, [text(gateway)]); } };
}

const transfer: Handler = { run: handleTransfer };
const active: Handler = { run: handleActive };
const passive: Handler = { run: handlePassive };
const forwarded: Handler = { run: forward };
const directory: Handler = { run: changeDirectory };

export const handlers: Readonly<Record<string, Handler>> = {
  RETR: transfer, LIST: transfer, NLST: transfer, MLSD: transfer, STOR: transfer, APPE: transfer, STOU: transfer,
  SIZE: { run: size }, MDTM: forwarded, MLST: forwarded, MKD: forwarded, RMD: forwarded, DELE: forwarded, MFMT: forwarded,
  CWD: directory, CDUP: directory,
  PWD: local(257, ({ state }) => `${quotedPath(state.cwd)} is the current directory.`),
  // RFC 959 section 4.1.3: RNTO follows its own RNFR at once; one that was denied leaves none from before.
  RNFR: { run: renameFrom, before({ state }) { state.renameFrom = ''; } }, RNTO: { run: renameTo }, ALLO: { run: allocate }, REST: { run: restart }, ABOR: { run: abort },
  PORT: active, EPRT: active, PASV: passive, EPSV: passive,
  TYPE: { run: type }, STRU: onlyValue('F'), MODE: onlyValue('S'),
  USER: { run: runUser, before: beforeUser }, PASS: { run: runPassword }, ACCT: { run: runAccount },
  AUTH: { run: auth }, PBSZ: { run: bufferSize }, PROT: { run: protection },
  CCC: { run(gateway, run) { gateway.refuse(run, 534, 'TLS stays on.', 'ftp.ccc'); } },
  FEAT: { run: features }, OPTS: { run: options }, STAT: { run: status }, NOOP: { run: noop }, QUIT: { run: quit },
  SYST: local(215, ({ service }) => service.settings.system), HELP: local(214, () => 'See FEAT.'), CLNT: local(200, () => 'Noted.'),
  OPEN: { run: runOpen, before: beforeOpen },
  SITE: { run: site, before: beforeOpen },
};

