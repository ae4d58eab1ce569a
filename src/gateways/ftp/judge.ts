// Judges a command before anything is done about it: is it understood, is it in turn, is its name a name, do preset, rules
// and limits permit it. What is denied here never reaches a server.
import type { Decision, Trace } from '#contract/decision.ts';
import type { SessionPort } from '#contract/gateway.ts';
import { encodeUtf8, isNotImplemented, type CanonicalPath } from '#codecs/ftp/index.ts';
import type { CommandRun } from './command-run.ts';
import type { FtpGateway } from './gateway.ts';
import { locate } from './locate.ts';
import type { FtpOperation } from './operations.ts';
import { presetPermits } from './presets.ts';
import { denialCode, farewells, isReplyCode, pathTexts, texts } from './replies.ts';

/** True when the command may go on; otherwise it has been answered. */
export function judge(gateway: FtpGateway, run: CommandRun): boolean {
  const { entry } = run;
  if (entry === undefined) {
    if (isNotImplemented(run.verb)) gateway.refuse(run, 502, texts.notImplemented, 'ftp.not-implemented');
    else unknownCommand(gateway, run);
    return false;
  }
  if (!gateway.state.loggedIn && !entry.beforeLogin && !(entry.verb === 'SITE' && gateway.service.settings.proxy !== undefined)) {
    gateway.refuse(run, 530, texts.loginFirst, 'ftp.not-logged-in');
    return false;
  }
  return findPath(gateway, run) && permitted(gateway, run);
}

/** More than some of these, and it may be another protocol that is spoken (ALPACA). */
function unknownCommand(gateway: FtpGateway, run: CommandRun): void {
  const tooMany = ++gateway.state.unknownCommands > gateway.service.limits.maxUnknownCommands;
  if (!tooMany) return gateway.refuse(run, 500, texts.notUnderstood, 'ftp.unknown-command');
  run.outcome = 'limited';
  run.rule = 'ftp.limit.maxUnknownCommands';
  run.status = 421;
  gateway.finishSilently(run);
  gateway.end('limited', 'too many commands that are not understood', farewells.unknown);
}

function findPath(gateway: FtpGateway, run: CommandRun): boolean {
  const located = locate(gateway.service, gateway.state.cwd, run.entry!, run.argument);
  if (typeof located === 'string') {
    gateway.refuse(run, 501, pathTexts[located] ?? texts.denied, `ftp.path-${located}`);
    return false;
  }
  run.wire = located.wire;
  run.path = located.path;
  run.readings = located.readings;
  run.operation.path = located.path?.path ?? '';
  return true;
}

function permitted(gateway: FtpGateway, run: CommandRun): boolean {
  const entry = run.entry!;
  const { preset } = gateway.service.settings;
  if (!presetPermits(preset, entry.verb, run.operation.verbClass, run.verb === 'USER' ? gateway.userPart(run.argument) : gateway.state.login)) {
    gateway.deny(run, denialCode(entry.verb, run.operation.verbClass), texts.denied, preset!, `not part of the preset ${preset}`);
    return false;
  }
  return decided(gateway, run);
}

function permits({ effect }: Decision): boolean { return effect === 'allow' || effect === 'delay'; }

/** The rules' word on the operation and on all that a server may take its argument for: the first that is not permitted decides, and is the
 *  operation's path from then on. */
export function decideAll(port: SessionPort, operation: FtpOperation, readings: readonly CanonicalPath[], trace?: Trace): Decision {
  const decision = port.decide(operation, trace);
  const { path } = operation;
  for (const reading of readings) {
    if (!permits(decision)) break;
    operation.path = reading.path;
    const other = port.decide(operation, trace);
    if (!permits(other)) return other;
  }
  operation.path = path;
  return decision;
}

function decided(gateway: FtpGateway, run: CommandRun, trace?: Trace): boolean {
  const { port } = gateway;
  const decision = decideAll(port, run.operation, run.readings, trace);
  run.rule = decision.rule;
  run.audited = decision.audit;
  const { verb } = run.entry!;
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
      gateway.deny(run, isReplyCode(decision.status) ? decision.status : decision.effect === 'authenticate' ? 530 : denialCode(verb, run.operation.verbClass),
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
