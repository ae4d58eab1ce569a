// Explains what would happen to a command: judged by the same preset, rules and limits as live traffic, with a trace.
// `url` is a path, or `ftp://host/path`. Nothing is sent or counted for good.
import type { Trace } from '#contract/decision.ts';
import type { ExplainRequest, SessionPort } from '#contract/gateway.ts';
import { canonicalPath, encodeUtf8, verbEntry } from '#codecs/ftp/index.ts';
import { attributeOf } from './attributes.ts';
import { FtpOperation } from './operations.ts';
import { presetPermits } from './presets.ts';
import { denialCode } from './replies.ts';
import type { FtpService } from './service.ts';
import { contentFacts } from './transfer-handlers.ts';
import { SessionState } from './state.ts';

export function explainCommand(service: FtpService, port: SessionPort, request: ExplainRequest, trace: Trace): void {
  const verb = request.verb.toUpperCase();
  const entry = verbEntry(verb);
  if (entry === undefined) {
    trace.step('codec', verb, 'refused', 'the command is not understood: answered with 500');
    return;
  }
  const match = /^(?:ftps?:\/\/([^/]*))?(.*)$/.exec(request.url)!;
  const state = new SessionState();
  const operation = new FtpOperation(service.name, port.facts.listener, port.subject, { attribute: (key, asked) => attributeOf(state, false, key, asked) });
  operation.verb = entry.verb;
  operation.verbClass = entry.class;
  operation.host = match[1]?.toLowerCase() ?? '';
  operation.argument = match[2] ?? '';
  operation.direction = entry.transfer === 'up' ? 'upload' : entry.transfer === 'down' ? 'download' : '';
  if (entry.argument === 'path' || entry.argument === 'list') {
    const found = canonicalPath('/', encodeUtf8(match[2] === '' ? '/' : match[2]!), service.paths);
    if (typeof found === 'string') {
      trace.step('codec', verb, 'refused', `the path is ${found}: answered with 501`);
      return;
    }
    operation.path = found.path;
  }
  trace.step('codec', `${entry.verb} ${operation.path}`.trim(), 'understood', `class ${entry.class}`);
  const { preset } = service.settings;
  if (!presetPermits(preset, entry.verb, entry.class, verb === 'USER' ? operation.argument : 'anonymous')) {
    trace.step('decision', preset!, 'deny', `${denialCode(entry.verb, entry.class)}: not part of the preset`);
    return;
  }
  const decision = port.decide(operation, trace);
  if (decision.effect !== 'allow') {
    trace.step('decision', decision.rule, decision.effect, `${decision.status === 0 ? denialCode(entry.verb, entry.class) : decision.status}: ${decision.reason}`);
    return;
  }
  const refusal = port.admit(operation, trace);
  if (refusal === undefined) port.release(operation);
  // Each inspector says whether it would look at the file.
  if (refusal === undefined && entry.transfer !== '' && entry.class !== 'list') port.inspect(operation, contentFacts(operation, entry.verb === 'APPE', -1), trace)?.abandon();
  trace.step('decision', refusal?.limit ?? decision.rule, refusal === undefined ? 'allow' : 'limited', refusal?.reason ?? decision.reason);
}
