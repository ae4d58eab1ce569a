// Judges a command before anything is done about it: is it understood, is it in turn, is its name a name, do preset, rules
// and limits permit it. What is denied here never reaches a server.
import type { Trace } from '#contract/decision.ts';
import { below, canonicalPath, encodeUtf8, type CanonicalPath } from '#codecs/ftp/index.ts';
import type { CommandRun } from './command-run.ts';
import type { FtpGateway } from './gateway.ts';
import { presetPermits } from './presets.ts';
import { denialCode, farewells, isReplyCode, pathTexts, texts } from './replies.ts';

/** Commands whose path is what is listed, or the current directory without one. */
const ofDirectory = new Set(['LIST', 'NLST', 'MLSD', 'MLST', 'STOU', 'PWD']);

/** True when the command may go on; otherwise it has been answered. */
export function judge(gateway: FtpGateway, run: CommandRun): boolean {
  const { entry } = run;
  if (entry === undefined) {
    gateway.unknownCommand(run);
    return false;
  }
  if (!gateway.state.loggedIn && !entry.beforeLogin && !(entry.verb === 'SITE' && gateway.service.settings.proxy !== undefined)) {
    gateway.refuse(run, 530, texts.loginFirst, 'ftp.not-logged-in');
    return false;
  }
  return findPath(gateway, run) && permitted(gateway, run);
}

function refusePath(gateway: FtpGateway, run: CommandRun, refusal: string): boolean {
  gateway.refuse(run, 501, pathTexts[refusal] ?? texts.denied, `ftp.path-${refusal}`);
  return false;
}

/** Finds what the command is about: `run.path`, and `run.wire` as it would go to the server. */
function findPath(gateway: FtpGateway, run: CommandRun): boolean {
  const { cwd } = gateway.state;
  const entry = run.entry!;
  let found: CanonicalPath | string | undefined;
  if (entry.argument === 'path') {
    if (entry.verb === 'MDTM' && /^\d{14}\s/.test(run.argument)) return refusePath(gateway, run, 'control');
    found = canonicalPath(cwd, run.argument, gateway.service.paths);
    if (typeof found === 'object') run.wire = found.wire;
  } else if (entry.argument === 'list') return findListed(gateway, run);
  else if (entry.verb === 'CDUP') {
    found = canonicalPath(cwd, '..', gateway.service.paths);
    if (typeof found === 'object') run.wire = found.wire;
  } else if (entry.verb === 'MFMT') found = ofTimes(run, cwd, gateway, /^(\d{14}(?:\.\d{1,6})?) (.+)$/s);
  else if (entry.verb === 'SITE' && /^(?:CHMOD|UTIME) /i.test(run.argument)) found = ofTimes(run, cwd, gateway, /^((?:CHMOD [0-7]{3,4}|UTIME \d{8,14})) (.+)$/is);
  else if (ofDirectory.has(entry.verb)) found = canonicalPath(cwd, '.', gateway.service.paths);
  if (typeof found === 'string') return refusePath(gateway, run, found);
  setPath(run, found);
  return true;
}

function setPath(run: CommandRun, path: CanonicalPath | undefined): void {
  run.path = path;
  run.operation.path = path?.path ?? '';
}

/** A command whose path follows something else. */
function ofTimes(run: CommandRun, cwd: string, gateway: FtpGateway, form: RegExp): CanonicalPath | string {
  const match = form.exec(run.argument);
  if (match === null) return 'empty';
  const found = canonicalPath(cwd, match[2]!, gateway.service.paths);
  if (typeof found === 'object') run.wire = `${match[1]} ${found.wire}`;
  return found;
}

/** `LIST -la dir`: options by letter, then perhaps a path, in which servers see wildcards. */
function findListed(gateway: FtpGateway, run: CommandRun): boolean {
  const { cwd } = gateway.state;
  const { settings, limits, paths } = gateway.service;
  let { argument } = run;
  let options = '';
  const takesOptions = run.verb === 'LIST' || run.verb === 'NLST' || run.verb === 'STAT';
  const leading = takesOptions ? /^(?:-[A-Za-z0-9]*(?: +|$))+/.exec(argument)?.[0] ?? '' : '';
  for (const letter of leading.replaceAll(/[- ]/g, '')) {
    if (!settings.listOptions.includes(letter)) return refusePath(gateway, run, 'option');
    options += letter;
  }
  argument = argument.slice(leading.length);
  if (run.verb === 'STAT' && run.argument === '') return true;
  let wildcards = 0;
  for (const letter of argument) if (letter === '*' || letter === '?' || letter === '[' || letter === '{') wildcards++;
  if (wildcards > limits.maxWildcards) return refusePath(gateway, run, 'wildcards');
  const found = canonicalPath(cwd, argument === '' ? '.' : argument, paths);
  if (typeof found === 'string') return refusePath(gateway, run, found);
  setPath(run, found);
  const written = options === '' ? '' : `-${options}`;
  if (argument === '') run.wire = written;
  else {
    // Names in the listing come back as they were asked for, so below the current directory the short form goes on.
    const part = argument.startsWith('/') ? undefined : below(cwd, found.wire);
    const name = part === undefined || /^[-~]/.test(part) ? found.wire : part;
    run.wire = written === '' ? name : `${written} ${name}`;
  }
  return true;
}

function permitted(gateway: FtpGateway, run: CommandRun): boolean {
  const entry = run.entry!;
  const { preset } = gateway.service.settings;
  if (!presetPermits(preset, entry.verb, run.operation.verbClass, run.verb === 'USER' ? gateway.userPart(run.argument) : gateway.state.login)) {
    gateway.deny(run, denialCode(entry.verb, entry.class), texts.denied, preset!, `not part of the preset ${preset}`);
    return false;
  }
  return decided(gateway, run);
}

function decided(gateway: FtpGateway, run: CommandRun, trace?: Trace): boolean {
  const { port } = gateway;
  const decision = port.decide(run.operation, trace);
  run.rule = decision.rule;
  run.audited = decision.audit;
  const { verb, class: verbClass } = run.entry!;
  switch (decision.effect) {
    case 'allow':
    case 'delay': break;
    case 'close':
      run.outcome = 'denied';
      run.reason = decision.reason;
      gateway.finishSilently(run);
      gateway.end('denied', `closed by rule ${decision.rule}`, decision.message === '' ? farewells.plain : encodeUtf8(decision.message));
      return false;
    case 'drop':
      run.outcome = 'denied';
      run.reason = decision.reason;
      gateway.finishSilently(run);
      return false;
    default:
      gateway.deny(run, isReplyCode(decision.status) ? decision.status : decision.effect === 'authenticate' ? 530 : denialCode(verb, verbClass),
        decision.message === '' ? texts.denied : encodeUtf8(decision.message), decision.rule, decision.reason);
      return false;
  }
  const refusal = port.admit(run.operation, trace);
  if (refusal === undefined) {
    run.admitted = true;
    return true;
  }
  run.outcome = 'limited';
  run.rule = refusal.limit;
  run.reason = refusal.reason;
  if (refusal.action === 'drop') gateway.finishSilently(run);
  else {
    const code = refusal.status !== undefined && isReplyCode(refusal.status) ? refusal.status : 450;
    gateway.finish(run, code, [encodeUtf8(refusal.message || 'Too many requests, try again later.')]);
  }
  return false;
}
