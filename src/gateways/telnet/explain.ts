// Explains what would happen to a described operation: `CONNECT telnet://host`, `OPTION telnet:///NAWS`, `ENVIRON
// telnet:///LANG=C`, `COMMAND telnet:///reload in 5`, through the same tables, rules and policy as live sessions.
import type { ExplainRequest, SessionPort } from '#contract/gateway.ts';
import type { Trace } from '#contract/decision.ts';
import { neverAllowed, Option, valueAllowed, type OptionName } from '#codecs/telnet/index.ts';
import { TelnetOperation, type OperationFacts, type TelnetVerb } from './operations.ts';
import type { TelnetService } from './service.ts';

export function explainTelnet(service: TelnetService, port: SessionPort, request: ExplainRequest, trace: Trace): void {
  const match = /^(?:telnet:\/\/([^/]*))?\/?([^]*)$/.exec(request.url)!;
  const [host, portText] = (match[1] ?? '').split(':');
  const object = match[2]!;
  const verb = request.verb.toUpperCase() as TelnetVerb;
  let path = object === '' ? service.settings.pool ?? '' : object;
  let facts: OperationFacts = {};
  if (verb === 'OPTION') {
    const rule = service.options[Option[path.toUpperCase() as OptionName] ?? 255]!;
    path = path.toUpperCase();
    trace.step('option', path, rule === 0 ? 'refused' : 'allowed', ['by nobody', 'by the client', 'by the server', 'by either side'][rule]!);
    if (rule === 0) return;
  } else if (verb === 'ENVIRON') {
    const [name, value = ''] = object.split('=', 2) as [string, string?];
    const listed = service.suboptionRules.variables.some((one) => one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : one === name);
    const allowed = listed && !neverAllowed(name) && valueAllowed(name, value);
    trace.step('environment', name, allowed ? 'allowed' : 'refused', listed ? 'by the rules on values' : 'not on the list');
    if (!allowed) return;
    path = name;
    facts = { value };
  } else if (verb === 'COMMAND') {
    const verdict = service.rules?.judge([object], port.subject.user);
    trace.step('command', object, verdict?.action ?? 'not controlled', verdict === undefined || verdict.rule === '' ? 'no rule of the service fits' : `rule ${verdict.rule}`);
    if (verdict === undefined || verdict.action !== 'policy') return;
    path = object.trim().split(/\s/, 1)[0]!;
    facts = { line: object.trim() };
  } else if (portText !== undefined) facts = { port: portText };
  const operation = new TelnetOperation(port.facts, port.subject, verb, `/${path}`, facts, host ?? '');
  const decision = port.decide(operation, trace);
  trace.step('decision', decision.rule, decision.effect, decision.reason);
}
