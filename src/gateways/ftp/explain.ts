// Explains what would happen to a command: read, judged by preset, rules and limits, and shown to inspectors as live traffic is,
// with a trace. `url` is the command's argument, or `ftp://user@host/path` with the path in its place. Nothing is sent or
// counted for good. Does not know what a session has said before: the directory is `/`, TLS is off.
import type { Trace } from '#contract/decision.ts';
import type { ExplainRequest, SessionPort } from '#contract/gateway.ts';
import { encodeUtf8, isNotImplemented, verbEntry, type VerbEntry } from '#codecs/ftp/index.ts';
import { attributeOf } from './attributes.ts';
import { decideAll } from './judge.ts';
import { locate } from './locate.ts';
import { nameRefusal } from './login.ts';
import { classOf, FtpOperation, maskedArgument } from './operations.ts';
import { presetPermits } from './presets.ts';
import { denialCode, pathTexts } from './replies.ts';
import type { FtpService } from './service.ts';
import { contentFacts } from './transfer-handlers.ts';
import { SessionState } from './state.ts';

interface Described { readonly user: string; readonly host: string; readonly argument: string }

/** An address stands for its path; where the command takes text, for what is behind the host. */
function describedBy(url: string, entry: VerbEntry): Described {
  const match = /^ftps?:\/\/(?:([^/@]*)@)?(\[[^\]]*\]|[^/:]*)(?::\d*)?(\/.*)?$/is.exec(url);
  if (match === null) return { user: '', host: '', argument: url };
  const [, user = '', host = '', path = ''] = match;
  const isPath = entry.argument === 'path' || entry.argument === 'list';
  return { user: user.replace(/:.*$/s, ''), host: host.toLowerCase(), argument: isPath ? path === '' ? '/' : path : path.slice(1) };
}

function operationOf(service: FtpService, port: SessionPort, entry: VerbEntry, described: Described): FtpOperation {
  const state = new SessionState();
  state.login = described.user;
  const { address, port: from } = port.facts.client;
  const subject = described.user === '' ? port.subject : port.subjectFor(address, from, described.user);
  const operation = new FtpOperation(service.name, port.facts.listener, subject, { attribute: (key, asked) => attributeOf(state, false, key, asked) });
  operation.verb = entry.verb;
  operation.verbClass = classOf(entry, described.argument, false);
  // The host of an address is where the gateway is; that of a proxy's server is in the rules.
  operation.host = service.settings.proxy === undefined ? '' : described.host;
  operation.login = entry.verb === 'USER' ? described.argument : described.user;
  operation.argument = maskedArgument(entry.verb, described.argument);
  operation.direction = entry.transfer === 'up' ? 'upload' : entry.transfer === 'down' ? 'download' : '';
  return operation;
}

export function explainCommand(service: FtpService, port: SessionPort, request: ExplainRequest, trace: Trace): void {
  const verb = request.verb.toUpperCase();
  const entry = verbEntry(verb);
  if (entry === undefined) {
    trace.step('codec', verb, 'refused', isNotImplemented(verb) ? 'the command is not implemented: answered with 502' : 'the command is not understood: answered with 500');
    return;
  }
  const described = describedBy(request.url, entry);
  const operation = operationOf(service, port, entry, described);
  const located = locate(service, '/', entry, encodeUtf8(described.argument));
  if (typeof located === 'string') {
    trace.step('codec', verb, 'refused', `ftp.path-${located}: answered with 501 ${pathTexts[located] ?? ''}`.trimEnd());
    return;
  }
  operation.path = located.path?.path ?? '';
  trace.step('codec', `${entry.verb} ${operation.path || operation.argument}`.trim(), 'understood', `class ${operation.verbClass}`);
  const { preset } = service.settings;
  const user = verb === 'USER' ? described.argument : described.user || 'anonymous';
  if (!presetPermits(preset, entry.verb, operation.verbClass, user)) {
    trace.step('decision', preset!, 'deny', `${denialCode(entry.verb, operation.verbClass)}: not part of the preset`);
    return;
  }
  const decision = decideAll(port, operation, located.readings, trace);
  if (decision.effect !== 'allow') {
    trace.step('decision', decision.rule, decision.effect, `${decision.status === 0 ? denialCode(entry.verb, operation.verbClass) : decision.status}: ${decision.reason}`);
    return;
  }
  const refusal = port.admit(operation, trace);
  if (refusal !== undefined) {
    trace.step('decision', refusal.limit, 'limited', refusal.reason);
    return;
  }
  port.release(operation);
  const [rule, reason] = ownRefusal(service, port, entry, operation, trace);
  if (rule === '') trace.step('decision', decision.rule, 'allowed', decision.reason);
  else trace.step('decision', rule, 'refused', reason);
}

/** What the gateway itself refuses of what rules permit; each inspector says whether it would look at the file. */
function ownRefusal(service: FtpService, port: SessionPort, entry: VerbEntry, operation: FtpOperation, trace: Trace): [rule: string, reason: string] {
  const { settings } = service;
  if (entry.verb === 'USER') {
    const reason = nameRefusal(service, operation.argument);
    return reason === '' ? ['', ''] : ['ftp.login-failed', `530 behind the password: ${reason}`];
  }
  if (entry.verb === 'SITE') {
    const site = operation.attribute('ftp', 'site') ?? '';
    return settings.site.includes(site) ? ['', ''] : ['ftp.site', `502: SITE ${site} is not listed in \`site\``];
  }
  if (entry.transfer === '' || entry.class === 'list') return ['', ''];
  const partial = entry.verb === 'APPE';
  const inspection = port.inspect(operation, contentFacts(operation, partial, -1), trace);
  inspection?.abandon();
  if (inspection === undefined || !partial || settings.content.partialUploads === 'allow') return ['', ''];
  return ['ftp.partial-upload', '551: inspectors would not see the whole file'];
}
