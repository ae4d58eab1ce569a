// An administrator's words to a Telnet session: watch, approve, reject, message. Answers in words, or JSON for `watch`.
import { notice } from './replies.ts';
import { recordEvent } from './records.ts';
import type { TelnetGateway } from './gateway.ts';

export function control(gateway: TelnetGateway, command: string, argument: string): string | undefined {
  switch (command) {
    case 'watch': return watch(gateway, argument);
    case 'approve': return answer(gateway, argument, true);
    case 'reject': return answer(gateway, argument, false);
    case 'message':
      gateway.say(notice(argument.slice(0, 500)));
      gateway.client.flush();
      return 'shown';
    default: return undefined;
  }
}

/** `argument`: the position to read from, '' at first. */
function watch(gateway: TelnetGateway, argument: string): string {
  const { conversation, service, port } = gateway;
  if (!service.settings.watch.allow) return 'watching is switched off for this service';
  if (conversation === undefined) return 'the session has not reached a host yet';
  if (!conversation.view.watched) {
    recordEvent(port, { kind: 'control', verb: 'WATCH', path: '/', outcome: 'allowed', reason: 'somebody watches the session' });
    if (service.settings.watch.notice) gateway.say(notice('this session is being watched'));
    gateway.client.flush();
  }
  return conversation.view.read(argument, port.nowMs(), gateway.window);
}

/** `argument`: `ID` or `ID NAME`, where NAME is whoever decides. */
function answer(gateway: TelnetGateway, argument: string, approved: boolean): string {
  const [id = '', ...name] = argument.trim().split(/\s+/);
  const by = name.length === 0 ? 'by an administrator' : `by ${name.join(' ').slice(0, 64)}`;
  if (id === '') return 'say which: the id that is shown with the session';
  if (gateway.conversation?.control?.decide(id, approved, by) !== true) return `nothing waits under ${id}`;
  gateway.client.flush();
  gateway.server?.flush();
  gateway.schedule();
  return approved ? 'approved' : 'refused';
}
