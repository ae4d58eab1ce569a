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
  // Each watcher begins without a position; one that comes with a position of another begins too, when nobody is there any more.
  if (argument === '' || !conversation.view.watched(port.nowMs())) {
    recordEvent(port, { kind: 'control', verb: 'WATCH', path: '/', outcome: 'allowed', reason: 'somebody watches the session' });
    if (service.settings.watch.notice) gateway.say(notice('this session is being watched'));
    gateway.client.flush();
  }
  return conversation.view.read(argument, port.nowMs(), gateway.window);
}

/** `argument`: `ID proven NAME` when a token named whoever decides, `ID claimed NAME` when they named themselves. */
function answer(gateway: TelnetGateway, argument: string, approved: boolean): string {
  const [, id, how, name] = /^(\w+) (proven|claimed) (\S.*)$/.exec(argument.trim()) ?? [];
  if (id === undefined) return 'wanted ID proven NAME or ID claimed NAME';
  const by = `by ${name!.slice(0, 64)}${how === 'proven' ? '' : ' (claimed)'}`;
  // Refusing is open to all: nobody gains by it.
  const { commands } = gateway.service.settings;
  if (approved && how === 'claimed' && commands?.approvers === 'token') return 'only names that a token proves may approve here: use the admin API over TCP';
  if (gateway.conversation?.control?.decide(id, approved, by) !== true) return `nothing waits under ${id}`;
  gateway.client.flush();
  gateway.server?.flush();
  gateway.schedule();
  return approved ? 'approved' : 'refused';
}
